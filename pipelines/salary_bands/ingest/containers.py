"""Containers of rows: CSV, JSON lines, Parquet and XLSX as blocks of text cells with their row numbers."""

import csv
import datetime
import io
import itertools
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np
import openpyxl
import pandas as pd
import pyarrow
import pyarrow.csv
import pyarrow.parquet

from salary_bands.errors import HeldExport
from salary_bands.ingest.limits import bounded, checked_parquet, checked_xlsx
from salary_bands.ingest.streams import TextBytes
from salary_bands.settings import Settings

_ROWS = 65_536
_CELLS = 4_000_000  # most cells of a block
_MALFORMED = 100_000  # from here on an export of mostly malformed records is not read to its end
_TEXT = pd.StringDtype(na_value=np.nan)
_CELLS_WRONG = "wrong_number_of_cells"
Record = dict[str, str | None]


@dataclass
class Malformed:
    """A record that is no row of the table: it has another number of cells than the header, or is no JSON object."""

    row: int
    reason: str
    text: str  # what is wrong, nothing of what the record says: it may hold columns we must not keep


@dataclass
class Container:
    """An opened export: its header, then blocks of all its columns as text.

    A block's columns are numbered like the header's; its index is the row's number in the file, the header being
    row 1. Malformed records are not in the blocks; those before a block's last row are known when it is yielded.
    """

    header: list[str]
    blocks: Iterator[pd.DataFrame]
    malformed: list[Malformed] = field(default_factory=list)


def open_container(
    name: str, stream: BinaryIO, size: int, encoding: str, delimiter: str, settings: Settings
) -> Container:
    """The container that the file's name says it is.

    Raises HeldExport where it is none of ours, is empty, or is damaged at its start; its blocks raise it later on.
    """
    lower = name.lower()
    if lower.endswith((".csv", ".csv.gz")):
        return _csv(TextBytes(stream, size, lower.endswith(".gz"), encoding, settings), delimiter, settings)
    if lower.endswith((".jsonl", ".jsonl.gz")):
        return _json_lines(TextBytes(stream, size, lower.endswith(".gz"), encoding, settings), settings)
    if lower.endswith(".parquet"):
        return _parquet(stream, size, settings)
    if lower.endswith(".xlsx"):
        return _xlsx(stream, size, settings)
    raise HeldExport(
        "unknown_container",
        "is none of .csv, .csv.gz, .jsonl, .jsonl.gz, .parquet, .xlsx",
        "deliver it as one of them",
    )


def _csv(text: TextBytes, delimiter: str, settings: Settings) -> Container:
    buffered: io.BufferedReader = io.BufferedReader(text, 1 << 20)
    header, header_row, header_newlines = _csv_header(buffered, delimiter, settings)
    container = Container(header, iter(()))
    names = [str(i) for i in range(len(header))]
    passed: list[int] = []  # numbers of records that are in no block, until a block begins after them

    def malformed(record: Any) -> str:
        row = record.number + header_row
        if record.text.count('"') % 2 and "\n" in record.text.rstrip("\r\n"):
            raise _unclosed(f"row {row}")
        passed.append(row)
        if record.text.replace(delimiter, "").replace('"', "").strip():
            _add_malformed(container, row, f"{record.actual_columns} cells, the header has {len(header)}", settings)
        return "skip"

    def blocks() -> Iterator[pd.DataFrame]:
        held: list[HeldExport] = []

        def guarded(record: Any) -> str:  # an exception in the handler would be printed and lost
            try:
                return malformed(record)
            except HeldExport as error:
                held.append(error)
                return "error"

        try:
            reader = pyarrow.csv.open_csv(
                buffered,
                read_options=pyarrow.csv.ReadOptions(
                    column_names=names, block_size=settings.max_line_bytes, use_threads=False
                ),
                parse_options=pyarrow.csv.ParseOptions(
                    delimiter=delimiter,
                    newlines_in_values=True,
                    ignore_empty_lines=False,
                    invalid_row_handler=guarded,
                ),
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pyarrow.string()), strings_can_be_null=False
                ),
            )
            next_row = header_row + 1
            for batch in reader:
                rows, next_row = _row_numbers(batch.num_rows, next_row, passed)
                yield _frame(pyarrow.Table.from_batches([batch]), rows)
            # an odd quote is harmless inside a line (5" disk); one that swallows line ends swallows records
            records = max([next_row - 1, *passed]) - header_row
            if text.quotes % 2 and text.newlines - header_newlines > records:
                raise _unclosed("a row")
        except pyarrow.ArrowInvalid as error:
            if held:
                raise held[0] from None
            if "Empty CSV file" in str(error):
                return
            if "straddling" in str(error) or "out of sync" in str(error):
                raise HeldExport(
                    "line_too_long",
                    f"has a row of over {settings.max_line_bytes:,} bytes",
                    "raise max_line_bytes or mend it",
                ) from None
            raise HeldExport("damaged_csv", f"not readable as CSV ({str(error)[:120]})", "deliver it again") from None

    container.blocks = blocks()
    return container


