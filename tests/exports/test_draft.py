"""A format drafted for a header that no format has: from names and values, with evidence, questions and no cells."""

import io
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
import yaml

from salary_bands.cli.printing.inspection import print_inspection
from salary_bands.exports.draft.draft import read_columns
from salary_bands.exports.draft.names import plain_words, says
from salary_bands.exports.draft.sniff import sniff
from salary_bands.exports.draft.values import DATE_FORMS, _possible_forms
from salary_bands.exports.inspect import inspect_file
from salary_bands.ingest.containers import Way
from salary_bands.reference.formats import parse_format
from salary_bands.settings import Settings
from salary_bands.validate.parse import parse_when

TITLES = ("Machine Learning Engineer", "Data Scientist", "Research Engineer", "NLP Engineer", "Software Engineer")
SURVEY = "Erfasst;Stelle;Stufe;Firma;Ort;Berufserfahrung (Jahre);Jahresgehalt brutto;Bonus;Kommentar\n" + "".join(
    f"{day:02d}.06.2026;{TITLES[day % 5]};{('Junior', 'Senior', 'Middle')[day % 3]};Siemens;"
    f"{('Berlin', 'München')[day % 2]};"
    f"{day % 12};{70 + day}.500,00 €;{day * 100};secret word {day}\n"
    for day in range(1, 29)
)
ADVERTS = "posted,position,employer,office,pay range,url\n" + "".join(
    f'2026-06-{day:02d},{TITLES[day % 5]},OpenAI,"San Francisco, CA",'
    f'"${200 + day}K - ${250 + day}K a year",http://x/{day}\n'
    for day in range(1, 29)
)


def drafted(text: str | bytes, tmp_path: Path, settings: Settings, name: str = "survey_2026.csv") -> dict[str, Any]:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return inspect_file(path, settings)


def test_a_german_survey_is_drafted_and_read_by_its_draft(tmp_path: Path, settings: Settings) -> None:
    found = drafted(SURVEY, tmp_path, settings)
    document = yaml.safe_load(found["draft"])
    assert document["columns"] == {
        "submitted_at": "Erfasst",
        "job_title": "Stelle",
        "level": "Stufe",
        "employer": "Firma",
        "location": "Ort",
        "years_experience": "Berufserfahrung (Jahre)",
        "base": "Jahresgehalt brutto",
        "bonus": "Bonus",
        "currency": {"constant": "EUR"},
    }
    assert (document["delimiter"], document["decimal"], document["dates"]) == (";", "comma", ["%d.%m.%Y"])
    assert document["levels"] == {"Middle": "L4"} and document["evidence"] == "reported"
    assert found["held"]["reason"] == "unknown_header" and found["would_be_held"]
    outcome = found["with_draft"]
    assert outcome["held"] is None and outcome["accepted"] == outcome["rows"] == 28
    assert outcome["pay"][0]["country"] == "DE" and 75_000 < outcome["pay"][0]["p50"] < 120_000
    assert sum(row["rows"] for row in outcome["ledger"]) == 28
    assert (
        outcome["first_rows"][0]["cells"]["base"] == "71.500,00 €"
        and outcome["first_rows"][0]["read"]["country"] == "DE"
    )


def test_cells_are_on_the_terminal_and_not_in_the_draft(tmp_path: Path, settings: Settings, capsys: Any) -> None:
    found = drafted(SURVEY, tmp_path, settings)
    assert "secret word" not in str(found) and "71.500" not in found["draft"] and "Siemens" not in found["draft"]
    guesses = {guess["column"]: guess for guess in found["guesses"]}
    assert guesses["employer"]["samples"] == ["Siemens"] and "known employers" in guesses["employer"]["evidence"]
    assert "# not mapped" in found["draft"] and "#   Kommentar" in found["draft"]
    from salary_bands.cli.common import out

    print_inspection(out, found)
    shown = capsys.readouterr().out
    assert "Siemens" in shown and "What the file does not say:" in shown and "First rows as read:" in shown


def test_adverts_with_a_range_in_a_cell_are_drafted(tmp_path: Path, settings: Settings) -> None:
    found = drafted(ADVERTS, tmp_path, settings)
    document = yaml.safe_load(found["draft"])
    assert document["evidence"] == "advertised" and document["columns"]["currency"] == {"constant": "USD"}
    assert document["columns"]["base"] == "pay range" and document["money"]["base"]["range_in_cell"] is True
    assert found["with_draft"]["accepted"] == 28
    assert found["with_draft"]["pay"][0]["p50"] == pytest.approx(239_500, abs=2_000)


