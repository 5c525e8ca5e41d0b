"""Read one export as chunks of raw_reports: its format, its mapped columns, its row numbers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import SEEK_END
from typing import BinaryIO

import numpy as np
import pandas as pd

from salary_bands.errors import HeldExport
from salary_bands.ingest.cells import MappedColumns, blank_rows
from salary_bands.ingest.containers import Way, open_container
from salary_bands.ingest.containers.common import Container, Malformed, kind_of
from salary_bands.ingest.recognise import UNRECOGNISED, is_better, recognise, with_broken_formats
from salary_bands.reference.formats import BrokenFormat, Format, broken_formats, formats, header_key
from salary_bands.schemas.raw_reports import DERIVED_COLUMNS, LATER_COLUMNS
from salary_bands.settings import Settings

_HEADER_REASONS = (*UNRECOGNISED, "unreadable_encoding", "several_sheets", "several_lists", "empty", "no_sheet")


@dataclass
class OpenExport:
    """A recognised export.

    columns: ours that the export has. chunks: of raw_reports. malformed, rows: all of them once the chunks are read;
    malformed records are rows too.
    """

    format: Format
    columns: list[str]
    chunks: Iterator[pd.DataFrame]
    malformed: list[Malformed]
    rows: int = 0

    @property
    def absent(self) -> list[str]:
        """Our columns that the format maps and the export does not have."""
        return [name for name in self.format.columns if name not in self.columns]


def open_rows(stream: BinaryIO, name: str, settings: Settings, known: Format | None = None) -> OpenExport:
    """Recognise the format of an export, unless it is known, and read its mapped columns in chunks.

    stream: its bytes, seekable. name: its file name, which says the container. Raises HeldExport, here or while chunks
    are read.
    """
    size = stream.seek(0, SEEK_END)
    with _held_if_unreadable():
        try:
            container, fmt = _opened(stream, name, settings, known) if known else _recognise(stream, name, settings)
        except HeldExport as held:
            if held.reason in UNRECOGNISED:
                held.rows = _count_rows(stream, name, settings)
            raise
    mapped = MappedColumns(fmt, name)
    keys = [*map(header_key, container.header)]
    mapped.check_repeated(keys)
    mapped.check_formulas(keys, container.formulas)
    columns = mapped.present(keys)
    in_cell = fmt.amount("base").range_in_cell
    missing = [name for name in ("job_title", *(() if in_cell else ("currency",))) if name not in columns]
    missing += [] if {"base", "total", "base_min", "base_max"} & set(columns) else ["base"]
    if missing:
        raise HeldExport(
            "unmapped_column",
            f"format {fmt.name} finds no header for {', '.join(missing)}",
            "name the header under `columns` in its YAML",
        )
    export = OpenExport(fmt, columns, iter(()), container.malformed)
    export.chunks = _chunks(export, container, mapped, size + settings.max_extra_rows)
    return export


def recognised_format(stream: BinaryIO, name: str, settings: Settings) -> str:
    """Return the name of the format that would read an export; "" if none would."""
    try:
        with _held_if_unreadable():
            return _recognise(stream, name, settings)[1].name
    except HeldExport:
        return ""


@contextmanager
def _held_if_unreadable() -> Iterator[None]:
    """Hold the export on any error of a parser. Its words may quote cells, so only its kind is named."""
    try:
        yield
    except (HeldExport, OSError, MemoryError):  # a full disk or memory is no fault of the export
        raise
    except Exception as error:
        raise HeldExport(
            "unreadable",
            f"cannot be read ({type(error).__name__})",
            "deliver it again; `salary-bands inspect FILE` shows what the reader said",
        ) from None


def _count_rows(stream: BinaryIO, name: str, settings: Settings) -> int:
    """Count the rows of an export whose header is unknown; 0 if it cannot be read to its end."""
    try:
        container = _open(stream, name, Way(), settings)
        rows = sum(int((~blank_rows(block)).sum()) for block in container.blocks)
    except HeldExport:
        return 0
    return rows + len(container.malformed)


def way_of(fmt: Format | BrokenFormat) -> Way:
    """Return how a format opens a container."""
    return Way(fmt.encoding, fmt.delimiter, fmt.header_row, fmt.sheet, fmt.records, tuple(fmt.list_keys.items()))


def _recognise(stream: BinaryIO, name: str, settings: Settings) -> tuple[Container, Format]:
    """Try the ways of the formats, UTF-8 with commas first, until one recognises the header."""
    kind = kind_of(name)
    way_to = {f.name: way_of(f).as_in(kind) for f in formats()}
    ways = dict.fromkeys([Way(), *way_to.values(), *(way_of(f).as_in(kind) for f in broken_formats())])
    first: HeldExport | None = None
    for way in ways:
        try:
            container = _open(stream, name, way, settings)
            fmt = recognise(container.header, [f for f in formats() if way_to[f.name].layout == way.layout])
        except HeldExport as held:
            if first is None or is_better(held, first):
                first = held
            if way == Way() and held.reason not in _HEADER_REASONS:
                break
            continue
        if way_to[fmt.name] != way:
            container = _open(stream, name, way_to[fmt.name], settings)
        return container, fmt
    assert first is not None
    raise with_broken_formats(first)


def _opened(stream: BinaryIO, name: str, settings: Settings, fmt: Format) -> tuple[Container, Format]:
    return _open(stream, name, way_of(fmt), settings), fmt


def _open(stream: BinaryIO, name: str, way: Way, settings: Settings) -> Container:
    size = stream.seek(0, SEEK_END)
    stream.seek(0)
    return open_container(name, stream, size, way, settings)


def _chunks(export: OpenExport, container: Container, mapped: MappedColumns, most: int) -> Iterator[pd.DataFrame]:
    """Read the mapped columns of each block; raise HeldExport `no_rows` at the end if there was no row.

    most: rows that an export of its size may have.
    """
    ranges = RangePairs()
    with _held_if_unreadable():
        for block in container.blocks:  # the header of JSON lines may grow
            rows, skipped = mapped.read(block, [*map(header_key, container.header)])
            export.rows += len(rows)
            if export.rows > most:
                raise HeldExport(
                    "too_costly",
                    f"has over {most:,} rows, more than its bytes allow",
                    "if it is sound, raise max_extra_rows or deliver it as CSV",
                )
            if not rows.empty:
                yield _with_identity(rows, skipped, export.format, ranges)
    export.rows += len(container.malformed)
    if export.rows == 0:
        raise HeldExport("no_rows", "has a header and no rows", "deliver it again or remove it")


def _with_identity(chunk: pd.DataFrame, skipped: pd.Series, fmt: Format, ranges: "RangePairs") -> pd.DataFrame:
    """Add the row number, the hash of the mapped text, and the pair that a row belongs to."""
    row_hash = _hash(chunk.drop(columns=[*DERIVED_COLUMNS, *LATER_COLUMNS]))
    later = chunk[[*LATER_COLUMNS]]
    if later.notna().any(axis=None):  # rows without these columns keep the hash that they had before there were any
        row_hash = np.where(later.notna().any(axis=1), row_hash * 31 + _hash(later), row_hash)
    chunk.insert(0, "row", chunk.index.astype(np.int64))
    chunk.insert(1, "row_hash", row_hash)
    chunk.insert(2, "range_id", ranges.assign(chunk, fmt.range_pairs_since))
    chunk.insert(3, "skipped", skipped.astype("boolean"))
    return chunk.reset_index(drop=True)


def _hash(texts: pd.DataFrame) -> np.ndarray:
    return pd.util.hash_pandas_object(texts.fillna("\0"), index=False).to_numpy().view(np.int64)


@dataclass
class RangePairs:
    """Pair the rows of a run that is equal in all but pay: rows 1-2, 3-4, ... are the ends of one range.

    The run at the end of a chunk is remembered, so that chunks do not split pairs.
    """

    run_key: int | None = None
    run_length: int = 0
    last_row: int = 0

    def assign(self, chunk: pd.DataFrame, since: int | None) -> pd.Series:
        """Return the first row of each row's pair, missing if its year is before `since`.

        An odd last row of a run gets its own number: at the end of a chunk its partner may still come. A pair with one
        row is one report.
        """
        if since is None:
            return pd.Series(pd.NA, index=chunk.index, dtype="Int64")
        pay_less = chunk.drop(columns=["row", "row_hash", "base", *DERIVED_COLUMNS]).fillna("\0")
        keys = pd.util.hash_pandas_object(pay_less, index=False).to_numpy().view(np.int64)
        rows = chunk["row"].to_numpy()
        starts = np.r_[self.run_key is None or keys[0] != self.run_key, keys[1:] != keys[:-1]]
        run = np.cumsum(starts)
        first_of_run = np.r_[0, np.flatnonzero(starts)][run]
        in_run = np.arange(len(keys)) - first_of_run + np.where(run == 0, self.run_length, 0)
        previous = np.r_[self.last_row, rows[:-1]]
        pair = pd.Series(np.where(in_run % 2 == 0, rows, previous), index=chunk.index, dtype="Int64")
        self.run_key, self.run_length, self.last_row = int(keys[-1]), int(in_run[-1]) + 1, int(rows[-1])
        year = chunk["submitted_at"].str.extract(r"(\d{4})", expand=False).astype("Int64")
        return pair.where((year >= since).fillna(False).to_numpy(dtype=bool), other=pd.NA)
