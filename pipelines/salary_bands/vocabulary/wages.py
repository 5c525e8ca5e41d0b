"""Look up what people earn on average in a country."""

from functools import cache

from salary_bands.reference import read_csv


@cache
def average_wages() -> dict[str, float]:
    """Return the average wage of each country in `average_wages.csv`, in USD a year. It must not be changed."""
    return {row["country"]: float(row["usd"]) for row in read_csv("average_wages.csv")}
