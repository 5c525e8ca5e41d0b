"""sources: where the reports come from, with licence and attribution."""

import numpy as np
import pandas as pd

from salary_bands.schemas.columns import Table, column


class Sources(Table):
    """Where the reports come from, with licence and attribution. Key: source, format, evidence."""

    source: str = column("Source: the folder of its exports")
    format: str = column("Format of its exports")
    evidence: str = column("reported, advertised, or none where no row was accepted")
    exports: int = column("Exports read", "exports", ge=0)
    first_report: np.dtype("datetime64[us]") = column("Date of the earliest used report", nullable=True)  # type: ignore[valid-type]
    last_report: np.dtype("datetime64[us]") = column("Date of the latest used report", nullable=True)  # type: ignore[valid-type]
    rows: pd.Int64Dtype = column("Rows used; null if they would tell a count below 10", "rows", nullable=True, ge=0)
    licence: str = column("Licence as the source states it")
    attribution: str = column("How to name the source")

    class Config:
        unique = ("source", "format", "evidence")
