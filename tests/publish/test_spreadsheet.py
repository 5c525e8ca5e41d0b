"""A CSV of a release in LibreOffice: every cell as it was meant, none a formula."""

import subprocess
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow
import pyarrow.parquet as pq
import pytest

from salary_bands.publish.artefacts.tables import write_csv
from salary_bands.schemas import RELEASE_TABLES
from tests.builders.programs import program

# comma, quotes, UTF-8, from row 1, each column by itself, en-US, quoted text not held to be text, numbers detected
FILTER = "CSV:44,34,76,1,,1033,false,true"
LONG = ("bands", "estimates")
TEXTS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("x")', "a\r=1+1", "plain", "a,b", 'say "so"', "Zürich",
    "1e5", "",
]  # fmt: skip


def converted(paths: list[Path], folder: Path) -> None:
    """Let LibreOffice read CSVs and write FOLDER/<stem>.xlsx of each; it takes longer to start than to do so."""
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [
        program("soffice", "libreoffice-calc-nogui"),
        profile,
        "--headless",
        f"--infilter={FILTER}",
        "--convert-to",
        "xlsx",
        "--outdir",
        str(folder),
    ]
    subprocess.run([*command, *map(str, paths)], check=True, capture_output=True, timeout=300)


def opened(path: Path) -> list[list[Any]]:
    """The rows of a workbook, in which no cell is a formula."""
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    assert not [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    return [list(row) for row in sheet.iter_rows(values_only=True)]


@pytest.fixture(scope="module")
def workbooks(sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with each table of the release as LibreOffice reads it.

    Of the long tables the first thousand rows: cells of every kind, in a time that a test may take.
    """
    folder = tmp_path_factory.mktemp("workbooks")
    for table in RELEASE_TABLES:
        with (sample_release / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
            lines = islice(stream, 1001) if table in LONG else stream
            (folder / f"{table}.csv").write_text("".join(lines), encoding="utf-8", newline="")
    converted([folder / f"{table}.csv" for table in RELEASE_TABLES], folder)
    return folder


@pytest.mark.parametrize("table", RELEASE_TABLES)
def test_every_cell_of_a_table_is_what_it_was(sample_release: Path, workbooks: Path, table: str) -> None:
    rows = pq.read_table(sample_release / f"{table}.parquet")
    same(rows.slice(0, 1000) if table in LONG else rows, opened(workbooks / f"{table}.xlsx"))


def test_the_first_bands_are_of_both_kinds(sample_release: Path) -> None:
    rows = pq.read_table(sample_release / "bands.parquet").slice(0, 1000)
    assert set(rows["basis"].to_pylist()) >= {"direct", "pooled"}


def same(expected: pyarrow.Table, found: list[list[Any]]) -> None:
    assert found[0] == expected.column_names
    assert len(found) == expected.num_rows + 1
    for row, cells in zip(expected.to_pylist(), found[1:], strict=True):
        for (name, value), cell in zip(row.items(), cells, strict=True):
            assert read_as(cell) == meant(value), (name, value, cell)


def meant(value: Any) -> Any:
    """A value of a table as a cell of a spreadsheet has it: an empty text is an empty cell."""
    return None if value == "" else round(value, 9) if isinstance(value, float) else value


def read_as(cell: Any) -> Any:
    if hasattr(cell, "date"):
        return cell.date()
    return round(cell, 9) if isinstance(cell, float) else cell


def test_no_text_becomes_a_formula_or_another_text_and_numbers_below_zero_are_numbers(tmp_path: Path) -> None:
    count = len(TEXTS)
    content = pyarrow.table(
        {
            "text": TEXTS,
            "share": [-0.5 + n / 8 for n in range(count)],
            "usd": [-1_000, None, *range(count - 2)],
            "day": [date(2026, 6, 30)] * count,
            "flag": [True, False, None, *[True] * (count - 3)],
        }
    )
    write_csv(content, tmp_path / "any.csv")
    assert ",-0.5,-1000,2026-06-30,true\n" in (tmp_path / "any.csv").read_text(encoding="utf-8")
    converted([tmp_path / "any.csv"], tmp_path)
    for row, cells in zip(content.to_pylist(), opened(tmp_path / "any.xlsx")[1:], strict=True):
        text, *rest = cells
        assert [read_as(cell) for cell in rest] == [meant(row[name]) for name in ("share", "usd", "day", "flag")]
        if row["text"].startswith(("=", "+", "-", "@", "\t", "\r")):
            assert text.replace("\n", "\r") == f"'{row['text']}"  # XLSX knows no CR
        elif row["text"] == "1e5":
            assert text in ("1e5", 100_000)  # a text that reads as a number is one to a spreadsheet
        else:
            assert text == (row["text"].replace("\r", "\n") or None)
