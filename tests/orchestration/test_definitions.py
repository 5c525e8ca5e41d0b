"""The definitions: their graph, jobs in process, and the checks that stand between candidate and release.

`python -m tests.orchestration.test_definitions > tests/golden/asset_graph.txt` writes the graph anew; review the
difference.
"""

import importlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pandas as pd
import pyarrow
import pyarrow.parquet as pq
import pytest
import yaml

from salary_bands.aggregate.checks import CHECKS
from salary_bands.aggregate.registry import RECIPES
from salary_bands.aggregate.workspace import Workspace
from salary_bands.ingest.raw_folder import scan
from salary_bands.orchestration import definitions, defs
from salary_bands.orchestration.automation import weekly
from salary_bands.orchestration.partitions import export_partitions, partition_key
from salary_bands.orchestration.resources import Pipeline
from salary_bands.publish.publication import publish
from salary_bands.releases.marts import Marts, sha256_of
from salary_bands.schemas import CANDIDATE_TABLES, EXPORT_TABLES, RELEASE_TABLES
from salary_bands.settings import Settings, load
from salary_bands.storage.parquet import read_table
from tests.builders import GOLDEN, ROOT
from tests.builders.candidates import build
from tests.builders.exports import model_rows, native_row, write_native

GRAPH_FILE = GOLDEN / "asset_graph.txt"
AS_OF = {"ops": {"window_reports": {"config": {"as_of": "2026-06-30"}}}}
ROWS = model_rows()
CONTRACT = "tables_keep_their_contract"


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


class Jobs:
    """The jobs over the folders of some settings, in process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.instance = dg.DagsterInstance.ephemeral()
        self.marts = Marts(settings.marts)
        self._definitions = definitions(Pipeline.of(settings))

    def export(self) -> list[dg.ExecuteInProcessResult]:
        return [self.run("export", partition_key=key) for key in self.add_partitions()]

    def add_partitions(self) -> list[str]:
        keys = [partition_key(export) for export in scan(self.settings.raw).exports]
        self.instance.add_dynamic_partitions(str(export_partitions(Pipeline.of(self.settings)).name), keys)
        return keys

    def run(self, job: str, **arguments: Any) -> dg.ExecuteInProcessResult:
        found = self._definitions.resolve_job_def(job)
        return found.execute_in_process(instance=self.instance, raise_on_error=False, **arguments)


def failed(result: dg.ExecuteInProcessResult) -> set[str]:
    return {c.check_name for c in result.get_asset_check_evaluations() if not c.passed}


def materialised(result: dg.ExecuteInProcessResult) -> set[str]:
    return {m.asset_key.to_user_string() for e in result.get_asset_materialization_events() if (m := e.materialization)}


def test_the_jobs_take_small_exports_to_a_release(settings: Settings) -> None:
    write_native(settings.raw, ROWS)
    (settings.raw / "source" / "unknown.csv").write_text("who,what\na,b\n", encoding="utf-8")
    jobs = Jobs(settings)
    runs = jobs.export()
    assert all(r.success for r in runs)
    assert sorted(map(sorted, map(failed, runs))) == [[], ["export_is_readable", "few_rows_are_rejected"]]
    [held] = [check for run in runs for check in run.get_asset_check_evaluations() if not check.passed][:1]
    assert held.severity == dg.AssetCheckSeverity.ERROR and not held.blocking
    assert "unknown_header" in str(held.description)
    result = jobs.run("publish", run_config=AS_OF)
    assert result.success and not failed(result)
    assert jobs.marts.latest()["version"] == "2026.06.30"
    [event] = [e for e in result.get_asset_materialization_events() if e.asset_key == dg.AssetKey("release")]
    metadata = {k: v.value for k, v in event.materialization.metadata.items()}
    assert (metadata["version"], metadata["published"]) == ("2026.06.30", True)
    again = jobs.run("publish", run_config=AS_OF)
    assert again.success and len(jobs.marts.releases()) == 1


def test_what_a_run_shows_of_an_export_has_no_text_that_a_person_wrote(settings: Settings) -> None:
    write_native(settings.raw, [native_row(n, employer="Acme Secret", skills="my very own") for n in range(6)])
    [result] = Jobs(settings).export()
    shown = [str(e.materialization.metadata) for e in result.get_asset_materialization_events()]
    assert len(shown) == 5
    assert not any(private in text for text in shown for private in ("Acme Secret", "my very own", "Learning Engineer"))


def test_the_run_of_an_export_that_is_gone_says_so(settings: Settings) -> None:
    path = write_native(settings.raw, ROWS)
    jobs = Jobs(settings)
    [key] = jobs.add_partitions()
    path.unlink()
    result = jobs.run("export", partition_key=key)
    assert not result.success
    assert "removed or overwritten" in str([e.step_failure_data.error for e in result.all_events if e.is_step_failure])


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published release, and a changed export that has been through the stages."""
    folder = tmp_path_factory.mktemp("shelf")
    settings = load(raw=folder / "raw", marts=folder / "marts", work=folder / "work", settle_seconds=0)
    for count in (50, 60):
        write_native(settings.raw, ROWS[:count])
        candidate = build(settings).candidate
        if count == 50:
            publish(candidate, Marts(settings.marts))
    return folder


@pytest.fixture
def jobs(shelf: Path, tmp_path: Path) -> Jobs:
    shutil.copytree(shelf, tmp_path / "shelf")
    return Jobs(load(**{name: tmp_path / "shelf" / name for name in ("raw", "marts", "work")}, settle_seconds=0))


Change = Callable[[pd.DataFrame], pd.DataFrame]


