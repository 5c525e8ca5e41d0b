"""Containers, encodings, blank and malformed lines, row numbers, mapped columns, the raw folder."""

import codecs
import gzip
import hashlib
import io
import json
import os
import re
import zipfile
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

import openpyxl
import pandas as pd
import pytest
from openpyxl.styles.numbers import BUILTIN_FORMATS

from salary_bands.errors import HeldExport, UsageError
from salary_bands.ingest import read
from salary_bands.ingest.containers.common import Container, Way
from salary_bands.ingest.raw_folder import open_export, scan, unsettled
from salary_bands.settings import Settings
from tests.builders.exports import native_row
from tests.builders.intake import Row, containers, csv_text, intake, workbook

NAMES = ("export.csv", "export.csv.gz", "export.jsonl", "export.jsonl.gz", "export.parquet", "export.xlsx")
HEADER = "submission_id,submitted_at,job_title,currency,base,note\n"
LINE = "s{0},2026-05-10,ML Engineer,USD,150000,{0}\n"


def awkward_rows() -> list[Row]:
    return [
        native_row(1, job_title='Engineer, "deep" learning', employer="Société\nGénérale"),
        native_row(2, skills="llm;rag", bonus=0, total=152_000, equity_annual=0, remote="yes", base=152_000),
        native_row(3, location="Zürich, 日本", hours_per_week=40.0, years_experience=2.5),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_container_gives_the_same_accepted_rows(settings: Settings, tmp_path: Path, name: str) -> None:
    contents = containers(awkward_rows(), tmp_path / "made")
    plain = intake(settings, contents["export.csv"], "plain/export.csv").table("accepted_reports")
    found = intake(settings, contents[name], f"source/{name}").table("accepted_reports")
    assert len(found) == 3
    pd.testing.assert_frame_equal(found.drop(columns="row_hash"), plain.drop(columns="row_hash"))


def test_typed_cells_are_read_as_a_csv_would_hold_them(settings: Settings, tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "submission_id": [1, 2],
            "submitted_at": pd.to_datetime(["2026-05-10 08:00", "2026-05-11 00:00"], utc=True),
            "job_title": [b"ML Engineer", b"ML Engineer"],
            "currency": pd.Categorical(["USD", "EUR"]),
            "base": [150_000.0, 99_999.5],
            "skills": [["llm", "rag"], None],
            "equity_liquid": [True, False],
        }
    )
    frame.to_parquet(tmp_path / "typed.parquet")
    found = intake(settings, (tmp_path / "typed.parquet").read_bytes(), "source/typed.parquet").table(
        "accepted_reports"
    )
    assert found["submission_id"].tolist() == ["1", "2"]
    assert found["submitted_at"].dt.strftime("%d %H").tolist() == ["10 08", "11 00"]
    assert found["base"].tolist() == [150_000.0, 99_999.5]
    assert (found["skills"][0], found["equity_liquid"].tolist()) == ("llm;rag", [True, False])


