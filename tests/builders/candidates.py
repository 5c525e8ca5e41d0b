"""Candidates without dagster: every export through the stages, then the tables."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow
import pyarrow.parquet as pq
import pytest

from salary_bands.aggregate import inputs
from salary_bands.aggregate.plan import Plan, plan_release
from salary_bands.aggregate.registry import RECIPES, make
from salary_bands.aggregate.workspace import Workspace
from salary_bands.exports.stages import STAGE_TABLES, ExportStages
from salary_bands.ingest.raw_folder import scan
from salary_bands.publish.publication import publish, repair
from salary_bands.releases.marts import Marts
from salary_bands.settings import Settings, load
from salary_bands.storage import duck

TABLES = tuple(RECIPES)
BANDS = ("window_reports", "model_cells", "cell_figures", "bands")  # bands, and what they are made from
JUDGED = (*BANDS, "full_ledger", "ledger", "sources")  # the tables that gates look at


def settings_at(folder: Path, **changed: Any) -> Settings:
    """Return settings over raw, marts and work of a folder; raw is created."""
    (folder / "raw").mkdir(parents=True, exist_ok=True)
    return load(raw=folder / "raw", marts=folder / "marts", work=folder / "work", settle_seconds=0, **changed)


@dataclass
class Built:
    """The tables of a candidate, and of the stages before it."""

    candidate: Workspace
    stages: ExportStages
    settings: Settings

    def table(self, name: str) -> pd.DataFrame:
        """Any table of the candidate."""
        return self.candidate.frame(name)

    def ledger(self, file: str | None = None) -> dict[tuple[str, str], int]:
        """(disposition, reason) to rows, of one file or of all."""
        ledger = self.table("full_ledger")
        if file:
            ledger = ledger[ledger["file"].eq(file)]
        return {(d, r): int(n) for (d, r), n in ledger.groupby(["disposition", "reason"])["rows"].sum().items()}

    def stage(self, table: str) -> pd.DataFrame:
        """All parts of raw_reports, accepted_reports, rejected_reports, normalised_reports or pay_reports."""
        keys = [e.key for e in scan(self.settings.raw).exports if self.stages.parts.path(table, e.key).is_file()]
        return pd.concat([c for k in keys for c in self.stages.parts.chunks(table, k)], ignore_index=True)


def build(settings: Settings, as_of: str = "2026-06-30", tables: Sequence[str] = TABLES) -> Built:
    """Put every export through the stages and build the candidate without dagster, or only the tables a test needs."""
    stages = ExportStages.of(settings)
    folder = scan(settings.raw)
    first = {e.key: e for e in reversed(folder.exports)}  # bytes that lie there twice go through the stages once
    for export in first.values():
        if not stages.is_current(export):
            for table in STAGE_TABLES:
                stages.make(table, export)
    candidate = Workspace(settings)
    candidate.start(plan_release(folder, stages, date.fromisoformat(as_of), Marts(settings.marts).releases()))
    for table in tables:
        make(candidate, table)
    return Built(candidate, stages, settings)


@contextmanager
def grid_of(*tiers: str) -> Iterator[None]:
    """Publish withheld cells of all tiers, and of these. Those of every tier are a quarter of a release's time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inputs, "TIERS", tiers)
        duck._engine.cache_clear()  # it has the tiers
        yield
    duck._engine.cache_clear()


class OneEngine:
    """Stands for `storage.duck._engine`: all work folders share one, whose start takes as long as ten steps.

    What does not fit is spilled to the current folder, unless there is a limit.
    """

    def __init__(self) -> None:
        self._engine = duck._engine

    def __call__(self, spill: str | None, memory_limit: str | None) -> duckdb.DuckDBPyConnection:
        return self._engine(spill if memory_limit else None, memory_limit)

    def cache_clear(self) -> None:
        self._engine.cache_clear()


def published(settings: Settings, as_of: str = "2026-06-30") -> str:
    """Build a candidate and publish it as a refresh does, without checks; return the version."""
    marts = Marts(settings.marts)
    repair(marts)
    return publish(build(settings, as_of).candidate, marts)


def keep_tables(patch: pytest.MonkeyPatch) -> None:
    """Let a run take the tables of the candidate that is there for those of its plan, and make none."""
    patch.setattr(Workspace, "remove", lambda *_: None)
    for table, recipe in RECIPES.items():
        patch.setitem(RECIPES, table, replace(recipe, build=lambda *_: 0, before=None))


def empty_plan(as_of: str = "2026-06-30", method_version: str = "m") -> Plan:
    """A plan of no exports, for steps whose inputs a test makes itself."""
    return Plan(
        as_of=as_of,
        version=as_of.replace("-", "."),
        previous=None,
        fingerprint="",
        content_fingerprint="",
        method_version=method_version,
        code_version="",
        reference_version="",
        settings={},
        fx={},
        files=[],
    )


def replace_table(workspace: Workspace, table: str, frame: pd.DataFrame) -> None:
    """Put other rows in the place of a table of a candidate, as if it had been made so."""
    record = workspace.record(table)
    schema = pq.read_schema(workspace.path(table))
    pq.write_table(pyarrow.Table.from_pandas(frame, schema=schema, preserve_index=False), workspace.path(table))
    workspace.write_record(table, workspace.plan(), record["made_from"])
