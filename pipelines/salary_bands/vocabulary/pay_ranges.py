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
_ASIDE = re.compile(r"\s*(?:\([^()]*\)(?=[^•·|;]*\d)|[•·|;(].*$)")  # brackets between two ends, or all that follows
_IN_ASIDE = re.compile(r"[•·|;(),]")
_ON_TOP = re.compile(r"\s*[,+]\s*(?:bonus|equity|stock|benefits|ote|super).*$", re.IGNORECASE)
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

    An end without a scale takes that of the other (`150-200K`). Of what is in brackets or after a mark such as `|`, the
    words of a currency or a period count as if they stood beside the amount, and those of other pay than base, such as
    `netto`, make the cell none; the rest is ignored.
    """
    bare = " ".join(text.split())
    if len(bare) > _LONGEST:
        return "not_a_number"
    asides = [part for found in _ASIDE.findall(bare) for part in _IN_ASIDE.split(found)]
    asides = [part.strip(" /") for part in asides if not re.search(r"\d", part)]  # a digit is of another amount
    if any(map(_other_pay().search, asides)):
        return "not_a_number"
    bare, period = _bare_amount(_ON_TOP.sub("", _ASIDE.sub("", _BEFORE.sub("", bare))))
    ends = _BETWEEN.split(bare, maxsplit=1)
    amounts = [parse_money(end.strip(" +"), decimal) for end in ends]
    if len(ends) == 2 and (scale := _SCALE.search(ends[1])) and not _SCALE.search(ends[0]):
        amounts[0] = parse_money(ends[0].strip() + scale[1], decimal)
    low, high = amounts[0], amounts[-1]
    if not isinstance(low, Money) or not isinstance(high, Money):
        return next(a for a in amounts if isinstance(a, str))
    said = low.currencies & high.currencies if low.currencies and high.currencies else low.currencies | high.currencies
    is_said = bool(low.currencies or high.currencies)
    for currencies, of_aside in filter(None, map(_read_aside, asides)):
        period = period or of_aside
        said = said & currencies if is_said and currencies else said | currencies
        is_said = is_said or bool(currencies)
    if is_said and not said:
        return "not_a_number"  # two signs that contradict each other
    return Range(min(low.amount, high.amount), max(low.amount, high.amount), said, period)


def _bare_amount(text: str) -> tuple[str, str]:
    """Take the words for gross and those of a period off the end of a text."""
    bare, period = _split_period(_GROSS.sub("", text))
    return _GROSS.sub("", bare), period


def _read_aside(text: str) -> tuple[frozenset[str], str] | None:
    """Return the currencies and the period that a text says if it says nothing else, as if it stood after an amount."""
    bare, period = _bare_amount(f"1 {text.removeprefix('in ')}")
    found = parse_money(bare, "point")
    return (found.currencies, period) if isinstance(found, Money) and found.amount == 1 else None


@cache
def _other_pay() -> re.Pattern[str]:
    """Match the words of pay that is not gross base pay."""
    words = [*read_yaml("header_words.yaml")["net"], "ote", "on target earnings", "on-target earnings"]
    return re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, words))})(?!\w)", re.IGNORECASE)


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
