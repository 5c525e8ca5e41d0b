"""What the built-in formats do beyond naming columns, on a few invented rows of each shape."""

import csv
import io
import json
from typing import Any

import pytest

from salary_bands.errors import HeldExport
from salary_bands.reference.formats import format_named
from tests.builders.reading import Reading, read_as


def rows_of(*rows: dict[str, Any]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, [*dict.fromkeys(name for row in rows for name in row)])
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def read(name: str, content: Any, file: str) -> Reading:
    text = content if isinstance(content, str | bytes) else json.dumps(content)
    return read_as(format_named(name), text, file)


GREENHOUSE = {
    "id": 1,
    "absolute_url": "u",
    "title": "ML Engineer",
    "updated_at": "2026-06-01T10:00:00-04:00",
    "company_name": "Example",
    "location": {"name": "Berlin"},
    "departments": [{"name": "Research"}],
    "pay_input_ranges": [
        {"min_cents": 15000000, "max_cents": 20000000, "currency_type": "EUR", "title": "Annual Salary"}
    ],
}
LEVER = {
    "id": "1",
    "hostedUrl": "u",
    "text": "ML Engineer",
    "createdAt": 1775210400000,
    "country": "DE",
    "categories": {"location": "Berlin", "team": "Research", "commitment": "Full-time"},
    "salaryRange": {"min": 50, "max": 60, "currency": "EUR", "interval": "per-hour-wage"},
}
ASHBY = {
    "id": "1",
    "jobUrl": "u",
    "title": "ML Engineer",
    "location": "Berlin",
    "employmentType": "FullTime",
    "publishedAt": "2026-06-01T10:00:00.000+00:00",
    "team": "Research",
    "address": {"postalAddress": {"addressCountry": "Germany"}},
    "compensation": {
        "summaryComponents": [
            {"compensationType": "EquityPercentage", "minValue": 0.1, "maxValue": 0.2},
            {
                "compensationType": "Salary",
                "interval": "1 YEAR",
                "currencyCode": "EUR",
                "minValue": 150000,
                "maxValue": 200000,
            },
        ]
    },
}


@pytest.mark.parametrize(
    ("name", "document", "file", "period"),
    [
        ("greenhouse", {"jobs": [GREENHOUSE], "meta": {}}, "example_2026-06-30.json", "year"),
        ("greenhouse", GREENHOUSE, "example_2026-06-30.jsonl", "year"),
        ("lever", [LEVER], "Example_2026-06-30.json", "hour"),
        ("ashby", {"apiVersion": "1", "jobs": [ASHBY]}, "Example_2026-06-30.json", "year"),
    ],
)
def test_a_job_board_says_the_ends_of_a_range(name: str, document: Any, file: str, period: str) -> None:
    row = read(name, document, file).row()
    ends = (50, 60) if period == "hour" else (150_000, 200_000)
    assert (row["base_min"], row["base_max"], row["pay_period"], row["currency"]) == (*ends, period, "EUR")
    assert row["evidence"] == "advertised" and row["employer"] == "Example" and row["location"] == "Berlin"
    assert row["employment"] == "full_time" and row["submitted_at"].year == 2026


def test_jobspy_reads_intervals_and_the_first_kind_of_employment() -> None:
    row = {
        "id": "in-1",
        "site": "indeed",
        "job_url": "u",
        "title": "ML Engineer",
        "company": "Example",
        "location": "Austin, TX, US",
        "date_posted": "2026-06-01",
        "job_type": "contract, fulltime",
        "interval": "yearly",
        "min_amount": "150000.0",
        "max_amount": "190000.0",
        "currency": "USD",
    }
    found = read("jobspy", rows_of(row), "jobs.csv").row()
    assert (found["base"], found["pay_period"], found["employment"]) == (170_000, "year", "contract")


def filed(**changed: str) -> dict[str, str]:
    return {
        "CASE_NUMBER": "I-1",
        "CASE_STATUS": "Certified",
        "DECISION_DATE": "2026/6/1",
        "JOB_TITLE": "ML Engineer",
        "SOC_CODE": "15-2051",
        "FULL_TIME_POSITION": "Y",
        "EMPLOYER_NAME": "Example Inc",
        "WORKSITE_CITY": "Austin",
        "WORKSITE_STATE": "TX",
        "WAGE_RATE_OF_PAY_FROM": "$96,100.00 ",
        "WAGE_RATE_OF_PAY_TO": "",
        "WAGE_UNIT_OF_PAY": "Year",
        **changed,
    }


def test_filings_are_read_and_not_supported() -> None:
    rows = [
        filed(),
        filed(WAGE_RATE_OF_PAY_TO="$120,000.00"),
        filed(FULL_TIME_POSITION="N"),
        filed(CASE_STATUS="Denied"),
    ]
    found = read("dol_lca", rows_of(*rows), "lca_fy2026.csv")
    assert found.accepted["base"].tolist() == [96_100] * 3 and found.accepted["evidence"].eq("filed").all()
    assert found.accepted["base_max"].fillna(0).tolist() == [0, 120_000, 0]
    assert found.accepted["employment"].tolist() == ["full_time", "full_time", "part_time"]
    assert found.rejected["reason"].tolist() == ["skipped"]
    with pytest.raises(HeldExport, match="are no reports"):
        found.chain.check_supported()


