"""Single steps of `sql/steps/` over a few reports, without the steps before them."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import pandas as pd

from salary_bands.aggregate.tables.bands import whole_sizes
from salary_bands.settings import Settings
from salary_bands.statistics.correlation import binomial_ranks, employer_correlations
from salary_bands.storage.duck import add_table, in_memory, run_step
from tests.oracle.figures import PERCENTILES

Reports = list[tuple[int, int, str | None]]  # of (pay, weight, employer outside T1 and T2)
Shown = dict[tuple[int, int], tuple[int, int, int]]  # by cell and percentile: whole effective size, low, high


@contextmanager
def disclosed(cells: dict[int, Reports]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Cells that are shown and that the correlation is read from, through to `percentiles`."""
    rows = [(cell, *report) for cell, reports in cells.items() for report in reports]
    frame = pd.DataFrame(rows, columns=["atom", "pay", "weight", "employer"])
    frame = frame.astype({"atom": "int64", "pay": "int64", "weight": "int64", "employer": "str"})
    facts = pd.DataFrame([(cell, *_sums(reports)) for cell, reports in cells.items()])
    facts.columns = pd.Index(["cell", "weight", "squared", "clustered", "unknown_factor"])
    with in_memory() as connection:
        add_table(connection, "metric_reports", frame.assign(is_clustered=frame["employer"].notna()))
        add_table(connection, "cells", pd.DataFrame({"cell": list(cells), "atom": list(cells)}))
        add_table(connection, "percentile_points", pd.DataFrame({"percentile": PERCENTILES}))
        add_table(connection, "facts", facts)
        connection.execute(
            "CREATE TABLE disclosed_cells AS SELECT cell, 'base' AS metric, weight, CAST(squared AS HUGEINT) AS "
            "squared, CAST(clustered AS HUGEINT) AS clustered, unknown_factor, NULL AS suppression_reason, "
            "false AS is_poolable, true AS is_correlation_cell "
            "FROM facts"
        )
        for step in ("cell_pay", "percentiles"):
            run_step(connection, f"bands/{step}")
        yield connection


def _sums(reports: Reports) -> tuple[int, str, str, float]:
    """Weight, sum of squares, and what likeness inside employers adds to that; past 64 bits, so as text.

    Beside these, by how much reports without an employer raise it.
    """
    employers = defaultdict(list)
    for _, weight, employer in reports:
        employers[employer].append(weight)
    clustered = sum(sum(ws) ** 2 - sum(w * w for w in ws) for name, ws in employers.items() if name is not None)
    whole, known = sum(w for _, w, _ in reports), sum(w for _, w, name in reports if name is not None)
    factor = min((whole / known) ** 2, 2.0) if clustered else 1.0
    return whole, str(sum(w * w for _, w, _ in reports)), str(clustered), factor


def sql_percentiles(cells: dict[int, list[tuple[int, int]]]) -> dict[tuple[int, int], float]:
    """Cells of (pay, weight): (cell, percentile) to unrounded pay."""
    reports: dict[int, Reports] = {cell: [(*pay, None) for pay in pays] for cell, pays in cells.items()}
    with disclosed(reports) as connection:
        rows = connection.execute("SELECT cell, percentile, pay FROM percentiles").fetchall()
    return {(cell, percent): pay for cell, percent, pay in rows}


def sql_intervals(cells: dict[int, Reports], correlation: float) -> Shown:
    """What each cell shows, at one correlation for all percentiles."""
    with disclosed(cells) as connection:
        millionths = round(correlation * 1_000_000)
        likeness = {"metric": "base", "percentile": PERCENTILES, "millionths": millionths}
        add_table(connection, "correlations", pd.DataFrame(likeness))
        for step in ("employer_pairs", "effective_sizes"):
            run_step(connection, f"bands/{step}")
        add_table(connection, "ranks", binomial_ranks(whole_sizes(connection)))
        run_step(connection, "bands/intervals")
        rows = connection.execute("SELECT cell, percentile, whole, low, high FROM intervals").fetchall()
    return {(cell, percent): tuple(interval) for cell, percent, *interval in rows}


def sql_correlations(cells: dict[int, Reports], settings: Settings) -> dict[int, float]:
    """The correlation by employer, by percentile."""
    with disclosed(cells) as connection:
        run_step(connection, "bands/employer_shares")
        shares = connection.execute("SELECT * FROM employer_shares").df()
    found: Any = employer_correlations(shares, ["base"], settings)
    return dict(zip(found["percentile"], found["millionths"] / 1_000_000, strict=True))
