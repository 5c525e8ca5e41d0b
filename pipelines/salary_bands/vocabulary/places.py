"""Resolve a free text to the country and metro where a person works.

`place_text` splits a text into places, `gazetteer` looks up names, and this module decides what they mean together.
"""

from functools import lru_cache

from salary_bands.vocabulary.gazetteer import (
    Place,
    area_of,
    countries_of,
    country_of,
    is_known,
    name_key,
    name_keys,
    place_in,
    town_among,
    town_of,
    whole_country,
)
from salary_bands.vocabulary.place_text import (
    TERRITORIES,
    Group,
    alternatives,
    clean,
    groups_of,
    is_broad,
    names_a_place,
)

# Towns of these names exist, but the word alone is a part of another phrase: European Union, Head Of.
_NOT_ALONE = frozenset("of union most man same enterprise commerce industry normal home best central".split())
_LONGEST = 200  # characters; a longer text is prose, and splitting a megabyte of prose would take minutes
_BLANK = Place(None, None, "blank")
_UNKNOWN = Place(None, None, "unknown")


def _within(head: str, qualifiers: list[str], country: str) -> tuple[int, list[Place]]:
    """Return the number of qualifiers that agree with a country, and the towns named `head` there."""
    areas = [area_of(name) for name in qualifiers]
    agree = sum(country_of(n) == country or any(c == country for c, _ in a.regions)
                for n, a in zip(qualifiers, areas, strict=True))  # fmt: skip
    states = sorted({state for area in areas for where, state in area.regions if where == country and state})
    row = area_of(head).row
    towns = [town for state in states if (town := town_of(head, country, state))]
    if not towns and row and row.country == country:
        towns = [row]
    if not towns and not states and (town := town_of(head, country)):
        towns = [town]
    if not towns and country == "US" and states == ["DC"] and (town := town_of("washington", "US", "DC")):
        towns = [town]  # the district is the city
    return agree, towns


def _is_state(group: Group, hint: str | None) -> bool:
    """True if a group in the US means a state: "Remote, Maine, United States" is not in the town Maine in Illinois.

    New York is the city, unless a part that names no town comes first: "Rural, New York, United States".
    """
    area = area_of(group.head)
    if not any(where == "US" and state and state != "DC" for where, state in area.regions) or (
        area.row and not group.in_state
    ):
        return False
    within = [country_of(name) for name in group.qualifiers]
    return all(country == "US" for country in within) and "US" in (hint, *within)


def _resolve(group: Group, hint: str | None, neighbours: list[str], likely: frozenset[str]) -> list[Place]:
    """Return the places that a group can mean, none if it is unknown.

    `neighbours` qualify a group that has no qualifiers of its own. The source's country, `hint`, wins over both. A name
    alone that is a state or a sizable town in a country of `likely` is that one.
    """
    head, qualifiers = group.head, group.qualifiers
    if _is_state(group, hint):
        return [place_in("US")]
    named = [country for name in [head, *qualifiers] if (country := country_of(name))]
    if hint:
        territory = next((c for c in named if c in TERRITORIES.get(hint, ())), None)
        country = territory or hint
        return _within(head, qualifiers or neighbours, country)[1] or [place_in(country)]
    if qualifiers:
        plain = [c for name in qualifiers if (c := country_of(name)) and not area_of(name).regions and len(name) > 2]
        last = country_of(qualifiers[-1])
        if not plain and last and not area_of(qualifiers[-1]).regions:
            plain = [last]
        if not plain and country_of(head) and country_of(head) == country_of(qualifiers[-1]):
            plain = [c for c in (country_of(head),) if c]  # Germany, DE
        if plain:
            territory = next((c for c in named if c in TERRITORIES.get(plain[-1], ())), None)
            candidates = [territory or plain[-1]]
        else:  # CA, DE, IN, Georgia: the US state comes first, because unknown towns are written "Town, ST" there
            regions = {where for name in qualifiers for where, _ in area_of(name).regions}
            candidates = sorted(regions, key=lambda where: (where != "US", where))
            candidates += [c for c in named if c not in candidates]
        ranked = [(*_within(head, qualifiers, country), country) for country in candidates]
        _, towns, country = max(ranked, key=lambda entry: (entry[0], bool(entry[1])))
        return towns or [place_in(country)]
    area = area_of(head)
    if home := next((where for where, state in area.regions if state and where in likely), None):
        return [place_in(home)]
    if head in _NOT_ALONE and not neighbours:
        return []
    for name in neighbours:
        countries = {country_of(name), *(where for where, _ in area_of(name).regions)} - {None}
        for country in sorted(filter(None, countries), key=lambda where: (where != "US", where)):
            if towns := _within(head, neighbours, country)[1] or _within(head, [], country)[1]:
                return towns
    if area.row:
        return [area.row]
    if area.country:
        return [place_in(area.country)]
    if town := town_among(head, likely):
        return [town]
    if states := {where for where, region in area.regions if region}:
        return [place_in(where) for where in sorted(states)]
    if town := town_of(head):
        return [town]
    owners = {where for where, _ in area.regions}
    return [place_in(owners.pop())] if len(owners) == 1 else []


