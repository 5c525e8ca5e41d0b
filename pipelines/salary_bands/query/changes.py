"""Describe the differences between two releases in words and tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from salary_bands.releases.manifest import Input, Manifest, inputs_without
from salary_bands.storage.duck import in_memory, make_table, quoted
from salary_bands.storage.files import checksum_of
from salary_bands.storage.records import records
from salary_bands.storage.sql import read_sql

SUMMARIES = ("change_counts", "headline_changes", "largest_changes")


def summaries(connection: duckdb.DuckDBPyConnection) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each summary of the table or view `changes`."""
    return {name: summary(connection, name) for name in SUMMARIES}


def summary(connection: duckdb.DuckDBPyConnection, name: str) -> list[dict[str, Any]]:
    """Return the rows of one summary of the table or view `changes`."""
    return records(connection.execute(read_sql(f"diff/{name}")))


@contextmanager
def reading_changes(changes: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection with the table `changes` of a release from its Parquet file."""
    with in_memory() as connection:
        make_table(connection, "changes", f"SELECT * FROM read_parquet({quoted(str(changes))})")
        yield connection


def noise_line(counts: list[dict[str, Any]]) -> str:
    """Say how many of the changed medians can be told from noise; counts: rows of change_counts."""
    changed, told = (sum(row[name] for row in counts) for name in ("changed", "distinguishable"))
    if not changed:
        return "No cell that both releases show has another median."
    medians = f"{changed:,} median{'s' if changed > 1 else ''} changed"
    if not told:
        return f"{medians}; none of these moves can be told from noise, so none is news."
    return f"{medians}; {told:,} of these moves can be told from noise, and only such moves are named."


def more_line(found: dict[str, list[dict[str, Any]]]) -> str:
    """Say how many moves beyond noise are not among the largest; empty if all are. found: rows of each summary."""
    told = sum(row["distinguishable"] for row in found["change_counts"])
    more = told - sum(row["cells"] for row in found["largest_changes"])
    return f"{more:,} more move{'s' if more > 1 else ''} can be told from noise." if more else ""


def news_text(changes: Path) -> str:
    """Say in a sentence or two what moved beyond noise in a release; empty if that is unknown.

    changes: the Parquet file of the table, which a release before schema_version 2 has without the columns for this.
    """
    return _news_text(changes, checksum_of(changes))


@cache
def _news_text(changes: Path, checksum: str) -> str:
    """Say it once in a process: every change of the pointers asks for the news of all releases."""
    try:
        with reading_changes(changes) as connection:
            counts = summary(connection, "change_counts")
            is_news = any(row["distinguishable"] for row in counts)
            moves = summary(connection, "largest_changes") if is_news else []
    except duckdb.Error:
        return ""
    if not counts:
        return ""
    largest = [
        f"{row['group_id']}, tier {row['tier']}, level {row['level']}, {row['market']}, "
        f"{row['evidence']} {row['metric']}: {row['old']:,} to {row['new']:,} USD"
        for row in moves[:3]
    ]
    named = f" The largest: {'; '.join(largest)}." if largest else ""
    return noise_line(counts) + named


def export_lines(new: Manifest, old: Manifest) -> list[str]:
    """Describe which exports were added or dropped, one line each."""
    moved = [("added", i) for i in inputs_without(new, old)] + [("no longer used", i) for i in inputs_without(old, new)]
    return [f"{what}: {i.name}, {rows_text(i)}" for what, i in sorted(moved, key=lambda one: one[1].name)]


def rows_text(export: Input) -> str:
    """Say how many rows an export has."""
    return "fewer than 10 rows" if export.rows is None else f"{export.rows:,} rows"


def method_lines(new: Manifest, old: Manifest) -> list[str]:
    """Describe what differs in the method of two manifests, one line each; return no line if it is the same."""
    if new.method_version == old.method_version:
        return []
    names = sorted({*new.settings, *old.settings})
    was, now = old.settings, new.settings
    changed = [f"{n}: {was.get(n)} before, {now.get(n)} now" for n in names if was.get(n) != now.get(n)]
    return changed or ["formulas; no setting changed"]


def cell_text(name: str, value: Any) -> str:
    """Format a figure: dollars with commas, parts with a sign, shares in percent, unknown as an empty text."""
    if value is None:
        return ""
    if name == "median_move":
        return f"{value:.1%}"
    if name in ("restated", "pay", "mix", "difference_low", "difference_high"):
        return f"{value:+,}" if value else "0"
    return f"{value:,}" if isinstance(value, int) else str(value)
