"""Read a range of pay as adverts write it: `$150K - $200K a year`, `EUR 90.000-120.000`, `50-70 hourly`."""

import re
from functools import cache
from typing import NamedTuple

from salary_bands.reference import read_yaml
from salary_bands.vocabulary.money_text import Money, parse_money

_BETWEEN = re.compile(r"\s*(?:-{1,2}|–|—|−|~|\.{2,3}|…|\b(?:to|and|bis|do|a|à)\b)\s*(?=\S{0,5}\d)", re.IGNORECASE)
_BEFORE = re.compile(
    r"^(?:(?:from|ab|von|up to|bis zu|between|starting at|circa|ca\.?|approx\.?|about|est\.?|base|salary|pay)[:\s]+)+",
    re.IGNORECASE,
)
_AFTER = re.compile(r"(?:\s*[•·|;(].*|\s*[,+]\s*(?:bonus|equity|stock|benefits|ote|super).*)$", re.IGNORECASE)
_GROSS = re.compile(r"[\s,]+(?:gross|brutto|bruto|brut|base|salary)$", re.IGNORECASE)
_SCALE = re.compile(r"\d\s?(k|l|lakhs?|lacs?|lpa|cr|crores?)\b", re.IGNORECASE)
_LONGEST = 200  # characters of a cell that is a range and no prose


class Range(NamedTuple):
    """What a cell says of pay.

    low, high: its ends, equal if it says one amount. currencies: those that its signs can mean. period: "" if it says
    none.
    """

    low: float
    high: float
    currencies: frozenset[str]
    period: str


def parse_range(text: str, decimal: str) -> Range | str:
    """Read an amount or a range; return the reason code if it is none. decimal: see `parse_number`.

    An end without a scale takes that of the other (`150-200K`).
    """
    bare = " ".join(text.split())
    if len(bare) > _LONGEST:
        return "not_a_number"
    bare = _GROSS.sub("", _AFTER.sub("", _BEFORE.sub("", bare)))
    bare, period = _split_period(bare)
    bare = _GROSS.sub("", bare)
    ends = _BETWEEN.split(bare, maxsplit=1)
    amounts = [parse_money(end.strip(" +"), decimal) for end in ends]
    if len(ends) == 2 and (scale := _SCALE.search(ends[1])) and not _SCALE.search(ends[0]):
        amounts[0] = parse_money(ends[0].strip() + scale[1], decimal)
    low, high = amounts[0], amounts[-1]
    if not isinstance(low, Money) or not isinstance(high, Money):
        return next(a for a in amounts if isinstance(a, str))
    said = low.currencies & high.currencies if low.currencies and high.currencies else low.currencies | high.currencies
    if not said and low.currencies:
        return "not_a_number"  # two signs that contradict each other
    return Range(min(low.amount, high.amount), max(low.amount, high.amount), said, period)


def _split_period(text: str) -> tuple[str, str]:
    """Take the words of a pay period off the end of a text: `a year`, `/hr`, `p.a.`."""
    pattern, periods = _periods()
    found = pattern.search(text)
    if not found:
        return text, ""
    return text[: found.start()].strip(" ,/"), periods[_plain(found[1])]


@cache
def _periods() -> tuple[re.Pattern[str], dict[str, str]]:
    periods = {_plain(t): p for p, texts in read_yaml("pay_words.yaml")["periods"].items() for t in texts if len(t) > 1}
    words = sorted(periods, key=len, reverse=True)
    spaced = "|".join(re.escape(word).replace(r"\ ", r"[\s.\-]*") for word in words)
    return re.compile(
        rf"(?:\s*/\s*|\s+|(?<=\d))(?:(?:per|a|an|je|pro|par|por)\s+)?({spaced})\.?$", re.IGNORECASE
    ), periods


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", text.casefold()).split())
