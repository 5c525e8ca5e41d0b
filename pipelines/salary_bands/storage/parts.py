"""Read and write the work folder: the Parquet parts of the stages, and a record of each part."""

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
    """The parts of the tables up to pay_reports, and a record of each.

    A part is WORK/<table>/<key>.parquet, its record WORK/<table>/<key>.json. The record is written after the part and
    says what the part was made from; a part without a record is ignored.
    """

    work: Path

    def path(self, table: str, key: str) -> Path:
        """Return the path of a part."""
        return self.work / table / f"{key}.parquet"

    def write(self, table: str, key: str, chunks: Iterable[pd.DataFrame]) -> int:
        """Write a part and return its number of rows."""
        return write_table(self.path(table, key), table, chunks)

    def chunks(self, table: str, key: str) -> Iterator[pd.DataFrame]:
        """Yield the row groups of a part as frames."""
        return read_table(self.path(table, key), table)

    def remove(self, table: str, key: str) -> None:
        """Remove a part if it exists."""
        with suppress(FileNotFoundError):
            self.path(table, key).unlink()

    def record(self, table: str, key: str) -> dict[str, Any] | None:
        """Read the record of a part; None if it is missing or damaged."""
        try:
            record = json.loads((self.work / table / f"{key}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return record if isinstance(record, dict) else None

    def write_record(self, table: str, key: str, record: dict[str, Any]) -> None:
        """Write the record of a part."""
        write_json(self.work / table / f"{key}.json", record)
