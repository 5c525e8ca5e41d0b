"""Lay the user's own reference files over the package's.

A row of the user's CSV replaces the rows of the package with the same key, and is added if there are none. Mappings of
a YAML file are merged key by key; what a list of the user's says comes first, and replaces an item with the same id.
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from salary_bands.errors import UsageError
from salary_bands.reference import FOLDER, parse_yaml
from salary_bands.reference.documents import Document, Faulty

Row = dict[str, str]
# What names a row, by the stem of the file: a whole name would count as a file that every table reads. All rows of a
# key are replaced together: a whole ladder, a whole group of a view.
KEYS = {
    "claims": ("claim_id",),
    "views": ("view", "group_id"),
}
FIRST_ANSWERS = ("employer_kinds",)  # rows are tried in order: the user's come first
PERMITTED = {
    "tier": ("", "T1", "T2", "T3", "T4", "T5", "unknown"),
    "level": ("", "L3", "L4", "L5", "L6", "L7", "early", "senior", "all"),
    "ownership": ("", "listed", "private"),
    "kind": ("core", "adjacent", "none"),
}
_LEVELS_OF_LADDERS = ("", "L3", "L4", "L5", "L6", "L7", "early", "senior")
_NUMBERS = ("latitude", "longitude", "radius_km", "rate", "usd", "low", "high")


def stem(name: str) -> str:
    """Return the name of a reference file without its suffix."""
    return name.partition(".")[0]


def key_of(name: str, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that name a row of a CSV file: its first, unless it is listed."""
    return KEYS.get(stem(name), (columns[0],))


def merged_rows(name: str, paths: Sequence[Path]) -> tuple[Row, ...]:
    """Read the rows of a CSV file, the user's laid over the package's; raise UsageError if the user's are wrong."""
    package, *own = [path for path in paths if path.is_file()] or paths[:1]
    rows = _rows(package.read_text(encoding="utf-8"))
    for path in own:
        try:
            rows = over(name, rows, own_rows(path, package))
        except Faulty as error:
            raise UsageError(str(error)) from None
    return tuple(rows)


def over(name: str, rows: list[Row], own: list[Row]) -> list[Row]:
    """Replace the rows with the keys of the user's, each where the first of them was; add the others."""
    if not own:
        return rows
    key = key_of(name, list(own[0]))
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in own:
        groups.setdefault(tuple(row[c] for c in key), []).append(row)
    result: list[Row] = []
    placed = set()
    for row in rows:
        of = tuple(row[c] for c in key)
        if of not in groups:
            result.append(row)
        elif of not in placed:
            placed.add(of)
            result += groups[of]
    new = [row for of, group in groups.items() if of not in placed for row in group]
    return [*new, *result] if stem(name) in FIRST_ANSWERS else [*result, *new]


def own_rows(path: Path, package: Path) -> list[Row]:
    """Read the user's rows of a CSV file with all columns of the package's; raise Faulty that names line and column."""
    name = shown(path)
    columns = next(csv.reader(io.StringIO(package.read_text(encoding="utf-8"))))
    try:
        records = [*csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""), strict=True)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Faulty(f"{name}: cannot be read as a CSV in UTF-8 ({type(error).__name__})") from None
    if not records:
        return []
    header, faults = [cell.strip() for cell in records[0]], []
    if unknown := [c for c in header if c not in columns]:
        faults.append(f"{name}, line 1: unknown column {unknown[0]!r}; the columns are {', '.join(columns)}")
    if missing := [c for c in key_of(path.name, columns) if c not in header]:
        faults.append(f"{name}, line 1: column {missing[0]} is missing")
    if len(set(header)) < len(header):
        faults.append(f"{name}, line 1: a column stands twice")
    if faults:
        raise Faulty("\n".join(faults))
    rows = []
    for line, record in enumerate(records[1:], start=2):
        if not any(cell.strip() for cell in record):
            continue
        if len(record) != len(header):
            faults.append(f"{name}, line {line}: has {len(record)} cells, the header has {len(header)}")
            continue
        row = dict.fromkeys(columns, "") | {c: cell.strip() for c, cell in zip(header, record, strict=True)}
        faults += [f"{name}, line {line}: {fault}" for fault in _faults(path.name, row)]
        rows.append(row)
    if faults:
        raise Faulty("\n".join(faults))
    return rows


def _faults(name: str, row: Row) -> list[str]:
    found = [f"{column} is blank" for column in key_of(name, list(row)) if not row[column]]
    for column, value in row.items():
        permitted = _LEVELS_OF_LADDERS if (stem(name), column) == ("ladders", "level") else PERMITTED.get(column, ())
        if permitted and value not in permitted and not (column == "kind" and stem(name) != "leaves"):
            found.append(f"{column} {value!r} is not one of {', '.join(filter(None, permitted))}")
        if column in _NUMBERS and value and not _is_number(value):
            found.append(f"{column} {value!r} is not a number")
    return found


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _rows(text: str) -> list[Row]:
    return [*csv.DictReader(io.StringIO(text, newline=""))]


def merged_document(name: str, paths: Sequence[Path]) -> Any:
    """Parse a YAML file, the user's laid over the package's; raise UsageError if the user's is wrong."""
    package, *own = paths
    document = parse_yaml(package.read_text(encoding="utf-8"))
    for path in own:
        if path.is_file():
            try:
                document = laid_over(document, own_document(path, document).value, name)
            except Faulty as error:
                raise UsageError(str(error)) from None
    return document


def own_document(path: Path, package: Any) -> Document:
    """Parse the user's YAML file; raise Faulty if it is not of the package's shape."""
    try:
        found = Document(path.read_text(encoding="utf-8"), shown(path))
    except (OSError, UnicodeDecodeError) as error:
        raise Faulty(f"{shown(path)}: cannot be read as UTF-8 ({type(error).__name__})") from None
    found.value = found.value or {}
    if not isinstance(found.value, dict):
        raise Faulty(f"{found.name}, line 1: must be a mapping of {', '.join(package)}")
    for key, value in found.value.items():
        if key not in package:
            raise Faulty(found.fault([key], f"unknown key; the keys are {', '.join(map(str, package))}"))
        if type(value) is not type(package[key]):
            kind = "a list" if isinstance(package[key], list) else "a mapping"
            raise Faulty(found.fault([key], f"must be {kind}"))
    return found


def laid_over(package: Any, own: Any, name: str = "") -> Any:
    """Merge mappings key by key; items of an own list come first, and replace those with the same id."""
    if isinstance(package, dict) and isinstance(own, dict):
        merged = {key: laid_over(value, own[key]) if key in own else value for key, value in package.items()}
        return merged | {key: value for key, value in own.items() if key not in package}
    if isinstance(package, list) and isinstance(own, list):
        ids = {item["id"] for item in own if isinstance(item, dict) and "id" in item}
        kept = [i for i in package if i not in own and not (isinstance(i, dict) and i.get("id") in ids)]
        return [*own, *kept]
    return own


def shown(path: Path) -> str:
    """Name a reference file in a message: the package's by its path below the reference folder."""
    if path.is_relative_to(FOLDER):
        return path.relative_to(FOLDER).as_posix()
    return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else path.as_posix()
