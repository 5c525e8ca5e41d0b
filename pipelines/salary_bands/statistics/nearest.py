"""Find the shown cell that is nearest to another one in the model.

The distance of two cells is the sum of |log of the multiplier| between their groups, tiers, levels and markets: the
|log of the product| where one of them differs, and no less where several do, so that a higher level does not make up
for a cheaper place. It is a sum over axes, so the nearest cell is found one axis at a time.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from salary_bands.statistics.model import Floats
from salary_bands.statistics.parts import AXES, Parts
from salary_bands.vocabulary.markets import country_of_market

# more, in log units, for each value of a change that the model does not identify: most of all for a market
UNKNOWN = {"group": 1.0, "tier": 1.0, "level": 1.0, "market": 2.0}
UNKNOWN_AT_HOME = 0.75  # the same for a metro of a known country, and for a change of market within a country
WORLD = "global"  # who asks for the world is answered from all of it, and nobody else is
_CHANGE = 1e-6  # so that of equal distances the one with fewer changes wins
Effects = Mapping[str, Mapping[str, float]]  # what each value of an axis adds to log pay


def effects_of(parts: Parts, least: float) -> Effects:
    """Return the effect of each group, tier, level and market that the model identifies.

    One that rests on fewer effective employers than `least` would say what somebody earns.
    """
    told = parts.identified(least)
    found: dict[str, dict[str, float]] = {axis: {} for axis in AXES}
    for (axis, value), n in parts.number.items():
        if told[n]:
            found[axis][value] = float(parts.effect[n])
    return found


def nearest_cells(shown: pd.DataFrame, wanted: pd.DataFrame, effects: Effects) -> pd.DataFrame:
    """Return, for each wanted cell, the row of the nearest shown cell and its distance in log units.

    Rows are -1 and distances NaN if nothing that may answer is shown. Ties go to the cell whose group, tier, level and
    market come first in text order.

    Args:
        shown, wanted: the columns AXES, a group being named `view group_id`; no cell stands in `shown` twice.
    """
    if shown.empty or wanted.empty:
        return pd.DataFrame({"row": np.full(len(wanted), -1), "distance": np.full(len(wanted), np.nan)})
    values = [sorted({*shown[axis].unique(), *wanted[axis].unique()}) for axis in AXES]
    place = np.full([len(of) for of in values], -1, np.int64)
    place[_at(shown, values)] = np.arange(len(shown))
    cost = np.where(place >= 0, 0.0, np.inf)
    for number, axis in enumerate(AXES):
        cost, place = _spread(cost, place, number, _distances(values[number], effects[axis], axis))
    at = _at(wanted, values)
    distance = np.where(place[at] < 0, np.nan, np.floor(cost[at] / _CHANGE / 10) * _CHANGE * 10)
    return pd.DataFrame({"row": place[at], "distance": distance})


def _at(cells: pd.DataFrame, values: list[list[str]]) -> tuple[NDArray[np.int64], ...]:
    pairs = zip(AXES, values, strict=True)
    return tuple(np.asarray(pd.Index(of).get_indexer(pd.Index(cells[axis])), np.int64) for axis, of in pairs)


def _distances(values: list[str], effects: Mapping[str, float], axis: str) -> Floats:
    """Return the distance between all values of an axis.

    A metro that the model does not identify is as its country, other such values are as the mean of all reports, and
    nobody knows how much they differ from that. Markets of one country are as each other if one of them is unknown.

    Returns:
        (values, values): from the one that is asked for to the one that is shown.
    """
    known = np.array([value in effects for value in values])
    stands_for = [value if value in effects or axis != "market" else country_of_market(value) for value in values]
    at = np.array([effects.get(value, 0.0) for value in stands_for])
    at_home = ~known & np.isin(stands_for, [*effects])
    doubt = np.select([known, at_home], [0.0, UNKNOWN_AT_HOME], UNKNOWN[axis])
    apart = np.abs(at[:, None] - at[None, :]) + doubt[:, None] + doubt[None, :] + _CHANGE
    if axis == "market":
        countries = np.array([country_of_market(value) for value in values])
        unsure = (countries[:, None] == countries[None, :]) & ~(known[:, None] & known[None, :])
        apart = np.where(unsure, UNKNOWN_AT_HOME + _CHANGE, apart)
        apart[:, np.array(values) == WORLD] = np.inf
    np.fill_diagonal(apart, 0.0)
    return apart


def _spread(cost: Floats, place: NDArray[np.int64], axis: int, distances: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Return cost and place of the best cell for each cell if this axis may change too."""
    cost, place = np.moveaxis(cost, axis, 0), np.moveaxis(place, axis, 0)
    best, found = np.full(cost.shape, np.inf), np.full(place.shape, -1)
    for number in range(len(cost)):
        tried = distances[:, number].reshape(-1, *[1] * (cost.ndim - 1)) + cost[number]
        better = tried < best
        best = np.where(better, tried, best)
        found = np.where(better, place[number], found)
    return np.moveaxis(best, 0, axis), np.moveaxis(found, 0, axis)
