"""How far the figures of a cell move without one export, employer or day: a part of `bands`."""

import duckdb
import pandas as pd

from salary_bands.statistics.influence import largest_shifts
from salary_bands.storage.duck import add_table, run_step
from salary_bands.storage.sql import read_sql

_ROWS = 500_000  # reports of cells at a time, some 300 bytes each


def influences(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return cell, max_shift_p50, max_shift_p90, shift_by of every cell that shows its median.

    Reads the inputs of influence_cells and influence_units. Cells of identical reports are computed once.
    """
    for step in ("influence_cells", "influence_units"):
        run_step(connection, f"bands/{step}")
    cells = connection.execute("SELECT * FROM influence_cells ORDER BY cell").df()
    computed = cells[cells["cell"].eq(cells["same_as"])]
    parts = computed.groupby(computed["reports"].cumsum() // _ROWS)
    found = [_of_cells(part, connection) for _, part in parts] or [_of_cells(computed, connection)]
    return cells[["cell", "same_as"]].join(pd.concat(found).set_index("cell"), on="same_as").drop(columns="same_as")


def _of_cells(cells: pd.DataFrame, connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return the shifts of cells whose reports fit into memory together."""
    add_table(connection, "influence_chunk", cells[["cell"]])
    return largest_shifts(cells, connection.execute(read_sql("steps/bands/influence_reports")).df())
