"""Shrink cells with few reports towards the model (Fay and Herriot 1979).

The less cells of a kind vary around the model, the more weight the model has.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from salary_bands.settings import Settings
from salary_bands.statistics.contrasts import Contrasts, Estimates, estimated
from salary_bands.statistics.heterogeneity import paule_mandel
from salary_bands.statistics.model import FACTORS, Fit, Floats, numbered, present
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
_FEWEST_DEGREES = 1e-9  # share of a cell's weight below which nothing tells how its reports vary
_COMPLETE_LISTS = ("T1", "T2")  # all employers of these tiers are known, so their differences are part of the band


Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Pooling:
    """The parameters for pooling thin cells of one metric and kind.

    total, within: the variance of log pay in cells of each country, of reports around their mean and around their
    predictions. The others are in units of these, since where people differ more, cells do too. between: variance of
    cell means around the model. offsets: of each quartile from the mean. offset_variances: of these between cells,
    beyond sampling.
    """

    total: "Variances"
    within: "Variances"
    between: float
    offsets: dict[int, float]
    offset_variances: dict[int, float]


@dataclass(frozen=True)
class Variances:
    """The usual variance within cells of a kind, and that of each country, drawn towards it; NaN if not estimable."""

    usual: float
    by_country: dict[str, float]

    def of(self, countries: pd.Series) -> Floats:
        """Return the variance of each of these countries."""
        return np.asarray(countries.astype(str).map(self.by_country).fillna(self.usual), np.float64)


def poolings(fit: Fit, shapes: pd.DataFrame, correlation: float, settings: Settings) -> dict[str, Pooling]:
    """Estimate the pooling parameters of each kind from the model and the well-filled cells.

    A kind with too few well-filled cells has no entry.

    Args:
        fit: the fit of one metric.
        shapes: kind, country, percentile, effective, offset_log of the metric's shape_cells.
        correlation: the metric's intraclass correlation by employer at P50.
    """
    cells = {kind: _Cells(fit, kind, mean_correlation(correlation), settings) for kind in POOLING_KINDS}
    totals = {kind: of_kind.variances(fit.sum_y, fit.sum_yy) for kind, of_kind in cells.items()}
    found = {kind: _pooling(kind, of_kind, shapes, totals) for kind, of_kind in cells.items()}
    return {kind: pool for kind, pool in found.items() if pool}


def mean_correlation(correlation: float) -> float:
    """Return the intraclass correlation of log pay, given that of "pay <= the median".

    The conversion is exact for a normal distribution (Sheppard 1899).
    """
    return math.sin(math.pi / 2 * correlation)


def _pooling(kind: str, cells: "_Cells", shapes: pd.DataFrame, totals: dict[str, Variances]) -> Pooling | None:
    """Estimate the parameters of one kind, None if it has too few cells.

    Kinds of the same shape share their offsets in units of the standard deviation of their kind and country.

    Args:
        shapes: the shapes of cells of all kinds.
        totals: the variances of log pay within cells, by kind.
    """
    total, within = totals[kind], cells.residual_variances()
    distances, effective, countries = cells.distances_from_model()
    alike = [k for k, of in totals.items() if of.usual > 0 and _shape(k) == _shape(kind)]
    parts = [
        part.assign(deviation=part["offset_log"].to_numpy(float) / np.sqrt(totals[str(kind)].of(part["country"])))
        for kind, part in shapes[shapes["kind"].isin(alike)].groupby("kind")
    ]
    found = pd.concat([shapes.iloc[:0].assign(deviation=0.0), *parts])
    by_percentile = {p: found[found["percentile"].eq(p)] for p in QUARTILES}
    too_few = any(len(part) < _MIN_SHAPE_CELLS for part in by_percentile.values())
    if too_few or len(distances) < 2 or not (total.usual > 0 and within.usual > 0):
        return None
    offsets, offset_variances = {}, {}
    for percentile, part in by_percentile.items():
        deviations = part["deviation"].to_numpy(float)
        sampling = _quantile_variance(percentile) / part["effective"].to_numpy(float)
        offsets[percentile] = float(deviations.mean())
        offset_variances[percentile] = paule_mandel(deviations, sampling)
    between = paule_mandel(distances / np.sqrt(within.of(countries)), 1 / effective, centre=0.0)
    return Pooling(total, within, between, offsets, offset_variances)


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
        thin: cell, metric, kind, country, mean_log, effective, strangers (effective, if nobody shared an employer).
        mixes: cell, factor, value, weight of the cells' reports in the model.
        fits: by metric.
        poolings: by (metric, kind).

    Returns:
        cell, percentile, pay, low, high, shrinkage_weight, effective; sorted by cell and percentile.
    """
    columns = ["cell", "percentile", "pay", "low", "high", "shrinkage_weight", "effective"]
    found = [pd.DataFrame(columns=columns)]
    for metric, fit in fits.items():
        pooled = [kind for of, kind in poolings if of == metric]
        cells = thin[thin["metric"].eq(metric) & thin["kind"].isin(pooled)].reset_index(drop=True)
        if cells.empty:
            continue
        predicted = estimated(fit, _predictions(fit, cells["cell"], mixes))
        known = ~np.isnan(predicted.error) & (predicted.employers > 1)
        for kind in pooled:
            chosen = np.flatnonzero(known & cells["kind"].eq(kind).to_numpy())
            found += _shrunk(cells.iloc[chosen], predicted, chosen, poolings[metric, kind])
    rows = pd.concat(found, ignore_index=True).astype({"cell": "int64", "percentile": "int64"})
    return rows.sort_values(["cell", "percentile"], ignore_index=True)


