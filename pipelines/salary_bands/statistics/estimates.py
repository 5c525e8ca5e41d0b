"""Estimate cells that reports cannot show: the modelled median, and the range of one person's pay.

The median is what the model's parts add up to. Its variance is the model's own (the jackknife by employer) and that of
cells around the sum of their parts: interactions of tier and level, of leaf and tier, and of country and level.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from salary_bands.settings import Settings
from salary_bands.statistics.heterogeneity import paule_mandel
from salary_bands.statistics.model import Fit, Floats, numbered
from salary_bands.statistics.parts import AXES, FACTOR_OF, REST, STAGES, Group, Parts
from salary_bands.statistics.person_ranges import COMPLETE_LISTS, PERSON_PERCENTILES, Residuals, Shape
from salary_bands.vocabulary.levels import LEVELS

TIERS = ("T1", "T2", "T3", "T4", "T5", "all")
CELL = ("view", "group_id", "tier", "level", "market")
FIGURES = ("p50", "p50_low", "p50_high", *(f"person_p{p}" for p in PERSON_PERCENTILES))
INTERACTIONS = (("tier", "level"), ("group", "tier"), ("market", "level"))  # of parts
_COLUMNS = {"group": "leaf", "tier": "tier", "level": "rank", "market": "country"}
_MEDIAN_VARIANCE = math.pi / 2 - 1  # n times the variance of (median - mean) of a standard normal sample
_FEWEST = 2  # cells from which they can vary


@dataclass(frozen=True)
class Model:
    """What the cells of one metric are estimated from.

    interactions: variance of cells around the sum of their parts, in units of the variance of one person's pay.
    """

    parts: Parts
    residuals: Residuals
    shapes: Mapping[str, Shape]
    interactions: Mapping[tuple[str, str], float]


def interactions(found: Residuals, correlation: float, settings: Settings) -> dict[tuple[str, str], float]:
    """Estimate by how much cells differ from the sum of their parts.

    correlation: of log pay by employer, where employers are a sample.
    """
    fit = found.fit
    weight, mass = fit.weight, fit.weight * fit.n
    distance = weight * (fit.sum_y - fit.n * fit.fitted)
    clustered = fit.cells["is_named"].to_numpy(bool) & ~fit.cells["tier"].isin(COMPLETE_LISTS).to_numpy()
    variances = {}
    for axes in INTERACTIONS:
        cell = numbered(fit.cells[[_COLUMNS[axis] for axis in axes]])
        whole = np.bincount(cell, mass)
        effective = _effective(fit, cell, clustered, correlation)
        named = fit.cells["is_named"].to_numpy(bool)
        count = fit.employers.max() + 1
        employers = np.bincount(np.unique(cell[named] * count + fit.employers[named]) // count, minlength=len(whole))
        filled = np.bincount(cell, fit.n) >= settings.min_pooled_reports
        filled &= employers >= settings.min_employers
        variance = np.bincount(cell, mass * found.variance) / whole
        mean = np.bincount(cell, distance) / whole / np.sqrt(variance)
        enough = filled.sum() >= _FEWEST
        variances[axes] = paule_mandel(mean[filled], 1 / effective[filled], centre=0.0) if enough else 0.0
    return variances


def _effective(fit: Fit, cell: NDArray[np.int64], clustered: NDArray[np.bool_], correlation: float) -> Floats:
    """Return the effective number of reports behind the mean of each cell."""
    n, weight = fit.n, fit.weight
    count = fit.employers.max() + 1
    pairs, which = np.unique(cell * count + fit.employers, return_inverse=True)
    together = np.bincount(which, n * weight * clustered) ** 2 - np.bincount(which, n * weight**2 * clustered)
    extra = np.bincount(pairs // count, together)
    return np.asarray(np.bincount(cell, n * weight) ** 2 / (np.bincount(cell, n * weight**2) + correlation * extra))


def estimated_cells(model: Model, groups: Sequence[Group], settings: Settings) -> pd.DataFrame:
    """Estimate every cell whose parts the model identifies, in unrounded USD.

    Returns:
        view, group_id, tier, level, market, the columns FIGURES, n_near; sorted by cell.
    """
    columns = [*CELL, *FIGURES, "n_near"]
    if not model.shapes:
        return pd.DataFrame(columns=columns)
    cells, chosen = _cells(model.parts, groups, settings)
    return cells.assign(**_figures(model, chosen, cells["tier"].to_numpy(str)))[columns]


def _cells(parts: Parts, groups: Sequence[Group], settings: Settings) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Return the cells that are identified, and the numbers of their four parts."""
    told = parts.identified(settings.min_effective_employers)
    number = {key: n for key, n in parts.number.items() if told[n]}
    country_of = _countries(parts.fit)
    rows, found = [], []
    of_group = [(group, number[key]) for group in groups if (key := ("group", " ".join(group), "")) in number]
    for market in sorted({value for axis, value, _ in number if axis == "market"}):
        country = country_of[market]
        tiers = _known(number, "tier", TIERS, ("all",), country)
        levels = _known(number, "level", (*LEVELS, *STAGES, "all"), (*STAGES, "all"), country)
        at = number["market", market, ""]
        for group, of in of_group:
            rows += [(*group, tier, level, market) for tier in tiers for level in levels]
            found += [(of, t, v, at) for t in tiers.values() for v in levels.values()]
    cells = pd.DataFrame(rows, columns=list(CELL), dtype="str")
    chosen = np.array(found, np.int64).reshape(-1, len(AXES))
    order = cells.sort_values(list(cells.columns)).index
    return cells.loc[order].reset_index(drop=True), chosen[order]


