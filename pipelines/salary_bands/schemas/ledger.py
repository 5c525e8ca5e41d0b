"""ledger: every row of every export, by disposition and reason."""

from salary_bands.schemas.columns import DISPOSITIONS, Table, column


class Ledger(Table):
    """What became of every row of every export. Key: source, file, disposition, reason."""

    source: str = column("Source: the folder of the export")
    file: str = column("File under the raw folder")
    export_sha256: str = column("SHA-256 of the export's bytes", str_length=64)
    format: str = column("Format; empty where none was recognised")
    disposition: str = column("What became of the rows", isin=DISPOSITIONS)
    reason: str = column("Reason code; empty where used")
    rows: int = column("Number of rows", "rows", ge=0)

    class Config:
        unique = ("source", "file", "disposition", "reason")
