"""The work folder: Parquet parts and records of the stages, written aside and moved into place."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from salary_bands.storage.files import read_record, sha256_of, write_json
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
        """What is known of the part, None if there is no record of it or it cannot be read."""
        return read_record(self.work / table / f"{key}.json")

    def write_record(self, table: str, key: str, made_from: str, **facts: Any) -> dict[str, Any]:
        """Write what is known of a part: what made it, the checksum of its rows (empty if there is no part), facts."""
        path = self.path(table, key)
        checksum = sha256_of(path) if path.is_file() else ""
        record = {"made_from": made_from, "checksum": checksum, **facts}
        write_json(path.with_suffix(".json"), record)
        return record
