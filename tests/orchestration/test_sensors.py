"""The sensors as the daemon evaluates them, and one real `dagster dev`."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from salary_bands.errors import RefreshError
from salary_bands.ingest.raw_folder import scan
from salary_bands.orchestration import automation, definitions, release
from salary_bands.orchestration.automation import new_exports, stale_bands
from salary_bands.orchestration.partitions import export_partitions, partition_key
from salary_bands.orchestration.refresh import refresh
from salary_bands.orchestration.resources import Pipeline
from salary_bands.publish import publication
from salary_bands.releases.marts import Marts
from salary_bands.settings import Settings
from tests.builders import ROOT, SAMPLE
from tests.builders.candidates import build, keep_tables, settings_at
from tests.builders.exports import write_native
from tests.builders.worlds import ROWS

pytestmark = pytest.mark.slow


class Daemon:
    """What the daemon does with the sensors' answers: cursors, partitions, and each run key only once."""

    def __init__(self, settings: Settings, instance: dg.DagsterInstance | None = None) -> None:
        self.instance = instance or dg.DagsterInstance.ephemeral()
        self.marts = Marts(settings.marts)
        self.cursors: dict[str, str | None] = {}
        self.keys: set[str | None] = set()
        self.use(settings)

    def use(self, settings: Settings) -> None:
        self.settings = settings
        self.pipeline = Pipeline.of(settings)
        self.definitions = definitions(self.pipeline)
        self.partitions_name = str(export_partitions(self.pipeline).name)

    def tick(self, sensor: dg.SensorDefinition, dies: bool = False) -> list[dg.RunRequest]:
        """The runs that are asked for. A tick that dies has changed the partitions and nothing else."""
        cursor = self.cursors.get(sensor.name)
        context = dg.build_sensor_context(self.instance, cursor, resources={"pipeline": self.pipeline})
        answer: Any = sensor(context)
        requests = [answer] if isinstance(answer, dg.RunRequest) else list(getattr(answer, "run_requests", None) or [])
        for change in getattr(answer, "dynamic_partitions_requests", None) or []:
            if isinstance(change, dg.AddDynamicPartitionsRequest):
                self.instance.add_dynamic_partitions(change.partitions_def_name, list(change.partition_keys))
            else:
                for key in change.partition_keys:
                    self.instance.delete_dynamic_partition(change.partitions_def_name, key)
        if dies:
            return []
        self.cursors[sensor.name] = getattr(answer, "cursor", None) or context.cursor
        new = [r for r in requests if r.run_key not in self.keys]
        self.keys |= {r.run_key for r in new}
        return new

    def run(self, job: str, request: dg.RunRequest) -> dg.ExecuteInProcessResult:
        found = self.definitions.resolve_job_def(job)
        return found.execute_in_process(
            instance=self.instance,
            raise_on_error=False,
            partition_key=request.partition_key,
            run_config=request.run_config,
            tags=dict(request.tags),
        )

    def begin(self, job: str, status: dg.DagsterRunStatus) -> dg.DagsterRun:
        """A run with the job's tags that does not get on."""
        found = self.definitions.resolve_job_def(job)
        return self.instance.create_run_for_job(found, status=status, tags=dict(found.run_tags))

    def export(self) -> int:
        """Everything that `new_exports` asks for; how many runs."""
        return len([self.run("export", request) for request in self.tick(new_exports)])

    @property
    def partitions(self) -> set[str]:
        return set(self.instance.get_dynamic_partitions(self.partitions_name))


