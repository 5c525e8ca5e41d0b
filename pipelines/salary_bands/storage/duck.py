"""DuckDB in memory, and the SQL files that run in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from salary_bands.storage.sql import SQL, read_sql

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow


@contextmanager
def in_memory(spill: Path | None = None, memory_limit: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an in-memory database with the functions of `sql/functions/`.

    spill: a folder for what does not fit into memory. memory_limit: of DuckDB, such as 2GB; default its own.
    """
    config = {"temp_directory": spill and str(spill), "memory_limit": memory_limit}
    connection = duckdb.connect(":memory:", config={name: value for name, value in config.items() if value})
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        for function in sorted(SQL.glob("functions/*.sql")):
            connection.execute(function.read_text(encoding="utf-8"))
        yield connection
    finally:
        connection.close()


def quoted(text: str) -> str:
    """Quote a text as a SQL literal, for statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"


def run_step(connection: duckdb.DuckDBPyConnection, step: str) -> None:
    """Make the table that `sql/steps/<step>.sql` selects, named like the file; step: `bands/percentiles`."""
    make_table(connection, _stem(step), read_sql(f"steps/{step}"))


def add_view(connection: duckdb.DuckDBPyConnection, step: str) -> None:
    """Add a view of what a step selects, if a table of it would only copy its inputs."""
    make_view(connection, _stem(step), read_sql(f"steps/{step}"))


def _stem(step: str) -> str:
    return step.rpartition("/")[2]


def make_table(connection: duckdb.DuckDBPyConnection, name: str, select: str) -> None:
    """Make or replace a table of the rows of a SELECT."""
    connection.execute(f"CREATE OR REPLACE TABLE {name} AS {select}")


def make_view(connection: duckdb.DuckDBPyConnection, name: str, select: str) -> None:
    """Make or replace a view of a SELECT."""
    connection.execute(f"CREATE OR REPLACE VIEW {name} AS {select}")


def add_table(connection: duckdb.DuckDBPyConnection, name: str, rows: "pd.DataFrame | pyarrow.Table") -> None:
    """Copy rows into a table. A view over them would do, but DuckDB 1.5 cannot filter Arrow tables in some joins."""
    connection.register("incoming", rows)
    make_table(connection, name, "SELECT * FROM incoming")
    connection.unregister("incoming")


def add_file(connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    """Add a view over a Parquet file."""
    make_view(connection, name, f"SELECT * FROM read_parquet({quoted(str(path))})")


def add_parts(connection: duckdb.DuckDBPyConnection, name: str, paths: list[Path]) -> None:
    """Add a view over Parquet parts, with the stem of the file of each row as `export_key`."""
    files = ", ".join(quoted(str(path)) for path in paths)
    make_view(
        connection,
        name,
        "SELECT * EXCLUDE (filename), parse_filename(filename, true) AS export_key "
        f"FROM read_parquet([{files}], union_by_name = true, filename = true)",
    )