@pytest.mark.parametrize(
    ("header", "amount", "money", "period"),
    [
        ("monthly salary", 6_000, {}, "month"),
        ("salary", 6_000, {}, "month"),
        ("salary in k", 90, {"scale": "thousand"}, None),
        ("salary", 90, {"scale": "thousand"}, None),
        ("hourly rate", 60, {}, "hour"),
        ("net salary per month", 4_000, {"net": True}, "month"),
    ],
)
def test_the_size_of_amounts_says_their_unit(
    tmp_path: Path, settings: Settings, header: str, amount: int, money: dict[str, Any], period: str | None
) -> None:
    rows = "".join(f"2026-06-{d:02d},{TITLES[d % 5]},EUR,{amount + d}\n" for d in range(1, 29))
    document = yaml.safe_load(drafted(f"date,title,currency,{header}\n{rows}", tmp_path, settings)["draft"])
    assert document["money"]["base"] == {**money, "zero": "rejected"}
    assert document["columns"].get("pay_period", {}).get("constant") == period


def test_every_form_that_reads_a_date_is_one_that_is_tried_on_it() -> None:
    days = [pd.Timestamp(day) for day in ("2026-06-30 09:05:07+00:00", "1999-12-01 23:59Z", "2004-02-29 00:00+02:00")]
    texts = [day.strftime(form) for day in days for form in DATE_FORMS if "%" in form]
    texts += [day.isoformat() for day in days] + ["1719705600", "2024-06-30 10:00 GMT+1", "2024", "about 100 days"]
    for form in DATE_FORMS:
        read = parse_when(pd.Series(texts, dtype="str"), [form])[1].notna()
        assert read.any()
        assert all(form in _possible_forms(pd.Series([texts[n]])) for n in read[read].index)
    assert _possible_forms(pd.Series(["Berlin", "L5", "12 years"])) == []


def test_what_is_not_known_is_a_question_and_pay_that_cannot_be_is_a_warning(
    tmp_path: Path, settings: Settings
) -> None:
    rows = "".join(f"{TITLES[d % 5]},Berlin,EUR,{9_000_000 + d}\n" for d in range(30))
    found = drafted(f"title,city,currency,salary\n{rows}", tmp_path, settings, "answers_2026-06-30.csv")
    assert any("no period and scale" in q for q in found["questions"])
    assert any("licence" in q for q in found["questions"])
    assert "times what is usual there" in found["with_draft"]["pay"][0]["warning"]
    unnamed = drafted("a,b\nx,y\n", tmp_path, settings)
    assert any(q.startswith("base: no column") for q in unnamed["questions"])
    assert any(q.startswith("job_title: no column") for q in unnamed["questions"])
    assert unnamed["with_draft"]["held"]["reason"] == "unmapped_column"


def test_encodings_delimiters_title_rows_and_sheets_are_found(tmp_path: Path, settings: Settings) -> None:
    text = "Анкета\n\nДата\tДолжность\tЗарплата в месяц\n2026-06-01\tИнженер\t200000\n"
    text += "2026-06-02\tАналитик\t150000\n"
    assert sniff(io.BytesIO(text.encode("cp1251")), "a.csv", settings) == Way("cp1251", "\t", 3)
    assert sniff(io.BytesIO("größe;name\n1;é\n".encode("cp1252")), "a.csv", settings) == Way("cp1252", ";")
    book = openpyxl.Workbook()
    book.worksheets[0].append(["Notes"])
    sheet = book.create_sheet("Data")
    for row in (["A survey"], [], ["title", "salary"], ["ML Engineer", 90_000], ["Data Scientist", 80_000]):
        sheet.append(row)
    other = book.create_sheet("More")
    for row in (["a", "b"], [1, 2]):
        other.append(row)
    stream = io.BytesIO()
    book.save(stream)
    way = sniff(stream, "a.xlsx", settings)
    assert way == Way(sheet="Data", header_row=3)
    assert [c.header for c in read_columns(stream, "a.xlsx", way, settings)] == ["title", "salary"]


