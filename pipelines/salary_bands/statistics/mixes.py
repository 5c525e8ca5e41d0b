"""How a cell that rolls up tiers or levels is mixed, since it may have too few reports to say so itself.

Shares are those of all reports, times what the country, the group and the tier make of each: independent of each
other, and drawn towards 1 where few reports say so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from salary_bands.statistics.model import Fit, Floats, Mask, present
from salary_bands.statistics.parts import Group


@dataclass(frozen=True)
class Mixes:
    """Tiers and levels of a fit, and how they are mixed.

    usual: the shares of an axis in all reports. lifts: by axis and condition, the factor of each value, of shape
    (values of the condition, values of the axis).
    """

    tiers: list[str]
    levels: list[str]
    usual: Mapping[str, Floats]
    lifts: Mapping[tuple[str, str], Mapping[str, Floats]]

    def of_tiers(self, country: str, group: str) -> Floats:
        """Return the share of each tier, the unknown one included, in a country's reports of a group."""
        return _normal(self.usual["tier"] * self.lifts["tier", "country"][country] * self.lifts["tier", "group"][group])

    def of_levels(self, chosen: Mask, country: str, groups: Sequence[str], tiers: Sequence[str]) -> Floats:
        """Return the share of each level in a country's reports, of shape (groups, tiers, rows of chosen, levels).

        chosen: a row for each set of levels. tiers: `all` is that of all tiers.
        """
        of_group, of_tier = self.lifts["level", "group"], self.lifts["level", "tier"]
        shares = self.usual["level"] * self.lifts["level", "country"][country]
        shares = shares * np.array([of_group[name] for name in groups])[:, None, None, :]
        every = np.ones(len(self.levels))
        shares = shares * np.array([every if tier == "all" else of_tier[tier] for tier in tiers])[:, None, :]
        shares = np.where(chosen, shares, 0.0)
        total = shares.sum(axis=-1, keepdims=True)
        return np.asarray(shares / np.where(total > 0, total, 1.0))


def mixes_of(fit: Fit, groups: Mapping[Group, Sequence[str]], prior: float) -> Mixes:
    """Count how reports are mixed; prior: reports that a lift of 1 counts for."""
    mass = fit.n * fit.weight
    codes = {"tier": present(fit.cells["tier"]), "level": present(fit.cells["rank"])}
    usual = {axis: _normal(np.bincount(of, mass)) for axis, (of, _) in codes.items()}
    lifts: dict[tuple[str, str], dict[str, Floats]] = {}

    def add(axis: str, condition: str, value: str, rows: Mask) -> None:
        own = np.bincount(codes[axis][0], np.where(rows, mass, 0.0), len(usual[axis]))
        lift = (own + prior * usual[axis]) / ((own.sum() + prior) * usual[axis])
        lifts.setdefault((axis, condition), {})[value] = lift

    leaf = fit.cells["leaf"].astype(str)
    countries, names = present(fit.cells["country"])
    for axis in codes:
        for n, name in enumerate(names):
            add(axis, "country", name, countries == n)
        for (view, group), leaves in groups.items():
            add(axis, "group", f"{view} {group}", leaf.isin(leaves).to_numpy())
    tiers, tier_names = codes["tier"]
    for n, name in enumerate(tier_names):
        add("level", "tier", name, tiers == n)
    return Mixes(tier_names, codes["level"][1], usual, lifts)


def _normal(shares: NDArray[Any]) -> Floats:
    total = shares.sum()
    return np.asarray(shares / total) if total > 0 else shares


def one_of(values: Sequence[str], value: str) -> Floats:
    """Return a share of 1 for one value."""
    return np.array([float(v == value) for v in values])
