"""Split a text into places: "Boston, MA or Remote - Germany" names Boston in MA, and Germany.

A text is split into alternatives, an alternative into names, and names into groups. A group is one place with the
states and countries that qualify it. The gazetteer knows what a name means.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from salary_bands.vocabulary.gazetteer import DIRECTIONS, Area, area_of, country_of, fold, is_known, name_keys, town_of

# Territories that have a country code of their own and that people also write as part of another country.
TERRITORIES = {
    "US": frozenset({"AS", "GU", "MP", "PR", "VI"}),
    "CN": frozenset({"HK", "MO", "TW"}),
    "GB": frozenset({"GG", "GI", "IM", "JE"}),
    "DK": frozenset({"FO", "GL"}),
    "FR": frozenset({"GF", "GP", "MQ", "NC", "PF", "RE", "YT"}),
    "NL": frozenset({"AW", "BQ", "CW", "SX"}),
}

_POSTCODE = re.compile(r"\b\d{4,6}(?:-\d{4})?\b")
_SPACES = re.compile(r"[^\S\n]+")
_ALTERNATIVES = re.compile(r"[;|\n\r•]+")
_PARTS = re.compile(r"[,()\[\]:\t]+|\s+[-–—]+|[-–—]+\s+")
_OR = re.compile(r"\s*[/&+]\s*|\s+(?:or|and)\s+")
_FILLER = frozenset(
    """
    remote hybrid onsite office offices based area areas metro metropolitan greater region surrounding near
    nearby downtown suburb suburbs suburban outside of the only anywhere within in from home working work wfh
    fully city telecommute virtual rural around about close to
    """.split()
)


class Group(NamedTuple):
    """One place of a text: its name, the names that qualify it, and whether "or" or a slash precedes it.

    in_state: a part that names no town precedes it, so that New York is the state: "Rural, New York".
    """

    head: str
    qualifiers: list[str]
    alternative: bool
    in_state: bool = False


def clean(text: str) -> str:
    """Fold a text and its spaces, drop postal codes, and keep its punctuation and line breaks."""
    folded = fold(text)
    return _SPACES.sub(" ", _POSTCODE.sub(" ", folded)).strip() or _SPACES.sub(" ", folded).strip()


def alternatives(text: str) -> list[str]:
    """Split a text at semicolons, bars and line breaks."""
    return [part for part in _ALTERNATIVES.split(text) if name_keys(part)]


def names_a_place(text: str) -> bool:
    """True if a text has more than words that name no place."""
    return any(name for part in _PARTS.split(text) for name, _ in _names(part))


def is_broad(name: str) -> bool:
    """True if a name by itself means a country or a state (Germany, California), not a town (Berlin)."""
    area = area_of(name)
    if area.row:
        return not area.row.market
    return bool(area.country or _states(area))


def groups_of(text: str) -> Iterator[Group]:
    """Yield the places of one alternative: "boston, ma, usa" is one, "berlin, munich" are two."""
    group: Group | None = None
    blank_before = False
    parts = [part for part in _PARTS.split(text) if name_keys(part)]
    keys = [name_keys(part) for part in parts]
    for number, part in enumerate(parts):
        if 0 < number < len(parts) - 1 and _is_foreign_code(keys[number], keys[number + 1]):
            continue
        for name, alternative in _names(part):
            if not name:
                blank_before = not group
                if alternative:
                    yield Group("", [], True)
            elif group and not alternative and _qualifies(group, name):
                group.qualifiers.append(name)
            elif group and alternative and group.qualifiers and _is_area(name) and not town_of(name):
                yield group  # Portland, OR/ME
                group = Group(group.head, [name], True)
            else:
                if group:
                    yield group
                group = Group(name, [], alternative, blank_before and not group)
    if group:
        yield group


def _names(part: str) -> list[tuple[str, bool]]:
    """Return the names in a text between commas, each with whether "or" or a slash precedes it.

    Words that name no place are dropped. A piece with only such words ("or remote") has the name "".
    """
    part = part.strip()
    key = name_keys(part)
    if not key:
        return []
    area = area_of(key)
    if area.row and not area.row.country:
        return [("", False)]
    if is_known(key):
        return [(key, False)]
    pieces = [piece for piece in _OR.split(part) if piece.strip()]
    if len(pieces) > 1:
        found = []
        for number, piece in enumerate(pieces):
            names = _names(piece)
            found += [(name, alternative or (number > 0 and not at)) for at, (name, alternative) in enumerate(names)]
        return found
    words = key.split()
    core = [word for word in words if word not in _FILLER]
    if len(core) < len(words):
        return _names(" ".join(core)) if core else [("", False)]
    return [(name, False) for name in _unpunctuated(words)]


def _unpunctuated(words: list[str]) -> list[str]:
    """Split words without commas into names: "boston ma", "germany berlin", "northern california"."""
    for size in range(1, min(4, len(words))):
        head, tail = " ".join(words[:-size]), " ".join(words[-size:])
        if _is_area(tail) and (is_known(head) or (len(tail) > 3 and country_of(tail))):
            return [head, tail]
        first, rest = " ".join(words[:size]), " ".join(words[size:])
        if _is_area(first):
            names = [rest] if is_known(rest) else _unpunctuated(words[size:])
            if all(map(is_known, names)):
                return [*names, first]
    if words[0] in DIRECTIONS and len(words) > 1:
        rest = " ".join(words[1:])
        if states := [where for where, state in area_of(rest).regions if state]:
            return [states[-1].casefold()]  # part of the state, not of the city with the same name
        if is_known(rest):
            return [rest]
    return [" ".join(words)]


def is_us_state_code(name: str) -> bool:
    """True for a code of two letters that is a state of the US, whatever else it is: CO, PA, IL, DE."""
    return len(name) == 2 and any(country == "US" for country, _ in _states(area_of(name)))


def _is_in(head: str, area: Area, country: str | None) -> bool:
    """True if a town of that name is in the country or in one of the area's regions."""
    if country and town_of(head, country):
        return True
    return any(town_of(head, where, region) for where, region in area.regions)


