"""Annual dollars, totals, liquid totals, levels and scope of single rows."""

import pandas as pd
import pytest
from tests.conftest import native_row
from tests.intake import csv_text, intake

from salary_bands.settings import Settings


def normalised(settings: Settings, **cells: object) -> pd.Series:
    """A native row in May 2026 after normalise; no employer, no level unless given."""
    plain = {"employer": "", "level": "", "location": "Seattle, WA", **cells}
    found = intake(settings, csv_text([native_row(1, **plain)]))
    assert found.rejected == []
    return found.table("normalised_reports").iloc[0]


def figures(row: pd.Series, *names: str) -> list[object]:
    return [None if pd.isna(row[name]) else row[name] for name in names]


@pytest.mark.parametrize(
    ("cells", "base"),
    [
        ({"base": "120000", "pay_period": ""}, 120_000),
        ({"base": "10000", "pay_period": "month"}, 120_000),
        ({"base": "2500", "pay_period": "week"}, 130_000),
        ({"base": "500", "pay_period": "day"}, 130_000),
        ({"base": "60", "pay_period": "hour"}, 124_800),
        ({"base": "60", "pay_period": "hour", "hours_per_week": "35"}, 109_200),
        ({"base": "120000.5"}, 120_001),
        ({"base": "120000.49"}, 120_000),
    ],
)
def test_base_is_annual_whole_and_half_up(settings: Settings, cells: dict[str, object], base: int) -> None:
    assert normalised(settings, **cells)["base"] == base


def test_only_base_has_a_pay_period(settings: Settings) -> None:
    row = normalised(settings, base="10000", pay_period="month", bonus="12000", equity_annual="0", sign_on="5000")
    assert figures(row, "base", "bonus", "equity", "total") == [120_000, 12_000, 0, 137_000]


@pytest.mark.parametrize(
    ("base", "bonus", "equity", "sign_on", "stated", "expected"),
    [
        # (base, bonus, equity, total, basis)
        (100_000, 10_000, 40_000, "", "", (100_000, 10_000, 40_000, 150_000, "parts")),
        (100_000, 10_000, 40_000, 5_000, "", (100_000, 10_000, 40_000, 155_000, "parts")),
        (100_000, 0, 0, "", "", (100_000, 0, 0, 100_000, "parts")),
        # an unknown part: the stated total, else unknown; missing is not zero
        (100_000, "", 40_000, "", "", (100_000, None, 40_000, None, None)),
        (100_000, 10_000, "", "", 150_000, (100_000, 10_000, None, 150_000, "stated")),
        ("", "", "", "", 150_000, (None, None, None, 150_000, "stated")),
        # 2 %: to the limit the parts count, beyond it the stated total does and the parts do not
        (102_000, 0, 0, "", 100_000, (102_000, 0, 0, 102_000, "parts")),
        (98_000, 0, 0, "", 100_000, (98_000, 0, 0, 98_000, "parts")),
        (97_999, 0, 0, "", 100_000, (None, None, None, 100_000, "stated")),
        (100_000, 60_000, 0, "", 150_000, (None, None, None, 150_000, "stated")),
        (100_000, 0, 0, 50_000, 150_000, (100_000, 0, 0, 150_000, "parts")),
        # parts that are more than the whole already differ, whatever is unknown
        (100_000, 80_000, "", "", 150_000, (None, None, None, 150_000, "stated")),
        ("", "", 500_000, "", 100_000, (None, None, None, 100_000, "stated")),
        ("", 9_000, "", "", "", (None, 9_000, None, None, None)),
    ],
)
def test_the_total_is_its_parts_or_as_stated(
    settings: Settings, base, bonus, equity, sign_on, stated, expected
) -> None:  # type: ignore[no-untyped-def]
    row = normalised(settings, base=base, bonus=bonus, equity_annual=equity, sign_on=sign_on, total=stated)
    assert tuple(figures(row, "base", "bonus", "equity", "total", "total_basis")) == expected


def test_where_all_parts_are_zero_the_stated_total_counts_alone(settings: Settings) -> None:
    header = "timestamp,company,level,title,totalyearlycompensation,location,yearsofexperience,tag,basesalary,"
    header += "stockgrantvalue,bonus\n"
    line = '6/7/2017 11:33:27,Oracle,L3,ML Engineer,{},"Redwood City, CA",1.5,NA,{},{},{}\n'
    text = header + line.format(127_000, 0, 0, 0) + line.format(150_000, 100_000, 40_000, 10_000)
    text += line.format(150_000, 0, 40_000, 0)
    found = intake(settings, text, "levels_fyi/levels_fyi_to_2020-12-31.csv").table("normalised_reports")
    assert [figures(row, "base", "bonus", "equity", "total", "total_basis") for _, row in found.iterrows()] == [
        [None, None, None, 127_000, "stated"],
        [100_000, 10_000, 40_000, 150_000, "parts"],
        [None, 0, 40_000, 150_000, "stated"],  # base 0 was not asked: the parts are not complete
    ]
    assert found["specialisation"].isna().all()  # NA is blank


