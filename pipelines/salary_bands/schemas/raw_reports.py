"""raw_reports: the mapped columns of one export as text, one row per row of the export."""

import pandas as pd

from salary_bands.schemas.columns import Table, column

MONEY_COLUMNS = (
    *("base", "base_min", "base_max", "bonus"),
    *("equity_grant", "equity_annual", "bonus_and_equity", "sign_on", "total"),
)
NUMBER_COLUMNS = (*MONEY_COLUMNS, "stated_usd", "vesting_years", "years_experience", "hours_per_week")


class RawReports(Table):
    """Unparsed text of the mapped columns; one row per row of the export."""

    row: int = column("Row in the export; the header is row 1", ge=2)
    row_hash: int = column("64-bit hash of the mapped columns' text")
    range_id: pd.Int64Dtype = column("First row of a pair whose rows are the two ends of one range", nullable=True)
    skipped: pd.BooleanDtype = column("True if the format leaves the row out; its texts do not count")
    submission_id: str = column("The source's id of the report", nullable=True)
    submitted_at: str = column("Time of the report", nullable=True)
    job_title: str = column("Job title", nullable=True)
    specialisation: str = column("Declared specialisation or focus", nullable=True)
    skills: str = column("Declared skills, separated by `;`", nullable=True)
    occupation: str = column("Occupation code (US SOC), if the source has one", nullable=True)
    industry: str = column("Industry or line of work, if the source has a column for it", nullable=True)
    employer: str = column("Employer", nullable=True)
    level: str = column("Level as named by the employer or the source", nullable=True)
    years_experience: str = column("Years of professional experience", nullable=True)
    location: str = column("Place of work; for remote work, where the person lives", nullable=True)
    country: str = column("Country, if the source has a column for it", nullable=True)
    employment: str = column("full_time, part_time, contract, freelance, intern", nullable=True)
    hours_per_week: str = column("Stated hours a week", nullable=True)
    currency: str = column("Currency of every amount", nullable=True)
    pay_period: str = column(
        "Period of base: year, month, month_13 and month_14 (13 or 14 salaries a year), half_month, two_weeks, week, "
        "day, hour, or its usual words",
        nullable=True,
    )
    base: str = column("Base pay per pay_period", nullable=True)
    base_min: str = column("Lower end of a range of base pay, per pay_period", nullable=True)
    base_max: str = column("Upper end of a range of base pay, per pay_period", nullable=True)
    bonus: str = column("Bonus a year", nullable=True)
    equity_grant: str = column("Equity grant over vesting_years", nullable=True)
    vesting_years: str = column("Years over which the grant vests", nullable=True)
    equity_annual: str = column("Equity a year; takes precedence over equity_grant", nullable=True)
    bonus_and_equity: str = column("Bonus and equity a year in one figure", nullable=True)
    sign_on: str = column("Sign-on bonus", nullable=True)
    total: str = column("Stated total a year", nullable=True)
    equity_type: str = column("rsu, options, units, none", nullable=True)
    equity_liquid: str = column("yes or no", nullable=True)
    verified: str = column("none, email, document", nullable=True)
    stated_usd: str = column("Base in USD as converted by the source; for comparison only", nullable=True)


# Columns that the source derives from others. They may change between deliveries, so they are not part of the row hash.
DERIVED_COLUMNS = ("stated_usd", "occupation", "industry")
# Columns that came later. They are part of the hash of rows that have them, so that other rows keep theirs.
LATER_COLUMNS = ("base_min", "base_max")
_OURS = ("row", "row_hash", "range_id", "skipped")  # not read out of the export
TEXT_COLUMNS = tuple(name for name in RawReports.to_schema().columns if name not in _OURS)
