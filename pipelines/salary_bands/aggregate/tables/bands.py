"""bands: percentile bands, aggregated and suppressed in one step."""

from typing import Any

import duckdb
import pandas as pd

from salary_bands.aggregate.tables.fits import predictive_parts
from salary_bands.aggregate.tables.instead import instead_of
from salary_bands.aggregate.workspace import Workspace
from salary_bands.statistics.model import Fit
from salary_bands.statistics.parts import Parts
from salary_bands.statistics.pooling import pooled_cells, pooling_facts, pools_of
from salary_bands.statistics.premiums import MODEL_METRICS
from salary_bands.storage.duck import add_file, add_table, run_step
from salary_bands.storage.records import records
from salary_bands.storage.sql import read_sql


def bands(workspace: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
    """Make percentile bands, and the facts about their method for the manifest."""
    run_step(connection, "bands/disclosed_cells")
    correlations = workspace.facts("employer_correlation")
    add_table(connection, "correlations", _in_millionths(correlations))
    parts = predictive_parts(workspace)
    fits = {metric: of.fit for metric, of in parts.items()}
    workspace.write_facts("pooling", _pool(workspace, connection, correlations, fits))
    _add_what_to_use_instead(workspace, connection, parts)
    rows = workspace.write(connection, "bands")
    add_file(connection, "bands", workspace.path("bands"))
    [fragile] = records(connection.execute(read_sql("steps/bands/fragile_cells")))
    workspace.write_facts("influence", fragile)
    return rows


def _pool(
    workspace: Workspace,
    connection: duckdb.DuckDBPyConnection,
    correlations: dict[str, dict[str, float]],
    fits: dict[str, Fit],
) -> dict[str, Any]:
    """Make the table `pooled_cells`; return the facts about it for the manifest."""
    for step in ("thin_cells", "thin_mixes", "shape_cells"):
        run_step(connection, f"bands/{step}")
    thin, mixes, shapes = (
        connection.execute(f"SELECT * FROM {name} ORDER BY ALL").df()
        for name in ("thin_cells", "thin_mixes", "shape_cells")
    )
    pools = {
        metric: pools_of(fit, shapes[shapes["metric"].eq(metric)], correlations[metric]["p50"], workspace.settings)
        for metric, fit in fits.items()
    }
    add_table(connection, "pooled_cells", pooled_cells(thin, mixes, pools))
    return {m: pooling_facts(pools.get(m)) for m in MODEL_METRICS}


def _add_what_to_use_instead(
    workspace: Workspace, connection: duckdb.DuckDBPyConnection, parts: dict[str, Parts]
) -> None:
    """Make the table `instead_of_cells`: what answers for each cell of the grid that shows nothing."""
    for step in ("grid", "shown_cells", "withheld_cells"):
        run_step(connection, f"bands/{step}")
    shown, withheld = (connection.table(name).df() for name in ("shown_cells", "withheld_cells"))
    add_table(connection, "instead_of_cells", instead_of(withheld, shown, parts, workspace.settings))


def _in_millionths(correlations: dict[str, dict[str, float]]) -> pd.DataFrame:
    """Return metric, percentile, millionths: the correlations as published."""
    rows = [
        (metric, int(percentile.removeprefix("p")), round(1_000_000 * value))
        for metric, of_metric in correlations.items()
        for percentile, value in of_metric.items()
    ]
    return pd.DataFrame(rows, columns=["metric", "percentile", "millionths"])
