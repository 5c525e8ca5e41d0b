"""Allow one refresh at a time per marts and work folder."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import filelock

from salary_bands.errors import RefreshError


@contextmanager
def refresh_lock(
    folders: list[Path], wait_seconds: float, say: Callable[[str], None] = lambda _: None
) -> Iterator[None]:
    """Hold the locks of all folders.

    A process may acquire its own locks again. The locks of a killed process are released.

    Args:
        folders: the folders to lock.
        wait_seconds: how long to wait for another process.
        say: called with a message before waiting.

    Raises:
        RefreshError: Another process still holds a lock after `wait_seconds`.
    """
    with ExitStack() as stack:
        for folder in sorted({f.resolve() for f in folders}):
            folder.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(folder / ".lock", is_singleton=True)
            holder = folder / ".lock.pid"
            try:
                try:
                    lock.acquire(timeout=0)
                except filelock.Timeout:
                    say(f"{folder} is locked by process {_read(holder)}, waiting up to {wait_seconds:g} s")
                    lock.acquire(timeout=wait_seconds)
            except filelock.Timeout:
                raise RefreshError(
                    f"{folder} is locked by process {_read(holder)}; try again when that process is done"
                ) from None
            stack.callback(lock.release)
            holder.write_text(str(os.getpid()), encoding="ascii")
        yield


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"
