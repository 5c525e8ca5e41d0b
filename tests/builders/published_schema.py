"""The published shape as a list of names and types, kept per version.

`python -m tests.builders.published_schema` adds today's. A version once kept is never written anew; if no release was
published with it, delete its file first.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from salary_bands.publish.artefacts.json_schemas import json_schemas
from salary_bands.releases.documents import SCHEMA_VERSION
from salary_bands.schemas import RELEASE_TABLES, TABLES, arrow_schema
from salary_bands.schemas.described import key_of
from tests.builders import GOLDEN

FOLDER = GOLDEN / "published_schema"
Names = dict[str, str]


def published() -> Names:
    """Name to type of every column and property; `?` is nullable or optional, `=` a value that it may have."""
    return {**dict(_columns()), **dict(_properties())}


def _columns() -> Iterator[tuple[str, str]]:
    for table in RELEASE_TABLES:
        specs = TABLES[table].to_schema().columns
        yield f"{table}#key", ", ".join(key_of(table))
        for field in arrow_schema(table):
            yield f"{table}.{field.name}", f"{field.type}{'?' if specs[field.name].nullable else ''}"


def _properties() -> Iterator[tuple[str, str]]:
    for kind, schema in json_schemas().items():
        yield from _walk(schema, f"{kind}.json")
        for name, inner in schema.get("$defs", {}).items():
            yield from _walk(inner, f"{kind}.json#{name}")


def _walk(schema: dict[str, Any], place: str, optional: bool = False) -> Iterator[tuple[str, str]]:
    if "$ref" in schema:
        yield place, f"{schema['$ref'].rsplit('/', 1)[1]}{'?' if optional else ''}"
        return
    types = schema.get("type", "any")
    yield place, f"{'|'.join(types) if isinstance(types, list) else types}{'?' if optional else ''}"
    for value in schema.get("enum", []):
        if isinstance(value, str):
            yield f"{place}={value}", "value"
    for name, inner in schema.get("properties", {}).items():
        yield from _walk(inner, f"{place}/{name}", name not in schema.get("required", []))
    for inner in schema.get("prefixItems", []):
        yield from _walk(inner, f"{place}/{inner['title']}")
    for key, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if isinstance(schema.get(key), dict):
            yield from _walk(schema[key], f"{place}{mark}")


def kept() -> dict[str, Names]:
    """version to names, oldest first."""
    paths = sorted(FOLDER.glob("*.json"), key=lambda p: numbers(p.stem))
    return {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in paths}


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def faults(old: str, before: Names, new: str, after: Names) -> list[str]:
    """What of the step from one version to the next breaks the promise of docs/releases.md."""
    if numbers(new) <= numbers(old):
        return [f"version {new} does not come after {old}"]
    if numbers(new)[0] > numbers(old)[0]:
        return []
    found = [f"{name} was removed, which a new major alone may do" for name in before.keys() - after.keys()]
    found += [
        f"{name} was {before[name]} and is {after[name]}, which a new major alone may do"
        for name in before.keys() & after.keys()
        if before[name] != after[name]
    ]
    if numbers(new)[1] == numbers(old)[1]:
        found += [f"{name} was added, so the minor must rise" for name in after.keys() - before.keys()]
    return sorted(found)


if __name__ == "__main__":
    path = FOLDER / f"{SCHEMA_VERSION}.json"
    if path.exists():
        sys.exit(f"{SCHEMA_VERSION} is kept already: raise SCHEMA_VERSION in releases/documents.py")
    path.write_text(json.dumps(published(), indent=0, sort_keys=True) + "\n", encoding="utf-8")
    print(path)
