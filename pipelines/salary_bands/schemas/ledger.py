"""ledger: every row of every export, by disposition and reason, as it is published."""

import pandas as pd

from salary_bands.schemas.columns import DISPOSITIONS, MERGED, Table, column


class Ledger(Table):
    """What became of every row of every export. Counts below 10 are merged with others. Key: source, export,
    disposition, reason.
    """

    source: str = column("Source: the folder of the export")
    export: str = column("Name of the export: 12 digits of a hash of its bytes", str_length=12)
    format: str = column("Format; empty if none was recognised")
    disposition: str = column("What became of the rows; merged: several dispositions", isin=(*DISPOSITIONS, MERGED))
    reason: str = column("Reason code; empty if used; merged: several reasons")
    rows: pd.Int64Dtype = column("Number of rows; null below 10", "rows", nullable=True, ge=10)

    class Config:
        unique = ("source", "export", "disposition", "reason")
