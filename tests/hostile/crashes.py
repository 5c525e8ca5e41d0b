"""A process that dies just before its n-th write under a folder, and writes nothing after: no tidying, as when killed.

Python says of every open, rename, link, removal and new folder before it happens (`sys.addaudithook`), so no list of
functions has to be kept. What DuckDB and Parquet write by themselves is written aside, and the rename is seen.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_WRITES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate", "os.symlink"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Killed(BaseException):
    """What no `except Exception` catches."""


class _Watch:
    folder: str | None = None
    after = 0
    seen = 0
    lock = threading.Lock()


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _Watch.folder is None or (event != "open" and event not in _WRITES):
        return
    if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & _WRITING):
        return
    path = arguments[0]
    if isinstance(path, int):
        return
    text = os.fsdecode(path)
    ours = text.startswith(_Watch.folder) or not text.startswith("/")  # rmtree names files within their folder
    if not ours or Path(text).name.startswith(".lock"):
        return
    with _Watch.lock:
        _Watch.seen += 1
        if _Watch.seen > _Watch.after:
            raise Killed(f"{event} {text}")


sys.addaudithook(_hook)


@contextmanager
def _watched(folder: Path, after: int) -> Iterator[None]:
    _Watch.folder, _Watch.after, _Watch.seen = str(folder), after, 0
    try:
        yield
    finally:
        _Watch.folder = None


def dies(folder: Path, after: int, act: Callable[[], object]) -> bool:
    """Let it write `after` times under the folder, then die; whether it did, rather than end before."""
    with _watched(folder, after):
        try:
            act()
        except Killed:
            return True
    return False


def writes(folder: Path, act: Callable[[], object]) -> int:
    """How often it writes under the folder."""
    with _watched(folder, 1_000_000):
        act()
        return _Watch.seen
