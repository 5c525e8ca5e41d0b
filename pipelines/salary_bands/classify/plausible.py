"""Compare the pay of an export with the average wages of the countries that it is from, before it is believed.

Pay in software and data is some 1.5 times a country's average wage at purchasing power parity: 0.95 to 2.7 times in 33
pairs of a real export and a country of the OECD with 20 reports or more. A factor of three beside that is no labour
market but a unit: months read as years, thousands, another currency.
"""

import math
from collections import Counter
from functools import cache

import numpy as np
import pandas as pd

from salary_bands.errors import HeldExport
from salary_bands.reference import read_csv
from salary_bands.settings import Settings

_USUAL_RATIO = 1.5
_FEWEST = 30  # reports of a country below which its median says little
_BINS = 50  # per unit of the natural logarithm: 2 % apart
# Pay of a level or a stage beside the mean of all.
_OF_LEVEL = {"L3": 0.8, "L4": 0.93, "L5": 1.1, "L6": 1.35, "L7": 1.6, "early": 0.88, "senior": 1.12}
_CAUSES = (
    (300, math.inf, "as if thousands were missing", "as if thousands were counted twice"),
    (8, 18, "as if months were read as years", "as if years were read as months"),
    (1, 3, "as if it were net", "as if it were a total"),
)


class Plausibility:
    """Counts, by country, of the logarithm of base pay beside what is usual, in bins."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, int]] = Counter()

    def add(self, pay: pd.DataFrame) -> None:
        """Count a chunk of pay_reports: those in scope, with a leaf, a base, and a country whose wage is known."""
        wage = pay["country"].map(_wages())
        asked = pay["scope_reason"].isna() & ~pay["leaf"].isin(("out_of_scope", "unclassified"))
        asked &= wage.notna() & pay["base"].gt(0).fillna(False)
        if not asked.any():
            return
        rows = pay[asked]
        of_level = rows["level"].map(_OF_LEVEL).fillna(rows["stage"].map(_OF_LEVEL)).fillna(1.0).astype("float64")
        usual = wage[asked].astype("float64") * _USUAL_RATIO * of_level
        bins = np.rint(np.log(rows["base"].astype("float64") / usual) * _BINS).astype(int)
        self._counts.update(zip(rows["country"], bins, strict=True))

    def factors(self) -> dict[str, tuple[int, float]]:
        """Return reports and the median factor beside what is usual, for each country with enough reports."""
        found = {}
        for country in sorted({name for name, _ in self._counts}):
            bins = sorted((place, count) for (name, place), count in self._counts.items() if name == country)
            total = sum(count for _, count in bins)
            if total >= _FEWEST:
                places = np.repeat([place for place, _ in bins], [count for _, count in bins])
                found[country] = (total, math.exp(float(np.median(places)) / _BINS))
        return found

    def warnings(self, settings: Settings) -> list[str]:
        """Return a line for each country whose pay is far from what is usual there."""
        return [
            f"pay in {country} ({reports:,} reports) is {_said(factor)}"
            for country, (reports, factor) in self.factors().items()
            if _distance(factor) >= settings.doubtful_factor
        ]

    def check(self, settings: Settings, rows: int) -> None:
        """Raise HeldExport `implausible` if the pay of too many of the reports that can be compared is no pay."""
        factors = self.factors()
        wrong = {c: f for c, f in factors.items() if _distance(f[1]) >= settings.implausible_factor}
        compared = sum(reports for reports, _ in factors.values())
        if sum(reports for reports, _ in wrong.values()) > settings.max_rejected_share * compared:
            country, (reports, factor) = max(wrong.items(), key=lambda item: item[1][0])
            raise HeldExport(
                "implausible",
                f"pay in {country} ({reports:,} reports) is {_said(factor)}",
                "fix the pay period, the scale or the currency in its format, or raise implausible_factor",
                rows=rows,
            )


def _said(factor: float) -> str:
    distance = _distance(factor)
    cause = next((low if factor < 1 else high for a, b, low, high in _CAUSES if a <= distance < b), "")
    beside = f"1/{distance:.1f}" if factor < 1 else f"{distance:.1f} times"
    return f"{beside} of what is usual there" + (f", {cause}" if cause else "")


def _distance(factor: float) -> float:
    return max(factor, 1 / factor)


@cache
def _wages() -> dict[str, float]:
    return {row["country"]: float(row["usd"]) for row in read_csv("average_wages.csv")}