@pytest.mark.parametrize(
    ("header", "ours"),
    [
        ("totalyearlycompensation", "total"),
        ("basesalary", "base"),
        ("Yearly brutto salary (without bonus and stocks) in EUR", "base"),
        ("Annual salary with bonus and stocks", "total"),
        ("Yearly bonus + stocks", "bonus_and_equity"),
        ("yearsOfExperience", "years_experience"),
        ("Intitulé du poste", "job_title"),
        ("年収", "base"),
        ("WAGE_RATE_OF_PAY_FROM", "base_min"),
        ("YOE", "years_experience"),
        ("Years of exp", "years_experience"),
        ("Exp (years)", "years_experience"),
        ("Yrs of experience", "years_experience"),
    ],
)
def test_a_header_says_which_column_it_is(header: str, ours: str) -> None:
    scores = says(header)
    assert max(scores, key=lambda name: scores[name]) == ours and scores[ours] >= 0.5


@pytest.mark.parametrize(
    "header", ["Salary one year ago", "Expected salary", "Job URL", "Gender", "PREVAILING_WAGE", "Comments"]
)
def test_a_header_of_something_else_is_no_pay(header: str) -> None:
    assert says(header)["base"] == 0


def test_words_are_split_however_they_are_joined() -> None:
    assert plain_words("YearsOfExperience_in-field (Jahre)") == ["years", "of", "experience", "in", "field", "jahre"]
    assert plain_words("Wohnort/Größe") == ["wohnort", "grosse"]


def test_a_draft_is_a_format(tmp_path: Path, settings: Settings) -> None:
    for text in (SURVEY, ADVERTS):
        assert parse_format(drafted(text, tmp_path, settings)["draft"], "draft").columns


def test_words_that_stand_for_nothing_are_blank_in_the_draft(tmp_path: Path, settings: Settings) -> None:
    rows = "".join(f"2026-06-{d:02d},{TITLES[d % 5] if d % 4 else 'N/A'},EUR,{90_000 + d}\n" for d in range(1, 29))
    found = drafted(f"date,title,currency,salary\n{rows}", tmp_path, settings)
    assert yaml.safe_load(found["draft"])["blank"] == ["N/A"]
    assert found["with_draft"]["held"]["reason"] == "too_many_rejected"


@pytest.mark.parametrize("header", ["YOE", "Years of exp", "Exp (years)", "yrs_experience"])
def test_years_of_experience_may_be_words_and_ranges(tmp_path: Path, settings: Settings, header: str) -> None:
    rows = "".join(f"2026-06-{d:02d},{TITLES[d % 5]},EUR,{90_000 + d},{d % 12}+ years\n" for d in range(1, 29))
    document = yaml.safe_load(drafted(f"date,title,currency,salary,{header}\n{rows}", tmp_path, settings)["draft"])
    assert document["columns"]["years_experience"] == header


@pytest.mark.parametrize(("repeating", "is_mapped"), [(0, True), (2, True), (3, False), (80, False), (199, False)])
def test_only_a_column_that_nearly_never_repeats_is_an_identity(
    tmp_path: Path, settings: Settings, repeating: int, is_mapped: bool
) -> None:
    ids = [f"r-{max(n, repeating)}" for n in range(200)]
    rows = "".join(f"{i},2026-06-{n % 28 + 1:02d},{TITLES[n % 5]},EUR,{90_000 + n}\n" for n, i in enumerate(ids))
    found = drafted(f"Response ID,date,title,currency,salary\n{rows}", tmp_path, settings)
    assert ("submission_id" in yaml.safe_load(found["draft"])["columns"]) == is_mapped
    asked = [q for q in found["questions"] if q.startswith("submission_id")]
    assert len(asked) == (not is_mapped)
    assert all(f"{repeating} of 200 rows repeat a value of 'Response ID'" in q for q in asked)
    if not is_mapped:
        assert found["with_draft"]["accepted"] == 200 and found["not_mapped"] == ["Response ID"]


@pytest.mark.parametrize(
    ("header", "amount", "money", "period"),
    [
        ("Salary in USD", 90_000, {}, None),
        ("salary_in_usd", 90_000, {}, None),
        ("Salary (USD equivalent)", 90_000, {}, None),
        ("Salary in USD per month", 6_000, {}, "month"),
        ("Salary in USD per month, net, after taxes", 4_000, {"net": True}, "month"),
        ("Monthly salary in US dollars after taxes", 4_000, {"net": True}, "month"),
    ],
)
def test_pay_in_usd_is_the_pay_if_there_is_no_other(
    tmp_path: Path, settings: Settings, header: str, amount: int, money: dict[str, Any], period: str | None
) -> None:
    rows = "".join(f"2026-06-{d:02d},{TITLES[d % 5]},Berlin,{amount + d}\n" for d in range(1, 29))
    found = drafted(f'date,title,city,"{header}"\n{rows}', tmp_path, settings)
    document = yaml.safe_load(found["draft"])
    assert document["columns"]["base"] == header and document["columns"]["currency"] == {"constant": "USD"}
    assert document["money"]["base"] == {**money, "zero": "rejected"}
    assert document["columns"].get("pay_period", {}).get("constant") == period
    assert not any(q.startswith(("base", "currency")) for q in found["questions"])


