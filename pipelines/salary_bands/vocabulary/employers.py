"""Which employer a free-text name means, and what we know of that employer.

The list is `reference/employers.csv`; the words that are no part of a name, or name nobody, are
`reference/employer_words.yaml`. A name is looked up by its key (spelling stripped of all that does not tell employers
apart); only a long enough key that is one slip of the keyboard away from a listed one is corrected, and only when no
other employer, of whatever tier, is near. Everything else stays an employer of its own.
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

# "and" is what "&" is read as, so both count as nothing: AT&T, ATT and AT and T are one employer.
_JOINERS = frozenset({"and"})
_MOST_PIECES = 5  # of a legal form, as in "s p z o o"
_SHORTEST_BEFORE_PLACE = 3  # of a listed name before a country or office

# Reviewed lengths of fuzzy matching; see `_is_slip`.
_SHORTEST_FUZZY = 5
_SHORTEST_ANY_EDIT = 8


class Match(NamedTuple):
    """Who a text names: the employer (a stable name, None where none is named) and how it was found."""

    employer: str | None
    basis: str


class _Words(NamedTuple):
    """The lists of employer_words.yaml."""

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
    """The entries of a list, refusing what YAML does not read as text, such as an unquoted no."""
    words = list(entries)
    if wrong := [word for word in words if not isinstance(word, str)]:
        raise ValueError(f"employer_words.yaml: put quotes around what was read as {wrong}")
    return frozenset(words)


def _fold(text: str) -> str:
    """Case, width and accents folded, punctuation to blanks."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    return _NOT_WORD.sub(" ", unicodedata.normalize("NFKC", plain)).strip()


def _without_legal_form(words: list[str]) -> list[str]:
    """Drop trailing legal forms, but never the whole name.

    Forms spelled in pieces count (`S. p. A.`), unless the letters before make it an acronym (`E. S. A.`).
    """
    known = _known_words()
    while len("".join(words[:-1])) > 1:  # a single letter needs its form to be a name: X Corp
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
    """The key of an employer's name: what is left when spelling that does not tell employers apart is gone.

    Folded are width, case, accents, blanks, punctuation, trademark signs, "and" and "&", a leading "the" and
    trailing legal forms. Text in parentheses counts (`Bolt (EU)`); callers who want it gone drop it first.

    Args:
        text: a name as written.

    Returns:
        Letters and digits without blanks, empty where the text has none. Its own key is itself.
    """
    return "".join(_words(_TRADEMARKS.sub(" ", text)))


class _Listed(NamedTuple):
    """The list, indexed for lookup."""

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
            # Tickers and acronyms are near too many words: googol is one letter from GOOGL.
            if key and not name.isupper():
                mistypable.add(key)
    near: dict[tuple[str, int], list[str]] = {}
    for key in sorted(mistypable):
        near.setdefault((key[0], len(key)), []).append(key)
    return _Listed(by_key, near)


def _digits(key: str) -> str:
    return "".join(c for c in key if c.isdigit())


def _is_slip(key: str, listed: str) -> bool:
    """Whether a key one edit from a listed one can be that one mistyped rather than another name.

    In a short key only a lost, doubled or swapped letter inside counts: one changed letter (`unify`, `unity`)
    or one at the end (`metal`, `meta`) makes another word too easily. Digits are never mistyped.
    """
    if _digits(key) != _digits(listed):
        return False
    if len(key) >= _SHORTEST_ANY_EDIT:
        return True
    return key[-1] == listed[-1] and (len(key) != len(listed) or sorted(key) == sorted(listed))


def _nearest(key: str) -> str | None:
    """The one listed employer a key is a slip away from, None when there is none or another employer is near.

    Near are keys of the same first letter within one edit: an insertion, a deletion, a substitution or a swap
    of neighbours (Damerau 1964: most misspellings are one of these). [Of the list's own 5,900 keys, each left
    out in turn, 99.4 % are not taken for another employer.]
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
    return employers.pop() if any(_is_slip(key, other) for other in near) else None


def _is_anonymous(words: list[str], key: str) -> bool:
    """Whether a name that is not on the list names nobody. A single letter does not either."""
    known = _known_words()
    return len(key) == 1 or key in known.anonymous or key in known.generic or known.generic.issuperset(words)


def match_employer(text: str | None) -> Match:
    """Who a free-text employer is.

    Args:
        text: the employer as reported; None and blank are no employer.

    Returns:
        `listed`, the canonical name, where the key is on the list (with the text in parentheses, else without
        it, else without a country or office after it); `fuzzy`, the canonical name, where it is a slip away
        from one; `unlisted`, its own key, for any other named employer; `blank`, None, where nobody is named.
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
    """Tier, industry and ownership of every listed employer over time, for an as-of join.

    Returns:
        employer, tier, industry, ownership, valid_from, valid_to (half-open; 1900-01-01 and 2200-01-01 where
        open), sorted by employer and valid_from; a copy the caller may change.
    """
    return _facts().copy()


def facts_at(employer: pd.Series, day: pd.Series) -> pd.DataFrame:
    """tier and ownership of each employer on that day; missing where it is not on our list."""
    asked = pd.DataFrame({"employer": employer, "day": day, "position": np.arange(len(employer))})
    facts = asked.merge(employer_facts(), on="employer", how="inner")
    facts = facts[facts["day"].between(facts["valid_from"], facts["valid_to"], inclusive="left")]
    facts = facts.set_index("position")[["tier", "ownership"]].reindex(asked["position"])
    return facts.set_axis(employer.index)
