"""Annual dollars, totals, liquid totals, levels and scope of single rows."""

import pandas as pd

from salary_bands.settings import Settings
from tests.builders.exports import native_row
from tests.builders.intake import csv_text, intake


def normalised(settings: Settings, cases: list[dict[str, object]]) -> list[pd.Series]:
    """Native rows in May 2026 after normalise; no employer, no level unless given."""
    plain = {"employer": "", "level": "", "location": "Seattle, WA"}
    found = intake(settings, csv_text([native_row(n, **{**plain, **c}) for n, c in enumerate(cases)]))
    assert found.rejected == []
    return [row for _, row in found.table("normalised_reports").iterrows()]


def figures(row: pd.Series, *names: str) -> list[object]:
    return [None if pd.isna(row[name]) else row[name] for name in names]


PERIODS = [
    ({"base": "120000", "pay_period": ""}, 120_000),
    ({"base": "10000", "pay_period": "month"}, 120_000),
    ({"base": "2500", "pay_period": "week"}, 130_000),
    ({"base": "500", "pay_period": "day"}, 130_000),
    ({"base": "60", "pay_period": "hour"}, 124_800),
    ({"base": "60", "pay_period": "hour", "hours_per_week": "35"}, 109_200),
    ({"base": "120000.5"}, 120_001),
    ({"base": "120000.49"}, 120_000),
]


def test_base_is_annual_whole_and_half_up(settings: Settings) -> None:
    rows = normalised(settings, [cells for cells, _ in PERIODS])
    assert [row["base"] for row in rows] == [base for _, base in PERIODS]


def test_only_base_has_a_pay_period(settings: Settings) -> None:
    cells = {"base": "10000", "pay_period": "month", "bonus": "12000", "equity_annual": "0", "sign_on": "5000"}
    (row,) = normalised(settings, [cells])
    assert figures(row, "base", "bonus", "equity", "total") == [120_000, 12_000, 0, 137_000]


TOTALS = [
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
]


def test_the_total_is_its_parts_or_as_stated(settings: Settings) -> None:
    given = ("base", "bonus", "equity_annual", "sign_on", "total")
    rows = normalised(settings, [dict(zip(given, case[:5], strict=True)) for case in TOTALS])
    found = [tuple(figures(row, "base", "bonus", "equity", "total", "total_basis")) for row in rows]
    assert found == [case[5] for case in TOTALS]


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


LIQUID = [
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
]


def test_the_liquid_total_is_known_where_equity_is_zero_or_its_liquidity_is(settings: Settings) -> None:
    rows = normalised(settings, [{"base": "100000", "bonus": "10000", **cells} for cells, _ in LIQUID])
    assert [figures(row, "total_liquid") for row in rows] == [[liquid] for _, liquid in LIQUID]


LEVEL_CASES = [
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
        # a grade or a numeral in the title means what the employer means by it
        ({"employer": "JPMorgan Chase", "level": "", "job_title": "Vice President, Data Engineer"},
         ("L5", "ladder", "senior")),
        ({"employer": "", "level": "", "job_title": "Software Engineer II"}, ("L4", "title", "early")),
        # a combined answer is its lower rung, or none
        ({"employer": "", "level": "Lead / Staff"}, (None, None, None)),
        ({"employer": "", "level": "Senior / Staff"}, ("L5", "title", "senior")),
]  # fmt: skip


def test_the_level_is_the_first_that_answers(settings: Settings) -> None:
    rows = normalised(settings, [{"job_title": "Machine Learning Engineer", **cells} for cells, _ in LEVEL_CASES])
    found = [tuple(figures(row, "level", "level_basis", "stage")) for row in rows]
    assert found == [expected for _, expected in LEVEL_CASES]


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


EMPLOYMENT_CASES = [
    ({}, None),
    ({"employment": "full_time"}, None),
    ({"hours_per_week": "30"}, None),
    ({"hours_per_week": "29.9"}, "part_time"),
    ({"employment": "part_time"}, "part_time"),
    ({"employment": "contract"}, "contract"),
    ({"employment": "freelance"}, "freelance"),
    ({"employment": "intern"}, "intern_or_student"),
    ({"employment": "intern", "hours_per_week": "20"}, "intern_or_student"),
]


def test_employment_that_is_out_of_scope_has_its_own_reason_and_is_not_scaled(settings: Settings) -> None:
    rows = normalised(settings, [{"base": "60000", **cells} for cells, _ in EMPLOYMENT_CASES])
    found = [figures(row, "scope_reason", "base") for row in rows]
    assert found == [[reason, 60_000] for _, reason in EMPLOYMENT_CASES]


def test_a_level_column_can_say_that_a_report_is_out_of_scope(settings: Settings) -> None:
    cases = ["Intern", "Working Student", "Contractor", "M2", "Senior"]
    rows = normalised(settings, [{"level": level} for level in cases])
    found = [figures(row, "scope_reason")[0] for row in rows]
    assert found == ["intern_or_student", "intern_or_student", "contract", "people_manager", None]


def test_normalising_keeps_every_row_in_its_order(settings: Settings) -> None:
    rows = [
        native_row(n, currency=("USD", "EUR", "JPY")[n % 3], base=9_000_000 if n % 3 == 2 else 90_000)
        for n in range(30)
    ]
    found = intake(settings, csv_text(rows))
    accepted, after = found.table("accepted_reports"), found.table("normalised_reports")
    pd.testing.assert_frame_equal(accepted[["row", "row_hash"]], after[["row", "row_hash"]])
    assert after["base"].between(40_000, 200_000).all()


def test_titles_and_long_level_answers_say_who_is_out_of_scope(settings: Settings) -> None:
    cases: list[tuple[dict[str, object], str | None]] = [
        ({"job_title": "ML Engineer (part-time)"}, "part_time"),
        ({"job_title": "Data Scientist - Contractor"}, "contract"),
        ({"employer": "Amazon", "level": "L5 SDM"}, "people_manager"),
        ({"employer": "Amazon", "level": "L5 backend"}, None),
        ({"employer": "Accenture", "level": "Team Leader"}, None),
        ({"level": "Data Intern"}, "intern_or_student"),
        ({"job_title": "Smart Contract Engineer"}, None),
    ]
    rows = normalised(settings, [cells for cells, _ in cases])
    assert [figures(row, "scope_reason")[0] for row in rows] == [reason for _, reason in cases]


def test_the_currency_of_the_row_decides_between_towns_of_one_name(settings: Settings) -> None:
    cases = [("Valencia", "EUR"), ("Alexandria", "USD"), ("Bengaluru", "USD"), ("Victoria", "CAD"), ("Victoria", "AUD")]
    rows = normalised(settings, [{"location": town, "currency": currency} for town, currency in cases])
    assert [row["country"] for row in rows] == ["ES", "US", "IN", "CA", "AU"]
