"""CHANGES.md: what moved since the release before, in words and in the tables that `salary-bands diff` shows too."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from salary_bands.query.changes import cell_text, export_lines, method_lines, summaries
from salary_bands.releases.manifest import Manifest

if TYPE_CHECKING:
    from salary_bands.aggregate.plan import Plan

SYNTHETIC = "**Synthetic.** This release is made from generated data. Nobody earns these figures."
_PARTS = """
`restated` is the part of method, reference data and corrections, `pay` that of pay, `mix` that of who reported;
together they are the move. A part that cannot be told is empty.
""".strip()
_TITLES = {
    "change_counts": "Medians that moved, came and went, by what moved them most.",
    "headline_changes": "All machine learning in the US, as reported, all tiers, USD. What is not here did not move.",
    "largest_changes": "The largest moves of base and total in a country or metro, specialisations by themselves, USD.",
}


def changes_text(plan: "Plan", manifest: Manifest, previous: Manifest | None, folder: Path) -> str:
    """What moved since the previous release: exports, method, cells; what was held and refused.

    folder: of the release, with its changes.parquet.
    """
    lines = [f"# Changes in {plan.version}", *(["", SYNTHETIC] if plan.contains_synthetic else [])]
    if previous is None:
        lines += ["", "The first release.", ""]
        lines += [f"- counted: `{i.file}`, {i.rows:,} rows" for i in manifest.inputs]
    else:
        exports = export_lines(manifest.inputs, previous.inputs) or ["the same exports"]
        lines += ["", f"Since {previous.version}.", "", "## Exports", "", *(f"- {line}" for line in exports)]
        if method := method_lines(manifest, previous):
            lines += ["", "## Method", "", "The method changed.", "", *(f"- {line}" for line in method)]
        if previous.contains_synthetic != plan.contains_synthetic:
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
