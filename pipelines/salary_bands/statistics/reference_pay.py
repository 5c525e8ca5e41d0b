"""What a report's pay is compared with before it is judged: its residual from a fit of all reports of the metric."""

import numpy as np
import pandas as pd

from salary_bands.statistics.batches import Integers, Mask
from salary_bands.statistics.model import BY_EXPERIENCE, LOG_UNIT, WEIGHT_UNIT, Fit, Floats

CLIPPED = 2.5  # spreads beyond which a residual counts as that far
_NORMAL = 1.4826  # spread of a normal distribution over its median absolute deviation
_NOWHERE = "global"
_FACTORS = ("leaf", "tier", "level", "market", "month")


def residuals(reports: pd.DataFrame, profiles: pd.DataFrame, least: int, prior: float) -> tuple[Integers, Floats]:
    """Return the residual of each report, in 1 / 2^16, and the usual variance of residuals in its country.

    The fit has leaf, tier, level, market and month as factors, but no source, since a source may be the lie. Expired
    reports are compared with the fit and not in it; their residual is 0 if it does not know one of their values.
    Residuals are clipped, so that one report moves no mean far.

    Args:
        reports: profile, is_inferred, is_counted, log_pay, weight.
        profiles: leaf, tier, level, country, metro, empty if unknown, by profile.
        least: reports that a market needs for an effect. prior: reports that the usual variance counts for.
    """
    log, counted = reports["log_pay"].to_numpy(np.int64), reports["is_counted"].to_numpy(bool)
    keys = reports["profile"].to_numpy(np.int64) * 4 + reports["is_inferred"].to_numpy(bool) * 2 + counted
    keys, number = np.unique(keys * 2 * WEIGHT_UNIT + reports["weight"].to_numpy(np.int64), return_inverse=True)
    keys, weight = np.divmod(keys, 2 * WEIGHT_UNIT)
    columns = {"profile": keys // 4, "is_inferred": keys // 2 % 2, "is_counted": keys % 2, "weight": weight}
    cells = pd.DataFrame(columns).join(profiles, on="profile")
    cells["n"] = np.bincount(number)
    for name, value in (("sum_y", log), ("sum_yy", log * log)):
        cells[name] = _sums(number, value, len(cells))
    cells["market"] = _markets(cells, least)
    oldest = cells.loc[cells["is_counted"].eq(1), "weight"].min()  # reports of a month have one weight
    cells = cells.assign(
        level=cells["level"] + np.where(cells["is_inferred"].eq(1), BY_EXPERIENCE, ""),
        month=cells["weight"].clip(lower=oldest).map("{:07}".format),
        weight=cells["weight"] * cells["is_counted"],
        source="",
        employer="",
    )
    known = np.logical_and.reduce([cells["is_counted"].groupby(cells[n]).transform("max").eq(1) for n in _FACTORS])
    fitted = np.rint(LOG_UNIT * Fit(cells).fitted)[number].astype(np.int64)
    rest = np.where(known[number], log - fitted, 0)
    country = pd.factorize(cells["country"], sort=True)[0][number]
    spread = _spreads(rest, country, counted, prior)
    most = np.rint(CLIPPED * spread[country]).astype(np.int64)
    return np.clip(rest, -most, most), (spread[country] / LOG_UNIT) ** 2


def _sums(number: Integers, values: Integers, count: int) -> Integers:
    """Return the exact sum of the values of each number."""
    found = np.zeros(count, np.int64)
    np.add.at(found, number, values)
    return found


def _markets(cells: pd.DataFrame, least: int) -> pd.Series:
    """Return the smallest place of each row with enough counted reports."""
    counted = cells["n"] * cells["is_counted"]
    enough = {name: counted.groupby(cells[name]).transform("sum").ge(least) for name in ("metro", "country")}
    market = cells["country"].where(enough["country"] & cells["country"].ne(""), _NOWHERE)
    return cells["metro"].where(enough["metro"] & cells["metro"].ne(""), market)


def _spreads(rest: Integers, country: Integers, counted: Mask, prior: float) -> Floats:
    """Return the spread of residuals of each country, drawn towards that of all."""
    away = pd.Series(np.abs(rest[counted]))
    usual = _NORMAL * away.median()
    by = away.groupby(country[counted])
    own, number = _NORMAL * by.median(), by.size()
    drawn = ((number * own**2 + prior * usual**2) / (number + prior)) ** 0.5
    drawn = drawn.reindex(range(int(country.max(initial=0)) + 1)).fillna(usual)
    return np.asarray(drawn, np.float64)