def _qualifies(group: Group, name: str) -> bool:
    """True if a name says where the group's place is (Boston, MA), False if it names the next place."""
    if not _is_area(name):
        return False
    area, country = area_of(name), country_of(name)
    head = area_of(group.head)
    head_country = country_of(group.head)
    if head_country and not group.qualifiers and is_us_state_code(name) and country != head_country:
        return True  # Jordan, MN; Peru, IN
    if head_country and town_of(name, head_country) and not _is_in(group.head, area, country):
        return False  # Germany, Berlin
    if head_country and country and not _states(area) and not _is_in(group.head, area, country):
        within = {head_country, *(where for where, _ in head.regions)}
        return country in within or head_country in TERRITORIES.get(country, ())  # not: Germany, France
    for before in group.qualifiers:
        other = country_of(before)
        if country and other and country != other and not (_states(area) or _states(area_of(before))):
            return other in TERRITORIES.get(country, ())  # not: Newark, United States, Panama
    if is_known(group.head) and not is_broad(group.head) and not country:
        for where, state in area.regions:
            namesake = town_of(name, where, state)
            if (
                namesake
                and namesake.market
                and town_of(group.head, where)
                and not (state and town_of(group.head, where, state))
            ):
                return False  # San Francisco, New York; Berlin, Hamburg
    return bool(country or _states(area) or not town_of(name))


def _is_foreign_code(key: str, after: str) -> bool:
    """True if a short name before a country is a code for one of its provinces (Kiev, KC, Ukraine)."""
    country = country_of(after)
    if not country or len(key) > 3 or country == country_of(key):
        return False
    area = area_of(key)
    known_here = any(where == country and state for where, state in area.regions)
    return not known_here and not (area.row and area.row.country == country)


def _is_area(name: str) -> bool:
    """True if a name can qualify a town."""
    return bool(area_of(name).regions or country_of(name))


def _states(area: Area) -> list[tuple[str, str]]:
    """Return the meanings of a name as a state, in countries where states decide."""
    return [(country, state) for country, state in area.regions if state]
