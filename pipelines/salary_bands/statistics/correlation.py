"""Estimate how alike pay is within employers, and find the ranks that bound a percentile."""

import math

import numpy as np
import pandas as pd
from scipy.special import bdtr

from salary_bands.schemas.bands import PERCENTILES
from salary_bands.settings import Settings
from salary_bands.statistics.batches import Integers
from salary_bands.statistics.model import Floats


def employer_correlations(shares: pd.DataFrame, metrics: list[str], settings: Settings) -> pd.DataFrame:
    """Estimate the intraclass correlation by employer of "pay <= the cell's percentile".

    The estimator is a one-way ANOVA, unweighted, pooled over cells and over p and 1 - p, clipped to [0, 1]. With fewer
    than `min_correlation_employers` employers the default of the settings applies. Correlations are in millionths, as
    published, so that the figures can be recomputed from the manifest.

    Args:
        shares: metric, percentile, cell, employer, reports, at_or_below.

    Returns:
        metric, percentile, millionths.
    """
    rows = []
    for metric in metrics:
        for percentile in PERCENTILES:
            pair = shares[shares["metric"].eq(metric) & shares["percentile"].isin((percentile, 100 - percentile))]
            enough = pair["employer"].nunique() >= settings.min_correlation_employers
            estimate = _anova(pair) if enough else None
            correlation = default_correlation(percentile, settings) if estimate is None else estimate
            rows.append((metric, percentile, round(correlation * 1_000_000)))
    return pd.DataFrame(rows, columns=["metric", "percentile", "millionths"])


def default_correlation(percentile: int, settings: Settings) -> float:
    """Return the correlation to assume if a release has too few employers to estimate one."""
    return {
        50: settings.correlation_p50,
        25: settings.correlation_p25_p75,
        10: settings.correlation_p10_p90,
    }[min(percentile, 100 - percentile)]


class BinomialRanks:
    """The order statistics that bound a percentile at 95 %, by the exact binomial distribution.

    low i is the largest rank with P(Bin(m, p) <= i - 1) <= 2.5 %, high j the smallest with P(Bin(m, p) >= j) <= 2.5 %,
    with m the whole effective size. Both are 0 without i >= 2 and j <= m - 1. Each size is computed once.
    """

    def __init__(self) -> None:
        self._keys = np.zeros(0, np.int64)
        self._ranks = np.zeros((0, 2), np.int64)

    def of(self, sizes: Integers, points: tuple[int, ...]) -> tuple[Integers, Integers]:
        """Return the low and the high ranks; sizes and results have the shape (any, points)."""
        keys = sizes * 100 + np.array(points)
        near = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        new = np.unique(keys[self._keys[near] != keys] if len(self._keys) else keys)
        if len(new):
            order = np.argsort(known := np.r_[self._keys, new])
            self._keys, self._ranks = known[order], np.r_[self._ranks, _binomial_ranks(new // 100, new % 100)][order]
        found = self._ranks[np.searchsorted(self._keys, keys)]
        return found[..., 0], found[..., 1]


def _binomial_ranks(sizes: Integers, points: Integers) -> Integers:
    """Return low and high ranks, of shape (sizes, 2)."""
    p = points / 100
    below = _binomial_quantiles(0.025, sizes, p)
    low = below + (bdtr(below, sizes, p) <= 0.025)
    high = _binomial_quantiles(0.975, sizes, p) + 1
    inside = (low >= 2) & (high <= sizes - 1)
    return np.where(inside[:, None], np.column_stack([low, high]), 0).astype(np.int64)


def _binomial_quantiles(quantile: float, sizes: Integers, p: Floats) -> Integers:
    """Return the smallest k with P(Bin(m, p) <= k) >= quantile. `scipy.stats` has it, but takes a second to import."""
    below, found = np.full_like(sizes, -1), sizes
    while (found - below > 1).any():
        middle = (below + found) // 2
        enough = bdtr(middle, sizes, p) >= quantile
        below, found = np.where(enough, below, middle), np.where(enough, middle, found)
    return found


def _anova(shares: pd.DataFrame) -> float | None:
    """Return (MSB - MSW) / (MSB + (n0 - 1) MSW) of indicators grouped by employer within cells, None if not estimable.

    `math.fsum` makes the sums independent of the order of rows.
    """
    n, s = shares["reports"].astype("float64"), shares["at_or_below"].astype("float64")
    cells = [shares["percentile"], shares["cell"]]
    cell_n, cell_s, groups = n.groupby(cells).sum(), s.groupby(cells).sum(), n.groupby(cells).size()
    between = math.fsum(s * s / n) - math.fsum(cell_s * cell_s / cell_n)
    within = math.fsum(s - s * s / n)
    between_freedom, within_freedom = int((groups - 1).sum()), int((n - 1).sum())
    if between_freedom <= 0 or within_freedom <= 0:
        return None
    size = math.fsum(cell_n - (n * n).groupby(cells).sum() / cell_n) / between_freedom
    msb, msw = between / between_freedom, within / within_freedom
    denominator = msb + (size - 1) * msw
    return min(1.0, max(0.0, (msb - msw) / denominator)) if denominator > 0 else None
