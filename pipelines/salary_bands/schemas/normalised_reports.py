"""normalised_reports: annual USD, employers, levels and markets in our words."""

from salary_bands.schemas.columns import column
from salary_bands.schemas.report_columns import AnnualPay


class NormalisedReports(AnnualPay):
    """One row per accepted row, with the texts that classify still needs."""

    job_title: str = column("Job title")
    specialisation: str = column("Declared specialisation or focus", nullable=True)
    skills: str = column("Declared skills, `;` between", nullable=True)
