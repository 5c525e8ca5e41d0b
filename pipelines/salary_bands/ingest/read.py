"""One export as chunks of raw_reports: its format, its mapped columns, its row numbers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from salary_bands.errors import HeldExport
from salary_bands.ingest.containers import Container, Malformed, open_container
from salary_bands.ingest.raw_folder import open_export
from salary_bands.ingest.recognise import exported_on_from_name, recognise
from salary_bands.reference.formats import Column, Format, formats, header_key
from salary_bands.schemas.raw_reports import DERIVED_COLUMNS, TEXT_COLUMNS
from salary_bands.settings import Settings
from salary_bands.storage.frames import TEXT, map_distinct


@dataclass
class OpenExport:
    """A recognised export. `malformed` fills while chunks are read."""

    format: Format
    columns: list[str]  # ours that the export has
    chunks: Iterator[pd.DataFrame]
    malformed: list[Malformed]
    rows: int = 0
    ranges: "RangePairs" = field(default_factory=lambda: RangePairs())


def open_rows(path: Path, settings: Settings) -> OpenExport:
    """Recognise the export and read its mapped columns in chunks.

    Each chunk is raw_reports. Raises HeldExport, here or while chunks are read.
    """
    container, fmt = _recognised(path, settings)
    keys = set(map(header_key, container.header))
    columns = [n for n, c in fmt.columns.items() if c.constant or any(header_key(h) in keys for h in c.headers)]
    missing = [name for name in ("job_title", "currency") if name not in columns]
    missing += [] if {"base", "total"} & set(columns) else ["base"]
    if missing:
        raise HeldExport(
            "unmapped_column",
            f"format {fmt.name} finds no header for {', '.join(missing)}",
            "say in its YAML, under `columns`, which header each is",
        )
    export = OpenExport(fmt, columns, iter(()), container.malformed)
    export.chunks = _chunks(export, container)
    return export


def read_header(path: Path, settings: Settings) -> list[str]:
    """The header of an export, recognised or not; raises HeldExport where there is none."""
    return _open(path, "utf-8", ",", settings).header


def count_rows(path: Path, settings: Settings) -> int:
    """Rows of an export whose header is unknown, 0 where it cannot be read to its end."""
    try:
        container = _open(path, "utf-8", ",", settings)
        rows = sum(int((~_blank_rows(block)).sum()) for block in container.blocks)
    except HeldExport:
        return 0
    return rows + len(container.malformed)


def exported_on(fmt: Format, file_name: str, latest: date | None) -> date:
    """The date of an export: what its name says by the format's rule, else the latest full date inside.

    Raises HeldExport `no_export_date` where there is neither.
    """
    named = exported_on_from_name(fmt.exported_on, file_name) if fmt.exported_on else None
    if named:
        return date.fromisoformat(named)
    if latest is None:
        raise HeldExport(
            "no_export_date",
            "neither its name nor a row says when it was exported",
            "name it as the format's `exported_on` expects, or deliver full dates",
        )
    return latest


def _recognised(path: Path, settings: Settings) -> tuple[Container, Format]:
    """Try the ways the formats are written, UTF-8 with commas first, until one recognises the header."""
    ways = dict.fromkeys([("utf-8", ","), *((f.encoding, f.delimiter) for f in formats())])
    first: HeldExport | None = None
    for encoding, delimiter in ways:
        try:
            container = _open(path, encoding, delimiter, settings)
            fmt = recognise(container.header)
        except HeldExport as held:
            first = first or held
            if held.reason not in ("unknown_header", "missing_required_column", "unreadable_encoding"):
                break
            continue
        if (fmt.encoding, fmt.delimiter) != (encoding, delimiter):
            container = _open(path, fmt.encoding, fmt.delimiter, settings)
        return container, fmt
    assert first is not None
    raise first


def _open(path: Path, encoding: str, delimiter: str, settings: Settings) -> Container:
    return open_container(path.name, open_export(path), path.stat().st_size, encoding, delimiter, settings)


def _chunks(export: OpenExport, container: Container) -> Iterator[pd.DataFrame]:
    fmt = export.format
    for block in container.blocks:  # the header of JSON lines may grow
        position = {key: str(i) for i, key in reversed(list(enumerate(map(header_key, container.header))))}
        mapped = [position[h] for h in sorted(fmt.headers & position.keys())]
        blank = block[mapped].apply(_is_blank).all(axis=1)
        if blank.any():  # a row with a cell only in columns we do not map is still a row
            blank[blank] = _blank_rows(block[blank])
        rows = block.loc[~blank, mapped]
        export.rows += len(rows)
        if not rows.empty:
            chunk = pd.DataFrame(
                {name: _column(rows, fmt, name, position) for name in TEXT_COLUMNS},
                index=rows.index,
                dtype=TEXT,
            )
            yield _with_identity(chunk, fmt, export.ranges)


def _column(rows: pd.DataFrame, fmt: Format, name: str, position: dict[str, str]) -> pd.Series:
    """One of our columns out of the export's, as text, blank as missing."""
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
    """White space of every kind folded (no-break spaces and newlines in cells too), blank cells missing."""

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
    """Row number, hash of the mapped text, and the pair a row belongs to."""
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
    """Runs of rows equal in all but pay; rows 1-2, 3-4, ... of a run are the ends of one range.

    Remembers the run at the end of a chunk, so that chunks do not split pairs.
    """

    run_key: int | None = None
    run_length: int = 0
    last_row: int = 0

    def assign(self, chunk: pd.DataFrame, since: int | None) -> pd.Series:
        """The first row of each row's pair, missing where the row is single or its year is before `since`.

        The last row of a chunk cannot know whether it is single: it is given its own row number, and so is every
        odd last row; a pair with one row is read as one report.
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
