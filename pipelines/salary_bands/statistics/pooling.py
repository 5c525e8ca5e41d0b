"""Shrink cells with few reports towards the model (Fay and Herriot 1979).

The less cells of a kind vary around the model, the more weight the model has.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm
from scipy.stats import t as student

from salary_bands.settings import Settings
from salary_bands.statistics.heterogeneity import paule_mandel
from salary_bands.statistics.model import FACTORS, Contrast, Fit, Floats
from salary_bands.vocabulary.levels import stage_of

# The columns that define a cell of each kind. Kinds are pooled separately because a stage is more mixed than a level,
# all tiers are more mixed than one, and employers differ more in tiers without a complete list of employers.
POOLING_KINDS = {
    "listed_level": ("leaf", "tier", "level", "country"),
    "listed_stage": ("leaf", "tier", "stage", "country"),
    "other_level": ("leaf", "tier", "level", "country"),
    "other_stage": ("leaf", "tier", "stage", "country"),
    "all_level": ("leaf", "level", "country"),
    "all_stage": ("leaf", "stage", "country"),
}
QUARTILES = (25, 50, 75)
_MIN_SHAPE_CELLS = 3
_COMPLETE_LISTS = ("T1", "T2")  # all employers of these tiers are known, so their differences are part of the band


@dataclass(frozen=True)
class Pooling:
    """The parameters for pooling thin cells of one metric and kind, in log units."""

    within_variance: float  # of reports around their predictions
    mix_variance: float  # of the predictions for the reports of a cell
    between_variance: float  # of cell means around the model
    offsets: dict[int, float]  # of each quartile from the mean
    offset_variances: dict[int, float]  # of the offsets between cells, beyond sampling


def poolings(fit: Fit, shapes: pd.DataFrame, correlation: float, settings: Settings) -> dict[str, Pooling]:
    """Estimate the pooling parameters of each kind from the model and the well-filled cells.

    A kind with too few well-filled cells has no entry.

    Args:
        fit: the fit of one metric.
        shapes: kind, percentile, effective, offset_log of the metric's shape_cells.
        correlation: the metric's intraclass correlation by employer at P50.
    """
    cells = {kind: _Cells(fit, kind, mean_correlation(correlation), settings) for kind in POOLING_KINDS}
    variances = {kind: of_kind.variance(fit.sum_y, fit.sum_yy) for kind, of_kind in cells.items()}
    found = {kind: _pooling(kind, of_kind, shapes, variances) for kind, of_kind in cells.items()}
    return {kind: pool for kind, pool in found.items() if pool}


def mean_correlation(correlation: float) -> float:
    """Return the intraclass correlation of log pay, given that of "pay <= the median".

    The conversion is exact for a normal distribution (Sheppard 1899).
    """
    return math.sin(math.pi / 2 * correlation)


def _pooling(kind: str, cells: "_Cells", shapes: pd.DataFrame, variances: dict[str, float]) -> Pooling | None:
    """Estimate the parameters of one kind, None if it has too few cells.

    Kinds of the same shape share their offsets in units of their own standard deviation.

    Args:
        shapes: the shapes of cells of all kinds.
        variances: the variance of log pay within cells, by kind.
    """
    total, within = variances[kind], cells.residual_variance()
    distances, effective = cells.distances_from_model()
    alike = [k for k, variance in variances.items() if variance > 0 and _shape(k) == _shape(kind)]
    shapes = shapes[shapes["kind"].isin(alike)]
    by_percentile = {p: shapes[shapes["percentile"].eq(p)] for p in QUARTILES}
    too_few = any(len(part) < _MIN_SHAPE_CELLS for part in by_percentile.values())
    if too_few or len(distances) < 2 or not (total > 0 and within > 0):
        return None
    offsets, offset_variances = {}, {}
    for percentile, part in by_percentile.items():
        found = part["offset_log"].to_numpy(float) / np.sqrt(part["kind"].map(variances).to_numpy(float))
        sampling = _quantile_variance(percentile) / part["effective"].to_numpy(float)
        offsets[percentile] = math.sqrt(total) * float(found.mean())
        offset_variances[percentile] = total * paule_mandel(found, sampling)
    between = paule_mandel(distances, within / effective, centre=0.0)
    return Pooling(within, max(total - within, 0.0), between, offsets, offset_variances)


def _shape(kind: str) -> tuple[bool, str]:
    """Return the shape of a kind: one tier or all tiers, and level or stage."""
    tiers, levels = kind.split("_")
    return tiers == "all", levels


def pooled_cells(
    thin: pd.DataFrame, mixes: pd.DataFrame, fits: Mapping[str, Fit], poolings: Mapping[tuple[str, str], Pooling]
) -> pd.DataFrame:
    """Estimate the quartiles of thin cells, with 95 % intervals, in unrounded USD.

    A cell has no rows if its metric and kind have no pooling or if the model does not identify its prediction.

    Args:
        thin: cell, metric, kind, mean_log, effective, strangers (the effective size if nobody shared an employer).
        mixes: cell, factor, value, weight of the cells' reports in the model.
        fits: by metric.
        poolings: by (metric, kind).

    Returns:
        cell, percentile, pay, low, high, shrinkage_weight, effective.
    """
    columns = ["cell", "percentile", "pay", "low", "high", "shrinkage_weight", "effective"]
    rows = []
    mix: dict[int, dict[str, dict[str, float]]] = {}
    for cell, factor, value, weight in mixes[["cell", "factor", "value", "weight"]].itertuples(index=False):
        mix.setdefault(cell, {}).setdefault(factor, {})[value] = weight
    thin = thin[["cell", "metric", "kind", "mean_log", "effective", "strangers"]]
    for cell, metric, kind, mean, effective, strangers in thin.itertuples(index=False):
        pool = poolings.get((metric, kind))
        if pool is None:
            continue
        terms = tuple((1, factor, mix[cell][factor]) for factor in FACTORS)
        predicted = fits[metric].estimate(Contrast(terms, intercept=True, ignore_sources=True))
        if math.isnan(predicted.error) or predicted.employers <= 1:
            continue
        sampling = pool.within_variance / effective
        own = pool.between_variance / (pool.between_variance + sampling)
        centre = own * mean + (1 - own) * predicted.value
        model_error = (1 - own) * predicted.error
        # the cell's employers are in the model too, so the two errors are correlated: this is the largest covariance
        covariance = 2 * own * model_error * math.sqrt(max(sampling - pool.within_variance / strangers, 0.0))
        centre_variance = own * sampling + model_error**2 + covariance + pool.mix_variance / effective
        for percentile in QUARTILES:
            log = centre + pool.offsets[percentile]
            variance = centre_variance + pool.offset_variances[percentile]
            half = _critical_value(variance, model_error**2, predicted.employers) * math.sqrt(variance)
            figures = (100_000 * math.exp(x) for x in (log, log - half, log + half))
            rows.append((cell, percentile, *figures, 1 - own, effective))
    return pd.DataFrame(rows, columns=columns).astype({"cell": "int64", "percentile": "int64"})


def _critical_value(variance: float, model_variance: float, employers: float) -> float:
    """Return the half-width of a 95 % interval in standard errors.

    The distribution is Student t with the degrees of freedom of Satterthwaite (1946): the model's part of the variance
    has `employers` - 1, and the rest is treated as known.
    """
    freedom = (employers - 1) * (variance / model_variance) ** 2 if model_variance > 0 else math.inf
    return float(student.ppf(0.975, freedom))


def pooling_facts(pool: Pooling | None) -> dict[str, object] | None:
    """Return the rounded parameters as the manifest holds them."""
    if pool is None:
        return None
    facts = asdict(pool)
    quartiles = {
        name: {f"p{p}": round(v, 6) for p, v in facts.pop(name).items()} for name in ("offsets", "offset_variances")
    }
    return {**{name: round(value, 6) for name, value in facts.items()}, **quartiles}


class _Cells:
    """The cells of one kind, each of one leaf, that have reports in the model."""

    def __init__(self, fit: Fit, kind: str, correlation: float, settings: Settings) -> None:
        """Number the cells and measure their effective sizes, given the intraclass correlation of log pay."""
        self._fit = fit
        listed = fit.cells["tier"].isin(_COMPLETE_LISTS).to_numpy()
        self._rows = np.flatnonzero({"listed": listed, "other": ~listed}.get(kind.split("_")[0], listed | ~listed))
        named = fit.cells.iloc[self._rows].assign(stage=lambda cells: cells["level"].map(stage_of))
        self._cell = np.asarray(named.groupby(list(POOLING_KINDS[kind]), sort=True).ngroup(), dtype=np.int64)
        n, weight, employers = fit.n[self._rows], fit.weight[self._rows], fit.employers[self._rows]
        self._mass = np.bincount(self._cell, n * weight)
        count = fit.employers.max() + 1
        pairs, which = np.unique(self._cell * count + employers, return_inverse=True)
        clustered = np.bincount(which, n * weight * ~listed[self._rows]) ** 2
        independent = np.bincount(which, n * weight**2 * ~listed[self._rows])
        extra = np.bincount(pairs // count, clustered - independent)
        self._effective = self._mass**2 / (np.bincount(self._cell, n * weight**2) + correlation * extra)
        self._filled = np.bincount(self._cell, n) >= settings.min_pooled_reports
        self._filled &= np.bincount(pairs // count) >= settings.min_employers

    def variance(self, sums: Floats, squared: Floats) -> float:
        """Return the pooled variance within cells, corrected for correlation within employers; NaN if not estimable.

        Args:
            sums: the sum of the values in each row of the fit.
            squared: the sum of their squares.
        """
        weight = self._fit.weight[self._rows]
        mean = np.bincount(self._cell, weight * sums[self._rows]) / self._mass
        squares = np.bincount(self._cell, weight * squared[self._rows]) - self._mass * mean**2
        freedom = float((self._mass * (1 - 1 / self._effective)).sum())
        return float(np.maximum(squares, 0).sum() / freedom) if freedom > 1e-9 else math.nan

    def residual_variance(self) -> float:
        """Return the pooled variance of residuals within cells."""
        return self.variance(self._fit.sum_y - self._fit.n * self._fit.fitted, self._fit.residuals)

    def distances_from_model(self) -> tuple[Floats, Floats]:
        """Return the mean residual and the effective size of each well-filled cell."""
        residuals = self._fit.weight * (self._fit.sum_y - self._fit.n * self._fit.fitted)
        distance = np.bincount(self._cell, residuals[self._rows]) / self._mass
        return distance[self._filled], self._effective[self._filled]


def _quantile_variance(percentile: int) -> float:
    """Return n times the variance of (sample percentile - sample mean) for a standard normal distribution."""
    p = percentile / 100
    return float(p * (1 - p) / norm.pdf(norm.ppf(p)) ** 2 - 1)
