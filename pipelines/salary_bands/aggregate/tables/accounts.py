"""full_ledger, ledger and sources: what became of every row, and where the reports come from."""

import duckdb
import pandas as pd

from salary_bands.aggregate.workspace import Workspace
from salary_bands.statistics.disclosure import merged_ledger
from salary_bands.storage.duck import add_table
from salary_bands.storage.sql import read_sql


def full_ledger(workspace: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
    """Every row of every file by disposition and reason; how many of a source are accepted goes into the manifest."""
    rows = workspace.write(connection, "full_ledger")
    workspace.write_facts("accepted_rows", _accepted_rows(workspace.frame("full_ledger")))
    return rows


def ledger(workspace: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
    """The ledger as it is published: by export, without counts below ten."""
    add_table(connection, "merged_ledger", merged_ledger(workspace.frame("full_ledger")))
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


def _accepted_rows(ledger: pd.DataFrame) -> dict[str, int]:
    """By source, to the next ten, so that the count of the others cannot be told; the gate of volume compares it."""
    others = ledger["disposition"].isin(("held", "rejected", "superseded")) | ledger["reason"].eq("same_bytes")
    rows = ledger[~others].groupby("source")["rows"].sum()
    return {str(source): 10 * round(count / 10) for source, count in rows.items()}
