"""Write tables as Parquet files in chunks, each validated against the table's contract, and read them."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd
import pyarrow
import pyarrow.parquet as pq

from salary_bands.schemas import arrow_schema, to_pandas, validated
from salary_bands.storage.files import moved_into_place


def write_table(path: Path, table: str, chunks: Iterable[pd.DataFrame], made_from: str = "") -> int:
    """Write a table in chunks and return the number of rows.

    Args:
        path: the file to write.
        table: the name of the table; each chunk must satisfy its contract.
        chunks: frames of the table.
        made_from: the fingerprint of the table's inputs, kept in the metadata of the file.
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
    """Yield the row groups of a table's file as frames."""
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield to_pandas(file.read_row_group(group), table)


def made_from(path: Path) -> str | None:
    """Return the fingerprint in the metadata of a table's file, None if the file is missing."""
    if not path.is_file():
        return None
    return (pq.read_schema(path).metadata or {}).get(b"made_from", b"").decode()
