"""How far one person's pay lies from what the model says of the cell: conformal quantiles of scaled residuals.

Residuals are of predictions that do not know the person's employer (cross-conformal, ten folds by employer; Vovk 2015),
except in tiers whose employers are all listed, where a new person's employer is a known one. They are in units of a
scale for each country, tier and level (locally weighted, Lei et al. 2018), so that a quantile holds in each of them.
"""

import math
import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from salary_bands.statistics.model import WEIGHT_UNIT, Fit, Floats, Mask, independent, present
from salary_bands.statistics.modelled_cells import COMPLETE_LISTS
from salary_bands.statistics.parts import Parts, common_part
from salary_bands.statistics.rounding import stepped

KINDS = ("listed", "other", "all")
PERSON_PERCENTILES = (10, 25, 75, 90)
SCALED_BY = ("country", "tier", "rank")
_FOLDS = 10
_PASSES = 6  # after which the factors of the scale no longer move
_MIN_RESIDUALS, _MIN_EMPLOYERS = 100, 10


@dataclass(frozen=True)
class Residuals:
    """What is known of the reports in each row of a fit.

    centre: what the model says of their cell; unseen: what it would say without their employer, NaN if it could not.
    variance: of one report around `unseen`.
    """

    fit: Fit
    centre: Floats
    unseen: Floats
    usual: float
    factors: dict[str, dict[str, float]]

    @cached_property
    def variance(self) -> Floats:
        """The variance of a report around `unseen`, by row of the fit."""
        return self.usual * np.asarray(np.prod([_mapped(self.fit, of, self.factors[of]) for of in SCALED_BY], axis=0))

    def rows(self) -> pd.DataFrame:
        """Return the cells of the fit with kind, centre, unseen and scale, to be joined with single reports."""
        listed = self.fit.cells["tier"].isin(COMPLETE_LISTS).to_numpy()
        return self.fit.cells.assign(
            kind=np.where(listed, "listed", "other"),
            centre=self.centre,
            unseen=self.unseen,
            scale=np.sqrt(self.variance),
        )


def residuals(parts: Parts, levels: Floats, prior: float) -> Residuals:
    """Compare the reports of a fit with what it says of their cells.

    levels: what the level of each row adds in its country.
    prior: effective reports that a scale of 1 counts for beside those of a country, tier or level.
    """
    fit = parts.fit
    everyone = np.ones(len(fit.cells), bool)
    centre = _centres(parts, fit.effects, np.zeros(0, np.int64)) + levels
    unseen = centre.copy()
    listed = fit.cells["tier"].isin(COMPLETE_LISTS).to_numpy()
    _, names = present(fit.cells["employer"])
    fold = np.array([zlib.crc32(name.encode()) % _FOLDS for name in names])[fit.employers]
    for number in np.unique(fold[~listed]):
        out = ~listed & (fold == number)
        unseen[out] = (_left_out(parts, out, everyone & ~out) + levels)[out]
    return Residuals(fit, centre, unseen, *_scales(fit, unseen, prior, parts.rounded.multiple))


def _left_out(parts: Parts, out: Mask, left: Mask) -> Floats:
    """Return the centre of every row from the rows that are left; NaN if a value has no report among these."""
    fit = parts.fit
    design, mass = fit.design[np.flatnonzero(out)], (fit.n * fit.weight)[out]
    gram = fit.gram - (design.T @ design.multiply(mass[:, None])).toarray()
    moments = fit.moments - design.T @ (fit.weight * fit.sum_y)[out]
    kept = independent(gram)
    effects = np.zeros(len(fit.columns))
    effects[kept] = np.linalg.solve(gram[np.ix_(kept, kept)], moments[kept])
    gone, found = [], np.ones(len(fit.cells), bool)
    for factor in ("leaf", "tier", "level", "market", "month", "source"):
        codes, values = present(fit.cells[factor])
        empty = np.bincount(codes[left], minlength=len(values)) == 0
        gone += [fit.value_numbers[factor, values[n]] for n in np.flatnonzero(empty)]
        if factor not in ("month", "source"):
            found &= ~empty[codes]
    return np.where(found, _centres(parts, effects, np.array(gone, np.int64)), np.nan)


def _centres(parts: Parts, effects: Floats, absent: NDArray[np.int64]) -> Floats:
    """Return what effects say of the cell of each row: its leaf, tier, level however it is known, and finest market."""
    fit = parts.fit
    own = np.array([factor in ("leaf", "tier", "market") for factor, _ in fit.columns])
    levels, names = present(fit.cells["rank"])
    vectors = parts.contrasts.vectors(fit, absent)[0]
    of_level = np.array([vectors[parts.number["level", name]] @ effects for name in names])
    common = common_part(fit).vectors(fit, absent)[0][0]
    # the mean of these factors is in their effects already, that of levels is not in what levels add
    return np.asarray(
        fit.design @ np.where(own, effects, 0.0) + of_level[levels] + np.where(own, 0.0, common) @ effects
    )


