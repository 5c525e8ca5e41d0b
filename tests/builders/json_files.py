"""The JSON files of a release, by kind, and what their schemas find wrong with them."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

Json = Any


@cache
def read(path: Path) -> Json:
    return json.loads(path.read_text(encoding="utf-8"))


def kind_of(path: str) -> str:
    """The kind of a JSON file by its path under the marts folder."""
    if match := re.fullmatch(r"releases/[^/]+/(views|bands|estimates|schemas)/.+\.json", path):
        return {"views": "view"}.get(match[1], match[1])
    return Path(path).stem


def json_files(release: Path) -> dict[str, Path]:
    marts = release.parents[1]
    return {p.relative_to(marts).as_posix(): p for p in sorted(marts.rglob("*.json"))}


def validator(release: Path, kind: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(read(release / "schemas" / f"{kind}.json"), validate_formats=True)


def faults(release: Path, kind: str, document: Json) -> list[str]:
    return [f"{list(e.instance_path)}: {e.message}"[:200] for e in validator(release, kind).iter_errors(document)]
