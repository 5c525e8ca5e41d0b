"""Rows split into accepted and rejected: each reason, the first that applies, and the figures that are kept."""

from typing import Any

import pandas as pd
import pytest

from salary_bands.settings import Settings, load
from tests.builders.exports import native_row
from tests.builders.intake import Intake, csv_text, intake

BAD: list[tuple[dict[str, object], str, str]] = [
    ({"submission_id": ""}, "submission_id", "missing"),
    ({"submitted_at": " "}, "submitted_at", "missing"),
    ({"job_title": "\u00a0"}, "job_title", "missing"),
    ({"submitted_at": "05/10/2026"}, "submitted_at", "bad_date"),
    ({"submitted_at": "2026-02-30"}, "submitted_at", "bad_date"),
    ({"currency": ""}, "currency", "missing"),
    ({"currency": "doubloons"}, "currency", "unknown_currency"),
    ({"currency": "$", "location": ""}, "currency", "unknown_currency"),
    ({"currency": "AUD/NZD", "location": "Berlin"}, "currency", "unknown_currency"),
    ({"currency": "LBP"}, "currency", "unquoted_currency"),
    ({"currency": "RUB", "submitted_at": "2026-05-10"}, "currency", "unquoted_currency"),
    ({"base": "much"}, "base", "not_a_number"),
    ({"base": "Competitive"}, "", "no_pay"),
    ({"base": "depends on experience"}, "", "no_pay"),
    ({"base": "-150000"}, "base", "negative"),
    ({"base": "NaN"}, "base", "not_finite"),
    ({"base": "Infinity"}, "base", "not_finite"),
    ({"base": "0"}, "base", "zero"),
    ({"base": "999"}, "base", "absurd"),
    ({"base": "20000001"}, "base", "absurd"),
    ({"base": "1" + "0" * 400}, "base", "absurd"),
    ({"base": "900000000", "currency": "USD"}, "base", "absurd"),
    ({"base": "5", "pay_period": "hour", "hours_per_week": "1"}, "base", "absurd"),
    # a sign or a code that cannot mean the currency of the row
    ({"base": "€90,000"}, "base", "currency_contradiction"),
    ({"base": "$90,000", "currency": "EUR"}, "base", "currency_contradiction"),
    ({"base": "90000 EUR"}, "base", "currency_contradiction"),
    ({"base": "US$150,000", "currency": "CAD"}, "base", "currency_contradiction"),
    ({"base": "12.5 LPA"}, "base", "currency_contradiction"),
    ({"base": "12,50,000"}, "base", "currency_contradiction"),
    ({"bonus": "£9,000"}, "bonus", "currency_contradiction"),
    ({"total": "100", "base": ""}, "", "no_pay"),
    ({"pay_period": "once"}, "pay_period", "unknown_value"),
    # a year's pay in a column of months
    ({"base": "150000", "pay_period": "month"}, "pay_period", "implausible_period"),
    ({"base": "1500", "pay_period": "hour"}, "pay_period", "implausible_period"),
    ({"base": ""}, "", "no_pay"),
    # the first thing wrong, in the order in which it is looked for
    ({"base": "free", "submitted_at": "once"}, "submitted_at", "bad_date"),
]
GOOD: list[tuple[dict[str, object], dict[str, object]]] = [
        ({"base": "150000.50"}, {"base": 150_000.5}),
        ({"base": "$150,000"}, {"base": 150_000}),
        ({"base": "150\u00a0000"}, {"base": 150_000}),
        ({"base": "1000"}, {"base": 1_000}),
        ({"base": "20000000"}, {"base": 20_000_000}),
        ({"currency": "$", "location": "Toronto"}, {"currency": "CAD"}),
        ({"currency": "$", "location": "Remote, US"}, {"currency": "USD"}),
        ({"currency": "AUD/NZD", "location": "Auckland, New Zealand"}, {"currency": "NZD"}),
        # native: blank is unknown, 0 is none
        ({"bonus": "", "equity_annual": "", "sign_on": ""}, {"bonus": None, "equity": None, "sign_on": None}),
        ({"bonus": "0", "equity_annual": "0", "sign_on": "0"}, {"bonus": 0, "equity": 0, "sign_on": 0}),
        # equity a year wins over the grant over its years
        ({"equity_grant": "80000"}, {"equity": 20_000}),
        ({"equity_grant": "80000", "vesting_years": "5"}, {"equity": 16_000}),
        ({"equity_grant": "80000", "equity_annual": "30000"}, {"equity": 30_000}),
        ({"equity_grant": "80000", "equity_annual": "0"}, {"equity": 0}),
        ({"equity_grant": "0"}, {"equity": 0}),
        ({"equity_type": "none"}, {"equity": 0}),
        ({"equity_type": "rsu"}, {"equity": None}),
        # words
        ({"pay_period": "", "employment": "", "verified": ""}, {"pay_period": "year", "employment": "full_time",
                                                                "verified": "none"}),
        ({"employment": "Part-Time", "verified": "EMAIL"}, {"employment": "part_time", "verified": "email"}),
        ({"equity_liquid": "Yes"}, {"equity_liquid": True}),
        ({"equity_liquid": ""}, {"equity_liquid": None}),
        # a metric beside an unknown base is a metric
        ({"base": "", "total": "150000"}, {"base": None, "total": 150_000}),
        ({"base": "", "bonus": "9000"}, {"base": None, "bonus": 9_000}),
        # a sum within 2 % of the stated total is the total, so the base is not above it
        ({"base": "150000", "bonus": "0", "equity_annual": "0", "total": "149000"}, {"total": 149_000}),
        ({"submitted_at": "2030-01-01"}, {"submitted_year": 2030}),
        # currencies that the ECB does not quote, but that are fixed to one that it does, or were quoted then
        ({"currency": "AED", "base": "367250"}, {"currency": "AED"}),
        ({"currency": "dirhams"}, {"currency": "AED"}),
        ({"currency": "SAR"}, {"currency": "SAR"}),
        # or that have a customs rate
        ({"currency": "NT$", "base": "2000000"}, {"currency": "TWD"}),
        ({"currency": "UAH", "base": "2000000"}, {"currency": "UAH"}),
        ({"currency": "HRK", "submitted_at": "2021-05-10"}, {"currency": "HRK"}),
        ({"currency": "BGN", "submitted_at": "2026-05-10"}, {"currency": "BGN"}),
        ({"currency": "LTL", "submitted_at": "2014-05-10"}, {"currency": "LTL"}),
        # amounts as people write them
        ({"base": "12,50,000", "currency": "INR"}, {"base": 1_250_000}),
        ({"base": "12.5 LPA", "currency": "INR"}, {"base": 1_250_000}),
        ({"base": "US$150,000"}, {"base": 150_000}),
        ({"base": "150K USD"}, {"base": 150_000}),
        ({"base": "USD 150000"}, {"base": 150_000}),
        ({"base": "650 000 kr", "currency": "SEK"}, {"base": 650_000}),
        ({"base": "150'000.-", "currency": "CHF"}, {"base": 150_000}),
        ({"base": "1.5E+05"}, {"base": 150_000}),
        # pay periods by their usual words
        ({"base": "12000", "pay_period": "Monthly"}, {"pay_period": "month"}),
        ({"base": "60", "pay_period": "per hour"}, {"pay_period": "hour"}),
        ({"pay_period": "p.a."}, {"pay_period": "year"}),
        ({"base": "5000", "pay_period": "bi-weekly"}, {"pay_period": "two_weeks"}),
        ({"base": "5000", "pay_period": "semi-monthly"}, {"pay_period": "half_month"}),
        # a bad value in an optional column is unknown, and the row stays
        ({"bonus": "20000001"}, {"bonus": None}),
        ({"bonus": "-1"}, {"bonus": None}),
        ({"equity_annual": "30000000"}, {"equity": None}),
        ({"equity_grant": "lots"}, {"equity": None}),
        ({"equity_grant": "80000", "vesting_years": "40"}, {"equity": None}),
        ({"sign_on": "inf"}, {"sign_on": None}),
        ({"total": "0"}, {"total": None}),
        ({"employment": "seasonal gem"}, {"employment": "full_time"}),
        ({"equity_type": "tokens"}, {"equity_type": None}),
        # kinds of employment by their usual words, so that an internship is not taken for a job
        ({"employment": "Internship"}, {"employment": "intern"}),
        ({"employment": "Werkstudent"}, {"employment": "intern"}),
        ({"employment": "Contractor"}, {"employment": "contract"}),
        ({"employment": "Self-employed"}, {"employment": "freelance"}),
        ({"employment": "Permanent"}, {"employment": "full_time"}),
        ({"equity_type": "RSUs"}, {"equity_type": "rsu"}),
        ({"equity_liquid": "true"}, {"equity_liquid": True}),
        ({"equity_liquid": "maybe"}, {"equity_liquid": None}),
        ({"verified": "trust me"}, {"verified": "none"}),
        ({"hours_per_week": "0"}, {"hours_per_week": None}),
        ({"hours_per_week": "100"}, {"hours_per_week": None}),
        ({"years_experience": "71"}, {"years_experience": None}),
        ({"years_experience": "five"}, {"years_experience": None}),
        # a total below its base is often the bonus alone
        ({"base": "150000", "total": "140000"}, {"base": 150_000, "total": None}),
        ({"base": "20000", "pay_period": "month", "total": "200000"}, {"base": 20_000, "total": None}),
]  # fmt: skip


