"""Match free-text employer names, and look up facts about employers.

`reference/employers.csv` lists the employers, `reference/employer_words.yaml` the words that are not part of a name or
that name nobody. A name is looked up by its key, which ignores differences in spelling that do not distinguish
employers. A typo is corrected only if the key is long enough, is one edit away from a listed key, and is near no other
employer. Any other name is an employer of its own.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import chain
from typing import NamedTuple

import numpy as np
import pandas as pd
from rapidfuzz.distance import OSA

from salary_bands.reference import read_csv, read_yaml

_TRADEMARKS = re.compile(r"[™®©℠]|\((?:tm|r|c|sm)\)", re.IGNORECASE)
_PARENTHESES = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_APOSTROPHES = re.compile(r"['’‘`´]")
_NOT_WORD = re.compile(r"[\W_]+")

# "&" and "and" are both ignored: AT&T, ATT and AT and T are one employer.
_JOINERS = frozenset({"and"})
_MOST_PIECES = 5  # pieces of a legal form, as in "s p z o o"
_SHORTEST_BEFORE_PLACE = 3  # length of a listed name before a country or office

# Reviewed lengths of keys for fuzzy matching; see `_is_typo`.
_SHORTEST_FUZZY = 5
_SHORTEST_ANY_EDIT = 8


class Match(NamedTuple):
    """An employer (its stable name, None if the text names nobody) and how it was found."""

    employer: str | None
    basis: str


class _Words(NamedTuple):
    """The lists in employer_words.yaml."""

    legal_forms: frozenset[str]
    legal_forms_of_two_words: frozenset[tuple[str, ...]]
    generic: frozenset[str]
    anonymous: frozenset[str]
    places: frozenset[str]


@cache
def _known_words() -> _Words:
    lists = read_yaml("employer_words.yaml")
    return _Words(
        legal_forms=_words_of(lists["legal_forms"]),
        legal_forms_of_two_words=frozenset(tuple(form.split()) for form in lists["legal_forms_of_two_words"]),
        generic=_words_of(chain.from_iterable(lists["generic"])),
        anonymous=_words_of(lists["anonymous"]),
        places=_words_of(lists["places"]),
    )


def _words_of(entries: Iterable[str]) -> frozenset[str]:
    """Return the entries of a list; raise ValueError for an entry that YAML does not parse as text, such as `no`."""
    words = list(entries)
    if not_text := [word for word in words if not isinstance(word, str)]:
        raise ValueError(f"employer_words.yaml: {not_text} parsed as values, not text; put quotes around the words")
    return frozenset(words)


def _fold(text: str) -> str:
    """Fold case, width and accents, and replace punctuation with spaces."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    return _NOT_WORD.sub(" ", unicodedata.normalize("NFKC", plain)).strip()


def _without_legal_form(words: list[str]) -> list[str]:
    """Drop trailing legal forms, but never the whole name.

    A form in pieces counts (`S. p. A.`) unless the letters before it make an acronym (`E. S. A.`).
    """
    known = _known_words()
    while len("".join(words[:-1])) > 1:  # a single letter is a name only with its form: X Corp
        if len(words) > 2 and tuple(words[-2:]) in known.legal_forms_of_two_words:
            words = words[:-2]
            continue
        if words[-1] in known.legal_forms:
            words = words[:-1]
            continue
        for size in range(min(_MOST_PIECES, len(words) - 1), 1, -1):
            pieces = words[-size:]
            before = words[-size - 1]
            in_pieces = all(len(p) <= 2 for p in pieces) and (len(before) > 1 or before.isdigit())
            if in_pieces and "".join(pieces) in known.legal_forms:
                words = words[:-size]
                break
        else:
            break
    return words


def _words(text: str) -> list[str]:
    folded = _fold(_APOSTROPHES.sub("", text)).split()
    words = [w for w in folded if w not in _JOINERS] or folded
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    return _without_legal_form(words)


def employer_key(text: str) -> str:
    """Return a key that ignores differences in spelling that do not distinguish employers.

    The key ignores width, case, accents, spaces, punctuation, trademark signs, "and", "&", a leading "the" and trailing
    legal forms. Text in parentheses is kept (`Bolt (EU)`). The key of a key is the key itself.

    Returns:
        Letters and digits without spaces; empty if the text has none.
    """
    return "".join(_words(_TRADEMARKS.sub(" ", text)))


class _Listed(NamedTuple):
    """The employers of employers.csv, indexed for lookup."""

    by_key: dict[str, str]
    by_initial_and_length: dict[tuple[str, int], list[str]]


@cache
def _listed() -> _Listed:
    by_key: dict[str, str] = {}
    mistypable: set[str] = set()
    for row in read_csv("employers.csv"):
        employer = row["employer"]
        for name in [employer, *row["aliases"].split(";")]:
            key = employer_key(name)
            if key and by_key.setdefault(key, employer) != employer:
                raise ValueError(f"employers.csv: {name!r} means both {by_key[key]} and {employer}")
            # Tickers and acronyms are too close to other words: googol is one letter away from GOOGL.
            if key and not name.isupper():
                mistypable.add(key)
    near: dict[tuple[str, int], list[str]] = {}
    for key in sorted(mistypable):
        near.setdefault((key[0], len(key)), []).append(key)
    return _Listed(by_key, near)


