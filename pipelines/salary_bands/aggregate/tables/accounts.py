"""ledger and sources: the disposition of every row, and the origin of reports."""

import duckdb

from salary_bands.aggregate.workspace import Workspace
from salary_bands.storage.sql import read_sql


def ledger(workspace: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
    """Count the rows of every export by disposition and reason."""
    return workspace.write(connection, "ledger")


def sources(workspace: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
    """List the sources, and keep the shares of stated but unknown values for the manifest."""
    workspace.write_facts("coverage", _unknown_shares(connection))
    return workspace.write(connection, "sources")


def _unknown_shares(connection: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Return the share of reports in scope whose title, employer, level or place is stated but unknown."""
    [counts] = connection.execute(read_sql("coverage/unknown_shares")).df().to_dict("records")
    reports = counts.pop("reports")
    return {str(what): round(int(count) / reports, 4) if reports else 0.0 for what, count in counts.items()}
