"""ledger and sources: what became of every row, and where the reports come from."""

import duckdb

from salary_bands.aggregate.workspace import Workspace
from salary_bands.storage.sql import read_sql


def ledger(workspace: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
    """Every row of every export by disposition and reason."""
    return workspace.write(connection, "ledger")


def sources(workspace: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
    """Where the reports come from; of these, the shares that are stated and unknown go into the manifest."""
    workspace.write_facts("coverage", _unknown_shares(connection))
    return workspace.write(connection, "sources")


def _unknown_shares(connection: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """The share of reports in scope and window whose title, employer, level or place is stated and unknown."""
    [counts] = connection.execute(read_sql("coverage/unknown_shares")).df().to_dict("records")
    reports = counts.pop("reports")
    return {str(what): round(int(count) / reports, 4) if reports else 0.0 for what, count in counts.items()}
