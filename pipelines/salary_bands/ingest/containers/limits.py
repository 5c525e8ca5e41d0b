"""What a compressed container may hold, checked before its rows are in memory."""

import re
import xml.parsers.expat
import zipfile
from collections import Counter
from collections.abc import Iterator
from typing import IO

import pyarrow
import pyarrow.compute as pc
import pyarrow.parquet

from salary_bands.errors import HeldExport
from salary_bands.ingest.containers.common import line_too_long
from salary_bands.ingest.streams import FREE_INFLATION
from salary_bands.settings import Settings

_BLOCK = 1 << 20
_SHEET_ROWS = 1 << 20  # Excel's own limit
_SHEETS = "xl/worksheets/"
_CELL = re.compile(r"([A-Z]{1,3})[0-9]+")
_STRINGS = "xl/sharedStrings.xml"


def check_xlsx(archive: zipfile.ZipFile, size: int, settings: Settings) -> dict[str, Counter[int]]:
    """Hold a workbook whose parts openpyxl could not read in bounded memory.

    openpyxl reads sheets row by row, the shared strings into one list, and every other part as a whole.

    Returns:
        By the part of each sheet, how many cells of a column, 0 for the first, are formulas without a value.
    """
    formulas = {}
    inflated = sum(part.file_size for part in archive.infolist())
    if inflated > min(1 << 30, max(FREE_INFLATION, size * settings.max_inflation_ratio)):
        raise _too_inflated(inflated)
    for part in archive.infolist():
        if part.filename.startswith(_SHEETS) and part.filename.endswith(".xml"):
            with archive.open(part) as stream:
                formulas[part.filename] = _check_sheet(stream, settings)
        elif part.filename.endswith((".xml", ".rels")):
            most = FREE_INFLATION if part.filename == _STRINGS else settings.max_line_bytes
            if part.file_size > most:
                raise _too_inflated(inflated)
    return formulas


def _check_sheet(stream: IO[bytes], settings: Settings) -> Counter[int]:
    """Hold a sheet with a row that is too long, row numbers that no sheet has, or cells far to the right.

    openpyxl fills the row up to a far cell, whatever is in it. Returns what `check_xlsx` does of a sheet.
    """
    formulas: Counter[int] = Counter()
    most = settings.max_line_bytes
    parser = xml.parsers.expat.ParserCreate()
    last_row_at = rows = column = 0
    is_formula = is_text = False

    def value(_: str) -> None:
        formulas[column - 1] -= 1
        parser.CharacterDataHandler = None

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal rows, column, is_formula, is_text
        if parser.CurrentByteIndex - last_row_at > most:
            raise line_too_long("a row", settings)
        tag = name.rpartition(":")[2]
        if tag == "c":
            place = _CELL.fullmatch(attributes.get("r", ""))
            column = _column(place[1]) if place else column + 1
            is_formula, is_text = False, attributes.get("t") == "str"
            if place and column > settings.max_columns:
                raise HeldExport(
                    "too_many_columns",
                    f"has a cell in column {place[1]}",
                    "delete the columns beyond the data, formatted ones too, or raise max_columns",
                )
        elif tag == "f" and not is_text:  # the value of a text may be empty
            is_formula = True
            formulas[column - 1] += 1
        elif tag == "v" and is_formula:
            parser.CharacterDataHandler = value
        elif tag == "row":
            column, number = 0, attributes.get("r", "")
            rows = max(rows + 1, int(number) if number.isdecimal() and len(number) < 10 else rows + 1)
            if rows > _SHEET_ROWS or len(number) > 9:
                raise HeldExport("too_many_rows", f"has a row beyond {_SHEET_ROWS:,}", "deliver it as CSV")

    def end(name: str) -> None:
        nonlocal last_row_at
        tag = name.rpartition(":")[2]
        if tag == "v":
            parser.CharacterDataHandler = None
        elif tag == "row":
            last_row_at = parser.CurrentByteIndex

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    fed = 0
    while block := stream.read(_BLOCK):
        parser.Parse(block)
        fed += len(block)
        if fed - last_row_at > most + _BLOCK:
            raise line_too_long("a row", settings)
    return +formulas


def _column(letters: str) -> int:
    """Return the number of a column: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


def check_parquet(metadata: pyarrow.parquet.FileMetaData, size: int, settings: Settings) -> None:
    """Hold a file that is much larger than it looks; a CSV would have at least a byte per cell."""
    inflated = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    inflated = max(inflated, metadata.num_rows * metadata.num_columns)
    if inflated > min(settings.max_inflated_bytes, max(FREE_INFLATION, size * settings.max_inflation_ratio)):
        raise _too_inflated(inflated)


def bounded(batch: pyarrow.RecordBatch, settings: Settings) -> Iterator[pyarrow.RecordBatch]:
    """Slice a batch so that no slice has too many bytes of text; many rows may share one long text.

    Raises HeldExport if a single row is too long.
    """
    size = sum(_text_bytes(column) for column in batch.columns)
    if size <= settings.max_line_bytes:
        yield batch
    elif batch.num_rows == 1:
        raise line_too_long("a row", settings)
    else:
        half = batch.num_rows // 2
        yield from bounded(batch.slice(0, half), settings)
        yield from bounded(batch.slice(half), settings)


def _text_bytes(column: pyarrow.Array) -> int:
    if not pyarrow.types.is_dictionary(column.type):
        return 0
    lengths = pc.binary_length(column.dictionary).take(column.indices)
    return pc.sum(pc.cast(lengths, pyarrow.int64())).as_py() or 0


def _too_inflated(inflated: int) -> HeldExport:
    return HeldExport("inflates_too_much", f"inflates to {inflated:,} bytes", "deliver it as CSV")
