"""What a format can say: each example of docs/formats.md read, layouts of files, and what is refused."""

import csv
import io
import json
import time
from typing import Any

import openpyxl
import pandas as pd
import pytest
import yaml

from salary_bands.errors import HeldExport
from salary_bands.ingest.recognise import exported_on_from_name
from salary_bands.pages.format_examples import EXAMPLES, LAYOUTS, Example
from salary_bands.reference.formats import Format, parse_format, places_of
from salary_bands.reference.own_folder import format_schema
from salary_bands.reference.patterns import check_pattern, first_groups
from salary_bands.validate.parse import parse_when
from salary_bands.vocabulary.places import locate
from tests.builders.reading import read_as

ABOUT = {"name": "x", "title": "X", "licence": "l", "attribution": "a", "recognise": [["title"]]}
PLAIN = {"job_title": "title", "base": "base", "currency": {"constant": "EUR"}}
DATED = {"exported_on": {"file_name": r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})"}}


def format_of(**keys: Any) -> Format:
    return parse_format(yaml.safe_dump({**ABOUT, **DATED, **keys}), "x.yaml")


def csv_of(*rows: tuple[str, ...]) -> str:
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    return stream.getvalue()


@pytest.mark.parametrize("example", EXAMPLES, ids=[e.title for e in EXAMPLES])
def test_an_example_of_the_page_reads_its_row_as_it_says(example: Example) -> None:
    fmt = format_of(**yaml.safe_load(example.keys))
    found = read_as(fmt, csv_of(example.header, example.row), "Example Corp_2026-06-30.csv")
    if "rejected" in example.reads:
        assert found.rejected["reason"].tolist() == [example.reads["rejected"]] and found.accepted.empty
        return
    row = found.row()
    for name, value in example.reads.items():
        assert (str(row[name]) if name == "submitted_at" else row[name]) == value, name


def test_the_layouts_of_the_page_are_formats() -> None:
    for text in LAYOUTS.split("```yaml")[1:]:
        keys = yaml.safe_load(text.split("```")[0])
        keys["columns"] = {**PLAIN, **keys.get("columns", {})}
        assert format_of(**keys)


@pytest.mark.parametrize(
    ("cell", "period"),
    [("?", "year"), ("", "year"), ("per month", "month"), ("no word", "year"), ("per MONAT", "month")],
)
def test_the_order_in_which_a_cell_is_rewritten_is_as_the_page_says(cell: str, period: str) -> None:
    example = next(e for e in EXAMPLES if e.title.startswith("The order in which"))
    row = (*example.row[:-1], cell)
    assert read_as(format_of(**yaml.safe_load(example.keys)), csv_of(example.header, row)).row()["pay_period"] == period


def test_the_date_of_an_export_is_read_from_its_name_as_the_page_says() -> None:
    keys = yaml.safe_load(LAYOUTS.split("```yaml")[1].split("```")[0])
    rule = format_of(columns=PLAIN, **keys).exported_on
    assert rule and exported_on_from_name(rule, "Example Corp_2026-06-30.csv") == "2026-06-30"


def test_a_country_of_its_own_wins_as_the_page_says() -> None:
    assert [(p.country, p.market) for p in (locate("Paris", "Germany"), locate("Berlin", "Germany"))] == [
        ("DE", None),
        ("DE", "de-berlin"),
    ]
    assert locate("Berlin", "nowhere").country == "DE"


def test_title_rows_are_passed_over_and_rows_keep_their_numbers() -> None:
    text = "A report\nof 2026,,\n\ntitle,base\nML Engineer,90000\nML Engineer,nothing\n"
    found = read_as(format_of(columns=PLAIN, header_row=4, max_rejected_share=1), text)
    assert found.accepted["row"].tolist() == [5] and found.rejected["row"].tolist() == [6]


