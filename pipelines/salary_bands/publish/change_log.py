"""CHANGES.md: what moved since the release before, in words and in the tables that `salary-bands diff` shows too."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from salary_bands.publish.releases import Document
from salary_bands.records import records
from salary_bands.reference import read_sql

if TYPE_CHECKING:
    from salary_bands.aggregate.plan import Plan

SYNTHETIC = "**Synthetic.** This release is made from generated data. Nobody earns these figures."
SUMMARIES = ("change_counts", "headline_changes", "largest_changes")
_PARTS = """
`restated` is the part of method, reference data and corrections, `pay` that of pay, `mix` that of who reported;
together they are the move. A part that cannot be told is empty.
""".strip()
_TITLES = {
    "change_counts": "Medians that moved, came and went, by what moved them most.",
    "headline_changes": "All machine learning in the US, as reported, all tiers, USD. What is not here did not move.",
    "largest_changes": "The largest moves of base and total in a country or metro, specialisations by themselves, USD.",
}


def summaries(connection: duckdb.DuckDBPyConnection) -> dict[str, list[dict[str, Any]]]:
    """The rows of each summary of the table or view `changes`."""
    return {name: records(connection.execute(read_sql(f"diff/{name}"))) for name in SUMMARIES}


def export_lines(new: list[Document], old: list[Document]) -> list[str]:
    """What became of the exports between two releases, a line each; inputs as in manifests."""
    before = {i["file"]: i for i in old}
    after = {i["file"]: i for i in new}
    lines = []
    for file in sorted(before.keys() | after.keys()):
        if file not in before:
            lines.append(f"added: `{file}`, {after[file]['rows']:,} rows")
        elif file not in after:
            lines.append(f"no longer counts: `{file}`, {before[file]['rows']:,} rows")
        elif before[file]["sha256"] != after[file]["sha256"]:
            lines.append(f"overwritten: `{file}`, {before[file]['rows']:,} rows before, {after[file]['rows']:,} now")
    return lines


def method_lines(new: Document, old: Document) -> list[str]:
    """What of the method differs between two manifests, a line each; none where it is the same."""
    if new["method_version"] == old["method_version"]:
        return []
    names = sorted({*new["settings"], *old["settings"]})
    was, now = old["settings"], new["settings"]
    changed = [f"{n}: {was.get(n)} before, {now.get(n)} now" for n in names if was.get(n) != now.get(n)]
    return changed or ["formulas; every setting is as it was"]


def changes_text(plan: "Plan", manifest: Document, previous: Document | None, folder: Path) -> str:
    """What moved since the previous release: exports, method, cells; what was held and refused.

    folder: of the release, with its changes.parquet. The manifest needs inputs, settings and method_version.
    """
    lines = [f"# Changes in {plan.version}", *(["", SYNTHETIC] if plan.contains_synthetic else [])]
    if previous is None:
        lines += ["", "The first release.", ""]
        lines += [f"- counted: `{i['file']}`, {i['rows']:,} rows" for i in manifest["inputs"]]
    else:
        exports = export_lines(manifest["inputs"], previous["inputs"]) or ["the same exports"]
        lines += ["", f"Since {previous['version']}.", "", "## Exports", "", *(f"- {line}" for line in exports)]
        if method := method_lines(manifest, previous):
            lines += ["", "## Method", "", "The method changed.", "", *(f"- {line}" for line in method)]
        if previous["contains_synthetic"] != plan.contains_synthetic:
            lines += ["", "Synthetic and real pay are not compared."]
        else:
            lines += _cell_lines(folder)
    held = [f"- `{s.file}` ({s.held_reason}): {s.held_line}" for s in plan.files if s.held_line]
    if held or plan.refused:
        lines += ["", "## Held and refused", "", *held, *(f"- {line}" for line in plan.refused)]
    return "\n".join(lines).rstrip() + "\n"


def _cell_lines(folder: Path) -> list[str]:
    with duckdb.connect(":memory:") as connection:
        path = str(folder / "changes.parquet")
        connection.execute("CREATE TABLE changes AS SELECT * FROM read_parquet($path)", {"path": path})
        found = summaries(connection)
    if not found["change_counts"]:
        return ["", "## Cells", "", "No median moved."]
    tables = [["", _TITLES[name], "", *_table(rows)] for name, rows in found.items() if rows]
    return ["", "## Cells", "", *_PARTS.splitlines(), *(line for table in tables for line in table)]


def _table(rows: list[dict[str, Any]]) -> list[str]:
    lines = [list(rows[0]), ["---"] * len(rows[0]), *([cell_text(n, v) for n, v in row.items()] for row in rows)]
    return [f"| {' | '.join(line)} |" for line in lines]


def cell_text(name: str, value: Any) -> str:
    """A figure as it is read: dollars with commas, parts with their sign, shares in percent, unknown as nothing."""
    if value is None:
        return ""
    if name == "median_move":
        return f"{value:.1%}"
    if name in ("restated", "pay", "mix"):
        return f"{value:+,}" if value else "0"
    return f"{value:,}" if isinstance(value, int) else str(value)
