"""Reviewed reference data: formats, taxonomy, rules, employers, ladders, markets, claims.

Belongs here: CSV and YAML files, a typed reader for each, and the user's own folder that is laid over them.
Does not belong here: code that applies them.
"""

import re
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
_MAY_BE_ALIAS = re.compile(r"(?:^|[\s\[{,])\*\w", re.MULTILINE)
_own: list[Path] = []  # the user's own folder, if there is one
_seen: dict[Path, tuple[int, int]] = {}  # its files, with modification time and size


def lay_over(folder: Path | None) -> None:
    """Lay a folder of the user's over the package's; what was read before is forgotten if it differs."""
    files = _files(folder) if folder else {}
    if ([folder] if folder else []) != _own or files != _seen:
        _own[:] = [folder] if folder else []
        _seen.clear()
        _seen.update(files)
        forget()


def _files(folder: Path) -> dict[Path, tuple[int, int]]:
    found = {}
    for path in (*folder.glob("*.*"), *folder.glob("formats/*.yaml")):
        with suppress(OSError):  # an editor may be replacing it
            status = path.stat()
            found[path] = (status.st_mtime_ns, status.st_size)
    return found


def layers() -> tuple[Path, ...]:
    """Return the folders of reference data: the package's, and the user's own over it."""
    return (FOLDER, *_own)


def forget() -> None:
    """Clear every functools cache of this package, so that reference data is read again."""
    for name, module in list(sys.modules.items()):
        if name.startswith(f"{FOLDER.parent.name}."):
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


@cache
def read_yaml(name: str) -> Any:
    """Parse a YAML file of the reference folders. The document is cached and must not be changed."""
    from salary_bands.reference.overlay import merged_document

    return merged_document(name, [folder / name for folder in layers()])


def parse_yaml(text: str) -> Any:
    """Parse plain YAML, with the parser in C if PyYAML has it: ten times faster, and the same document.

    Raises ValueError, in one line, if it is no YAML, or if it has aliases: a few of them make a document without end.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        if _MAY_BE_ALIAS.search(text) and any(isinstance(e, yaml.AliasEvent) for e in yaml.parse(text, loader)):
            raise ValueError("has an alias (*name); write the value out where it is meant")
        return yaml.load(text, Loader=loader)
    except yaml.YAMLError as error:
        raise ValueError(f"is not YAML: {' '.join(str(error).split())[:300]}") from None


@cache
def read_csv(name: str) -> tuple[dict[str, str], ...]:
    """Read a CSV file of the reference folders, blank cells as "". The rows are cached and must not be changed."""
    from salary_bands.reference.overlay import merged_rows

    return merged_rows(name, [folder / name for folder in layers()])