def workbook(**sheets: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_sheet_is_read_by_its_name_and_without_one_two_hold_the_export() -> None:
    rows = [["title", "base"], ["ML Engineer", 90_000]]
    content = workbook(Old=rows, Answers=[["Survey"], *rows])
    found = read_as(format_of(columns=PLAIN, sheet="answers", header_row=2), content, "a_2026-06-30.xlsx")
    assert found.row()["base"] == 90_000 and found.row()["row"] == 3
    for keys, reason in (({}, "several_sheets"), ({"sheet": "Nothing"}, "no_sheet")):
        with pytest.raises(HeldExport) as held:
            read_as(format_of(columns=PLAIN, **keys), content, "a_2026-06-30.xlsx")
        assert held.value.reason == reason


JOB = {
    "title": "ML Engineer",
    "office": {"city": "Berlin", "tags": ["a", "b"]},
    "pay": [{"type": "Equity", "min": 1}, {"type": "Salary", "min": 150000.5, "max": 200000}],
}
NESTED = {
    "job_title": "title",
    "location": "office.city",
    "skills": "office.tags",
    "currency": {"constant": "EUR"},
    "base_min": "pay.Salary.min",
    "base_max": "pay.Salary.max",
}


@pytest.mark.parametrize(
    ("document", "records", "file"),
    [
        ([JOB], "", "a_2026-06-30.json"),
        ({"jobs": [JOB], "meta": {"total": 1}}, "", "a_2026-06-30.json"),
        ({"data": {"jobs": [JOB]}, "other": [{}]}, "data.jobs", "a_2026-06-30.json"),
        (JOB, "", "a_2026-06-30.jsonl"),
    ],
    ids=["list", "only list", "path", "lines"],
)
def test_nested_json_is_named_by_its_paths(document: Any, records: str, file: str) -> None:
    fmt = format_of(columns=NESTED, list_keys={"pay": "type"}, **({"records": records} if records else {}))
    row = read_as(fmt, json.dumps(document), file).row()
    assert (row["location"], row["skills"], row["base_min"], row["base_max"]) == ("Berlin", "a;b", 150_000.5, 200_000)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": [{"title": 1}], "b": [{"title": 2}]}', "several_lists"),
        ("[1, 2", "damaged_json"),
        ("[]", "empty"),
        ("", "empty"),
        ('{"a": 1}', "empty"),
        ("[" * 100_000, "damaged_json"),
    ],
)
def test_a_json_document_that_cannot_be_read_is_held(text: str, reason: str) -> None:
    with pytest.raises(HeldExport) as held:
        read_as(format_of(columns=PLAIN), text, "a_2026-06-30.json")
    assert held.value.reason == reason and "title" not in str(held.value)


def test_what_the_cell_says_wins_over_a_constant_and_gives_way_to_a_column() -> None:
    money = {"base": {"range_in_cell": True}}
    columns = {"job_title": "title", "currency": {"constant": "USD"}, "base": "pay"}
    constant = format_of(columns=columns, money=money, max_rejected_share=1)
    pays = ("$150K - $200K a year", "£70,000", "90-120k", "70-80")
    rows = [("title", "pay"), *(("ML Engineer", pay) for pay in pays)]
    found = read_as(constant, csv_of(*rows))
    assert found.accepted["currency"].tolist() == ["USD", "GBP", "USD"]
    assert found.accepted["base_max"].fillna(0).tolist() == [200_000, 0, 120_000]
    assert found.rejected["reason"].tolist() == ["absurd"]
    column = format_of(columns={**columns, "currency": "currency"}, money=money, max_rejected_share=1)
    found = read_as(column, csv_of(("title", "pay", "currency"), ("ML Engineer", "£70,000", "USD")))
    assert found.rejected["reason"].tolist() == ["currency_contradiction"]


def test_two_columns_that_a_header_with_a_star_fits_hold_the_export_unless_it_is_said_which() -> None:
    rows = csv_of(("title", "Gross 2025 in EUR", "Gross 2026 in EUR"), ("ML Engineer", "70000", "90000"))

    def base(**keys: Any) -> float:
        columns = {"job_title": "title", "currency": {"constant": "EUR"}, "base": keys}
        return read_as(format_of(columns=columns), rows).row()["base"]

    for headers in ("Gross *", ["Salary", "Gross *"]):
        with pytest.raises(HeldExport, match="several columns fit the header of base") as held:
            base(**{"from": headers})
        assert held.value.reason == "repeated_header"
    assert base(**{"from": "Gross *", "place": 2}) == 90_000
    assert base(**{"from": ["Gross 2025 in EUR", "Gross *"]}) == 70_000  # it is the first that fits anyway


@pytest.mark.parametrize("currency", ["EUR", "USD", "GBP"])
def test_an_export_without_any_date_says_so_whatever_its_currency(currency: str) -> None:
    fmt = format_of(columns={**PLAIN, "currency": {"constant": currency}})
    with pytest.raises(HeldExport) as held:
        read_as(fmt, csv_of(("title", "base"), ("ML Engineer", "90000")), "salaries.csv")
    assert held.value.reason == "no_export_date"