def _places(text: str, hint: str | None, likely: frozenset[str]) -> tuple[list[Place], bool]:
    """Return the places of one alternative, and whether it also leaves the place open ("or remote")."""
    groups = list(groups_of(text))
    found: list[Place] = []
    towns_only: list[Place] = []
    leaves_open = False
    for number, group in enumerate(groups):
        if not group.head:
            leaves_open = True
            continue
        # In "Boston/Cambridge, MA" the state qualifies both towns; in "Germany: Berlin" the country comes first.
        neighbours = next((later.qualifiers for later in groups[number + 1 :] if later.qualifiers), [])
        if not neighbours and number and is_broad(groups[0].head) and not group.alternative:
            neighbours = [groups[0].head]
        if number and not group.alternative and found and found[-1] == place_in("US"):
            group = group._replace(in_state=True)  # Upstate NY, New York
        places = _resolve(group, hint, [] if group.qualifiers else neighbours, likely)
        leaves_open |= not places and group.alternative
        found += places
        joined = group.alternative or (number + 1 < len(groups) and groups[number + 1].alternative)
        if joined or group.qualifiers or not is_broad(group.head):
            towns_only += [place for place in places if joined or is_known(group.head)]
    # "Germany: Berlin, Munich" names two towns, not two towns and a country.
    countries = {place.country for place in towns_only}
    context_only = [place for place in found if place.country not in countries]
    return (towns_only + context_only if towns_only else found), leaves_open


@lru_cache(maxsize=2**12)
def _country_code(country: str | None) -> str | None:
    """Return the ISO code of a country given by its code, by its name or in a few words."""
    key = name_key(country or "")
    return area_of(key).country or (locate(country).country if key else None)


def _places_of_all(parts: list[str], hint: str | None, likely: frozenset[str]) -> tuple[list[Place], bool]:
    """Return the places of all alternatives, and whether one of them leaves the place open."""
    found: list[Place] = []
    leaves_open = False
    for part in parts:
        places, is_open = _places(part, hint, likely)
        found += places
        leaves_open |= is_open or (not places and len(parts) > 1)
    return found, leaves_open


def locate(text: str | None, country: str | None = None, currency: str | None = None) -> Place:
    """Resolve a free text to a country and a metro.

    Args:
        text: a place as people write it: "San Francisco, CA", "Bangalore, KA, India", "Remote - Germany". A two-letter
            code alone is a country. After a town it is the state or country that has such a town, else a US state.
        country: the country in a column of its own, as ISO 3166 code or name. It takes precedence, and the text then
            decides only the metro. A value that names no country is ignored.
        currency: the ISO 4217 code of the pay. A name alone is rather a state or a town in a country that uses the
            currency: with USD "CO" is Colorado and "Alexandria" is in Virginia. A place in the US does the same for the
            names beside it. A small town never takes the name of a metro: "Paris" with USD is in France.

    Returns:
        The place; if the text names several, the country and metro that they share.
    """
    hint = _country_code(country) if country else None
    likely = countries_of(currency) if currency else frozenset[str]()
    plain = clean(text or "")
    if len(plain) > _LONGEST:
        return whole_country(place_in(hint)) if hint else _UNKNOWN
    key = name_keys(plain.replace("\n", " "))
    found: list[Place] = []
    leaves_open = False
    row = area_of(key).row
    if row and (hint is None or row.country == hint):
        found = [row] if row.country else []
    elif key and not row:
        parts = alternatives(plain)
        found, leaves_open = _places_of_all(parts, hint, likely)
        if (
            not hint
            and "US" not in likely
            and any(p.country == "US" for p in found)
            and any(p.country != "US" for p in found)
        ):
            found, leaves_open = _places_of_all(parts, hint, likely | {"US"})
    elif key and hint:
        found = _places(plain, hint, likely)[0]
    if not found:
        if hint:
            return whole_country(place_in(hint))
        return _UNKNOWN if not row and names_a_place(plain) else _BLANK
    countries = {place.country for place in found}
    markets = {place.market for place in found}
    if leaves_open or len(countries) > 1 or len(markets) > 1:
        return whole_country(Place(countries.pop() if len(countries) == 1 else None, None, "several"))
    if len(found) > 1 and markets == {None}:
        return whole_country(Place(found[0].country, None, "several"))
    return whole_country(found[0])
