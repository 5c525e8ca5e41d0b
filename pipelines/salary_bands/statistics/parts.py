"""The parts of a modelled cell: what its group, tier, level and market add to log pay, each with what it rests on.

A part is a weighted mean of effects of one factor of the fit, less their mean over all reports: so it does not depend
on the value that effects are relative to. The leaves of a group, the markets of a country, and the levels of a stage
are mixed as all reports mix them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from salary_bands.statistics.contrasts import Contrasts, Terms, moved_without_each_employer
from salary_bands.statistics.model import FACTORS, Fit, Floats, Mask
from salary_bands.statistics.rounding import Rounded
from salary_bands.vocabulary.levels import LEVELS, stage_of

AXES = ("group", "tier", "level", "market")
FACTOR_OF = {"group": "leaf", "tier": "tier", "level": "level", "market": "market"}
STAGES = ("early", "senior")
REST = "global"  # the market of countries with too few reports for an effect
Whole = NDArray[np.int64]
Group = tuple[str, str]  # view, group_id


@dataclass(frozen=True)
class Parts:
    """The parts that a fit knows.

    names: axis and value of each part. A group is named `view group_id`. contrasts: in the same order.
    """

    fit: Fit
    rounded: Rounded
    names: tuple[tuple[str, str], ...]
    contrasts: Contrasts
    employers: Floats  # effective number of the named ones with such reports; 0 of a country without an effect

    @cached_property
    def number(self) -> dict[tuple[str, str], int]:
        """The number of each part by axis and value."""
        return {(axis, value): n for n, (axis, value) in enumerate(self.names)}

    @cached_property
    def effect(self) -> Floats:
        """What each part adds to log pay, of rounded effects."""
        return self.mixed(self.rounded.added)

    @cached_property
    def rounding_variance(self) -> Floats:
        """The variance of each part by rounding, and last of all of what is common."""
        part, value, share = self.shares
        of_values = np.bincount(part, share**2 * self.rounded.variance[value], self.contrasts.count)
        return np.append(of_values, self.rounded.common[1])

    def mixed(self, of_value: Floats) -> Floats:
        """Return the mean of a figure of the values that each part mixes.

        of_value: by the number that the fit gives the value.
        """
        part, value, share = self.shares
        return np.asarray(np.bincount(part, share * of_value[value], self.contrasts.count), np.float64)

    @cached_property
    def shares(self) -> tuple[Whole, Whole, Floats]:
        """Part, value and the share of the value in the part."""
        of = self.contrasts
        own = of.sign[of.term] > 0
        total = np.bincount(of.term, of.weight, len(of.contrast))
        return of.contrast[of.term[own]], of.value[own], (of.weight / total[of.term])[own]

    @cached_property
    def spread(self) -> Floats:
        """The variance of the effects that each part mixes."""
        added = self.rounded.added
        return np.maximum(self.mixed(added**2) - self.mixed(added) ** 2, 0.0)

    @cached_property
    def concentration(self) -> Floats:
        """The sum of squared shares of the values that each part mixes: 1 if it is one value."""
        part, _, share = self.shares
        return np.asarray(np.bincount(part, share**2, self.contrasts.count), np.float64)

    @cached_property
    def moves(self) -> tuple[Floats, Mask]:
        """How far the parts, and last of all what is common to every cell, move if an employer is left out.

        The mask says which of them are identified in every fit.
        """
        own, identified = moved_without_each_employer(self.fit, self.contrasts)
        common, is_known = moved_without_each_employer(self.fit, common_part(self.fit))
        return np.concatenate([own, common], axis=1), np.concatenate([identified, is_known])

    def identified(self, least: float) -> Mask:
        """Return which parts are identified and rest on at least that many effective employers."""
        return (self.employers > least - 1e-9) & self.moves[1][:-1]


def common_part(fit: Fit) -> Contrasts:
    """Return what is common to all cells: the intercept, and the mean effect of each factor."""
    terms: Terms = tuple((1, factor, fit.weights_of(factor)) for factor in FACTORS)
    return Contrasts.of(fit, [terms], intercept=True, ignore_sources=True)


def parts_of(fit: Fit, groups: Mapping[Group, Sequence[str]], multiple: float) -> Parts:
    """Collect the parts that the fit has reports of.

    fit: of predictive model_cells. groups: the leaves of each group. multiple: the step of rounding, see `Rounded`.
    """
    cells, names, terms, employers = fit.cells, [], [], []
    weight = np.where(cells["is_named"].to_numpy(bool), fit.n * fit.weight, 0.0)
    leaf, tier_of, rank, country, market = (cells[name] for name in ("leaf", "tier", "rank", "country", "market"))
    stage_of_rank = rank.map(stage_of)
    every = {factor: fit.weights_of(factor) for factor in FACTORS}

    def add(axis: str, value: str, of: pd.Series) -> None:
        rows, factor = of.to_numpy(bool), FACTOR_OF[axis]
        if rows.any():
            names.append((axis, value))
            terms.append(((1, factor, fit.weights_of(factor, rows)), (-1, factor, every[factor])))
            held = np.bincount(fit.employers, np.where(rows, weight, 0.0))
            squares = float((held**2).sum())
            is_told = squares > 0 and not (axis == "market" and market[rows].eq(REST).any())
            employers.append(float(held.sum()) ** 2 / squares if is_told else 0.0)

    for (view, group), leaves in groups.items():
        add("group", f"{view} {group}", leaf.isin(leaves))
    for tier in every["tier"]:
        add("tier", tier, tier_of.eq(tier))
    for level in LEVELS:
        add("level", level, rank.eq(level))
    for stage in STAGES:
        add("level", stage, stage_of_rank.eq(stage))
    for axis in ("tier", "level"):
        add(axis, "all", leaf.notna())
    for name in sorted(country.unique()):
        add("market", name, country.eq(name))
    for metro in sorted(name for name in market.unique() if name != REST and len(name) > 2):
        add("market", metro, market.eq(metro))
    return Parts(
        fit, Rounded(fit, multiple), tuple(names), Contrasts.of(fit, terms, ignore_sources=True), np.array(employers)
    )
