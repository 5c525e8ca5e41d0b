"""Write tables as Parquet files in chunks, each validated against the table's contract, and read them."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd
import pyarrow
import pyarrow.parquet as pq

from salary_bands.schemas import arrow_schema, to_pandas, validated
from salary_bands.storage.files import moved_into_place


def write_table(path: Path, table: str, chunks: Iterable[pd.DataFrame]) -> int:
    """Write a table in chunks and return the number of rows. Equal rows in equal chunks give equal bytes.

    Args:
        path: the file to write.
        table: the name of the table; each chunk must satisfy its contract.
        chunks: frames of the table.
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
    """Yield the row groups of a table's file as frames."""
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield to_pandas(file.read_row_group(group), table)
