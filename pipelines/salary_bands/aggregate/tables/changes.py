"""changes: what moved since the previous release, and why."""

from pathlib import Path

import duckdb
import pandas as pd

from salary_bands import schemas
from salary_bands.aggregate.former import Former, previous_release
from salary_bands.aggregate.workspace import Workspace
from salary_bands.storage.duck import add_file, add_table, add_view, make_table, make_view, run_step
from salary_bands.storage.sql import read_sql


def changes(workspace: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
    """What moved since the previous release, and why. The previous release has been restated."""
    former = previous_release(workspace)
    if former is None:
        return workspace.write_nothing("changes")
    _add_inputs(connection, former, workspace.folder, workspace.restated.folder if former.kept else None)
    return workspace.write(connection, "changes")


def _add_inputs(connection: duckdb.DuckDBPyConnection, former: Former, now: Path, restated: Path | None) -> None:
    """Make the inputs of the mart.

    now: the folder of the candidate; restated: the folder of the recomputed previous release.
    """
    read_today = restated and (restated if former.differs else former.folder)
    _add_rows(connection, "bands", "bands", now)
    _add_rows(connection, "former_bands", "bands", former.folder)
    _add_rows(connection, "restated_bands", "bands", read_today)
    _add_rows(connection, "now_reports", "window_reports", now)
    _add_rows(connection, "then_reports", "window_reports", restated)
    run_step(connection, "changes/changed_cells")

    _use(connection, "SELECT * FROM now_reports UNION ALL SELECT * FROM then_reports")
    for step in ("cell_figures/profiles", "cell_figures/cell_keys", "cell_figures/cells", "changes/changed_numbers"):
        run_step(connection, step)
    _make_reports(connection, "former_reports", "SELECT * FROM then_reports")
    _make_reports(connection, "replaced_reports", read_sql("steps/changes/replaced_rows"))
    _make_reports(connection, "metric_reports", "SELECT * FROM now_reports")

    add_table(connection, "new_files", pd.DataFrame({"file": [s.file for s in former.came]}, dtype="str"))
    for step in ("touched_cells", "split_cells", "split_pay", "split_totals", "split_medians"):
        run_step(connection, f"changes/{step}")
    add_table(connection, "circumstances", pd.DataFrame([former.circumstances()]))


def _add_rows(connection: duckdb.DuckDBPyConnection, name: str, table: str, folder: Path | None) -> None:
    """Add a view of a table in a folder, empty if there is no folder."""
    if folder is None:
        add_table(connection, name, schemas.empty(table))
    else:
        add_file(connection, name, folder / f"{table}.parquet")


def _use(connection: duckdb.DuckDBPyConnection, reports: str) -> None:
    """Let the steps of bands read the reports that a SELECT returns."""
    make_view(connection, "window_reports", reports)
    add_view(connection, "window_reports/counted_reports")
    add_view(connection, "window_reports/used_reports")


def _make_reports(connection: duckdb.DuckDBPyConnection, name: str, reports: str) -> None:
    """Make metric_reports of the reports that a SELECT returns, under a name of its own."""
    _use(connection, reports)
    run_step(connection, "cell_figures/numbered_reports")
    make_table(connection, name, read_sql("steps/cell_figures/metric_reports"))
