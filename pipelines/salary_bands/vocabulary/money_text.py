"""Read an amount of money as people write it: `$150,000`, `12.5 LPA`, `650 000 kr`, `150'000.-`, `1.5E+05`.

`reference/pay_words.yaml` lists signs, words of scale and words of pay periods.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from salary_bands.reference import read_yaml

ABSURD = 1e12
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_GROUPED = re.compile(r"\d{1,3}(?:[ ,'’]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_GROUPED_COMMA = re.compile(r"\d{1,3}(?:[ .'’]\d{3})+(?:,\d+)?|\d+(?:,\d+)?")
_IN_LAKH = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?")
_EXPONENT = re.compile(r"\d(?:\.\d+)?[eE]\+?\d{1,2}")
_ASIDE = re.compile(r"\([^()]*\)")  # Self-employed (freelancer)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")  # FullTime
_NO_CENTS = re.compile(r"(?<=\d)[.,](?:-{1,2}|–|—)$")  # 150'000.-


class Money(NamedTuple):
    """An amount, and the currencies that its sign, code or way of writing can mean; empty if it says none."""

    amount: float
    currencies: frozenset[str]


class _Words(NamedTuple):
    currencies: dict[str, frozenset[str]]
    scales: dict[str, float]
    lakh_currencies: frozenset[str]
    rank: dict[str, int]
    before: re.Pattern[str]
    after: re.Pattern[str]
    scale: re.Pattern[str]
    periods: dict[str, str]


@cache
def _words() -> _Words:
    lists = read_yaml("pay_words.yaml")
    currencies = {text: frozenset(codes) for text, codes in lists["signs"].items()}
    scales = {text: float(factor) for factor, texts in lists["scales"].items() for text in texts}
    marks = "|".join(sorted(map(re.escape, currencies), key=len, reverse=True))
    code = r"[a-z]{3}(?![a-z])"
    rank: dict[str, int] = {}
    for codes in (*lists["signs"].values(), lists["lakh_currencies"]):
        rank |= {one: max(at, rank.get(one, 0)) for at, one in enumerate(codes)}
    return _Words(
        currencies,
        scales,
        frozenset(lists["lakh_currencies"]),
        rank,
        re.compile(rf"({marks}|{code})\s*(?=[\d.-])", re.IGNORECASE),
        re.compile(rf"(?<=[\d.\s-])({marks}|(?<![a-z]){code})$", re.IGNORECASE),
        re.compile(rf"\s*({'|'.join(sorted(map(re.escape, scales), key=len, reverse=True))})$", re.IGNORECASE),
        {text: period for period, texts in lists["periods"].items() for text in texts},
    )


def known_codes() -> frozenset[str]:
    """Return the ISO codes that signs can mean and that stand for themselves in an amount."""
    return frozenset(code for codes in _words().currencies.values() for code in codes)


def currencies_of(mark: str) -> frozenset[str]:
    """Return the currencies that a sign or a code beside an amount can mean."""
    folded = mark.casefold()
    if meant := _words().currencies.get(folded):
        return meant
    return frozenset({folded.upper()} & known_codes())


def lakh_currencies() -> frozenset[str]:
    """Return the currencies whose amounts people count in lakh."""
    return _words().lakh_currencies


def usual_first(codes: Iterable[str]) -> list[str]:
    """Sort currencies by how usual they are for the signs that they share: GBP before EGP, USD before CAD."""
    return sorted(codes, key=lambda code: (_words().rank.get(code, 0), code))


def parse_money(text: str, decimal: str) -> Money | str:
    """Read an amount; return the reason code if it is not one.

    decimal: see `parse_number`. Numbers in lakh (`12,50,000`, `12.5 LPA`) mean a currency that is counted so.
    """
    words = _words()
    bare, currencies = text.strip(), frozenset[str]()
    for _ in range(2):  # US$150,000; 150K USD; INR 12 lakh
        for pattern in (words.before, words.after):
            found = pattern.match(bare) if pattern is words.before else pattern.search(bare)
            meant = currencies_of(found[1]) if found else None
            if found and meant:
                bare = (bare[: found.start()] + bare[found.end() :]).strip()
                currencies = currencies & meant if currencies else meant
                if not currencies:
                    return "not_a_number"  # two signs that contradict each other
    scale = 1.0
    if found := words.scale.search(bare):
        scale = words.scales[found[1].casefold()]
        bare = bare[: found.start()].strip()
        if found[1].casefold() != "k":
            currencies = currencies & words.lakh_currencies if currencies else words.lakh_currencies
        if after := words.after.search(bare):
            meant = currencies_of(after[1])
            bare = bare[: after.start()].strip() if meant else bare
            currencies = (currencies & meant if currencies else meant) if meant else currencies
    bare = _NO_CENTS.sub("", bare)
    if _IN_LAKH.fullmatch(bare) and scale == 1.0:
        bare = bare.replace(",", "")
        currencies = currencies & words.lakh_currencies if currencies else words.lakh_currencies
    number = parse_number(bare, decimal)
    if isinstance(number, str):
        return number
    amount = number * scale
    return "absurd" if amount > ABSURD else Money(amount, currencies or frozenset())


def parse_number(text: str, decimal: str) -> float | str:
    """Parse a number; return the reason code if it is not one.

    decimal: `point`, `comma`, or `either`, which takes a mark before three last digits as grouping and any other as
    decimal.
    """
    bare = text.strip()
    if _NOT_FINITE.fullmatch(bare):
        return "not_finite"
    if bare[:1] in ("-", "−") and bare[1:2].isdigit():
        return "negative"
    if _EXPONENT.fullmatch(bare):
        number = float(bare)
        return "absurd" if number > ABSURD else number
    comma = decimal == "comma" or (decimal == "either" and bool(re.search(r",\d{1,2}$|,\d{4,}$|\.\d{3},", bare)))
    if decimal == "either" and not comma and re.fullmatch(r"\d{1,3}(?:\.\d{3})+", bare):
        comma = True
    if not (_GROUPED_COMMA if comma else _GROUPED).fullmatch(bare):
        return "not_a_number"
    digits = re.sub(r"[ .'’]", "", bare).replace(",", ".") if comma else re.sub(r"[ ,'’]", "", bare)
    number = float(digits)
    return "absurd" if number > ABSURD else number


def says_no_pay(text: str) -> bool:
    """True if a cell says in words that pay is not stated: competitive, negotiable, depends on experience."""
    return _folded(text) in _no_pay()


@cache
def _no_pay() -> frozenset[str]:
    return frozenset(_folded(text) for text in read_yaml("pay_words.yaml")["no_pay"])


def resolve_period(text: str) -> str | None:
    """Return the pay period that a text names (`per hour`, `p.a.`, `bi-weekly`), None if it names none."""
    folded = _folded(text)
    periods = _words().periods
    return periods.get(folded) or periods.get(re.sub(r"^(?:per|a|an|je|pro|par|por) ", "", folded))


def resolve_word(kind: str, text: str) -> str | None:
    """Return what a text of a kind of `pay_words.yaml` (employment, yes_no, equity_types) usually means."""
    usual = _usual(kind)
    ways = (text, _CAMEL.sub(" ", text), _ASIDE.sub(" ", text))
    return next((usual[folded] for folded in map(_folded, ways) if folded in usual), None)


@cache
def _usual(kind: str) -> dict[str, str]:
    return {_folded(text): word for word, texts in read_yaml("pay_words.yaml")[kind].items() for text in texts}


def _folded(text: str) -> str:
    return " ".join(re.sub(r"[\W_]+", " ", text.casefold()).split())
