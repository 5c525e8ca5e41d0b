"""Convert amounts to USD a year: currencies and pay periods."""

import re
from functools import cache

import numpy as np
import pandas as pd
import pycountry

from salary_bands.reference import read_yaml
from salary_bands.settings import Settings
from salary_bands.storage.frames import map_distinct

_CODE_IN_BRACKETS = re.compile(r"\(([a-z]{3})\)$")


def resolve_currency(text: str, country: str | None) -> str | None:
    """Return the ISO 4217 code of a currency by its code, its name or as people write it, None if it is ambiguous.

    A sign or a name shared by several currencies (`$`, `kr`, `AUD/NZD`) resolves to the country's own currency if that
    is one of them.
    """
    names: dict[str, list[str]] = read_yaml("currencies.yaml")["names"]
    folded = " ".join(text.casefold().replace(".", "").split())
    in_brackets = _CODE_IN_BRACKETS.search(folded)  # Polish złoty (PLN)
    code = in_brackets[1].upper() if in_brackets else folded.upper()
    if _is_code(code):
        return code
    if named := _codes_by_name().get(folded.removesuffix("s")):
        return named
    candidates = names.get(folded) or [part for part in code.split("/") if _is_code(part)]
    if len(candidates) == 1:
        return candidates[0]
    home: dict[str, str] = read_yaml("currencies.yaml")["countries"]
    own = home.get(country or "")
    return own if own in candidates else None


def _is_code(text: str) -> bool:
    """True for an ISO code in use, or one that was when the ECB quoted it."""
    return len(text) == 3 and bool(pycountry.currencies.get(alpha_3=text) or text in _former_codes())


@cache
def _codes_by_name() -> dict[str, str]:
    """Return the codes by the ISO name in lower case, without the s of a plural: `trinidad and tobago dollar`."""
    return {str(c.name).casefold().removesuffix("s"): str(c.alpha_3) for c in pycountry.currencies if " " in c.name}


@cache
def _former_codes() -> frozenset[str]:
    return frozenset(read_yaml("currencies.yaml")["former"])


def annual_factor(period: pd.Series, hours_per_week: pd.Series, settings: Settings) -> pd.Series:
    """Return the number of pay periods in a year."""
    hours = hours_per_week.fillna(settings.hours_per_week)
    factors = {
        "year": 1.0,
        "month": 12.0,
        "month_13": 13.0,
        "month_14": 14.0,
        "half_month": 24.0,
        "two_weeks": settings.weeks_per_year / 2,
        "week": float(settings.weeks_per_year),
        "day": float(settings.days_per_year),
    }
    return map_distinct(period, factors.get, "float64").fillna(settings.weeks_per_year * hours)


def whole_usd(amount: pd.Series, factor: pd.Series | float, rate: pd.Series) -> pd.Series:
    """Convert amounts to whole USD, rounding half up; a missing amount stays NaN."""
    return pd.Series(np.floor(amount * factor * rate + 0.5), index=amount.index)
