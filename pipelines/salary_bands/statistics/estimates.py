"""Estimate cells that reports cannot show: the modelled median, and the range of one person's pay.

The median is what the model's parts add up to, with what levels add in the country. Its variance is the model's own
(the jackknife by employer), what levels may add besides, and that of cells around the sum of their parts.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from salary_bands.settings import Settings
from salary_bands.statistics.contrasts import critical_values
from salary_bands.statistics.country_levels import CountryLevels
from salary_bands.statistics.mixes import Mixes, one_of
from salary_bands.statistics.model import Fit, Floats
from salary_bands.statistics.modelled_cells import COMPLETE_LISTS
from salary_bands.statistics.parts import REST, STAGES, Group, Parts, Whole
from salary_bands.statistics.person_ranges import PERSON_PERCENTILES, Residuals, Shape
from salary_bands.statistics.rounding import stepped, widened
from salary_bands.vocabulary.levels import LEVELS, stage_of

TIERS = ("T1", "T2", "T3", "T4", "T5", "all")
CELL = ("view", "group_id", "tier", "level", "market")
FIGURES = ("p50", "p50_low", "p50_high", *(f"person_p{p}" for p in PERSON_PERCENTILES))
_ROLLED_UP = (*STAGES, "all")
_MEDIAN_VARIANCE = math.pi / 2 - 1  # n times the variance of (median - mean) of a standard normal sample


@dataclass(frozen=True)
class Model:
    """What the cells of one metric are estimated from.

    interactions: variance of cells of one leaf, tier and level around the sum of their parts, as a share of the
    variance of one person's pay.
    """

    parts: Parts
    levels: CountryLevels
    mixes: Mixes
    residuals: Residuals
    shapes: Mapping[str, Shape]
    interactions: float

    @cached_property
    def products(self) -> Floats:
        """Products of how far any two parts, and what is common to all cells, move without each employer.

        The error of each part is rounded up, as the square of one report would show in it.
        """
        moves = self.parts.moves[0]
        errors = np.sqrt((moves**2).sum(axis=0))
        moves = moves * (widened(errors) / np.where(errors > 0, errors, 1.0))
        return np.asarray(moves.T @ moves)


@dataclass(frozen=True)
class _Cells:
    """Cells of one market that the model identifies, by row. tiers, levels: shares of the values of the mixes."""

    names: list[tuple[str, str, str, str, str]]
    group: Whole
    market: int
    country: str
    tiers: Floats
    levels: Floats
    employers: Floats


def estimated_cells(model: Model, groups: Sequence[Group], settings: Settings) -> pd.DataFrame:
    """Estimate every cell whose parts the model identifies, in unrounded USD.

    Returns:
        view, group_id, tier, level, market, the columns FIGURES, n_near; sorted by cell.
    """
    found = [pd.DataFrame(columns=[*CELL, *FIGURES, "n_near"])]
    if model.shapes:
        for cells in _cells(model.parts, model.mixes, groups, settings):
            found.append(pd.DataFrame(cells.names, columns=list(CELL)).assign(**_figures(model, cells)))
    types = {**dict.fromkeys(CELL, "str"), **dict.fromkeys((*FIGURES, "n_near"), "float64")}
    return pd.concat(found).astype(types).sort_values(list(CELL), ignore_index=True)


def identified_cells(parts: Parts, groups: Sequence[Group], settings: Settings) -> set[tuple[str, str, str, str]]:
    """Return group (`view group_id`), tier, level and market of the cells whose parts the model identifies."""
    told = _told(parts, settings)
    markets = [value for axis, value in told if axis == "market"]
    names = [" ".join(group) for group in groups if ("group", " ".join(group)) in told]
    tiers, levels = _values(told, "tier", TIERS), _values(told, "level", (*LEVELS, *_ROLLED_UP))
    return {(name, tier, level, market) for market in markets for name in names for tier in tiers for level in levels}


def _told(parts: Parts, settings: Settings) -> dict[tuple[str, str], int]:
    """Return the numbers of the parts that the model identifies."""
    known = parts.identified(settings.min_effective_employers)
    return {key: n for key, n in parts.number.items() if known[n]}


def _values(told: Mapping[tuple[str, str], int], axis: str, values: Sequence[str]) -> list[str]:
    """Return the values that are identified; mixed ones always are, since their parts count by what they weigh."""
    return [value for value in values if value in _ROLLED_UP or (axis, value) in told]


def _cells(parts: Parts, mixes: Mixes, groups: Sequence[Group], settings: Settings) -> Iterator[_Cells]:
    """Yield the cells that the model identifies, a market at a time."""
    told, country_of = _told(parts, settings), _countries(parts.fit)
    tiers, levels = _values(told, "tier", TIERS), _values(told, "level", (*LEVELS, *_ROLLED_UP))
    chosen = np.array([[name in (v, stage_of(v), "all") for v in mixes.levels] for name in levels])
    known = [(group, told[key]) for group in groups if (key := ("group", " ".join(group))) in told]
    if not known:
        return
    of_group = [number for _, number in known]
    named = [" ".join(group) for group, _ in known]
    # whoever a group, tier or level rests on; mixed ones count by what they weigh
    of_tier, of_level = (
        np.array([math.inf if v in _ROLLED_UP else parts.employers[told[axis, v]] for v in of])
        for axis, of in (("tier", tiers), ("level", levels))
    )
    least = np.minimum(np.minimum(parts.employers[of_group][:, None, None], of_tier[:, None]), of_level)
    for market in [value for axis, value in told if axis == "market"]:
        at, country = told["market", market], country_of[market]
        of_levels = mixes.of_levels(chosen, country, named, tiers)
        of_tiers = np.array(
            [
                [mixes.of_tiers(country, name) if tier == "all" else one_of(mixes.tiers, tier) for tier in tiers]
                for name in named
            ]
        )
        yield _Cells(
            [(*group, tier, level, market) for group, _ in known for tier in tiers for level in levels],
            np.repeat(of_group, len(tiers) * len(levels)),
            at,
            country,
            np.repeat(of_tiers.reshape(-1, len(mixes.tiers)), len(levels), axis=0),
            of_levels.reshape(-1, len(mixes.levels)),
            np.minimum(least, parts.employers[at]).ravel(),
        )


def _countries(fit: Fit) -> dict[str, str]:
    """Return the country of each market of the fit."""
    pairs = fit.cells[["market", "country"]].astype(str).drop_duplicates()
    metros = {m: c for m, c in pairs.itertuples(index=False, name=None) if m != REST and len(m) > 2}
    return metros | {country: country for country in pairs["country"]}


def _figures(model: Model, cells: _Cells) -> dict[str, Floats]:
    """Return the columns FIGURES and n_near of some cells."""
    parts, mixes, factors = model.parts, model.mixes, model.residuals.factors
    of_tier = [parts.number["tier", tier] for tier in mixes.tiers]
    of_level = [parts.number["level", level] for level in mixes.levels]
    here, missed = model.levels.within(cells.country, mixes.levels)
    here, step = stepped(here, np.sqrt(missed), parts.rounded.multiple)
    missed = missed + step**2 / 12
    added = {"tier": parts.effect[of_tier], "level": parts.effect[of_level] + here}
    tiers, levels = cells.tiers @ added["tier"], cells.levels @ added["level"]
    centre = parts.rounded.common[0] + parts.effect[cells.group] + parts.effect[cells.market] + tiers + levels
    spread = parts.spread[cells.group] + parts.spread[cells.market]
    spread = spread + cells.tiers @ added["tier"] ** 2 - tiers**2 + cells.levels @ added["level"] ** 2 - levels**2
    vectors = _vectors(model, cells, of_tier, of_level)
    # the sum of the squares of how far each cell moves if an employer is left out
    model_variance = np.maximum(((vectors @ model.products) * vectors).sum(axis=1), 0.0)
    variance = (
        model.residuals.usual
        * factors["country"][cells.country]
        * (cells.tiers @ [factors["tier"][tier] for tier in mixes.tiers])
    )
    variance = variance * (cells.levels @ [factors["rank"][level] for level in mixes.levels])
    tier = [name[2] for name in cells.names]
    kind = np.where(np.isin(tier, COMPLETE_LISTS), "listed", np.where(np.isin(tier, ["all"]), "all", "other"))
    median, effective = (np.array([getattr(model.shapes[k], name) for k in kind]) for name in ("median", "effective"))
    people = np.array([model.shapes[k].people for k in kind])
    own = model.interactions * (variance * _averaged(parts, cells) + spread)  # and how it is mixed is not known either
    total = (
        model_variance
        + vectors**2 @ parts.rounding_variance
        + cells.levels**2 @ missed
        + variance * _MEDIAN_VARIANCE / effective
        + own
    )
    half = critical_values(total, model_variance, cells.employers) * np.sqrt(total)
    middle = centre + median * np.sqrt(variance)
    sides = np.array([-1, -1, 1, 1])
    # a range of people that does not hold their median would help nobody
    away = sides * np.maximum(sides * (people - median[:, None]), 0.0) * np.sqrt(variance + spread)[:, None]
    logs = [middle, middle - half, middle + half, *(middle[:, None] + away).T]
    usd = {name: 100_000 * np.exp(log) for name, log in zip(FIGURES, logs, strict=True)}
    return {**usd, "n_near": variance / total}


def _vectors(model: Model, cells: _Cells, of_tier: list[int], of_level: list[int]) -> Floats:
    """Return how much of each part, and last of all of what is common, is in each cell."""
    vectors = np.zeros((len(cells.group), len(model.products)))
    vectors[:, of_tier], vectors[:, of_level] = cells.tiers, cells.levels
    vectors[np.arange(len(vectors)), cells.group] += 1.0
    vectors[:, [cells.market, -1]] += 1.0
    return vectors


def _averaged(parts: Parts, cells: _Cells) -> Floats:
    """Return how much of interactions is left in a mean over values: 1 if the cell is of one leaf, tier and level.

    A third each of what a cell adds is taken to be of its tier and level, of its leaf and tier, and of all three.
    """
    leaves, tiers, levels = (
        parts.concentration[cells.group],
        (cells.tiers**2).sum(axis=1),
        (cells.levels**2).sum(axis=1),
    )
    return np.asarray((tiers * levels + leaves * tiers + leaves * tiers * levels) / 3)


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
    person_sd = round(math.sqrt(model.residuals.usual), 4)
    return {"person_sd": person_sd, "interactions": round(model.interactions, 4), "kinds": kinds}