def _mapped(fit: Fit, name: str, values: dict[str, float]) -> Floats:
    codes, names = present(fit.cells[name])
    return np.array([values[n] for n in names])[codes]


def _scales(fit: Fit, centre: Floats, prior: float, multiple: float) -> tuple[float, dict[str, dict[str, float]]]:
    """Return the usual variance around the centres, and the factor of each country, tier and level, all rounded."""
    known = ~np.isnan(centre)
    at = np.where(known, centre, 0.0)
    squares = np.where(known, np.maximum(fit.sum_yy - 2 * at * fit.sum_y + fit.n * at**2, 0.0), 0.0)
    mass, squared = (np.where(known, fit.n * fit.weight**power, 0.0) for power in (1, 2))
    coded = {name: present(fit.cells[name]) for name in SCALED_BY}
    if not known.any():
        return math.nan, {name: dict.fromkeys(values, 1.0) for name, (_, values) in coded.items()}
    usual = float(fit.weight @ squares / mass.sum())
    factors = {name: np.ones(len(values)) for name, (_, values) in coded.items()}
    counts: dict[str, Floats] = {}
    for name in SCALED_BY * _PASSES:
        codes, values = coded[name]
        others = np.prod([factors[n][coded[n][0]] for n in SCALED_BY if n != name], axis=0)
        ratio, whole = fit.weight * squares / (usual * others), np.bincount(codes, mass, len(values))
        held = whole**2 / np.maximum(np.bincount(codes, squared, len(values)), 1e-300)
        told = np.where(whole > 0, held, 0.0)
        own = np.bincount(codes, ratio, len(values)) / np.where(whole > 0, whole, 1.0) / (ratio.sum() / mass.sum())
        factors[name] = (own * told + prior) / (told + prior)
        counts[name] = told + prior
    every = np.array([mass.sum() ** 2 / squared.sum()])
    rounded = {name: _rounded_variances(of, counts[name], multiple).tolist() for name, of in factors.items()}
    [usual] = _rounded_variances(np.array([usual]), every, multiple)
    return float(usual), {name: dict(zip(coded[name][1], of, strict=True)) for name, of in rounded.items()}


def _rounded_variances(variances: Floats, reports: Floats, multiple: float) -> Floats:
    """Round the logs of variances, whose standard error is that of so many normal values."""
    some = variances > 0
    return np.where(
        some, np.exp(stepped(np.log(np.where(some, variances, 1.0)), np.sqrt(2 / reports), multiple)[0]), 0.0
    )


@dataclass(frozen=True)
class Shape:
    """Quantiles of scaled residuals of one kind of cells.

    median: around what the model says of a cell. people: P10, P25, P75 and P90 of one new reporting person.
    borrowed: from all kinds, since too few people or employers of this one are known.
    """

    median: float
    people: tuple[float, float, float, float]
    reports: int
    employers: int
    effective: float
    borrowed: bool = False


def shapes(people: pd.DataFrame, multiple: float) -> dict[str, Shape]:
    """Return the shape of each kind; none if too few people are known.

    people: kind, employer (null if unknown), weight, known and unseen (scaled residuals of both centres).
    multiple: the step of rounding, in standard errors.
    """
    own = {kind: _shape(people if kind == "all" else people[people["kind"].eq(kind)], multiple) for kind in KINDS}
    every = own["all"]
    if every is None:
        return {}
    lent = Shape(every.median, every.people, every.reports, every.employers, every.effective, borrowed=True)
    return {kind: shape or lent for kind, shape in own.items()}


def _shape(people: pd.DataFrame, multiple: float) -> Shape | None:
    """Return the shape of some people, rounded; None if they are too few."""
    people = people[people["unseen"].notna()]
    employers = int(people["employer"].nunique())
    if len(people) < _MIN_RESIDUALS or employers < _MIN_EMPLOYERS:
        return None
    weight = people["weight"].to_numpy(np.int64)
    units = weight / WEIGHT_UNIT
    effective = float(units.sum() ** 2 / (units**2).sum())
    found = weighted_quantiles(people["known"].to_numpy(float), weight, (50,))
    found += weighted_quantiles(people["unseen"].to_numpy(float), weight, PERSON_PERCENTILES)
    p = np.array([50, *PERSON_PERCENTILES]) / 100
    errors = np.sqrt(p * (1 - p) / effective) / (np.exp(-(ndtri(p) ** 2) / 2) / math.sqrt(2 * math.pi))
    median, p10, p25, p75, p90 = (float(z) for z in stepped(np.array(found), errors, multiple)[0])
    return Shape(median, (p10, p25, p75, p90), len(people), employers, effective)


def weighted_quantiles(values: Floats, weights: NDArray[np.int64], percentiles: tuple[int, ...]) -> list[float]:
    """Return quantiles, interpolated between values, each at the middle of its weight."""
    order = np.lexsort((weights, values))
    to = np.cumsum(weights[order])
    middle = (2 * to - weights[order]) / (2 * to[-1])
    return [float(x) for x in np.interp(np.array(percentiles) / 100, middle, values[order])]
