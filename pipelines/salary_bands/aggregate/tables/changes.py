"""changes: what moved since the previous release, why, and what of it can be told from noise."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from salary_bands import schemas
from salary_bands.aggregate.former import Former, previous_release
from salary_bands.aggregate.workspace import Workspace
from salary_bands.statistics.cells import NOBODY
from salary_bands.statistics.differences import PairedReports, share_differences
from salary_bands.storage.duck import add_file, add_table, add_view, make_table, make_view, run_step
from salary_bands.storage.sql import read_sql


def changes(workspace: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
    """What moved since the previous release, and why. The previous release has been restated."""
    former = previous_release(workspace)
    if former is None:
        return workspace.write_nothing("changes")
    _add_inputs(connection, former, workspace.folder, workspace.restated.folder if former.kept else None)
    found = _shares(connection, workspace.facts("employer_correlation"), workspace.settings.max_unknown_factor)
    columns = {"cell": "int64", "share_difference": "float64", "variance": "float64"}
    add_table(connection, "share_differences", pd.concat([pd.DataFrame(columns=[*columns]), *found]).astype(columns))
    for step in ("measured_changes", "distinguished_cells"):
        run_step(connection, f"changes/{step}")
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
    for step in (
        *("touched_cells", "split_cells", "split_pay", "split_totals", "split_medians"),
        *("paired_reports", "moved_cells"),
    ):
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


def _shares(
    connection: duckdb.DuckDBPyConnection, correlations: dict[str, dict[str, float]], max_unknown_factor: float
) -> Iterator[pd.DataFrame]:
    """Yield cell, share_difference and variance of moved_cells, one roll-up of one metric at a time."""
    metrics = connection.execute("SELECT DISTINCT metric, metric_number FROM moved_cells ORDER BY ALL").fetchall()
    for metric, number in metrics:
        reports = _paired_reports(connection, number)
        cells = connection.execute(
            "SELECT rollup, profile, cell, new, restated FROM moved_cells WHERE metric_number = ? ORDER BY ALL",
            [number],
        ).df()
        used = np.unique(reports.profile)
        for _, of_rollup in cells[cells["profile"].isin(used)].groupby("rollup"):
            names, first, numbers = np.unique(of_rollup["cell"], return_index=True, return_inverse=True)
            cell_of_profile = np.full(int(used[-1]) + 1, NOBODY, np.int32)
            cell_of_profile[of_rollup["profile"]] = numbers
            medians = of_rollup[["new", "restated"]].to_numpy(np.int64)[first]
            # adverts have no correlation: nothing is assumed of their employers
            correlation = correlations.get(metric, {}).get("p50", 0.0)
            shares, variances = share_differences(reports, cell_of_profile, medians, correlation, max_unknown_factor)
            yield pd.DataFrame({"cell": names, "share_difference": shares, "variance": variances})


def _paired_reports(connection: duckdb.DuckDBPyConnection, metric: int) -> PairedReports:
    found = connection.execute(
        "SELECT profile, pay, weight, former_weight, employer_number, is_clustered FROM paired_reports "
        "WHERE metric_number = ? ORDER BY employer_number",
        [metric],
    ).fetchnumpy()
    pay, weight, former = (np.asarray(found[n], np.int64) for n in ("pay", "weight", "former_weight"))
    profile, employer = (np.asarray(found[n], np.int32) for n in ("profile", "employer_number"))
    return PairedReports(profile, pay, weight, former, employer, np.asarray(found["is_clustered"], bool))
