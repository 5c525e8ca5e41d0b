"""Write files atomically, and JSON in a canonical form. Every command may import this module, which is light."""

import hashlib
import json
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


@contextmanager
def moved_into_place(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the same folder, and rename it to `path` if the block succeeds, else remove it."""
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
    """Write a document in canonical form, so that equal documents are equal files."""
    with moved_into_place(path) as aside:
        aside.write_text(json_text(document), encoding="utf-8")


def json_text(document: Any) -> str:
    """Format a document in canonical form: sorted keys, two spaces of indentation."""
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def rows_text(document: dict[str, Any], rows: str) -> str:
    """Format a compact document for sites to fetch, with each item of its last value, the list `rows`, on a line."""
    return lines_text(document, rows, map(_compact, document[rows]))


def lines_text(document: dict[str, Any], rows: str, lines: Iterable[str]) -> str:
    """Format a compact document whose last value is the list `rows`, from the texts of its items, one per line."""
    head = _compact({**document, rows: []}).removesuffix("]}")
    return head + "\n" + ",\n".join(lines) + "\n]}\n"


def _compact(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def write_text(path: Path, text: str) -> None:
    """Write a text as UTF-8, and make its folder if it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


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
    """Flush the folder to disk, so that renames in it survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Flush the folder and all files below it to disk, so that they survive a power failure."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
    for path in [*(p for p in folder.rglob("*") if p.is_dir()), folder]:
        sync_folder(path)
