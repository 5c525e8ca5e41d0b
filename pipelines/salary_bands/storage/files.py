"""Files written aside and moved into place, and JSON in one spelling; light enough for every command to import."""

import hashlib
import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


@contextmanager
def moved_into_place(path: Path) -> Iterator[Path]:
    """A name beside `path` to write to; it becomes `path` where the block ends well, and is gone where not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        yield aside
        with aside.open("rb") as stream:
            os.fsync(stream.fileno())
        aside.replace(path)
    finally:
        with suppress(FileNotFoundError):
            aside.unlink()


def write_json(path: Path, document: Any) -> None:
    """The document in one canonical spelling, so that equal documents are equal files."""
    with moved_into_place(path) as aside:
        aside.write_text(json_text(document), encoding="utf-8")


def json_text(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def rows_text(document: dict[str, Any], rows: str) -> str:
    """A document small enough for sites to fetch: compact, and each of the list `rows`, its last value, on a line."""
    head = _compact({**document, rows: []})
    lines = ",\n".join(_compact(row) for row in document[rows])
    return f"{head.removesuffix(']}')}\n{lines}\n]}}\n"


def _compact(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_record(path: Path) -> dict[str, Any] | None:
    """A JSON object, None if there is none or it cannot be read."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def private_folder(path: Path) -> None:
    """Make a folder that only its owner can open: it holds what people wrote."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)


def sync_folder(folder: Path) -> None:
    """Make renames in the folder outlast a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Make every file and name in the folder outlast a loss of power."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
    for path in [*(p for p in folder.rglob("*") if p.is_dir()), folder]:
        sync_folder(path)
