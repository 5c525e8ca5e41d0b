"""Estimate how alike pay is within employers, and find the ranks that bound a percentile."""

import math

import numpy as np
import pandas as pd
from scipy.stats import binom

from salary_bands.schemas.bands import PERCENTILES
from salary_bands.settings import Settings


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


def binomial_ranks(sizes: pd.DataFrame) -> pd.DataFrame:
    """Find the order statistics that bound a percentile at 95 %, by the exact binomial distribution.

    low_rank i is the largest rank with P(Bin(m, p) <= i - 1) <= 2.5 %, high_rank j the smallest with
    P(Bin(m, p) >= j) <= 2.5 %. Sizes without i >= 2 and j <= m - 1 have no row.

    Args:
        sizes: distinct reports (m, the effective size as a whole number) and percentile (100 p).

    Returns:
        reports, percentile, low_rank, high_rank.
    """
    m, p = sizes["reports"].to_numpy(), sizes["percentile"].to_numpy() / 100
    below = binom.ppf(0.025, m, p)  # the smallest k with P(Bin(m, p) <= k) >= 2.5 %
    low = below + (binom.cdf(below, m, p) <= 0.025)
    high = binom.ppf(0.975, m, p) + 1
    ranks = sizes.assign(low_rank=low.astype(np.int64), high_rank=high.astype(np.int64))
    return ranks[(ranks["low_rank"] >= 2) & (ranks["high_rank"] <= ranks["reports"] - 1)].reset_index(drop=True)


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
