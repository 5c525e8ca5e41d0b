"""CHANGES.md: the changes since the previous release, in words and in the same tables as `salary-bands diff`."""

from pathlib import Path
from typing import Any

import duckdb

from salary_bands.aggregate.plan import Plan
from salary_bands.query.changes import cell_text, export_lines, method_lines, summaries
from salary_bands.releases.manifest import Manifest
from salary_bands.sample import SYNTHETIC

_PARTS = """
`restated` is the part due to method, reference data and corrections, `pay` the part due to pay, and `mix` the part due
to who reported. They add up to the change. A part that is unknown is empty.
""".strip()
_TITLES = {
    "change_counts": "Medians changed, added and removed, by main cause.",
    "headline_changes": "All machine learning in the US, reported pay, all tiers, USD. Other cells did not change.",
    "largest_changes": "The largest changes of base and total by specialisation in a country or metro, USD.",
}


def changes_text(plan: Plan, manifest: Manifest, previous: Manifest | None, folder: Path) -> str:
    """Write what changed since the previous release: exports, method and cells, and what was held or refused.

    Args:
        plan: the plan of the release.
        manifest: its manifest, of which inputs, settings and method_version are used.
        previous: the manifest of the previous release, None for the first one.
        folder: the folder of the release, with its changes.parquet.
    """
    lines = [f"# Changes in {plan.version}", *(["", f"**{SYNTHETIC}**"] if plan.contains_synthetic else [])]
    if previous is None:
        lines += ["", "The first release.", ""]
        lines += [f"- counted: `{i.file}`, {i.rows:,} rows" for i in manifest.inputs]
    else:
        exports = export_lines(manifest.inputs, previous.inputs) or ["no changes"]
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
        return ["", "## Cells", "", "No median changed."]
    tables = [["", _TITLES[name], "", *_table(rows)] for name, rows in found.items() if rows]
    return ["", "## Cells", "", *_PARTS.splitlines(), *(line for table in tables for line in table)]


def _table(rows: list[dict[str, Any]]) -> list[str]:
    lines = [list(rows[0]), ["---"] * len(rows[0]), *([cell_text(n, v) for n, v in row.items()] for row in rows)]
    return [f"| {' | '.join(line)} |" for line in lines]
