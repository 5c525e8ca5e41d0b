"""normalised_reports: annual USD, and employers, levels and markets by our names."""

from salary_bands.schemas.columns import column
from salary_bands.schemas.report_columns import AnnualPay


class NormalisedReports(AnnualPay):
    """One row per accepted row, with the texts that the stage classify needs."""

    currency: str = column("ISO 4217 code in which the source states the pay", str_length=3)
    job_title: str = column("Job title")
    specialisation: str = column("Declared specialisation or focus", nullable=True)
    skills: str = column("Declared skills, separated by `;`", nullable=True)
    occupation: str = column("Occupation code (US SOC), if the source has one", nullable=True)
    industry: str = column("Industry or line of work, if the source has a column for it", nullable=True)