@pytest.mark.parametrize(
    "encode",
    [
        lambda t: t.encode("utf-8"),
        lambda t: codecs.BOM_UTF8 + t.encode("utf-8"),
        lambda t: codecs.BOM_UTF16_LE + t.encode("utf-16-le"),
        lambda t: codecs.BOM_UTF16_BE + t.encode("utf-16-be"),
    ],
    ids=["utf8", "utf8_bom", "utf16_le", "utf16_be"],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_encodings_with_a_mark_are_read(settings: Settings, encode, zipped: bool) -> None:  # type: ignore[no-untyped-def]
    content = encode(csv_text([native_row(1, job_title="Ingénieur 機械学習 🤖")]))
    name = "source/export.csv.gz" if zipped else "source/export.csv"
    found = intake(settings, gzip.compress(content) if zipped else content, name)
    assert found.table("accepted_reports")["job_title"].tolist() == ["Ingénieur 機械学習 🤖"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_row_numbers_are_those_of_a_spreadsheet(settings: Settings, end: str) -> None:
    text = (
        HEADER
        + LINE.format(2)
        + "\n"
        + 's4,2026-05-10,"ML\nEngineer",USD,150000,4\n'
        + "one,two\n"
        + " , ,\t,,,\n"
        + ",,\n"
        + "\n\n"
        + LINE.format(10)
        + "1,2,3,4,5,6,7\n"
        + LINE.format(12).rstrip()
    )
    found = intake(settings, text.replace("\n", end), max_rejected_share=1)
    assert found.table("accepted_reports")["row"].tolist() == [2, 4, 10, 12]
    assert found.table("accepted_reports")["submission_id"].tolist() == ["s2", "s4", "s10", "s12"]
    assert found.rejected == [(5, "", "wrong_number_of_cells"), (11, "", "wrong_number_of_cells")]
    assert found.rows == 6


def test_blank_lines_above_the_header_count_as_rows_of_the_sheet(settings: Settings) -> None:
    for name, content in (
        ("a/export.csv", ("\n,,,,,\n" + HEADER + LINE.format(4) + "a,b\n").encode()),
        ("b/export.xlsx", workbook([[], [], HEADER.strip().split(","), LINE.format(4).strip().split(",")])),
    ):
        found = intake(settings, content, name, max_rejected_share=1)
        assert found.table("accepted_reports")["row"].tolist() == [4], name
    assert intake(settings, "\n" + HEADER + LINE.format(3) + "a,b\n", max_rejected_share=1).rejected[0][0] == 4


def test_row_numbers_and_malformed_lines_hold_across_blocks(settings: Settings) -> None:
    lines = [LINE.format(n) for n in range(2, 5_002)]
    for position in range(0, 5_000, 97):
        lines[position] = ("" if position % 2 else "torn") + "\n"
    found = intake(settings, HEADER + "".join(lines), max_line_bytes=1 << 16)
    accepted = found.table("accepted_reports")
    assert accepted["submission_id"].tolist() == [f"s{n}" for n in accepted["row"]]
    torn = [position + 2 for position in range(0, 5_000, 97) if position % 2 == 0]
    assert [row for row, _, _ in found.rejected] == torn
    assert found.rows == len(accepted) + len(torn)


def test_rows_of_blank_cells_are_none_and_a_cell_in_an_unmapped_column_makes_a_row(settings: Settings) -> None:
    text = HEADER + LINE.format(1) * 8 + ",,,,,\n" + '"", ,\u00a0,,,\n' + ",,,,,only a note\n"
    found = intake(settings, text)
    assert (found.rows, found.rejected) == (9, [(12, "submission_id", "missing")])


def test_a_blank_record_is_none_in_json_lines_and_sheets(settings: Settings) -> None:
    full = dict(zip(HEADER.strip().split(","), LINE.format(1).strip().split(","), strict=True))
    lines = json.dumps(full) + '\n\n{}\n{"base": null, "note": " "}\n{"note": "x"}\n'
    found = intake(settings, lines, "source/a.jsonl", max_rejected_share=1)
    assert (found.rows, found.rejected) == (2, [(6, "submission_id", "missing")])
    sheet = intake(settings, workbook([list(full), [], [None] * 6, list(full.values())]), "source/b.xlsx")
    assert (sheet.rows, sheet.table("raw_reports")["row"].tolist()) == (1, [4])


def test_a_key_that_json_lines_bring_late_is_read(settings: Settings) -> None:
    row = {"submission_id": "s", "submitted_at": "2026-05-10", "job_title": "MLE", "currency": "USD", "base": 150_000}
    lines = [{**row, "submission_id": str(n)} for n in range(70_000)] + [{**row, "bonus": 5_000}]
    found = intake(settings, "".join(json.dumps(r) + "\n" for r in lines), "source/a.jsonl")
    assert found.table("accepted_reports")["bonus"].dropna().tolist() == [5_000]


def test_only_mapped_columns_reach_the_work_folder(settings: Settings, tmp_path: Path) -> None:
    planted = {
        "email": "planted@example.org",
        "gender": "planted-gender",
        "race": "planted-race",
        "note": "planted-note",
    }
    rows = [{**native_row(n), **planted} for n in range(20)]
    torn = "planted@example.org,planted-gender\n" + ",".join(["planted-note"] * 40) + "\n"
    sheet = [list(rows[0]), *(list(r.values()) for r in rows), [None] * len(rows[0]) + ["planted-note"]]
    files = {
        **containers(rows, tmp_path / "made"),
        "torn.csv": csv_text(rows) + torn,
        "torn.jsonl": json.dumps(rows[0]) + '\n["planted@example.org"]\n{"note": "planted-no',
        "torn.xlsx": workbook(sheet),
        "held.csv": csv_text([{**r, "base": "free"} for r in rows]),
    }
    for name, content in files.items():
        intake(settings, content, f"source/{name}").record("pay_reports")
    kept = [p for p in settings.work.rglob("*") if p.is_file()]
    assert len(kept) > 40
    texts = [pd.read_parquet(p).astype(str).to_csv() if p.suffix == ".parquet" else p.read_text() for p in kept]
    assert "Machine Learning Engineer" in "".join(texts)
    assert not [p.name for p, text in zip(kept, texts, strict=True) if "planted" in text]
    assert not [p.name for p in kept if b"planted" in p.read_bytes()]


@pytest.mark.parametrize("limit", [1 << 16, 8 << 20])
def test_range_pairs_do_not_depend_on_chunks(settings: Settings, limit: int) -> None:
    header = "work_year,experience_level,employment_type,job_title,salary,salary_currency,employee_residence,"
    header += "remote_ratio,company_location,company_size\n"
    line = "{year},SE,FT,{title},{pay},USD,US,0,US,M\n"
    runs = [(n % 7 + 1, "2023" if n % 5 else "2021e") for n in range(600)]  # odd runs end with a single row
    text, expected, row = header, [], 2
    for number, (length, year) in enumerate(runs):
        for place in range(length):
            text += line.format(year=year, title=f"ML Engineer {number}", pay=100_000 + place)
            expected.append(row - place % 2 if year == "2023" else None)
            row += 1
    found = intake(settings, text, "aijobs/salaries_2024-01-07.csv", max_line_bytes=limit)
    pairs = found.table("pay_reports")["range_id"]
    assert [None if pd.isna(p) else int(p) for p in pairs] == expected
    assert found.table("pay_reports")["submitted_year"].unique().tolist() == [2021, 2023]
    assert found.table("pay_reports").groupby("submitted_year")["evidence"].unique().map(list).to_dict() == {
        2021: ["reported"],
        2023: ["advertised"],
    }


def test_exports_are_found_in_order_with_the_hash_of_their_bytes(settings: Settings) -> None:
    for file in ("b/two.csv", "a/one.csv", "a/.gitkeep"):
        (settings.raw / file).parent.mkdir(exist_ok=True)
        (settings.raw / file).write_bytes(file.encode())
    found = scan(settings.raw)
    assert [(e.source, e.file) for e in found.exports] == [("a", "a/one.csv"), ("b", "b/two.csv")]
    assert found.exports[0].sha256 == hashlib.sha256(b"a/one.csv").hexdigest()
    assert found.refused == ()


def test_what_is_no_export_is_refused_with_a_line_and_never_opened(settings: Settings) -> None:
    source = settings.raw / "source"
    (source / "inner").mkdir(parents=True)
    (source / "inner" / "deep.csv").write_text("x")
    (settings.raw / "loose.csv").write_text("x")
    (source / "link.csv").symlink_to(settings.raw / "loose.csv")
    (source / "dangling.csv").symlink_to(settings.raw / "nowhere.csv")
    (settings.raw / "linked").symlink_to(source)
    os.mkfifo(source / "pipe.csv")
    os.mkfifo(settings.raw / "pipe.csv")
    (source / "bell\a.csv").write_text("x")
    found = scan(settings.raw)
    assert found.exports == ()
    lines = {line.split(": refused, ")[0]: line.split(": refused, ")[1] for line in found.refused}
    assert "symbolic link" in lines["source/link.csv"] and "put the file itself" in lines["source/link.csv"]
    assert "symbolic link" in lines["source/dangling.csv"]
    assert "not a regular file" in lines["source/pipe.csv"]
    assert "folder inside a source" in lines["source/inner"]
    for name in ("loose.csv", "linked", "pipe.csv"):
        assert "put exports at <source>/<file>" in lines[name], name
    assert any("control characters; rename it" in line for line in found.refused)
    assert len(found.refused) == 8


@pytest.mark.parametrize(
    "make", [os.mkfifo, lambda p: p.symlink_to(p.parent), Path.mkdir], ids=["fifo", "link", "folder"]
)
def test_a_file_that_became_something_else_is_not_read(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    make(tmp_path / "export.csv")
    with pytest.raises(HeldExport) as held:
        open_export(tmp_path / "export.csv")
    assert held.value.reason in ("not_a_file", "unreadable")


def test_a_missing_raw_folder_is_wrong_usage_that_says_where_exports_go(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"does not exist; create it and put exports at .*<source>/<file>"):
        scan(tmp_path / "nowhere")


def test_a_file_is_unsettled_until_it_has_stood_still(settings: Settings) -> None:
    intake(settings, HEADER + LINE.format(1))  # puts it there
    moment = (settings.raw / "source/export.csv").stat().st_mtime
    assert unsettled(settings.raw, 2, moment + 1) == ["source/export.csv"]
    assert unsettled(settings.raw, 2, moment + 3) == []


def test_the_export_date_is_in_the_file_name_else_the_latest_inside(settings: Settings) -> None:
    rows = [native_row(1, submitted_at="2026-03-01"), native_row(2, submitted_at="2026-05-10T23:00:00Z")]
    assert intake(settings, csv_text(rows)).record("accepted_reports")["exported_on"] == "2026-05-10"
    assert date.fromisoformat("2026-05-10")


def test_a_mark_between_files_that_were_joined_is_no_text(settings: Settings) -> None:
    joined = codecs.BOM_UTF8 + (HEADER + LINE.format(2)).encode() + codecs.BOM_UTF8 + LINE.format(3).encode()
    found = intake(settings, joined)
    assert found.rejected == []
    assert found.table("accepted_reports")["submission_id"].tolist() == ["s2", "s3"]


def sheets(*tables: tuple[str, list[list[Any]]]) -> bytes:
    """A workbook of several sheets, each with its state."""
    book, stream = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.active)
    for number, (state, rows) in enumerate(tables):
        sheet = book.create_sheet(f"s{number}")
        sheet.sheet_state = state
        for row in rows:
            sheet.append(row)
    book.save(stream)
    return stream.getvalue()


TABLE = [HEADER.strip().split(","), LINE.format(2).strip().split(",")]
NOTES = [["About this file"], ["Read me first"], ["Thank you"]]


@pytest.mark.parametrize(
    ("tables", "held"),
    [
        ([("hidden", [["code", "label"], ["1", "one"]]), ("visible", TABLE)], None),
        ([("visible", NOTES), ("visible", TABLE)], None),
        ([("visible", TABLE), ("visible", [])], None),
        ([("visible", TABLE), ("visible", TABLE)], "several_sheets"),
        ([("hidden", TABLE), ("visible", NOTES)], "hidden_sheet"),
    ],
)
def test_the_sheet_with_data_is_read_and_two_hold_the_export(
    settings: Settings, tables: list[tuple[str, list[list[Any]]]], held: str | None
) -> None:
    found = intake(settings, sheets(*tables), "source/a.xlsx")
    assert found.held == held
    if held is None:
        assert found.table("accepted_reports")["submission_id"].tolist() == ["s2"]


def test_a_header_that_stands_twice_holds_the_export_if_it_is_read(settings: Settings) -> None:
    twice = HEADER.replace("base", "base,Base") + LINE.format(2).replace("150000", "150000,90000")
    found = intake(settings, twice)
    assert found.held == "repeated_header" and "several columns fit the header of base" in found.line
    other = HEADER.strip() + ",note,note\n" + LINE.format(2).strip() + ",x,y\n"
    assert intake(settings, other).held is None


def test_an_export_without_pay_says_so(settings: Settings) -> None:
    found = intake(settings, HEADER + LINE.format(2).replace("150000", "") * 3)
    assert found.held == "no_pay" and "none of its 3 rows has pay" in found.line


@pytest.mark.parametrize(("name", "ways"), [("export.parquet", 1), ("export.xlsx", 1), ("export.csv", 2)])
def test_a_file_is_opened_once_for_each_way_that_its_container_knows(
    settings: Settings, tmp_path: Path, name: str, ways: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Formats differ in encoding, which is nothing to Parquet and sheets, and in keys of JSON, nothing to CSV."""
    content = containers([{"a": "1", "b": "2"}], tmp_path)[name]
    opened: list[Way] = []

    def open_and_count(stream: BinaryIO, name: str, way: Way, settings: Settings) -> Container:
        opened.append(way)
        return real(stream, name, way, settings)

    real = read._open
    monkeypatch.setattr(read, "_open", open_and_count)
    assert read.recognised_format(io.BytesIO(content), name, settings) == ""
    assert len(opened) == len(set(opened)) == ways


def styled(columns: list[str], *rows: list[Any], formats: dict[str, str]) -> bytes:
    """A workbook whose columns have these number formats."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (columns, *rows):
        sheet.append(row)
    for name, number_format in formats.items():
        for cell in [*sheet.columns][columns.index(name)][1:]:
            cell.number_format = number_format
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


NUMBERS = ["submission_id", "submitted_at", "job_title", "currency", "base", "bonus"]


@pytest.mark.parametrize("number_format", ["0%", "0.00%", '#,##0.0 %;"-"0%'])
def test_a_percent_of_a_sheet_is_what_it_is_as_text(settings: Settings, number_format: str) -> None:
    rows = [["a", "2026-05-10", "ML Engineer", "USD", 150_000, 0.155]] * 2
    found = intake(settings, styled(NUMBERS, *rows, formats={"bonus": number_format}), "source/a.xlsx")
    assert found.table("raw_reports")["bonus"].tolist() == ["15.5%"] * 2
    assert found.record("accepted_reports")["noted"] == {"bonus: not_a_number": 2}


@pytest.mark.parametrize(
    ("number_format", "rejected"),
    [
        ("[$$-409]#,##0", True),
        ('"US$"#,##0', True),
        ('_-* #,##0.00 "kr"_-;-* #,##0.00 "kr"_-', True),
        ("\\£#,##0", True),
        ("#,##0.00 [$€-407]", False),
        ("[$EUR] #,##0;[Red]-[$EUR] #,##0", False),
        ('#,##0 "gross"', False),
        (BUILTIN_FORMATS[44], False),  # shows the currency of whoever opens it
        (BUILTIN_FORMATS[5], False),
    ],
)
def test_a_currency_that_a_sheet_shows_may_contradict_the_row(
    settings: Settings, number_format: str, rejected: bool
) -> None:
    row = ["a", "2026-05-10", "ML Engineer", "EUR", 131_300, 0]
    text = ["b", *row[1:4], "90000", 0]
    content = styled(NUMBERS, row, text, formats={"base": number_format})
    found = intake(settings, content, "source/a.xlsx", max_rejected_share=1)
    assert found.rejected == ([(2, "base", "currency_contradiction")] if rejected else [])
    assert found.table("accepted_reports")["base"].tolist() == ([90_000] if rejected else [131_300, 90_000])


def test_formulas_without_values_hold_an_export_that_needs_them(settings: Settings) -> None:
    plain = ["a", "2026-05-10", "ML Engineer", "EUR", 131_300, 0]
    formula = [*plain[:4], "=100*1000", 0]
    found = intake(settings, workbook([NUMBERS, plain, formula, formula]), "source/a.xlsx")
    assert found.held == "formulas_without_values"
    assert "2 cells of base are formulas whose values are not in the file" in found.line
    other = workbook([[*NUMBERS, "note"], [*plain, "=1+1"]])
    assert intake(settings, other, "source/a.xlsx").held is None
    saved = replaced(workbook([NUMBERS, formula]), r"<v ?/>|<v></v>", "<v>90000</v>")
    assert intake(settings, saved, "source/a.xlsx").table("accepted_reports")["base"].tolist() == [90_000]
    blank = replaced(workbook([NUMBERS, [*plain[:5], '=""']]), '<c r="F2">', '<c r="F2" t="str">')
    assert intake(settings, blank, "source/a.xlsx").held is None  # a text that is blank


def replaced(book: bytes, pattern: str, text: str) -> bytes:
    """The workbook with another text in its sheet."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as archive, zipfile.ZipFile(stream, "w") as changed:
        for name in archive.namelist():
            part = archive.read(name)
            if name == "xl/worksheets/sheet1.xml":
                sheet, count = re.subn(pattern, text, part.decode())
                assert count
                part = sheet.encode()
            changed.writestr(name, part)
    return stream.getvalue()