def _known(
    number: Mapping[tuple[str, str, str], int], axis: str, values: Sequence[str], mixed: Sequence[str], country: str
) -> dict[str, int]:
    """Return the numbers of the parts of an axis that are known; those of mixed values are the country's own."""
    keys = {value: (axis, value, country if value in mixed else "") for value in values}
    return {value: number[key] for value, key in keys.items() if key in number}


def _countries(fit: Fit) -> dict[str, str]:
    """Return the country of each market of the fit."""
    pairs = fit.cells[["market", "country"]].astype(str).drop_duplicates()
    metros = {m: c for m, c in pairs.itertuples(index=False, name=None) if m != REST and len(m) > 2}
    return metros | {country: country for country in pairs["country"]}


def _figures(model: Model, chosen: NDArray[np.int64], tier: NDArray[np.str_]) -> dict[str, Floats]:
    """Return the columns FIGURES and n_near of cells, from the numbers of their parts."""
    parts, moves = model.parts, model.parts.moves[0]
    common = parts.effect_of_common
    centre = common + parts.effect[chosen].sum(axis=1)
    with_common = np.column_stack([chosen, np.full(len(chosen), moves.shape[1] - 1)])
    products = moves.T @ moves
    model_variance = products[with_common[:, :, None], with_common[:, None, :]].sum(axis=(1, 2)).clip(min=0.0)
    variance = model.residuals.usual * np.prod(_factors(model)[chosen], axis=1)
    kind = np.where(np.isin(tier, COMPLETE_LISTS), "listed", np.where(tier == "all", "all", "other"))
    shape = {name: np.array([getattr(model.shapes[k], name) for k in kind]) for name in ("median", "effective")}
    people = np.array([model.shapes[k].people for k in kind]).reshape(-1, len(PERSON_PERCENTILES))
    extra = _MEDIAN_VARIANCE / shape["effective"]
    for axes, between in model.interactions.items():
        extra = extra + between * np.prod(parts.concentration[chosen[:, [AXES.index(axis) for axis in axes]]], axis=1)
    total = model_variance + extra * variance
    employers = parts.employers[chosen].min(axis=1)
    half = _critical_values(total, model_variance, employers) * np.sqrt(total)
    spread = np.sqrt(variance + parts.spread[chosen].sum(axis=1))
    middle = centre + shape["median"] * np.sqrt(variance)
    # a range of people around a median that it does not hold would help nobody
    inside = np.array([-1, -1, 1, 1]) * np.maximum(np.array([-1, -1, 1, 1]) * (people - shape["median"][:, None]), 0)
    logs = [middle, middle - half, middle + half, *(middle[:, None] + inside * spread[:, None]).T]
    usd = {name: 100_000 * np.exp(log) for name, log in zip(FIGURES, logs, strict=True)}
    return {**usd, "n_near": variance / total}


def _factors(model: Model) -> Floats:
    """Return the factor of each part on the variance of one person's pay; that of a group is 1."""
    of = model.parts
    by_value = {
        **{("tier", value): factor for value, factor in model.residuals.factors["tier"].items()},
        **{("level", value): factor for value, factor in model.residuals.factors["rank"].items()},
    }
    values = [
        by_value.get((factor, value.split(" ")[0] if factor == "level" else value), 1.0)
        for factor, value in of.fit.value_numbers
    ]
    mixed = of.mixed(np.array(values))
    countries, own = _countries(of.fit), model.residuals.factors["country"]
    for n, (axis, value) in enumerate(of.names[["axis", "value"]].itertuples(index=False, name=None)):
        if axis == "market":
            mixed[n] = own[countries[value]]
    return np.asarray(mixed)


def _critical_values(variance: Floats, model_variance: Floats, employers: Floats) -> Floats:
    """Return the half-widths of 95 % intervals in standard errors.

    Student t with the degrees of freedom of Satterthwaite (1946): the model's part has `employers` - 1.
    """
    some = model_variance > 0
    freedom = np.where(some, (employers - 1) * (variance / np.where(some, model_variance, 1.0)) ** 2, np.inf)
    return np.asarray(student.ppf(0.975, freedom))


def facts_of(model: Model) -> dict[str, object]:
    """Return what the manifest says of the estimates of a metric, rounded."""
    kinds = {
        kind: {
            "residuals": shape.reports,
            "employers": shape.employers,
            "borrowed": shape.borrowed,
            **{f"p{p}": round(z, 4) for p, z in zip(PERSON_PERCENTILES, shape.people, strict=True)},
        }
        for kind, shape in model.shapes.items()
    }
    between = {f"{FACTOR_OF[a]} x {FACTOR_OF[b]}": round(v, 6) for (a, b), v in model.interactions.items()}
    return {"person_sd": round(math.sqrt(model.residuals.usual), 4), "interactions": between, "kinds": kinds}
