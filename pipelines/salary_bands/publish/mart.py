"""The mart: one DuckDB file with the latest release's tables and the bands of all releases."""

from pathlib import Path

import duckdb

from salary_bands.query.macros import MACROS, add_macros
from salary_bands.releases.marts import Marts
from salary_bands.releases.tables import table_file, table_files
from salary_bands.schemas import RELEASE_TABLES, TABLES, arrow_schema
from salary_bands.storage.duck import in_memory, quoted
from salary_bands.storage.files import moved_into_place

STORAGE = "v1.0.0"  # the oldest DuckDB that must be able to read it


def build_mart(marts: Marts, version: str, history: list[str]) -> None:
    """Build the mart of a release, with the bands of all releases in `history`, and move it into place.

    Never wait for an analyst who has the old file open: the old file stays open for them.
    """
    with moved_into_place(marts.mart) as aside, in_memory() as connection:
        # without a log, which would have every row too: the file counts only once it is whole
        options = f"STORAGE_VERSION '{STORAGE}', RECOVERY_MODE 'no_wal_writes'"
        connection.execute(f"ATTACH {quoted(str(aside))} AS mart ({options})")
        connection.begin()  # one transaction: each is written to the disk
        manifest = marts.manifest(version)
        for table in RELEASE_TABLES:
            _add(connection, table, table_files(marts, manifest, table))
        paths = [table_file(marts, v, "bands") for v in sorted({*history, version})]
        _add(connection, "history_bands", paths, contract="bands")
        release = {"version": version, "history": history}
        connection.execute("CREATE TABLE mart.release AS SELECT $version AS version, $history AS history", release)
        connection.execute("COMMENT ON TABLE mart.release IS 'The release that this mart is of'")
        connection.execute("COMMENT ON COLUMN mart.release.version IS 'Its version'")
        connection.execute("COMMENT ON COLUMN mart.release.history IS 'The releases in history_bands, oldest first'")
        _add_macros(connection)
        connection.commit()
        connection.execute("DETACH mart")  # writes it, and fails if it cannot
    marts.mart.with_name(f"{marts.mart.name}.wal").unlink(missing_ok=True)  # of somebody who wrote to the old one


def _add_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Add the macros. They name tables without their database, whose name depends on who attaches the file."""
    connection.execute("USE mart")
    add_macros(connection)
    for name, (_, text) in MACROS.items():
        connection.execute(f"COMMENT ON MACRO TABLE {name} IS {quoted(text)}")
    connection.execute("USE memory")


def _add(connection: duckdb.DuckDBPyConnection, table: str, paths: list[Path], contract: str | None = None) -> None:
    """Add a table with its comments. A table or column that is newer than the release is empty or null."""
    model = TABLES[contract or table]
    connection.register("nothing", arrow_schema(contract or table).empty_table())
    rows = "SELECT * FROM nothing"
    if paths:
        files = ", ".join(quoted(str(path)) for path in paths)
        rows += f" UNION ALL BY NAME SELECT * FROM read_parquet([{files}], union_by_name = true)"
    names = ", ".join(f'"{name}"' for name in arrow_schema(contract or table).names)
    connection.execute(f"CREATE TABLE mart.{table} AS SELECT {names} FROM ({rows})")
    connection.unregister("nothing")
    connection.execute(f"COMMENT ON TABLE mart.{table} IS {quoted((model.__doc__ or '').strip())}")
    for name, spec in model.to_schema().columns.items():
        unit = (spec.metadata or {}).get("unit")
        text = f"{spec.description} [{unit}]" if unit else str(spec.description)
        connection.execute(f'COMMENT ON COLUMN mart.{table}."{name}" IS {quoted(text)}')
