"""Currencies as people write them, rates of the ECB, pay periods, whole dollars."""

import math
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from salary_bands.reference import read_csv
from salary_bands.settings import Settings
from salary_bands.storage.frames import TEXT
from salary_bands.vocabulary.dates import rate_period
from salary_bands.vocabulary.money import annual_factor, resolve_currency, whole_usd
from salary_bands.vocabulary.pay_ranges import Range, parse_range
from salary_bands.vocabulary.rates import current_rates, load_rates

HISTORY = """Date,USD,GBP,JPY,
2025-02-04,1.20,0.80,N/A,
2025-02-03,1.00,0.80,N/A,
2025-01-02,1.10,0.88,150,
"""


@pytest.fixture
def history(tmp_path: Path) -> Path:
    (tmp_path / "history.csv").write_text(HISTORY, encoding="utf-8")
    return tmp_path / "history.csv"


@pytest.mark.parametrize(
    ("text", "country", "code"),
    [
        ("USD", None, "USD"),
        (" eur ", None, "EUR"),
        ("€", None, "EUR"),
        ("£", None, "GBP"),
        ("u.s.d.", None, "USD"),
        ("CHF", None, "CHF"),
        ("Euros", None, "EUR"),
        ("Trinidad and Tobago dollars", None, "TTD"),
        ("New Taiwan Dollar", None, "TWD"),
        ("Chinese Renminbi", None, "CNY"),
        ("Bulgarian lev", None, "BGN"),
        ("Polish złoty (PLN)", None, "PLN"),
        ("Gold", None, None),
        # shared by several: the report's country's own among them, else none
        ("$", None, None),
        ("$", "US", "USD"),
        ("$", "CA", "CAD"),
        ("$", "AU", "AUD"),
        ("$", "SG", "SGD"),
        ("$", "DE", None),
        ("kr", "SE", "SEK"),
        ("kr", "NO", "NOK"),
        ("kr", None, None),
        ("¥", "JP", "JPY"),
        ("AUD/NZD", "AU", "AUD"),
        ("AUD/NZD", "NZ", "NZD"),
        ("AUD/NZD", "US", None),
        ("AUD/NZD", None, None),
        ("bananas", "US", None),
        ("", "US", None),
        ("/", "US", None),
    ],
)
def test_a_currency_is_its_code_or_the_countrys_own_or_unknown(
    text: str, country: str | None, code: str | None
) -> None:
    assert resolve_currency(text, country) == code


def test_a_period_has_the_quotient_of_its_means(history: Path) -> None:
    rates = load_rates(history)
    found = rates.of(
        pd.Series(["USD", "EUR", "GBP", "GBP", "EUR"], dtype=TEXT),
        pd.Series(["2025-02", "2025-02", "2025-02", "2025-01", "2025"], dtype=TEXT),
    )
    assert found.tolist() == pytest.approx([1, 1.1, 1.1 / 0.8, 1.1 / 0.88, 1.1])


def test_what_the_bank_did_not_quote_has_no_rate_and_later_months_take_the_last(history: Path) -> None:
    rates = load_rates(history)
    fixed = {row["currency"] for row in read_csv("exchange_rates.csv")}
    monthly = set(read_csv("monthly_rates.csv")[0]) - {"month"}
    assert rates.currencies == {"USD", "EUR", "GBP", "JPY"} | fixed | monthly
    found = rates.of(
        pd.Series(["JPY", "JPY", "XXX", "GBP", "GBP", "EUR"], dtype=TEXT),
        pd.Series(["2025-02", "2025-01", "2025-01", "2030-07", "2031", "1998-01"], dtype=TEXT),
    )
    assert found.isna().tolist() == [True, False, True, False, False, True]
    assert found[3] == found[4] == pytest.approx(1.1 / 0.8)


def test_rates_are_an_input_with_a_hash(history: Path, tmp_path: Path) -> None:
    before = load_rates(history).sha256
    history.write_text(HISTORY.replace("0.88", "0.89"), encoding="utf-8")
    assert load_rates(history).sha256 != before
    shipped = current_rates(tmp_path)
    assert len(shipped.sha256) == 64 and shipped.last_month >= "2024-12"


@pytest.mark.parametrize(
    ("period", "hours", "factor"),
    [("year", None, 1), ("month", None, 12), ("week", None, 52), ("day", None, 260), ("hour", None, 2_080),
     ("hour", 35.0, 1_820), ("month", 35.0, 12)],
)  # fmt: skip
def test_a_pay_period_goes_into_a_year(period: str, hours: float | None, factor: float, settings: Settings) -> None:
    found = annual_factor(pd.Series([period], dtype=TEXT), pd.Series([hours], dtype="float64"), settings)
    assert found.tolist() == [factor]


def test_a_report_is_converted_at_its_month_its_year_or_the_exports_month() -> None:
    when = pd.Series(pd.to_datetime(["2024-03-31 23:59", None, None])).astype("datetime64[us]")
    years = pd.Series([2024, 2021, None], dtype="Int64")
    assert rate_period(when, years, pd.Timestamp("2024-10-06")).tolist() == ["2024-03", "2021", "2024-10"]


@pytest.mark.parametrize(("amount", "whole"), [(0.5, 1), (1.5, 2), (2.5, 3), (2.49, 2), (0, 0), (math.nan, math.nan)])
def test_dollars_are_whole_and_half_goes_up(amount: float, whole: float) -> None:
    found = whole_usd(pd.Series([amount]), 1.0, pd.Series([1.0]))
    assert found.tolist() == pytest.approx([whole], abs=0, nan_ok=True)


