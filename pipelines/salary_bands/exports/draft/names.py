"""What the header of a column says, by the words of `reference/header_words.yaml`."""

import re
import unicodedata
from functools import cache
from typing import Any

from salary_bands.reference import read_yaml

PAY = ("base", "base_min", "base_max", "bonus", "equity_annual", "equity_grant", "bonus_and_equity", "sign_on", "total")
_WITHOUT = re.compile(
    r"\((?:[^)]*\b(?:without|excluding|excl|ohne|hors|sin|sem|без)\b[^)]*)\)|"
    r"\b(?:without|excluding|excl|exkl|ohne|hors|before|sin|sem|без|лише)\b.*$",
    re.IGNORECASE | re.DOTALL,
)
_WITH = re.compile(
    r"\b(?:with|including|incl|inkl|mit|inclus|incluyendo|с учетом|включно)\b.*\b(?:bonus|stock|equity)", re.I
)
_PERCENT = re.compile(r"(?<!\d)(?<!\d\s)%")  # Bonus %, and not: salary at 100 %
# RSU (4 yr), and not: stock per year
_YEARS = re.compile(r"(?<!\d)([2-6])[\s-]*(?:y|yrs?|years?|jahren?|jahre|ans|anos|años|лет|года)\b", re.IGNORECASE)
_QUESTION = 14  # words of a header that is a whole question, which says little
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


def plain_words(text: str) -> list[str]:
    """Split a header into words: camelCase and snake_case too, without case, accents and punctuation."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", _PERCENT.sub(" percent ", text))
    decomposed = unicodedata.normalize("NFKD", apart.casefold())
    marked = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFC", marked))


def says(header: str) -> dict[str, float]:
    """Return how much a header says that it is each of our columns, from 0 to 1."""
    scores = _says(header)
    return scores | dict.fromkeys(PAY, 0.0) if any_of("percent", header) else scores


def share_of(header: str) -> str | None:
    """Return the kind of pay that a header says to be a percentage."""
    scores = _says(header)
    name = max(PAY, key=lambda name: scores[name])
    return name if any_of("percent", header) and scores[name] >= 0.5 else None


def vesting_years(header: str) -> str | None:
    """Return the years of a grant of equity that a header says: `RSU (4 yr)`."""
    found = _YEARS.search(header)
    return found[1] if found and not {"per", "annual", "annually", "yearly"} & set(plain_words(header)) else None


def _says(header: str) -> dict[str, float]:
    words, key = plain_words(_WITHOUT.sub(" ", header)), "".join(plain_words(header))
    every = set(plain_words(header))
    scores = {
        name: max((_score(phrase, joined, words, key) for phrase, joined in phrases), default=0.0)
        for name, phrases in _phrases("columns").items()
    }
    if _WITH.search(_WITHOUT.sub(" ", header)) and scores["base"] > 0:
        scores["total"], scores["base"] = max(scores["total"], 0.9), 0.2
    for name in ("base_min", "base_max"):
        if 0 < scores[name] < 1:  # "from" and "high" mean an end of pay only beside a word of pay
            scores[name] = min(1.0, scores[name] + 0.2) if _pay_words() & every else 0.0
    if min(scores["bonus"], scores["equity_annual"]) > 0.4:  # "bonus + stocks" is neither alone
        scores["bonus_and_equity"] = max(scores["bonus_and_equity"], 0.8)
        scores["bonus"] = scores["equity_annual"] = 0.1
    if vesting_years(header):
        scores["equity_grant"] = max(scores["equity_grant"], scores["equity_annual"])
        scores["equity_annual"] = 0.0
    if len(words) > _QUESTION:
        scores = {name: 0.7 * score for name, score in scores.items()}
    if has("not", "any", every, key):
        return dict.fromkeys(scores, 0.0)
    if has("not", "pay", every, key):
        scores |= dict.fromkeys(PAY, 0.0)
    return scores


def _score(phrase: tuple[str, ...], joined: str, words: list[str], key: str) -> float:
    if joined == key or list(phrase) == words:
        return 1.0
    if set(phrase) <= set(words):
        return 0.4 + 0.5 * len(phrase) / len(words)
    if len(joined) >= 4 and len(words) <= 2 and joined in key:
        return 0.3 + 0.6 * len(joined) / len(key)
    return 0.6 if _CJK.search(joined) and joined in key else 0.0


def has(kind: str, name: str, words: set[str], key: str) -> bool:
    """True if one of the phrases of a list is in a header."""
    return any(
        set(phrase) <= words or (len(joined) >= 9 and joined in key) or bool(_CJK.search(joined) and joined in key)
        for phrase, joined in _phrases(kind)[name]
    )


def named(kind: str, header: str) -> str | None:
    """Return the first name of a kind (period, scale) of which the header has a phrase."""
    words, key = set(plain_words(header)), "".join(plain_words(header))
    return next((name for name in _phrases(kind) if has(kind, name, words, key)), None)


def any_of(kind: str, header: str) -> bool:
    """True if the header has a phrase of a plain list (net, advert, filing)."""
    return has(kind, "", set(plain_words(header)), "".join(plain_words(header)))


@cache
def _pay_words() -> frozenset[str]:
    words = {word for phrase, _ in _phrases("columns")["base"] for word in phrase if len(word) > 2}
    return frozenset((words | {"amount", "cents", "comp"}) - {"annual", "yearly", "monthly", "hourly", "rate", "range"})


@cache
def _phrases(kind: str) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    listed: Any = read_yaml("header_words.yaml")[kind]
    listed = listed if isinstance(listed, dict) else {"": listed}
    return {
        str(name): [(tuple(plain_words(str(t))), "".join(plain_words(str(t)))) for t in texts]
        for name, texts in listed.items()
    }
