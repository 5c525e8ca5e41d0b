"""Compare the pay of an export with the average wages of the countries that it is from, before it is believed.

Pay in software and data is some 1.5 times a country's average wage at purchasing power parity: 0.95 to 2.7 times in 33
pairs of a real export and a country of the OECD with 20 reports or more. A factor of three beside that is no labour
market but a unit: months read as years, thousands, another currency.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from salary_bands.errors import HeldExport
from salary_bands.settings import Settings
from salary_bands.statistics.pay_profile import Document, by_currency, histogram, merged, to_document
from salary_bands.storage.frames import map_distinct
from salary_bands.vocabulary.gazetteer import currency_of
from salary_bands.vocabulary.wages import average_wages

_USUAL_RATIO = 1.5
# Pay of a level or a stage beside the mean of all.
_OF_LEVEL = {"L3": 0.8, "L4": 0.93, "L5": 1.1, "L6": 1.35, "L7": 1.6, "early": 0.88, "senior": 1.12}
# Adverts of two frontier labs in the US are 2.7 and 3.1 times what is usual at their levels; no other tier is near.
_OF_TIER = {"T1": 2.0}
_CAUSES = (
    (300, math.inf, "as if thousands were missing", "as if thousands were counted twice"),
    (8, 18, "as if months were read as years", "as if years were read as months"),
    (1, 3, "as if it were net", "as if it were a total"),
)
_FACTOR_OF_CURRENCY = 5  # from which another currency is a likely cause
FIX = "fix the pay period, the scale or the currency in its format, or raise implausible_factor"


@dataclass(frozen=True)
class Difference:
    """How far the pay of a country and currency in an export is from what is known otherwise.

    currency: blank for the rare ones together. beside: what it is compared with. in_others: the other source states
    its pay there in other currencies only.
    """

    country: str
    currency: str
    reports: int
    factor: float
    beside: str
    in_others: bool = False

    @property
    def distance(self) -> float:
        """The factor or its inverse, whichever is above 1."""
        return max(self.factor, 1 / self.factor)

    def is_implausible(self, settings: Settings) -> bool:
        """True if no labour market explains it; foreign currency honestly pays up to 3.5 times the local one."""
        least = settings.implausible_factor
        return self.distance >= (max(least, _FACTOR_OF_CURRENCY) if self.in_others else least)

    def __str__(self) -> str:
        number = f"{self.distance:.1f}" if self.distance < 100 else f"{self.distance:,.0f}"
        distance = f"1/{number} of" if self.factor < 1 else f"{number} times"
        where = f"{self.country} in {self.currency or 'other currencies'}"
        causes = " or ".join(self._causes)
        line = f"pay in {where} ({self.reports:,} reports) is {distance} {self.beside}"
        return f"{line}, {causes}" if causes else line

    @property
    def _causes(self) -> list[str]:
        low, own = self.factor < 1, currency_of(self.country)
        causes = [under if low else over for a, b, under, over in _CAUSES if a <= self.distance < b]
        if self.distance >= _FACTOR_OF_CURRENCY and self.currency and own not in (None, self.currency):
            causes.append(f"as if amounts in {own} were read as {self.currency}")
        elif self.distance >= _FACTOR_OF_CURRENCY and not causes:
            causes.append("as if another currency were meant")
        return causes


def implausible(differences: list[Difference], settings: Settings) -> Difference | None:
    """Return the difference of most reports that is no pay, if too many of the compared reports have one."""
    wrong = [d for d in differences if d.is_implausible(settings)]
    share = settings.max_rejected_share * sum(d.reports for d in differences)
    if sum(d.reports for d in wrong) <= share:
        return None
    return max(wrong, key=lambda d: (d.reports, d.country, d.currency))


def doubtful(differences: list[Difference], settings: Settings) -> list[str]:
    """Return a line for each difference that is worth a warning."""
    return [str(d) for d in differences if d.distance >= settings.doubtful_factor]


@dataclass
class Plausibility:
    """The pay of an export, counted chunk by chunk, beside the average wages of its countries."""

    _counts: pd.DataFrame | None = None
    _differences: list[Difference] | None = None

    def add(self, pay: pd.DataFrame, currency: pd.Series) -> None:
        """Count a chunk of pay_reports: those in scope, with a leaf, a base and a country."""
        asked = pay["scope_reason"].isna() & ~pay["leaf"].isin(("out_of_scope", "unclassified"))
        asked &= pay["country"].notna() & pay["base"].gt(0).fillna(False)
        if not asked.any():
            return
        rows = pay.loc[asked, ["country", "level", "stage", "tier", "base"]]
        of_level, of_stage = (map_distinct(rows[name], _OF_LEVEL.get, "float64") for name in ("level", "stage"))
        of_tier = map_distinct(rows["tier"], _OF_TIER.get, "float64").fillna(1.0)
        log_pay = np.log(rows["base"].astype("float64") / (of_level.fillna(of_stage).fillna(1.0) * of_tier))
        counts = histogram(rows["country"], currency[asked], log_pay)
        self._counts = counts if self._counts is None else merged(self._counts, counts)
        self._differences = None

    @property
    def document(self) -> Document:
        """The pay that was counted, for the record of the part: exports are compared with each other by it."""
        return {} if self._counts is None else to_document(self._counts)

    def differences(self) -> list[Difference]:
        """Compare each country and currency that has enough reports with the country's average wage."""
        if self._differences is None:
            self._differences = [] if self._counts is None else _beside_wages(self._counts)
        return self._differences

    def warnings(self, settings: Settings) -> list[str]:
        """Return a line for each country and currency whose pay is far from what is usual there."""
        return doubtful(self.differences(), settings)

    def check(self, settings: Settings, rows: int) -> None:
        """Raise HeldExport `implausible` if the pay of too many of the reports that can be compared is no pay."""
        if wrong := implausible(self.differences(), settings):
            raise HeldExport("implausible", str(wrong), FIX, rows=rows)


def _beside_wages(counts: pd.DataFrame) -> list[Difference]:
    found = by_currency(counts, [])
    facts = zip(found["country"], found["currency"], found["reports"], np.exp(found["log_pay"]), strict=True)
    return [
        Difference(country, currency, reports, pay / usual, "what is usual there")
        for country, currency, reports, pay in facts
        if (usual := usual_pay(country))
    ]


def usual_pay(country: str) -> float | None:
    """Return what software and data jobs usually pay in a country, USD a year; None if its wages are not listed."""
    wage = average_wages().get(country)
    return wage * _USUAL_RATIO if wage else None
