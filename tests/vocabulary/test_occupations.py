"""Codes of occupations say what a title leaves open, and nothing else."""

from datetime import date

import pandas as pd
import pytest

from salary_bands.classify.plausible import Plausibility
from salary_bands.classify.reports import classify_reports
from salary_bands.reference import read_csv
from salary_bands.schemas.report_columns import SCOPE_REASONS
from salary_bands.settings import Settings
from salary_bands.vocabulary.occupations import occupation_of
from tests.builders.exports import native_row
from tests.builders.intake import csv_text, intake


@pytest.mark.parametrize(
    ("code", "leaf"),
    [
        ("15-1252", "software_engineering"),
        ("15-1252.00", "software_engineering"),
        ("15-2051", "data_science"),
        ("15-2051.01", "data_analytics"),
        ("15-1299.08", "software_engineering"),
        ("15-1299.09", "out_of_scope"),
        ("29-1141", "out_of_scope"),
        ("19-2012", "out_of_scope"),
    ],
)
def test_the_longest_listed_beginning_of_a_code_decides(code: str, leaf: str) -> None:
    found = occupation_of(code)
    assert found and found.leaf == leaf and found.rule == "occupation"


@pytest.mark.parametrize("code", ["15-1221", "15-1299", "", "Software"])
def test_a_code_that_may_be_machine_learning_or_is_unknown_says_nothing(code: str) -> None:
    assert occupation_of(code) is None


def test_listed_codes_have_a_leaf_and_a_reason_where_it_is_out_of_scope() -> None:
    leaves = {row["leaf"] for row in read_csv("leaves.csv")}
    for row in read_csv("occupations.csv"):
        assert row["leaf"] in leaves and (row["reason"] in SCOPE_REASONS) is (row["leaf"] == "out_of_scope"), row


def test_the_title_comes_before_the_code(settings: Settings) -> None:
    titles = ["Associate", "Machine Learning Engineer", "Research Scientist", "Research Scientist"]
    codes = ["15-1252", "15-1252", "15-1221", "19-1042"]
    rows = [native_row(n, job_title=title, employer="") for n, title in enumerate(titles)]
    normalised = intake(settings, csv_text(rows)).table("normalised_reports").assign(occupation=codes)
    normalised["occupation"] = normalised["occupation"].astype("str")
    pay = classify_reports(normalised, date(2026, 6, 1), Plausibility())
    assert pay["leaf"].to_list() == ["software_engineering", "ml_generalist", "unclassified", "out_of_scope"]
    assert pay["scope_reason"].isna().to_list() == [True, True, True, False]
    assert "occupation" not in pay and isinstance(pay, pd.DataFrame)


@pytest.mark.parametrize(
    ("title", "area", "leaf"),
    [
        ("Engineer", "Computing or Tech", "software_engineering"),
        ("Engineer", "Engineering or Manufacturing", "unclassified"),
        ("Engineer", "", "software_engineering"),
        ("Analyst", "Computing or Tech", "data_analytics"),
        ("Senior Analyst", "Government & Public Administration", "unclassified"),
        ("Analyst", "Sports betting", "out_of_scope"),
        ("Senior Associate", "Law", "out_of_scope"),
        ("Analyst", "Data analysis", "data_analytics"),
        ("Senior Consultant", "Business or Consulting", "unclassified"),
        ("Software Engineer", "Law", "software_engineering"),
        ("Quality Assurance Specialist", "Biotechnology & Pharma", "unclassified"),
        # a title that says the job is not asked
        ("Software Engineer", "Engineering or Manufacturing", "software_engineering"),
        ("Machine Learning Engineer", "Health care", "ml_generalist"),
    ],
)
def test_the_line_of_work_says_what_a_bare_title_leaves_open(
    settings: Settings, title: str, area: str, leaf: str
) -> None:
    header = "Timestamp,Functional area of job,Job title,Annual salary (gross),Additional monetary compensation,"
    header += "Currency,Currency - other,Country,State,City,Years of experience in field\n"
    row = f"4/11/2023 11:02:00,{area},{title},90000,0,USD,,United States,California,San Francisco,5-7 years\n"
    found = intake(settings, header + row, "ask/ask.csv")
    assert found.table("pay_reports")["leaf"].tolist() == [leaf]
