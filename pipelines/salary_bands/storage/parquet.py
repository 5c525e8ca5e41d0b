"""Tables as Parquet files, written chunk by chunk and held to their contract."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd
import pyarrow
import pyarrow.parquet as pq

from salary_bands.schemas import arrow_schema, to_pandas, validated
from salary_bands.storage.files import moved_into_place


def write_table(path: Path, table: str, chunks: Iterable[pd.DataFrame]) -> int:
    """Write a table chunk by chunk, each held to the table's contract; return the number of rows.

    Equal rows in equal chunks are equal bytes.
    """
    schema = arrow_schema(table)
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
