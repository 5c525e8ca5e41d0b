"""window_reports: every accepted row of every export with its disposition, date and weight."""

import numpy as np
import pandas as pd

from salary_bands.schemas.columns import DISPOSITIONS, TIERS, column
from salary_bands.schemas.report_columns import USD, AnnualPay

DATE_BASES = ("stated", "midway", "spread", "export")


class WindowReports(AnnualPay):
    """The reports that a release is made of, and those that it is not made of, with the reason."""

    leaf: str = column("Finest specialisation")
    leaf_rule: str = column("Rule that gave the leaf")
    tier: str = column("Tier of the employer at that date", isin=TIERS)
    source: str = column("Source: the folder of the export")
    file: str = column("File under the raw folder")
    export_sha256: str = column("SHA-256 of the export's bytes", str_length=64)
    format: str = column("Format of the export")
    report_date: np.dtype("datetime64[us]") = column("Date of the report")  # type: ignore[valid-type]
    date_basis: str = column("Where the date comes from", isin=DATE_BASES)
    base_min: pd.Int64Dtype = column("Lower end of an advertised range", USD, nullable=True, gt=0)
    base_max: pd.Int64Dtype = column("Upper end of an advertised range", USD, nullable=True, gt=0)
    openings: int = column("Equal adverts that this one stands for", ge=1)
    age_months: int = column("Calendar months before as_of", "months")
    weight: int = column("Recency weight, 2^20 at age 0; 0 outside the window", ge=0)
    disposition: str = column("What became of the row", isin=DISPOSITIONS)
    reason: str = column("Reason code of the disposition; empty where used", nullable=True)
