"""Parquet as blocks of text cells."""

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet

from salary_bands.ingest.containers.common import (
    MAX_BLOCK_CELLS,
    MAX_BLOCK_ROWS,
    Container,
    block_of,
    cell_text,
    checked_header,
    damaged,
)
from salary_bands.ingest.containers.limits import bounded, check_parquet
from salary_bands.settings import Settings

_ERRORS = (pyarrow.ArrowException, OSError, ValueError, OverflowError)


def open_parquet(stream: BinaryIO, size: int, settings: Settings) -> Container:
    """Open a Parquet file; its column names are the header."""
    try:
        schema = pyarrow.parquet.read_schema(stream)
        texts = [field.name for field in schema if _is_text(field.type)]
        stream.seek(0)
        file = pyarrow.parquet.ParquetFile(stream, read_dictionary=texts)
        header = checked_header(list(schema.names), settings)
        check_parquet(file.metadata, size, settings)
    except _ERRORS as error:
        raise damaged("Parquet", error) from None

    def blocks() -> Iterator[pd.DataFrame]:
        row = 2
        try:
            for batch in file.iter_batches(batch_size=max(1, min(MAX_BLOCK_ROWS, MAX_BLOCK_CELLS // len(header)))):
                for part in bounded(batch, settings):
                    columns = [_text_column(column) for column in part.columns]
                    table = pyarrow.table(columns, names=[str(i) for i in range(len(columns))])
                    yield block_of(table, np.arange(row, row + part.num_rows, dtype=np.int64))
                    row += part.num_rows
        except _ERRORS as error:
            raise damaged("Parquet", error) from None

    return Container(header, blocks())


def _is_text(kind: pyarrow.DataType) -> bool:
    return bool(
        pyarrow.types.is_string(kind)
        or pyarrow.types.is_large_string(kind)
        or pyarrow.types.is_binary(kind)
        or pyarrow.types.is_large_binary(kind)
    )


def _text_column(column: pyarrow.Array) -> pyarrow.Array:
    """Write cells as text: times in ISO 8601, floats without a needless .0, lists joined with `;`."""
    if pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if _is_text(column.type):
        text = column.cast(pyarrow.string())
        text.validate(full=True)  # raises on text that is not UTF-8
        return text
    return pyarrow.array([cell_text(v) for v in column.to_pylist()], pyarrow.string())
