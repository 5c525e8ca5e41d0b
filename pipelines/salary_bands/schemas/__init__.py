"""One pandera model per table: its contract, from which the dictionary is generated.

Belongs here: columns, types, units, descriptions, checks within one table. Does not belong here: checks across tables
(`sql/checks/`), or how a table is made.
"""

from functools import cache
from typing import Any

import pandas as pd
import pandera.errors
import pandera.pandas as pa
import pyarrow

from salary_bands.schemas.accepted_reports import AcceptedReports
from salary_bands.schemas.bands import Bands
from salary_bands.schemas.cards import Cards
from salary_bands.schemas.cell_figures import CellFigures
from salary_bands.schemas.changes import Changes
from salary_bands.schemas.claims import Claims
from salary_bands.schemas.columns import Table
from salary_bands.schemas.estimates import Estimates
from salary_bands.schemas.full_ledger import FullLedger
from salary_bands.schemas.ledger import Ledger
from salary_bands.schemas.model_cells import ModelCells
from salary_bands.schemas.multipliers import Multipliers
from salary_bands.schemas.normalised_reports import NormalisedReports
from salary_bands.schemas.pay_reports import PayReports
from salary_bands.schemas.premiums import Premiums
from salary_bands.schemas.raw_reports import RawReports
from salary_bands.schemas.rejected_reports import RejectedReports
from salary_bands.schemas.sources import Sources
from salary_bands.schemas.window_reports import WindowReports

EXPORT_TABLES: dict[str, type[Table]] = {
    "raw_reports": RawReports,
    "accepted_reports": AcceptedReports,
    "rejected_reports": RejectedReports,
    "normalised_reports": NormalisedReports,
    "pay_reports": PayReports,
}
RELEASE_TABLES: dict[str, type[Table]] = {
    "bands": Bands,
    "estimates": Estimates,
    "premiums": Premiums,
    "multipliers": Multipliers,
    "cards": Cards,
    "claims": Claims,
    "changes": Changes,
    "ledger": Ledger,
    "sources": Sources,
}
CANDIDATE_TABLES: dict[str, type[Table]] = {
    "window_reports": WindowReports,
    "model_cells": ModelCells,
    "cell_figures": CellFigures,
    "full_ledger": FullLedger,
}
TABLES: dict[str, type[Table]] = {**EXPORT_TABLES, **CANDIDATE_TABLES, **RELEASE_TABLES}


class SchemaBroken(Exception):  # noqa: N818 - the name is clear without "Error"
    """A table violates its own contract, which is a bug. The message names table, column and check."""


def validated(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """Return the frame if it satisfies the table's contract, else raise SchemaBroken."""
    schema = TABLES[table].to_schema()
    types, of_values = _contract(table)
    if [*frame.columns] == [*types] and [*frame.dtypes] == [*types.values()]:
        missing = frame.isna()
        some, every = missing.any(), missing.all()
        said = {
            name: spec
            for name, spec in of_values.items()
            if (some[name] and not spec.nullable) or (not every[name] and (spec.checks or spec.unique))
        }
        schema = pa.DataFrameSchema(said, checks=schema.checks, unique=schema.unique)
    try:
        return schema.validate(frame, lazy=True, inplace=True)
    except pandera.errors.SchemaErrors as errors:
        shown = ["column", "check", *([] if table in EXPORT_TABLES else ["failure_case"])]  # no cell of an export
        cases = errors.failure_cases[shown].astype(str).drop_duplicates().head(5)
        lines = "; ".join(f"column {': '.join(case)}" for case in cases.itertuples(index=False))
        raise SchemaBroken(f"table {table} violates its contract: {lines}") from None


@cache
def _contract(table: str) -> tuple[dict[str, Any], dict[str, pa.Column]]:
    """Return the type of each column in order, and of which columns the contract says more, without their types.

    Columns, types and missing values are compared at once, because pandera takes long over each column.
    """
    schema = TABLES[table].to_schema()
    types = {name: _pandas_type(str(spec.dtype)) for name, spec in schema.columns.items()}
    said = [name for name, spec in schema.columns.items() if spec.checks or spec.unique or not spec.nullable]
    untyped = schema.update_columns({name: {"dtype": None} for name in said})
    return types, {name: untyped.columns[name] for name in said}


def _pandas_type(name: str) -> Any:
    """Return the type of a column in frames; times have microseconds, which pandera does not look at."""
    if name.startswith("string"):
        return _TEXT
    return pd.api.types.pandas_dtype("datetime64[us]" if name.startswith("datetime64") else name)


def arrow_schema(table: str) -> pyarrow.Schema:
    """Return the table's Parquet schema, which all parts share, even empty ones.

    Published tables have dates, the others timestamps.
    """
    return _arrow_schema(TABLES[table], pyarrow.date32() if table in RELEASE_TABLES else pyarrow.timestamp("us"))


@cache
def _arrow_schema(model: type[Table], times: pyarrow.DataType) -> pyarrow.Schema:
    kinds = {
        "int64": pyarrow.int64(),
        "Int64": pyarrow.int64(),
        "float64": pyarrow.float64(),
        "boolean": pyarrow.bool_(),
    }
    return pyarrow.schema(
        (
            name,
            times if str(spec.dtype).startswith("datetime64") else kinds.get(str(spec.dtype), pyarrow.string()),
        )
        for name, spec in model.to_schema().columns.items()
    )


def to_pandas(part: pyarrow.Table, table: str) -> pd.DataFrame:
    """Convert a part of the table to a frame with the types of its contract."""
    frame = part.cast(arrow_schema(table)).to_pandas(types_mapper=_PANDAS_TYPES.get)
    types, _ = _contract(table)
    for name, found in frame.dtypes.items():
        if found != types[name]:
            frame[name] = frame[name].astype(types[name])
    return frame


def empty(table: str) -> pd.DataFrame:
    """Return a frame of the table without rows."""
    return to_pandas(arrow_schema(table).empty_table(), table)


_TEXT = pd.StringDtype(na_value=float("nan"))
_PANDAS_TYPES: dict[pyarrow.DataType, object] = {
    pyarrow.int64(): pd.Int64Dtype(),
    pyarrow.bool_(): pd.BooleanDtype(),
    pyarrow.string(): _TEXT,
}