def test_pay_in_usd_beside_other_pay_is_its_conversion(tmp_path: Path, settings: Settings) -> None:
    def columns(header: str, cells: str) -> dict[str, Any]:
        rows = "".join(f"2026-06-{d:02d},{TITLES[d % 5]},{cells.format(90_000 + d)}\n" for d in range(1, 29))
        read = yaml.safe_load(drafted(f"date,title,{header}\n{rows}", tmp_path, settings)["draft"])["columns"]
        return {name: read[name] for name in read if name not in ("submitted_at", "job_title")}

    assert columns("salary_in_usd,salary,currency", "{0},{0},EUR") == {"base": "salary", "currency": "currency"}
    assert columns("salary,bonus in USD,currency", "{0},9000,EUR") == {"base": "salary", "currency": "currency"}
    usd = {"currency": {"constant": "USD"}}
    assert columns("salary in USD,bonus,currency", "{0},9000,EUR") == {"base": "salary in USD", **usd}
    assert columns("salary in USD,bonus", "{0},9000") == {"base": "salary in USD", "bonus": "bonus", **usd}


def test_texts_without_a_meaning_are_named_on_the_terminal_and_not_in_the_draft(
    tmp_path: Path, settings: Settings, capsys: Any
) -> None:
    from salary_bands.cli.common import out

    levels = ("Junior", "Senior", "Mid", "Zebra rank", "Wizard rank")
    kinds = ("full time", "full time", "part time", "moonlight")
    rows = "".join(
        f"2026-06-{d:02d},{TITLES[d % 5]},{levels[d % 5]},{kinds[d % 4]},EUR,{90_000 + d}\n" for d in range(1, 29)
    )
    found = drafted(f"date,title,level,employment type,currency,salary\n{rows}", tmp_path, settings)
    assert "levels: 2 texts of the level column mean no level yet; add them to `levels`" in found["questions"]
    assert "employment: 1 of its texts are not known; add them to `values`" in found["questions"]
    print_inspection(out, found)
    shown = " ".join(capsys.readouterr().out.split())
    assert "without a meaning yet: Wizard rank | Zebra rank" in shown or "yet: Zebra rank | Wizard rank" in shown
    assert "without a meaning yet: moonlight" in shown
    assert "rank" not in found["draft"] and "moonlight" not in found["draft"]


def asked(found: dict[str, Any], name: str) -> list[str]:
    return [question for question in found["questions"] if question.startswith(f"{name}:")]


@pytest.mark.parametrize(
    ("header", "cells", "place", "code"),
    [
        ("Annual salary", "£{}5,000", "London", "GBP"),
        ("Annual salary", "{}5 000 kr", "Stockholm", "SEK"),
        ("CTC fixed salary", "{}L", "Bangalore", "INR"),
        ("Salary (lakh)", "{}", "Karachi", "PKR"),
        ("Annual salary", "${}5,000", "Toronto, ON", "CAD"),
        ("Annual salary ($)", "{}5000", "Toronto, ON", "CAD"),
        ("Annual salary", "${}5,000", "Austin, TX", "USD"),
        ("Annual salary", "US${}5,000", "Toronto, ON", "USD"),
    ],
)
def test_places_say_which_currency_a_sign_means(
    tmp_path: Path, settings: Settings, header: str, cells: str, place: str, code: str
) -> None:
    rows = "".join(f'2026-06-{d:02d},{TITLES[d % 5]},"{place}","{cells.format(60 + d)}"\n' for d in range(1, 29))
    found = drafted(f"date,title,city,{header}\n{rows}", tmp_path, settings)
    assert yaml.safe_load(found["draft"])["columns"]["currency"] == {"constant": code}
    assert asked(found, "currency") == []