@limits(max_examples=60)
@given(st.text(max_size=8), st.sampled_from([None, "US", "SE", "NZ", "zz", ""]))
def test_any_text_is_a_code_or_none(text: str, country: str | None) -> None:
    code = resolve_currency(text, country)
    assert code is None or (len(code) == 3 and code.isupper())


def test_a_fixed_currency_has_the_rate_of_its_anchor_where_the_ecb_quotes_none() -> None:
    rates = load_rates()
    cases = [
        ("AED", "2021-05", 1 / 3.6725),
        ("SAR", "2022", 1 / 3.75),
        ("HRK", "2021-05", None),  # quoted: not the rate of 2023
        ("HRK", "2023-02", rates.usd["2023-02", "EUR"] / 7.5345),
        ("BGN", "2026-03", rates.usd["2026-03", "EUR"] / 1.95583),
        ("RUB", "2026-05", math.nan),
    ]
    found = rates.of(pd.Series([c for c, _, _ in cases]), pd.Series([p for _, p, _ in cases]))
    quoted = found[2]
    assert abs(quoted - rates.usd["2021-05", "EUR"] / 7.5345) > 1e-6 and quoted == pytest.approx(0.1615, abs=1e-3)
    wanted = [quoted if rate is None else rate for _, _, rate in cases]
    assert found.to_list() == pytest.approx(wanted, nan_ok=True)


def test_every_listed_rate_has_an_anchor_that_is_quoted_and_a_source() -> None:
    for row in read_csv("exchange_rates.csv"):
        assert row["anchor"] in ("USD", "EUR") and float(row["rate"]) > 0 and row["source"] and row["valid_from"]


@pytest.mark.parametrize(
    ("currency", "period", "per_usd"),
    [  # official means of the month or year, as published
        ("TWD", "2021-05", 27.9),
        ("UAH", "2025-06", 41.6),
        ("UAH", "2025", 41.7),
        ("CLP", "2024-01", 909),
        ("COP", "2019", 3281),
        ("VND", "2026-05", 26300),
        ("PKR", "2020-12", 160.3),
        ("EGP", "2023-06", 30.9),
        ("NGN", "2024-06", 1480),
    ],
)
def test_a_currency_that_the_ecb_does_not_quote_has_the_customs_rate_of_its_month(
    currency: str, period: str, per_usd: float
) -> None:
    found = load_rates().of(pd.Series([currency]), pd.Series([period]))
    assert found[0] == pytest.approx(1 / per_usd, rel=0.03)


def test_customs_rates_are_of_every_month_since_2014_and_no_month_halves_or_doubles_by_a_slip() -> None:
    rows = read_csv("monthly_rates.csv")
    months = [row["month"] for row in rows]
    assert months == [str(m) for m in pd.period_range(months[0], months[-1], freq="M")] and months[0] == "2014-01"
    listed = {row["currency"] for row in read_csv("exchange_rates.csv")}
    assert not listed & set(rows[0])
    table = pd.DataFrame(rows).set_index("month").astype("float64")
    there, back = table / table.shift(), table.shift(-1) / table.shift()
    assert not ((there.lt(0.6) | there.gt(1.7)) & back.gt(0.8) & back.lt(1.25)).any(axis=None)


@pytest.mark.parametrize(
    ("text", "decimal", "ends", "currencies", "period"),
    [
        ("7.000 € (pro Monat)", "comma", (7_000, 7_000), {"EUR"}, "month"),
        ("7.000 € (brutto) pro Monat", "comma", (7_000, 7_000), {"EUR"}, "month"),
        ("€5,000 · brutto/Monat", "point", (5_000, 5_000), {"EUR"}, "month"),
        ("110.000 - 120.000 (CAD)", "comma", (110_000, 120_000), {"CAD"}, ""),
        ("$110,000 (CAD) - $120,000 (CAD)", "point", (110_000, 120_000), {"CAD"}, ""),
        ("60 (hourly, in GBP)", "point", (60, 60), {"GBP"}, "hour"),
        ("5,000 EUR / month | paid by the week", "point", (5_000, 5_000), {"EUR"}, "month"),
        # other text, and what is of another amount, is ignored
        ("£40,000 (DOE) plus benefits", "point", (40_000, 40_000), {"GBP", "EGP"}, ""),
        ("90,000 EUR (40 hours per week); .NET", "point", (90_000, 90_000), {"EUR"}, ""),
        ("6.500 € (4.500 € netto)", "comma", (6_500, 6_500), {"EUR"}, ""),
    ],
)
def test_what_is_in_brackets_or_after_a_mark_says_currency_and_period(
    text: str, decimal: str, ends: tuple[float, float], currencies: set[str], period: str
) -> None:
    assert parse_range(text, decimal) == Range(*ends, frozenset(currencies), period)


@pytest.mark.parametrize(
    "text", ["4.500 € (netto)", "4.500 €; after taxes", "180.000 - 220.000 € (OTE)", "60.000 € (USD)", "$9.000 (EUR)"]
)
def test_other_pay_or_another_currency_in_brackets_is_no_amount(text: str) -> None:
    assert parse_range(text, "comma") == "not_a_number"
