"""rejected_reports: rows that hold a value which cannot be used, with the first such column and why."""

from salary_bands.schemas.columns import Table
from salary_bands.schemas.columns import column as declared


class RejectedReports(Table):
    """One row per rejected row of an export; the text itself is shown by `salary-bands inspect FILE` alone."""

    row: int = declared("Row in the export; the header is row 1", ge=2)
    column: str = declared("Our name of the column; empty if the row as a whole is meant")
    reason: str = declared("Reason code", str_matches=r"^[a-z_]+$")
