"""`salary-bands diff A B`: find what changed between two releases and why, from published tables only."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

from salary_bands.errors import UsageError
from salary_bands.query.changes import export_lines, method_lines, summaries
from salary_bands.releases.manifest import Manifest, inputs_without
from salary_bands.releases.marts import Marts
from salary_bands.releases.tables import table_file
from salary_bands.storage.duck import in_memory, make_table, make_view, run_step
from salary_bands.storage.records import records
from salary_bands.storage.sql import read_sql


def diff_releases(marts: Marts, old: str, new: str, filters: dict[str, str | None]) -> dict[str, Any]:
    """Return the differences between two releases: exports, method, summaries, and a row per changed cell.

    Args:
        marts: the marts folder.
        old: the version of a release.
        new: the version of another. If it is the earlier one, the two change places.
        filters: values of key columns of bands; None selects all.

    Raises:
        UsageError: A release is missing, only one of the two is synthetic, or no change has a filter's value.
    """
    known = {entry.version: place for place, entry in enumerate(marts.listed())}  # newest first
    asked = [marts.chosen(version, option="") for version in (old, new)]
    old, new = sorted(asked, key=lambda version: known[version], reverse=True)
    before, after = (marts.manifest(version) for version in (old, new))
    if before.contains_synthetic != after.contains_synthetic:
        raise UsageError(f"only one of {old} and {new} is synthetic; compare two synthetic or two real releases")
    with _compared(marts, before, after) as connection:
        _keep(connection, filters)
        found = summaries(connection)
        cells = records(connection.execute("SELECT * FROM changes"))
    return {
        "from": old,
        "to": new,
        "contains_synthetic": after.contains_synthetic,
        "exports": export_lines(after, before),
        "method": method_lines(after, before),
        **found,
        "changes": cells,
    }


@contextmanager
def _compared(marts: Marts, before: Manifest, after: Manifest) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection with the table `changes` between the two releases."""
    links = _links(marts, before.version, after)
    with in_memory() as connection:
        for name, manifest in (("bands", after), ("former_bands", before)):
            _read(connection, name, [str(table_file(marts, manifest.version, "bands"))])
        make_view(connection, "restated_bands", "SELECT * FROM former_bands")
        run_step(connection, "changes/changed_cells")
        is_measured = _add_links(connection, [str(table_file(marts, v, "changes")) for v in links or []])
        chain = {
            "is_linked": links is not None,
            "is_measured": is_measured,
            "method_changed": before.method_version != after.method_version,
            "reason": None if links is not None else _reason(before, after),
        }
        connection.execute(
            "CREATE TABLE chain AS SELECT $is_linked AS is_linked, $is_measured AS is_measured, "
            "$method_changed AS method_changed, CAST($reason AS VARCHAR) AS reason",
            chain,
        )
        run_step(connection, "changes/chained_parts")
        make_table(connection, "measured_changes", read_sql("steps/changes/chained_measures"))
        run_step(connection, "changes/distinguished_cells")
        make_table(connection, "changes", read_sql("diff/chained_changes"))
        yield connection


def _add_links(connection: duckdb.DuckDBPyConnection, paths: list[str]) -> bool:
    """Make the table `links` of the changes of a chain of releases; it is empty without paths.

    Returns:
        True if there is one link and it says what can be told from noise. Earlier releases do not.
    """
    if paths:
        _read(connection, "links", paths)
    else:
        connection.execute(
            "CREATE TABLE links AS SELECT *, NULL::BIGINT AS pay, NULL::BIGINT AS mix, '' AS reason "
            "FROM changed_cells WHERE false"
        )
    is_measured = len(paths) == 1 and "distinguishable" in connection.table("links").columns
    for name, kind in (("difference_low", "BIGINT"), ("difference_high", "BIGINT"), ("distinguishable", "BOOLEAN")):
        connection.execute(f"ALTER TABLE links ADD COLUMN IF NOT EXISTS {name} {kind}")
    return is_measured


def _read(connection: duckdb.DuckDBPyConnection, name: str, paths: list[str]) -> None:
    select = "SELECT * FROM read_parquet($paths, union_by_name = true)"
    connection.execute(f"CREATE TABLE {name} AS {select}", {"paths": paths})


def _keep(connection: duckdb.DuckDBPyConnection, filters: dict[str, str | None]) -> None:
    """Delete the changes that do not have these values."""
    wanted = {name: value for name, value in filters.items() if value is not None}
    for name, value in wanted.items():
        known = [row[0] for row in connection.table("changes").project(name).distinct().order(name).fetchall()]
        if value not in known:
            hint = f"use one of {', '.join(known)}" if known else "no median changed"
            raise UsageError(f"--{name.removesuffix('_id')} {value}: no median changed there; {hint}")
        connection.execute(f"DELETE FROM changes WHERE {name} <> $value", {"value": value})


def _links(marts: Marts, first: str, last: Manifest) -> list[str] | None:
    """Return the chain of releases after the first up to the last, each the successor of the one before.

    None if there is no chain: the last is not a successor of the first, a release between them is pruned, or one is
    older than the table `changes`.
    """
    found: list[str] = []
    manifest = last
    while manifest.version != first:
        version, previous = manifest.version, manifest.previous
        there = (marts.release(version) / "changes.parquet").is_file()
        if previous is None or not there or not marts.release(previous).is_dir():
            return None
        found.append(version)
        manifest = marts.manifest(previous)
    return found


def _reason(before: Manifest, after: Manifest) -> str:
    """Return the possible reason for changes between two releases that no chain connects."""
    if before.method_version != after.method_version:
        return "method_and_data"
    if inputs_without(before, after) or inputs_without(after, before):
        return "data"
    return "window" if before.as_of != after.as_of else "reference"