def _predictions(fit: Fit, cells: pd.Series, mixes: pd.DataFrame) -> Contrasts:
    """Return the contrasts that predict the mean of each cell, averaged over what its reports are."""
    own = mixes.assign(contrast=mixes["cell"].map(dict(zip(cells, range(len(cells)), strict=True))))
    own = own[own["contrast"].notna()]
    contrast = own["contrast"].to_numpy(np.int64)
    factor = np.asarray(own["factor"].map({name: n for n, name in enumerate(FACTORS)}), np.int64)
    names = pd.MultiIndex.from_tuples([*fit.value_numbers])
    value = names.get_indexer(pd.MultiIndex.from_frame(own[["factor", "value"]]))
    terms = np.repeat(np.arange(len(cells)), len(FACTORS))
    return Contrasts(
        count=len(cells),
        contrast=terms,
        sign=np.ones(len(terms), np.int64),
        term=contrast * len(FACTORS) + factor,
        value=value,
        weight=own["weight"].to_numpy(float),
        intercept=True,
        ignore_sources=True,
    )


def _shrunk(cells: pd.DataFrame, predicted: Estimates, rows: Whole, pool: Pooling) -> Iterator[pd.DataFrame]:
    """Shrink the means of cells of one kind towards their predictions; yield a frame for each quartile.

    rows: of the cells in `predicted`.
    """
    mean, effective, strangers = (cells[name].to_numpy(float) for name in ("mean_log", "effective", "strangers"))
    total, within = pool.total.of(cells["country"]), pool.within.of(cells["country"])
    sampling, mixed = within / effective, np.maximum(total - within, 0.0) / effective
    own = pool.between / (pool.between + 1 / effective)
    centre = own * mean + (1 - own) * predicted.value[rows]
    model_error = (1 - own) * predicted.error[rows]
    # the cell's employers are in the model too, so the two errors are correlated: this is the largest covariance
    shared = np.sqrt(np.maximum(sampling - within / strangers, 0.0))
    centre_variance = own * sampling + model_error**2 + 2 * own * model_error * shared + mixed
    for percentile in QUARTILES:
        log = centre + pool.offsets[percentile] * np.sqrt(total)
        variance = centre_variance + pool.offset_variances[percentile] * total
        half = _critical_values(variance, model_error**2, predicted.employers[rows]) * np.sqrt(variance)
        pay, low, high = (100_000 * np.exp(x) for x in (log, log - half, log + half))
        figures = {"cell": cells["cell"].to_numpy(), "percentile": percentile, "pay": pay, "low": low, "high": high}
        yield pd.DataFrame({**figures, "shrinkage_weight": 1 - own, "effective": effective})


def _critical_values(variance: Floats, model_variance: Floats, employers: Floats) -> Floats:
    """Return the half-widths of 95 % intervals in standard errors.

    The distribution is Student t with the degrees of freedom of Satterthwaite (1946): the model's part of the variance
    has `employers` - 1, and the rest is treated as known.
    """
    some = model_variance > 0
    freedom = np.where(some, (employers - 1) * (variance / np.where(some, model_variance, 1.0)) ** 2, np.inf)
    return np.asarray(student.ppf(0.975, freedom))


def pooling_facts(pool: Pooling | None) -> dict[str, object] | None:
    """Return the rounded parameters as the manifest holds them: those of a country with the usual variance."""
    if pool is None:
        return None
    total, within = pool.total.usual, pool.within.usual
    scales = {"offsets": math.sqrt(total), "offset_variances": total}
    quartiles = {
        name: {f"p{p}": round(scale * v, 6) for p, v in getattr(pool, name).items()} for name, scale in scales.items()
    }
    variances = {"within": within, "mix": max(total - within, 0.0), "between": pool.between * within}
    return {**{f"{name}_variance": round(value, 6) for name, value in variances.items()}, **quartiles}


