"""DuckDB in memory, and the one-SELECT files of `sql/` run in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from salary_bands.storage.sql import read_sql

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def in_memory(spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to nothing but memory, spilling to a folder of its own."""
    connection = duckdb.connect(":memory:", config={"temp_directory": str(spill)})
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        yield connection
    finally:
        connection.close()


def quoted(text: str) -> str:
    """A SQL literal, where a parameter cannot stand."""
    return "'" + text.replace("'", "''") + "'"


def run_step(connection: duckdb.DuckDBPyConnection, step: str) -> None:
    """Make the table that `sql/steps/<step>.sql` selects, named like the file; step: `bands/percentiles`."""
    connection.execute(f"CREATE OR REPLACE TABLE {_stem(step)} AS " + read_sql(f"steps/{step}"))


def add_view(connection: duckdb.DuckDBPyConnection, step: str) -> None:
    """Add a view of what a step selects, if a table of it would only copy its inputs."""
    connection.execute(f"CREATE OR REPLACE VIEW {_stem(step)} AS " + read_sql(f"steps/{step}"))


def _stem(step: str) -> str:
    return step.rpartition("/")[2]


def add_table(connection: duckdb.DuckDBPyConnection, name: str, frame: "pd.DataFrame") -> None:
    """A table of the connection's own from a frame."""
    connection.register("incoming", frame)
    connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM incoming")
    connection.unregister("incoming")


def add_parts(connection: duckdb.DuckDBPyConnection, name: str, paths: list[Path]) -> None:
    """A view over Parquet parts, each row with the stem of its file as `export_key`."""
    files = ", ".join(quoted(str(path)) for path in paths)
    connection.execute(
        f"CREATE OR REPLACE VIEW {name} AS "
        f"SELECT * EXCLUDE (filename), parse_filename(filename, true) AS export_key "
        f"FROM read_parquet([{files}], union_by_name = true, filename = true)"
    )