EU_2020 = "Timestamp,City,Position,Total years of experience,Seniority level,Employment status,"
EU_2020 += "Yearly brutto salary (without bonus and stocks) in EUR,Yearly bonus + stocks in EUR\n"
EU_ROW = "24/11/2020 11:14:15,{city},ML Engineer,5,Senior,{status},{base},{on_top}\n"


@pytest.mark.parametrize(
    ("city", "status", "base", "a_year"),
    [
        ("Berlin", "Full-time employee", 5000, 60_000),
        ("Berlin", "Part-time employee", 5000, 60_000),
        ("", "Full-time employee", 5000, 60_000),
        ("Lisbon", "", 1600, 19_200),
        ("Mexico City", "", 7000, 7_000),  # twelve times as much is further from what is usual
        # the pay of a student is small, and so is that of many countries
        ("Berlin", "Working student", 6000, 6_000),
        ("Nizhny Novgorod", "Full-time employee", 6000, 6_000),
        ("Kathmandu, Nepal", "", 6000, 6_000),
    ],
)
def test_small_pay_is_monthly_if_that_is_nearer_to_what_is_usual_there(
    settings: Settings, city: str, status: str, base: int, a_year: int
) -> None:
    row = EU_ROW.format(city=f'"{city}"', status=status, base=base, on_top="")
    found = intake(settings, EU_2020 + row, "eu_it_survey/IT_Salary_Survey_EU_2020.csv")
    assert found.table("accepted_reports")["base"].tolist() == [a_year]


