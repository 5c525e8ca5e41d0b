"""CHANGES.md: the changes since the previous release, in words and in the same tables as `salary-bands diff`."""

from pathlib import Path
from typing import Any

from salary_bands.publish.artefacts.markdown import escaped
from salary_bands.query.changes import (
    cell_text,
    export_lines,
    method_lines,
    more_line,
    noise_line,
    reading_changes,
    rows_text,
    summaries,
)
from salary_bands.releases.manifest import Manifest
from salary_bands.sample import SYNTHETIC

_PARTS = """
A move can be told from noise if chance alone would hardly explain it: at most 5 % of the moves so named are expected to
be noise. From `difference_low` to `difference_high` is the 95 % interval of the move, less `restated`. It allows for
reports and employers that both releases share, not for who chose to report.

`restated` is the part due to method, reference data and corrections, `pay` the part due to pay, and `mix` the part due
to who reported. They add up to the change. A part that is unknown is empty.
""".strip()
_TITLES = {
    "change_counts": "Medians changed, added and removed, by main cause.",
    "headline_changes": "All machine learning in the US, reported pay, all tiers: moves beyond noise, USD.",
    "largest_changes": "The largest moves beyond noise, USD; `cells` is the number of cells with the same move.",
}


def changes_text(manifest: Manifest, previous: Manifest | None, folder: Path) -> str:
    """Write what changed since the previous release: exports, method and cells.

    Args:
        manifest: the manifest of the release.
        previous: the manifest of the previous release, None for the first one.
        folder: the folder of the release, with its changes.parquet.
    """
    lines = [f"# Changes in {manifest.version}", *(["", f"**{SYNTHETIC}**"] if manifest.contains_synthetic else [])]
    if previous is None:
        lines += ["", "The first release.", ""]
        lines += [f"- counted: {escaped(i.name)}, {rows_text(i)}" for i in manifest.inputs]
    else:
        exports = export_lines(manifest, previous) or ["no changes"]
        lines += ["", f"Since {previous.version}.", "", "## Exports", "", *(f"- {escaped(line)}" for line in exports)]
        if method := method_lines(manifest, previous):
            lines += ["", "## Method", "", "The method changed.", "", *(f"- {line}" for line in method)]
        if previous.contains_synthetic != manifest.contains_synthetic:
            lines += ["", "Synthetic and real pay are not compared."]
        else:
            lines += _cell_lines(folder)
    return "\n".join(lines).rstrip() + "\n"


def _cell_lines(folder: Path) -> list[str]:
    with reading_changes(folder / "changes.parquet") as connection:
        found = summaries(connection)
    if not found["change_counts"]:
        return ["", "## Cells", "", "No median changed."]
    tables = [["", _TITLES[name], "", *_table(rows)] for name, rows in found.items() if rows]
    said = ["", noise_line(found["change_counts"]), "", *_PARTS.splitlines()]
    more = more_line(found)
    more_lines = ["", f"{more} The table `changes` has them."] if more else []
    return ["", "## Cells", *said, *(line for table in tables for line in table), *more_lines]


def _table(rows: list[dict[str, Any]]) -> list[str]:
    lines = [list(rows[0]), ["---"] * len(rows[0]), *([cell_text(n, v) for n, v in row.items()] for row in rows)]
    return [f"| {' | '.join(line)} |" for line in lines]
