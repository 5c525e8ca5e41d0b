"""Run a command in a process of its own, and measure what it costs with its children."""

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """cpu: user and system seconds. wall: seconds. peak: largest resident set of one process, in GB."""

    cpu: float
    wall: float
    peak: float


def cost(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Cost:
    """Run a command once; raises RuntimeError with its last lines if it fails."""
    started = time.monotonic()
    process = subprocess.Popen(
        command, env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr
    errors = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}\n{errors.decode()[-2000:]}")
    return Cost(used.ru_utime + used.ru_stime, time.monotonic() - started, used.ru_maxrss * 1024 / 1e9)


def median(run: Callable[[], Cost], times: int) -> Cost:
    """Return the median of each figure over some runs."""
    costs = [run() for _ in range(times)]
    cpu, wall, peak = (statistics.median(getattr(c, name) for c in costs) for name in ("cpu", "wall", "peak"))
    return Cost(cpu, wall, peak)