def test_what_comes_on_top_and_is_not_below_the_base_is_unknown_if_the_format_says_so(settings: Settings) -> None:
    answers = [5_000, 79_999, 80_000, 85_000]
    rows = "".join(EU_ROW.format(city="Berlin", status="", base=80_000, on_top=a) for a in answers)
    found = intake(settings, EU_2020 + rows, "eu_it_survey/IT_Salary_Survey_EU_2020.csv")
    accepted = found.table("accepted_reports")
    assert accepted["bonus_and_equity"].fillna(-1).tolist() == [5_000, 79_999, -1, -1]
    assert accepted["base"].tolist() == [80_000] * 4
    assert found.record("accepted_reports")["noted"] == {"bonus_and_equity: not_below_base": 2}
    assert found.table("pay_reports")["total"].isna().tolist() == [False, False, True, True]


def test_what_comes_on_top_and_equals_the_base_is_unknown_in_every_format(settings: Settings) -> None:
    header = "Timestamp,Job title,Annual salary (gross),Additional monetary compensation,Currency,Currency - other,"
    header += "Country,State,City,Years of experience in field\n"
    row = "4/11/2023 11:02:00,Software Engineer,150000,{},USD,,United States,California,San Francisco,5-7 years\n"
    found = intake(settings, header + "".join(row.format(a) for a in (200_000, 150_000)), "ask/ask.csv")
    assert found.table("accepted_reports")["bonus_and_equity"].fillna(-1).tolist() == [200_000, -1]
    assert found.record("accepted_reports")["noted"] == {"bonus_and_equity: not_below_base": 1}


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Intake:
    """One export with all of them: the good ones first, a row each from row 2 on."""
    folder = tmp_path_factory.mktemp("split")
    settings = load(raw=folder / "raw", marts=folder / "marts", work=folder / "work")
    cells = [*(g for g, _ in GOOD), *(b for b, _, _ in BAD)]
    return intake(settings, csv_text([native_row(n, **c) for n, c in enumerate(cells)]), max_rejected_share=1)


