"""Read and write the work folder: the Parquet parts of the stages, and a record of each part."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from salary_bands.storage.files import checksum_of, read_sealed, sha256_of, write_sealed
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

    def keys(self, table: str, start: str) -> list[str]:
        """List the keys of the parts of a table that begin so."""
        return sorted(path.stem for path in (self.work / table).glob(f"{start}*.parquet"))

    def remove(self, table: str, key: str) -> None:
        """Remove a part if it exists."""
        with suppress(FileNotFoundError):
            self.path(table, key).unlink()

    def record(self, table: str, key: str) -> dict[str, Any] | None:
        """Read the record of a part; None if it is missing or damaged."""
        return read_sealed(self.work / table / f"{key}.json")

    def is_damaged(self, table: str, key: str) -> bool:
        """True if a part is not what its record says: missing, cut, or with other bytes."""
        record = self.record(table, key)
        return record is not None and record.get("checksum", "") != checksum_of(self.path(table, key))

    def write_record(self, table: str, key: str, made_from: str, **facts: Any) -> dict[str, Any]:
        """Write the record of a part: what it was made from, the checksum of its rows (empty if held), and facts."""
        path = self.path(table, key)
        checksum = sha256_of(path) if path.is_file() else ""
        record = {"made_from": made_from, "checksum": checksum, **facts}
        write_sealed(path.with_suffix(".json"), record)
        return record
