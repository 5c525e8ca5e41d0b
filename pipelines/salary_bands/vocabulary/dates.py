"""Date reports, and count months."""

import calendar
from datetime import date

import pandas as pd


def rate_period(submitted_at: pd.Series, submitted_year: pd.Series, exported: pd.Timestamp) -> pd.Series:
    """Return the month of each report, its year if only that is known, else the month of the export."""
    month = submitted_at.dt.strftime("%Y-%m").astype("str")
    year = submitted_year.astype("string").astype("str")
    return month.where(submitted_at.notna(), year.where(submitted_year.notna(), exported.strftime("%Y-%m")))


def report_day(reports: pd.DataFrame, exported: date) -> pd.Series:
    """Return the day on which to look up dated facts: the report's day, the middle of its year, or the export's day."""
    day = reports["submitted_at"]
    if day.isna().any():
        middle = pd.to_datetime(reports["submitted_year"].astype("string") + "-07-01").astype("datetime64[us]")
        day = day.fillna(middle).fillna(pd.Timestamp(exported))
    return day


def months_before(day: date, months: int) -> date:
    """Return the same day of the month that many months earlier, clipped to the end of the month."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
