"""What is in the raw folder: exports at RAW/<source>/<file>; everything else is refused with a line."""

import fnmatch
import hashlib
import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path

from salary_bands.errors import HeldExport, UsageError, escaped

IGNORED = (".gitkeep", ".DS_Store", "~$*", "*.part", "*.tmp", "*.crdownload")  # what editors and downloads leave
_hashes: dict[tuple[str, str, int, int], str] = {}  # (folder, file, size, time) to SHA-256, while this process runs


@dataclass(frozen=True, slots=True)
class ExportFile:
    """One file in the raw folder. Its identity is `sha256`, whatever it is called."""

    source: str
    file: str  # path under the raw folder, with forward slashes
    path: Path
    size: int
    modified_ns: int
    sha256: str

    @property
    def key(self) -> str:
        """Partition key and stem of its parts, made from content alone."""
        return self.sha256[:20]


@dataclass(frozen=True, slots=True)
class RawFolder:
    """The exports in the order of their paths, and a line for everything that was refused."""

    exports: tuple[ExportFile, ...]
    refused: tuple[str, ...]


def open_export(path: Path) -> BufferedReader:
    """Open a regular file without following links or waiting for a FIFO.

    Raises HeldExport `not_a_file` if it is anything else, `unreadable` if the system refuses.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise HeldExport("unreadable", f"cannot be opened ({error.strerror})", "check the file's permissions") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise HeldExport("not_a_file", "is not a regular file", "put the file itself there")
    return open(descriptor, "rb")  # noqa: PTH123 - a descriptor, not a path


def list_files(raw: Path) -> tuple[list[tuple[str, Path, os.stat_result]], list[str]]:
    """List (source, path, status) of each regular file at RAW/<source>/<file>, sorted, and a line per refusal.

    Raises UsageError if the raw folder is missing.
    """
    if not raw.is_dir():
        raise UsageError(f"raw folder {raw} does not exist; create it and put exports at {raw}/<source>/<file>")
    files: list[tuple[str, Path, os.stat_result]] = []
    refused: list[str] = []
    for source in sorted(raw.iterdir()):
        if _ignored(source.name):
            continue
        if source.is_symlink() or not source.is_dir():
            refused.append(f"{escaped(source.name)}: refused, not a source's folder; put exports at <source>/<file>")
            continue
        for path in sorted(source.iterdir()):
            name = f"{source.name}/{path.name}"
            status = path.lstat()
            if _ignored(path.name):
                continue
            if not _printable(name):
                refused.append(f"{escaped(name)}: refused, its name has control characters; rename it")
            elif stat.S_ISLNK(status.st_mode):
                refused.append(f"{name}: refused, a symbolic link is never followed; put the file itself there")
            elif stat.S_ISDIR(status.st_mode):
                refused.append(f"{name}: refused, a folder inside a source; put exports at <source>/<file>")
            elif not stat.S_ISREG(status.st_mode):
                refused.append(f"{name}: refused, not a regular file; put the file itself there")
            else:
                files.append((source.name, path, status))
    return files, refused


def scan(raw: Path, known: dict[tuple[str, int, int], str] | None = None) -> RawFolder:
    """List the exports in the raw folder with their hashes.

    known: SHA-256 by (file, size, mtime), of files that need not be read again. A file that disappears or cannot be
    read is refused with a line.
    """
    files, refused = list_files(raw)
    exports: list[ExportFile] = []
    for source, path, status in files:
        file = f"{source}/{path.name}"
        sha256 = (known or {}).get((file, status.st_size, status.st_mtime_ns))
        try:
            sha256 = sha256 or _sha256(path)
        except HeldExport as held:
            refused.append(f"{file}: refused, {held}")
            continue
        exports.append(ExportFile(source, file, path, status.st_size, status.st_mtime_ns, sha256))
    return RawFolder(tuple(exports), tuple(refused))


def scan_settled(raw: Path, seconds: float) -> RawFolder:
    """List the exports as `scan` does, without files that changed within the last `seconds`.

    While this process runs, a file is hashed again only if its size or modification time has changed.
    """
    known = {(file, size, time): sha for (root, file, size, time), sha in _hashes.items() if root == str(raw)}
    folder = scan(raw, known)
    _hashes.update({(str(raw), e.file, e.size, e.modified_ns): e.sha256 for e in folder.exports})
    moving = unsettled(raw, seconds)
    return replace(folder, exports=tuple(e for e in folder.exports if e.file not in moving))


def unsettled(raw: Path, seconds: float, now: float | None = None) -> list[str]:
    """List the files that changed within the last `seconds`, and so may still be being written.

    A file with a time in the future counts as settled.
    """
    moment = time.time() if now is None else now
    return [
        f"{source}/{path.name}"
        for source, path, status in list_files(raw)[0]
        if -1 < moment - status.st_mtime < seconds
    ]


def settle(raw: Path, seconds: float, timeout: float, say: Callable[[str], None]) -> frozenset[str]:
    """Wait until no file has changed for `seconds`; return the files that still change after `timeout`."""
    deadline = time.monotonic() + timeout
    announced = False
    while moving := unsettled(raw, seconds):
        if time.monotonic() >= deadline:
            for file in moving:
                say(f"{file}: still being written after {timeout:g} s, left for the next refresh")
            return frozenset(moving)
        if not announced:
            say(f"waiting until {', '.join(moving[:3])}{' ...' if len(moving) > 3 else ''} no longer changes")
            announced = True
        time.sleep(min(0.1, max(seconds, 0.01)))
    return frozenset()


def _ignored(name: str) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in IGNORED)


def _sha256(path: Path) -> str:
    with open_export(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _printable(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return name.isprintable()
