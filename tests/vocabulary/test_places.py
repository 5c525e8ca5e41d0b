"""A text is placed where a reader would place it, or not at all."""

import csv
import re
import unicodedata
from pathlib import Path

import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salary_bands.vocabulary import gazetteer
from salary_bands.vocabulary.places import Place, locate

REFERENCE = Path(gazetteer.__file__).parents[1] / "reference"

METROS = {
    "San Francisco, CA": "us-sf-bay",
    "SF Bay Area, CA": "us-sf-bay",
    "Silicon Valley": "us-sf-bay",
    "Seattle, Washington": "us-seattle",
    "Greater Seattle Area": "us-seattle",
    "NYC": "us-new-york",
    "Jersey City, NJ": "us-new-york",
    "Newark, NJ / New York, NY": "us-new-york",
    "New York, New York, United States": "us-new-york",
    "New York, United States": "us-new-york",
    "Greater New York, United States": "us-new-york",
    "OKC, Oklahoma, United States": "us-oklahoma-city",
    "Around Philadelphia, Pennsylvania, United States": "us-philadelphia",
    "Close to Boston, Massachusetts": "us-boston",
    "Needham Heights, MA": "us-boston",
    "Chevy Chase, MD": "us-washington-dc",
    "washinton dc, District of Columbia, United States": "us-washington-dc",
    "Remote, District of Columbia, United States": "us-washington-dc",
    "Delaware, Ohio, United States": "us-columbus",
    "North York, Ontario, Canada": "ca-toronto",
    "Boston, Massachusetts, United States": "us-boston",
    "Boston MA": "us-boston",
    "Boston/Cambridge, MA": "us-boston",
    "Cambridge, MA": "us-boston",
    "LA": "us-los-angeles",
    "Santa Monica, CA": "us-los-angeles",
    "Irvine, CA": "us-los-angeles",
    "Ontario, CA": "us-los-angeles",
    "Washington, DC": "us-washington-dc",
    "Washington, D.C.": "us-washington-dc",
    "Washington, District of Columbia, Maryland, United States": "us-washington-dc",
    "Bala Cynwyd, PA": "us-philadelphia",
    "Wilmington, DE": "us-philadelphia",
    "Minneapolis/St. Paul": "us-minneapolis",
    "Portland, OR": "us-portland",
    "Vancouver, WA": "us-portland",
    "Birmingham, AL": "us-birmingham",
    "Atlanta, Georgia": "us-atlanta",
    "St. Petersburg, FL": "us-tampa",
    "USA-CA-Mountain View": "us-sf-bay",
    "Vancouver": "ca-vancouver",
    "Vancouver, BC, Canada": "ca-vancouver",
    "Toronto, CA": "ca-toronto",
    "Kitchener, Waterloo, ON": "ca-waterloo",
    "London, EN, United Kingdom": "gb-london",
    "Hybrid - London": "gb-london",
    "Kings Cross, London, UK": "gb-london",
    "Cambridge": "gb-cambridge",
    "Cambridge, UK": "gb-cambridge",
    "Birmingham, UK": "gb-birmingham",
    "Ireland, Dublin": "ie-dublin",
    "Zurich, ZH, Switzerland": "ch-zurich",
    "Berlin": "de-berlin",
    "Berlin, DE": "de-berlin",
    "Berlin, BE, Germany": "de-berlin",
    "Munich": "de-munich",
    "München": "de-munich",
    "Muenchen": "de-munich",
    "Köln": "de-cologne",
    "Paris, IL, France": "fr-paris",
    "Bangalore, KA, India": "in-bengaluru",
    "Hyderabad, TS, India": "in-hyderabad",
    "Hyderabad, IN": "in-hyderabad",
    "Pune, MH, India": "in-pune",
    "Tel Aviv, IL": "il-tel-aviv",
    "Moscow, MC, Russia": "ru-moscow",
    "Москва": "ru-moscow",
    "Kiev, KC, Ukraine": "ua-kyiv",
    "Tbilisi, Georgia": "ge-tbilisi",
    "Tampere (Finland)": "fi-tampere",
    "Perth, WA": "au-perth",
    "Singapore, SG, Singapore": "sg-singapore",
    "SG": "sg-singapore",
    "Hong Kong, China": "hk-hong-kong",
    "San Jose, Costa Rica": "cr-san-jose",
}