@pytest.mark.parametrize(
    ("cells", "places", "code", "question"),
    [
        (["£{}5,000"], ["Remote"], "GBP", "a sign in cells can mean GBP or EGP"),
        (["{}5 000 kr"], ["Oslo", "Stockholm"], "SEK", "a sign in cells can mean SEK or NOK or DKK or ISK"),
        (["${}5,000"], ["Berlin"], "USD", "a sign in cells can mean USD or CAD or AUD or NZD"),
        (["£{}5,000", "£{}5,000", "C${}5,000"], ["London"], "GBP", "a sign in cells is not the same everywhere"),
    ],
)
def test_a_sign_that_places_do_not_explain_is_a_question(
    tmp_path: Path, settings: Settings, cells: list[str], places: list[str], code: str, question: str
) -> None:
    rows = "".join(
        f'2026-06-{d:02d},{TITLES[d % 5]},{places[d % len(places)]},"{cells[d % len(cells)].format(60 + d)}"\n'
        for d in range(1, 29)
    )
    found = drafted(f"date,title,city,Annual salary\n{rows}", tmp_path, settings)
    assert yaml.safe_load(found["draft"])["columns"]["currency"] == {"constant": code}
    assert asked(found, "currency") == [f"currency: {question}, so it is taken as {code}; is every amount in {code}?"]


def beside_base(tmp_path: Path, settings: Settings, header: str, cells: tuple[str, ...], base: int = 90_000) -> Any:
    """The draft of a file with a column beside title, date and `Base salary EUR`, and the document of its draft."""
    rows = "".join(
        f'2026-06-{d:02d},{TITLES[d % 5]},Berlin,{base + d},"{cells[d % len(cells)]}"\n' for d in range(1, 29)
    )
    found = drafted(f'date,title,city,Base salary EUR,"{header}"\n{rows}', tmp_path, settings)
    return found, yaml.safe_load(found["draft"])


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("Bonus %", ("10", "15", "20")),
        ("Bonus in %", ("0", "15", "20")),
        ("Target bonus percent", ("10%", "15%", "20%")),
        ("Bonus in Prozent", ("10", "15", "20")),
        ("Bonus", ("10%", "15%", "20%")),
        ("Bonus", ("0", "7.5", "100")),
    ],
)
def test_a_percentage_of_pay_is_no_amount_and_is_asked_about(
    tmp_path: Path, settings: Settings, header: str, cells: tuple[str, ...]
) -> None:
    found, document = beside_base(tmp_path, settings, header, cells)
    assert "bonus" not in document["columns"] and found["not_mapped"] == [header]
    (question,) = asked(found, "bonus")
    assert f"{header!r}" in question and "percentage" in question


def test_a_percentage_that_is_no_unit_takes_no_column_away(tmp_path: Path, settings: Settings) -> None:
    assert says("Annual salary (100 %)")["base"] >= 0.7 and says("Salary (incl. 8 % extras)")["base"] > 0.4
    _, document = beside_base(tmp_path, settings, "Bonus", ("10", "5000", "12000"))
    assert document["columns"]["bonus"] == "Bonus"


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("RSU (4 yr)", {"equity_grant": "RSU (4 yr)", "vesting_years": {"constant": "4"}}),
        ("Stock over 3 years", {"equity_grant": "Stock over 3 years", "vesting_years": {"constant": "3"}}),
        ("Stock per year", {"equity_annual": "Stock per year"}),
        ("Stock grant", {"equity_grant": "Stock grant"}),
    ],
)
def test_equity_over_years_is_a_grant(tmp_path: Path, settings: Settings, header: str, columns: dict[str, Any]) -> None:
    found, document = beside_base(tmp_path, settings, header, ("80000", "90000", "100000"))
    assert {n: c for n, c in document["columns"].items() if n.startswith(("equity", "vesting"))} == columns
    assert len(asked(found, "equity_grant")) == (header == "Stock grant")
    assert found["with_draft"]["held"] is None


@pytest.mark.parametrize(
    ("header", "cells", "name", "scale", "questions"),
    [
        ("Total comp (k)", ("120", "130"), "total", "thousand", 0),
        ("Total comp", ("120", "130"), "total", "thousand", 1),
        ("Total comp", ("120000", "130000"), "total", None, 0),
        ("Bonus (k)", ("12", "13.5"), "bonus", "thousand", 0),
        ("Bonus (k)", ("120", "135"), "bonus", "thousand", 0),
    ],
)
def test_pay_beside_the_base_has_a_scale_of_its_own(
    tmp_path: Path,
    settings: Settings,
    header: str,
    cells: tuple[str, ...],
    name: str,
    scale: str | None,
    questions: int,
) -> None:
    found, document = beside_base(tmp_path, settings, header, cells)
    assert document["columns"][name] == header
    assert document["money"].get(name, {}).get("scale") == scale and "scale" not in document["money"]["base"]
    assert len(asked(found, name)) == questions


