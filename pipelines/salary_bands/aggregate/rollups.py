"""The cells of `bands`, one roll-up of the cube at a time: reports out of DuckDB, sorted once for each metric.

DuckDB selects, joins and sorts the reports of a metric and sums up what atoms are enough for. What needs every report
of every cell is read off sorted arrays: a million reports are in 150 million cells, and sorting those in DuckDB takes
four times as long as the counting sort of `statistics/cells.py`.
"""

from collections.abc import Iterator

import duckdb
import numpy as np
import pandas as pd

from salary_bands.statistics.batches import Integers, Turnover
from salary_bands.statistics.cells import MIXED, NOBODY, PART, UNITS, Reports, Rollup, runs
from salary_bands.statistics.jitter import report_keys
from salary_bands.storage.duck import add_table

Columns = dict[str, np.ndarray]


def add_report_keys(connection: duckdb.DuckDBPyConnection, reports: str, secret: bytes) -> None:
    """Add the table report_keys: row_hash and report_key of every report of a table."""
    hashes = connection.execute(f"SELECT DISTINCT row_hash FROM {reports} ORDER BY row_hash").fetchnumpy()
    row_hash = np.asarray(hashes["row_hash"], np.int64)
    keys = pd.DataFrame({"row_hash": row_hash, "report_key": report_keys(row_hash, secret)})
    add_table(connection, "report_keys", keys)


def metric_columns(connection: duckdb.DuckDBPyConnection, metric: int) -> Columns:
    """Read what is known of the reports of one metric, by pay, weight and arrival."""
    found = connection.execute(
        "SELECT m.profile, m.pay, m.log_pay, m.weight, m.export_number AS export, m.employer_number AS employer, "
        "m.source_number AS source, m.age_days AS day, m.is_clustered, m.is_listed, m.is_inferred, m.is_recent, "
        "m.is_expired, m.arrival, m.expiry, k.report_key, "
        # the level of people whose tier lists all employers; 0 if it is not known
        "CASE WHEN m.is_listed THEN coalesce(TRY_CAST(substr(p.level, 2) AS INTEGER), 0) END AS listed_level "
        "FROM metric_reports AS m INNER JOIN report_keys AS k ON m.row_hash = k.row_hash "
        "INNER JOIN profiles AS p ON m.profile = p.profile "
        "WHERE m.metric_number = ? ORDER BY m.pay, m.weight, m.arrival",
        [metric],
    ).fetchnumpy()
    small = ("profile", "export", "employer", "source", "day", "listed_level")
    return {
        name: np.ma.filled(values, NOBODY).astype(np.int32) if name in small else np.asarray(values)
        for name, values in found.items()
    }


def reports_of(columns: Columns, is_batched: bool) -> Reports:
    """Return the reports of a metric; those of people are batched, and come with how they do."""
    order = (columns[name] for name in ("arrival", "expiry", "is_expired", "report_key"))
    return Reports(
        columns["profile"],
        columns["pay"],
        columns["weight"],
        {kind: columns[kind] for kind in (*UNITS, MIXED)},
        columns["is_clustered"],
        columns["is_listed"],
        Turnover(*order) if is_batched else None,
    )


def rollups(
    connection: duckdb.DuckDBPyConnection, table: str, metric: int, reports: Reports
) -> Iterator[tuple[Integers, Rollup]]:
    """Yield each roll-up, and the numbers of its cells.

    table: rollup, metric_number, profile, cell.
    """
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
            yield names, Rollup(repeated, cell_of_profile, len(names))
