"""Thin cells drawn towards the model, as far as cells vary around it: METHOD, thin cells (Fay and Herriot 1979)."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from salary_bands.aggregate.heterogeneity import paule_mandel
from salary_bands.aggregate.model import FACTORS, Contrast, Fit, Floats
from salary_bands.normalise.levels import stage_of
from salary_bands.settings import Settings

# what cells of a kind have in common: a stage is more mixed than a level, all tiers than one
KINDS = {
    "tier_level": ("leaf", "tier", "level", "country"),
    "tier_stage": ("leaf", "tier", "stage", "country"),
    "all_level": ("leaf", "level", "country"),
    "all_stage": ("leaf", "stage", "country"),
}
QUARTILES = (25, 50, 75)
_MIN_SHAPE_CELLS = 3
Groups = NDArray[np.int64]
_COMPLETE_LISTS = ("T1", "T2")  # tiers whose employers are all known: what differs between them is the band


@dataclass(frozen=True)
class Pooling:
    """What thin cells of one metric and kind are pooled with, in log units."""

    within_variance: float  # of a report in its cell, around what the model says of it
    mix_variance: float  # of what the model says of a cell's reports: who happened to be there
    between_variance: float  # of cells around the model
    offsets: dict[int, float]  # of each quartile from the mean
    offset_variances: dict[int, float]  # between cells, beyond sampling


def pooling(fit: Fit, kind: str, shapes: pd.DataFrame, correlation: float, settings: Settings) -> Pooling | None:
    """What the model and well-filled cells say of thin ones of their kind; None where either says too little.

    shapes: percentile, effective, offset_log of shape_cells of that metric and kind; correlation: of P50 by employer.
    """
    cells = fit.cells.assign(stage=fit.cells["level"].map(stage_of))
    groups = np.asarray(cells.groupby(list(KINDS[kind]), sort=True).ngroup(), dtype=np.int64)
    whole = _within_variance(fit, groups, fit.sum_y, fit.sum_yy)
    within = _within_variance(fit, groups, fit.sum_y - fit.n * fit.fitted, fit.residuals)
    by_percentile = {p: shapes[shapes["percentile"].eq(p)] for p in QUARTILES}
    distances, effective = _around_model(fit, groups, correlation, settings)
    too_few = any(len(part) < _MIN_SHAPE_CELLS for part in by_percentile.values())
    if too_few or len(distances) < 2 or not within > 0:
        return None
    offsets, spreads = {}, {}
    for percentile, part in by_percentile.items():
        found = part["offset_log"].to_numpy(float)
        sampling = _quantile_variance(percentile) * whole / part["effective"].to_numpy(float)
        offsets[percentile] = float(found.mean())
        spreads[percentile] = paule_mandel(found, sampling)
    between = paule_mandel(distances, within / effective, centre=0.0)
    return Pooling(within, max(whole - within, 0.0), between, offsets, spreads)


def pooled_cells(
    thin: pd.DataFrame, mixes: pd.DataFrame, fits: Mapping[str, Fit], poolings: Mapping[tuple[str, str], Pooling]
) -> pd.DataFrame:
    """cell, percentile, pay, low, high in USD unrounded, shrinkage_weight: of each thin cell that the model reaches.

    thin: cell, metric, kind, mean_log, effective; mixes: cell, factor, value, weight of their reports in the model;
    poolings: by metric and kind.
    """
    columns = ["cell", "percentile", "pay", "low", "high", "shrinkage_weight"]
    rows = []
    values: dict[int, dict[str, dict[str, float]]] = {}
    for cell, factor, value, weight in mixes[["cell", "factor", "value", "weight"]].itertuples(index=False):
        values.setdefault(cell, {}).setdefault(factor, {})[value] = weight
    asked = thin[["cell", "metric", "kind", "mean_log", "effective"]]
    for cell, metric, kind, mean, effective in asked.itertuples(index=False):
        pool = poolings.get((metric, kind))
        if pool is None:
            continue
        terms = tuple((1, factor, values[cell][factor]) for factor in FACTORS)
        predicted = fits[metric].estimate(Contrast(terms, intercept=True, beside_sources=True))
        if math.isnan(predicted.error):
            continue
        sampling = pool.within_variance / effective
        own = pool.between_variance / (pool.between_variance + sampling)
        centre = own * mean + (1 - own) * predicted.value
        for percentile in QUARTILES:
            log = centre + pool.offsets[percentile]
            drawn = own * sampling + ((1 - own) * predicted.error) ** 2 + pool.mix_variance / effective
            half = 1.96 * math.sqrt(drawn + pool.offset_variances[percentile])
            figures = (100_000 * math.exp(x) for x in (log, log - half, log + half))
            rows.append((cell, percentile, *figures, 1 - own))
    return pd.DataFrame(rows, columns=columns).astype({"cell": "int64", "percentile": "int64"})


def pooling_facts(pool: Pooling | None) -> dict[str, object] | None:
    """What the manifest says of it."""
    if pool is None:
        return None
    found = asdict(pool)
    quartiles = {
        name: {f"p{p}": round(v, 6) for p, v in found.pop(name).items()} for name in ("offsets", "offset_variances")
    }
    return {**{name: round(value, 6) for name, value in found.items()}, **quartiles}


def _within_variance(fit: Fit, groups: Groups, sums: Floats, squared: Floats) -> float:
    """Variance inside cells, over all of them, unbiased under weights; of what has these sums and sums of squares."""
    mass = np.bincount(groups, fit.n * fit.weight)
    mean = np.bincount(groups, fit.weight * sums) / mass
    squares = np.bincount(groups, fit.weight * squared) - mass * mean**2
    freedom = mass - np.bincount(groups, fit.n * fit.weight**2) / mass
    return float(np.maximum(squares, 0).sum() / freedom.sum()) if freedom.sum() > 1e-9 else math.nan


def _around_model(fit: Fit, groups: Groups, correlation: float, settings: Settings) -> tuple[Floats, Floats]:
    """How far the mean of each filled cell is from the model's, and its effective size."""
    employers = fit.employers.max() + 1
    mass = np.bincount(groups, fit.n * fit.weight)
    squares = np.bincount(groups, fit.n * fit.weight**2)
    distance = np.bincount(groups, fit.weight * (fit.sum_y - fit.n * fit.fitted)) / mass
    pairs, which = np.unique(groups * employers + fit.employers, return_inverse=True)
    clustered = ~fit.cells["tier"].isin(_COMPLETE_LISTS).to_numpy()
    together = np.bincount(which, fit.n * fit.weight * clustered) ** 2
    alone = np.bincount(which, fit.n * fit.weight**2 * clustered)
    extra = np.bincount(pairs // employers, together - alone)
    effective = mass**2 / (squares + correlation * extra)
    filled = np.bincount(groups, fit.n) >= settings.min_pooled_reports
    filled &= np.bincount(pairs // employers) >= settings.min_employers
    return distance[filled], effective[filled]


def _quantile_variance(percentile: int) -> float:
    """Variance of a sample percentile less the mean, times n, in variances of a normal law."""
    p = percentile / 100
    return float(p * (1 - p) / norm.pdf(norm.ppf(p)) ** 2 - 1)