def _unclosed(where: str) -> HeldExport:
    return HeldExport(
        "unclosed_quote", f"{where} opens a quote that never closes", "close it, or double the quotes inside cells"
    )


def _add_malformed(container: Container, row: int, text: str, settings: Settings, reason: str = _CELLS_WRONG) -> None:
    """Note a malformed record; hold the export once they are too many to keep and most of it so far."""
    container.malformed.append(Malformed(row, reason, text))
    count = len(container.malformed)
    if count > _MALFORMED and count > settings.max_rejected_share * row:
        raise HeldExport(
            "too_many_rejected",
            f"{count:,} of the first {row:,} rows are malformed, such as row {container.malformed[0].row}",
            "mend the export, or raise max_rejected_share",
            rows=row - 1,
        )


def _row_numbers(count: int, first: int, passed: list[int]) -> tuple[np.ndarray, int]:
    """Numbers of the next `count` sound rows, and the next free number; forgets those of `passed` before it."""
    bad = np.array(passed, dtype=np.int64)
    candidates = np.arange(first, first + count + len(bad), dtype=np.int64)
    rows = candidates[~np.isin(candidates, bad)][:count]
    following = int(rows[-1]) + 1 if count else first
    passed[:] = bad[bad >= following].tolist()
    return rows, following


def _csv_header(stream: io.BufferedReader, delimiter: str, settings: Settings) -> tuple[list[str], int, int]:
    """The first record that is not blank, its row and the line ends up to its end; the stream is left there."""
    newlines = 0

    def lines() -> Iterator[str]:
        nonlocal newlines
        read = 0
        while line := stream.readline(settings.max_line_bytes):
            read += len(line)
            if read >= settings.max_line_bytes:
                raise HeldExport(
                    "line_too_long", f"its header has over {settings.max_line_bytes:,} bytes", "mend the header"
                )
            newlines += line.endswith(b"\n")
            yield line.decode("utf-8")

    records = enumerate(csv.reader(lines(), delimiter=delimiter), start=1)
    try:
        row, header = next(((n, r) for n, r in records if any(c.strip() for c in r)), (0, None))
    except csv.Error as error:
        raise HeldExport("damaged_csv", f"its header is not readable as CSV ({error})", "mend the header") from None
    return _checked_header(header, settings), row, newlines


def _checked_header(header: list[str] | None, settings: Settings) -> list[str]:
    if not header:
        raise HeldExport("empty", "is empty", "deliver it again or remove it")
    if len(header) > settings.max_columns:
        raise HeldExport("too_many_columns", f"has {len(header):,} columns", "raise max_columns or mend the export")
    return header


def _json_lines(text: TextBytes, settings: Settings) -> Container:
    stream = io.BufferedReader(text, 1 << 20)

    def records() -> Iterator[tuple[int, Record, int]]:
        for number in itertools.count(1):
            line = stream.readline(settings.max_line_bytes)
            if not line:
                return
            if len(line) >= settings.max_line_bytes:
                raise HeldExport(
                    "line_too_long",
                    f"line {number} has over {settings.max_line_bytes:,} bytes",
                    "raise max_line_bytes or mend it",
                )
            if not line.strip():
                continue
            record = _json_record(line)
            if record is None:
                _add_malformed(container, number + 1, "not a JSON object", settings, "not_an_object")
            else:
                yield number + 1, record, len(line)

    container = Container([], iter(()))
    source = _chunks(records(), container.header, settings)
    first = next(source, None)
    if first is None and container.malformed:
        raise HeldExport("damaged_jsonl", "has no line that is a JSON object", "write one object a line")
    _checked_header(container.header, settings)

    def blocks() -> Iterator[pd.DataFrame]:
        for chunk in itertools.chain([first] if first else [], source):
            columns = {str(i): [r.get(h) for _, r in chunk] for i, h in enumerate(container.header)}
            yield pd.DataFrame(columns, index=[n for n, _ in chunk], dtype=_TEXT)

    container.blocks = blocks()
    return container


def _json_record(line: bytes) -> Record | None:
    """The object of a line as text, numbers as they are written, half characters replaced; None where it is none."""
    try:
        record = json.loads(line, parse_int=str, parse_float=str, parse_constant=str)
        if b"\\ud" in line.lower():  # half a surrogate pair is no text
            record = json.loads(json.dumps(record, ensure_ascii=False).encode("utf-8", "replace"))
        return {key: _text(value) for key, value in record.items()} if isinstance(record, dict) else None
    except (ValueError, RecursionError):
        return None


