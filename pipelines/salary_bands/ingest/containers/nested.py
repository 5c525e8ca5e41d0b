"""Flatten nested JSON objects to cells that are named by their paths."""

from collections.abc import Iterator, Mapping
from typing import Any

from salary_bands.ingest.containers.common import cell_text

Record = dict[str, str | None]
_DEEPEST = 12
_MOST_ITEMS = 50  # of a list of objects


def flattened(record: Mapping[str, Any], list_keys: Mapping[str, str]) -> Record:
    """Return the cells of an object: `pay.min` is `min` of `pay`, `pay.0.min` that of the first item of a list.

    list_keys: the key that names the items of a list of objects, by the list's path; an item's name is used once. Lists
    of plain values are one cell, with `;` between them.
    """
    return dict(_cells(record, "", list_keys, 0))


def _cells(value: Any, path: str, list_keys: Mapping[str, str], depth: int) -> Iterator[tuple[str, str | None]]:
    below = f"{path}." if path else ""
    if isinstance(value, dict) and depth < _DEEPEST:
        for key, part in value.items():
            yield from _cells(part, f"{below}{key}", list_keys, depth + 1)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value) and depth < _DEEPEST:
        key, names = list_keys.get(path), set()
        for number, item in enumerate(value[:_MOST_ITEMS]):
            named = item.get(key) if key and isinstance(item, dict) else None
            name = str(number) if named is None else str(named)
            if name not in names:
                names.add(name)
                yield from _cells(item, f"{below}{name}", list_keys, depth + 1)
    elif not isinstance(value, dict):
        yield path, cell_text(value)
