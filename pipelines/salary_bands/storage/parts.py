"""The work folder: Parquet parts and records of the stages, written aside and moved into place."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from salary_bands.storage.files import write_json
from salary_bands.storage.parquet import read_table, write_table


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
