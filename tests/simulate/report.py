"""What the simulation found, as the generated part of docs/method.md."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from salary_bands.fingerprint import METHOD, PACKAGE, digest, source_digest
from salary_bands.settings import Settings
from salary_bands.storage.sql import SQL
from tests.backtest.judged import kind_of
from tests.simulate.faults import KINDS
from tests.simulate.gates import CASES
from tests.simulate.population import SMALL_COUNTRIES, Population
from tests.simulate.readings import coverage
from tests.simulate.truth import CELL

HEADING = "## What the simulation found"
OPEN, CLOSE = (
    "<!-- simulated: method {method}, settings {digest}, seed {seed} -->",
    "<!-- end of what was simulated -->",
)
_PART = re.compile(r"<!-- simulated: .*? -->\n.*?" + re.escape(CLOSE), re.S)
CLASSES = {
    "9 to 19": 20,
    "20 to 53": 54,
    "54 to 99": 100,
    "100 to 299": 300,
    "300 to 999": 1000,
    "1,000 and up": np.inf,
}
SMALL = ("9 to 19", "20 to 53", "54 to 99")
FEWEST = 200  # intervals of a share that is judged
MODEL_SIZE = 20_000
FATES = {
    "direct": "shown, direct", "pooled": "shown, pooled", "few_reports": "few_reports",
    "few_employers": "few_employers", "dominated": "dominated",
    "low_effective_n": "low_effective_n",
}  # fmt: skip


@dataclass(frozen=True)
class Bar:
    """What is asked, what was found, and whether that is enough."""

    asked: str
    found: str
    met: bool


def mark() -> str:
    """The first line of the part: the declared method and the settings that the simulation ran with."""
    defaults = {n: f.default for n, f in Settings.model_fields.items() if n.startswith("gate_") or f.json_schema_extra}
    return OPEN.format(method=METHOD, digest=digest(defaults)[:12], seed=Population().seed)


def code_digest() -> str:
    """Of the sources, without comments, that results of pieces were made by: a run goes on with those of the same."""
    folders = (PACKAGE / "statistics", PACKAGE / "aggregate", PACKAGE / "gates", SQL, Path(__file__).parent)
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".sql"))
    return digest([mark(), [(path.name, source_digest(path)) for path in files]])[:12]


def size_class(effective: pd.Series) -> pd.Series:
    edges = [0.0, *(float(top) for top in CLASSES.values())]
    return pd.Series(pd.cut(effective, edges, right=False, labels=list(CLASSES)), index=effective.index).astype(str)


def inserted(page: str, part: str) -> str:
    """The page with its generated part replaced; where it has none, under a heading before what figures are not."""
    if _PART.search(page):
        return _PART.sub(lambda _: part, page)
    place = page.index("## What the figures are not")
    return f"{page[:place]}{HEADING}\n\n{part}\n\n{page[place:]}"


def generated(page: str) -> str:
    """The generated part of a page; raises ValueError where it has none or more than one."""
    found = _PART.findall(page)
    if len(found) != 1:
        raise ValueError(f"{len(found)} generated parts instead of one")
    return str(found[0])


def direct_bars(shares: pd.DataFrame) -> list[Bar]:
    """shares: of `coverage` by metric, size_class, percentile."""
    enough = shares[shares["intervals"].ge(FEWEST)]
    small = enough["size_class"].isin(SMALL)
    lowest = enough.loc[enough["share"].idxmin()]
    large = _together(enough[~small])
    return [
        Bar(
            "direct intervals hold the truth: 93 % or more everywhere",
            f"{_per(lowest['share'])} ± {200 * lowest['error']:.1f} at least, of {len(enough)} classes",
            bool(lowest["share"] >= 0.93),
        ),
        Bar(
            "94 to 98 % from 100 effective reports, by metric and percentile",
            f"{_span(large)}; in single size classes {_span(enough.loc[~small, 'share'])}",
            bool(large.between(0.94, 0.98).all()),
        ),
        Bar(
            "99 % at most below that",
            f"{_per(enough.loc[small, 'share'].max())} at most",
            bool(enough.loc[small, "share"].max() <= 0.99),
        ),
    ]


def _together(shares: pd.DataFrame) -> pd.Series:
    """By metric and percentile, all size classes."""
    inside = shares.assign(inside=shares["share"] * shares["intervals"]).groupby(["metric", "percentile"])
    return inside["inside"].sum() / inside["intervals"].sum()


def model_bars(premiums: pd.DataFrame, multipliers: pd.DataFrame) -> list[Bar]:
    shares = coverage(premiums, ["metric"])["share"]
    bars = [
        Bar(f"premiums at {MODEL_SIZE:,} reports: 93 to 97 %", _span(shares), bool(shares.between(0.93, 0.97).all()))
    ]
    for name, rows, keys in (
        (
            "premiums (all tiers and levels)",
            premiums[premiums["tier"].eq("all") & premiums["level"].eq("all")],
            ["metric", "view", "group_id", "baseline"],
        ),
        ("multipliers", multipliers[multipliers["factor"].ne("baseline")], ["metric", "factor", "value"]),
    ):
        found = biases(rows, keys)
        worst = found.iloc[0]
        most = f"{100 * worst['bias']:+.1f} ± {200 * worst['error']:.1f} points at most"
        text = f"{most}, {100 * worst['mean']:.2f} in the mean"
        surely = (found["bias"].abs() - 2 * found["error"]).max()
        bars.append(Bar(f"bias of {name}: under 1 point", text, bool(surely < 0.01)))
    return bars


def biases(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Mean error of each figure over worlds, its standard error, and the mean of all |bias|; the largest first."""
    errors = rows.assign(off=rows["figure"] - rows["true"]).groupby(keys)["off"].agg(["mean", "std", "count"])
    errors = errors[errors["count"] >= max(2, errors["count"].max() // 2)]
    found = pd.DataFrame({"bias": errors["mean"], "error": errors["std"] / np.sqrt(errors["count"])})
    return found.assign(mean=found["bias"].abs().mean()).sort_values("bias", key=abs, ascending=False).reset_index()


def pooled_bars(pooled: pd.DataFrame) -> list[Bar]:
    """By kind of cell, metric and percentile; small countries apart, whose spreads are unequal."""
    if pooled.empty:
        return [Bar("pooled cells", "there was none", False)]
    pooled = pooled.assign(kind=kind_of(pooled), off=pooled["figure"] / pooled["true"] - 1)
    shares = coverage(pooled, ["kind", "metric", "percentile"])
    shares = shares[shares["intervals"].ge(FEWEST)]["share"]
    small = pooled[pooled["market"].isin(SMALL_COUNTRIES)]
    cells = len(small[["world", *CELL, "metric"]].drop_duplicates())
    held = coverage(small, ["metric"])["share"] if cells else pd.Series([0.0])
    off = pooled.groupby(["kind", "metric", "percentile"])["off"].agg(["mean", "size"])
    bias = off[off["size"].ge(FEWEST)]["mean"]
    return [
        Bar(
            "pooled P25, P50, P75 of every kind: 92 to 98 %",
            _span(shares),
            bool(len(shares) and shares.between(0.92, 0.98).all()),
        ),
        Bar(
            "those of small countries of unequal spread: 92 to 98 %",
            f"{_span(held)} of {cells:,} cells",
            bool(held.between(0.92, 0.98).all() and cells >= FEWEST),
        ),
        Bar("their mean error: under 1 %", _span(bias), bool(len(bias) and bias.abs().max() < 0.01)),
    ]


def pooled_errors(pooled: pd.DataFrame) -> str:
    """The mean error of pooled figures by metric and tiers, in words."""
    tiers = {"T1": "T1 and T2", "T2": "T1 and T2", "all": "all tiers"}
    off = (pooled["figure"] / pooled["true"] - 1).groupby(
        [pooled["tier"].map(tiers).fillna("T3 to T5"), pooled["metric"]]
    )
    parts = [
        f"{what} {100 * part['base']:+.1f} / {100 * part['total']:+.1f} %"
        for what, part in off.mean().unstack().iterrows()
    ]
    return f"Pooled figures are off in the mean, base / total, by: {', '.join(parts)}."


def gate_bars(refreshes: pd.DataFrame) -> list[Bar]:
    ordinary = refreshes[refreshes["case"].eq("ordinary")]
    faulty = refreshes[refreshes["case"].ne("ordinary")].groupby("case")["held"]
    shares, draws = faulty.mean(), int(faulty.size().min())
    missed = [CASES[case][0] for case in shares[shares < 0.95].index]
    return [
        Bar(
            "ordinary refreshes held: 1 in 100 at most",
            f"{ordinary['held'].sum()} of {len(ordinary)}",
            bool(ordinary["held"].mean() <= 0.01),
        ),
        Bar(
            "faults found: 95 % or more of each",
            f"{_per(shares.min())} of {draws} at least" + (f" ({'; '.join(missed)})" if missed else ""),
            bool((shares >= 0.95).all()),
        ),
    ]


def table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join([_row(head), _row(["---"] * len(head)), *map(_row, rows)])


def bars_table(bars: list[Bar]) -> str:
    return table(["asked", "found", "met"], [[b.asked, b.found, "yes" if b.met else "**no**"] for b in bars])


def coverage_table(shares: pd.DataFrame, by: str, order: list[str]) -> str:
    """Rows of `by`, columns of percentiles, base / total; counted are those with enough intervals."""
    percentiles = sorted(shares["percentile"].unique())
    known = {(r.metric, getattr(r, by), r.percentile): r for r in shares.itertuples()}

    def cell(value: str, percentile: int) -> str:
        rows = [known.get((metric, value, percentile)) for metric in ("base", "total")]
        return " / ".join(f"{100 * r.share:.1f}" if r is not None and r.intervals >= FEWEST else "·" for r in rows)

    count = {v: int(shares.loc[shares[by].eq(v), "intervals"].sum()) for v in order}
    rows = [[v, *(cell(v, p) for p in percentiles), f"{count[v]:,}"] for v in order if count[v]]
    return table(["", *(f"P{p}" for p in percentiles), "intervals"], rows)


def premiums_table(rows: pd.DataFrame) -> str:
    """Coverage, bias and range of premiums by kind of row."""
    kinds: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
        "all tiers and levels": lambda r: r["tier"].eq("all") & r["level"].eq("all"),
        "one tier": lambda r: r["tier"].ne("all"),
        "one level": lambda r: r["level"].str.startswith("L"),
        "a stage": lambda r: r["level"].isin(["early", "senior"]),
    }
    found = []
    for name, chosen in kinds.items():
        for metric, part in rows[chosen(rows)].groupby("metric"):
            [share] = coverage(part, ["metric"]).itertuples()
            off = (part["figure"] - part["true"]).mean()
            wide = part[part["width"].notna()]
            ratio = f"{wide['width'].mean() / wide['true_width'].mean():.2f}" if len(wide) else ""
            found.append(
                [
                    name,
                    str(metric),
                    f"{len(part):,}",
                    f"{_per(share.share)} ± {200 * share.error:.1f}",
                    f"{100 * off:+.2f}",
                    ratio,
                ]
            )
    return table(
        ["rows", "metric", "premiums", "hold the truth", "mean error, points", "width of the range ÷ true"], found
    )


def fates_table(cells: pd.DataFrame) -> str:
    """Of the cells with 10 reports or more, and with fewer, what became of them, in %."""
    found = []
    for (size, reports, market), part in cells[cells["market"].ne("global")].groupby(["size", "reports", "market"]):
        counts = part.groupby("fate")["cells"].sum()
        shares = [f"{100 * counts.get(fate, 0) / counts.sum():.1f}" for fate in FATES]
        found.append([f"{size:,}", str(market), str(reports), *shares])
    return table(["reports", "market", "reports in the cell", *FATES.values()], found)


def shifts_table(rows: pd.DataFrame) -> str:
    found = []
    for (kind, share), part in rows.groupby(["kind", "share"], sort=False):
        cells = []
        for percentile in ("p50", "p90"):
            for fenced in (False, True):
                shift = part.loc[part["percentile"].eq(percentile) & part["fenced"].eq(fenced), "shift"]
                cells.append(f"{_per(shift.median())} ({_per(shift.quantile(0.9))})")
        found.append([KINDS[str(kind)], _per(float(share), 0), *cells])
    return table(
        ["fabricated", "rows", "P50 without", "P50 with the fence", "P90 without", "P90 with the fence"], found
    )


def gates_table(refreshes: pd.DataFrame) -> str:
    found = []
    for case, (what, _) in CASES.items():
        part = refreshes[refreshes["case"].eq(case)]
        if part.empty:
            continue
        names = part["gates"].str.split().explode().dropna().value_counts()
        by = ", ".join(f"{name} {count}" for name, count in sorted(names.items(), key=lambda n: (-n[1], n[0])))
        found.append([what, f"{int(part['held'].sum())} of {len(part)}", by])
    return table(["refresh", "held", "by (a refresh may be held by several)"], found)


def _per(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f} %"


def _span(shares: pd.Series) -> str:
    return f"{_per(shares.min())} to {_per(shares.max())}" if len(shares) else "nothing to judge"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
