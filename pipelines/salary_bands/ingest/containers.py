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
from salary_bands.ingest.streams import TextBytes
from salary_bands.settings import Settings

_ROWS = 65_536
_TEXT = pd.StringDtype(na_value=np.nan)


@dataclass
class Malformed:
    """A record that has another number of cells than the header."""

    row: int
    text: str


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
        return _parquet(stream, settings)
    if lower.endswith(".xlsx"):
        return _xlsx(stream, size, settings)
    raise HeldExport(
        "unknown_container",
        "is none of .csv, .csv.gz, .jsonl, .jsonl.gz, .parquet, .xlsx",
        "deliver it as one of them",
    )


def _csv(text: TextBytes, delimiter: str, settings: Settings) -> Container:
    buffered: io.BufferedReader = io.BufferedReader(text, 1 << 20)
    header = _csv_header(buffered, delimiter, settings)
    container = Container(header, iter(()))
    names = [str(i) for i in range(len(header))]

    def malformed(record: Any) -> str:
        if record.text.count('"') % 2:
            raise HeldExport(
                "unclosed_quote",
                f"row {record.number + 1} opens a quote that never closes",
                "close or double the quote",
            )
        container.malformed.append(Malformed(record.number + 1, record.text[:80]))
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
            next_row = 2
            skipped = 0
            for batch in reader:
                rows, next_row, skipped = _row_numbers(batch.num_rows, next_row, container.malformed, skipped)
                yield _frame(pyarrow.Table.from_batches([batch]), rows)
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
            raise HeldExport("damaged_csv", f"not readable as CSV ({error})", "deliver it again") from None

    container.blocks = blocks()
    return container


def _row_numbers(count: int, first: int, malformed: list[Malformed], skipped: int) -> tuple[np.ndarray, int, int]:
    """Numbers of the next `count` sound rows, the next free number, and how many malformed rows were passed."""
    bad = np.array([m.row for m in malformed[skipped:]], dtype=np.int64)
    candidates = np.arange(first, first + count + len(bad), dtype=np.int64)
    rows = candidates[~np.isin(candidates, bad)][:count]
    following = int(rows[-1]) + 1 if count else first
    return rows, following, skipped + int((bad < following).sum())


def _csv_header(stream: io.BufferedReader, delimiter: str, settings: Settings) -> list[str]:
    """The first record; leaves the stream at the byte after it."""

    def lines() -> Iterator[str]:
        read = 0
        while line := stream.readline(settings.max_line_bytes):
            read += len(line)
            if read >= settings.max_line_bytes:
                raise HeldExport("line_too_long", "its header is too long", "mend the header")
            yield line.decode("utf-8")

    try:
        header = next((r for r in csv.reader(lines(), delimiter=delimiter) if any(c.strip() for c in r)), None)
    except csv.Error as error:
        raise HeldExport("damaged_csv", f"its header is not readable as CSV ({error})", "mend the header") from None
    return _checked_header(header, settings)


def _checked_header(header: list[str] | None, settings: Settings) -> list[str]:
    if not header:
        raise HeldExport("empty", "is empty", "deliver it again or remove it")
    if len(header) > settings.max_columns:
        raise HeldExport("too_many_columns", f"has {len(header):,} columns", "raise max_columns or mend the export")
    return header


def _json_lines(text: TextBytes, settings: Settings) -> Container:
    stream = io.BufferedReader(text, 1 << 20)

    def records() -> Iterator[tuple[int, dict[str, Any]]]:
        for number in itertools.count(1):
            line = stream.readline(settings.max_line_bytes)
            if not line:
                return
            if len(line) >= settings.max_line_bytes:
                raise HeldExport("line_too_long", f"line {number} is too long", "raise max_line_bytes or mend it")
            if not line.strip():
                continue
            try:  # numbers stay as they are written
                record = json.loads(line, parse_int=str, parse_float=str, parse_constant=str)
            except (ValueError, RecursionError):
                record = None
            if isinstance(record, dict):
                yield number + 1, record
            else:
                container.malformed.append(Malformed(number + 1, line[:80].decode("utf-8", "replace")))

    container = Container([], iter(()))
    source = records()
    first = list(itertools.islice(source, 1_000))
    if not first and not container.malformed:
        raise HeldExport("empty", "is empty", "deliver it again or remove it")
    container.header = _checked_header(list(dict.fromkeys(k for _, r in first for k in r)), settings)

    def blocks() -> Iterator[pd.DataFrame]:
        everything = itertools.chain(first, source)
        while chunk := list(itertools.islice(everything, _ROWS)):
            columns = {str(i): [_text(r.get(h)) for _, r in chunk] for i, h in enumerate(container.header)}
            yield pd.DataFrame(columns, index=[n for n, _ in chunk], dtype=_TEXT)

    container.blocks = blocks()
    return container


