"""How far the reports that were delivered lately move a cell, a roll-up at a time; a step of cell_figures."""

import math

import duckdb
import numpy as np
import pandas as pd

from salary_bands.aggregate.rollups import rollups
from salary_bands.settings import Settings
from salary_bands.statistics.batches import Turnover
from salary_bands.statistics.cells import NOBODY, Reports
from salary_bands.statistics.premiums import MODEL_METRICS
from salary_bands.statistics.recent import Delivered, Recent
from salary_bands.statistics.reference_pay import residuals
from salary_bands.storage.duck import run_step

_TYPES = {
    "cell": "int64",
    **dict.fromkeys(("recent_move", "recent_errors", "recent_shift"), "float64"),
    "is_unsettled": "bool",
}


def recent_moves(
    connection: duckdb.DuckDBPyConnection, correlations: dict[str, int], settings: Settings
) -> pd.DataFrame:
    """Return the columns of _TYPES of every cell of people's base and total.

    correlations: by employer at P50, in millionths, by metric.
    """
    run_step(connection, "cell_figures/delivered_reports")
    profiles = connection.execute("SELECT * FROM profiles").df().set_index("profile")
    profiles = profiles[["leaf", "tier", "level", "country", "metro"]]
    numbers = connection.execute(
        "SELECT metric, metric_number FROM metrics WHERE evidence = 'reported' ORDER BY metric_number"
    ).fetchall()
    found = [pd.DataFrame(columns=[*_TYPES]).astype(_TYPES)]
    for metric, number in numbers:
        if metric not in MODEL_METRICS:
            continue
        rows = connection.execute(
            "SELECT * FROM delivered_reports WHERE metric_number = ? ORDER BY pay, weight, arrival", [number]
        ).df()
        if not (rows["is_recent"] & rows["is_counted"]).any() or rows["is_recent"].all():
            continue  # everything was delivered at once: nothing is news
        recent = Recent(_delivered(rows, profiles, settings), _of_logs(correlations[metric]), settings)
        for names, cells in rollups(connection, "rollup_cells", number, _reports(rows)):
            moves = recent.moves(cells, cells.reports.units["report"][cells.row])
            columns = (names, moves.move, moves.errors, moves.shift, moves.is_unsettled)
            found.append(pd.DataFrame(dict(zip(_TYPES, columns, strict=True))).astype(_TYPES))
    return pd.concat(found, ignore_index=True)


def _of_logs(millionths: int) -> float:
    """Return the correlation of log pay from that of being below the median, as in a normal distribution."""
    return math.sin(math.pi / 2 * millionths / 1_000_000)


def _delivered(rows: pd.DataFrame, profiles: pd.DataFrame, settings: Settings) -> Delivered:
    rest, variance = residuals(rows, profiles, settings.min_effect_reports, settings.variance_prior)
    return Delivered(
        residual=rest,
        variance=variance,
        is_recent=rows["is_recent"].to_numpy(bool),
        is_counted=rows["is_counted"].to_numpy(bool),
        source=pd.factorize(rows["source"], sort=True)[0].astype(np.int32),
        employer=_employers(rows),
        arrival=rows["arrival"].to_numpy(np.int64),
    )


def _reports(rows: pd.DataFrame) -> Reports:
    """Return the reports with their own numbers as a unit, so that each cell knows which it has."""
    expired = ~rows["is_counted"].to_numpy(bool)
    arrival, expiry = (rows[name].to_numpy(np.int64) for name in ("arrival", "expiry"))
    return Reports(
        rows["profile"].to_numpy(np.int32),
        rows["pay"].to_numpy(np.int64),
        rows["weight"].to_numpy(np.int64),
        {"report": np.arange(len(rows), dtype=np.int32), "employer": _employers(rows)},
        np.zeros(len(rows), bool),
        np.zeros(len(rows), bool),
        Turnover(arrival, expiry, expired, np.zeros(len(rows), np.uint64)),
    )


def _employers(rows: pd.DataFrame) -> np.ndarray:
    return rows["employer_number"].fillna(NOBODY).to_numpy(np.int32)
