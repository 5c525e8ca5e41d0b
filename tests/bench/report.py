"""The table and the plot of docs/performance.md, from the results of a run."""

import json
import os
import platform
import re
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
import vl_convert

_BEGIN, _END = "<!-- measured -->", "<!-- end -->"


def machine() -> str:
    """What the figures were measured on."""
    import duckdb

    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    python = platform.python_version()
    return f"{os.cpu_count()} cores, {gigabytes:.0f} GB, Python {python}, DuckDB {duckdb.__version__}"


def write(results: Path, page: Path) -> None:
    """Replace the measured part of the page, and draw how a cold refresh grows beside it."""
    document = json.loads(results.read_text(encoding="utf-8"))
    rows = pd.json_normalize(document["rows"])
    lines = [f"Measured on {document['machine']}; medians where a work was run more than once.", ""]
    for (population, count), part in rows.groupby(["population", "rows"], sort=False):
        if "peer duckdb" in set(part["work"]):
            lines += [f"**{population}**, {count:,} rows:", "", *_table(part), ""]
    growth = rows[rows["work"].str.startswith("cold")]
    if len(growth) > 2:
        _draw(growth[growth["work"].eq("cold") & growth["population"].eq("varied")], page.parent / "performance")
        lines += ["![CPU seconds and memory of a cold refresh over rows](performance/growth.svg)", ""]
        exports = growth[growth["work"].ne("cold")]
        lines += ["| exports with 30,000 rows in all | CPU s |", "|---:|---:|"]
        lines += [f"| {_number(w)} | {c:.1f} |" for w, c in zip(exports["work"], exports["cost.cpu"], strict=True)]
    text = page.read_text(encoding="utf-8")
    part = "\n".join([_BEGIN, "", *lines, "", _END])
    page.write_text(re.sub(f"{_BEGIN}.*{_END}", lambda _: part, text, flags=re.DOTALL), encoding="utf-8")


def _number(work: str) -> str:
    return "".join(c for c in work if c.isdigit())


def _table(rows: pd.DataFrame) -> list[str]:
    cost = rows.set_index("work")
    floor, cold = cost.loc["peer duckdb", "cost.cpu"], cost.loc["cold", "cost.cpu"]
    lines = ["| work | CPU s | wall s | peak GB | of the floor | of cold |", "|---|---:|---:|---:|---:|---:|"]
    for work, row in cost.iterrows():
        cpu: Any = row["cost.cpu"]
        wall, peak = row["cost.wall"], row["cost.peak"]
        lines.append(f"| {work} | {cpu:.2f} | {wall:.2f} | {peak:.2f} | {cpu / floor:.2f} | {cpu / cold:.3f} |")
    return lines


def _draw(rows: pd.DataFrame, folder: Path) -> None:
    data = rows.rename(columns={"cost.cpu": "CPU seconds", "cost.peak": "peak GB"})
    x = alt.X("rows:Q", scale=alt.Scale(type="log"), title="rows")
    charts = [
        alt.Chart(data)
        .mark_line(point=True, color="#2166ac")
        .encode(x, alt.Y(f"{name}:Q", scale=alt.Scale(type="log"), title=name))
        .properties(width=280, height=200)
        for name in ("CPU seconds", "peak GB")
    ]
    folder.mkdir(parents=True, exist_ok=True)
    svg = vl_convert.vegalite_to_svg(alt.hconcat(*charts).to_json())
    (folder / "growth.svg").write_text(svg + "\n", encoding="utf-8")
