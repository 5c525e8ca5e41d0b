"""`salary-bands diff A B`: what moved between two releases, and why. Reads published tables alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

from salary_bands.errors import UsageError
from salary_bands.query.changes import export_lines, method_lines, summaries
from salary_bands.releases.marts import Document, Marts
from salary_bands.releases.tables import table_file
from salary_bands.storage.records import records
from salary_bands.storage.sql import read_sql


def diff_releases(marts: Marts, old: str, new: str, filters: dict[str, str | None]) -> dict[str, Any]:
    """What differs from one release to another: exports, method, summaries, and `changes`, a row a cell that moved.

    filters: of the key of bands. Raises UsageError where a release is not there, synthetic and real ones are compared,
    or a filter names what did not move.
    """
    before, after = (marts.manifest(marts.chosen(version)) for version in (old, new))
    if before["contains_synthetic"] != after["contains_synthetic"]:
        raise UsageError(f"one of {old} and {new} is synthetic: nobody earns its figures, and they are not compared")
    with _compared(marts, before, after) as connection:
        _keep(connection, filters)
        found = summaries(connection)
        cells = records(connection.execute("SELECT * FROM changes"))
    return {
        "from": old,
        "to": new,
        "contains_synthetic": after["contains_synthetic"],
        "exports": export_lines(after["inputs"], before["inputs"]),
        "method": method_lines(after, before),
        **found,
        "changes": cells,
    }


@contextmanager
def _compared(marts: Marts, before: Document, after: Document) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the table `changes` between the two."""
    links = _links(marts, before["version"], after)
    with duckdb.connect(":memory:") as connection:
        for name, manifest in (("bands", after), ("former_bands", before)):
            _read(connection, name, [str(table_file(marts, manifest["version"], "bands"))])
        connection.execute("CREATE VIEW restated_bands AS SELECT * FROM former_bands")
        connection.execute(f"CREATE TABLE changed_cells AS {read_sql('steps/changes/changed_cells')}")
        # without links the parts of no release count, whose changes stand in for the columns
        paths = [str(table_file(marts, v, "changes")) for v in links or []]
        if paths:
            _read(connection, "links", paths)
        else:
            connection.execute(
                "CREATE TABLE links AS SELECT *, NULL::BIGINT AS pay, NULL::BIGINT AS mix, '' AS reason "
                "FROM changed_cells WHERE false"
            )
        reason = None if links is not None else _reason(before, after)
        connection.execute("CREATE TABLE unlinked AS SELECT CAST($reason AS VARCHAR) AS reason", {"reason": reason})
        connection.execute(f"CREATE TABLE changes AS {read_sql('diff/chained_changes')}")
        yield connection


def _read(connection: duckdb.DuckDBPyConnection, name: str, paths: list[str]) -> None:
    connection.execute(f"CREATE TABLE {name} AS SELECT * FROM read_parquet($paths)", {"paths": paths})


def _keep(connection: duckdb.DuckDBPyConnection, filters: dict[str, str | None]) -> None:
    """Only the changes that have these values."""
    wanted = {name: value for name, value in filters.items() if value is not None}
    for name, value in wanted.items():
        known = [row[0] for row in connection.table("changes").project(name).distinct().order(name).fetchall()]
        if value not in known:
            there = f"there moved {', '.join(known)}" if known else "no median moved"
            raise UsageError(f"--{name.removesuffix('_id')} {value}: nothing of it moved; {there}")
        connection.execute(f"DELETE FROM changes WHERE {name} <> $value", {"value": value})


def _links(marts: Marts, first: str, last: Document) -> list[str] | None:
    """The releases after the first up to the last, each made after the one before.

    None where there is no such way: neither was made after the other, or one between them was pruned, or is older than
    the table `changes`.
    """
    found: list[str] = []
    manifest = last
    while manifest["version"] != first:
        version, previous = manifest["version"], manifest["previous"]
        there = (marts.release(version) / "changes.parquet").is_file()
        if previous is None or not there or not marts.release(previous).is_dir():
            return None
        found.append(version)
        manifest = marts.manifest(previous)
    return found


def _reason(before: Document, after: Document) -> str:
    """What may have moved cells between two releases that no links lead between."""
    if before["method_version"] != after["method_version"]:
        return "method_and_data"
    hashes = [{i["sha256"] for i in manifest["inputs"]} for manifest in (before, after)]
    if hashes[0] != hashes[1]:
        return "data"
    return "window" if before["as_of"] != after["as_of"] else "reference"
