"""window_reports and model_cells: which reports count, and the sums of them that the model is fitted to."""

import duckdb
import pandas as pd

from salary_bands.aggregate.workspace import Workspace
from salary_bands.statistics.duplicates import matched
from salary_bands.storage.duck import add_table, add_view, run_step


def window_reports(workspace: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
    """Give every accepted row its disposition, date and weight."""
    add_view(connection, "window_reports/reports")
    for step in ("ranges", "identified_reports", "dated_reports", "deliveries", "single_reports", "duplicate_pairs"):
        run_step(connection, f"window_reports/{step}")
    add_table(connection, "matches", _matches(connection))
    fence = ("log_pays", "fences", "level_effects", "country_fences", "agreed_pays", "fenced_reports")
    for step in ("matched_duplicates", "scoped_reports", *fence):
        run_step(connection, f"window_reports/{step}")
    return workspace.write(connection, "window_reports")


def model_cells(workspace: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
    """Sum up the modelled reports by everything that the model knows of them."""
    add_view(connection, "window_reports/counted_reports")
    run_step(connection, "model_cells/model_reports")
    return workspace.write(connection, "model_cells")


def _matches(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Return person, export_number, row of the reports of people who are in several sources."""
    groups = matched(connection.execute("SELECT * FROM duplicate_pairs").df())
    members = [(person, export, row) for person, group in enumerate(groups) for export, row in sorted(group)]
    return pd.DataFrame(members, columns=["person", "export_number", "row"]).astype("int64")
