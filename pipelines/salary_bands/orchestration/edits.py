"""Follow edits of reference data, SQL and code while a process runs, as a code server of Dagster does for weeks."""

from contextlib import suppress
from pathlib import Path

from salary_bands.fingerprint import PACKAGE, SUFFIXES
from salary_bands.reference import forget, layers
from salary_bands.storage.sql import SQL

_Files = dict[Path, tuple[int, int]]
_seen: _Files = {}


def forget_if_edited() -> None:
    """Clear every functools cache of this package if a file of it or of the own reference folder has changed.

    Imported code stays as it is: Dagster starts a process for each run, which imports what is on disk.
    """
    global _seen
    files = _files()
    if files == _seen:
        return
    forget()
    _seen = files


def _files() -> _Files:
    """Return the modification time and size of each file that a result can depend on."""
    found: _Files = {}
    for root in (PACKAGE, SQL, *layers()[1:]):
        for path in root.rglob("*.*"):
            if path.suffix in SUFFIXES:
                with suppress(FileNotFoundError):  # an editor may be replacing it
                    status = path.stat()
                    found[path] = (status.st_mtime_ns, status.st_size)
    return found
