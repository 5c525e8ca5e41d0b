"""Simulated reports through the pipeline, from pay_reports on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import numpy as np
import pandas as pd

from salary_bands import schemas
from salary_bands.aggregate.disclosure_key import PUBLIC
from salary_bands.aggregate.plan import ExportState, Plan
from salary_bands.aggregate.registry import make
from salary_bands.aggregate.workspace import Workspace
from salary_bands.fingerprint import digest, method_version
from salary_bands.settings import Settings, load
from salary_bands.statistics.cells import NOBODY, Cells, Floats
from salary_bands.statistics.influence import Shifts
from salary_bands.storage.parts import Parts
from tests.simulate.population import AS_OF

FORMAT = "native"


@dataclass(frozen=True)
class Watched(Workspace):
    """The candidate, and which cells there are with what keeps them from being shown.

    What a figure hangs on, and the rows of empty cells, are not simulated and left out: they take half of the time.
    narrow: only cells of the view `leaf`, which is all that gates look at.
    """

    cells: list[pd.DataFrame] = field(default_factory=list)
    narrow: bool = False

    def write(self, connection: duckdb.DuckDBPyConnection, table: str) -> int:
        if table == "cell_figures":
            self.cells.append(connection.execute(_COUNTED).df())
        if table == "bands":
            connection.execute("DELETE FROM grid")
            names = "view, group_id, tier, level, market, metric, suppression_reason, true AS is_there"
            found = self.cells.pop().merge(connection.execute(f"SELECT {names} FROM disclosed_cells").df(), "left")
            too_few = found.pop("is_there").isna()  # cells too small for cell_figures
            self.cells.append(found.assign(suppression_reason=found["suppression_reason"].mask(too_few, "few_reports")))
        return super().write(connection, table)

    @contextmanager
    def connection(self, *tables: str) -> Iterator[duckdb.DuckDBPyConnection]:
        with super().connection(*tables) as connection:
            connection.execute("SET threads = 1")  # each worker has a core
            if self.narrow:
                # a table of its own, since connections share the inputs
                connection.execute("CREATE TABLE distinct_groups AS FROM distinct_groups WHERE view = 'leaf'")
            yield connection

    def make(self, table: str) -> None:
        """Make a table, cell_figures without influence, which is not looked at."""
        with patch("salary_bands.aggregate.tables.cell_figures.largest_shifts", _no_shifts):
            make(self, table)


def _no_shifts(cells: Cells, figures: Floats) -> Shifts:
    return Shifts(np.full(figures.shape, np.nan), np.full(len(cells), NOBODY))


_COUNTED = """
    SELECT k.view, k.group_id, k.tier, k.level, k.market, m.metric, count(*) AS n_reports
    FROM metric_reports AS r
    JOIN cells AS c ON r.atom = c.atom
    JOIN metrics AS m ON r.metric_number = m.metric_number
    JOIN (SELECT DISTINCT place, view, group_id, tier, level, market FROM cell_keys) AS k
        ON of_metric(k.place, m.metric_number) = c.cell
    GROUP BY ALL
"""


def settings_at(folder: Path, **changed: Any) -> Settings:
    """The defaults of the method, whatever the environment says, over folders of their own."""
    here = load(raw=folder / "raw", marts=folder / "marts", work=folder / "work", settle_seconds=0)
    defaults = {name: Settings.model_fields[name].default for name in here.method()}
    return here.model_copy(update={**defaults, **changed})


def candidate_of(
    exports: dict[str, pd.DataFrame], settings: Settings, as_of: date = AS_OF, narrow: bool = False
) -> Watched:
    """A candidate at the start, of exports (`source/file` to reports), and its window_reports."""
    parts = Parts(settings.work)
    states = []
    for file, reports in sorted(exports.items()):
        rows = pay_reports(reports)
        sha256 = digest([file, rows["row_hash"].tolist()])
        key = sha256[:20]  # as an export's is
        if not parts.path("pay_reports", key).is_file():
            parts.write("pay_reports", key, [rows])
            for table_without in ("accepted_reports", "rejected_reports"):
                parts.write(table_without, key, [schemas.empty(table_without)])
        state = {"source": file.split("/")[0], "file": file, "sha256": sha256, "key": key, "format": FORMAT}
        states.append(ExportState(**state, rows=len(reports), counted=True, exported_on=as_of.isoformat()))
    made = digest([as_of.isoformat(), [s.key for s in states]])
    plan = Plan(
        as_of=as_of.isoformat(), version=as_of.strftime("%Y.%m.%d"), previous=None, fingerprint=made,
        content_fingerprint=made, method_version=method_version(settings, PUBLIC), code_version="simulated",
        reference_version="simulated", settings=settings.method(), fx={}, files=states,
    )  # fmt: skip
    found = Watched(settings, narrow=narrow)
    found.start(plan)
    found.make("window_reports")
    return found


def pay_reports(reports: pd.DataFrame) -> pd.DataFrame:
    """Rows of the table, what is not simulated being plain."""
    count = len(reports)
    days = pd.to_datetime(reports["day"])
    frame = schemas.empty("pay_reports").reindex(range(count))
    plain = {
        "row": range(2, count + 2),
        "row_hash": pd.util.hash_pandas_object(reports, index=True).to_numpy("int64"),
        "evidence": "reported",
        "verified": "none",
        "leaf_rule": "simulated",
        "total_basis": "stated",
        "submitted_at": days.to_numpy("datetime64[us]"),
        "submitted_year": days.dt.year.to_numpy(),
    }
    own = {c: reports[c].to_numpy() for c in reports.columns if c in frame.columns}
    types = schemas.empty("pay_reports").dtypes.to_dict()
    return frame.assign(**plain, **own).astype(types)


def by_source(reports: pd.DataFrame, file: str = "reports.csv") -> dict[str, pd.DataFrame]:
    """An export a source."""
    return {f"{source}/{file}": part.reset_index(drop=True) for source, part in reports.groupby("source")}


def table(candidate: Workspace, name: str) -> pd.DataFrame:
    return candidate.frame(name)
