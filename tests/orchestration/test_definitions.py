"""The definitions: their graph, jobs in process, and the checks that stand between candidate and release.

`python -m tests.orchestration.test_definitions > tests/golden/asset_graph.txt` writes the graph anew; review the diff.
"""

import importlib
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import duckdb
import pytest
import yaml

from salary_bands.aggregate.checks import CHECKS
from salary_bands.aggregate.registry import RECIPES
from salary_bands.aggregate.workspace import Workspace
from salary_bands.gates.accept import CONTRACT
from salary_bands.orchestration import defs
from salary_bands.orchestration.automation import weekly
from salary_bands.schemas import CANDIDATE_TABLES, EXPORT_TABLES, RELEASE_TABLES
from salary_bands.settings import Settings
from salary_bands.storage.files import sha256_of
from tests.builders import GOLDEN, ROOT
from tests.builders.breaks import BREAKS, spoil
from tests.builders.candidates import keep_tables, settings_at
from tests.builders.exports import model_rows, native_row, write_native
from tests.builders.jobs import Jobs

GRAPH_FILE = GOLDEN / "asset_graph.txt"
AS_OF = {"ops": {"window_reports": {"config": {"as_of": "2026-06-30"}}}}


def graph() -> str:
    """Each asset with its upstream assets and checks, one a line."""
    assets = defs.resolve_asset_graph()
    lines = []
    for key in sorted(assets.get_all_asset_keys()):
        node = assets.get(key)
        upstream = ", ".join(sorted(k.to_user_string() for k in node.parent_keys)) or "nothing"
        each = " (each export)" if node.partitions_def else ""
        lines.append(f"{node.group_name}: {key.to_user_string()}{each} <- {upstream}")
        for check in sorted(k for k in assets.asset_check_keys if k.asset_key == key):
            blocks = "blocks" if assets.get_check_spec(check).blocking else "shows"
            lines.append(f"    {blocks}: {check.name}")
    return "\n".join(lines) + "\n"


def test_the_asset_graph_is_the_reviewed_one() -> None:
    assert graph() == GRAPH_FILE.read_text(encoding="utf-8")


def test_the_workspace_names_sound_definitions() -> None:
    named = yaml.safe_load((ROOT / "workspace.yaml").read_text(encoding="utf-8"))["load_from"][0]["python_module"]
    loaded = getattr(importlib.import_module(named["module_name"]), named["attribute"])
    dg.Definitions.validate_loadable(loaded)
    repository = loaded.get_repository_def()
    assert {j.name for j in repository.get_all_jobs()} >= {"export", "publish"}
    assert {s.name for s in repository.sensor_defs} == {"new_exports", "stale_bands"}
    assert "weekly" in {s.name for s in repository.schedule_defs}


def test_the_jobs_hold_what_they_are_for() -> None:
    jobs = {name: defs.resolve_job_def(name).asset_layer for name in ("export", "publish")}
    assets = {name: {k.to_user_string() for k in layer.selected_asset_keys} for name, layer in jobs.items()}
    made = {*CANDIDATE_TABLES, *RELEASE_TABLES, "candidate", "release"}
    assert assets == {"export": {*EXPORT_TABLES}, "publish": made}
    assert {k.name for k in jobs["publish"].asset_graph.asset_check_keys} >= {*CHECKS, CONTRACT}


def test_every_candidate_check_blocks() -> None:
    assets = defs.resolve_asset_graph()
    blocking = {k.name for k in assets.asset_check_keys if assets.get_check_spec(k).blocking}
    assert blocking >= {*CHECKS, CONTRACT}


@pytest.mark.parametrize(("moment", "day"), [((2026, 7, 6, 6, 0), "2026-07-06"), ((2027, 1, 4, 6, 0), "2027-01-04")])
def test_the_schedule_passes_its_own_date(moment: tuple[int, ...], day: str) -> None:
    context = dg.build_schedule_context(scheduled_execution_time=datetime(*moment, tzinfo=UTC))  # type: ignore[misc]
    request = weekly(context)
    assert isinstance(request, dg.RunRequest)
    assert request.run_config == {"ops": {"window_reports": {"config": {"as_of": day}}}}
    assert dg.validate_run_config(defs.resolve_job_def("publish"), request.run_config)
    assert weekly(context).run_key == request.run_key


def failed(result: dg.ExecuteInProcessResult) -> set[str]:
    return {c.check_name for c in result.get_asset_check_evaluations() if not c.passed}


def materialised(result: dg.ExecuteInProcessResult) -> set[str]:
    return {m.asset_key.to_user_string() for e in result.get_asset_materialization_events() if (m := e.materialization)}


