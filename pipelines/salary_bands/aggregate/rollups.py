"""The cells of `bands`, one roll-up of the cube at a time: reports out of DuckDB, sorted once for each metric.

DuckDB selects, joins and sorts the reports of a metric and sums up what atoms are enough for. What needs every report
of every cell is read off sorted arrays: a million reports are in 150 million cells, and sorting those in DuckDB takes
four times as long as the counting sort of `statistics/cells.py`.
"""

from collections.abc import Iterator

import duckdb
import numpy as np

from salary_bands.statistics.batches import Integers, Small, Turnover
from salary_bands.statistics.cells import NOBODY, PART, Cells, Reports, Rollup, runs

Part = tuple[Integers, Cells]  # the numbers of some cells, and the cells


def metric_reports(connection: duckdb.DuckDBPyConnection, metric: int) -> Reports:
    """Read the reports of one metric by pay and weight; those of people with how they come to cells and leave them."""
    found = connection.execute(
        "SELECT m.profile, m.pay, m.weight, m.export_number, m.employer_number, m.age_days, m.is_clustered, "
        "m.is_listed, m.arrival, m.expiry, m.is_expired, m.evidence = 'reported' AS is_batched, k.report_key "
        "FROM metric_reports AS m INNER JOIN report_keys AS k ON m.row_hash = k.row_hash "
        "WHERE m.metric_number = ? ORDER BY m.pay, m.weight",
        [metric],
    ).fetchnumpy()
    units = {
        kind: np.ma.filled(np.ma.asarray(found[name]).astype(np.int32), NOBODY)
        for kind, name in (("export", "export_number"), ("employer", "employer_number"), ("day", "age_days"))
    }
    pay, weight = (np.asarray(found[name], dtype=np.int64) for name in ("pay", "weight"))
    profile = np.asarray(found["profile"], np.int32)
    clustered, listed = (np.asarray(found[name], bool) for name in ("is_clustered", "is_listed"))
    arrival, expiry = (np.asarray(found[name], np.int64) for name in ("arrival", "expiry"))
    expired, key = np.asarray(found["is_expired"], bool), np.asarray(found["report_key"], np.uint64)
    is_batched = np.asarray(found["is_batched"], bool).any()
    turnover = Turnover(arrival, expiry, expired, key) if is_batched else None
    return Reports(profile, pay, weight, units, clustered, listed, turnover)


def rollups(connection: duckdb.DuckDBPyConnection, table: str, metric: int, reports: Reports) -> Iterator[Part]:
    """Yield the cells of each roll-up, in parts that are handled together.

    table: rollup, metric_number, profile, cell.
    """
    for names, repeated, cell_of_profile in _rollups(connection, table, metric, reports):
        for part, cells in Rollup(repeated, cell_of_profile, len(names)).parts():
            yield names[part], cells


def waiting_reports(
    connection: duckdb.DuckDBPyConnection, table: str, metric: int, reports: Reports
) -> Iterator[tuple[Integers, Integers]]:
    """Yield cells and the arrival of reports that count and wait to enter them, or expired and wait to leave them.

    table: rollup, metric_number, profile, cell.
    """
    for names, repeated, cell_of_profile in _rollups(connection, table, metric, reports):
        if repeated.batches is not None and repeated.turnover is not None:
            entering, leaving = repeated.batches.edges(cell_of_profile, len(names))
            rows = np.concatenate([entering[~repeated.turnover.is_expired[entering]], leaving])
            times = len(repeated.pay) // len(reports.pay)
            yield names[cell_of_profile[repeated.profile[rows]]], repeated.turnover.arrival[rows] // times


def _rollups(
    connection: duckdb.DuckDBPyConnection, table: str, metric: int, reports: Reports
) -> Iterator[tuple[Integers, Reports, Small]]:
    """Yield the numbers of the cells of some roll-ups, their reports, and the cell of each profile."""
    found = connection.execute(
        f"SELECT rollup, profile, cell FROM {table} WHERE metric_number = ? ORDER BY rollup, cell", [metric]
    ).fetchnumpy()
    rollup, profile, cell = (np.asarray(found[name], dtype=np.int64) for name in ("rollup", "profile", "cell"))
    profiles = max(int(profile.max(initial=0)), int(reports.profile.max(initial=0))) + 1
    there = np.bincount(reports.profile, minlength=profiles)[profile] > 0
    rollup, profile, cell = rollup[there], profile[there], cell[there]
    rollup = np.cumsum(np.diff(rollup, prepend=rollup[:1]) > 0)  # numbers without gaps
    # small roll-ups are handled together, so that few reports take few steps
    together = max(1, min(int(rollup.max(initial=0)) + 1, PART // max(1, len(reports.pay))))
    repeated = reports.repeated(together)
    for rows in np.split(np.arange(len(rollup)), np.flatnonzero(np.diff(rollup // together)) + 1):
        first = runs(cell[rows])  # a cell is of one roll-up, and stands together there
        names, numbers = cell[rows][first], np.repeat(np.arange(len(first)), np.diff(first, append=len(rows)))
        cell_of_profile = np.full(profiles * together, NOBODY, np.int32)
        cell_of_profile[profile[rows] * together + rollup[rows] % together] = numbers
        if len(names):
            yield names, repeated, cell_of_profile