def _chunks(
    records: Iterator[tuple[int, Record, int]], header: list[str], settings: Settings
) -> Iterator[list[tuple[int, Record]]]:
    """Records in chunks of bounded size; `header` grows by the keys that a chunk brings."""
    keys = dict.fromkeys(header)
    chunk: list[tuple[int, Record]] = []
    size = 0
    for number, record, length in records:
        chunk.append((number, record))
        size += length
        if not record.keys() <= keys.keys():
            keys.update(dict.fromkeys(record))
            header[:] = _checked_header(list(keys), settings)
        if size >= settings.max_line_bytes or len(chunk) >= min(_ROWS, _CELLS // max(1, len(keys))):
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _parquet(stream: BinaryIO, size: int, settings: Settings) -> Container:
    try:
        schema = pyarrow.parquet.read_schema(stream)
        texts = [field.name for field in schema if _is_text(field.type)]
        stream.seek(0)
        file = pyarrow.parquet.ParquetFile(stream, read_dictionary=texts)
        header = _checked_header(list(schema.names), settings)
        checked_parquet(file.metadata, size, settings)
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        raise _damaged("Parquet", error) from None

    def blocks() -> Iterator[pd.DataFrame]:
        row = 2
        try:
            for batch in file.iter_batches(batch_size=max(1, min(_ROWS, _CELLS // len(header)))):
                for part in bounded(batch, settings.max_line_bytes):
                    columns = [_arrow_text(column) for column in part.columns]
                    table = pyarrow.table(columns, names=[str(i) for i in range(len(columns))])
                    yield _frame(table, np.arange(row, row + part.num_rows, dtype=np.int64))
                    row += part.num_rows
        except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
            raise _damaged("Parquet", error) from None

    return Container(header, blocks())


def _is_text(kind: pyarrow.DataType) -> bool:
    return bool(
        pyarrow.types.is_string(kind)
        or pyarrow.types.is_large_string(kind)
        or pyarrow.types.is_binary(kind)
        or pyarrow.types.is_large_binary(kind)
    )


def _arrow_text(column: pyarrow.Array) -> pyarrow.Array:
    """Cells as text: times in ISO 8601, floats without a needless .0, lists with `;` between."""
    if pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if _is_text(column.type):
        text = column.cast(pyarrow.string())
        text.validate(full=True)  # text that is not UTF-8
        return text
    return pyarrow.array([_text(v) for v in column.to_pylist()], pyarrow.string())


def _damaged(kind: str, error: Exception) -> HeldExport:
    """What a reader said; a workbook's may quote cells, so only its kind."""
    said = type(error).__name__ if kind == "XLSX" else " ".join(str(error).split())[:120]
    return HeldExport(f"damaged_{kind.lower()}", f"not readable as {kind} ({said})", "deliver it again")


def _xlsx(stream: BinaryIO, size: int, settings: Settings) -> Container:
    try:
        with zipfile.ZipFile(stream) as archive:
            checked_xlsx(archive, size, settings)
        stream.seek(0)
        sheet = openpyxl.load_workbook(stream, read_only=True, data_only=True).worksheets[0]
        sheet.reset_dimensions()  # a sheet may claim a million columns it does not have
        rows = enumerate(sheet.iter_rows(values_only=True), start=1)
        first = next(((n, r) for n, r in rows if any(v is not None for v in r)), None)
    except HeldExport:
        raise
    except Exception as error:  # openpyxl raises what its parsers raise, of many kinds
        raise _damaged("XLSX", error) from None
    header = _checked_header([_text(v) or "" for v in first[1]] if first else None, settings)
    width = len(header)
    container = Container(header, iter(()))

    def sound() -> Iterator[tuple[int, list[str | None]]]:
        for number, values in rows:
            cells = [_text(v) for v in values]
            if any(cells[width:]):
                _add_malformed(container, number, f"cells beyond the header's {width}", settings)
            else:
                yield number, (cells + [None] * width)[:width]

    def blocks() -> Iterator[pd.DataFrame]:
        numbered = sound()
        try:
            while chunk := list(itertools.islice(numbered, max(1, min(_ROWS, _CELLS // width)))):
                columns = {str(i): [cells[i] for _, cells in chunk] for i in range(width)}
                yield pd.DataFrame(columns, index=[n for n, _ in chunk], dtype=_TEXT)
        except HeldExport:
            raise
        except Exception as error:
            raise _damaged("XLSX", error) from None

    container.blocks = blocks()
    return container


def _frame(table: pyarrow.Table, rows: np.ndarray) -> pd.DataFrame:
    frame = table.to_pandas(types_mapper={pyarrow.string(): _TEXT}.get)
    frame.index = pd.Index(rows)
    return frame


def _text(value: Any) -> str | None:
    """A typed cell as the text a CSV would have held; None is blank."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, (list, tuple, np.ndarray)):
        return ";".join(_text(v) or "" for v in value)
    return str(value)
