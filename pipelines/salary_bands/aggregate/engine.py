"""DuckDB in memory, and the one-SELECT files of `sql/` run in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow

from salary_bands.reference import read_sql
from salary_bands.schemas import to_pandas

_BATCH = 250_000


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


def run_step(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Make the table that `sql/steps/<name>.sql` selects."""
    connection.execute(f"CREATE OR REPLACE TABLE {name} AS " + read_sql(f"steps/{name}"))


def add_view(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """A view of what `sql/steps/<name>.sql` selects, where making a table of it would only copy its inputs."""
    connection.execute(f"CREATE OR REPLACE VIEW {name} AS " + read_sql(f"steps/{name}"))


def selected(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[pd.DataFrame]:
    """What `sql/marts/<table>.sql` selects, in chunks of the table's types."""
    reader = connection.sql(read_sql(f"marts/{table}")).to_arrow_reader(_BATCH)
    for batch in reader:
        yield to_pandas(pyarrow.Table.from_batches([batch]), table)


def add_table(connection: duckdb.DuckDBPyConnection, name: str, frame: pd.DataFrame) -> None:
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


def offending_rows(connection: duckdb.DuckDBPyConnection, check: str) -> pd.DataFrame:
    """What a check of `sql/checks/` returns; it holds where that is nothing."""
    return connection.execute(read_sql(f"checks/{check}")).df()