@pytest.mark.parametrize(
    ("header", "cells", "source", "scale"),
    [
        ("FTE", ("1", "0.8", "0.5"), "FTE", 40),
        ("FTE", ("1", "0,8", "0,5"), "FTE", 40),
        ("Pensum", ("100", "80", "50"), "Pensum", "percent_of_full_time"),
        (
            "Pensum",
            ("100%", "80 %", "50%"),
            {"from": "Pensum", "pattern": r"([\d.,]+)\s*%"},
            "percent_of_full_time",
        ),
        ("Weekly hours", ("40", "32", "20"), "Weekly hours", None),
    ],
)
def test_working_time_is_hours_or_a_share_of_full_time(
    tmp_path: Path, settings: Settings, header: str, cells: tuple[str, ...], source: Any, scale: Any
) -> None:
    found, document = beside_base(tmp_path, settings, header, cells)
    assert document["columns"]["hours_per_week"] == source
    assert document["money"].get("hours_per_week", {}).get("scale") == scale
    assert found["with_draft"]["accepted"] == 28
    assert sum(row["rows"] for row in found["with_draft"]["ledger"] if row["reason"] == "part_time") == 9


@pytest.mark.parametrize(
    ("header", "cells", "names"),
    [
        ("Gross or net", ("gross", "net"), ["net"]),
        ("Type", ("Brutto", "Netto"), ["net"]),
        ("Salary type", ("mtl. brutto", "jährl. brutto"), ["pay_period"]),
        ("Type", ("monatlich netto", "jährlich brutto"), ["net", "pay_period"]),
        ("Type", ("red", "green"), []),
    ],
)
def test_words_that_say_how_to_read_the_pay_of_a_row_are_asked_about(
    tmp_path: Path, settings: Settings, header: str, cells: tuple[str, ...], names: list[str]
) -> None:
    found, _ = beside_base(tmp_path, settings, header, cells)
    assert [q.partition(":")[0] for q in found["questions"] if f"{header!r}" in q] == names


def test_of_two_columns_that_could_be_the_pay_the_user_says_which(tmp_path: Path, settings: Settings) -> None:
    found, document = beside_base(tmp_path, settings, "Base salary EUR", ("95000", "96000"))
    assert document["columns"]["base"] == {"from": "Base salary EUR", "place": 1}
    assert asked(found, "base") == [
        "base: several columns are named 'Base salary EUR'; is the right one read? `place` counts from the left"
    ]
    found, document = beside_base(tmp_path, settings, "Base salary 2025 EUR", ("85000", "86000"))
    assert document["columns"]["base"] == "Base salary EUR"
    assert asked(found, "base") == [
        "base: 'Base salary EUR' is read, and 'Base salary 2025 EUR' could be it too; which is right?"
    ]


@pytest.mark.parametrize(
    ("form", "dates"),
    [("{:02d}.06.26", ["%d.%m.%y"]), ("{:02d}-06-26", ["%d-%m-%y"]), ("{:02d}.06.26 10:30", ["%d.%m.%y %H:%M"])],
)
def test_a_year_of_two_digits_is_a_date(tmp_path: Path, settings: Settings, form: str, dates: list[str]) -> None:
    rows = "".join(f"{form.format(d)},{TITLES[d % 5]},Berlin,{90_000 + d}\n" for d in range(1, 29))
    found = drafted(f"Date,title,city,Salary EUR\n{rows}", tmp_path, settings)
    document = yaml.safe_load(found["draft"])
    assert (document["columns"]["submitted_at"], document["dates"]) == ("Date", dates)
    assert found["with_draft"]["accepted"] == 28 and not asked(found, "submitted_at")


@pytest.mark.parametrize("form", ["{}. Juni 2026", "'2026-06-{:02d}", "2026-06-{:02d} 10:30:00 PST"])
def test_a_date_in_no_known_form_is_asked_about(tmp_path: Path, settings: Settings, form: str) -> None:
    rows = "".join(f"{form.format(d)},{TITLES[d % 5]},Berlin,{90_000 + d}\n" for d in range(1, 29))
    found = drafted(f"Date,title,city,Salary EUR\n{rows}", tmp_path, settings)
    assert "submitted_at" not in yaml.safe_load(found["draft"])["columns"]
    (question,) = asked(found, "submitted_at")
    assert "'Date' seems to be the date" in question and "`dates`" in question
