"""Releases of simulated reports as an attacker sees them: their published tables, one report apart."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from unittest.mock import patch

import duckdb
import pandas as pd

from salary_bands.aggregate.plan import ExportState, Plan
from salary_bands.aggregate.registry import make
from salary_bands.aggregate.workspace import Workspace
from salary_bands.fingerprint import digest, method_version
from salary_bands.settings import Settings
from tests.simulate.pipeline import FORMAT, pay_reports
from tests.simulate.population import AS_OF

MODELLED = ("premiums", "multipliers")


@dataclass(frozen=True)
class Candidate(Workspace):
    """A candidate on one core, without the rows of empty cells, which take half of the time."""

    def write(self, connection: duckdb.DuckDBPyConnection, table: str) -> int:
        if table == "bands":
            connection.execute("DELETE FROM grid")
        return super().write(connection, table)

    @contextmanager
    def connection(self, *tables: str) -> Iterator[duckdb.DuckDBPyConnection]:
        with super().connection(*tables) as connection:
            connection.execute("SET threads = 1")
            yield connection


@dataclass
class Deliveries:
    """The exports that have come, in order; each release is made of all of them."""

    settings: Settings
    states: list[ExportState] = field(default_factory=list)

    def deliver(self, source: str, reports: pd.DataFrame, exported_on: date) -> None:
        """Add an export of a source."""
        rows = pay_reports(reports.reset_index(drop=True))
        file = f"{source}/{len(self.states):04}.csv"
        sha256 = digest([file, rows["row_hash"].tolist()])
        key = sha256[:20]
        with _unchecked():
            Candidate(self.settings).parts.write("pay_reports", key, [rows])
        self.states.append(
            ExportState(
                source=source, file=file, sha256=sha256, key=key, format=FORMAT, rows=len(rows), counted=True,
                exported_on=exported_on.isoformat(),
            )
        )  # fmt: skip

    def release(
        self, as_of: date = AS_OF, modelled: bool = False, only: tuple[str, ...] = ()
    ) -> dict[str, pd.DataFrame]:
        """Return `bands` of a release of what has come, with premiums and multipliers if `modelled`.

        only: make and return these instead, beside the bands of the release before.
        """
        made = digest([as_of.isoformat(), [state.key for state in self.states]])
        key = Plan.__dataclass_fields__["disclosure_key"].default
        plan = Plan(
            as_of=as_of.isoformat(), version=as_of.strftime("%Y.%m.%d"), previous=None, fingerprint=made,
            content_fingerprint=made, method_version=method_version(self.settings, key), code_version="simulated",
            reference_version="simulated", settings=self.settings.method(), fx={}, files=self.states,
        )  # fmt: skip
        candidate = Candidate(self.settings)
        candidate.start(plan)
        tables = only or ("cell_figures", "bands", *(MODELLED if modelled else ()))
        if only:
            candidate.write_record("bands", plan, made)
        with _unchecked():
            for table in ("window_reports", "model_cells", *tables):
                make(candidate, table)
        return {table: candidate.frame(table) for table in tables}


@contextmanager
def _unchecked() -> Iterator[None]:
    """Write tables without holding them to their contract, which takes a fifth of the time."""
    with patch("salary_bands.storage.parquet.validated", lambda frame, table: frame):
        yield
