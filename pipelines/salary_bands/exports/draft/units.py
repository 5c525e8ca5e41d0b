"""What the amounts of a drafted format are: their currency, period and scale."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from salary_bands.exports.draft.guess import Guess
from salary_bands.exports.draft.names import any_of, named, plain_words
from salary_bands.exports.draft.values import Column
from salary_bands.reference.formats import SCALES
from salary_bands.vocabulary.gazetteer import country_of, currency_of, name_key
from salary_bands.vocabulary.money import resolve_currency
from salary_bands.vocabulary.money_text import Money, parse_money
from salary_bands.vocabulary.places import locate
from salary_bands.vocabulary.rates import Rates

_PLAUSIBLE = (9_000, 500_000)  # medians of annual pay in USD
_PERIODS = {"year": 1, "month": 12, "week": 52, "day": 260, "hour": 2_080}
# Periods and scales in the order in which they are tried.
_WAYS: tuple[tuple[str, str | None], ...] = (
    *(("year", None), ("year", "lakh"), ("month", None), ("year", "thousand"), ("hour", None)),
    *(("month", "thousand"), ("day", None), ("week", None), ("year", "million")),
)
_PAY = ("base", "base_min", "base_max")
_YEARLY = ("bonus", "equity_annual", "bonus_and_equity", "total")


def currency_in(
    pays: Sequence[Column], places: Sequence[Column], has_soc: bool = False
) -> tuple[str | None, str, bool]:
    """Return the currency that headers, signs in cells or places say, why, and whether that is sure."""
    for column in pays:
        for word in re.findall(r"\b[A-Z]{3}\b|us\$|[$€£₹¥₽₴]|zł", column.header):
            code = resolve_currency(word, "US")
            if code and (len(word) < 3 or code == word):
                return code, "a header says it", word not in "$¥£"
    if any(any_of("converted", column.header) for column in pays):  # salary_in_usd
        return "USD", "a header says it", True
    said: Counter[str] = Counter()
    for column in pays:
        for text in column.texts[:100]:
            money = parse_money(re.split(r"\s*[-–—]\s*", text)[0], column.decimal)
            if isinstance(money, Money) and money.currencies:
                said["USD" if "USD" in money.currencies else min(money.currencies)] += 1
    if said:
        return said.most_common(1)[0][0], "signs in cells say it", len(said) == 1
    if len(pays) and any("lpa" in plain_words(c.header) or "lakh" in plain_words(c.header) for c in pays):
        return "INR", "amounts are in lakh", True
    if has_soc:
        return "USD", "jobs have codes of the United States", True
    countries: Counter[str] = Counter()
    for column in places:
        for text, rows in column.usual:
            if country := country_of(name_key(text)) or locate(text).country:
                countries[country] += rows
    if countries:
        country, count = countries.most_common(1)[0]
        own = currency_of(country)
        if own and count > 0.6 * countries.total():
            return own, f"most places are in {country}", False
    return None, "", False


def meaning_of(found: dict[str, Guess], mapped: dict[str, Any], rates: Rates) -> tuple[dict[str, Any], str, list[str]]:
    """Return `money` of the format, the pay period if it is not the year, and questions."""
    money: dict[str, Any] = {}
    questions: list[str] = []
    pay = next((n for n in _PAY if n in found), None)
    period = ""
    if pay:
        column, code = found[pay].columns[0], _code(mapped, found)
        period, scale, more = _unit(
            column, "pay_period" in found, _rate(code, rates), code in ("INR", "PKR", "BDT", "NPR", "LKR")
        )
        questions += more
        for name in (n for n in _PAY if n in found):
            money[name] = {"scale": scale} if scale else {}
        if pay == "base":
            money["base"]["zero"] = "rejected"
            if column.range > 0.2:
                money["base"]["range_in_cell"] = True
        if scale:
            money |= {n: {"scale": scale} for n in _YEARLY if n in found and _same_unit(found[n].columns[0], column)}
    for name in found:
        header = found[name].columns[0].header
        if name in (*_PAY, *_YEARLY) and any_of("net", header):
            money.setdefault(name, {})["net"] = True
        if name in ("bonus", "bonus_and_equity", "total") and named("period", header) == "month":
            money.setdefault(name, {})["scale"] = 12 * SCALES.get(str(money.get(name, {}).get("scale")), 1)
    if any(m.get("net") for m in money.values()):
        questions.append("net: pay after tax is held (net_pay); say `gross_up` if one factor is good enough")
    return {name: meaning for name, meaning in money.items() if meaning}, period, questions


def _same_unit(column: Column, base: Column) -> bool:
    return bool(column.median and base.median) and 0.05 < column.median / base.median < 20


def _code(mapped: dict[str, Any], found: dict[str, Guess]) -> str | None:
    """Return the currency of nearly every row of the file."""
    currency = mapped.get("currency")
    if isinstance(currency, dict):
        return str(currency["constant"])
    if "currency" in found:
        column = found["currency"].columns[0]
        text, rows = column.usual[0]
        return resolve_currency(text, "US") if rows > 0.8 * sum(n for _, n in column.usual) else None
    return None


def _rate(code: str | None, rates: Rates) -> float | None:
    """Return the newest rate, USD for a unit."""
    known = rates.usd[rates.usd.index.get_level_values("currency") == code]
    return float(known.iloc[-1]) if len(known) else None


def _unit(column: Column, has_period: bool, rate: float | None, in_lakh: bool) -> tuple[str, str | None, list[str]]:
    """Return period ("" for the year) and scale of the column of pay, from its header, else from its size."""
    said = named("period", column.header)
    scale = named("scale", column.header)
    if has_period or column.median == 0:
        return "", scale, []
    if any(r.period for r in column.ranges):
        return "", scale, []
    if said and scale:
        return ("" if said == "year" else said), scale, []
    if rate is None:
        return ("" if said in (None, "year") else str(said)), scale, []
    amount = column.median * rate
    ways = [(p, f) for p, f in _WAYS if said in (None, p) and scale in (None, f) and (f != "lakh" or in_lakh)]
    ways += [(said or "year", scale)] if said or scale else []
    for period, factor in ways:
        annual = amount * _PERIODS[period] * SCALES.get(factor or "", 1.0)
        if _PLAUSIBLE[0] <= annual <= _PLAUSIBLE[1]:
            guessed = [f"the period as {period}"] if not said and (period, factor) != _WAYS[0] else []
            guessed += [f"the scale as {factor}"] if factor and not scale else []
            asked = f"base: its size ({column.median:,.0f}) fits {' and '.join(guessed)}; is that so?"
            return ("" if period == "year" else period), factor, [asked] if guessed else []
    return (
        "" if said in (None, "year") else str(said),
        scale,
        ["base: no period and scale makes plausible pay of it; say `pay_period` and `money.base.scale`"],
    )
