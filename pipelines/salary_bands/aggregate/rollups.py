"""The cells of `bands`, one roll-up of the cube at a time: reports out of DuckDB, sorted once for each metric.

DuckDB selects, joins and sorts the reports of a metric and sums up what atoms are enough for. What needs every report
of every cell is read off sorted arrays: a million reports are in 150 million cells, and sorting those in DuckDB would
take four times as long as all of this does.
"""

from collections.abc import Iterator, Mapping

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from salary_bands.statistics.cells import NOBODY, Cells, Integers, Reports

_ROWS = 2_000_000  # reports of cells at a time, some 300 bytes each

Rollup = tuple[Integers, Cells]  # the numbers of the cells, and the cells


def metric_reports(connection: duckdb.DuckDBPyConnection, metric: int) -> Reports:
    """Read the reports of one metric, sorted by pay."""
    found = connection.execute(
        "SELECT profile, pay, weight, export_number, employer_number, age_days, is_clustered "
        "FROM metric_reports WHERE metric_number = ? ORDER BY pay",
        [metric],
    ).fetchnumpy()
    units = {
        kind: np.ma.filled(found[name].astype(np.int32), NOBODY)
        for kind, name in (("export", "export_number"), ("employer", "employer_number"), ("day", "age_days"))
    }
    pay, weight = (np.asarray(found[name], dtype=np.int64) for name in ("pay", "weight"))
    return Reports(np.asarray(found["profile"], np.int32), pay, weight, units, np.asarray(found["is_clustered"], bool))


def rollups(connection: duckdb.DuckDBPyConnection, table: str, metric: int, reports: Reports) -> Iterator[Rollup]:
    """Yield the cells of each roll-up, in parts of so many reports that they fit into memory together.

    table: rollup, metric_number, profile, cell.
    """
    found = connection.execute(
        f"SELECT rollup, profile, cell FROM {table} WHERE metric_number = ? ORDER BY rollup, cell", [metric]
    ).fetchnumpy()
    rollup, profile, cell = (np.asarray(found[name], dtype=np.int64) for name in ("rollup", "profile", "cell"))
    if not len(rollup):
        return
    in_profile = np.bincount(reports.profile, minlength=int(profile.max()) + 1)
    there = in_profile[profile] > 0
    rollup, profile, cell = rollup[there], profile[there], cell[there]
    for part in np.split(np.arange(len(rollup)), np.flatnonzero(np.diff(rollup)) + 1):
        if len(part):
            yield from _parts(reports, profile[part], cell[part], in_profile)


def _parts(reports: Reports, profile: Integers, cell: Integers, in_profile: NDArray[np.int64]) -> Iterator[Rollup]:
    names, own = np.unique(cell, return_inverse=True)
    sizes = np.bincount(own, in_profile[profile])
    part = (np.cumsum(sizes) // _ROWS).astype(np.int64)
    for number in np.unique(part):
        first, count = np.searchsorted(part, number), int((part == number).sum())
        chosen = part[own] == number
        cell_of_profile = np.full(len(in_profile), NOBODY, np.int32)
        cell_of_profile[profile[chosen]] = own[chosen] - first
        yield names[first : first + count], Cells(reports, cell_of_profile, count)


def framed(parts: list[Mapping[str, np.ndarray]]) -> pd.DataFrame:
    """Return one frame of the columns that each part has."""
    return pd.DataFrame({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