COUNTRIES = {
    "US": "US",
    "U.S.": "US",
    "DE": "DE",
    "CA": "CA",
    "IN": "IN",
    "UK": "GB",
    "England": "GB",
    "The Netherlands": "NL",
    "Deutschland": "DE",
    "Remote, US": "US",
    "Remote - Germany": "DE",
    "Remote Germany": "DE",
    "Germany (Remote)": "DE",
    "City in Russia": "RU",
    "California": "US",
    "Northern California": "US",
    "Upstate NY": "US",
    "Washington": "US",
    "New York State": "US",
    "Portland, ME": "US",
    "Bath, Maine, United States": "US",
    "Delhi, New York, United States": "US",
    # states, not towns of their names or the city
    "Maine, United States": "US",
    "Remote, Maine, United States": "US",
    "Home, Delaware, United States": "US",
    "Small town, New York, United States": "US",
    "Rural, New York, United States": "US",
    "Upstate NY, New York, United States": "US",
    "Northern NY, New York, United States": "US",
    "Prefer not to say, New York, United States": "US",
    "Paris, Texas": "US",
    "London, KY": "US",
    "Brazil, IN": "US",
    "Belgium, WI": "US",
    "Georgia, US": "US",
    "Georgia": "GE",
    "Puerto Rico": "PR",
    "PR": "PR",
    "San Juan, PR": "PR",
    "San Juan, Puerto Rico, United States": "PR",
    "London, Ontario, Canada": "CA",
    "Odessa": "UA",
    "Odessa, TX": "US",
    "Port of Spain, Trinidad and Tobago": "TT",
}

SEVERAL = {
    "San Francisco or New York": "US",
    "San Francisco, New York": "US",
    "New York, NY; San Francisco, CA": "US",
    "San Francisco, CA or New York, NY": "US",
    "Portland, OR or Seattle, WA": "US",
    "Portland, OR/ME": "US",
    "San Francisco or Remote": "US",
    "Kansas or Texas": "US",
    "Berlin, Munich": "DE",
    "Berlin, Hamburg": "DE",
    "Birmingham, AL/UK": None,
    "London or Berlin": None,
    "Germany, France": None,
    "Newark, New Jersey, United States, Panama": None,
}

BLANK = [
    None,
    "",
    "  ",
    "-",
    "N/A",
    "Remote",
    "Fully remote",
    "remote or hybrid",
    "Other",
    "EMEA",
    "Worldwide",
]

EXAMPLES = [*METROS, *COUNTRIES, *SEVERAL, *filter(None, BLANK), "Seatle", "Dusseldurf"]


def _markets() -> list[dict[str, str]]:
    with (REFERENCE / "markets.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("text", "market"), METROS.items())
def test_a_town_with_its_state_or_country_gives_the_metro(text: str, market: str) -> None:
    assert locate(text) == Place(market[:2].upper(), market, "metro")


@pytest.mark.parametrize(("text", "country"), COUNTRIES.items())
def test_a_country_a_state_or_a_far_town_gives_the_country_and_no_metro(text: str, country: str) -> None:
    assert locate(text) == Place(country, None, "country")


@pytest.mark.parametrize(("text", "country"), SEVERAL.items())
def test_several_places_give_what_they_share(text: str, country: str | None) -> None:
    assert locate(text) == Place(country, None, "several")


@pytest.mark.parametrize("text", BLANK)
def test_words_that_name_no_country_are_blank(text: str | None) -> None:
    assert locate(text) == Place(None, None, "blank")


@pytest.mark.parametrize("text", ["Seatle", "Dusseldurf", "sunny and warm", "12345", "ask me later"])
def test_what_is_misspelt_or_no_place_stays_unknown(text: str) -> None:
    assert locate(text) == Place(None, None, "unknown")


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("Cambridge", "US", Place("US", "us-boston", "metro")),
        ("Cambridge", "United Kingdom", Place("GB", "gb-cambridge", "metro")),
        ("Berlin", "US", Place("US", None, "country")),
        ("Toronto, Canada", "US", Place("US", None, "country")),
        ("Boston or Remote", "USA", Place("US", None, "several")),
        ("Bay Area", "DE", Place("DE", None, "country")),
        ("Remote", "Germany", Place("DE", None, "country")),
        ("Seatle", "US", Place("US", None, "country")),
        ("San Juan, PR", "US", Place("PR", None, "country")),
        ("Hong Kong", "China", Place("HK", "hk-hong-kong", "metro")),
        (None, "LA", Place("LA", None, "country")),
        ("", "Georgia", Place("GE", None, "country")),
        (None, "Singapore", Place("SG", "sg-singapore", "metro")),
        ("London", "Worldwide", Place("GB", "gb-london", "metro")),
    ],
)
def test_the_stated_country_wins_over_the_text(text: str | None, country: str, expected: Place) -> None:
    assert locate(text, country) == expected


