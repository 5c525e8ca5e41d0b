"""Work once per distinct value: real exports repeat the same few thousand texts."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

TEXT = pd.StringDtype(na_value=np.nan)


def map_distinct(values: pd.Series, function: Callable[[Any], Any], dtype: Any = TEXT) -> pd.Series:
    """function(value) for every value, called once per distinct one; missing values stay missing.

    Returns a series of `dtype` with the same index.
    """
    codes, distinct = pd.factorize(values)
    results = pd.array([*map(function, distinct), None], dtype=dtype)
    return pd.Series(results.take(codes), index=values.index)  # code -1, missing, takes the last: None


def map_distinct_rows(frame: pd.DataFrame, function: Callable[..., Any]) -> tuple[np.ndarray, list[Any]]:
    """function(*row) once per distinct row of the frame; missing cells are passed as None.

    Returns (codes, results): row i of the frame has results[codes[i]].
    """
    codes = frame.groupby(list(frame.columns), dropna=False, sort=False).ngroup().to_numpy()
    first = pd.Series(np.arange(len(codes))).groupby(codes, sort=True).first().to_numpy()
    distinct = frame.iloc[first].astype(object)
    distinct = distinct.where(distinct.notna(), None)
    return codes, [function(*row) for row in distinct.itertuples(index=False, name=None)]
