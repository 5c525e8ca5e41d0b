"""Write the tables of a release: Parquet, CSV without formulas, and the bands as JSON."""

import csv
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, TextIO

import pyarrow
import pyarrow.parquet as pq

from salary_bands.aggregate.workspace import Workspace
from salary_bands.releases.documents import SCHEMA_VERSION, Document
from salary_bands.schemas import RELEASE_TABLES, arrow_schema

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_HEAD = ("release", "as_of", "view", "group_id", "group_label", "market")
BAND_COLUMNS = tuple(name for name in arrow_schema("bands").names if name not in _HEAD)


def write_tables(candidate: Workspace, folder: Path) -> dict[str, int]:
    """Write every table as Parquet and CSV, and return the number of rows of each file."""
    rows = {}
    for table in RELEASE_TABLES:
        content = pq.read_table(candidate.path(table)).replace_schema_metadata(None)
        pq.write_table(content, folder / f"{table}.parquet", compression="zstd")
        write_csv(content, folder / f"{table}.csv")
        rows[f"{table}.parquet"] = rows[f"{table}.csv"] = content.num_rows
    return rows


def write_csv(content: pyarrow.Table, path: Path) -> None:
    """Write a table as CSV: UTF-8, LF, an empty cell for null, true and false, ISO dates.

    A text that a spreadsheet would read as a formula gets a leading apostrophe.
    """
    cells = [map(_csv_cell, column.to_pylist()) for column in content.columns]
    with path.open("w", encoding="utf-8", newline="") as stream:
        # with CR in the terminator csv.writer quotes a text with a lone CR, which would end the row in spreadsheets
        writer = csv.writer(_LineFeeds(stream), lineterminator="\r\n")
        writer.writerow(content.column_names)
        writer.writerows(zip(*cells, strict=True))


def _csv_cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


class _LineFeeds:
    """A stream for csv.writer, which writes one row per call, that ends rows with LF instead of CRLF."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, row: str) -> int:
        return self.stream.write(row.removesuffix("\r\n") + "\n")


def band_documents(candidate: Workspace) -> Iterator[tuple[str, Document]]:
    """Yield (path, document) of each `bands/<view>/<group_id>/<market>.json` that has a cell not suppressed."""
    bands = pq.read_table(candidate.path("bands"))
    heads = zip(*(bands[name].to_pylist() for name in _HEAD), strict=True)
    cells = zip(*(bands[name].to_pylist() for name in BAND_COLUMNS), strict=True)
    rows = sorted(
        zip(heads, cells, strict=True), key=itemgetter(0)
    )  # the sort is stable: rows keep the order of the table
    basis = BAND_COLUMNS.index("basis")
    for head, part in groupby(rows, key=itemgetter(0)):
        own = [list(row) for _, row in part]
        if any(row[basis] != "suppressed" for row in own):
            named = dict(zip(_HEAD, head, strict=True))
            yield (
                f"bands/{named['view']}/{named['group_id']}/{named['market']}.json",
                {
                    "schema_version": SCHEMA_VERSION,
                    **named,
                    "as_of": named["as_of"].isoformat(),
                    "columns": list(BAND_COLUMNS),
                    "rows": own,
                },
            )
