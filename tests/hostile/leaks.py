"""Exports with a marker in every place that text can be, and the search for markers in what is written and printed.

A marker says what it marks: `zqmappedq...` is a cell of a column that is read, `zqunmappedq...` any other cell, and so
on for headers, sheets and file names.
"""

import csv
import fnmatch
import gzip
import io
import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from tests.builders.exports import native_row

KINDS = ("mapped", "unmapped", "header", "sheet", "file")
CONTAINERS = ("csv", "csv.gz", "jsonl", "jsonl.gz", "parquet", "xlsx")
FAR_DATE = 998877665544  # a serial number beyond every date: openpyxl warns of it and quotes it
_MARKERS = re.compile(rb"zq(" + "|".join(KINDS).encode() + rb")q\w*|" + str(FAR_DATE).encode(), re.IGNORECASE)

_ONCE = ("torn", "missing", "empty")

Header = list[str]
Rows = list[list[Any]]


def exports() -> dict[str, bytes]:
    """Content by file name: every case in every container, but for those that a container makes no difference to."""
    found = {}
    for number, container in enumerate(CONTAINERS):
        cases = _cases(f"c{number}")
        for case, (header, rows) in cases.items():
            if number == 0 or case == "bad" or (case not in _ONCE and not container.endswith(".gz")):
                found[f"zqfileq{number}{case}.{container}"] = _content(container, header, rows)
        for case, content in _damaged(container, *cases["bad"]).items():
            found[f"zqfileq{number}{case}.{container}"] = content
    return found


def leaks(root: Path, allowed: Mapping[str, Collection[str]]) -> list[tuple[str, str]]:
    """(path, marker) of every marker below the root that may not be there.

    allowed: kinds of markers by pattern of the path below the root; the first pattern that matches counts.
    """
    found = []
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        name = path.relative_to(root).as_posix()
        kinds = next((kinds for pattern, kinds in allowed.items() if fnmatch.fnmatch(name, pattern)), ())
        found += [(name, marker) for text in _texts(path) for marker in leaks_in(text, kinds)]
    return sorted(set(found))


def leaks_in(text: bytes | str, allowed: Collection[str] = ()) -> list[str]:
    """Every marker in the text whose kind may not be there."""
    data = text.encode("utf-8") if isinstance(text, str) else text
    found = {m[0].decode("utf-8", "replace"): m[1] for m in _MARKERS.finditer(data)}
    return sorted(marker for marker, kind in found.items() if not kind or kind.decode().lower() not in allowed)


def _texts(path: Path) -> Iterator[bytes]:
    """The bytes of a file and of its name, and what is compressed in it."""
    data = path.read_bytes()
    yield path.name.encode()
    yield data
    if path.suffix == ".gz":
        yield gzip.decompress(data)
    if path.suffix == ".parquet":
        schema = pq.read_schema(path)
        texts = [f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)]
        table = pq.read_table(path, read_dictionary=texts)  # dictionaries whole, with values that no row has
        yield str(schema.metadata).encode()
        for column in table.columns:
            for chunk in column.chunks:
                values = chunk.dictionary if pa.types.is_dictionary(chunk.type) else chunk
                yield "\n".join(map(str, values.to_pylist())).encode()


def _cases(tag: str) -> dict[str, tuple[Header, Rows]]:
    """(header, rows) by what the export is."""
    names = [*native_row(0)]
    header = [*names, f"zqheaderq{tag}", "email"]

    def row(number: int, **cells: Any) -> list[Any]:
        texts = ("submission_id", "job_title", "specialisation", "skills", "employer", "level", "location")
        marked = {name: f"{native_row(number)[name]} zqmappedq{tag}{name}{number}" for name in texts}
        return [*native_row(number, **{**marked, **cells}).values(), f"zqunmappedq{tag}", f"zqunmappedq{tag}@x.org"]

    good = [row(n) for n in range(160)]
    bad = [row(200 + n, **{name: f"zqmappedq{tag}bad{name}"}) for n, name in enumerate(names)]
    torn = [good[0][:3], [*good[0], f"zqunmappedq{tag}more"], [f"zqmappedq{tag}torn"]]
    text = f"zqheaderq{tag}"
    return {
        "bad": (header, [*good, *bad, *torn]),
        "toobad": (header, [*bad, *torn]),
        "torn": (header, torn * 9),
        "unknown": ([text, f"{text}b", f"{text}c"], [[f"zqunmappedq{tag}", "", 1]] * 3),
        "missing": (["pay" if name == "base" else name for name in header], good[:3]),
        "headerless": ([str(c).replace("mapped", "header") for c in good[0]], good[1:4]),
        "shifted": (header, [[f"zqmappedq{tag}shifted", *r[:-3], "", ""] for r in good]),
        "empty": (header, []),
    }


def _content(container: str, header: Header, rows: Rows) -> bytes:
    match container.removesuffix(".gz"):
        case "csv":
            stream = io.StringIO()
            csv.writer(stream, lineterminator="\n").writerows([header, *rows])
            data = stream.getvalue().encode("utf-8")
        case "jsonl":
            whole = [dict(zip(header, r, strict=True)) if len(r) == len(header) else r for r in rows]
            data = "".join(json.dumps(r) + "\n" for r in whole).encode("utf-8")
        case "parquet":
            columns = list(zip(*[(r + [""] * len(header))[: len(header)] for r in rows], strict=True))
            texts = {h: pa.array(map(str, c), pa.string()) for h, c in zip(header, columns, strict=False)}
            return _parquet(pa.table(texts or {h: pa.array([], pa.string()) for h in header}))
        case _:
            return _workbook(header, rows)
    return gzip.compress(data) if container.endswith(".gz") else data


def _parquet(table: pa.Table) -> bytes:
    stream = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({"author": "zqunmappedqmetadata"}), stream)
    return stream.getvalue()


def _workbook(header: Header, rows: Rows) -> bytes:
    book = openpyxl.Workbook()
    book.properties.creator = "zqunmappedqcreator"
    sheet = book.worksheets[0]
    sheet.title = "zqsheetqfirst"
    for row in [header, *rows]:
        sheet.append(row)
    if rows:
        far = sheet.cell(2, len(header), FAR_DATE)
        far.number_format = "yyyy-mm-dd"
    book.create_sheet("zqsheetqsecond").append(["zqunmappedqsecond"])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _damaged(container: str, header: Header, rows: Rows) -> dict[str, bytes]:
    """Files that their readers fail at, some with words of the file."""
    data = _content(container, header, rows)
    if container.endswith(".gz"):
        return {"cut": data[:-20], "notgz": b"zqunmappedqgz" + data, "tail": data[:-8] + b"zqunmapp"}
    if container == "parquet":
        head = len(data) // 2
        return {"cut": data[:-20], "middle": data[:head] + b"zqunmappedqmiddle" * 20 + data[head + 340 :]}
    if container == "xlsx":
        return {"cut": data[:-20]}
    if container == "jsonl":
        return {"lists": b'["zqunmappedqlist"]\n' * 5, "latin": data + b"\xe9zqunmappedqlatin\n"}
    return {
        "quote": data + b'"zqunmappedqquote,\n' + data,
        "latin": data + b"\xe9zqunmappedqlatin\n",
        "header": b'"zqheaderqa\n"b"c"d,' + b"zqheaderqlong" * 20_000 + data,
        "nul": data + b"zqunmappedq\0\n",
    }
