"""changes: what moved since the previous release, why, and what of it can be told from noise."""

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from salary_bands import schemas
from salary_bands.aggregate.former import Former, previous_release
from salary_bands.aggregate.rollups import add_report_keys
from salary_bands.aggregate.workspace import Workspace
from salary_bands.statistics.batches import Batches, Turnover
from salary_bands.statistics.cells import NOBODY
from salary_bands.statistics.differences import Deliveries, PairedReports, share_differences
from salary_bands.storage.duck import add_file, add_table, add_view, make_table, make_view, run_step
from salary_bands.storage.sql import read_sql


def changes(workspace: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
    """What moved since the previous release, and why. The previous release has been restated."""
    former = previous_release(workspace)
    if former is None:
        return workspace.write_nothing("changes")
    restated = workspace.restated.folder if former.kept else None
    _add_inputs(connection, former, workspace.folder, restated, workspace.secret())
    _compare(connection, workspace)
    for step in (
        *("split_cells", "split_edges", "split_pay", "split_totals", "split_medians"),
        *("measured_changes", "distinguished_cells"),
    ):
        run_step(connection, f"changes/{step}")
    return workspace.write(connection, "changes")


def _add_inputs(
    connection: duckdb.DuckDBPyConnection, former: Former, now: Path, restated: Path | None, secret: bytes
) -> None:
    """Make the inputs of the mart.

    now: the folder of the candidate; restated: the folder of the recomputed previous release. secret: the disclosure
    key.
    """
    read_today = restated and (restated if former.differs else former.folder)
    _add_rows(connection, "bands", "bands", now)
    _add_rows(connection, "former_bands", "bands", former.folder)
    _add_rows(connection, "restated_bands", "bands", read_today)
    _add_rows(connection, "now_reports", "window_reports", now)
    _add_rows(connection, "then_reports", "window_reports", restated)
    run_step(connection, "changes/changed_cells")

    _use(connection, "SELECT * FROM now_reports UNION ALL SELECT * FROM then_reports")
    for step in (
        *("cell_figures/profiles", "cell_figures/cell_keys", "cell_figures/cells"),
        *("changes/changed_numbers", "changes/both_employers", "changes/both_exports"),
    ):
        run_step(connection, step)
    add_report_keys(connection, "counted_reports", secret)
    _make_reports(connection, "former_reports", "SELECT * FROM then_reports")
    _make_reports(connection, "replaced_reports", read_sql("steps/changes/replaced_rows"))
    _make_reports(connection, "metric_reports", "SELECT * FROM now_reports")

    add_table(connection, "new_files", pd.DataFrame({"file": [s.file for s in former.came]}, dtype="str"))
    for step in ("touched_cells", "moved_cells"):
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
    add_view(connection, "cell_figures/metric_reports")
    make_table(connection, f"counted_{name}", read_sql("steps/changes/compared_reports"))
    connection.execute("DROP TABLE numbered_reports")
    make_view(connection, name, f"SELECT * FROM counted_{name} WHERE NOT is_expired")


def _compare(connection: duckdb.DuckDBPyConnection, workspace: Workspace) -> None:
    """Make share_differences, waiting and moved_ranks of moved_cells, one roll-up of one metric at a time."""
    correlations = workspace.facts("employer_correlation")
    found: list[pd.DataFrame] = []
    waiting: list[pd.DataFrame] = []
    metrics = connection.execute("SELECT DISTINCT metric, metric_number, evidence FROM moved_cells ORDER BY ALL")
    for metric, number, evidence in metrics.fetchall():
        reports = _paired_reports(connection, number, evidence == "reported")
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
            factor = workspace.settings.max_unknown_factor
            edges = reports.edges(cell_of_profile, len(names))
            shares, variances, moved = share_differences(reports, cell_of_profile, medians, correlation, factor, edges)
            of_cell: dict[str, Any] = {"cell": names, "share_difference": shares, "variance": variances}
            of_cell |= {"moved_variance": moved, "moved": 0}
            if reports.now is not None and edges[0] is not None:
                of_cell["moved"] = reports.now.moved_medians(edges[0], cell_of_profile, len(names))
                cell, arrival = reports.now.waiting(edges[0], cell_of_profile)
                waiting.append(pd.DataFrame({"metric_number": number, "cell": names[cell], "arrival": arrival}))
            found.append(pd.DataFrame(of_cell))
    columns = {"cell": "int64", **dict.fromkeys(("share_difference", "variance", "moved_variance"), "float64")}
    columns["moved"] = "int64"
    moments = dict.fromkeys(("metric_number", "cell", "arrival"), "int64")
    for name, frames, types in (("share_differences", found, columns), ("waiting", waiting, moments)):
        add_table(connection, name, pd.concat([pd.DataFrame(columns=[*types]), *frames]).astype(types))


def _paired_reports(connection: duckdb.DuckDBPyConnection, metric: int, is_batched: bool) -> PairedReports:
    make_table(connection, "compared_metric", f"SELECT {metric} AS metric_number")
    found = connection.execute(f"{read_sql('steps/changes/paired_reports')} ORDER BY employer_number").fetchnumpy()
    pay, weight, former = (np.asarray(found[n], np.int64) for n in ("pay", "weight", "former_weight"))
    profile, employer = (np.asarray(found[n], np.int32) for n in ("profile", "employer_number"))
    now, then = (_deliveries(found, profile, prefix) if is_batched else None for prefix in ("", "former_"))
    clustered = np.asarray(found["is_clustered"], bool)
    return PairedReports(profile, pay, weight, former, employer, clustered, now, then)


def _deliveries(found: dict[str, Any], profile: np.ndarray, prefix: str) -> Deliveries:
    """Return how the reports of one release come to cells and leave them."""
    arrival, expiry = (np.asarray(found[f"{prefix}{name}"], np.int64) for name in ("arrival", "expiry"))
    rows = np.flatnonzero(arrival > 0)
    expired = np.asarray(found[f"{prefix}is_expired"], bool)[rows]
    keys = np.asarray(found["report_key"], np.uint64)[rows]
    turnover = Turnover(arrival[rows], expiry[rows], expired, keys)
    return Deliveries(rows, profile[rows], turnover, Batches(profile[rows], turnover))
