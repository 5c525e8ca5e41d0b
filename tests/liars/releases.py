"""Releases of simulated reports that arrive over a year, as far as cells and what is unsettled of them."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from unittest.mock import patch

import duckdb
import numpy as np
import pandas as pd

from salary_bands.aggregate.plan import ExportState, Plan
from salary_bands.aggregate.registry import make
from salary_bands.aggregate.workspace import Workspace
from salary_bands.fingerprint import digest, method_version
from salary_bands.statistics.cells import NOBODY, Cells, Floats
from salary_bands.statistics.influence import Shifts
from tests.simulate.pipeline import FORMAT, pay_reports, settings_at

KEY = ["group_id", "tier", "level", "market", "metric"]


@dataclass(frozen=True)
class Candidate(Workspace):
    """A candidate on one core, of single leaves and all of them, without influence."""

    @contextmanager
    def connection(self, *tables: str) -> Iterator[duckdb.DuckDBPyConnection]:
        with super().connection(*tables) as connection:
            connection.execute("SET threads = 1")
            # tables of its own, since connections share the inputs; without tiers there is no grid
            connection.execute("CREATE TABLE distinct_groups AS FROM distinct_groups WHERE view = 'leaf'")
            connection.execute("CREATE TABLE tiers AS FROM tiers LIMIT 0")
            yield connection


@dataclass
class Deliveries:
    """Reports with `source` and `delivered`, the day on which their export was made."""

    folder: Path
    states: list[ExportState] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.settings = settings_at(self.folder)

    def deliver(self, reports: pd.DataFrame) -> None:
        """Add an export for each source and day."""
        for (source, day), part in reports.groupby(["source", "delivered"], sort=True):
            rows = pay_reports(part.reset_index(drop=True))
            file = f"{source}/{day}-{len(self.states)}.csv"
            sha256 = digest([file, rows["row_hash"].tolist()])
            with _unchecked():
                Candidate(self.settings).parts.write("pay_reports", sha256[:20], [rows])
            self.states.append(
                ExportState(
                    source=str(source), file=file, sha256=sha256, key=sha256[:20], format=FORMAT, rows=len(rows),
                    counted=True, exported_on=str(day),
                )
            )  # fmt: skip

    def without_last(self, count: int) -> None:
        """Forget the last exports."""
        del self.states[len(self.states) - count :]

    def cells(self, as_of: date) -> pd.DataFrame:
        """Return the cells that a release of the exports that have come by then has, by KEY.

        Columns: p50, unrounded, NaN without an interval; is_unsettled, for all metrics of a cell; recent_move,
        recent_errors, recent_shift, n_reports.
        """
        states = [state for state in self.states if state.exported_on <= as_of.isoformat()]
        made = digest([as_of.isoformat(), [state.key for state in states]])
        key = Plan.__dataclass_fields__["disclosure_key"].default
        plan = Plan(
            as_of=as_of.isoformat(), version=as_of.strftime("%Y.%m.%d"), previous=None, fingerprint=made,
            content_fingerprint=made, method_version=method_version(self.settings, key), code_version="simulated",
            reference_version="simulated", settings=self.settings.method(), fx={}, files=states,
        )  # fmt: skip
        candidate = Candidate(self.settings)
        candidate.start(plan)
        with _unchecked(), patch("salary_bands.aggregate.tables.cell_figures.largest_shifts", _no_shifts):
            for table in ("window_reports", "cell_figures"):
                make(candidate, table)
        found = candidate.frame("cell_figures")
        place = found["cell"] // 100
        found["is_unsettled"] = place.isin(place[found["is_unsettled"].astype(bool)])
        found["p50"] = found["p50"].where(found["p50_low"].notna() & found["n_reports"].ge(10))
        return found.set_index(KEY).sort_index()[
            ["p50", "is_unsettled", "recent_move", "recent_errors", "recent_shift", "n_reports"]
        ]


def _no_shifts(cells: Cells, figures: Floats) -> Shifts:
    return Shifts(np.full(figures.shape, np.nan), np.full(len(cells), NOBODY))


@contextmanager
def _unchecked() -> Iterator[None]:
    """Write tables without holding them to their contract, which takes a fifth of the time."""
    with patch("salary_bands.storage.parquet.validated", lambda frame, table: frame):
        yield


@contextmanager
def delivered(reports: pd.DataFrame) -> Iterator[Deliveries]:
    """Deliver reports each at the end of the month in which they were made, but for a last part of a month."""
    with tempfile.TemporaryDirectory(prefix="salary-bands-liars-") as folder:
        found = Deliveries(Path(folder))
        found.deliver(monthly(reports))
        yield found


def monthly(reports: pd.DataFrame) -> pd.DataFrame:
    """Add `delivered`: every 28 days, counted back from the last report."""
    day = pd.to_datetime(reports["day"])
    last = day.max()
    back = (last - day).dt.days // 28
    return reports.assign(delivered=[(last - timedelta(days=28 * int(n))).date() for n in back])
