"""Find out how an unknown file is opened: encoding, delimiter, row of the header, sheet."""

import csv
import io
import re
from collections import Counter
from itertools import islice
from typing import BinaryIO

from salary_bands.errors import HeldExport
from salary_bands.ingest.containers import Way, open_container
from salary_bands.ingest.containers.common import Container
from salary_bands.ingest.streams import TextBytes
from salary_bands.settings import Settings

_DELIMITERS = (",", ";", "\t", "|")
_ENCODINGS = ("cp1251", "cp1252")
_HEAD = 1 << 18  # bytes that are looked at
_TITLE_ROWS = 20


def sniff(stream: BinaryIO, name: str, settings: Settings) -> Way:
    """Return the way to open a file; raise HeldExport if no way opens it."""
    kind = name.lower().removesuffix(".gz").rpartition(".")[2]
    if kind in ("csv", "tsv"):
        encoding, head = _decoded(stream, name, settings)
        delimiter = _delimiter(head)
        return Way(encoding, delimiter, _header_row([*islice(csv.reader(io.StringIO(head), delimiter=delimiter), 60)]))
    if kind == "xlsx":
        return _of_workbook(stream, name, settings)
    if kind in ("json", "jsonl"):
        return Way(_decoded(stream, name, settings)[0])
    return Way()


def opened(stream: BinaryIO, name: str, way: Way, settings: Settings) -> Container:
    """Open a file in this way."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    return open_container(name, stream, size, way, settings)


def _decoded(stream: BinaryIO, name: str, settings: Settings) -> tuple[str, str]:
    """Return the encoding and the decoded start of a text file."""
    try:
        return "utf-8", _start(stream, name, "utf-8", settings)
    except HeldExport as held:
        if held.reason != "unreadable_encoding":
            raise
    texts = {}
    for encoding in _ENCODINGS:
        try:
            texts[encoding] = _start(stream, name, encoding, settings)
        except HeldExport:
            continue
    if not texts:
        raise HeldExport("unreadable_encoding", "is text in no encoding that is known", "deliver it as UTF-8")
    text = texts.get("cp1251", "")
    foreign = [sign for sign in text if not sign.isascii()]
    beside_latin = len(re.findall(r"[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][A-Za-z]", text))  # größe
    is_cyrillic = sum("а" <= sign.lower() <= "я" or sign in "іїєґІЇЄҐёЁ" for sign in foreign) > 0.7 * len(foreign)
    is_cyrillic = is_cyrillic and beside_latin < 0.3 * len(foreign)
    encoding = "cp1251" if "cp1251" in texts and (is_cyrillic or "cp1252" not in texts) else "cp1252"
    return encoding, texts[encoding]


def _start(stream: BinaryIO, name: str, encoding: str, settings: Settings) -> str:
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    text = io.BufferedReader(TextBytes(stream, size, name.lower().endswith(".gz"), encoding, settings), _HEAD)
    head = text.read(_HEAD).decode("utf-8", "ignore")
    while text.read(_HEAD):  # a fault of the encoding may come later
        pass
    return head


def _delimiter(head: str) -> str:
    """Return the delimiter that gives most records the same number of cells, more than one."""

    def score(delimiter: str) -> tuple[float, int]:
        widths = Counter(len(r) for r in islice(csv.reader(io.StringIO(head), delimiter=delimiter), 200) if r)
        width, times = max(widths.items(), key=lambda item: (item[1], item[0]), default=(1, 0))
        return (times / max(1, sum(widths.values())) if width > 1 else 0.0), width

    return max(_DELIMITERS, key=score)


def _header_row(rows: list[list[str]]) -> int | None:
    """Return the row of the header if title rows are above it: the first as wide as most rows, and of texts."""
    widths = Counter(len([c for c in row if c.strip()]) for row in rows if any(c.strip() for c in row))
    if not widths:
        return None
    usual = max(len(row) for row in rows)
    for number, row in enumerate(rows[:_TITLE_ROWS], start=1):
        filled = [c for c in row if c.strip()]
        if len(filled) >= max(2, 0.6 * usual) and not any(_is_number(c) for c in filled):
            before = [r for r in rows[: number - 1] if any(c.strip() for c in r)]
            return number if before else None
    return None


def _is_number(cell: str) -> bool:
    return cell.replace(".", "").replace(",", "").replace(" ", "").isdigit()


def _of_workbook(stream: BinaryIO, name: str, settings: Settings) -> Way:
    """Return the sheet with most data, named if it is not the only one, and the row of its header."""
    _check_limits(stream, name, settings)
    import openpyxl  # a tenth of a second, which other files need not spend

    stream.seek(0)
    book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
    found: dict[str, list[list[str]]] = {}
    for sheet in book.worksheets:
        sheet.reset_dimensions()
        rows = [["" if v is None else str(v) for v in row] for row in islice(sheet.iter_rows(values_only=True), 200)]
        if sheet.sheet_state == "visible" and sum(sum(bool(c) for c in row) > 1 for row in rows) > 1:
            found[sheet.title] = rows
    if not found:
        return Way()
    best = max(found, key=lambda title: sum(sum(bool(c) for c in row) for row in found[title]))
    return Way(sheet=best if len(found) > 1 else "", header_row=_header_row(found[best]))


def _check_limits(stream: BinaryIO, name: str, settings: Settings) -> None:
    """Raise HeldExport if the workbook cannot be read within limits, whichever sheet is meant."""
    try:
        opened(stream, name, Way(), settings)
    except HeldExport as held:
        if held.reason != "several_sheets":
            raise
