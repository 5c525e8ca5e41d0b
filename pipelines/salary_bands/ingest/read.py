"""Read one export as chunks of raw_reports: its format, its mapped columns, its row numbers."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import SEEK_END
from typing import BinaryIO

import numpy as np
import pandas as pd

from salary_bands.errors import HeldExport
from salary_bands.ingest.containers import open_container
from salary_bands.ingest.containers.common import Container, Malformed
from salary_bands.ingest.recognise import UNRECOGNISED, recognise
from salary_bands.reference.formats import Column, Format, formats, header_key
from salary_bands.schemas.raw_reports import DERIVED_COLUMNS, TEXT_COLUMNS
from salary_bands.settings import Settings
from salary_bands.storage.frames import TEXT, map_distinct


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


def open_rows(stream: BinaryIO, name: str, settings: Settings) -> OpenExport:
    """Recognise the format of an export, and read its mapped columns in chunks.

    stream: its bytes, seekable. name: its file name, which says the container. Raises HeldExport, here or while chunks
    are read.
    """
    size = stream.seek(0, SEEK_END)
    with _held_if_unreadable():
        try:
            container, fmt = _recognise(stream, name, settings)
        except HeldExport as held:
            if held.reason in UNRECOGNISED:
                held.rows = _count_rows(stream, name, settings)
            raise
    keys = set(map(header_key, container.header))
    _check_repeated(fmt, container.header)
    columns = [n for n, c in fmt.columns.items() if c.constant or any(header_key(h) in keys for h in c.headers)]
    missing = [name for name in ("job_title", "currency") if name not in columns]
    missing += [] if {"base", "total"} & set(columns) else ["base"]
    if missing:
        raise HeldExport(
            "unmapped_column",
            f"format {fmt.name} finds no header for {', '.join(missing)}",
            "name the header under `columns` in its YAML",
        )
    export = OpenExport(fmt, columns, iter(()), container.malformed)
    export.chunks = _chunks(export, container, size, settings)
    return export


def _check_repeated(fmt: Format, header: list[str]) -> None:
    """Hold an export in which a header that is read stands twice: which of the two is meant would be a guess."""
    counts = Counter(map(header_key, header))
    twice = [name for name, c in fmt.columns.items() if any(counts[header_key(h)] > 1 for h in c.headers)]
    if twice:
        raise HeldExport(
            "repeated_header",
            f"the header of {', '.join(twice)} stands twice",
            "rename or remove one of the two columns",
        )


def read_header(stream: BinaryIO, name: str, settings: Settings) -> list[str]:
    """Return the header of an export, recognised or not; raise HeldExport if there is none."""
    return _open(stream, name, "utf-8", ",", settings).header


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
        container = _open(stream, name, "utf-8", ",", settings)
        rows = sum(int((~_blank_rows(block)).sum()) for block in container.blocks)
    except HeldExport:
        return 0
    return rows + len(container.malformed)


def _recognise(stream: BinaryIO, name: str, settings: Settings) -> tuple[Container, Format]:
    """Try the encodings and delimiters of the formats, UTF-8 with commas first, until one recognises the header."""
    ways = dict.fromkeys([("utf-8", ","), *((f.encoding, f.delimiter) for f in formats())])
    first: HeldExport | None = None
    for encoding, delimiter in ways:
        try:
            container = _open(stream, name, encoding, delimiter, settings)
            fmt = recognise(container.header)
        except HeldExport as held:
            first = first or held
            if held.reason not in ("unknown_header", "missing_required_column", "unreadable_encoding"):
                break
            continue
        if (fmt.encoding, fmt.delimiter) != (encoding, delimiter):
            container = _open(stream, name, fmt.encoding, fmt.delimiter, settings)
        return container, fmt
    assert first is not None
    raise first


def _open(stream: BinaryIO, name: str, encoding: str, delimiter: str, settings: Settings) -> Container:
    size = stream.seek(0, SEEK_END)
    stream.seek(0)
    return open_container(name, stream, size, encoding, delimiter, settings)


def _chunks(export: OpenExport, container: Container, size: int, settings: Settings) -> Iterator[pd.DataFrame]:
    """Read the mapped columns of each block; raise HeldExport `no_rows` at the end if there was no row."""
    fmt, ranges = export.format, RangePairs()
    most = size + settings.max_extra_rows
    with _held_if_unreadable():
        for block in container.blocks:  # the header of JSON lines may grow
            position = {key: str(i) for i, key in reversed(list(enumerate(map(header_key, container.header))))}
            mapped = [position[h] for h in sorted(fmt.headers & position.keys())]
            blank = block[mapped].apply(_is_blank).all(axis=1)
            if blank.any():  # a row with a cell only in columns that are not mapped is still a row
                blank[blank] = _blank_rows(block[blank])
            rows = block.loc[~blank, mapped]
            export.rows += len(rows)
            if export.rows > most:
                raise HeldExport(
                    "too_costly",
                    f"has over {most:,} rows in {size:,} bytes",
                    "if it is sound, raise max_extra_rows or deliver it as CSV",
                )
            if not rows.empty:
                chunk = pd.DataFrame(
                    {name: _column(rows, fmt, name, position) for name in TEXT_COLUMNS},
                    index=rows.index,
                    dtype=TEXT,
                )
                yield _with_identity(chunk, fmt, ranges)
    export.rows += len(container.malformed)
    if export.rows == 0:
        raise HeldExport("no_rows", "has a header and no rows", "deliver it again or remove it")


def _column(rows: pd.DataFrame, fmt: Format, name: str, position: dict[str, str]) -> pd.Series:
    """Take one of our columns from the export's, as text; blank is missing."""
    spec = fmt.columns.get(name)
    if spec is None:
        return pd.Series(np.nan, index=rows.index, dtype=TEXT)
    if spec.constant:
        return pd.Series(spec.constant, index=rows.index, dtype=TEXT)
    blanks = {b.casefold() for b in fmt.blank + spec.blank}
    cells = [_cleaned(rows[position[header_key(h)]], blanks) for h in spec.headers if header_key(h) in position]
    if not cells:
        return pd.Series(np.nan, index=rows.index, dtype=TEXT)
    text = cells[0]
    for other in cells[1:]:
        text = (text + ", " + other).fillna(text).fillna(other) if spec.join else text.fillna(other)
    return _rewritten(text, spec)


