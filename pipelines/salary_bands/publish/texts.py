"""CHANGES.md and README.md of a release."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from salary_bands.aggregate.plan import Plan
from salary_bands.ingest.formats import Format
from salary_bands.publish.releases import Marts
from salary_bands.schemas.bands import KEY

SYNTHETIC = "**Synthetic.** This release is made from generated data. Nobody earns these figures."


def changes_text(
    plan: Plan, inputs: list[dict[str, Any]], previous: dict[str, Any] | None, folder: Path, marts: Marts
) -> str:
    """What moved since the previous release: exports, and how many cells."""
    lines = [f"# Changes in {plan.version}", ""]
    if plan.contains_synthetic:
        lines += [SYNTHETIC, ""]
    if previous is None:
        lines += ["The first release.", ""]
        lines += [f"- counted: `{i['file']}`, {i['rows']:,} rows" for i in inputs]
    else:
        lines += [
            f"Since {previous['version']}.",
            "",
            "## Exports",
            "",
            *_input_lines(inputs, previous["inputs"]),
        ]
        lines += ["", "## Cells", "", *_cell_lines(folder, marts.release(previous["version"]))]
        lines += _method_lines(plan, previous)
    held = [f"- `{s.file}` ({s.held_reason}): {s.held_line}" for s in plan.files if s.held_line]
    if held or plan.refused:
        lines += ["", "## Held and refused", "", *held, *(f"- {line}" for line in plan.refused)]
    return "\n".join(lines).rstrip() + "\n"


def _input_lines(new: list[dict[str, Any]], old: list[dict[str, Any]]) -> list[str]:
    before = {i["file"]: i for i in old}
    after = {i["file"]: i for i in new}
    lines = []
    for file in sorted(before.keys() | after.keys()):
        if file not in before:
            lines.append(f"- added: `{file}`, {after[file]['rows']:,} rows")
        elif file not in after:
            lines.append(f"- no longer counts: `{file}`, {before[file]['rows']:,} rows")
        elif before[file]["sha256"] != after[file]["sha256"]:
            lines.append(f"- overwritten: `{file}`, {before[file]['rows']:,} rows before, {after[file]['rows']:,} now")
    return lines or ["- the same exports"]


def _cell_lines(folder: Path, previous: Path) -> list[str]:
    """Counts of shown cells that came, went or moved."""
    columns = [*KEY, "basis", "p50"]
    new, old = (pq.read_table(f / "bands.parquet", columns=columns).to_pandas() for f in (folder, previous))
    shown = [f[f["basis"].ne("suppressed")].set_index(list(KEY))["p50"] for f in (new, old)]
    both = shown[0].index.intersection(shown[1].index)
    moved = int((shown[0].loc[both] != shown[1].loc[both]).sum())
    return [
        f"- shown now and not before: {len(shown[0].index.difference(shown[1].index)):,}",
        f"- shown before and not now: {len(shown[1].index.difference(shown[0].index)):,}",
        f"- shown in both: {len(both):,}, with another median: {moved:,}",
    ]


def _method_lines(plan: Plan, previous: dict[str, Any]) -> list[str]:
    if plan.method_version == previous["method_version"]:
        return []
    names = sorted({*plan.settings, *previous["settings"]})
    changed = [n for n in names if plan.settings.get(n) != previous["settings"].get(n)]
    lines = ["", "## Method", "", "The method changed, so moves are not of pay alone."]
    return lines + [f"- {n}: {previous['settings'].get(n)} before, {plan.settings.get(n)} now" for n in changed]


def readme_text(plan: Plan, formats: tuple[Format, ...]) -> str:
    """How to use and cite the release, and whose data it rests on."""
    used = {s.format for s in plan.counted}
    sources = [f"- {f.title}: {f.attribution}; licence: {f.licence}" for f in formats if f.name in used]
    lines = [
        f"# Compensation bands in machine learning, {plan.version}",
        "",
        *([SYNTHETIC, ""] if plan.contains_synthetic else []),
        f"Percentiles of annual pay in whole USD as of {plan.as_of}, gross, full time, over the "
        f"{int(plan.settings['window_months'])} months before. Reports are self-selected; a figure rounds to 500 USD, "
        "below 50,000 to 100. `reported` is people's pay, `advertised` is employers' adverts; no figure mixes the two.",
        "",
        "- `bands.csv`, `bands.parquet`: every published cell; small: `bands/<view>/<group_id>/<market>.json`",
        "- `premiums.csv`: what a specialisation pays over a baseline, all else equal. `multipliers.csv`: what each "
        "specialisation, tier, level, market and month multiplies pay by",
        "- `cards.csv`: a row per specialisation, all that its card shows. `claims.csv`: what public pages say, judged",
        "- `ledger.csv`: what became of every row of every export. `sources.csv`: where the reports come from",
        "- `datapackage.json`: every column with its meaning",
        "- `manifest.json`: inputs, settings, rates, and a hash of every file",
        "",
        "These files never change. Intervals are 95 % and cover chance, not who chose to report. Every table is there "
        "as CSV and as Parquet.",
        "",
        "## Sources",
        "",
        *sources,
        "",
        "## Cite",
        "",
        f"Salary Bands, release {plan.version}, method {plan.method_version}.",
    ]
    return "\n".join(lines) + "\n"