def test_rows_without_pay_in_words_are_no_fault() -> None:
    rows = [("ML Engineer", pay) for pay in ("Competitive", "negotiable", "DOE", "90000")]
    found = read_as(format_of(columns=PLAIN), csv_of(("title", "base"), *rows))
    assert found.rejected["reason"].tolist() == ["no_pay"] * 3 and not found.chain.is_mostly_rejected


def test_rows_without_a_title_pass_if_their_employment_is_out_of_scope() -> None:
    columns = {**PLAIN, "employment": "kind"}
    rows = [("", "90000", "Self-employed"), ("", "90000", "Full time"), ("", "90000", "")]
    found = read_as(format_of(columns=columns, max_rejected_share=1), csv_of(("title", "base", "kind"), *rows))
    assert found.accepted["employment"].tolist() == ["freelance"]
    assert found.rejected["row"].tolist() == [3, 4] and set(found.rejected["reason"]) == {"missing"}
    normalised = found.chain.normalise(found.accepted)
    assert normalised["scope_reason"].tolist() == ["freelance"]


def test_a_format_has_its_own_limit_of_rejected_rows() -> None:
    rows = csv_of(("title", "base"), *[("ML Engineer", "much")] * 3, *[("ML Engineer", "90000")] * 7)
    with pytest.raises(HeldExport) as held:
        read_as(format_of(columns=PLAIN), rows)
    assert held.value.reason == "too_many_rejected"
    assert len(read_as(format_of(columns=PLAIN, max_rejected_share=0.3), rows).accepted) == 7


def test_filings_and_net_pay_are_held_by_a_refresh() -> None:
    rows = csv_of(("title", "base"), ("ML Engineer", "90000"))
    for keys, reason in (
        ({"evidence": "filed"}, "evidence_not_supported"),
        ({"money": {"base": {"net": True}}}, "net_pay"),
    ):
        found = read_as(format_of(columns=PLAIN, **keys), rows)
        with pytest.raises(HeldExport) as held:
            found.chain.check_supported()
        assert held.value.reason == reason and held.value.rows == 1
    read_as(format_of(columns=PLAIN, money={"base": {"net": True, "gross_up": 1.4}}), rows).chain.check_supported()


def test_columns_that_come_and_go_are_noted() -> None:
    found = read_as(format_of(columns={**PLAIN, "bonus": "bonus"}), csv_of(("title", "base"), ("ML Engineer", "90000")))
    assert found.opened.absent == ["bonus"]


@pytest.mark.parametrize(
    ("header", "keys", "places"),
    [
        ("Base", ["base", "base*"], [0]),
        ("base*", ["base pay", "base*"], [1]),
        ("Base*", ["no base", "base", "base pay"], [1, 2]),
        ("*brutto*bonus*", ["brutto", "yearly brutto with bonus in eur"], [1]),
        ("a*a", ["a", "aa"], [1]),
        ("*", ["x"], [0]),
    ],
)
def test_a_star_stands_for_any_text(header: str, keys: list[str], places: list[int]) -> None:
    assert places_of(header, keys) == places


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(x*)*y", r"^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_a_pattern_that_would_run_for_ever_does_not(pattern: str) -> None:
    started = time.monotonic()
    first_groups(["a" * 50_000 + "!"], check_pattern(pattern))
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("pattern", ["(?=a)", r"(a)\1", "(", "a" * 1_001])
def test_a_pattern_without_a_bound_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError):
        check_pattern(pattern)


def test_dates_are_tried_in_their_order_with_zones() -> None:
    texts = ["03/04/2026", "13/04/2026", "04/13/2026", "2026-04-03 10:00 GMT+2", "1775210400000", "soon"]
    when, _, reason = parse_when(pd.Series(texts, dtype="str"), ["%d/%m/%Y", "%m/%d/%Y", "iso", "epoch_ms"])
    assert when.astype(str).tolist()[:5] == [
        *("2026-04-03 00:00:00", "2026-04-13 00:00:00", "2026-04-13 00:00:00"),
        *("2026-04-03 08:00:00", "2026-04-03 10:00:00"),
    ]
    assert reason.dropna().tolist() == ["bad_date"]


def test_the_schema_for_editors_takes_what_the_reader_takes() -> None:
    schema = json.loads(format_schema())
    assert set(schema["properties"]) == set(Format.model_fields)
    assert schema["$defs"]["Condition"]["properties"].keys() >= {"is", "is_not", "header"}
    assert {"type": "string"} in schema["properties"]["columns"]["additionalProperties"]["anyOf"]
