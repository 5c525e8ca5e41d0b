"""DuckDB in memory, and the SQL files that run in it."""

import atexit
import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from salary_bands.storage.sql import SQL, read_sql

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow

_FUNCTIONS = "memory"  # DuckDB's name of the database with our functions
_NUMBERS = itertools.count()  # so that no two databases have one name


@contextmanager
def in_memory(
    spill: Path | None = None, memory_limit: str | None = None, threads: int | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection with an empty database in memory, and the functions of `sql/functions/`.

    spill: a folder for what does not fit into memory. memory_limit: of DuckDB, such as 2GB; default its own. It holds
    for all connections together that have the same two. threads: of those from now on; default one for each core.
    """
    name = f"scratch_{next(_NUMBERS)}"
    with _engine(spill and str(spill), memory_limit).cursor() as connection:
        connection.execute(f"SET enable_progress_bar = false; ATTACH ':memory:' AS {name}")
        connection.execute(f"SET threads = {threads}" if threads else "RESET threads")
        _read_from(connection, name, _FUNCTIONS)
        try:
            yield connection
        except BaseException:
            _engine.cache_clear()  # the error may have left it unusable
            raise
        _read_from(connection, _FUNCTIONS)
        connection.execute(f"DETACH {name}")


@lru_cache(maxsize=2)
def _engine(spill: str | None, memory_limit: str | None) -> duckdb.DuckDBPyConnection:
    """Start DuckDB with our functions. A process keeps it, since a start takes longer than most steps."""
    config = {"temp_directory": spill, "memory_limit": memory_limit}
    engine = duckdb.connect(":memory:", config={name: value for name, value in config.items() if value})
    engine.execute("SET GLOBAL TimeZone = 'UTC'")
    engine.execute("SET GLOBAL enable_external_file_cache = false")  # tables are written anew while the process runs
    for function in sorted(SQL.glob("functions/*.sql")):
        engine.execute(function.read_text(encoding="utf-8"))
    return engine


atexit.register(_engine.cache_clear)  # removes what was spilled


def share(
    connection: duckdb.DuckDBPyConnection, groups: "Mapping[str, Callable[[], Mapping[str, pd.DataFrame]]]"
) -> None:
    """Let a connection read groups of tables, by key. All connections share a group; the first one makes it."""
    own = connection.execute("SELECT current_catalog()").fetchall()[0][0]
    databases = [row[0] for row in connection.execute("SELECT database_name FROM duckdb_databases()").fetchall()]
    names = {f"shared_{key}": tables for key, tables in groups.items()}
    for name in names.keys() - set(databases):
        connection.execute(f"ATTACH ':memory:' AS {name}")
        _read_from(connection, name)
        for table, rows in names[name]().items():
            add_table(connection, table, rows)
    _read_from(connection, own, *names, _FUNCTIONS)


def _read_from(connection: duckdb.DuckDBPyConnection, *databases: str) -> None:
    """Find tables and functions in these databases. The first one takes new tables."""
    path = ",".join(f"{name}.main" for name in databases)
    connection.execute(f"SET search_path = '{path}'")


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
