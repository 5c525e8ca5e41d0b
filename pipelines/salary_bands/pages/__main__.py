"""`python -m salary_bands.pages [--check]`: write the generated pages of the checkout in the current folder.

With --check, list the stale pages and write nothing.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from salary_bands.pages import dictionary, formats, levels, sources, taxonomy
from salary_bands.reference.own_folder import format_schema

PAGES: dict[str, Callable[[], str]] = {
    "data/marts/README.md": dictionary.page,
    "docs/format.schema.json": format_schema,
    "docs/formats.md": formats.page,
    "docs/levels.md": levels.page,
    "docs/sources.md": sources.page,
    "docs/taxonomy.md": lambda: taxonomy.page(Path("tests/golden/titles.csv")),
}


def stale() -> list[str]:
    """Return the names of the pages whose file differs from the generated text."""
    return [name for name, page in PAGES.items() if Path(name).read_text(encoding="utf-8") != page()]


def main(arguments: list[str]) -> int:
    """Write the pages and return 0. With --check, write nothing and return 1 if a page is stale."""
    if "--check" not in arguments:
        for name, page in PAGES.items():
            Path(name).write_text(page(), encoding="utf-8", newline="\n")
        return 0
    names = stale()
    for name in names:
        print(f"{name} is stale; run: python -m salary_bands.pages", file=sys.stderr)
    return int(bool(names))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