def with_cell(basis: str, **cells: Any) -> Change:
    """The table with other values in the first row of that basis."""
    return with_row("basis", basis, **cells)


def with_row(column: str, wanted: Any, **cells: Any) -> Change:
    """The table with other values in the first row that has this one."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        row = frame.index[frame[column].eq(wanted)][0]
        for name, value in cells.items():
            frame.loc[row, name] = value
        return frame

    return change


def one_row_more(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(rows=frame["rows"] + 1)


def first_row_twice(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame.head(1), frame], ignore_index=True)


BREAKS: list[tuple[str, str, Change]] = [
    ("assert_every_row_is_accounted_for", "ledger", one_row_more),
    ("assert_some_report_is_used", "ledger", lambda frame: frame.assign(disposition="outlier")),
    ("assert_keys_are_unique", "bands", first_row_twice),
    ("assert_keys_are_unique", "premiums", first_row_twice),
    ("assert_keys_are_unique", "multipliers", first_row_twice),
    ("assert_keys_are_unique", "cards", first_row_twice),
    ("assert_keys_are_unique", "changes", first_row_twice),
    ("assert_changes_add_up", "changes", with_row("change", "changed", new=123_456)),
    ("assert_modelled_figures_are_whole", "premiums", with_row("identified", False, premium=0.1)),
    ("assert_modelled_figures_are_whole", "premiums", with_row("identified", True, premium_low=9.0)),
    ("assert_modelled_figures_are_whole", "premiums", with_row("identified", True, premium=None)),
    ("assert_modelled_figures_are_whole", "premiums", with_row("identified", True, range_low=9.0)),
    ("assert_modelled_figures_are_whole", "multipliers", with_row("factor", "level", low=9.0)),
    ("assert_modelled_figures_are_whole", "cards", with_row("view", "cards", demand=0.1)),
    ("assert_every_claim_is_judged", "claims", lambda frame: frame.iloc[1:]),
    ("assert_every_claim_is_judged", "claims", first_row_twice),
    ("assert_every_claim_is_judged", "claims", with_row("verdict", "insufficient_data", why=None)),
    ("assert_percentiles_ascend", "bands", with_cell("direct", p25=1_000_000)),
    ("assert_percentiles_ascend", "bands", with_cell("direct", p50_low=1_000_000)),
    ("assert_evidence_is_not_mixed", "bands", with_cell("suppressed", evidence="advertised", metric="bonus")),
    ("assert_suppressed_cells_show_nothing", "bands", with_cell("suppressed", p50=100_000)),
    ("assert_suppressed_cells_show_nothing", "bands", with_cell("suppressed", p50_high=100_000)),
    ("assert_shown_cells_may_be_disclosed", "bands", with_cell("direct", n_reports=9)),
    (CONTRACT, "bands", with_cell("direct", suppression_reason="because")),
    (CONTRACT, "bands", with_cell("direct", employers_known_share=1.5)),
    (CONTRACT, "sources", lambda frame: frame.assign(exports=-1)),
]


def test_every_check_is_seen_to_fail() -> None:
    assert {check for check, _, _ in BREAKS} >= {*CHECKS, CONTRACT}


@pytest.mark.parametrize(("check", "table", "change"), BREAKS, ids=[f"{c} {t}" for c, t, _ in BREAKS])
def test_a_candidate_that_breaks_a_check_is_not_published(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, check: str, table: str, change: Change
) -> None:
    recipe = RECIPES[table]

    def broken(candidate: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
        rows = recipe.build(candidate, connection)
        path = candidate.path(table)
        schema = pq.read_schema(path)
        frame = change(pd.concat(read_table(path, table), ignore_index=True))
        pq.write_table(pyarrow.Table.from_pandas(frame, schema=schema, preserve_index=False), path)
        return rows

    monkeypatch.setitem(RECIPES, table, replace(recipe, build=broken))
    assert_held(jobs, check)


def test_a_table_of_another_refresh_is_not_published(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, "sources", replace(RECIPES["sources"], build=lambda *_: 0))  # the old one stays
    settings = jobs.settings.model_copy(update={"min_reports": 11})
    other = Jobs(settings)
    result = other.run("publish", run_config=AS_OF)
    assert not result.success and "release" not in materialised(result)
    assert other.marts.latest()["version"] == "2026.06.30" and len(other.marts.releases()) == 1


def assert_held(jobs: Jobs, check: str) -> None:
    """The check fails and says so, no release is made, and what is published stays as it is."""
    before = {p: sha256_of(p) for p in jobs.settings.marts.rglob("*") if p.is_file() and ".lock" not in p.name}
    result = jobs.run("publish", run_config=AS_OF)
    assert not result.success
    assert check in failed(result)
    assert "release" not in materialised(result)
    after = {p: sha256_of(p) for p in jobs.settings.marts.rglob("*") if p.is_file() and ".lock" not in p.name}
    assert after == before
    [evaluation] = [c for c in result.get_asset_check_evaluations() if c.check_name == check]
    assert evaluation.blocking and evaluation.description


def test_a_release_alone_is_not_published_unchecked(jobs: Jobs) -> None:
    result = jobs.run("publish", asset_selection=[dg.AssetKey("release")])
    assert not result.success
    assert "has not passed its checks" in str(
        [e.step_failure_data.error for e in result.all_events if e.is_step_failure]
    )
    assert len(jobs.marts.releases()) == 1
    assert jobs.run("publish", run_config=AS_OF).success
    assert jobs.marts.latest()["version"] == "2026.06.30.1"


if __name__ == "__main__":
    print(graph(), end="")
