"""The tables of a release as files: Parquet as they are, CSV that no spreadsheet takes for a formula, JSON of bands."""

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
    """Every table as Parquet and CSV; the rows of each file."""
    rows = {}
    for table in RELEASE_TABLES:
        content = pq.read_table(candidate.path(table)).replace_schema_metadata(None)
        pq.write_table(content, folder / f"{table}.parquet", compression="zstd")
        write_csv(content, folder / f"{table}.csv")
        rows[f"{table}.parquet"] = rows[f"{table}.csv"] = content.num_rows
    return rows


def write_csv(content: pyarrow.Table, path: Path) -> None:
    """UTF-8, LF, empty is null, true and false, ISO dates; a text that looks like a formula gets an apostrophe."""
    cells = [map(_csv_cell, column.to_pylist()) for column in content.columns]
    with path.open("w", encoding="utf-8", newline="") as stream:
        # a terminator with CR has a lone CR in a text quoted: unquoted it ends the row for spreadsheets
        writer = csv.writer(_LineFeeds(stream), lineterminator="\r\n")
        writer.writerow(content.column_names)
        writer.writerows(zip(*cells, strict=True))


def _csv_cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


class _LineFeeds:
    """Rows of a csv.writer, which come one a call, ended by LF."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, row: str) -> int:
        return self.stream.write(row.removesuffix("\r\n") + "\n")


def band_documents(candidate: Workspace) -> Iterator[tuple[str, Document]]:
    """(path, document) of each `bands/<view>/<group_id>/<market>.json`; none where all is suppressed."""
    bands = pq.read_table(candidate.path("bands"))
    heads = zip(*(bands[name].to_pylist() for name in _HEAD), strict=True)
    cells = zip(*(bands[name].to_pylist() for name in BAND_COLUMNS), strict=True)
    rows = sorted(zip(heads, cells, strict=True), key=itemgetter(0))  # stable, so rows keep the table's order
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