@pytest.mark.parametrize("number", range(len(BAD)), ids=[f"{c}-{r}-{n}" for n, (_, c, r) in enumerate(BAD)])
def test_a_bad_value_rejects_its_row_with_column_reason_and_number(mixed: Intake, number: int) -> None:
    _, column, reason = BAD[number]
    row = len(GOOD) + number + 2
    assert [r for r in mixed.rejected if r[0] == row] == [(row, column, reason)]


@pytest.mark.parametrize("number", range(len(GOOD)))
def test_a_good_value_is_kept_as_it_is_meant(mixed: Intake, number: int) -> None:
    _, kept = GOOD[number]
    row = mixed.table("accepted_reports").set_index("row").loc[number + 2]
    assert {name: None if pd.isna(row[name]) else row[name] for name in kept} == kept


def test_what_is_unknown_is_counted_by_column_and_reason(mixed: Intake) -> None:
    noted = mixed.record("accepted_reports")["noted"]
    expected = {
        "bonus: absurd": 1, "bonus: negative": 1, "equity: absurd": 1, "equity_grant: not_a_number": 1,
        "vesting_years: absurd": 1, "sign_on: not_finite": 1, "total: zero": 1, "employment: unknown_value": 1,
        "equity_type: unknown_value": 1, "equity_liquid: unknown_value": 1, "verified: unknown_value": 1,
        "hours_per_week: absurd": 2, "years_experience: absurd": 1, "years_experience: not_a_number": 1,
        "total: below_base": 2,
    }  # fmt: skip
    assert {what: noted.get(what) for what in expected} == expected


def test_a_column_that_mostly_holds_no_value_is_named(settings: Settings) -> None:
    """Percentages of full time in a column of hours: 100 is no week, and too many are for chance."""
    rows = [native_row(n, hours_per_week="100" if n < 3 else "40") for n in range(10)]
    found = intake(settings, csv_text(rows))
    (line,) = found.record("accepted_reports")["warnings"]
    assert line.startswith("column hours_per_week: 3 of 10 cells hold no value")
    assert intake(settings, csv_text(rows[2:])).record("accepted_reports")["warnings"] == []


@pytest.mark.parametrize(
    ("base", "total", "reason"),
    [(140_000, 90_000, "below_base"), (140_000, 150, "below_base"), ("", 150, "absurd")],
    ids=["swapped", "thousands", "thousands without a base"],
)
def test_a_total_that_mostly_cannot_be_is_named(settings: Settings, base: Any, total: int, reason: str) -> None:
    found = intake(settings, csv_text([native_row(n, base=base, bonus=9_000, total=total) for n in range(10)]))
    record = found.record("accepted_reports")
    assert record["noted"][f"total: {reason}"] == 10
    assert record["warnings"] == [
        "column total: 10 of 10 cells hold no value that can be used and count as unknown",
    ]


