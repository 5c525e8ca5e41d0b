"""ledger: the rows of every export, counted by disposition and reason."""

from salary_bands.schemas.columns import DISPOSITIONS, Table, column


class Ledger(Table):
    """Counts of the rows of every export by disposition and reason. Key: source, file, disposition, reason."""

    source: str = column("Source: the folder of the export")
    file: str = column("File under the raw folder")
    export_sha256: str = column("SHA-256 of the export's bytes", str_length=64)
    format: str = column("Format; empty if none was recognised")
    disposition: str = column("How the rows were used", isin=DISPOSITIONS)
    reason: str = column("Reason code; empty if used")
    rows: int = column("Number of rows", "rows", ge=0)

    class Config:
        unique = ("source", "file", "disposition", "reason")
