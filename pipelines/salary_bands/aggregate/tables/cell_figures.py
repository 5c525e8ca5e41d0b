"""cell_figures: percentiles, intervals and influences of every cell, a roll-up at a time."""

import duckdb
import numpy as np
import pandas as pd

from salary_bands.aggregate.rollups import metric_reports, rollups, waiting_reports
from salary_bands.aggregate.tables.recent_moves import recent_moves
from salary_bands.aggregate.workspace import Workspace
from salary_bands.schemas.bands import PERCENTILES
from salary_bands.schemas.columns import METRICS
from salary_bands.settings import Settings
from salary_bands.statistics.batches import Integers, Mask
from salary_bands.statistics.cells import NOBODY, UNITS, Cells, Floats
from salary_bands.statistics.clusters import employers, groups, observed_clustering
from salary_bands.statistics.correlation import BinomialRanks, employer_correlations
from salary_bands.statistics.effective import effective_sizes
from salary_bands.statistics.influence import SHIFTED, largest_shifts
from salary_bands.statistics.jitter import FIGURE, HIGH, LOW, moves, report_keys, widened_by
from salary_bands.statistics.quantiles import bounds, percentiles
from salary_bands.storage.duck import add_table, add_view, run_step

FEWEST = 9  # reports from which a median can have an interval, and figures are worked out
Columns = dict[str, np.ndarray]


