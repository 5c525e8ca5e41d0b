"""The work folder: Parquet parts and records of the stages, written aside and moved into place."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow
import pyarrow.parquet as pq

from salary_bands.files import moved_into_place, write_json
from salary_bands.schemas import arrow_schema, to_pandas, validated


def write_table(path: Path, table: str, chunks: Iterable[pd.DataFrame], made_from: str = "") -> int:
    """Write a table chunk by chunk, each held to the table's contract; the number of rows.

    made_from: the fingerprint of what the table is made from, kept in the file.
    """
    schema = arrow_schema(table).with_metadata({"made_from": made_from})
    rows = 0
    with moved_into_place(path) as aside, pq.ParquetWriter(aside, schema) as writer:
        for chunk in chunks:
            rows += len(chunk)
            frame = validated(chunk, table)
            writer.write_table(pyarrow.Table.from_pandas(frame, schema=schema, preserve_index=False))
    return rows


def read_table(path: Path, table: str) -> Iterator[pd.DataFrame]:
    """The table as it was written, a row group at a time."""
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield to_pandas(file.read_row_group(group), table)


def made_from(path: Path) -> str | None:
    """The fingerprint that a table's file carries, None where there is no such file."""
    if not path.is_file():
        return None
    return (pq.read_schema(path).metadata or {}).get(b"made_from", b"").decode()


@dataclass(frozen=True)
class Parts:
    """Parts of the tables up to pay_reports: WORK/<table>/<key>.parquet, and a record WORK/<table>/<key>.json.

    The record is written after the part and says what made it: a part without its record does not count.
    """

    work: Path

    def path(self, table: str, key: str) -> Path:
        return self.work / table / f"{key}.parquet"

    def write(self, table: str, key: str, chunks: Iterable[pd.DataFrame]) -> int:
        """Write a part; the number of rows."""
        return write_table(self.path(table, key), table, chunks)

    def chunks(self, table: str, key: str) -> Iterator[pd.DataFrame]:
        """The part as it was written, a row group at a time."""
        return read_table(self.path(table, key), table)

    def remove(self, table: str, key: str) -> None:
        with suppress(FileNotFoundError):
            self.path(table, key).unlink()

    def record(self, table: str, key: str) -> dict[str, Any] | None:
        """What is known of the part, None where there is none or it is not readable."""
        try:
            record = json.loads((self.work / table / f"{key}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return record if isinstance(record, dict) else None

    def write_record(self, table: str, key: str, record: dict[str, Any]) -> None:
        write_json(self.work / table / f"{key}.json", record)