def test_an_amount_that_may_be_thousands_is_unknown_and_named(settings: Settings) -> None:
    cells = {
        "15.700": None,
        "€39.300": None,
        "0": 0,
        "500": 500,
        "15700.50": 15_700.5,
        "72.500k": 72_500,
        "0.125": 0.125,
    }
    rows = [native_row(n, currency="EUR", bonus=cell) for n, cell in enumerate(cells)]
    found = intake(settings, csv_text(rows))
    kept = found.table("accepted_reports")["bonus"]
    assert [None if pd.isna(value) else value for value in kept] == [*cells.values()]
    record = found.record("accepted_reports")
    assert record["noted"] == {"bonus: unclear_decimal": 2}
    (line,) = record["warnings"]
    assert line.startswith("column bonus: 2 amounts such as 15.700 may be thousands") and "`decimal`" in line
    hourly = [native_row(n, base="45.125", pay_period="hour") for n in range(2)]
    assert intake(settings, csv_text(hourly)).table("accepted_reports")["base"].tolist() == [45.125] * 2


def test_bad_rows_leave_the_good_ones_alone(mixed: Intake) -> None:
    assert mixed.held is None and mixed.rows == len(GOOD) + len(BAD)
    assert mixed.table("accepted_reports")["row"].tolist() == list(range(2, len(GOOD) + 2))


@pytest.mark.parametrize(("bad", "held"), [(2, None), (3, "too_many_rejected")])
def test_an_export_is_held_as_a_whole_above_the_limit_only(settings: Settings, bad: int, held: str | None) -> None:
    rows = [native_row(n, base="free" if n < bad else 150_000) for n in range(10)]
    found = intake(settings, csv_text(rows))
    assert (found.held, found.rows, len(found.rejected)) == (held, 10, bad)
    if held:
        assert "3 of 10 rows are rejected, most often base for not_a_number (first in row 2)" in found.line
        assert "fix the export" in found.line and "max_rejected_share" in found.line


def test_rows_without_pay_do_not_count_towards_the_limit(settings: Settings) -> None:
    rows = [native_row(n, base="" if n < 9 else 150_000) for n in range(10)]
    found = intake(settings, csv_text(rows))
    assert found.held is None
    assert [reason for _, _, reason in found.rejected] == ["no_pay"] * 9


def test_malformed_lines_count_towards_the_limit(settings: Settings) -> None:
    found = intake(settings, csv_text([native_row(n) for n in range(7)]) + "torn,line\n" * 2)
    assert (found.held, found.rows) == ("too_many_rejected", 9)
    assert "wrong_number_of_cells" in found.line and "row 9" in found.line


def test_what_a_format_reads_as_unknown_is_counted_by_column(settings: Settings) -> None:
    header = "Timestamp,City,Position,Total years of experience,Seniority level,"
    header += "Yearly brutto salary (without bonus and stocks) in EUR,Yearly bonus + stocks in EUR\n"
    good = "24/11/2020 11:14:15,Berlin,ML Engineer,5,Senior,80000,5000\n"
    text = (
        header + good + good.replace("5000\n", "a lot\n") + good.replace("80000", "80") + good.replace("80000", "6500")
    )
    text += good.replace("80000", '"80.000,50"').replace(",5,", ',"2,5",')
    found = intake(settings, text, "eu_it_survey/IT_Salary_Survey_EU_2020.csv")
    assert found.rejected == []
    assert found.record("accepted_reports")["noted"] == {"bonus_and_equity: prose": 1}
    accepted = found.table("accepted_reports")
    assert accepted["base"].tolist() == [80_000, 80_000, 80_000, 78_000, 80_000.5]
    assert accepted["submitted_at"].dt.date.astype(str).unique().tolist() == ["2020-11-24"]
    assert accepted["years_experience"].tolist() == [5, 5, 5, 5, 2.5]
