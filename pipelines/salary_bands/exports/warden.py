"""Read and inspect exports in processes of their own, so that a hostile file costs its share and nothing else.

One server is started for a refresh (`python -m salary_bands.exports.warden`): it has imported what readers need, has no
threads, and forks a child for each file. The child has limits of processor time, memory and time that passes. What it
does to itself, such as a crash in a library, holds that export alone. A server whose parent is gone kills its child and
ends.
"""

import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from salary_bands.errors import HeldExport, RefreshError
from salary_bands.exports.inspect import inspect_file
from salary_bands.exports.reading import Facts, read_part
from salary_bands.ingest.raw_folder import ExportFile
from salary_bands.reference.formats import formats
from salary_bands.settings import Settings, load
from salary_bands.storage.parts import Parts

_SECONDS_PER_BYTE = 60 / 100e6
_PARENT = 0  # the pipe that the parent closes when it ends
_PATIENCE = 10  # seconds that may pass for each of processor time, before a reader is taken to wait for ever
# the kernel kills whatever exceeds the memory of the machine, and a library in C++ aborts where it gets none
_TOO_COSTLY = (signal.SIGXCPU, signal.SIGKILL, signal.SIGABRT)


class Warden:
    """The parent's end: starts the server when it is needed, asks it for one export at a time."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server without waiting for it, unless it runs."""
        if self._server is not None and self._server.poll() is None:
            return
        # the pool of malloc: others reserve address space that counts as memory
        environment = {**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system", "PYTHONPATH": os.pathsep.join(sys.path)}
        self._server = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # libraries may print what they read
            env=environment,
            start_new_session=True,  # Ctrl+C is for the parent, which ends it
        )

    def close(self) -> None:
        """End the server and what it reads."""
        server, self._server = self._server, None
        if server and server.stdin and server.stdout:
            with suppress(OSError):
                server.stdin.close()
            server.stdout.close()
            server.wait()

    def read(self, export: ExportFile, settings: Settings) -> Facts:
        """Read an export as `read_here` does; raise HeldExport `too_costly` if it takes more than its share."""
        part = {"file": export.file, "sha256": export.sha256, "key": export.key}
        return self._read(export.path, export.size, settings, {"part": part})

    def inspect(self, path: Path, settings: Settings) -> Facts:
        """Return the document of `inspect_file`; of a file that takes more than its share, that it would be held."""
        try:
            return self._read(path, path.stat().st_size, settings, {})
        except HeldExport as held:
            said = {"reason": held.reason, "line": str(held)}
            return {"file": path.name, "held": said, "would_be_held": True, "format": None, "rows": held.rows}

    def _read(self, path: Path, size: int, settings: Settings, what: dict[str, Any]) -> Facts:
        request = {
            **what,
            "folder": str(Path.cwd()),
            "path": str(path),
            "settings": settings.model_dump(mode="json", exclude_none=True),
            "seconds": round(settings.max_read_seconds + size * _SECONDS_PER_BYTE),
        }
        for _ in range(2):  # the server may have been killed while it waited
            if answer := self._answer(json.dumps(request).encode() + b"\n"):
                return _facts(answer, settings)
        raise RefreshError("the process that reads exports does not start; run `python -m salary_bands.exports.warden`")

    def _answer(self, line: bytes) -> dict[str, Any] | None:
        self.start()
        assert self._server and self._server.stdin and self._server.stdout
        try:
            self._server.stdin.write(line)
            self._server.stdin.flush()
            answer = self._server.stdout.readline()
        except BrokenPipeError:
            answer = b""
        except BaseException:  # interrupted: its answer must not be taken for the next one's
            self.close()
            raise
        if not answer:
            self.close()
            return None
        return dict(json.loads(answer))


warden = Warden()


def _facts(answer: dict[str, Any], settings: Settings) -> Facts:
    if "facts" in answer:
        return dict(answer["facts"])
    if "held" in answer:
        raise _Held(**answer["held"])
    if "os_error" in answer:  # a full disk is no fault of the export
        raise OSError(*answer["os_error"])
    if answer["signal"] in _TOO_COSTLY:
        raise HeldExport(
            "too_costly",
            f"takes more than {answer['seconds']} s or {settings.max_read_memory:,} bytes of memory to read",
            "deliver it as CSV in smaller files, or raise max_read_seconds or max_read_memory",
        )
    name = signal.Signals(answer["signal"]).name if answer["signal"] else "no answer"
    raise HeldExport("unreadable", f"breaks the program that reads it ({name})", "deliver it as CSV")


class _Held(HeldExport):
    """What the child said, word for word."""

    def __init__(self, reason: str, line: str, rows: int) -> None:
        Exception.__init__(self, line)
        self.reason, self.rows = reason, rows


def serve() -> None:
    """Answer requests, a JSON document a line, until the parent closes the pipe."""
    while line := sys.stdin.buffer.readline():
        request = json.loads(line)
        with suppress(Exception):  # once for all children, which say what is wrong with them
            os.chdir(request["folder"])  # paths may be relative, and the server outlives a change of folder
            load(**request["settings"])
            formats()
        os.write(1, json.dumps(_in_child(request)).encode() + b"\n")


def _in_child(request: dict[str, Any]) -> dict[str, Any]:
    """Fork, let the child answer through a pipe, and say how it ended if it does not."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(ours)
            answer = json.dumps(_limited(request)).encode()
            with os.fdopen(theirs, "wb") as stream:
                stream.write(answer)
        finally:
            os._exit(0)
    os.close(theirs)
    content, deadline = b"", time.monotonic() + _PATIENCE * request["seconds"]
    while True:
        ready, _, _ = select.select([ours, _PARENT], [], [], max(0, deadline - time.monotonic()))
        if not ready:  # it waits for something that does not come
            os.kill(child, signal.SIGKILL)
            break
        if ours in ready:
            chunk = os.read(ours, 1 << 16)
            if not chunk:
                break
            content += chunk
        elif not os.read(_PARENT, 1):  # it is gone
            os.kill(child, signal.SIGKILL)
            os._exit(1)
    os.close(ours)
    status = os.waitpid(child, 0)[1]
    killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    return json.loads(content) if content else {"signal": killed, "seconds": request["seconds"]}


def _limited(request: dict[str, Any]) -> dict[str, Any]:
    """Read the export within the limits of this process."""
    settings = load(**request["settings"])
    _limit(resource.RLIMIT_CPU, request["seconds"])
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_DATA, _data_bytes() + settings.max_read_memory)
    try:
        path, part = Path(request["path"]), request.get("part")
        if part is None:
            return {"facts": inspect_file(path, settings)}
        return {"facts": read_part(path, **part, parts=Parts(settings.work), settings=settings)}
    except HeldExport as held:
        return {"held": {"reason": held.reason, "line": str(held), "rows": held.rows}}
    except MemoryError:
        return {"signal": int(signal.SIGKILL), "seconds": request["seconds"]}
    except OSError as error:
        return {"os_error": [error.errno, error.strerror or str(error), error.filename]}


def _limit(what: int, value: int) -> None:
    with suppress(ValueError, OSError):  # a system that has no such limit, or a lower one
        resource.setrlimit(what, (value, resource.getrlimit(what)[1]))


def _data_bytes() -> int:
    """Return what this process has already of what RLIMIT_DATA counts."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmData")), 0)


if __name__ == "__main__":
    serve()
