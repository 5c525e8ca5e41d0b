"""How alike the pay of one employer's people is, and what that leaves of a sample: METHOD, effective size."""

import math

import numpy as np
import pandas as pd
from scipy.stats import binom

from salary_bands.schemas.bands import PERCENTILES
from salary_bands.settings import Settings


def employer_correlations(shares: pd.DataFrame, metrics: list[str], settings: Settings) -> pd.DataFrame:
    """metric, percentile, millionths: the intraclass correlation by employer of "pay <= the cell's percentile".

    shares: metric, percentile, cell, employer, reports, at_or_below. A one-way ANOVA, unweighted, pooled over cells,
    p and 1 - p together, clipped to [0, 1]; the default of the settings where fewer employers give it. In millionths,
    as it is published, so that the figures can be recomputed from what the manifest says.
    """
    rows = []
    for metric in metrics:
        for percentile in PERCENTILES:
            pair = shares[shares["metric"].eq(metric) & shares["percentile"].isin((percentile, 100 - percentile))]
            enough = pair["employer"].nunique() >= settings.min_correlation_employers
            value = _anova(pair) if enough else None
            found = default_correlation(percentile, settings) if value is None else value
            rows.append((metric, percentile, round(found * 1_000_000)))
    return pd.DataFrame(rows, columns=["metric", "percentile", "millionths"])


def default_correlation(percentile: int, settings: Settings) -> float:
    """The correlation where a release has too few employers to tell."""
    return {
        50: settings.correlation_p50,
        25: settings.correlation_p25_p75,
        10: settings.correlation_p10_p90,
    }[min(percentile, 100 - percentile)]


def binomial_ranks(sizes: pd.DataFrame) -> pd.DataFrame:
    """reports, percentile, low_rank, high_rank: order statistics that bound a percentile at 95 %, exact binomial.

    sizes: reports (whole effective size) and percentile, distinct. low_rank i is the largest with
    P(Bin(m, p) <= i - 1) <= 2.5 %, high_rank j the smallest with P(Bin(m, p) >= j) <= 2.5 %; only where i >= 2 and
    j <= m - 1.
    """
    m, p = sizes["reports"].to_numpy(), sizes["percentile"].to_numpy() / 100
    below = binom.ppf(0.025, m, p)  # the smallest k with P(Bin <= k) >= 2.5 %
    low = below + (binom.cdf(below, m, p) <= 0.025)
    high = binom.ppf(0.975, m, p) + 1
    ranks = sizes.assign(low_rank=low.astype(np.int64), high_rank=high.astype(np.int64))
    return ranks[(ranks["low_rank"] >= 2) & (ranks["high_rank"] <= ranks["reports"] - 1)].reset_index(drop=True)


def _anova(shares: pd.DataFrame) -> float | None:
    """(MSB - MSW) / (MSB + (n0 - 1) MSW) of indicators in groups of employers within cells; sums in exact order."""
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