# As text NA says "not available" and LA is Los Angeles; as a stated country they are Namibia and Laos.
@pytest.mark.parametrize("code", sorted({c.alpha_2 for c in pycountry.countries} - {"LA", "NA"}))
def test_a_code_of_two_letters_alone_is_a_country(code: str) -> None:
    assert locate(code).country == code == locate(None, code).country


@given(
    st.sampled_from(EXAMPLES),
    st.sampled_from([str, str.upper, str.lower, str.title]),
    st.sampled_from(["NFC", "NFD"]),
    st.sampled_from(["", " ", "\u00a0 "]),
)
def test_case_spaces_and_unicode_form_never_change_the_answer(text, case, form, outer) -> None:
    spelt = outer + unicodedata.normalize(form, case(text)).replace(" ", "  ") + outer
    assert locate(spelt) == locate(text)


@given(st.text(max_size=40), st.one_of(st.none(), st.text(max_size=10)))
def test_any_text_has_an_answer_that_is_consistent(text: str, country: str | None) -> None:
    place = locate(text, country)
    assert place.basis in {"metro", "country", "several", "blank", "unknown"}
    assert (place.basis == "metro") == (place.market is not None)
    assert place.market is None or place.market[:2].upper() == place.country


@pytest.mark.parametrize("unit", ["us ", "us/", "new york, ", "-", " or ", "a;", "x\n", "é"])
def test_a_hostile_length_costs_no_time(unit: str) -> None:
    assert locate(unit * 200_000).basis in {"unknown", "blank"}
    assert locate(unit * 200_000, "US") == Place("US", None, "country")
    assert locate((unit * 200)[:199]).basis in {"metro", "country", "several", "unknown", "blank"}


def test_metros_are_well_formed() -> None:
    rows = _markets()
    ids = [row["market"] for row in rows]
    assert ids == sorted(set(ids))
    assert len(ids) >= 65
    for row in rows:
        assert re.fullmatch(r"[a-z]{2}(-[a-z]+)+", row["market"])
        assert row["market"][:2].upper() == row["country"]
        assert pycountry.countries.get(alpha_2=row["country"])
        assert row["label"]
        assert abs(float(row["latitude"])) <= 90
        assert abs(float(row["longitude"])) <= 180
        assert 5 <= float(row["radius_km"]) <= 70


def test_the_metros_of_the_design_are_there() -> None:
    named = (
        "us-sf-bay us-seattle us-new-york us-boston us-los-angeles us-austin us-pittsburgh gb-london "
        "fr-paris ca-toronto ch-zurich de-berlin in-bengaluru il-tel-aviv sg-singapore"
    )
    assert {row["market"] for row in _markets()} >= set(named.split())


def test_a_place_is_named_by_one_metro_only_and_states_are_given_where_they_decide() -> None:
    seen: dict[tuple[str, str, str], str] = {}
    for row in _markets():
        for text in filter(None, row["places"].replace("*", "").split(";")):
            name, region = gazetteer._member(text, row["country"])
            assert bool(region) == (row["country"] in {"US", "CA", "AU"}), text
            assert seen.setdefault((row["country"], region, name), row["market"]) == row["market"], text


def test_no_metro_has_a_member_in_another_country() -> None:
    for city in gazetteer._gazetteer().cities:
        market = gazetteer._metro_of(city)
        assert market is None or market[:2].upper() == city.country


def test_every_metro_has_a_city() -> None:
    found = {gazetteer._metro_of(city) for city in gazetteer._gazetteer().cities}
    assert {row["market"] for row in _markets()} <= found


