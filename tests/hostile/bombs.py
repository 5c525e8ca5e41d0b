"""Small files that would be large: what must be refused before memory is spent, by name, with the reason."""

import gzip
import io
import zipfile
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.builders.intake import workbook

HEADER = b"submission_id,submitted_at,job_title,currency,base,note\n"
GOOD = b"s1,2026-05-10,ML Engineer,USD,150000,x\n"
_COLUMNS = HEADER.decode().strip().split(",")
_SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
_MB = 1 << 20


def bombs() -> dict[str, tuple[bytes, str]]:
    """(content, reason) by file name."""
    wide_row = b"s1,2026-05-10,ML Engineer,USD,150000," + b"x" * 60_000 + b"\n"
    entities = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 12))
    return {
        "zeros.csv.gz": (gzip.compress(HEADER + bytes(48) * _MB, 1), "nul_bytes"),
        "spaces.csv.gz": (gzip.compress(HEADER + b" " * (100 * _MB), 1), "line_too_long"),
        "inflates.csv.gz": (gzip.compress(HEADER + wide_row * 1_500), "inflates_too_much"),
        "torn.csv.gz": (gzip.compress(HEADER + b"ab\n" * (3 * _MB), 1), "too_many_rejected"),
        "torn.jsonl.gz": (gzip.compress(GOOD * 150_000, 1), "too_many_rejected"),
        "line.csv": (HEADER + GOOD + b"x" * (100 * _MB) + b"\n", "line_too_long"),
        "header.csv": (b"x" * (100 * _MB), "line_too_long"),
        "columns.csv": (b",".join(b"c%d" % n for n in range(300_000)) + b"\n1\n", "too_many_columns"),
        "commas.csv": (HEADER + b"," * (100 * _MB), "line_too_long"),
        "keys.jsonl": (b"".join(b'{"k%d": 1}\n' % n for n in range(300_000)), "too_many_columns"),
        "line.jsonl": (b'{"base": "' + b"x" * (100 * _MB) + b'"}', "line_too_long"),
        "lines.jsonl.gz": (gzip.compress(b'{"base": [' + b"[]," * (_MB // 8) + b"0]}\n", 1), "unknown_header"),
        "sheet.xlsx": (_book({"xl/worksheets/sheet1.xml": b" " * (200 * _MB)}), "inflates_too_much"),
        "wide.xlsx": (_book({"xl/worksheets/sheet1.xml": _SHEET + b"<row>" + b"<c/>" * (12 * _MB)}), "line_too_long"),
        "far.xlsx": (_book({"xl/worksheets/sheet1.xml": _SHEET + b'<row r="999999999999"/>'}), "too_many_rows"),
        "cells.xlsx": (far_cells_book(), "too_many_columns"),
        "rows.xlsx": (_book({"xl/worksheets/sheet1.xml": _SHEET + b"<row/>" * (10 * _MB)}), "too_many_rows"),
        "styles.xlsx": (_book({"xl/styles.xml": b"<styleSheet>" + b"<a/>" * (12 * _MB)}), "inflates_too_much"),
        "laugh.xlsx": (
            _book({"xl/worksheets/sheet1.xml": b'<!DOCTYPE x [<!ENTITY l0 "lol">' + entities + b"]><x>&l11;</x>"}),
            "damaged_xlsx",
        ),
        "rows.parquet": (_parquet("x", 12_000_000), "inflates_too_much"),
        "text.parquet": (_parquet("x" * 9_000_000, 5_000), "line_too_long"),
    }


def far_cells_book() -> bytes:
    """A workbook of 20,000 rows, each with one cell in the last column that there can be."""
    rows = b'<row><c r="XFD1"><v>1</v></c></row>' * 20_000
    return _book({"xl/worksheets/sheet1.xml": _SHEET + rows + b"</sheetData></worksheet>"})


def _book(parts: dict[str, bytes]) -> bytes:
    """A sound workbook with some of its parts replaced."""
    bomb = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook([_COLUMNS, GOOD.decode().strip().split(",")]))) as good,
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        for name in good.namelist():
            out.writestr(name, parts.get(name) or good.read(name))
    return bomb.getvalue()


def _parquet(text: str, rows: int) -> bytes:
    column = pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), rows), pa.array([text]))
    return parquet(pa.table(dict.fromkeys(_COLUMNS, column)))


def parquet(table: Any) -> bytes:
    stream = io.BytesIO()
    pq.write_table(table, stream, compression="zstd")
    return stream.getvalue()
