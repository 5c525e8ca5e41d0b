"""Columns that several tables of reports share."""

import numpy as np
import pandas as pd

from salary_bands.schemas.columns import EVIDENCE, LEVELS, STAGES, Table, column

LEVEL_BASES = ("ladder", "title", "scheme", "experience")
SCOPE_REASONS = (
    "part_time",
    "contract",
    "freelance",
    "intern_or_student",
    "people_manager",
    "executive",
    "other_job",
)
USD = "USD a year"


class ReportIdentity(Table):
    """The row of a report in its export, and the time of the report."""

    row: int = column("Row in the export; the header is row 1", ge=2)
    row_hash: int = column("64-bit hash of the mapped columns' text")
    range_id: pd.Int64Dtype = column("First row of a pair whose rows are the two ends of one range", nullable=True)
    evidence: str = column("reported or advertised", isin=EVIDENCE)
    submission_id: str = column("The source's id of the report", nullable=True)
    submitted_at: np.dtype("datetime64[us]") = column("Time of the report", "UTC", nullable=True)  # type: ignore[valid-type]
    submitted_year: pd.Int64Dtype = column(
        "Year of the report; set even if the day is unknown", nullable=True, ge=1900, le=2200
    )


class AnnualPay(ReportIdentity):
    """Annual pay in USD and the dimensions of the bands, except leaf and tier."""

    scope_reason: str = column("Why the report is out of scope", nullable=True, isin=SCOPE_REASONS)
    employer: str = column("Canonical name, or the folded name of an unlisted employer", nullable=True)
    level: str = column("Level on our ladder", nullable=True, isin=LEVELS)
    level_basis: str = column("Where the level or stage comes from", nullable=True, isin=LEVEL_BASES)
    stage: str = column("Stage", nullable=True, isin=STAGES)
    country: str = column("ISO 3166 alpha-2", nullable=True, str_length=2)
    metro: str = column("Metro", nullable=True)
    years_experience: float = column("Professional experience", "years", nullable=True)
    base: pd.Int64Dtype = column("Base pay", USD, nullable=True, gt=0)
    base_min: pd.Int64Dtype = column("Lower end of a range of base pay", USD, nullable=True, gt=0)
    base_max: pd.Int64Dtype = column("Upper end of a range of base pay", USD, nullable=True, gt=0)
    bonus: pd.Int64Dtype = column("Bonus", USD, nullable=True, ge=0)
    equity: pd.Int64Dtype = column("Equity", USD, nullable=True, ge=0)
    total: pd.Int64Dtype = column("Base, bonus, equity and sign-on", USD, nullable=True, gt=0)
    total_liquid: pd.Int64Dtype = column("Total without equity that cannot be sold", USD, nullable=True, ge=0)
    total_basis: str = column(
        "parts: total is the sum of its parts; stated: total as reported", nullable=True, isin=("parts", "stated")
    )
    verified: str = column("How the source verified the report", isin=("none", "email", "document"))
