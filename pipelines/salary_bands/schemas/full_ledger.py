"""full_ledger: every row of every export, by disposition and reason; it stays in the work folder."""

from salary_bands.schemas.columns import DISPOSITIONS, Table, column


class FullLedger(Table):
    """What became of every row of every file. Key: source, file, disposition, reason."""

    source: str = column("Source: the folder of the export")
    file: str = column("File under the raw folder")
    export: str = column("Name of the export in a release: 12 digits of a hash of its bytes", str_length=12)
    format: str = column("Format; empty if none was recognised")
    disposition: str = column("What became of the rows", isin=DISPOSITIONS)
    reason: str = column("Reason code; empty if used")
    rows: int = column("Number of rows", "rows", ge=0)

    class Config:
        unique = ("source", "file", "disposition", "reason")
