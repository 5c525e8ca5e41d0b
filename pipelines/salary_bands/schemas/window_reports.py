"""window_reports: every accepted row of every export with its disposition, date and weight."""

import numpy as np

from salary_bands.schemas.columns import DISPOSITIONS, TIERS, column
from salary_bands.schemas.report_columns import AnnualPay

DATE_BASES = ("stated", "midway", "spread", "export")


class WindowReports(AnnualPay):
    """All accepted rows, those used in the release and those not used, with the reason."""

    leaf: str = column("Finest specialisation")
    leaf_rule: str = column("Rule that decided the leaf")
    tier: str = column("Tier of the employer on that date", isin=TIERS)
    source: str = column("Source: the folder of the export")
    file: str = column("File under the raw folder")
    export_sha256: str = column("SHA-256 of the export's bytes", str_length=64)
    format: str = column("Format of the export")
    report_date: np.dtype("datetime64[us]") = column("Date of the report")  # type: ignore[valid-type]
    delivered_on: np.dtype("datetime64[us]") = column("Date of the first export that has it")  # type: ignore[valid-type]
    expired_on: np.dtype("datetime64[us]") = column(  # type: ignore[valid-type]
        "Date from which a person's report no longer counts: it is past the window, or was replaced", nullable=True
    )
    date_basis: str = column("Where the date comes from", isin=DATE_BASES)
    openings: int = column("Equal adverts that this row represents", ge=1)
    age_months: int = column("Age in calendar months at as_of", "months")
    weight: int = column("Recency weight, 2^20 at age 0; 0 if the report is later than as_of", ge=0)
    disposition: str = column("How the row was used", isin=DISPOSITIONS)
    reason: str = column("Reason code of the disposition; empty if used", nullable=True)
