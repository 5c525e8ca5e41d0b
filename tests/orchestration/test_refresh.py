"""The refresh that executes the definitions in process: what it says when a run fails or is interrupted."""

import os
import signal
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from dagster._core.instance.ref import InstanceRef

from salary_bands.aggregate.plan import ExportState
from salary_bands.aggregate.registry import RECIPES
from salary_bands.aggregate.workspace import Workspace
from salary_bands.errors import RefreshError
from salary_bands.exports.stages import ExportStages
from salary_bands.orchestration.refresh import refresh
from salary_bands.orchestration.release import no_export_is_held
from salary_bands.orchestration.resources import Pipeline
from salary_bands.refresh.status import Notes
from salary_bands.settings import Settings
from tests.builders import ROOT

Build = Callable[[Workspace, duckdb.DuckDBPyConnection], int]
# seconds, not hours: where other threads are busy with a query, DuckDB sees an interrupt at its end
LONG_QUERY = "SELECT sum(sqrt(a.range * b.range)) FROM range(150) AS a, range(1000000) AS b"


@pytest.fixture
def broken(built_first: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[[Build], None]:
    """Refresh with another way to make the first table; the export has been read."""
    Workspace(built_first).remove("window_reports")

    def run(build: Build) -> None:
        monkeypatch.setitem(RECIPES, "window_reports", replace(RECIPES["window_reports"], build=build))
        refresh(built_first, date(2026, 6, 30), False, lambda _: None)

    return run


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def interrupted_in_python(*_: object) -> int:
    interrupt()
    time.sleep(60)
    return 0


def interrupted_in_a_query(_: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
    threading.Timer(0.1, interrupt).start()
    connection.execute(LONG_QUERY).fetchall()
    return 0


def interrupted_in_python_of_a_query(*_: object) -> int:
    raise duckdb.Error('Traceback (most recent call last):\n  File "x", line 1, in f\nKeyboardInterrupt: \n')


class Forgotten:
    """Something whose last reference goes while the signal arrives."""


def interrupted_in_a_callback(*_: object) -> int:
    forgotten = Forgotten()
    reference = weakref.ref(forgotten, lambda _: interrupt())
    del forgotten
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:  # ends at the second delivery
        time.sleep(0.01)
    return 0 if reference() is None else 1


@pytest.mark.parametrize(
    "build",
    [
        interrupted_in_python,
        interrupted_in_a_query,
        interrupted_in_python_of_a_query,
        interrupted_in_a_callback,
    ],
)
def test_an_interrupt_is_passed_on(
    broken: Callable[[Build], None], settings: Settings, build: Build, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(KeyboardInterrupt):
        broken(build)
    assert not (settings.work / "last_failure.txt").exists()
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("Query interrupted"), "window_reports failed: ValueError: Query interrupted; see "),
        (RuntimeError("Query interrupted, they say"), "window_reports failed: RuntimeError: Query interrupted, they"),
        (
            duckdb.Error('Traceback (most recent call last):\n  File "x", line 1\nValueError: too few cells\n'),
            "window_reports failed: ValueError: too few cells; see ",
        ),
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


def test_dagster_dev_in_the_checkout_sends_no_telemetry(tmp_path: Path) -> None:
    """Without DAGSTER_HOME it reads dagster.yaml in the current folder."""
    with dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(tmp_path), config_dir=str(ROOT))) as instance:
        assert not instance.telemetry_enabled and not instance.run_retries_retry_on_asset_or_op_failure
    with dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(tmp_path), config_dir=str(tmp_path))) as instance:
        assert instance.telemetry_enabled  # what it is without the file


def test_a_run_of_dagster_shows_what_is_held(settings: Settings) -> None:
    notes, pipeline = Notes(settings.work), Pipeline.of(settings)
    state = ExportState("s", "s/torn.csv", "0" * 64, "0" * 20, "", 0, False, "empty", "is empty; deliver it again")
    notes.exports([state], [], ExportStages.of(settings))
    result = no_export_is_held(pipeline)
    assert not result.passed and "s/torn.csv since" in result.description and "is empty" in result.description
    notes.exports([], [], ExportStages.of(settings))
    assert no_export_is_held(pipeline).passed