TODAY = datetime.now(UTC).date()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The candidate that a run of today makes of ROWS."""
    settings = settings_at(tmp_path_factory.mktemp("made"))
    write_native(settings.raw, ROWS)
    return build(settings, TODAY.isoformat()).candidate.folder


@pytest.fixture
def daemon(made: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Daemon:
    """A daemon over ROWS, none of which was read; runs take the tables of a candidate that is there already."""
    monkeypatch.setattr(automation, "_quarter_hour", lambda: 1)
    write_native(settings.raw, ROWS)
    shutil.copytree(made, settings.work / "candidate")
    return Daemon(settings)


def keys(settings: Settings) -> set[str]:
    return {partition_key(e) for e in scan(settings.raw).exports}


def test_an_export_is_asked_for_once_by_content(daemon: Daemon) -> None:
    [request] = daemon.tick(new_exports)
    assert {request.partition_key} == keys(daemon.settings) == daemon.partitions
    assert daemon.run("export", request).success
    assert daemon.tick(new_exports) == []
    write_native(daemon.settings.raw, ROWS, "source/a_name_before.csv")
    write_native(daemon.settings.raw, ROWS, "another_source/native.csv")
    assert daemon.tick(new_exports) == [] and len(daemon.partitions) == 1
    (daemon.settings.raw / "source" / "native.csv").unlink()
    assert daemon.tick(new_exports) == [] and daemon.partitions == {request.partition_key}  # it keeps its first name
    other = write_native(daemon.settings.raw, ROWS[:-1], "source/other.csv")
    [request] = daemon.tick(new_exports)
    assert str(request.partition_key).startswith("source.other.") and daemon.run("export", request).success
    other.unlink()
    daemon.tick(new_exports)
    assert len(daemon.partitions) == 1


def test_two_pipelines_on_one_instance_leave_each_other_alone(
    daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = {name: tmp_path / "staging" / name for name in ("raw", "marts", "work")}
    write_native(folders["raw"], ROWS[:-1])
    staging = Daemon(daemon.settings.model_copy(update=folders), daemon.instance)
    for pipeline in (daemon, staging):
        assert pipeline.export() == 1
    for pipeline in (daemon, staging, daemon):
        assert pipeline.tick(new_exports) == [] and pipeline.partitions == keys(pipeline.settings)
    (daemon.settings.raw / "source" / "native.csv").unlink()
    write_native(daemon.settings.raw, ROWS[:-1], "source/of_staging.csv")
    assert daemon.export() == 1
    (folders["raw"] / "source" / "native.csv").unlink()
    assert staging.tick(new_exports) == [] and staging.partitions == set()
    assert daemon.partitions == keys(daemon.settings) != set()  # the same content in the other pipeline stays

    write_native(folders["raw"], ROWS[:-1])
    assert staging.export() == 1
    staging.begin("publish", dg.DagsterRunStatus.STARTED)
    assert staging.tick(stale_bands) == []  # its own run is under way
    assert len(daemon.tick(stale_bands)) == 1


def test_an_export_whose_name_says_another_date_is_asked_for_again(daemon: Daemon) -> None:
    (path,) = SAMPLE.glob("levels_*")
    shutil.copy(path, daemon.settings.raw / "source" / "levels_2026-06-29.csv.gz")
    assert daemon.export() == 2
    (daemon.settings.raw / "source" / "levels_2026-06-29.csv.gz").rename(
        daemon.settings.raw / "source" / "levels_2026-05-31.csv.gz"
    )
    assert len(daemon.tick(new_exports)) == 1


def test_a_removed_export_loses_its_partition_and_is_asked_for_again_when_it_is_back(daemon: Daemon) -> None:
    daemon.export()
    path = daemon.settings.raw / "source" / "native.csv"
    path.unlink()
    assert daemon.tick(new_exports) == [] and daemon.partitions == set()
    write_native(daemon.settings.raw, ROWS)
    os.utime(path, (1, 1))
    assert len(daemon.tick(new_exports)) == 1 and daemon.partitions == keys(daemon.settings)


def test_a_young_file_waits_and_keeps_what_is_known_of_it(daemon: Daemon) -> None:
    path = daemon.settings.raw / "source" / "native.csv"
    daemon.use(daemon.settings.model_copy(update={"settle_seconds": 3600}))
    assert daemon.tick(new_exports) == [] and daemon.partitions == set()
    os.utime(path, (1, 1))
    assert daemon.export() == 1
    [request] = daemon.tick(stale_bands)
    assert daemon.run("publish", request).success
    path.touch()
    assert daemon.tick(new_exports) == [] and daemon.partitions == keys(daemon.settings)
    assert daemon.tick(stale_bands) == []  # not published without it
    os.utime(path, (1, 1))
    assert daemon.tick(new_exports) == [] and daemon.tick(stale_bands) == []


def test_a_file_that_never_stands_still_does_not_hold_the_others_back_for_ever(daemon: Daemon) -> None:
    assert daemon.export() == 1
    daemon.use(daemon.settings.model_copy(update={"settle_seconds": 3600}))
    os.utime(daemon.settings.raw / "source" / "native.csv", (1, 1))
    write_native(daemon.settings.raw, ROWS[:-1], "source/growing.csv")
    ticks = [len(daemon.tick(stale_bands)) for _ in range(11)]
    assert ticks == [0] * 10 + [1]


def test_a_tick_that_dies_loses_nothing(daemon: Daemon) -> None:
    assert daemon.tick(new_exports, dies=True) == []
    assert daemon.partitions == keys(daemon.settings)
    assert len(daemon.tick(new_exports)) == 1


def test_an_export_whose_run_was_lost_is_asked_for_again_in_time(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    [first] = daemon.tick(new_exports)
    run = daemon.begin("export", dg.DagsterRunStatus.STARTED)
    assert daemon.tick(new_exports) == []  # it is under way
    monkeypatch.setattr(automation, "_DEAD_AFTER", -automation._DEAD_AFTER)  # it has said nothing for too long
    [second] = daemon.tick(new_exports)
    assert second.run_key != first.run_key and second.partition_key == first.partition_key
    assert daemon.tick(new_exports) == []
    daemon.instance.delete_run(run.run_id)
    assert daemon.run("export", second).success
    shutil.rmtree(daemon.settings.work)
    monkeypatch.setattr(automation, "_quarter_hour", lambda: 2)
    assert len(daemon.tick(new_exports)) == 1  # the work folder is safe to delete


def test_bands_are_asked_for_when_exports_or_settings_changed_and_not_else(daemon: Daemon) -> None:
    assert daemon.tick(stale_bands) == []  # nothing has been through the stages
    daemon.export()
    [request] = daemon.tick(stale_bands)
    assert daemon.tick(stale_bands) == []
    assert daemon.run("publish", request).success
    assert daemon.tick(stale_bands) == [] and len(daemon.marts.releases()) == 1
    daemon.use(daemon.settings.model_copy(update={"hours_per_week": 39}))
    assert daemon.tick(stale_bands) == []  # its parts are of the old rules
    assert daemon.export() == 1
    [request] = daemon.tick(stale_bands)
    assert daemon.run("publish", request).success
    write_native(daemon.settings.raw, ROWS[:-1], "source/other.csv")
    assert daemon.tick(stale_bands) == []  # not yet through the stages
    assert daemon.export() == 1
    assert len(daemon.tick(stale_bands)) == 1


def test_no_bands_are_asked_for_while_a_run_is_under_way(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    daemon.export()
    for job in ("export", "publish"):
        run = daemon.begin(job, dg.DagsterRunStatus.STARTING)
        assert daemon.tick(stale_bands) == []
        daemon.instance.delete_run(run.run_id)
    daemon.begin("publish", dg.DagsterRunStatus.STARTED)
    monkeypatch.setattr(automation, "_DEAD_AFTER", -automation._DEAD_AFTER)
    assert len(daemon.tick(stale_bands)) == 1  # that run's process was killed long ago


def test_what_a_check_holds_is_not_asked_for_again_but_a_crash_is(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    daemon.export()
    for quarter, (module, name) in enumerate([(publication, "write_tables"), (release, "judged")], start=2):
        [request] = daemon.tick(stale_bands)
        with monkeypatch.context() as patch:
            patch.setattr(module, name, full_disk)
            assert not daemon.run("publish", request).success
        assert daemon.tick(stale_bands) == []
        monkeypatch.setattr(automation, "_quarter_hour", lambda quarter=quarter: quarter)
    [request] = daemon.tick(stale_bands)
    with monkeypatch.context() as patch:
        patch.setattr(release, "contract_faults", lambda _: ["bands is broken"])
        assert not daemon.run("publish", request).success
    monkeypatch.setattr(automation, "_quarter_hour", lambda: 4)
    assert daemon.tick(stale_bands) == [] and daemon.marts.releases() == []


def test_a_dry_run_by_hand_does_not_keep_the_bands_from_being_published(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = refresh(daemon.settings, TODAY, True, lambda _: None)
    assert not outcome.published
    assert len(daemon.tick(stale_bands)) == 1
    keep_tables(monkeypatch)
    assert refresh(daemon.settings, TODAY, False, lambda _: None).published
    assert daemon.tick(stale_bands) == []


def test_a_dry_run_is_checked_like_any_other(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "contract_faults", lambda _: ["bands is broken"])
    for dry in (True, False):
        with pytest.raises(RefreshError, match="tables_keep_their_contract: bands is broken"):
            refresh(daemon.settings, TODAY, dry, lambda _: None)
        keep_tables(monkeypatch)


def test_dagster_dev_serves_the_workspace(tmp_path: Path) -> None:
    """The one real daemon and web server: up within its deadline, with our assets, and gone after."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name in ("home", "raw"):
        (tmp_path / name).mkdir()
    (tmp_path / "home" / "dagster.yaml").write_text("telemetry:\n  enabled: false\n", encoding="utf-8")
    folders = {f"SALARY_BANDS_{n.upper()}": str(tmp_path / n) for n in ("raw", "marts", "work")}
    environment = {**os.environ, **folders, "DAGSTER_HOME": str(tmp_path / "home")}
    command = f"-m dagster dev -w workspace.yaml --host 127.0.0.1 --port {port}".split()
    log = tmp_path / "log.txt"
    with log.open("w") as stream:
        server = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=environment,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        found = asked(port, "{ assetNodes { assetKey { path } groupName } }", server, log, seconds=300)
        keys_of_assets = {node["assetKey"]["path"][0] for node in found["assetNodes"]}
        assert {"raw_reports", "bands", "ledger", "sources", "release"} <= keys_of_assets
    finally:
        os.killpg(server.pid, signal.SIGKILL)  # its own end takes as long as its start, and is Dagster's
        server.wait(10)


def asked(port: int, query: str, server: subprocess.Popen[Any], log: Path, seconds: float) -> dict[str, Any]:
    """The answer to a GraphQL query as soon as there is one with assets."""
    body = json.dumps({"query": query}).encode()
    ask = urllib.request.Request(f"http://127.0.0.1:{port}/graphql", body, {"Content-Type": "application/json"})
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        with suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            with urllib.request.urlopen(ask, timeout=5) as response:
                answer: dict[str, Any] = json.load(response)["data"]
            if answer["assetNodes"]:
                return answer
        time.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8"))
