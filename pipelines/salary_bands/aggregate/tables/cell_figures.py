"""cell_figures: percentiles, intervals and influences of every cell, a roll-up at a time."""

import duckdb
import numpy as np
import pandas as pd

from salary_bands.aggregate.rollups import add_report_keys, metric_columns, reports_of, rollups
from salary_bands.aggregate.tables.recent_moves import columns_of, recent_of
from salary_bands.aggregate.workspace import Workspace
from salary_bands.schemas.bands import PERCENTILES
from salary_bands.settings import Settings
from salary_bands.statistics.batches import Integers, Mask
from salary_bands.statistics.cells import MIXED, UNITS, Cells, Floats, Reports, middle_units
from salary_bands.statistics.clusters import employers, groups, observed_clustering
from salary_bands.statistics.correlation import BinomialRanks, employer_correlations
from salary_bands.statistics.effective import effective_sizes
from salary_bands.statistics.influence import SHIFTED, largest_shifts
from salary_bands.statistics.jitter import FIGURE, HIGH, LOW, moves, widened_by
from salary_bands.statistics.premiums import MODEL_METRICS
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
    add_report_keys(connection, "numbered_reports", workspace.secret())
    correlations, found = _passes(connection, workspace.settings)
    workspace.write_facts("employer_correlation", correlations)
    for name, frame in found.items():
        add_table(connection, name, frame)
    run_step(connection, "cell_figures/cell_totals")
    return workspace.write(connection, "cell_figures")


def _passes(
    connection: duckdb.DuckDBPyConnection, settings: Settings
) -> tuple[dict[str, dict[str, float]], dict[str, pd.DataFrame]]:
    """Pass over the reports of every cell, one metric and one roll-up at a time.

    Returns:
        The correlations by employer, by metric and percentile, and the tables `pass_figures`, `recent_moves` and
        `waiting`: cell and arrival of the reports that wait to enter a cell or to leave it.
    """
    ranks = BinomialRanks()
    profiles = connection.execute("SELECT profile, leaf, tier, level, country, metro FROM profiles").df()
    profiles = profiles.set_index("profile")
    correlations: dict[str, dict[int, int]] = {}
    found = {name: [pd.DataFrame(columns=[*types]).astype(types)] for name, types in _TABLES.items()}
    # adverts come last, and use the correlations of people's reports
    for metric, number, evidence in _metrics(connection):
        columns = metric_columns(connection, number)
        reports = reports_of(columns, evidence == "reported")
        if metric not in correlations:
            shares = _employer_shares(connection, metric, number, reports)
            correlations[metric] = _by_percentile(employer_correlations(shares, [metric], settings))
        is_modelled = evidence == "reported" and metric in MODEL_METRICS
        recent = recent_of(columns, profiles, correlations[metric][50], settings) if is_modelled else None
        for names, rollup in rollups(connection, "rollup_cells", number, reports):
            cell, row = rollup.waiting()
            arrival = columns["arrival"][row // rollup.reports.times]
            found["waiting"].append(pd.DataFrame({"metric_number": number, "cell": names[cell], "arrival": arrival}))
            for part, cells in rollup.parts():
                figures = {"cell": names[part], **_of_cells(cells, correlations[metric], ranks, settings)}
                found["pass_figures"].append(pd.DataFrame(figures))
                if recent:
                    moves = recent.moves(cells, cells.row // rollup.reports.times)
                    found["recent_moves"].append(pd.DataFrame({"cell": names[part], **columns_of(moves)}))
    tables = {name: pd.concat(frames, ignore_index=True).astype(_TABLES[name]) for name, frames in found.items()}
    kinds = pd.array([*UNITS, None], dtype="str")  # NOBODY is the last one
    tables["pass_figures"]["shift_by"] = kinds.take(tables["pass_figures"]["shift_by"].to_numpy())
    by_metric = {
        metric: {f"p{percentile}": value / 1_000_000 for percentile, value in of_metric.items()}
        for metric, of_metric in sorted(correlations.items())
    }
    return by_metric, tables


def _by_percentile(correlations: pd.DataFrame) -> dict[int, int]:
    """Return the correlations of a metric by percentile, in millionths."""
    return dict(zip(correlations["percentile"], correlations["millionths"], strict=True))


def _employer_shares(connection: duckdb.DuckDBPyConnection, metric: str, number: int, reports: Reports) -> pd.DataFrame:
    """Return how many reports of each employer are at or below the percentiles of the cells it is in.

    Returns:
        metric, percentile, cell, employer, reports, at_or_below, for correlation_cells and employers with at least two
        reports there.
    """
    found = [pd.DataFrame(columns=["metric", "percentile", "cell", "employer", "reports", "at_or_below"])]
    for names, rollup in rollups(connection, "correlation_cells", number, reports):
        for part, cells in rollup.parts():
            of = groups(cells, percentiles(cells, PERCENTILES))
            of = of.of(of.clustered)
            found += [
                pd.DataFrame(
                    {
                        "metric": metric,
                        "percentile": percentile,
                        "cell": names[part][of.cell],
                        "employer": of.unit,
                        "reports": of.reports,
                        "at_or_below": of.reports_below[:, n],
                    }
                )
                for n, percentile in enumerate(PERCENTILES)
            ]
    return pd.concat(found, ignore_index=True)


def _metrics(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, int, str]]:
    """Return the metrics, their numbers and kinds of evidence."""
    return connection.execute("SELECT metric, metric_number, evidence FROM metrics ORDER BY metric_number").fetchall()


def _of_cells(cells: Cells, correlations: dict[int, int], ranks: BinomialRanks, settings: Settings) -> Columns:
    """Return the columns of _FIGURES but the number of the cell, for some cells of one roll-up."""
    evidence = employers(cells)
    figures = percentiles(cells, PERCENTILES)
    of = groups(cells, figures)
    observed, listed = (
        observed_clustering(of.of(some), PERCENTILES, len(cells)) for some in (of.clustered, ~of.clustered)
    )
    levels = observed_clustering(groups(cells, figures, MIXED), PERCENTILES, len(cells))
    sizes = effective_sizes(
        cells, evidence, observed, (listed, levels), correlations, settings.max_unknown_factor, settings.mix_variance
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
    days, width = cells.units("day"), cells.reports.widths["day"]
    middle = middle_units(cells.starts, cells.size, days, width)
    return np.where(middle == width - 1, np.nan, middle)  # the last one is that of unknown days


_FIGURES = {
    "cell": "int64",
    **dict.fromkeys(("n_employers", "known_weight", "top_employer_weight"), "int64"),
    **dict.fromkeys(("clustered", "unknown_factor"), "float64"),
    "median_age_days": "Int64",
    **dict.fromkeys((f"p{p}{part}" for p in PERCENTILES for part in ("", "_effective", "_low", "_high")), "float64"),
    **dict.fromkeys(("max_shift_p50", "max_shift_p90"), "float64"),
    "shift_by": "int64",  # the number of one of UNITS, or NOBODY
}
_MOVES = {
    "cell": "int64",
    **dict.fromkeys(("recent_move", "recent_errors", "recent_shift"), "float64"),
    "is_unsettled": "bool",
}
_WAITING = dict.fromkeys(("metric_number", "cell", "arrival"), "int64")
_TABLES = {"pass_figures": _FIGURES, "recent_moves": _MOVES, "waiting": _WAITING}