class _Cells:
    """The cells of one kind, each of one leaf, that have reports in the model."""

    def __init__(self, fit: Fit, kind: str, correlation: float, settings: Settings) -> None:
        """Number the cells and measure their effective sizes, given the intraclass correlation of log pay."""
        self._fit = fit
        listed = fit.cells["tier"].isin(_COMPLETE_LISTS).to_numpy()
        known = fit.cells["tier"].ne("unknown").to_numpy()
        self._rows = np.flatnonzero(
            {"listed": listed, "other": known & ~listed}.get(kind.split("_")[0], listed | ~listed)
        )
        named = fit.cells.iloc[self._rows].assign(
            level=lambda cells: cells["rank"], stage=lambda cells: cells["rank"].map(stage_of).astype("category")
        )
        has_employer = fit.cells["is_named"].to_numpy(bool)[self._rows]
        clustered = has_employer & ~listed[self._rows]
        self._cell = numbered(named[list(POOLING_KINDS[kind])])
        of_row, self._countries = present(named["country"])
        self._country = np.zeros(int(self._cell.max(initial=-1)) + 1, np.int64)
        self._country[self._cell] = of_row
        self._prior = settings.variance_prior
        n, weight, employers = fit.n[self._rows], fit.weight[self._rows], fit.employers[self._rows]
        self._mass = np.bincount(self._cell, n * weight)
        count = fit.employers.max() + 1
        pairs, which = np.unique(self._cell * count + employers, return_inverse=True)
        together = np.bincount(which, n * weight * clustered) ** 2
        apart = np.bincount(which, n * weight**2 * clustered)
        extra = np.bincount(pairs // count, together - apart)
        # reports without an employer are taken to repeat those with one
        of_employers = np.bincount(self._cell, n * weight * has_employer)
        ratio = self._mass / np.where(extra > 0, of_employers, self._mass)
        factor = np.minimum(ratio**2, settings.max_unknown_factor)
        self._effective = self._mass**2 / (np.bincount(self._cell, n * weight**2) + correlation * factor * extra)
        self._filled = np.bincount(self._cell, n) >= settings.min_pooled_reports
        self._filled &= np.bincount(pairs // count, np.bincount(which, has_employer) > 0) >= settings.min_employers

    def variances(self, sums: Floats, squared: Floats) -> Variances:
        """Return the variances within cells, corrected for correlation within employers.

        A country's own counts by the degrees of freedom of its cells, the usual one by `variance_prior`; the usual one
        is the mean over countries, none of which counts more than the prior lets it.

        Args:
            sums: the sum of the values in each row of the fit.
            squared: the sum of their squares.
        """
        weight = self._fit.weight[self._rows]
        mean = np.bincount(self._cell, weight * sums[self._rows]) / self._mass
        squares = np.maximum(np.bincount(self._cell, weight * squared[self._rows]) - self._mass * mean**2, 0.0)
        freedom = self._mass * (1 - 1 / self._effective)
        degrees = np.bincount(self._country, np.maximum(self._effective - 1, 0.0))
        free = np.bincount(self._country, freedom)
        told = free > _FEWEST_DEGREES * self._mass.sum()
        own = np.bincount(self._country, squares) / np.where(told, free, 1.0)
        share = np.where(told, degrees / (degrees + self._prior), 0.0)
        if not told.any():
            return Variances(math.nan, {})
        usual = float(share @ own / share.sum())
        drawn = share * own + (1 - share) * usual
        return Variances(usual, dict(zip(self._countries, drawn.tolist(), strict=True)))

    def residual_variances(self) -> Variances:
        """Return the variances of residuals within cells."""
        return self.variances(self._fit.sum_y - self._fit.n * self._fit.fitted, self._fit.residuals)

    def distances_from_model(self) -> tuple[Floats, Floats, pd.Series]:
        """Return the mean residual, the effective size and the country of each well-filled cell."""
        residuals = self._fit.weight * (self._fit.sum_y - self._fit.n * self._fit.fitted)
        distance = np.bincount(self._cell, residuals[self._rows]) / self._mass
        countries = pd.Series(np.array(self._countries)[self._country[self._filled]])
        return distance[self._filled], self._effective[self._filled], countries


def _quantile_variance(percentile: int) -> float:
    """Return n times the variance of (sample percentile - sample mean) for a standard normal distribution."""
    p = percentile / 100
    return float(p * (1 - p) / norm.pdf(norm.ppf(p)) ** 2 - 1)
