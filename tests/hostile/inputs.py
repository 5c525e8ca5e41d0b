"""Files that somebody may deliver, by name: what the stages make of each is in tests/golden/hostile_inputs.txt."""

import gzip
import io
import json
import zipfile
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from tests.builders.exports import native_row
from tests.builders.intake import csv_text, workbook

Row = dict[str, Any]
GOOD = [native_row(n) for n in range(9)]  # so that one bad row is below the limit
TEXT = csv_text(GOOD)
BYTES = TEXT.encode()
HEADER, FIRST, *REST = TEXT.splitlines(True)
NEEDED = ["submission_id", "submitted_at", "job_title", "currency", "base"]


def inputs() -> dict[str, tuple[str, bytes]]:
    """(suffix of the file's name, content) by what is wrong."""
    found: dict[str, tuple[str, bytes]] = {}
    for make in (_files, _lines, _headers, _json, _parquet, _xlsx):
        for name, (suffix, content) in make().items():
            assert name not in found, name
            found[name] = (suffix, content)
    return found


def _files() -> dict[str, tuple[str, bytes]]:
    packed = gzip.compress(BYTES, mtime=0)
    wrong = bytearray(packed)
    wrong[-6] ^= 1
    csv, gz = ".csv", ".csv.gz"
    return {
        "empty": (csv, b""),
        "one byte": (csv, b"x"),
        "white space only": (csv, b" \n\t\r\n   \n"),
        "commas only": (csv, b",,,,\n,,,,\n"),
        "byte order mark only": (csv, b"\xef\xbb\xbf"),
        "header only": (csv, HEADER.encode()),
        "header and blank rows": (csv, HEADER.encode() + b"\n\n , ,\n"),
        "UTF-8 with a byte order mark": (csv, b"\xef\xbb\xbf" + BYTES),
        "two byte order marks": (csv, b"\xef\xbb\xbf\xef\xbb\xbf" + BYTES),
        "UTF-16 LE with a mark": (csv, b"\xff\xfe" + TEXT.encode("utf-16-le")),
        "UTF-16 BE with a mark": (csv, b"\xfe\xff" + TEXT.encode("utf-16-be")),
        "UTF-16 without a mark": (csv, TEXT.encode("utf-16-le")),
        "UTF-16 with an odd byte": (csv, b"\xff\xfe" + TEXT.encode("utf-16-le") + b"x"),
        "UTF-32": (csv, TEXT.encode("utf-32")),
        "Latin-1": (csv, BYTES.replace(b"Seattle", "Zürich".encode("latin-1"))),
        "one byte that is no UTF-8": (csv, BYTES.replace(b"Seattle", b"Sea\x80ttle", 1)),
        "overlong UTF-8": (csv, BYTES.replace(b"Seattle", b"\xc0\xaf", 1)),
        "surrogates in UTF-8": (csv, BYTES.replace(b"Seattle", b"\xed\xa0\x80", 1)),
        "NUL in a cell": (csv, BYTES.replace(b"Seattle", b"Sea\0ttle", 1)),
        "NUL at the end": (csv, BYTES + bytes(512)),
        "NULs only": (csv, bytes(4_096)),
        "gzip": (gz, packed),
        "gzip cut in its header": (gz, packed[:5]),
        "gzip cut in the middle": (gz, packed[: len(packed) // 2]),
        "gzip cut at its end": (gz, packed[:-3]),
        "gzip with a wrong checksum": (gz, bytes(wrong)),
        "gzip with rubbish behind": (gz, packed + b"rubbish"),
        "gzip with zeros behind": (gz, packed + bytes(64)),
        "two gzips in one file": (gz, packed + gzip.compress("".join(REST[:2]).encode(), mtime=0)),
        "gzip of gzip": (gz, gzip.compress(packed, mtime=0)),
        "gzip of nothing": (gz, gzip.compress(b"", mtime=0)),
        "text named gzip": (gz, BYTES),
        "gzip named text": (csv, packed),
        "zip named text": (csv, _zip({"a.csv": BYTES})),
        "a tarball": (".tar.gz", packed),
        "no suffix": ("", BYTES),
        "another suffix": (".txt", BYTES),
        "an old Excel file": (".xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
        "suffix in capitals": (".CSV", BYTES),
        "a page of a login": (csv, b"<!DOCTYPE html><html><body>Please sign in</body></html>\n"),
        "an error of a server": (csv, b'{"error": "rate limited", "retry_after": 30}\n'),
        "a picture": (csv, b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8),
        "a PDF": (csv, b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n"),
        "a pointer of Git LFS": (csv, b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"),
        "a conflict of a merge": (csv, (HEADER + "<<<<<<< HEAD\n" + FIRST + "=======\n" + "".join(REST)).encode()),
    }


def _lines() -> dict[str, tuple[str, bytes]]:
    texts = {
        "carriage returns only": TEXT.replace("\n", "\r"),
        "line ends of Windows": TEXT.replace("\n", "\r\n"),
        "mixed line ends": HEADER + FIRST.replace("\n", "\r\n") + "".join(REST),
        "no line end at the end": TEXT.rstrip("\n"),
        "blank rows between": HEADER + "\n\n".join([FIRST, *REST]),
        "a row of white space": TEXT + "  \t \n",
        "a row with a cell too many": TEXT + FIRST.rstrip("\n") + ",more\n",
        "a row with one cell": TEXT + "alone\n",
        "every row with a cell too many": HEADER + "".join(r.rstrip("\n") + ",x\n" for r in (FIRST, *REST)),
        "the header again in the middle": HEADER + FIRST + HEADER + "".join(REST),
        "a total below": TEXT + "Total,,,,1500000" + "," * 19 + "\n",
        "a quote that never closes": TEXT + '"s99,2026-05-10,' + FIRST,
        "a quote inside a cell": TEXT.replace("Machine Learning", 'Machine "Learning"', 1),
        "quotes doubled": TEXT.replace("Machine Learning Engineer", '"Machine ""Learning"" Engineer"', 1),
        "a line end in quotes": TEXT.replace("Machine Learning Engineer", '"Machine\nLearning Engineer"', 1),
        "semicolons": TEXT.replace(",", ";"),
        "tabs": TEXT.replace(",", "\t"),
        "bars": TEXT.replace(",", "|"),
        "a comment above the header": "# exported by HR\n" + TEXT,
        "a title above the header": "Salaries 2026\n\n" + TEXT,
        "Excel's sep": "sep=,\n" + TEXT,
        "a NEL and a line separator in a cell": TEXT.replace("Seattle", "Sea\x85tt\u2028le", 1),
    }
    return {name: (".csv", text.encode()) for name, text in texts.items()}


def _headers() -> dict[str, tuple[str, bytes]]:
    body = FIRST + "".join(REST)
    texts = {
        "a header in capitals": HEADER.upper() + body,
        "white space around headers": ", ".join(HEADER.split(",")) + body,
        "a needed header is missing": HEADER.replace("currency", "money") + body,
        "two needed headers are missing": HEADER.replace("currency", "a").replace("base", "b") + body,
        "a mapped header twice": HEADER.replace("employer", "base") + body,
        "an unmapped header twice": csv_text([{**r, "x": "1", "y": "2"} for r in GOOD]).replace(",x,y\n", ",x,x\n"),
        "blank headers": HEADER.rstrip("\n") + ",,\n" + "".join(r.rstrip("\n") + ",,\n" for r in (FIRST, *REST)),
        "a column that nobody knows": csv_text([{**r, "ssn": "123-45-6789"} for r in GOOD]),
        "a header that is a formula": csv_text([{**r, "=cmd|' /C calc'!A0": "x"} for r in GOOD]),
        "2,000 columns": csv_text([{**r, **{f"c{n}": "x" for n in range(2_000)}} for r in GOOD[:2]]),
        "a header of 100,000 characters": csv_text([{**r, "x" * 100_000: "1"} for r in GOOD]),
        "numbers for headers": "1,2,3,4,5\n" + "1,2,3,4,5\n" * 9,
        "headers with look-alikes": HEADER.replace("base", "bаse") + body,  # a Cyrillic a
        "headers with a zero-width space": HEADER.replace("base", "base\u200b") + body,
        "headers in full width": HEADER.replace("base", "ｂａｓｅ") + body,
    }
    return {name: (".csv", text.encode()) for name, text in texts.items()}


CELLS: dict[str, Row] = {
    "date of zeros": {"submitted_at": "0000-00-00"},
    "date of 9999": {"submitted_at": "9999-12-31"},
    "date of 1800": {"submitted_at": "1800-01-01"},
    "30 February": {"submitted_at": "2026-02-30"},
    "seconds since 1970": {"submitted_at": "1780000000"},
    "Excel's number of a day": {"submitted_at": "46150"},
    "date with time and zone": {"submitted_at": "2026-05-10T23:59:60+14:00"},
    "date in words": {"submitted_at": "yesterday"},
    "date of two figures": {"submitted_at": "10/05/26"},
    "date in Arabic figures": {"submitted_at": "٢٠٢٦-٠٥-١٠"},
    "no date": {"submitted_at": ""},
    "a currency in small letters": {"currency": "usd"},
    "a currency that is none": {"currency": "XXX"},
    "a coin": {"currency": "BTC"},
    "a sign for a currency": {"currency": "$"},
    "no currency": {"currency": ""},
    "another currency's sign": {"base": "€90,000"},
    "not a number": {"base": "nan"},
    "infinity": {"base": "inf"},
    "minus infinity": {"base": "-Infinity"},
    "a negative base": {"base": "-150000"},
    "a base of zero": {"base": "0"},
    "minus zero": {"base": "-0"},
    "a base beyond floats": {"base": "1e999"},
    "a base of 10^308": {"base": "1e308"},
    "a base of 10,000 figures": {"base": "9" * 10_000},
    "10,000 figures after the point": {"base": "150000." + "0" * 10_000},
    "an exponent of 10,000 figures": {"base": "1e" + "9" * 10_000},
    "hexadecimal": {"base": "0x24A00"},
    "underscores": {"base": "150_000"},
    "figures of other scripts": {"base": "１５００００"},
    "thousands in words": {"base": "150k"},
    "two points": {"base": "1.5.0"},
    "a formula": {"base": "=1+1"},
    "a division": {"base": "300000/2"},
    "a fraction": {"base": "½"},
    "a range": {"base": "100000-150000"},
    "a base with its currency": {"base": "150000 USD"},
    "no base": {"base": ""},
    "a base of one": {"base": "1"},
    "a base of a billion": {"base": "1000000000"},
    "brackets for a loss": {"base": "(150000)"},
    "no title": {"job_title": ""},
    "a title of 1,000,000 characters": {"job_title": "ML Engineer " * 83_000},
    "a title of one word a thousand times": {"job_title": "senior " * 1_000 + "ML Engineer"},
    "a title without spaces of 100,000 characters": {"job_title": "a" * 100_000},
    "a title of brackets": {"job_title": "(" * 5_000},
    "a title of combining marks": {"job_title": "M" + "\u0301" * 5_000 + "L Engineer"},
    "a title that turns the line around": {"job_title": "ML \u202eEngineer"},
    "a title with escapes of a terminal": {"job_title": "ML \x1b[2J\x07 Engineer"},
    "a title of SQL": {"job_title": "ML'; DROP TABLE bands; -- Engineer"},
    "a title of HTML": {"job_title": "<script>alert(1)</script> ML Engineer"},
    "a title of a template": {"job_title": "{{7*7}} ${7*7} %s %n {0} ML Engineer"},
    "a title that is a formula": {"job_title": '=HYPERLINK("http://x","ML Engineer")'},
    "a title of emoji": {"job_title": "🧠 ML Engineer 👩‍💻"},
    "a title of no-break spaces": {"job_title": "ML\u00a0\u2009Engineer"},
    "an employer that is a path": {"employer": "../../../../etc/passwd"},
    "an employer of 100,000 characters": {"employer": "x" * 100_000},
    "an employer of a surrogate's escape": {"employer": "\\ud800"},
    "100,000 skills": {"skills": ";".join(["x"] * 100_000)},
    "a level that is none": {"level": "L99"},
    "a place that is none": {"location": "Atlantis, Mars"},
    "a place of 10,000 commas": {"location": "," * 10_000},
    "years below zero": {"years_experience": "-5"},
    "400 years": {"years_experience": "400"},
    "hours that no week has": {"hours_per_week": "900"},
    "a pay period that is none": {"pay_period": "fortnightly-ish"},
    "an hourly base of a year": {"pay_period": "hour"},
    "a bonus that is none": {"bonus": "a lot"},
    "an equity of 10^30": {"equity_annual": "1e30"},
    "vesting over no year": {"equity_grant": "100000", "vesting_years": "0"},
    "an employment that is none": {"employment": "somehow"},
    "an id of 100,000 characters": {"submission_id": "i" * 100_000},
    "no id": {"submission_id": ""},
}


def cells() -> bytes:
    """An export of a row for each of CELLS, in their order."""
    return csv_text([native_row(n, **cells) for n, cells in enumerate(CELLS.values())]).encode()


def _json() -> dict[str, tuple[str, bytes]]:
    lines = [json.dumps(row) for row in GOOD]

    def beside(line: str | bytes) -> bytes:
        return "\n".join(lines).encode() + b"\n" + (line if isinstance(line, bytes) else line.encode()) + b"\n"

    row = json.dumps(native_row(99))
    contents = {
        "JSON: sound": "\n".join(lines).encode(),
        "JSON: one array": ("[" + ",".join(lines) + "]").encode(),
        "JSON: pretty-printed": json.dumps(GOOD[0], indent=2).encode(),
        "JSON: a number": beside("42"),
        "JSON: null": beside("null"),
        "JSON: a string": beside('"x"'),
        "JSON: an empty object": beside("{}"),
        "JSON: cut in a line": beside(row[: len(row) // 2]),
        "JSON: a key twice": beside(row[:-1] + ', "base": 1}'),
        "JSON: NaN": beside(row.replace(str(native_row(99)["base"]), "NaN")),
        "JSON: 1e999": beside(row.replace(str(native_row(99)["base"]), "1e999")),
        "JSON: 10,000 figures": beside(row.replace(str(native_row(99)["base"]), "9" * 10_000)),
        "JSON: an object for a cell": beside(row.replace(str(native_row(99)["base"]), '{"a": {"b": 1}}')),
        "JSON: a list for a cell": beside(row.replace(str(native_row(99)["base"]), "[[[1]]]")),
        "JSON: true for a cell": beside(row.replace(str(native_row(99)["base"]), "true")),
        "JSON: 100,000 brackets": beside("[" * 100_000),
        "JSON: half a surrogate": beside(row.replace("Machine", "\\ud800")),
        "JSON: an escaped NUL": beside(row.replace("Machine", "\\u0000")),
        "JSON: blank lines": "\n\n\n".join(lines).encode(),
        "JSON: a mark in the middle": beside("\ufeff" + row),
        "JSON: 2,000 keys": beside(json.dumps({f"k{n}": 1 for n in range(2_000)})),
        "JSON: a key that is ours to derive": beside(row[:-1] + ', "row_hash": 1, "row": 2, "leaf": "x"}'),
    }
    return {name: (".jsonl", content) for name, content in contents.items()}


def _parquet() -> dict[str, tuple[str, bytes]]:
    columns: dict[str, Any] = {
        "submission_id": [f"s{n}" for n in range(9)],
        "submitted_at": ["2026-05-10"] * 9,
        "job_title": ["ML Engineer"] * 9,
        "currency": ["USD"] * 9,
        "base": [150_000.0 + n for n in range(9)],
    }

    def table(**changed: Any) -> bytes:
        return _table(pa.table({**columns, **changed}))

    moments = [1_778_400_000_000_000 + n for n in range(9)]
    sound = table()
    return {
        name: (".parquet", content)
        for name, content in {
            "Parquet: sound": sound,
            "Parquet: no rows": _table(pa.table(columns).slice(0, 0)),
            "Parquet: no columns": _table(pa.table({})),
            "Parquet: an unknown time zone": table(
                submitted_at=pa.array(moments, pa.timestamp("us", tz="Mars/Olympus_Mons"))
            ),
            "Parquet: a time zone": table(submitted_at=pa.array(moments, pa.timestamp("us", tz="Asia/Kolkata"))),
            "Parquet: dates beyond the calendar": table(submitted_at=pa.array([2**40] * 9, pa.timestamp("s"))),
            "Parquet: days": table(submitted_at=pa.array([20_583] * 9, pa.date32())),
            "Parquet: nanoseconds": table(submitted_at=pa.array([m * 1_000 for m in moments], pa.timestamp("ns"))),
            "Parquet: durations for dates": table(submitted_at=pa.array(moments, pa.duration("us"))),
            "Parquet: structs for pay": table(base=[{"amount": 1}] * 9),
            "Parquet: lists for pay": table(base=[[1, 2]] * 9),
            "Parquet: maps for pay": table(base=pa.array([[("a", 1)]] * 9, pa.map_(pa.string(), pa.int32()))),
            "Parquet: decimals": table(base=pa.array([150_000] * 9, pa.decimal128(20, 2))),
            "Parquet: floats that are none": table(base=[float("nan"), float("inf"), -0.0] * 3),
            "Parquet: whole numbers of 64 bits": table(base=pa.array([2**63 - 1] * 9, pa.int64())),
            "Parquet: nothing but null": table(base=pa.nulls(9)),
            "Parquet: booleans": table(base=[True] * 9),
            "Parquet: bytes that are no text": table(job_title=pa.array([b"\xff\xfe"] * 9, pa.binary())),
            "Parquet: a dictionary": table(job_title=pa.array(["ML Engineer"] * 9).dictionary_encode()),
            "Parquet: a column twice": _table(
                pa.Table.from_arrays([pa.array(v) for v in [*columns.values(), columns["base"]]], [*NEEDED, "base"])
            ),
            "Parquet: cut": sound[:-20],
            "Parquet: cut in its footer": sound[:-6] + b"PAR1",
            "Parquet: only its marks": b"PAR1PAR1",
            "Parquet: text": BYTES,
        }.items()
    }


def _xlsx() -> dict[str, tuple[str, bytes]]:
    rows = [list(GOOD[0]), *(list(row.values()) for row in GOOD)]
    sound = workbook(rows)
    contents = {
        "XLSX: sound": sound,
        "XLSX: no rows": workbook(rows[:1]),
        "XLSX: nothing": workbook([]),
        "XLSX: blank rows above": workbook([[], [], *rows]),
        "XLSX: a title above": workbook([["Salaries"], [], *rows]),
        "XLSX: formulas": workbook([*rows[:5], *([*r[:4], "=1+1", *r[5:]] for r in rows[5:])]),
        "XLSX: errors": workbook([*rows, [*rows[1][:4], "#DIV/0!", *rows[1][5:]]]),
        "XLSX: cells beyond the header": workbook([*rows, [*rows[1], "more", "and more"]]),
        "XLSX: two sheets": _sheets(rows, rows),
        "XLSX: a hidden sheet of data": _sheets(rows, rows, hidden=1),
        "XLSX: only hidden": _sheets([["note"]], rows, hidden=1),
        "XLSX: cut": sound[: len(sound) // 2],
        "XLSX: a zip of something": _zip({"a.txt": b"x"}),
        "XLSX: an empty zip": _zip({}),
        "XLSX: text": BYTES,
        "XLSX: encrypted": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000),
        "XLSX: a path that leaves": _zip({"../../evil.xml": b"x", "[Content_Types].xml": b"<Types/>"}),
        "XLSX: an entity": _replaced(
            sound, "xl/worksheets/sheet1.xml", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
        ),
    }
    return {name: (".xlsx", content) for name, content in contents.items()}


def _table(table: pa.Table) -> bytes:
    stream = io.BytesIO()
    pq.write_table(table, stream)
    return stream.getvalue()


def _zip(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _replaced(book: bytes, part: str, content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        return _zip({n: content if n == part else archive.read(n) for n in archive.namelist()})


def _sheets(first: list[list[Any]], second: list[list[Any]], hidden: int | None = None) -> bytes:
    book = openpyxl.Workbook()
    other = book.create_sheet("second")
    for sheet, rows in ((book.worksheets[0], first), (other, second)):
        for row in rows:
            sheet.append(row)
    if hidden is not None:
        book.worksheets[hidden].sheet_state = "hidden"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
