"""CSV, with any delimiter, as blocks of text cells."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.csv

from salary_bands.errors import HeldExport
from salary_bands.ingest.containers.common import (
    Container,
    Malformed,
    Way,
    block_of,
    checked_header,
    damaged,
    line_too_long,
)
from salary_bands.ingest.streams import TextBytes
from salary_bands.settings import Settings


def open_csv(text: TextBytes, way: Way, settings: Settings) -> Container:
    """Open a CSV; its header is the record that the way says, else the first that is not blank."""
    buffered: io.BufferedReader = io.BufferedReader(text, 1 << 20)
    delimiter = way.delimiter
    header, header_row, header_newlines = _read_header(buffered, way, settings)
    container = Container(header)
    skipped = _Skipped(container, header_row, delimiter, settings)

    def blocks() -> Iterator[pd.DataFrame]:
        next_row = header_row + 1
        try:
            for batch in _open_reader(buffered, len(header), delimiter, skipped.handle, settings):
                rows, next_row = _number(batch.num_rows, next_row, skipped.rows)
                yield block_of(pyarrow.Table.from_batches([batch]), rows)
        except pyarrow.ArrowInvalid as error:
            if skipped.held:
                raise skipped.held from None
            if "straddling" in str(error) or "out of sync" in str(error):
                raise line_too_long("a row", settings) from None
            if "Empty CSV file" not in str(error):
                raise damaged("CSV", error) from None
            return
        # an odd quote is harmless inside a line (5" disk); one that swallows line ends swallows records
        records = max([next_row - 1, *skipped.rows]) - header_row
        if text.quotes % 2 and text.newlines - header_newlines > records:
            raise _unclosed("a row")

    container.blocks = blocks()
    return container


class _Skipped:
    """Records that the reader passes over because they have another number of cells than the header.

    rows: their numbers, until a block begins after them. held: why the export is held; an exception would be printed
    by the reader and lost.
    """

    def __init__(self, container: Container, header_row: int, delimiter: str, settings: Settings) -> None:
        self.rows: list[int] = []
        self.held: HeldExport | None = None
        self._container = container
        self._header_row = header_row
        self._delimiter = delimiter
        self._settings = settings

    def handle(self, record: Any) -> str:
        """Note a record, and tell the reader to skip it or to stop."""
        row = record.number + self._header_row
        if record.text.count('"') % 2 and "\n" in record.text.rstrip("\r\n"):
            self.held = _unclosed(f"row {row}")
            return "error"
        self.rows.append(row)
        if record.text.replace(self._delimiter, "").replace('"', "").strip():
            about = f"{record.actual_columns} cells, the header has {len(self._container.header)}"
            try:
                self._container.add_malformed(Malformed(row, "wrong_number_of_cells", about), self._settings)
            except HeldExport as held:
                self.held = held
                return "error"
        return "skip"


def _open_reader(
    stream: io.BufferedReader, width: int, delimiter: str, handler: Any, settings: Settings
) -> pyarrow.csv.CSVStreamingReader:
    """Read every cell as text, in batches of the longest line that is allowed."""
    names = [str(i) for i in range(width)]
    return pyarrow.csv.open_csv(
        stream,
        read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=settings.max_line_bytes, use_threads=False),
        parse_options=pyarrow.csv.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=handler
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pyarrow.string()), strings_can_be_null=False
        ),
    )


def _number(count: int, first: int, skipped: list[int]) -> tuple[np.ndarray, int]:
    """Number the next `count` rows, and return the next free number; drop the skipped ones before it."""
    bad = np.array(skipped, dtype=np.int64)
    candidates = np.arange(first, first + count + len(bad), dtype=np.int64)
    rows = candidates[~np.isin(candidates, bad)][:count]
    following = int(rows[-1]) + 1 if count else first
    skipped[:] = bad[bad >= following].tolist()
    return rows, following


def _read_header(stream: io.BufferedReader, way: Way, settings: Settings) -> tuple[list[str], int, int]:
    """Return the header, its row, and the line ends up to its end; leave the stream there."""
    newlines = 0

    def lines() -> Iterator[str]:
        nonlocal newlines
        read = 0
        while line := stream.readline(settings.max_line_bytes):
            read += len(line)
            if read >= settings.max_line_bytes:
                raise line_too_long("its header", settings)
            newlines += line.endswith(b"\n")
            yield line.decode("utf-8")

    records = enumerate(csv.reader(lines(), delimiter=way.delimiter), start=1)
    first = way.header_row or 1
    try:
        row, header = next(((n, r) for n, r in records if n >= first and any(c.strip() for c in r)), (0, None))
    except csv.Error:
        raise HeldExport("damaged_csv", "its header cannot be read as CSV", "fix the header") from None
    return checked_header(header, settings), row, newlines


def _unclosed(where: str) -> HeldExport:
    return HeldExport(
        "unclosed_quote", f"{where} opens a quote that never closes", "close it, or double the quotes inside cells"
    )
