"""Match free-text employer names, and look up facts about employers.

`reference/employers.csv` lists the employers, `reference/employer_words.yaml` the words that are not part of a name or
that name nobody. A name is looked up by its key, which ignores differences in spelling that do not distinguish
employers; then without what marks an office, a legal entity or a governing body of a listed employer. A typing slip is
corrected only if it cannot be another company. Any other name is an employer of its own, of which
`reference/employer_kinds.csv` may know the tier by its kind (a university, a bank).
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from salary_bands.reference import read_csv
from salary_bands.storage.frames import TEXT, map_distinct, map_distinct_rows
from salary_bands.vocabulary.employer_text import (
    employer_key,
    known_words,
    name_words,
    other_names,
    without_parentheses,
    without_trademarks,
)
from salary_bands.vocabulary.typing_slips import NearNames

__all__ = [
    "Match",
    "employer_facts",
    "employer_key",
    "evidence_of",
    "facts_at",
    "kind_of",
    "kind_of_industry",
    "kind_today",
    "match_employer",
    "owner_at",
    "suggested_employer",
]

_SHORTEST_BEFORE_PLACE = 3  # letters of a listed name before a country or office
_SHORTEST_BEFORE_OFFICE = 5  # letters of a listed name of one word before several words of an office
_SHORTEST_OF_OTHER_NAMES = 4  # letters of one of several names: TFL Inc. dba Mega Saver is not Transport for London
_SHORTEST_OF_SEVERAL_WORDS = 9  # letters of a listed name of several words before words of a legal entity


_MAY_BE_SOFTWARE = re.compile(
    r"\b(?:it\b|ai\b|data|analy|softw|cod(?:e|ing)|program|tech|engineer|research|scien|statist|math)"
)
_MANY_DAYS = 1_000_000  # more than any period has
_LAST_DAY = pd.Timestamp("2199-12-31")  # in the open period of every listed employer


class Match(NamedTuple):
    """An employer (its stable name, None if the text names nobody) and how it was found."""

    employer: str | None
    basis: str


class _Listed(NamedTuple):
    """The employers of employers.csv, indexed for lookup."""

    by_key: dict[str, str]
    of_several_words: frozenset[str]
    near: NearNames


@cache
def _listed() -> _Listed:
    by_key: dict[str, str] = {}
    words_by_key: dict[str, list[str]] = {}
    mistypable: set[str] = set()
    for row in read_csv("employers.csv"):
        employer = row["employer"]
        for name in [employer, *row["aliases"].split(";")]:
            words = name_words(without_trademarks(name))
            key = "".join(words)
            if key and by_key.setdefault(key, employer) != employer:
                raise ValueError(f"employers.csv: {name!r} means both {by_key[key]} and {employer}")
            words_by_key.setdefault(key, words)
            # Tickers and acronyms are too close to other words: googol is one letter away from GOOGL.
            if key and not name.isupper():
                mistypable.add(key)
    several = frozenset(k for k, w in words_by_key.items() if len(w) > 1 and len(k) >= _SHORTEST_OF_SEVERAL_WORDS)
    return _Listed(by_key, several, NearNames({key: words_by_key[key] for key in mistypable}))


def _near_employers(key: str) -> list[str]:
    """Return the listed employers with a key one edit away."""
    listed = _listed()
    return sorted({listed.by_key[other] for other in listed.near.near(key)})


def _mistyped(key: str) -> str | None:
    """Return the listed employer that a key is a slip of; None if there is none, or if another employer is near."""
    if len(employers := _near_employers(key)) != 1:
        return None
    listed = _listed()
    return employers[0] if listed.near.slips(key, listed.near.near(key)) else None


def _is_anonymous(words: list[str], key: str) -> bool:
    """True if a name that is not listed names nobody; a single letter names nobody."""
    known = known_words()
    return len(key) == 1 or key in known.anonymous or key in known.generic or known.generic.issuperset(words)


def _owner_of_entity(words: list[str]) -> str | None:
    """Return the listed employer of an office or a legal entity: its name, followed by words of such.

    Words of an office (USA, North America, N.A.) may follow any listed name that is long enough. Words of a business
    (services, technology, securities) may follow only names that nobody else bears: of several words, or reviewed in
    `entity_families`. Apple Bank and Delta Electronics are other companies.
    """
    known, listed = known_words(), _listed()
    for size in range(len(words) - 1, 0, -1):
        key, rest = "".join(words[:size]), words[size:]
        employer = listed.by_key.get(key)
        if employer is None or not known.entity_words.union(known.places).issuperset(rest):
            continue
        if len(rest) == 1 and rest[0] in known.places and len(key) >= _SHORTEST_BEFORE_PLACE:
            return employer
        if key in listed.of_several_words or employer in known.entity_families:
            return employer
        is_office = known.office_words.union(known.places).issuperset(rest)
        return employer if is_office and len(key) >= _SHORTEST_BEFORE_OFFICE else None
    return None


def _without_body(words: list[str]) -> list[str]:
    """Drop a governing body before a name: "The Trustees of Princeton University"."""
    for body in known_words().bodies:
        if len(words) > len(body) and tuple(words[: len(body)]) == body:
            return words[len(body) :]
    return words


def _listed_by_words(words: list[str]) -> str | None:
    """Return the listed employer that words name, by its key, its body or one of its entities."""
    by_key = _listed().by_key
    if employer := by_key.get("".join(words)):
        return employer
    if len(words) < 2:
        return None
    shorter = _without_body(words)
    return by_key.get("".join(shorter)) or _owner_of_entity(shorter)


def match_employer(text: str | None) -> Match:
    """Match a free-text employer name.

    Args:
        text: the employer as reported, None or blank if there is none.

    Returns:
        The employer and its basis:

        - `listed`: the canonical name. The key is in the list: with or without the text in parentheses, without words
          of an office, a legal entity or a governing body, or as one of several names (A, formerly B).
        - `fuzzy`: the canonical name. The key is a typing slip that cannot be another company.
        - `unlisted`: the key of the name. The employer is not in the list.
        - `blank`: None. The text names nobody.
    """
    if not text:
        return Match(None, "blank")
    whole = without_trademarks(text)
    by_key = _listed().by_key
    if employer := by_key.get("".join(name_words(whole))):
        return Match(employer, "listed")
    words = name_words(without_parentheses(whole)) or name_words(whole)
    key = "".join(words)
    if not key or (key not in by_key and _is_anonymous(words, key)):
        return Match(None, "blank")
    if employer := _listed_by_words(words):
        return Match(employer, "listed")
    for name in other_names(whole):
        named = name_words(without_parentheses(name))
        if len("".join(named)) >= _SHORTEST_OF_OTHER_NAMES and (employer := _listed_by_words(named)):
            return Match(employer, "listed")
    employer = _mistyped(key)
    return Match(employer, "fuzzy") if employer else Match(key, "unlisted")


def suggested_employer(text: str) -> str | None:
    """Return the only listed employer that an unlisted name is one edit away from, for a person to decide."""
    near = _near_employers("".join(name_words(without_parentheses(without_trademarks(text)))))
    return near[0] if len(near) == 1 else None


@cache
def _facts() -> pd.DataFrame:
    facts = pd.DataFrame(read_csv("employers.csv"))[
        ["employer", "tier", "industry", "ownership", "valid_from", "valid_to"]
    ]
    return _dated(facts).sort_values(["employer", "valid_from"], ignore_index=True)


class _Periods(NamedTuple):
    """The facts of listed employers with numbers to look them up by.

    numbers: of the employers, in the order of facts. begin, end: of each period, number * _MANY_DAYS + days since 1900.
    """

    facts: pd.DataFrame
    numbers: dict[str, int]
    begin: np.ndarray
    end: np.ndarray


@cache
def _periods() -> _Periods:
    facts = _facts()
    number, names = pd.factorize(facts["employer"])
    begin, end = (number * _MANY_DAYS + _days(facts[name]) for name in ("valid_from", "valid_to"))
    return _Periods(facts, {name: n for n, name in enumerate(names)}, begin, end)


def _days(day: pd.Series) -> np.ndarray:
    """Return the days since 1900, before which no report is."""
    days: np.ndarray = (day.to_numpy().astype("datetime64[D]") - np.datetime64("1900-01-01")).astype(np.int64)
    return days


def _dated(rows: pd.DataFrame) -> pd.DataFrame:
    for column, blank in (("valid_from", "1900-01-01"), ("valid_to", "2200-01-01")):
        rows[column] = pd.to_datetime(rows[column].replace("", blank), format="%Y-%m-%d")
    return rows


def employer_facts() -> pd.DataFrame:
    """Return tier, industry and ownership of every listed employer over time, for an as-of join.

    Returns:
        employer, tier, industry, ownership, valid_from, valid_to, sorted by employer and valid_from. Periods are
        half-open; an open end is 1900-01-01 or 2200-01-01. The frame is a copy, which the caller may change.
    """
    return _facts().copy()


def facts_at(employer: pd.Series, day: pd.Series) -> pd.DataFrame:
    """Return tier, industry and ownership of each employer on the given day.

    An unlisted employer has the tier and industry of its kind, if its name says one; else all are missing.
    """
    listed = _periods()
    codes, names = pd.factorize(employer)  # a missing employer has the code -1, of the last entry
    number = np.array([*(listed.numbers.get(name, -1) for name in names), -1])[codes]
    asked = number * _MANY_DAYS + _days(day)
    at = np.searchsorted(listed.begin, asked, side="right") - 1
    at = np.where((at >= 0) & (asked < listed.end[at]), at, -1)
    known = {name: listed.facts[name].array.take(at, allow_fill=True) for name in ("tier", "industry", "ownership")}
    facts = pd.DataFrame(known, index=employer.index)
    kinds = [*map(_kind_in, names), None]
    for place, column in enumerate(("tier", "industry")):
        of_kind = pd.array([kind and kind[place] for kind in kinds], dtype=TEXT).take(codes)
        facts[column] = facts[column].fillna(pd.Series(of_kind, index=employer.index))
    return facts


def evidence_of(tier: str | None, industry: str | None) -> str:
    """Return the kind of employer as words that the rules for titles know: `ai lab`, `ai company`, or an industry."""
    if tier == "T1":
        return "ai lab"
    return (industry or "").lower()


def kind_of(facts: pd.DataFrame) -> pd.Series:
    """Return the kind of employer that each row of `facts_at` is, as `evidence_of` names it; empty if unknown."""
    codes, kinds = map_distinct_rows(facts[["tier", "industry"]], evidence_of)
    return pd.Series(pd.array(kinds, dtype=TEXT).take(codes), index=facts.index)


def kind_of_industry(industry: str) -> str:
    """Return the kind of employer that an industry in words of ours means.

    Any other is `other trade` (law, libraries, marketing), or none if it may be software or data.
    """
    named = industry.casefold()
    if named in _industries():
        return named
    return "" if _MAY_BE_SOFTWARE.search(named) else "other trade"


@cache
def _industries() -> frozenset[str]:
    return frozenset(row["industry"].casefold() for row in read_csv("employers.csv"))


def kind_today(names: Sequence[str]) -> list[str]:
    """Return the kind of each employer by its free-text name, by the newest facts known of it."""
    employer = pd.Series([match_employer(name).employer for name in names], dtype=TEXT)
    return kind_of(facts_at(employer, pd.Series(_LAST_DAY, index=employer.index))).to_list() if names else []


@cache
def _listed_employers() -> frozenset[str]:
    return frozenset(_listed().by_key.values())


@cache
def _kinds() -> tuple[tuple[re.Pattern[str], tuple[str, str]], ...]:
    return tuple((re.compile(row["pattern"]), (row["tier"], row["industry"])) for row in read_csv("employer_kinds.csv"))


def _kind_in(key: str) -> tuple[str, str] | None:
    """Return the tier and industry of the first kind of employer that the key of an unlisted name matches."""
    if key in _listed_employers():
        return None
    return next((kind for pattern, kind in _kinds() if pattern.search(key)), None)


@cache
def _owners() -> pd.DataFrame:
    """Return employer, owner, valid_from, valid_to of every listed employer that became part of another one."""
    return _dated(pd.DataFrame(read_csv("employer_owners.csv"))[["employer", "owner", "valid_from", "valid_to"]])


def owner_at(employer: pd.Series, day: pd.Series) -> pd.Series:
    """Return the employer that each one is part of on the given day: Credit Suisse is UBS from 2023-06-12 on."""
    owners = _owners()
    owned = frozenset(owners["employer"])
    part = map_distinct(employer, owned.__contains__, "boolean").to_numpy(dtype=bool, na_value=False)
    if not part.any():
        return employer
    asked = pd.DataFrame({"employer": employer[part], "day": day[part], "position": np.flatnonzero(part)})
    found = asked.merge(owners, on="employer")
    found = found[found["day"].between(found["valid_from"], found["valid_to"], inclusive="left")]
    result = employer.copy()
    result.iloc[found["position"].to_numpy()] = found["owner"].to_numpy()
    return result
