"""Apply functions once per distinct value, because exports repeat the same few thousand texts."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

TEXT = pd.StringDtype(na_value=np.nan)


def map_distinct(values: pd.Series, function: Callable[[Any], Any], dtype: Any = TEXT) -> pd.Series:
    """Map every value, calling the function once per distinct value; missing values stay missing.

    Returns:
        A series of `dtype` with the same index.
    """
    codes, distinct = pd.factorize(values)
    results = pd.array([*map(function, distinct), None], dtype=dtype)
    return pd.Series(results.take(codes), index=values.index)  # missing values have code -1: the last result, None


def map_distinct_rows(frame: pd.DataFrame, function: Callable[..., Any]) -> tuple[np.ndarray, list[Any]]:
    """Call function(*row) once per distinct row of the frame; missing cells are passed as None.

    Returns:
        (codes, results): the result of row i is results[codes[i]].
    """
    columns = [column.array for _, column in frame.items()]
    codes = np.zeros(len(frame), dtype=np.int64)
    for column in columns:
        of_column, distinct = pd.factorize(column)  # missing cells have -1
        codes, _ = pd.factorize(codes * (len(distinct) + 1) + of_column)
    _, first = np.unique(codes, return_index=True)
    cells = [column.take(first) for column in columns]
    known = [np.where(cell.isna(), None, cell.astype(object)) for cell in cells]
    return codes, [function(*row) for row in zip(*known, strict=True)]
