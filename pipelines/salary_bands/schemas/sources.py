"""sources: the sources of the reports, with licence and attribution."""

import numpy as np

from salary_bands.schemas.columns import Table, column


class Sources(Table):
    """Sources of the reports, with licence and attribution. Key: source, format, evidence."""

    source: str = column("Source: the folder of its exports")
    format: str = column("Format of its exports")
    evidence: str = column("reported, advertised, or none if no row was accepted")
    exports: int = column("Exports read", "exports", ge=0)
    first_report: np.dtype("datetime64[us]") = column("Date of the earliest used report", nullable=True)  # type: ignore[valid-type]
    last_report: np.dtype("datetime64[us]") = column("Date of the latest used report", nullable=True)  # type: ignore[valid-type]
    rows: int = column("Rows used", "rows", ge=0)
    licence: str = column("Licence as stated by the source")
    attribution: str = column("How to credit the source")

    class Config:
        unique = ("source", "format", "evidence")
