"""Thin cells drawn towards the model, as far as cells vary around it: METHOD, thin cells (Fay and Herriot 1979)."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from salary_bands.settings import Settings
from salary_bands.statistics.heterogeneity import paule_mandel
from salary_bands.statistics.model import FACTORS, Contrast, Fit, Floats
from salary_bands.vocabulary.levels import stage_of

# of which tiers, and what cells of a kind have in common: a stage is more mixed than a level, all tiers than one, and
# where employers are not all known they differ more
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


def poolings(fit: Fit, shapes: pd.DataFrame, correlation: float, settings: Settings) -> dict[str, Pooling]:
    """What the model and well-filled cells say of thin ones, by kind; without those of which they say too little.

    shapes: kind, percentile, effective, offset_log of shape_cells of that metric; correlation: of P50 by employer.
    """
    cells = {kind: _Cells(fit, kind, mean_correlation(correlation), settings) for kind in POOLING_KINDS}
    spreads = {kind: own.variance(fit.sum_y, fit.sum_yy) for kind, own in cells.items()}
    found = {kind: _pooling(kind, own, shapes, spreads) for kind, own in cells.items()}
    return {kind: pool for kind, pool in found.items() if pool}


def mean_correlation(correlation: float) -> float:
    """Of log pay by employer, where that of "pay <= the median" is known: exact for a normal law (Sheppard 1899)."""
    return math.sin(math.pi / 2 * correlation)


def _pooling(kind: str, cells: "_Cells", shapes: pd.DataFrame, spreads: dict[str, float]) -> Pooling | None:
    """shapes: of all kinds. Cells of one tier have a shape in common, in units of the spread of their kind."""
    whole, within = spreads[kind], cells.variance_around()
    distances, effective = cells.around_model()
    alike = [k for k, spread in spreads.items() if spread > 0 and _shape(k) == _shape(kind)]
    shapes = shapes[shapes["kind"].isin(alike)]
    by_percentile = {p: shapes[shapes["percentile"].eq(p)] for p in QUARTILES}
    too_few = any(len(part) < _MIN_SHAPE_CELLS for part in by_percentile.values())
    if too_few or len(distances) < 2 or not (whole > 0 and within > 0):
        return None
    offsets, variances = {}, {}
    for percentile, part in by_percentile.items():
        found = part["offset_log"].to_numpy(float) / np.sqrt(part["kind"].map(spreads).to_numpy(float))
        sampling = _quantile_variance(percentile) / part["effective"].to_numpy(float)
        offsets[percentile] = math.sqrt(whole) * float(found.mean())
        variances[percentile] = whole * paule_mandel(found, sampling)
    between = paule_mandel(distances, within / effective, centre=0.0)
    return Pooling(within, max(whole - within, 0.0), between, offsets, variances)


def _shape(kind: str) -> tuple[bool, str]:
    """Of one tier or of all, of levels or of stages."""
    tiers, levels = kind.split("_")
    return tiers == "all", levels


def pooled_cells(
    thin: pd.DataFrame, mixes: pd.DataFrame, fits: Mapping[str, Fit], poolings: Mapping[tuple[str, str], Pooling]
) -> pd.DataFrame:
    """cell, percentile, pay, low, high in USD unrounded, shrinkage_weight, effective: of thin cells the model reaches.

    thin: cell, metric, kind, mean_log, effective, strangers (the same if nobody shared an employer); mixes: cell,
    factor, value, weight of their reports in the model; poolings: by metric and kind.
    """
    columns = ["cell", "percentile", "pay", "low", "high", "shrinkage_weight", "effective"]
    rows = []
    values: dict[int, dict[str, dict[str, float]]] = {}
    for cell, factor, value, weight in mixes[["cell", "factor", "value", "weight"]].itertuples(index=False):
        values.setdefault(cell, {}).setdefault(factor, {})[value] = weight
    asked = thin[["cell", "metric", "kind", "mean_log", "effective", "strangers"]]
    for cell, metric, kind, mean, effective, strangers in asked.itertuples(index=False):
        pool = poolings.get((metric, kind))
        if pool is None:
            continue
        terms = tuple((1, factor, values[cell][factor]) for factor in FACTORS)
        predicted = fits[metric].estimate(Contrast(terms, intercept=True, beside_sources=True))
        if math.isnan(predicted.error) or predicted.employers <= 1:
            continue
        sampling = pool.within_variance / effective
        own = pool.between_variance / (pool.between_variance + sampling)
        centre = own * mean + (1 - own) * predicted.value
        of_model = (1 - own) * predicted.error
        # employers of the cell are in the model too: at most so do their errors go together
        together = 2 * own * of_model * math.sqrt(max(sampling - pool.within_variance / strangers, 0.0))
        drawn = own * sampling + of_model**2 + together + pool.mix_variance / effective
        for percentile in QUARTILES:
            log = centre + pool.offsets[percentile]
            variance = drawn + pool.offset_variances[percentile]
            half = _reach(variance, of_model**2, predicted.employers) * math.sqrt(variance)
            figures = (100_000 * math.exp(x) for x in (log, log - half, log + half))
            rows.append((cell, percentile, *figures, 1 - own, effective))
    return pd.DataFrame(rows, columns=columns).astype({"cell": "int64", "percentile": "int64"})


def _reach(variance: float, of_model: float, employers: float) -> float:
    """How many standard errors hold 95 %: Student t where part of the variance is that of so many effective employers
    less 1 (Satterthwaite 1946).
    """
    freedom = (employers - 1) * (variance / of_model) ** 2 if of_model > 0 else math.inf
    return float(student.ppf(0.975, freedom))


def pooling_facts(pool: Pooling | None) -> dict[str, object] | None:
    """What the manifest says of it."""
    if pool is None:
        return None
    found = asdict(pool)
    quartiles = {
        name: {f"p{p}": round(v, 6) for p, v in found.pop(name).items()} for name in ("offsets", "offset_variances")
    }
    return {**{name: round(value, 6) for name, value in found.items()}, **quartiles}


class _Cells:
    """The cells of a kind and of one leaf that the model knows reports of."""

    def __init__(self, fit: Fit, kind: str, likeness: float, settings: Settings) -> None:
        """likeness: of log pay by employer."""
        self._fit = fit
        listed = fit.cells["tier"].isin(_COMPLETE_LISTS).to_numpy()
        self._rows = np.flatnonzero({"listed": listed, "other": ~listed}.get(kind.split("_")[0], listed | ~listed))
        named = fit.cells.iloc[self._rows].assign(stage=lambda cells: cells["level"].map(stage_of))
        self._of = np.asarray(named.groupby(list(POOLING_KINDS[kind]), sort=True).ngroup(), dtype=np.int64)
        n, weight, employers = fit.n[self._rows], fit.weight[self._rows], fit.employers[self._rows]
        self._mass = np.bincount(self._of, n * weight)
        count = fit.employers.max() + 1
        pairs, which = np.unique(self._of * count + employers, return_inverse=True)
        together = np.bincount(which, n * weight * ~listed[self._rows]) ** 2
        alone = np.bincount(which, n * weight**2 * ~listed[self._rows])
        extra = np.bincount(pairs // count, together - alone)
        self._effective = self._mass**2 / (np.bincount(self._of, n * weight**2) + likeness * extra)
        self._filled = np.bincount(self._of, n) >= settings.min_pooled_reports
        self._filled &= np.bincount(pairs // count) >= settings.min_employers

    def variance(self, sums: Floats, squared: Floats) -> float:
        """Inside cells, over all of them, of what has these sums and sums of squares in the rows of the fit; unbiased
        where people of one employer are alike.
        """
        weight = self._fit.weight[self._rows]
        mean = np.bincount(self._of, weight * sums[self._rows]) / self._mass
        squares = np.bincount(self._of, weight * squared[self._rows]) - self._mass * mean**2
        freedom = float((self._mass * (1 - 1 / self._effective)).sum())
        return float(np.maximum(squares, 0).sum() / freedom) if freedom > 1e-9 else math.nan

    def variance_around(self) -> float:
        """The same around what the model says of each report."""
        return self.variance(self._fit.sum_y - self._fit.n * self._fit.fitted, self._fit.residuals)

    def around_model(self) -> tuple[Floats, Floats]:
        """How far the mean of each filled cell is from the model's, and its effective size."""
        off = self._fit.weight * (self._fit.sum_y - self._fit.n * self._fit.fitted)
        distance = np.bincount(self._of, off[self._rows]) / self._mass
        return distance[self._filled], self._effective[self._filled]


def _quantile_variance(percentile: int) -> float:
    """Variance of a sample percentile less the mean, times n, in variances of a normal law."""
    p = percentile / 100
    return float(p * (1 - p) / norm.pdf(norm.ppf(p)) ** 2 - 1)
