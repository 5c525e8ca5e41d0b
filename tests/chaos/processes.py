"""Commands in forked processes: they start with everything imported, and can be killed like any other."""

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from salary_bands.cli.commands import app

Before = Callable[[], object]


def start(arguments: list[str], log: Path, before: Before = lambda: None) -> int:
    """Run a command in a process group of its own, after `before`; return its process id."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        os.setpgid(0, 0)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(output, 1)
        os.dup2(output, 2)
        before()
        try:
            app(arguments, standalone_mode=True)
        except SystemExit as done:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command is done, and what follows is not its own
            code = done.code if isinstance(done.code, int) else 1
    except BaseException:
        traceback.print_exc()
        code = 70  # a traceback, which no fault may end in
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def ended(process: int, seconds: float) -> int | None:
    """Wait for a process; return its exit code, minus the signal that killed it, None if it still runs."""
    deadline = time.monotonic() + seconds
    while True:
        found, status = os.waitpid(process, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= deadline:
            return None
        time.sleep(0.02)


def kill(process: int, what: int = signal.SIGKILL) -> None:
    try:
        os.killpg(process, what)
    except ProcessLookupError:
        with suppress(ProcessLookupError):
            os.kill(process, what)


def answer_of(work: Callable[[], Any]) -> Any:
    """What a function returns in a forked process: libraries that have started threads here could not be forked."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(ours)
            try:
                found = work()
            except BaseException as error:
                found = [f"{type(error).__name__}: {error}"]
            with os.fdopen(theirs, "w") as stream:
                json.dump(found, stream)
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours) as stream:
        content = stream.read()
    os.waitpid(child, 0)
    return json.loads(content) if content else ["the check itself died"]
