"""Write files atomically, and JSON in a canonical form. Every command may import this module, which is light."""

import json
import os
import uuid
from collections.abc import Iterator
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
    head = _compact({**document, rows: []})
    lines = ",\n".join(_compact(row) for row in document[rows])
    return f"{head.removesuffix(']}')}\n{lines}\n]}}\n"


def _compact(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


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