@pytest.mark.parametrize(
    ("market", "towns"),
    {
        "us-sf-bay": "San Francisco;Mountain View;Sunnyvale;San Jose;Cupertino;Menlo Park;"
        "Palo Alto;Santa Clara;Redwood City;Oakland;Berkeley;Fremont;Pleasanton;Los Gatos;"
        "San Mateo;Foster City;San Bruno",
        "us-los-angeles": "Los Angeles;Santa Monica;Irvine;Pasadena;Culver City;El Segundo",
    }.items(),
)
def test_the_towns_of_a_metro_are_in_it(market: str, towns: str) -> None:
    assert {locate(f"{town}, CA").market for town in towns.split(";")} == {market}


def test_rows_of_place_names_agree_with_the_metros() -> None:
    country_of = {row["market"]: row["country"] for row in _markets()}
    with (REFERENCE / "place_names.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == sorted({row["name"] for row in rows})
    for row in rows:
        assert row["reason"]
        assert not row["market"] or country_of[row["market"]] == row["country"]
        assert locate(row["name"])[:2] == (row["country"] or None, row["market"] or None)


@pytest.mark.parametrize("code", ["CO", "PA", "IL", "DE", "CA", "ME", "IN", "GA"])
def test_in_usd_or_beside_a_place_in_the_us_a_code_is_a_state(code: str) -> None:
    assert locate(f"Remote, {code}", currency="USD").country == "US"
    assert locate(code, currency="USD").country == "US"
    assert locate(f"Austin, TX; Remote, {code}").country == "US"
    assert locate(f"Remote, {code}").country != "US"  # nothing says so
    assert locate(f"Remote, {code}", country="DE", currency="USD").country == "DE"  # the column does


@pytest.mark.parametrize(
    ("text", "currency", "country", "market"),
    [
        ("Valencia", "EUR", "ES", "es-valencia"),
        ("Cordoba", "EUR", "ES", None),
        ("Córdoba", "ARS", "AR", "ar-cordoba"),
        ("Santa Cruz", "USD", "US", None),
        ("Santa Cruz", "PHP", "PH", "ph-manila"),
        ("Victoria", "CAD", "CA", "ca-victoria"),
        ("Victoria", "AUD", "AU", None),
        ("Alexandria", "USD", "US", "us-washington-dc"),
        ("Alexandria", "EGP", "EG", None),
        ("London", "CAD", "CA", None),
        ("Hyderabad", "PKR", "PK", None),
        ("WA", "AUD", "AU", None),
        ("Remote, SK", "CAD", "CA", None),
        ("Valencia; New York", "EUR", None, None),
    ],
)
def test_the_currency_decides_between_places_of_one_name(
    text: str, currency: str, country: str | None, market: str | None
) -> None:
    assert locate(text, currency=currency)[:2] == (country, market)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        *((town, "USD") for town in ("Bengaluru", "Paris", "Dublin", "Melbourne", "Vancouver", "Naples", "Ontario")),
        *((town, "USD") for town in ("Valencia, Spain", "Alexandria, Egypt", "Mexico", "Greater London")),
        *((town, "EUR") for town in ("New York", "Bogota", "Mumbai")),
        ("Cordoba", "GBP"),
        ("Valencia", "XXX"),
    ],
)
def test_the_currency_moves_no_town_that_is_the_only_one_meant(text: str, currency: str) -> None:
    assert locate(text, currency=currency) == locate(text)
    assert locate(text).country != {"USD": "US", "EUR": "ES"}.get(currency)


@pytest.mark.parametrize(
    ("text", "country", "market"),
    [
        ("Jordan, MN", "US", None),
        ("Peru, IN", "US", None),
        ("Lebanon, PA", "US", None),
        ("Germany, DE", "DE", None),
        ("Tel Aviv, IL", "IL", "il-tel-aviv"),
        ("Union, NJ", "US", "us-new-york"),
        ("Union", None, None),
        ("Of", None, None),
        ("Head Of Engineering", None, None),
        ("10001 New York", "US", "us-new-york"),
        ("New York 10001-1234", "US", "us-new-york"),
        ("94107 San Francisco, CA", "US", "us-sf-bay"),
        ("10115 Berlin", "DE", "de-berlin"),
    ],
)
def test_states_postcodes_and_words_of_phrases(text: str, country: str | None, market: str | None) -> None:
    place = locate(text)
    assert (place.country, place.market) == (country, market)
