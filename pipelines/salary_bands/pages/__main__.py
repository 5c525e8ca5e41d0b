"""`python -m salary_bands.pages [--check]`: write the generated pages below the current folder, or say which are stale.

Run it in a checkout.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from salary_bands.pages import dictionary, formats, levels, taxonomy

PAGES: dict[str, Callable[[], str]] = {
    "data/marts/README.md": dictionary.page,
    "docs/formats.md": formats.page,
    "docs/levels.md": levels.page,
    "docs/taxonomy.md": lambda: taxonomy.page(Path("tests/golden/titles.csv")),
}


def stale() -> list[str]:
    """The pages whose file differs from what they are generated from."""
    return [name for name, page in PAGES.items() if Path(name).read_text(encoding="utf-8") != page()]


def main(arguments: list[str]) -> int:
    """Write the pages; with --check write nothing and return 1 if one is stale."""
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