@pytest.mark.parametrize(
    ("cells", "liquid"),
    [
        ({"equity_annual": "0"}, 110_000),
        ({"equity_annual": "40000"}, None),
        ({"equity_annual": "40000", "equity_liquid": "yes"}, 150_000),
        ({"equity_annual": "40000", "equity_liquid": "no"}, 110_000),
        ({"equity_annual": "40000", "employer": "Google"}, 150_000),
        ({"equity_annual": "40000", "employer": "OpenAI"}, 110_000),
        ({"equity_annual": "40000", "employer": "OpenAI", "equity_liquid": "yes"}, 150_000),
        ({"equity_annual": "40000", "employer": "Google", "equity_type": "options"}, 110_000),
        ({"equity_annual": "40000", "employer": "Google", "equity_type": "options", "equity_liquid": "yes"}, 150_000),
        ({"equity_annual": "40000", "employer": "Some Unlisted Name"}, None),
        # liquidity known, equity not: all of the total if it can be sold, unknown if not
        ({"equity_annual": "", "total": "150000", "employer": "Google"}, 150_000),
        ({"equity_annual": "", "total": "150000", "equity_liquid": "no"}, None),
        ({"equity_annual": "", "employer": "Google"}, None),
        # never below nothing
        ({"base": "", "bonus": "", "equity_annual": "101000", "total": "100000", "equity_liquid": "no"}, None),
    ],
)
def test_the_liquid_total_is_known_where_equity_is_zero_or_its_liquidity_is(
    settings: Settings, cells: dict[str, object], liquid: int | None
) -> None:
    row = normalised(settings, **{"base": "100000", "bonus": "10000", **cells})
    assert figures(row, "total_liquid") == [liquid]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        # ladder before title words, before the format's scheme, before years
        ({"employer": "Amazon", "level": "L5", "job_title": "Senior MLE"}, ("L4", "ladder", "early")),
        ({"employer": "Amazon", "level": "E17", "job_title": "Senior ML Engineer"}, ("L5", "title", "senior")),
        ({"employer": "", "level": "L4", "job_title": "Staff ML Engineer"}, ("L6", "title", "senior")),
        ({"employer": "", "level": "L4", "years_experience": "20"}, ("L4", "scheme", "early")),
        ({"employer": "", "level": "L9", "years_experience": "3"}, ("L4", "experience", "early")),
        ({"employer": "", "level": "", "years_experience": "1.9"}, ("L3", "experience", "early")),
        ({"employer": "", "level": "", "years_experience": "30"}, ("L5", "experience", "senior")),
        ({"employer": "", "level": ""}, (None, None, None)),
        # L3 to L7 are ours only where we hold no ladder
        ({"employer": "Meta", "level": "L5"}, (None, None, None)),
        ({"employer": "Some Unlisted Name", "level": "L5"}, ("L5", "scheme", "senior")),
    ],
)  # fmt: skip
def test_the_level_is_the_first_that_answers(
    settings: Settings, cells: dict[str, object], expected: tuple[str | None, ...]
) -> None:
    row = normalised(settings, **{"job_title": "Machine Learning Engineer", **cells})
    assert tuple(figures(row, "level", "level_basis", "stage")) == expected


def test_a_coarse_scheme_maps_to_what_it_says(settings: Settings) -> None:
    header = "work_year,experience_level,employment_type,job_title,salary,salary_currency,employee_residence,"
    header += "remote_ratio,company_location,company_size\n"
    text = header + "".join(
        f"2023,{level},{kind},{title},150000,USD,US,0,US,M\n"
        for level, kind, title in (
            ("EN", "FT", "ML Engineer"),
            ("MI", "FT", "ML Engineer"),
            ("SE", "FT", "ML Engineer"),
            ("EX", "FT", "ML Engineer"),
            ("SE", "FT", "Staff ML Engineer"),
            ("SE", "FL", "ML Engineer"),
        )
    )
    found = intake(settings, text, "aijobs/salaries_2023-07-02.csv").table("normalised_reports")
    names = ("level", "stage", "level_basis", "scope_reason")
    assert [figures(row, *names) for _, row in found.iterrows()] == [
        ["L3", "early", "scheme", None],
        ["L4", "early", "scheme", None],
        [None, "senior", "scheme", None],
        [None, None, None, "executive"],
        ["L6", "senior", "title", None],
        [None, "senior", "scheme", "freelance"],
    ]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({}, None),
        ({"employment": "full_time"}, None),
        ({"hours_per_week": "30"}, None),
        ({"hours_per_week": "29.9"}, "part_time"),
        ({"employment": "part_time"}, "part_time"),
        ({"employment": "contract"}, "contract"),
        ({"employment": "freelance"}, "freelance"),
        ({"employment": "intern"}, "intern_or_student"),
        ({"employment": "intern", "hours_per_week": "20"}, "intern_or_student"),
    ],
)
def test_employment_that_is_out_of_scope_has_its_own_reason_and_is_not_scaled(
    settings: Settings, cells: dict[str, object], reason: str | None
) -> None:
    row = normalised(settings, **{"base": "60000", **cells})
    assert figures(row, "scope_reason", "base") == [reason, 60_000]


def test_normalising_keeps_every_row_in_its_order(settings: Settings) -> None:
    rows = [
        native_row(n, currency=("USD", "EUR", "JPY")[n % 3], base=9_000_000 if n % 3 == 2 else 90_000)
        for n in range(30)
    ]
    found = intake(settings, csv_text(rows))
    accepted, after = found.table("accepted_reports"), found.table("normalised_reports")
    pd.testing.assert_frame_equal(accepted[["row", "row_hash"]], after[["row", "row_hash"]])
    assert after["base"].between(40_000, 200_000).all()
