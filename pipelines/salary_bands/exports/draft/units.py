"""What the amounts of a drafted format are: their currency, period and scale."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from salary_bands.exports.draft.guess import Guess
from salary_bands.exports.draft.names import PAY, any_of, named, vesting_years
from salary_bands.exports.draft.values import Column
from salary_bands.reference.formats import SCALES
from salary_bands.vocabulary.gazetteer import country_of, currency_of, name_key
from salary_bands.vocabulary.money import resolve_currency
from salary_bands.vocabulary.money_text import currencies_of, lakh_currencies, usual_first
from salary_bands.vocabulary.places import locate
from salary_bands.vocabulary.rates import Rates

_NEARLY_ALL = 0.9  # of the rows with a place
_MOST_SHARE, _MOST_HOURS = 1.5, 80  # of full time; in a week, and larger numbers are percentages
_NAMED = 4  # currencies of a question
_PLAUSIBLE = (9_000, 500_000)  # medians of annual pay in USD
_PERIODS = {"year": 1, "month": 12, "week": 52, "day": 260, "hour": 2_080}
# Periods and scales in the order in which they are tried.
_WAYS: tuple[tuple[str, str | None], ...] = (
    *(("year", None), ("year", "lakh"), ("month", None), ("year", "thousand"), ("hour", None)),
    *(("month", "thousand"), ("day", None), ("week", None), ("year", "million")),
)
_PAY = ("base", "base_min", "base_max")
_OTHER = tuple(name for name in PAY if name not in _PAY)


def currency_in(
    pays: Sequence[Column], places: Sequence[Column], has_soc: bool = False
) -> tuple[str | None, str, bool]:
    """Return the currency that headers, signs in cells or places say, why, and whether that is sure."""
    for column in pays:
        for word in re.findall(r"\b[A-Z]{3}\b|us\$|[$€£₹¥₽₴]|zł", column.header):
            if possible := frozenset({word}) if resolve_currency(word, None) == word else currencies_of(word):
                return _decided(Counter({possible: 1}), places, "a header")
    if any(any_of("converted", column.header) for column in pays):  # salary_in_usd
        return "USD", "a header says it", True
    said = Counter(found.currencies for column in pays for found in column.ranges if found.currencies)
    if said:
        return _decided(said, places, "a sign in cells")
    if any(named("scale", column.header) == "lakh" for column in pays):
        return _decided(Counter({lakh_currencies(): 1}), places, "an amount in lakh")
    if has_soc:
        return "USD", "jobs have codes of the United States", True
    there = _currencies_at(places)
    for code, rows in there.most_common(1):
        if rows > 0.6 * there.total():
            return code, f"most places use {code}", False
    return None, "", False


def _decided(said: Counter[frozenset[str]], places: Sequence[Column], what: str) -> tuple[str, str, bool]:
    """Choose among the currencies that most signs can mean: that of nearly all places, else the usual one.

    said: how often there is a sign that can mean each of some currencies.
    """
    votes: Counter[str] = Counter()
    for possible, count in said.items():
        votes.update(dict.fromkeys(possible, count))
    likely = usual_first(code for code in votes if votes[code] == max(votes.values()))
    is_one = votes[likely[0]] == said.total()
    there = _currencies_at(places)
    for code, rows in there.most_common(1):
        if code in likely and rows >= _NEARLY_ALL * there.total():
            likely = [code]
    why = f"{what} can mean {' or '.join(likely[:_NAMED])}" if is_one else f"{what} is not the same everywhere"
    return likely[0], why, is_one and len(likely) == 1


def _currencies_at(places: Sequence[Column]) -> Counter[str]:
    """Return the rows by the currency of their country, of the first column of places: a state alone is ambiguous."""
    found: Counter[str] = Counter()
    for column in places[:1]:
        for text, rows in column.usual:
            if own := currency_of(country_of(name_key(text)) or locate(text).country or ""):
                found[own] += rows
    return found


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
        for name in (n for n in _OTHER if n in found):
            own, more = _scale_beside(name, found[name].columns[0], column, scale)
            money |= {name: {"scale": own}} if own else {}
            questions += more
    for name in found:
        header = found[name].columns[0].header
        if name in PAY and any_of("net", header):
            money.setdefault(name, {})["net"] = True
        if name in ("bonus", "bonus_and_equity", "total") and named("period", header) == "month":
            money.setdefault(name, {})["scale"] = 12 * SCALES.get(str(money.get(name, {}).get("scale")), 1)
    if any(m.get("net") for m in money.values()):
        questions.append("net: pay after tax is held (net_pay); say `gross_up` if one factor is good enough")
    return {name: meaning for name, meaning in money.items() if meaning}, period, questions


def _scale_beside(name: str, column: Column, base: Column, scale: str | None) -> tuple[str | None, list[str]]:
    """Return the scale of other pay from its header, else from its size beside the base, which has `scale`."""
    if own := named("scale", column.header):
        return own, []
    if not column.median or not base.median:
        return None, []
    ratio = column.median / base.median
    if scale:
        return scale if 0.05 < ratio < 20 else None, []
    if name == "total" and 0.0005 < ratio < 0.02:  # a total of 400 beside a base of 280,000
        return "thousand", [f"total: its size ({column.median:,.0f}) beside the base fits thousands; is that so?"]
    return None, []


def add_vesting(mapped: dict[str, Any], found: dict[str, Guess]) -> list[str]:
    """Add the years over which a grant of equity vests, or ask for them."""
    if "equity_grant" not in found or "vesting_years" in found:
        return []
    years = vesting_years(found["equity_grant"].columns[0].header)
    if years:
        mapped["vesting_years"] = {"constant": years}
        return []
    return ["equity_grant: taken to vest over 4 years; is that so? If not, map `vesting_years`"]


def add_hours(mapped: dict[str, Any], money: dict[str, Any], found: dict[str, Guess]) -> None:
    """Add what working time is a share of, if it is not in hours: 0.8, 80 or 80 % of full time."""
    if "hours_per_week" not in found:
        return
    column = found["hours_per_week"].columns[0]
    if column.share(lambda text: text.endswith("%")) > 0.5:
        mapped["hours_per_week"] = {"from": mapped["hours_per_week"], "pattern": r"([\d.,]+)\s*%"}
        money["hours_per_week"] = {"scale": "percent_of_full_time"}
    elif column.numbers and max(column.numbers) <= _MOST_SHARE:
        money["hours_per_week"] = {"scale": 100 * SCALES["percent_of_full_time"]}
    elif column.numbers and max(column.numbers) > _MOST_HOURS:
        money["hours_per_week"] = {"scale": "percent_of_full_time"}


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