def _cleaned(cells: pd.Series, blanks: set[str]) -> pd.Series:
    """Fold white space of every kind, no-break spaces and newlines too; blank cells are missing."""

    def clean(cell: str) -> str | None:
        text = " ".join(cell.split())
        return text if text and text.casefold() not in blanks else None

    return map_distinct(cells, clean)


def _rewritten(text: pd.Series, spec: Column) -> pd.Series:
    if not spec.pattern and not spec.values:
        return text
    pattern = re.compile(spec.pattern)
    values = {k.casefold(): v for k, v in spec.values.items()}

    def rewrite(cell: str) -> str:
        found = pattern.search(cell) if spec.pattern else None
        part = found.group(1) if found else cell
        return values.get(part.casefold(), part)

    return map_distinct(text, rewrite)


def _is_blank(cells: pd.Series) -> pd.Series:
    return cells.isna() | cells.str.strip().eq("")


def _blank_rows(block: pd.DataFrame) -> pd.Series:
    return block.apply(_is_blank).all(axis=1)


def _with_identity(chunk: pd.DataFrame, fmt: Format, ranges: "RangePairs") -> pd.DataFrame:
    """Add the row number, the hash of the mapped text, and the pair that a row belongs to."""
    row_hash = (
        pd.util.hash_pandas_object(chunk.drop(columns=[*DERIVED_COLUMNS]).fillna("\0"), index=False)
        .to_numpy()
        .view(np.int64)
    )
    chunk.insert(0, "row", chunk.index.astype(np.int64))
    chunk.insert(1, "row_hash", row_hash)
    chunk.insert(2, "range_id", ranges.assign(chunk, fmt.range_pairs_since))
    return chunk.reset_index(drop=True)


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