@pytest.mark.slow
def test_the_jobs_take_small_exports_to_a_release(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    write_native(settings.raw, model_rows())
    (settings.raw / "source" / "unknown.csv").write_text("who,what\na,b\n", encoding="utf-8")
    jobs = Jobs(settings)
    runs = jobs.export()
    assert all(r.success for r in runs)
    assert sorted(map(sorted, map(failed, runs))) == [[], ["export_is_readable", "few_rows_are_rejected"]]
    [held] = [check for run in runs for check in run.get_asset_check_evaluations() if not check.passed][:1]
    assert held.severity == dg.AssetCheckSeverity.ERROR and not held.blocking
    assert "unknown_header" in str(held.description)
    result = jobs.run("publish", run_config=AS_OF)
    assert result.success and failed(result) == {"no_export_is_held"}  # which does not block
    assert jobs.marts.latest().version == "2026.06.30"
    [event] = [e for e in result.get_asset_materialization_events() if e.asset_key == dg.AssetKey("release")]
    metadata = {k: v.value for k, v in event.materialization.metadata.items()}
    assert (metadata["version"], metadata["published"]) == ("2026.06.30", True)
    keep_tables(monkeypatch)
    again = jobs.run("publish", run_config=AS_OF)
    assert again.success and len(jobs.marts.releases()) == 1


def test_what_a_run_shows_of_an_export_has_no_text_that_a_person_wrote(settings: Settings) -> None:
    write_native(settings.raw, [native_row(n, employer="Acme Secret", skills="my very own") for n in range(6)])
    [result] = Jobs(settings).export()
    shown = [str(e.materialization.metadata) for e in result.get_asset_materialization_events()]
    assert len(shown) == 5
    assert not any(
        private in text for text in shown for private in ("Acme Secret", "my very own", "Learning Engineer", "Seattle")
    )


def test_the_run_of_an_export_that_is_gone_says_so(settings: Settings) -> None:
    path = write_native(settings.raw, model_rows())
    jobs = Jobs(settings)
    [key] = jobs.add_partitions()
    path.unlink()
    result = jobs.run("export", partition_key=key)
    assert not result.success
    assert "removed or overwritten" in str([e.step_failure_data.error for e in result.all_events if e.is_step_failure])


@pytest.fixture
def jobs(model_world: Path, tmp_path: Path) -> Jobs:
    shutil.copytree(model_world, tmp_path / "world")
    return Jobs(settings_at(tmp_path / "world"))


def test_what_breaks_every_check_is_not_published(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """All tables spoilt at once; `tests/aggregate/test_checks.py` spoils one at a time."""
    spoilt = {check: (table, change) for check, table, change in reversed(BREAKS)}

    def broken(candidate: Workspace, _: duckdb.DuckDBPyConnection) -> int:
        for table, change in spoilt.values():
            spoil(candidate, table, change)
        return 0

    keep_tables(monkeypatch)
    # A table with something before it is always made anew.
    monkeypatch.setitem(RECIPES, "sources", replace(RECIPES["sources"], build=broken, before=lambda _: None))
    before = hashes(jobs)
    result = jobs.run("publish", run_config=AS_OF)
    assert not result.success and "release" not in materialised(result)
    assert failed(result) >= {*CHECKS, CONTRACT}
    assert hashes(jobs) == before
    for evaluation in result.get_asset_check_evaluations():
        assert evaluation.passed or (evaluation.blocking and evaluation.description), evaluation.check_name


def hashes(jobs: Jobs) -> dict[Path, str]:
    return {p: sha256_of(p) for p in jobs.settings.marts.rglob("*") if p.is_file() and ".lock" not in p.name}


def test_the_candidate_itself_is_published(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_tables(monkeypatch)
    assert jobs.run("publish", run_config=AS_OF).success
    assert jobs.marts.latest().version == "2026.06.30.1"


def test_a_table_of_another_refresh_is_not_published(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, "sources", replace(RECIPES["sources"], build=lambda *_: 0))  # the old one stays
    settings = jobs.settings.model_copy(update={"min_reports": 11})
    other = Jobs(settings)
    result = other.run("publish", run_config=AS_OF)
    assert not result.success and "release" not in materialised(result)
    assert other.marts.latest().version == "2026.06.30" and len(other.marts.releases()) == 1


def test_a_release_alone_is_not_published_unchecked(jobs: Jobs) -> None:
    result = jobs.run("publish", asset_selection=[dg.AssetKey("release")])
    assert not result.success
    assert "has not passed its checks" in str(
        [e.step_failure_data.error for e in result.all_events if e.is_step_failure]
    )
    assert len(jobs.marts.releases()) == 1
    assert jobs.run("publish", run_config=AS_OF).success
    assert jobs.marts.latest().version == "2026.06.30.1"


if __name__ == "__main__":
    print(graph(), end="")
