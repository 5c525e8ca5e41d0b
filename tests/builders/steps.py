"""The figures of cells of a few reports, without the steps before them."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from salary_bands.settings import Settings
from salary_bands.statistics.cells import MIXED, NOBODY, Cells, Rollup
from salary_bands.statistics.cells import Reports as CellReports
from salary_bands.statistics.clusters import employers, groups, observed_clustering
from salary_bands.statistics.correlation import BinomialRanks, employer_correlations
from salary_bands.statistics.effective import effective_sizes
from salary_bands.statistics.quantiles import bounds, percentiles
from tests.oracle.figures import PERCENTILES

Reports = list[
    tuple[int, int, str | None]
]  # of (pay, weight, employer, which is of T1 or T2 if its name begins with L)
MIX = 0.03
Shown = dict[tuple[int, int], tuple[int, float, float]]  # by cell and percentile: whole effective size, low, high


def level_of(employer: str) -> int:
    """The level of people at an employer of T1 or T2, one of two."""
    return sum(map(ord, employer)) % 2


def rollup_of(cells: Iterable[Sequence[tuple[int, int, str | None, str | None, int | None]]]) -> Rollup:
    """One roll-up of cells of (pay, weight, employer, export, day), numbered from 0; each has a report."""
    rows = sorted(
        ((cell, *report) for cell, reports in enumerate(cells) for report in reports), key=lambda row: row[1:3]
    )
    frame = pd.DataFrame(rows, columns=["cell", "pay", "weight", "employer", "export", "day"]).astype({"cell": "int32"})
    units = {kind: pd.factorize(frame[kind], sort=True)[0].astype(np.int32) for kind in ("export", "employer", "day")}
    levels = [level_of(name) if name and name[0] == "L" else NOBODY for name in frame["employer"].fillna("")]
    units[MIXED] = np.array(levels, np.int32)
    pay, weight = (frame[name].to_numpy(np.int64) for name in ("pay", "weight"))
    listed = frame["employer"].str.startswith("L").eq(True).to_numpy()
    clustered = (units["employer"] != NOBODY) & ~listed
    reports = CellReports(frame["cell"].to_numpy(), pay, weight, units, clustered, listed)
    count = int(frame["cell"].max()) + 1
    return Rollup(reports, np.arange(count, dtype=np.int32), count)


def _whole(cells: dict[int, Reports]) -> Cells:
    """All cells in one part."""
    rollup = rollup_of([(*report, "file", 1) for report in reports] for reports in cells.values())
    return Cells(rollup, 0, len(cells))


def percentiles_of(cells: dict[int, list[tuple[int, int]]]) -> dict[tuple[int, int], float]:
    """Cells of (pay, weight): (cell, percentile) to unrounded pay."""
    found = percentiles(_whole({cell: [(*pay, None) for pay in pays] for cell, pays in cells.items()}), PERCENTILES)
    return {(cell, p): float(found[n, k]) for n, cell in enumerate(cells) for k, p in enumerate(PERCENTILES)}


def intervals_of(cells: dict[int, Reports], correlation: float) -> Shown:
    """What each cell shows, at one correlation for all percentiles."""
    whole = _whole(cells)
    of = groups(whole, percentiles(whole, PERCENTILES))
    seen = [observed_clustering(of.of(some), PERCENTILES, len(whole)) for some in (of.clustered, ~of.clustered)]
    levels = observed_clustering(groups(whole, percentiles(whole, PERCENTILES), MIXED), PERCENTILES, len(whole))
    likeness = dict.fromkeys(PERCENTILES, round(correlation * 1_000_000))
    sizes = effective_sizes(whole, employers(whole), seen[0], (seen[1], levels), likeness, 2.0, MIX).whole
    ranks = BinomialRanks().of(sizes, PERCENTILES)
    low, high = (bounds(whole, np.maximum(of, 1), np.maximum(sizes, 1)) for of in ranks)
    figures = percentiles(whole, PERCENTILES)
    low, high = np.minimum(low, figures), np.maximum(high, figures)
    inside = (ranks[0] > 0) & (low > whole.pay[whole.starts][:, None]) & (high < whole.pay[whole.last][:, None])
    return {
        (cell, p): (int(sizes[n, k]), float(low[n, k]), float(high[n, k]))
        for n, cell in enumerate(cells)
        for k, p in enumerate(PERCENTILES)
        if inside[n, k]
    }


def correlations_of(cells: dict[int, Reports], settings: Settings) -> dict[int, float]:
    """The correlation by employer, by percentile."""
    shares = pd.DataFrame(columns=["metric", "percentile", "cell", "employer", "reports", "at_or_below"])
    if cells := {cell: reports for cell, reports in cells.items() if reports}:
        whole = _whole(cells)
        of = groups(whole, percentiles(whole, PERCENTILES))
        columns = {"metric": "base", "cell": of.cell, "employer": of.unit, "reports": of.reports}
        by_point = enumerate(PERCENTILES)
        shares = pd.concat(
            pd.DataFrame({**columns, "percentile": p, "at_or_below": of.reports_below[:, n]}) for n, p in by_point
        )
    found: Any = employer_correlations(shares, ["base"], settings)
    return dict(zip(found["percentile"], found["millionths"] / 1_000_000, strict=True))
