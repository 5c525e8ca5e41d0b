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


_SEAL = "seal"
_checksums: dict[tuple[str, int, int, int], str] = {}  # (path, inode, size, time) to SHA-256, while this process runs

_seals: dict[bytes, str] = {}  # the hash of a compact document to that of its canonical text


def checksum_of(path: Path) -> str:
    """SHA-256 of a file that only we write, empty if it is missing; read again only if its status has changed."""
    try:
        status = path.stat()
    except OSError:
        return ""
    known = (str(path), status.st_ino, status.st_size, status.st_mtime_ns)
    if known not in _checksums:
        _checksums[known] = sha256_of(path)
    return _checksums[known]


def read_record(path: Path) -> dict[str, Any] | None:
    """A JSON object, None if there is none or it cannot be read."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def write_sealed(path: Path, document: dict[str, Any]) -> None:
    """Write a record of our own with a hash of itself, so that a damaged one is no record."""
    write_json(path, {**document, _SEAL: _seal(document)})


def read_sealed(path: Path) -> dict[str, Any] | None:
    """Read what `write_sealed` wrote; None if it is missing or not what was written."""
    record = read_record(path)
    if record is None or record.pop(_SEAL, None) != _seal(record):
        return None
    return record


def _seal(document: dict[str, Any]) -> str:
    # indented text takes json long, and records are read many times in a refresh
    known = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).digest()
    if known not in _seals:
        _seals[known] = hashlib.sha256(json_text(document).encode()).hexdigest()
    return _seals[known]


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
