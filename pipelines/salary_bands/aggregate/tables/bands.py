"""bands: percentile bands, aggregated and suppressed in one step."""

from typing import Any

import duckdb
import pandas as pd

from salary_bands.aggregate.tables.influence import influences
from salary_bands.aggregate.workspace import Workspace
from salary_bands.schemas.columns import METRICS
from salary_bands.statistics.correlation import binomial_ranks, employer_correlations
from salary_bands.statistics.model import fits_by_metric
from salary_bands.statistics.pooling import POOLING_KINDS, Pooling, pooled_cells, pooling_facts, poolings
from salary_bands.statistics.premiums import MODEL_METRICS
from salary_bands.storage.duck import add_table, add_view, run_step
from salary_bands.storage.records import records
from salary_bands.storage.sql import read_sql


def bands(workspace: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
    """Make percentile bands, and the facts about their method for the manifest."""
    add_view(connection, "window_reports/used_reports")
    for step in ("profiles", "market_parents", "metric_reports", "cell_keys", "cells"):
        run_step(connection, f"bands/{step}")
    for step in ("cell_evidence", "disclosed_cells", "cell_pay", "percentiles", "employer_shares"):
        run_step(connection, f"bands/{step}")
    shares = connection.execute("SELECT * FROM employer_shares").df()
    correlations = employer_correlations(shares, sorted(METRICS), workspace.settings)
    add_table(connection, "correlations", correlations)
    for step in ("employer_pairs", "effective_sizes"):
        run_step(connection, f"bands/{step}")
    add_table(connection, "ranks", binomial_ranks(whole_sizes(connection)))
    run_step(connection, "bands/intervals")
    workspace.write_facts("employer_correlation", _by_metric(correlations))
    workspace.write_facts("pooling", _pool(workspace, connection, _by_metric(correlations)))
    add_table(connection, "influences", influences(connection))
    rows = workspace.write(connection, "bands")
    workspace.add(connection, "bands", workspace.plan())
    [fragile] = records(connection.execute(read_sql("steps/bands/fragile_cells")))
    workspace.write_facts("influence", fragile)
    return rows


def whole_sizes(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return reports, percentile: the distinct whole effective sizes that need an interval."""
    return connection.execute("SELECT DISTINCT whole AS reports, percentile FROM effective_sizes ORDER BY ALL").df()


def _pool(
    workspace: Workspace, connection: duckdb.DuckDBPyConnection, correlations: dict[str, dict[str, float]]
) -> dict[str, Any]:
    """Make the table `pooled_cells`; return the facts about it for the manifest."""
    for step in ("thin_cells", "thin_mixes", "shape_cells"):
        run_step(connection, f"bands/{step}")
    thin, mixes, shapes = (
        connection.execute(f"SELECT * FROM {name} ORDER BY ALL").df()
        for name in ("thin_cells", "thin_mixes", "shape_cells")
    )
    fits = fits_by_metric(workspace.frame("model_cells"))
    found: dict[tuple[str, str], Pooling] = {}
    for metric, fit in fits.items():
        of_metric = shapes[shapes["metric"].eq(metric)]
        pools = poolings(fit, of_metric, correlations[metric]["p50"], workspace.settings)
        found |= {(metric, kind): pool for kind, pool in pools.items()}
    add_table(connection, "pooled_cells", pooled_cells(thin, mixes, fits, found))
    return {m: {k: pooling_facts(found.get((m, k))) for k in POOLING_KINDS} for m in MODEL_METRICS}


def _by_metric(correlations: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return metric to percentile to correlation."""
    found: dict[str, dict[str, float]] = {}
    for metric, percentile, value in correlations.itertuples(index=False, name=None):
        found.setdefault(metric, {})[f"p{percentile}"] = value / 1_000_000
    return found
