"""accepted_reports: rows with only valid values, in the source's currency and pay period."""

import pandas as pd

from salary_bands.schemas.columns import column
from salary_bands.schemas.report_columns import ReportIdentity

EMPLOYMENT = ("full_time", "part_time", "contract", "freelance", "intern")
PAY_PERIODS = ("year", "month", "month_13", "month_14", "half_month", "two_weeks", "week", "day", "hour")
EQUITY_TYPES = ("rsu", "options", "units", "none")
VERIFIED = ("none", "email", "document")
_UNIT = "source currency"


class AcceptedReports(ReportIdentity):
    """Parsed values of one export; null means unknown, 0 means none."""

    job_title: str = column("Job title")
    specialisation: str = column("Declared specialisation or focus", nullable=True)
    skills: str = column("Declared skills, separated by `;`", nullable=True)
    occupation: str = column("Occupation code (US SOC), if the source has one", nullable=True)
    industry: str = column("Industry or line of work, if the source has a column for it", nullable=True)
    employer: str = column("Employer as written in the source", nullable=True)
    level: str = column("Level as named by the employer or the source", nullable=True)
    years_experience: float = column("Professional experience", "years", nullable=True, ge=0, le=70)
    location: str = column("Place of work; for remote work, where the person lives", nullable=True)
    country: str = column("Country, if the source has a column for it", nullable=True)
    employment: str = column("Kind of employment", isin=EMPLOYMENT)
    hours_per_week: float = column("Stated working time", "hours a week", nullable=True, gt=0, le=168)
    currency: str = column("ISO 4217 code quoted by the ECB", str_length=3)
    pay_period: str = column("Period of base", isin=PAY_PERIODS)
    base: float = column("Base pay per pay_period", _UNIT, nullable=True, gt=0)
    base_min: float = column("Lower end of a range of base pay, per pay_period", _UNIT, nullable=True, gt=0)
    base_max: float = column("Upper end of a range of base pay, per pay_period", _UNIT, nullable=True, gt=0)
    bonus: float = column("Bonus", f"{_UNIT} a year", nullable=True, ge=0)
    equity: float = column("Equity", f"{_UNIT} a year", nullable=True, ge=0)
    bonus_and_equity: float = column("Bonus and equity in one figure", f"{_UNIT} a year", nullable=True, ge=0)
    sign_on: float = column("Sign-on bonus", _UNIT, nullable=True, ge=0)
    total: float = column("Stated total", f"{_UNIT} a year", nullable=True, gt=0)
    equity_type: str = column("Kind of equity", nullable=True, isin=EQUITY_TYPES)
    equity_liquid: pd.BooleanDtype = column("True if the equity can be sold, as declared", nullable=True)
    verified: str = column("How the source verified the report", isin=VERIFIED)