def _parquet(stream: BinaryIO, settings: Settings) -> Container:
    try:
        file = pyarrow.parquet.ParquetFile(stream)
        header = _checked_header(list(file.schema_arrow.names), settings)
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise HeldExport(
            "damaged_parquet", f"not readable as Parquet ({str(error)[:120]})", "deliver it again"
        ) from None

    def blocks() -> Iterator[pd.DataFrame]:
        row = 2
        try:
            for batch in file.iter_batches(batch_size=_ROWS):
                columns = [_arrow_text(batch.column(i)) for i in range(batch.num_columns)]
                table = pyarrow.table(columns, names=[str(i) for i in range(len(columns))])
                yield _frame(table, np.arange(row, row + batch.num_rows, dtype=np.int64))
                row += batch.num_rows
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            raise HeldExport(
                "damaged_parquet", f"not readable as Parquet ({str(error)[:120]})", "deliver it again"
            ) from None

    return Container(header, blocks())


def _arrow_text(column: pyarrow.Array) -> pyarrow.Array:
    """Cells as text: times in ISO 8601, floats without a needless .0, lists with `;` between."""
    kind = column.type
    if pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind):
        return column.cast(pyarrow.string())
    return pyarrow.array([_text(v) for v in column.to_pylist()], pyarrow.string())


def _xlsx(stream: BinaryIO, size: int, settings: Settings) -> Container:
    try:
        with zipfile.ZipFile(stream) as archive:
            inflated = sum(info.file_size for info in archive.infolist())
        if inflated > max(settings.max_line_bytes * 8, size * settings.max_inflation_ratio) or inflated > 1 << 30:
            raise HeldExport("inflates_too_much", f"inflates to {inflated:,} bytes", "deliver it as CSV")
        stream.seek(0)
        sheet = openpyxl.load_workbook(stream, read_only=True, data_only=True).worksheets[0]
        sheet.reset_dimensions()  # a sheet may claim a million columns it does not have
        rows = enumerate(sheet.iter_rows(values_only=True), start=1)
        first = next(((n, r) for n, r in rows if any(v is not None for v in r)), None)
    except HeldExport:
        raise
    except Exception as error:  # openpyxl raises what its parsers raise, of many kinds
        raise HeldExport("damaged_xlsx", f"not readable as XLSX ({str(error)[:120]})", "deliver it again") from None
    header = _checked_header([_text(v) or "" for v in first[1]] if first else None, settings)
    width = len(header)
    container = Container(header, iter(()))

    def sound() -> Iterator[tuple[int, list[str | None]]]:
        for number, values in rows:
            cells = [_text(v) for v in values]
            if any(cells[width:]):
                container.malformed.append(Malformed(number, ",".join(c or "" for c in cells)[:80]))
            else:
                yield number, (cells + [None] * width)[:width]

    def blocks() -> Iterator[pd.DataFrame]:
        numbered = sound()
        try:
            while chunk := list(itertools.islice(numbered, _ROWS)):
                columns = {str(i): [cells[i] for _, cells in chunk] for i in range(width)}
                yield pd.DataFrame(columns, index=[n for n, _ in chunk], dtype=_TEXT)
        except HeldExport:
            raise
        except Exception as error:
            raise HeldExport("damaged_xlsx", f"not readable as XLSX ({str(error)[:120]})", "deliver it again") from None

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