def cell_figures(workspace: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
    """Work out the figures of every cell, and the correlation by employer for the manifest.

    What is here depends on no setting of disclosure but those of unsettled cells, so that a change of another costs no
    pass over the reports.
    """
    add_view(connection, "window_reports/counted_reports")
    for step in ("profiles", "numbered_reports"):
        run_step(connection, f"cell_figures/{step}")
    add_view(connection, "cell_figures/metric_reports")
    for step in ("cell_keys", "cells", "cell_counts", "rollup_cells", "correlation_cells"):
        run_step(connection, f"cell_figures/{step}")
    add_table(connection, "report_keys", _report_keys(connection, workspace.secret()))
    add_table(connection, "waiting", _waiting(connection))
    run_step(connection, "cell_figures/cell_totals")
    correlations = employer_correlations(_employer_shares(connection), sorted(METRICS), workspace.settings)
    workspace.write_facts("employer_correlation", _by_metric(correlations))
    at_median = correlations[correlations["percentile"].eq(50)]
    of_metric = dict(zip(at_median["metric"], at_median["millionths"], strict=True))
    add_table(connection, "recent_moves", recent_moves(connection, of_metric, workspace.settings))
    add_table(connection, "pass_figures", _figures(connection, correlations, workspace.settings))
    return workspace.write(connection, "cell_figures")


def _report_keys(connection: duckdb.DuckDBPyConnection, secret: bytes) -> pd.DataFrame:
    """Return row_hash and report_key of every counted report."""
    hashes = connection.execute("SELECT DISTINCT row_hash FROM numbered_reports ORDER BY row_hash").fetchnumpy()
    row_hash = np.asarray(hashes["row_hash"], np.int64)
    return pd.DataFrame({"row_hash": row_hash, "report_key": report_keys(row_hash, secret)})


def _waiting(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return metric_number, cell and arrival of the reports that wait to enter a cell or to leave it."""
    found = [pd.DataFrame({"metric_number": [], "cell": [], "arrival": []}, dtype="int64")]
    for _, number in _metrics(connection, "reported"):
        reports = metric_reports(connection, number)
        for cell, arrival in waiting_reports(connection, "rollup_cells", number, reports):
            found.append(pd.DataFrame({"metric_number": number, "cell": cell, "arrival": arrival}))
    return pd.concat(found, ignore_index=True)


def _by_metric(correlations: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return metric to percentile to correlation."""
    found: dict[str, dict[str, float]] = {}
    for metric, percentile, value in correlations.itertuples(index=False, name=None):
        found.setdefault(metric, {})[f"p{percentile}"] = value / 1_000_000
    return found


def _employer_shares(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
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
            of = of.of(of.clustered)
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


def _figures(connection: duckdb.DuckDBPyConnection, correlations: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Return what a pass over the reports of every cell of cell_totals finds."""
    ranks = BinomialRanks()
    found = {name: [np.zeros(0)] for name in _TYPES}
    for metric, number in _metrics(connection):
        of_metric = correlations[correlations["metric"].eq(metric)]
        millionths = dict(zip(of_metric["percentile"], of_metric["millionths"], strict=True))
        reports = metric_reports(connection, number)
        for names, cells in rollups(connection, "rollup_cells", number, reports):
            for name, values in {"cell": names, **_of_cells(cells, millionths, ranks, settings)}.items():
                found[name].append(values)
    columns = {name: np.concatenate(parts[1:] or parts) for name, parts in found.items()}
    frame = pd.DataFrame(columns).astype(_TYPES)
    kinds = pd.array([*UNITS, None], dtype="str")
    return frame.assign(shift_by=kinds.take(frame["shift_by"].to_numpy()))  # NOBODY is the last one


def _metrics(connection: duckdb.DuckDBPyConnection, evidence: str | None = None) -> list[tuple[str, int]]:
    """Return the metrics and their numbers, of one kind of evidence or of all."""
    rows = connection.execute("SELECT metric, metric_number, evidence FROM metrics ORDER BY metric_number").fetchall()
    return [(metric, number) for metric, number, of in rows if evidence in (None, of)]


def _of_cells(cells: Cells, correlations: dict[int, int], ranks: BinomialRanks, settings: Settings) -> Columns:
    """Return the columns of _TYPES but the number of the cell, for some cells of one roll-up."""
    evidence = employers(cells)
    figures = percentiles(cells, PERCENTILES)
    of = groups(cells, figures)
    observed, listed = (
        observed_clustering(of.of(some), PERCENTILES, len(cells)) for some in (of.clustered, ~of.clustered)
    )
    sizes = effective_sizes(
        cells, evidence, observed, listed, correlations, settings.max_unknown_factor, settings.mix_variance
    )
    shown_figures, low, high, bounded = _shown_figures(cells, figures, sizes.whole, ranks)
    has_median = bounded[:, [PERCENTILES.index(50)]]
    shown = [PERCENTILES.index(percentile) for percentile in SHIFTED]
    shifts = largest_shifts(cells, np.where(bounded[:, shown] & has_median, figures[:, shown], np.nan))
    enough = cells.size >= FEWEST
    columns: Columns = {
        "n_employers": evidence.count,
        "known_weight": evidence.known_weight,
        "top_employer_weight": evidence.top_weight,
        "clustered": evidence.clustered.astype(float),
        "unknown_factor": sizes.unknown_factor,
        "median_age_days": _median_ages(cells),
        "max_shift_p50": shifts.largest[:, 0],
        "max_shift_p90": shifts.largest[:, 1],
        "shift_by": shifts.by,
    }
    for n, percentile in enumerate(PERCENTILES):
        columns[f"p{percentile}"] = np.where(enough, shown_figures[:, n], np.nan)
        columns[f"p{percentile}_effective"] = np.where(enough, sizes.effective[:, n], np.nan)
        columns[f"p{percentile}_low"] = np.where(bounded[:, n], low[:, n], np.nan)
        columns[f"p{percentile}_high"] = np.where(bounded[:, n], high[:, n], np.nan)
    return columns


def _shown_figures(
    cells: Cells, figures: Floats, effective: Integers, ranks: BinomialRanks
) -> tuple[Floats, Floats, Floats, Mask]:
    """Return percentiles, their bounds, and whether they have any; those of people are protected by moved ranks."""
    low_rank, high_rank = ranks.of(effective, PERCENTILES)
    size = np.maximum(effective, 1)
    by: list[Integers | int] = [0, 0, 0]
    if cells.keys is not None:
        further = widened_by(cells.size, size, PERCENTILES)
        by = [
            moves(cells.keys, cells.size, cells.size[:, None], PERCENTILES, FIGURE),
            moves(cells.keys, cells.size, size, PERCENTILES, LOW) - further,
            moves(cells.keys, cells.size, size, PERCENTILES, HIGH) + further,
        ]
        figures = np.sort(percentiles(cells, PERCENTILES, by[FIGURE]), axis=1)
    low, high = (bounds(cells, np.maximum(rank, 1), size, by[of]) for rank, of in ((low_rank, LOW), (high_rank, HIGH)))
    low, high = np.minimum(low, figures), np.maximum(high, figures)
    lowest, highest = cells.pay[cells.starts][:, None], cells.pay[cells.last][:, None]
    return figures, low, high, (low_rank > 0) & (low > lowest) & (high < highest)


def _median_ages(cells: Cells) -> Floats:
    """Return the median age of the reports of each cell, the lower one of two; NaN if it is unknown."""
    middle = cells.pairs("day").row[cells.starts + (cells.size + 1) // 2 - 1]
    days = cells.reports.units["day"][middle]
    return np.where(days == NOBODY, np.nan, days)


_TYPES = {
    "cell": "int64",
    **dict.fromkeys(("n_employers", "known_weight", "top_employer_weight"), "int64"),
    **dict.fromkeys(("clustered", "unknown_factor"), "float64"),
    "median_age_days": "Int64",
    **dict.fromkeys((f"p{p}{part}" for p in PERCENTILES for part in ("", "_effective", "_low", "_high")), "float64"),
    **dict.fromkeys(("max_shift_p50", "max_shift_p90"), "float64"),
    "shift_by": "int64",  # the number of one of UNITS, or NOBODY
}
