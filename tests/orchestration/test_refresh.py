"""The refresh that executes the definitions in process: what it says when a run fails or is interrupted."""

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import dagster as dg
import duckdb
import pytest

from salary_bands.aggregate.registry import RECIPES
from salary_bands.aggregate.workspace import Workspace
from salary_bands.errors import RefreshError
from salary_bands.orchestration.refresh import refresh
from salary_bands.settings import Settings
from tests.builders.exports import native_row, write_native

Build = Callable[[Workspace, duckdb.DuckDBPyConnection], int]
# seconds, not hours: where other threads are busy with a query, DuckDB sees an interrupt at its end
LONG_QUERY = "SELECT sum(sqrt(a.range * b.range)) FROM range(500) AS a, range(1000000) AS b"


@pytest.fixture
def broken(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[[Build], None]:
    """Refresh with another way to make the first table."""
    write_native(settings.raw, [native_row(n) for n in range(3)])

    def run(build: Build) -> None:
        monkeypatch.setitem(RECIPES, "window_reports", replace(RECIPES["window_reports"], build=build))
        refresh(settings, date(2026, 6, 30), False, lambda _: None)

    return run


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def interrupted_in_python(*_: object) -> int:
    interrupt()
    time.sleep(60)
    return 0


def interrupted_in_a_query(_: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
    threading.Timer(0.5, interrupt).start()
    connection.execute(LONG_QUERY).fetchall()
    return 0


@pytest.mark.parametrize("build", [interrupted_in_python, interrupted_in_a_query])
def test_an_interrupt_is_passed_on(broken: Callable[[Build], None], settings: Settings, build: Build) -> None:
    with pytest.raises(KeyboardInterrupt):
        broken(build)
    assert not (settings.work / "last_failure.txt").exists()


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("Query interrupted"), "window_reports failed: ValueError: Query interrupted; see "),
        (RuntimeError("Query interrupted, they say"), "window_reports failed: RuntimeError: Query interrupted, they"),
        (RefreshError("the disk is on fire; put it out"), "the disk is on fire; put it out"),
    ],
)
def test_a_failure_is_one_line(
    broken: Callable[[Build], None], settings: Settings, error: Exception, message: str
) -> None:
    def fails(*_: object) -> int:
        raise error

    with pytest.raises(RefreshError) as raised:
        broken(fails)
    assert str(raised.value).startswith(message) and "\n" not in str(raised.value)
    assert type(error).__name__ in (settings.work / "last_failure.txt").read_text(encoding="utf-8")


def test_the_instance_of_a_refresh_sends_no_telemetry() -> None:
    assert not dg.DagsterInstance.ephemeral().telemetry_enabled
