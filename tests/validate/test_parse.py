"""What a cell's text means: numbers, dates, words, and the reason where it means nothing."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salary_bands.reference.formats import Amount
from salary_bands.storage.frames import TEXT
from salary_bands.validate.parse import parse_amount, parse_when, parse_word
from salary_bands.vocabulary.money_text import Money, parse_money, parse_number, resolve_period


def texts(*cells: str | None) -> pd.Series:
    return pd.Series(cells, dtype=TEXT)


def amount(cell: str | None, decimal: str = "point", **meaning: object) -> float | str | None:
    """The value, the reason, or None for unknown."""
    found = parse_amount(texts(cell), decimal, Amount.model_validate(meaning))
    if pd.notna(found.reason[0]):
        return found.reason[0]
    return None if pd.isna(found.value[0]) else found.value[0]


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("150000", "point", 150_000),
        ("150,000.50", "point", 150_000.5),
        ("1,234,567", "point", 1_234_567),
        ("150 000", "point", 150_000),
        ("150'000", "point", 150_000),
        ("150’000", "point", 150_000),
        ("$150,000", "point", 150_000),
        ("£ 45k", "point", 45_000),
        ("72.5K", "point", 72_500),
        ("70000 €", "either", 70_000),
        ("70.000", "either", 70_000),
        ("70,000", "either", 70_000),
        ("70.000,50", "either", 70_000.5),
        ("70,000.50", "either", 70_000.5),
        ("70000,5", "either", 70_000.5),
        ("2,5", "either", 2.5),
        ("2.5", "either", 2.5),
        ("1.234.567", "either", 1_234_567),
        ("1.234.567", "comma", 1_234_567),
        ("2,5", "comma", 2.5),
        # a figure that a point format cannot mean is no figure
        ("2,5", "point", "not_a_number"),
        ("1.234.567", "point", "not_a_number"),
        ("12,34,56", "point", "not_a_number"),
        ("", "point", "not_a_number"),
        ("abc", "point", "not_a_number"),
        ("1e5", "point", 100_000),
        ("1.5E+05", "comma", 150_000),
        ("12e5", "point", "not_a_number"),
        ("0x1F", "point", "not_a_number"),
        ("10%", "point", "not_a_number"),
        ("100-120k", "point", "not_a_number"),
        ("=1+1", "point", "not_a_number"),
        ("²", "point", "not_a_number"),
        ("-5", "point", "negative"),
        ("−5", "point", "negative"),
        ("$-5", "point", "negative"),
        ("NaN", "point", "not_finite"),
        ("inf", "point", "not_finite"),
        ("-Infinity", "point", "not_finite"),
        ("9" * 400, "point", "absurd"),
        ("2000000000000", "point", "absurd"),
    ],
)
def test_a_number_is_read_or_refused_with_a_reason(text: str, decimal: str, number: float | str) -> None:
    found = parse_money(text, decimal)
    assert (found.amount if isinstance(found, Money) else found) == number
    assert amount(text, decimal) == number


@pytest.mark.parametrize(
    ("text", "number", "currencies"),
    [
        ("12,50,000", 1_250_000, {"INR", "PKR", "BDT", "NPR", "LKR"}),
        ("1,23,45,678", 12_345_678, {"INR", "PKR", "BDT", "NPR", "LKR"}),
        ("₹12,50,000", 1_250_000, {"INR"}),
        ("12.5 LPA", 1_250_000, {"INR", "PKR", "BDT", "NPR", "LKR"}),
        ("INR 12 LPA", 1_200_000, {"INR"}),
        ("1.2 Cr", 12_000_000, {"INR", "PKR", "BDT", "NPR", "LKR"}),
        ("US$150,000", 150_000, {"USD"}),
        ("150K USD", 150_000, {"USD"}),
        ("$150k CAD", 150_000, {"CAD"}),
        ("USD 150000", 150_000, {"USD"}),
        ("650 000 kr", 650_000, {"SEK", "NOK", "DKK", "ISK"}),
        ("150'000.-", 150_000, set()),
        ("CHF 120'000.--", 120_000, {"CHF"}),
        ("€90,000", 90_000, {"EUR"}),
        ("150000", 150_000, set()),
    ],
)
def test_an_amount_says_its_currency(text: str, number: float, currencies: set[str]) -> None:
    assert parse_money(text, "point") == Money(number, frozenset(currencies))


@pytest.mark.parametrize("text", ["150 USD EUR", "US$ 100 CAD", "12 eng", "K", "LPA", "$", "1 2 3 kr kr kr"])
def test_what_contradicts_itself_or_has_no_figure_is_no_amount(text: str) -> None:
    assert parse_money(text, "point") == "not_a_number"


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("monthly", "month"),
        ("per hour", "hour"),
        ("/hr", "hour"),
        ("p.a.", "year"),
        ("Per Annum", "year"),
        ("bi-weekly", "two_weeks"),
        ("fortnight", "two_weeks"),
        ("semi-monthly", "half_month"),
        ("pro Stunde", "hour"),
        ("once", None),
        ("", None),
    ],
)
def test_pay_periods_by_their_usual_words(text: str, period: str | None) -> None:
    assert resolve_period(text) == period


@pytest.mark.parametrize(
    ("cell", "meaning", "value"),
    [
        (None, {}, None),
        (None, {"blank": "none"}, 0),
        ("0", {}, 0),
        ("0", {"zero": "unknown"}, None),
        ("0", {"zero": "rejected"}, "zero"),
        ("65", {"thousands_below": 250}, 65_000),
        ("250", {"thousands_below": 250}, 250),
        ("5000", {"monthly_below": 8000}, 60_000),
        ("8000", {"monthly_below": 8000}, 8_000),
        ("65", {"thousands_below": 250, "monthly_below": 8000}, 65_000),
        ("900", {"thousands_below": 250, "monthly_below": 8000}, 10_800),
        ("0", {"thousands_below": 250, "zero": "unknown"}, None),
        ("some", {}, "not_a_number"),
        ("some", {"prose": "unknown"}, None),
        ("-1", {"prose": "unknown"}, "negative"),
        ("nan", {"prose": "unknown"}, "not_finite"),
        ("0.1", {"unknown_below": 2}, None),
        ("0", {"unknown_below": 2}, 0),
        ("2", {"unknown_below": 2}, 2),
    ],
)
def test_the_format_says_what_blank_zero_words_and_small_figures_mean(
    cell: str | None, meaning: dict[str, object], value: float | str | None
) -> None:
    assert amount(cell, **meaning) == value


def test_what_is_read_as_unknown_is_counted() -> None:
    cells = texts("a lot", "some", "0.01", "5", None)
    found = parse_amount(cells, "point", Amount(prose="unknown", unknown_below=2))
    assert found.noted == {"prose": 2, "tick": 1}


@pytest.mark.parametrize(
    ("text", "forms", "when"),
    [
        ("2026-05-10", ["iso"], "2026-05-10T00:00"),
        ("2026-05-10T23:30:00-05:00", ["iso"], "2026-05-11T04:30"),
        ("2026-05-10 23:30:00.123Z", ["iso"], "2026-05-10T23:30"),
        ("5/10/2026 1:02:03", ["%m/%d/%Y %H:%M:%S"], "2026-05-10T01:02"),
        ("05/10/2026 1:02:03", ["%d/%m/%Y %H:%M:%S"], "2026-10-05T01:02"),
        ("24/11/2020 11:14:15", ["%d/%m/%Y %H:%M:%S"], "2020-11-24T11:14"),
        ("2026-05-10", ["%d/%m/%Y", "iso"], "2026-05-10T00:00"),
        ("24/11/2020 11:14:15", ["%m/%d/%Y %H:%M:%S"], None),
        ("2026-02-30", ["iso"], None),
        ("2026-5-1", ["iso"], None),
        ("20260510", ["iso"], None),
        ("0001-01-01", ["iso"], None),
        ("9999-12-31", ["iso"], None),
        ("٢٠٢٦-٠٥-١٠", ["iso"], None),
        ("yesterday", ["iso", "year"], None),
        ("now", ["iso"], None),
    ],
)
def test_dates_are_read_in_the_forms_of_the_format_only(text: str, forms: list[str], when: str | None) -> None:
    found, year, reason = parse_when(texts(text), forms)
    if when is None:
        assert reason[0] == "bad_date" and pd.isna(found[0]) and pd.isna(year[0])
    else:
        assert pd.isna(reason[0]) and found[0].isoformat()[:16] == when and year[0] == found[0].year


def test_a_year_alone_has_no_time_and_no_date_has_no_reason() -> None:
    when, year, reason = parse_when(texts("2021", None, "1821", "２０２１", "20211"), ["year"])
    assert when.isna().all()
    assert year.tolist()[0] == 2021 and year[1:].isna().all()
    assert reason.fillna("").tolist() == ["", "", "bad_date", "bad_date", "bad_date"]


def test_words_are_known_in_any_case_or_refused() -> None:
    word, reason = parse_word(texts("Full-Time", "part time", "weekly", None), ("full_time", "part_time"), "full_time")
    assert word.tolist() == ["full_time", "part_time", "full_time", "full_time"]
    assert reason.fillna("").tolist() == ["", "", "unknown_value", ""]
    assert parse_word(texts(None), ("rsu",), None)[0].isna().all()


@settings(max_examples=150)
@given(
    st.lists(st.one_of(st.none(), st.text(max_size=12), st.from_regex(r"[0-9.,' k$-]{1,9}")), min_size=1, max_size=8)
)
def test_any_text_is_a_finite_figure_of_zero_or_more_or_has_a_reason(cells: list[str | None]) -> None:
    for decimal in ("point", "comma", "either"):
        found = parse_amount(texts(*cells), decimal, Amount())
        for cell, value, reason in zip(cells, found.value, found.reason, strict=True):
            if cell is None:
                assert pd.isna(value) and pd.isna(reason)
            else:
                assert pd.isna(value) == pd.notna(reason)
                assert pd.isna(value) or (math.isfinite(value) and value >= 0)


@settings(max_examples=50)
@given(st.integers(0, 10**9), st.integers(0, 99))
def test_every_way_to_write_a_figure_is_the_same_figure(whole: int, cents: int) -> None:
    number = float(f"{whole}.{cents:02d}")
    english = f"{whole:,}.{cents:02d}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert parse_number(english, "point") == parse_number(english, "either") == number
    assert parse_number(german, "comma") == parse_number(german, "either") == number


@settings(max_examples=100)
@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_any_text_is_a_date_or_a_bad_date(cells: list[str]) -> None:
    when, year, reason = parse_when(texts(*cells), ["%d/%m/%Y %H:%M:%S", "iso", "year"])
    assert (year.isna() == reason.notna()).all()
    assert (when.isna() | year.notna()).all()
