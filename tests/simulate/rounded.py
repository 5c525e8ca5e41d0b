"""Worlds whose people round their pay to 5,000, as many do: a generated part of docs/method.md of its own."""

import re
import time
from dataclasses import dataclass
from multiprocessing.pool import Pool
from pathlib import Path

import numpy as np
import pandas as pd

from tests.builders import method_page
from tests.simulate import report
from tests.simulate.pipeline import settings_at
from tests.simulate.population import SMALL_COUNTRIES
from tests.simulate.readings import coverage, held, joined, judged_bands, reading, sampled, truth_of
from tests.simulate.run import Size, pieces
from tests.simulate.truth import CELL
from tests.simulate.work import Piece, Say, finished

STEP = 5_000
JUDGED = 2  # one cell in so many
HEADING = "### Pay that people round"
OPEN, CLOSE = "<!-- rounded: ", "<!-- end of what was rounded -->"
_PART = re.compile(re.escape(OPEN) + r".*?-->\n.*?" + re.escape(CLOSE), re.S)
_BEFORE = "## What the back-test found"


@dataclass(frozen=True)
class Rounded:
    """bands, exact: of the same worlds with rounded pay and without, judged by the true percentiles of exact pay.

    Those of rounded pay say as `inside_rounded` whether they hold the percentile of rounded pay. seconds: that it took,
    but for the worlds without rounding, which are those of the whole simulation.
    """

    bands: pd.DataFrame
    exact: pd.DataFrame
    seconds: float


def simulated(size: Size, folder: Path, pool: Pool, say: Say) -> Rounded:
    """Draw the first worlds of the fewest reports again, round their pay, and judge both."""
    reports = min(size.worlds)
    exact = [piece for piece in pieces(size) if piece.name in [f"world-{reports}-{n}" for n in range(size.rounded)]]
    rounded = [
        Piece(f"rounded-{reports}-{n}", reading, (*piece.arguments[:2], False, STEP)) for n, piece in enumerate(exact)
    ]
    results = finished([*rounded, *exact], folder, pool, say)
    started = time.process_time()
    truth = truth_of(settings_at(Path()))
    bands, plain = (
        judged_bands(sampled(joined([results[piece.name].value for piece in some], "bands"), JUDGED), truth)
        for some in (rounded, exact)
    )
    took = sum(results[piece.name].seconds for piece in rounded) + time.process_time() - started
    return Rounded(judged(bands), plain, took)


def judged(bands: pd.DataFrame) -> pd.DataFrame:
    """Add `inside_rounded`: a percentile of rounded pay is the percentile of pay, rounded."""
    return bands.assign(inside_rounded=held(bands.assign(true=STEP * np.floor(bands["true"] / STEP + 0.5))))


def mark() -> str:
    return report.mark().replace("<!-- simulated: ", OPEN)


def inserted(page: str, part: str) -> str:
    return method_page.inserted(page, part, _PART, HEADING, _BEFORE)


def write(found: Rounded, page: Path) -> None:
    page.write_text(inserted(page.read_text(encoding="utf-8"), text(found)), encoding="utf-8")


def text(found: Rounded) -> str:
    """The generated part, between its markers."""
    bands, exact = found.bands, found.exact
    parts = []
    for (kind, chosen), other in zip(_kinds(bands).items(), _kinds(exact).values(), strict=True):
        parts += [_shares(bands[chosen], kind), _shares(exact[other], f"{kind}, not rounded")]
    direct = bands["basis"].eq("direct")
    of_rounded = bands[direct].assign(inside=bands.loc[direct, "inside_rounded"])
    shares = pd.concat([*parts, _shares(of_rounded, "direct, as people say it")], ignore_index=True)
    return f"""{mark()}

Many people round. So {bands["world"].nunique()} worlds of {bands["size"].iloc[0]:,} reports of the simulation were read
once more with all pay rounded to the nearest {STEP:,}.
Share of intervals that hold the true percentile of exact pay, in %, base / total, beside the same worlds without
rounding; the last row: that hold the percentile of rounded pay. A dot is fewer than {report.FEWEST} intervals.
`make simulate` takes {found.seconds:.0f} seconds of processor time more for it.

{report.coverage_table(shares, "kind", list(dict.fromkeys(shares["kind"])))}

{_moved(bands, exact)}

{CLOSE}"""


def _moved(bands: pd.DataFrame, exact: pd.DataFrame) -> str:
    """How far rounding moves P50 of cells that both show, in words; single ones have other moves of ranks, too."""
    keys = [*CELL, "world", "metric", "percentile", "basis"]
    both = bands.merge(exact, on=keys, suffixes=("", "_exact"))
    both = both[both["percentile"].eq(50)]
    logs = np.log(both["figure"]) - np.log(both["figure_exact"])
    mean = np.expm1(logs.groupby([both["basis"], both["metric"]]).mean().unstack())
    parts = [f"{basis} {100 * moved['base']:+.1f} / {100 * moved['total']:+.1f} %" for basis, moved in mean.iterrows()]
    return f"Rounding moves P50 in the mean of cells, base / total, by: {', '.join(parts)}."


def _kinds(bands: pd.DataFrame) -> "dict[str, pd.Series[bool]]":
    direct, pooled = (bands["basis"].eq(basis) for basis in ("direct", "pooled"))
    small = bands["n_effective"].lt(100)
    return {
        "direct, under 100 effective reports": direct & small,
        "direct, 100 and up": direct & ~small,
        "pooled, T1 and T2": pooled & bands["tier"].isin(["T1", "T2"]),
        "pooled, T3 to T5": pooled & bands["tier"].isin(["T3", "T4", "T5"]),
        "pooled, all tiers": pooled & bands["tier"].eq("all"),
        "pooled, small countries": pooled & bands["market"].isin(SMALL_COUNTRIES),
    }


def _shares(bands: pd.DataFrame, kind: str) -> pd.DataFrame:
    return coverage(bands.assign(kind=kind), ["metric", "kind", "percentile"])
