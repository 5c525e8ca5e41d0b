"""Describe the differences between two releases in words and tables."""

from typing import Any

import duckdb

from salary_bands.releases.manifest import Input, Manifest
from salary_bands.storage.records import records
from salary_bands.storage.sql import read_sql

SUMMARIES = ("change_counts", "headline_changes", "largest_changes")


def summaries(connection: duckdb.DuckDBPyConnection) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each summary of the table or view `changes`."""
    return {name: records(connection.execute(read_sql(f"diff/{name}"))) for name in SUMMARIES}


def export_lines(new: list[Input], old: list[Input]) -> list[str]:
    """Describe which exports were added, overwritten or dropped, one line each, from the inputs of the manifests."""
    before = {i.file: i for i in old}
    after = {i.file: i for i in new}
    lines = []
    for file in sorted(before.keys() | after.keys()):
        if file not in before:
            lines.append(f"added: `{file}`, {after[file].rows:,} rows")
        elif file not in after:
            lines.append(f"no longer used: `{file}`, {before[file].rows:,} rows")
        elif before[file].sha256 != after[file].sha256:
            lines.append(f"overwritten: `{file}`, {before[file].rows:,} rows before, {after[file].rows:,} now")
    return lines


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
    if name in ("restated", "pay", "mix"):
        return f"{value:+,}" if value else "0"
    return f"{value:,}" if isinstance(value, int) else str(value)