def _digits(key: str) -> str:
    return "".join(c for c in key if c.isdigit())


def _is_typo(key: str, listed: str) -> bool:
    """True if a key one edit away from a listed key is likely a typo of it and not another name.

    In a short key only a missing, doubled or swapped letter before the last one counts. A changed letter (`unify`,
    `unity`) or an extra one at the end (`metal`, `meta`) too easily makes another word. Keys with different digits are
    different names.
    """
    if _digits(key) != _digits(listed):
        return False
    if len(key) >= _SHORTEST_ANY_EDIT:
        return True
    return key[-1] == listed[-1] and (len(key) != len(listed) or sorted(key) == sorted(listed))


def _nearest(key: str) -> str | None:
    """Return the listed employer that a key is a typo of; None if there is none, or if another employer is near.

    Keys are near if they have the same first letter and differ by one edit: an insertion, a deletion, a substitution or
    a swap of neighbours, which make up most misspellings (Damerau 1964). Leaving out each of the 5,900 listed keys in
    turn, 99.4 % are not matched to another employer.
    """
    if len(key) < _SHORTEST_FUZZY:
        return None
    listed = _listed()
    near = [
        other
        for length in (len(key) - 1, len(key), len(key) + 1)
        for other in listed.by_initial_and_length.get((key[0], length), ())
        if OSA.distance(key, other, score_cutoff=1) <= 1
    ]
    employers = {listed.by_key[other] for other in near}
    if len(employers) != 1:
        return None
    return employers.pop() if any(_is_typo(key, other) for other in near) else None


def _is_anonymous(words: list[str], key: str) -> bool:
    """True if a name that is not listed names nobody; a single letter names nobody."""
    known = _known_words()
    return len(key) == 1 or key in known.anonymous or key in known.generic or known.generic.issuperset(words)


def match_employer(text: str | None) -> Match:
    """Match a free-text employer name.

    Args:
        text: the employer as reported, None or blank if there is none.

    Returns:
        The employer and its basis:

        - `listed`: the canonical name. The key is in the list, either with the text in parentheses, or without it, or
          without a country or office at the end.
        - `fuzzy`: the canonical name. The key is a typo of a listed one.
        - `unlisted`: the key of the name. The employer is not in the list.
        - `blank`: None. The text names nobody.
    """
    if not text:
        return Match(None, "blank")
    whole = _TRADEMARKS.sub(" ", text)
    by_key = _listed().by_key
    employer = by_key.get("".join(_words(whole)))
    if employer:
        return Match(employer, "listed")
    words = _words(_PARENTHESES.sub(" ", whole)) or _words(whole)
    key = "".join(words)
    if not key or _is_anonymous(words, key):
        return Match(None, "blank")
    employer = by_key.get(key)
    if employer:
        return Match(employer, "listed")
    if len(words) > 1 and words[-1] in _known_words().places:
        shorter = "".join(_without_legal_form(words[:-1]))
        if len(shorter) >= _SHORTEST_BEFORE_PLACE and shorter in by_key:
            return Match(by_key[shorter], "listed")
    employer = _nearest(key)
    return Match(employer, "fuzzy") if employer else Match(key, "unlisted")


@cache
def _facts() -> pd.DataFrame:
    facts = pd.DataFrame(read_csv("employers.csv"))[
        ["employer", "tier", "industry", "ownership", "valid_from", "valid_to"]
    ]
    for column, blank in (("valid_from", "1900-01-01"), ("valid_to", "2200-01-01")):
        facts[column] = pd.to_datetime(facts[column].replace("", blank), format="%Y-%m-%d")
    return facts.sort_values(["employer", "valid_from"], ignore_index=True)


def employer_facts() -> pd.DataFrame:
    """Return tier, industry and ownership of every listed employer over time, for an as-of join.

    Returns:
        employer, tier, industry, ownership, valid_from, valid_to, sorted by employer and valid_from. Periods are
        half-open; an open end is 1900-01-01 or 2200-01-01. The frame is a copy, which the caller may change.
    """
    return _facts().copy()


def facts_at(employer: pd.Series, day: pd.Series) -> pd.DataFrame:
    """Return tier and ownership of each employer on the given day; missing if the employer is not listed."""
    asked = pd.DataFrame({"employer": employer, "day": day, "position": np.arange(len(employer))})
    facts = asked.merge(employer_facts(), on="employer", how="inner")
    facts = facts[facts["day"].between(facts["valid_from"], facts["valid_to"], inclusive="left")]
    facts = facts.set_index("position")[["tier", "ownership"]].reindex(asked["position"])
    return facts.set_axis(employer.index)
