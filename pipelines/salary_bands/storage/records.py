"""Rows of a query as dicts; light enough for every command to import."""

from typing import Any

import duckdb


def records(cursor: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """What was executed, a dict a row."""
    names = [d[0] for d in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
