"""The figures of the cells of `bands`: percentiles, intervals and influences, a roll-up at a time."""

from collections.abc import Mapping

import duckdb
import numpy as np
import pandas as pd

from salary_bands.aggregate.rollups import metric_reports, rollups
from salary_bands.schemas.bands import PERCENTILES
from salary_bands.settings import Settings
from salary_bands.statistics.cells import NOBODY, UNITS, Cells, Floats, Integers
from salary_bands.statistics.clusters import employers, groups, observed_clustering
from salary_bands.statistics.correlation import BinomialRanks
from salary_bands.statistics.effective import effective_sizes
from salary_bands.statistics.influence import SHIFTED, largest_shifts
from salary_bands.statistics.quantiles import order_statistics, percentiles
from salary_bands.storage.duck import add_table

_TABLES = {
    "cell_employers": {
        "cell": "int64",
        "n_employers": "int64",
        "known_weight": "int64",
        "top_employer_weight": "int64",
        "clustered": "float64",
        "unknown_factor": "float64",
        "median_age_days": "Int64",
    },
    "percentiles": {"cell": "int64", "percentile": "int64", "pay": "float64"},
    "effective_sizes": {"cell": "int64", "percentile": "int64", "whole": "int64", "effective": "float64"},
    "intervals": {"cell": "int64", "percentile": "int64", "low": "int64", "high": "int64"},
    "influences": {"cell": "int64", "max_shift_p50": "float64", "max_shift_p90": "float64", "shift_by": "str"},
}
Table = Mapping[str, np.ndarray]


def employer_shares(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return how many reports of each employer are at or below the percentiles of the cells it is in.

    Returns:
        metric, percentile, cell, employer, reports, at_or_below, for correlation_cells and employers with at least two
        reports there.
    """
    found = [pd.DataFrame(columns=["metric", "percentile", "cell", "employer", "reports", "at_or_below"])]
    for metric, number in _metrics(connection, "reported"):
        reports = metric_reports(connection, number)
        for names, cells in rollups(connection, "correlation_cells", number, reports):
            of = groups(cells, percentiles(cells, PERCENTILES))
            found += [
                pd.DataFrame(
                    {
                        "metric": metric,
                        "percentile": percentile,
                        "cell": names[of.cell],
                        "employer": of.employer,
                        "reports": of.reports,
                        "at_or_below": of.reports_below[:, n],
                    }
                )
                for n, percentile in enumerate(PERCENTILES)
            ]
    return pd.concat(found, ignore_index=True)


def add_figures(connection: duckdb.DuckDBPyConnection, correlations: pd.DataFrame, settings: Settings) -> None:
    """Make the tables cell_employers, percentiles, effective_sizes, intervals and influences.

    All cells of cell_totals are in the first, and those of enough reports to be shown in the others. Influences are of
    cells whose median has an interval.
    """
    ranks = BinomialRanks()
    parts: dict[str, list[Table]] = {name: [] for name in _TABLES}
    for metric, number in _metrics(connection):
        of_metric = correlations[correlations["metric"].eq(metric)]
        millionths = dict(zip(of_metric["percentile"], of_metric["millionths"], strict=True))
        reports = metric_reports(connection, number)
        for names, cells in rollups(connection, "rollup_cells", number, reports):
            for name, columns in _of_cells(names, cells, millionths, ranks, settings).items():
                parts[name].append(columns)
    for name, types in _TABLES.items():
        add_table(connection, name, _framed(parts.pop(name), types))


def _framed(parts: list[Table], types: Mapping[str, str]) -> pd.DataFrame:
    """Return one frame of the rows of some parts, which may be none."""
    return pd.concat([pd.DataFrame(columns=[*types]).astype(types), *map(pd.DataFrame, parts)]).astype(types)


def _metrics(connection: duckdb.DuckDBPyConnection, evidence: str | None = None) -> list[tuple[str, int]]:
    """Return the metrics and their numbers, of one kind of evidence or of all."""
    rows = connection.execute("SELECT metric, metric_number, evidence FROM metrics ORDER BY metric_number").fetchall()
    return [(metric, number) for metric, number, of in rows if evidence in (None, of)]


def _of_cells(
    names: Integers, cells: Cells, correlations: dict[int, int], ranks: BinomialRanks, settings: Settings
) -> dict[str, Table]:
    """Return the rows of each table, by column, for some cells of one roll-up."""
    evidence = employers(cells)
    figures = percentiles(cells, PERCENTILES)
    observed = observed_clustering(groups(cells, figures), PERCENTILES, len(cells))
    sizes = effective_sizes(cells, evidence, observed, correlations, settings.max_unknown_factor)
    low_rank, high_rank = ranks.of(sizes.whole, PERCENTILES)
    low, high = (order_statistics(cells, np.maximum(r, 1), np.maximum(sizes.whole, 1)) for r in (low_rank, high_rank))
    lowest, highest = cells.pay[cells.starts][:, None], cells.pay[cells.last][:, None]
    enough = cells.size >= settings.min_reports
    every = np.repeat(enough[:, None], len(PERCENTILES), axis=1)
    bounded = every & (low_rank > 0) & (low > lowest) & (high < highest)
    shown = {percentile: bounded[:, n] & bounded[:, PERCENTILES.index(50)] for n, percentile in enumerate(PERCENTILES)}
    shifted = np.column_stack([np.where(shown[p], figures[:, PERCENTILES.index(p)], np.nan) for p in SHIFTED])
    shifts = largest_shifts(cells, shifted)
    return {
        "cell_employers": {
            "cell": names,
            "n_employers": evidence.count,
            "known_weight": evidence.known_weight,
            "top_employer_weight": evidence.top_weight,
            "clustered": evidence.clustered.astype(float),
            "unknown_factor": sizes.unknown_factor,
            "median_age_days": _median_ages(cells),
        },
        "percentiles": _long(names, every, pay=figures),
        "effective_sizes": _long(names, every, whole=sizes.whole, effective=sizes.effective),
        "intervals": _long(names, bounded, low=low, high=high),
        "influences": {
            "cell": names[shown[50]],
            "max_shift_p50": shifts.largest[shown[50], 0],
            "max_shift_p90": shifts.largest[shown[50], 1],
            "shift_by": np.array([*UNITS, None], dtype=object)[shifts.by[shown[50]]],
        },
    }


def _long(names: Integers, kept: np.ndarray, **columns: np.ndarray) -> Table:
    """Return a row per kept cell and percentile; columns have the shape (cells, percentiles)."""
    cell, point = np.nonzero(kept)
    rows = {"cell": names[cell], "percentile": np.array(PERCENTILES)[point]}
    return rows | {name: values[cell, point] for name, values in columns.items()}


def _median_ages(cells: Cells) -> Floats:
    """Return the median age of the reports of each cell, the lower one of two; NaN if it is unknown."""
    middle = cells.pairs("day").row[cells.starts + (cells.size + 1) // 2 - 1]
    days = cells.reports.units["day"][middle]
    return np.where(days == NOBODY, np.nan, days)