@pytest.mark.parametrize("is_new", [False, True])
def test_permanent_certifications_of_both_forms_are_read(is_new: bool) -> None:
    old = {
        "EMPLOYER_NAME": "Example",
        "PW_SOC_CODE": "15-2051",
        "WAGE_OFFER_FROM": "96100",
        "WAGE_OFFER_UNIT_OF_PAY": "Year",
    }
    new = {
        "EMP_BUSINESS_NAME": "Example",
        "PWD_SOC_CODE": "15-2051",
        "JOB_OPP_WAGE_FROM": "96100",
        "JOB_OPP_WAGE_PER": "Year",
    }
    case = {"CASE_NUMBER": "A-1", "CASE_STATUS": "Certified", "DECISION_DATE": "2026-06-01", "JOB_TITLE": "ML Engineer"}
    row = read("dol_perm", rows_of(case | (new if is_new else old)), "perm_fy2026.csv").row()
    assert (row["base"], row["occupation"], row["employer"]) == (96_100, "15-2051", "Example")


def test_dou_is_monthly_dollars_after_tax() -> None:
    row = {
        "Submitted at": "2026-06-01 10:00:00",
        "Ваша основна зайнятість в ІТ зараз...": "Працюю в компанії",
        "СУМАРНИЙ ДОХІД в IT за місяць\nЧИСТИМИ": "3000",
        "Всі бонуси (на місяць)": "100",
        "Тайтл": "Middle",
        "Оберіть вашу ОСНОВНУ посаду": "ML Engineer",
        "Де ви зараз живете?": "В Україні",
    }
    found = read("dou", rows_of(row).encode("cp1251"), "dou.csv")
    accepted = found.row()
    assert (accepted["base"], accepted["pay_period"], accepted["bonus"]) == (3_000, "month", 1_200)
    assert found.chain.normalise(found.accepted)["level"].tolist() == ["L4"]
    with pytest.raises(HeldExport, match="after tax"):
        found.chain.check_supported()


def test_leetcode_is_in_lakh() -> None:
    post = {
        "id": 1,
        "creation_date": "2026-06-01",
        "company": "Example",
        "role": "ML Engineer",
        "yoe": 4,
        "location": "Pune",
    }
    row = read("leetcode_in", [post | {"base": 37.5, "total": 43.0}], "posts.json").row()
    assert (row["base"], row["total"], row["currency"]) == (3_750_000, 4_300_000, "INR")


def test_state_of_data_reads_the_ends_of_a_bracket() -> None:
    row = {
        "P2_f Cargo Atual": "Cientista de Dados",
        "P2_g Nivel": "Pleno",
        "P2_h Faixa salarial": "de R$ 8.001/mês a R$ 12.000/mês",
        "uf onde mora": "SP",
    }
    found = read("state_of_data_br", rows_of(row), "state_of_data_2025.csv").row()
    assert (found["base_min"], found["base_max"], found["pay_period"]) == (8_001, 12_000, "month")


def test_jetbrains_is_net_and_a_bracket() -> None:
    row = {
        "response_id": "1",
        "country": "Germany",
        "employment_status": "Fully employed",
        "job_role": "Data Scientist",
        "salary_usd": "3,000-4,000 USD per month",
    }
    found = read("jetbrains", rows_of(row), "jetbrains_2025.csv")
    with pytest.raises(HeldExport, match="after tax"):
        found.chain.check_supported()


@pytest.mark.parametrize(
    "header",
    [
        [
            "Timestamp",
            "City",
            "Position ",
            "Seniority level",
            "Yearly brutto salary (without bonus and stocks) in EUR 2027",
        ],
        ["City", "Position", "Your level", "Annual brutto salary without bonus"],
    ],
)
def test_the_eu_survey_of_another_year_is_known_by_what_it_needs(header: list[str]) -> None:
    from salary_bands.ingest.recognise import recognise

    assert recognise(header).name == "eu_it_survey"


def test_sales_adverts_are_skipped_and_repeated_jobs_stay() -> None:
    row = {
        "job_id": "1",
        "employer": "Anthropic",
        "title": "Research Engineer",
        "team": "Research",
        "location": "London",
        "first_seen": "2026-01-01",
        "last_seen": "2026-01-31",
        "currency": "GBP",
        "pay_min": "235.000",
        "pay_max": "295.000",
    }
    found = read("anthropic_board", rows_of(row, row | {"team": "Sales"}), "board.csv")
    assert found.accepted["base"].tolist() == [265_000] and found.rejected["reason"].tolist() == ["skipped"]
