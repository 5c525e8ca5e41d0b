"""What the back-test found, as a generated part of docs/method.md."""

import re
from typing import Any

import pandas as pd

from salary_bands.fingerprint import METHOD
from tests.backtest.judged import interval, kind_of, outside, spread
from tests.builders import method_page

HEADING = "## What the back-test found"
OPEN, CLOSE = "<!-- back-test: method {method}, settings {digest} -->", "<!-- end of the back-test -->"
_PART = re.compile(r"<!-- back-test: .*? -->\n.*?" + re.escape(CLOSE), re.S)
FEWEST = 20  # differences that a row rests on
LEVELS = ("L3", "L4", "L5", "L6", "L7", "early", "senior")
TIERS = ("T1", "T2", "T3", "T4", "T5", "all")
SHOWN_ON = ("2020-12-31", "2020-06-30")


def mark() -> str:
    """The first line: the declared method and the settings that the tables were made with."""
    return OPEN.format(method=METHOD, digest=method_page.settings_digest())


def inserted(page: str, part: str) -> str:
    """The page with its generated part replaced; where it has none, under a heading before what figures are not."""
    return method_page.inserted(page, part, _PART, HEADING, "## What the figures are not")


def generated(page: str) -> str:
    """The generated part of a page; raises ValueError where it has none or more than one."""
    found = _PART.findall(page)
    if len(found) != 1:
        raise ValueError(f"{len(found)} generated parts instead of one")
    return str(found[0])


def text(rows: pd.DataFrame, shown: dict[str, pd.DataFrame], seconds: float) -> str:
    """The generated part. rows: judged, with `source`; shown: bands as of some days; seconds: that it took."""
    pooled, direct = (rows[rows["basis"].eq(basis)] for basis in ("pooled", "direct"))
    pooled = pooled.assign(kind=kind_of(pooled), place=pooled["tier"] + " " + pooled["level"])
    # without employers every tier is unknown, and a cell of all tiers is that of none
    direct = direct[~(direct["source"].eq("aijobs") & direct["tier"].eq("unknown"))]
    direct = direct.assign(kind=direct["source"] + ", " + direct["evidence"] + ", " + direct["tier"].map(_tiers))
    listed = direct[direct["tier"].isin(["T1", "T2"])]
    return f"""{mark()}

Real exports, split in time: bands as of a day against the reports of the half year after it
({_dates(rows)}).
Software engineers and data scientists stand in for two specialisations, since machine learning alone has too few cells
that both halves show. z is the difference of the two figures in logs, in standard errors of both, after the mean
difference of its metric, percentile and day is taken out (of P50 {_drift(rows)}).
If intervals are right, 5 % of z lie outside ±1.96 and the root mean square is 1; intervals from order statistics are
cautious, so that less is usual. Brackets hold 95 % by bootstrap of whole clusters. `make backtest` makes this section
in {seconds / 60:.0f} minutes of processor time.

**Pooled cells by kind**, countries as clusters, base / total.

{_table(pooled, "kind", "market")}

**Pooled cells by country**, kinds of cells (tier and level) as clusters.

{_table(pooled, "market", "place")}

**Direct cells**, markets as clusters.

{_table(direct, "kind", "market")}

**Direct cells of T1 and T2 by percentile**, markets as clusters. The aim is a root mean square of at most 1.2 for P50
and 1.4 for the others.

{_table(listed.assign(percentile="P" + listed["percentile"].astype(str)), "percentile", "market")}

**ml_generalist in the United States**, Levels.fyi alone, without stand-ins: P50 of base and of total in thousands of
USD with the 95 % interval, `·` if it is withheld, *italic* if it is pooled.

{_shown(shown)}

{CLOSE}"""


def _tiers(tier: str) -> str:
    return {"T1": "T1, T2", "T2": "T1, T2", "all": "all tiers", "unknown": "tier unknown"}.get(tier, "T3 to T5")


def _dates(rows: pd.DataFrame) -> str:
    return "; ".join(f"{source} {', '.join(sorted(set(part)))}" for source, part in rows.groupby("source")["until"])


def _drift(rows: pd.DataFrame) -> str:
    medians = rows[rows["percentile"].eq(50)].groupby("metric")["drift"]
    return ", ".join(f"{metric} {100 * low:+.1f} to {100 * high:+.1f} %" for metric, low, high in
                     medians.agg(["min", "max"]).itertuples())  # fmt: skip


def _table(rows: pd.DataFrame, name: str, cluster: str) -> str:
    lines = [
        f"| {name} | differences | outside ±1.96, % | root mean square of z | mean difference, % |",
        "|---|---|---|---|---|",
    ]
    for value, part in rows.groupby(name):
        metrics = [part[part["metric"].eq(metric)] for metric in ("base", "total")]
        cells = [
            " / ".join(f"{len(m):,}" for m in metrics),
            " / ".join(_bracketed(m, cluster, outside, ".1f") for m in metrics),
            " / ".join(_bracketed(m, cluster, spread, ".2f") for m in metrics),
            " / ".join(
                "·" if len(m) < FEWEST else f"{100 * (m['difference'] - m['drift']).mean():+.1f}" for m in metrics
            ),
        ]
        if max(map(len, metrics)) >= FEWEST:
            lines.append(f"| {value} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _bracketed(rows: pd.DataFrame, cluster: str, of: Any, style: str) -> str:
    if len(rows) < FEWEST:
        return "·"
    figure = format(of(rows["z"].to_numpy(float)), style)
    if rows[cluster].nunique() < 3:
        return figure
    low, high = interval(rows, cluster, of)
    return f"{figure} ({low:{style}} to {high:{style}})"


def _shown(shown: dict[str, pd.DataFrame]) -> str:
    lines = [f"| as of | level | {' | '.join(TIERS)} |", "|---" * (len(TIERS) + 2) + "|"]
    for day, bands in shown.items():
        here = bands["group_id"].eq("ml_generalist") & bands["market"].eq("US") & bands["evidence"].eq("reported")
        found = {(r["level"], r["tier"], r["metric"]): r for r in bands[here].to_dict("records")}
        for level in LEVELS:
            cells = [" / ".join(_figure(found.get((level, t, m))) for m in ("base", "total")) for t in TIERS]
            lines.append(f"| {day} | {level} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _figure(row: dict[Any, Any] | None) -> str:
    if row is None or row["basis"] == "suppressed":
        return "·"
    figure, low, high = (f"{row[name] / 1000:,.0f}" for name in ("p50", "p50_low", "p50_high"))
    mark = "*" if row["basis"] == "pooled" else ""
    return f"{mark}{figure} ({low} to {high}){mark}"
