"""What all containers share: the opened container, malformed records, and typed cells as text."""

import datetime
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow

from salary_bands.errors import HeldExport
from salary_bands.settings import Settings
from salary_bands.storage.frames import TEXT

MAX_BLOCK_ROWS = 65_536
MAX_BLOCK_CELLS = 4_000_000
_MALFORMED = 100_000  # above this, an export of mostly malformed records is not read to its end


class Way(NamedTuple):
    """How a container is opened; see the keys of a format with these names."""

    encoding: str = "utf-8"
    delimiter: str = ","
    header_row: int | None = None
    sheet: str = ""
    records: str = ""
    list_keys: tuple[tuple[str, str], ...] = ()

    def as_in(self, kind: str) -> "Way":
        """Return the way without what a container of that kind does not read, so that no file is opened twice alike."""
        return Way(**{name: getattr(self, name) for name in _READ.get(kind, ())})

    @property
    def layout(self) -> tuple[object, ...]:
        """What decides which rows and columns there are, whatever the text's encoding."""
        return self[2:]


_READ = {
    "csv": ("encoding", "delimiter", "header_row"),
    "tsv": ("encoding", "delimiter", "header_row"),
    "json": ("encoding", "records", "list_keys"),
    "jsonl": ("encoding", "list_keys"),
    "xlsx": ("header_row", "sheet"),
}


@dataclass(frozen=True)
class Malformed:
    """A record that is not a row: its number of cells differs from the header's, or it is not a JSON object.

    about: counts of cells; never what the record says, since it may hold columns that must not be kept.
    """

    row: int
    reason: str
    about: str = ""


@dataclass
class Container:
    """An opened export: its header, then blocks of all its columns as text.

    The columns of a block are numbered like the header's. Its index is the row number in the file; the header is row 1.
    Malformed records are not in the blocks. Those before the last row of a block are known once it is yielded.
    formulas: how many cells of a column, by its number, are formulas without a value.
    """

    header: list[str]
    blocks: Iterator[pd.DataFrame] = field(default_factory=lambda: iter(()))
    malformed: list[Malformed] = field(default_factory=list)
    formulas: Counter[int] = field(default_factory=Counter)

    def add_malformed(self, record: Malformed, settings: Settings) -> None:
        """Note a malformed record; hold the export if they are too many to keep and most of it so far."""
        self.malformed.append(record)
        count = len(self.malformed)
        if count > _MALFORMED and count > settings.max_rejected_share * record.row:
            raise HeldExport(
                "too_many_rejected",
                f"{count:,} of the first {record.row:,} rows are malformed, the first is row {self.malformed[0].row}",
                "fix the export, or raise max_rejected_share",
                rows=record.row - 1,
            )


def kind_of(name: str) -> str:
    """Return the ending of a file's name that says its container, without that of compression."""
    return name.lower().removesuffix(".gz").rpartition(".")[2]


def container_of(name: str) -> str:
    """Return all of a file's name that decides how its bytes are opened: the kind of its container, and compression."""
    return kind_of(name) + (".gz" if name.lower().endswith(".gz") else "")


def checked_header(header: list[str] | None, settings: Settings) -> list[str]:
    """Return the header; raise HeldExport if there is none or it is too wide."""
    if not header:
        raise HeldExport("empty", "is empty", "deliver it again or remove it")
    if len(header) > settings.max_columns:
        raise HeldExport("too_many_columns", f"has {len(header):,} columns", "raise max_columns or fix the export")
    return header


def block_of(table: pyarrow.Table, rows: np.ndarray) -> pd.DataFrame:
    """Convert a table of text to a block with these row numbers."""
    frame = table.to_pandas(types_mapper={pyarrow.string(): TEXT}.get)
    frame.index = pd.Index(rows)
    return frame


def cell_text(value: Any) -> str | None:
    """Write a typed cell as a CSV would hold it; None is blank."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, (list, tuple, np.ndarray)):
        return ";".join(cell_text(v) or "" for v in value)
    return str(value)


def line_too_long(what: str, settings: Settings) -> HeldExport:
    """Say that a row, a line or the header is longer than is read."""
    return HeldExport(
        "line_too_long", f"{what} has over {settings.max_line_bytes:,} bytes", "fix it, or raise max_line_bytes"
    )


def damaged(container: str, error: Exception) -> HeldExport:
    """Say that a reader failed. Its own words may quote cells, so only the kind of its error is named."""
    return HeldExport(
        f"damaged_{container.lower()}",
        f"cannot be read as {container} ({type(error).__name__})",
        "deliver it again; `salary-bands inspect FILE` shows what the reader said",
    )
