"""Histograms of pay by country and currency, level taken out: small enough for a record, and they merge by addition."""

from typing import Any

import numpy as np
import pandas as pd

FEWEST = 30  # reports below which a median says little
_BINS = 50  # per unit of the natural logarithm: 2 % apart
_BIN = ["country", "currency", "bin"]

Document = dict[str, dict[str, list[list[int]]]]  # country, currency, [bin, reports]


def histogram(country: pd.Series, currency: pd.Series, log_pay: pd.Series) -> pd.DataFrame:
    """Count reports by country, currency and bin: country, currency, bin, reports."""
    bins = np.rint(log_pay * _BINS).astype("int64")
    frame = pd.DataFrame({"country": country, "currency": currency, "bin": bins})
    return frame.assign(reports=1).groupby(_BIN)["reports"].sum().reset_index()


def merged(histograms: list[pd.DataFrame]) -> pd.DataFrame:
    """Add histograms up."""
    if not histograms:
        return from_document({})
    return pd.concat(histograms).groupby(_BIN)["reports"].sum().reset_index()


def to_document(counts: pd.DataFrame) -> Document:
    """Return a histogram as JSON."""
    found: Document = {}
    for country, of_country in counts.groupby("country"):
        for currency, rows in of_country.groupby("currency"):
            found.setdefault(str(country), {})[str(currency)] = rows[["bin", "reports"]].to_numpy().tolist()
    return found


def from_document(document: Document) -> pd.DataFrame:
    """Return a histogram that was kept as JSON."""
    cells = [(country, currency, pairs) for country, found in document.items() for currency, pairs in found.items()]
    sizes = [len(pairs) for *_, pairs in cells]
    counts = np.array([pair for *_, pairs in cells for pair in pairs], dtype="int64").reshape(-1, 2)
    columns = {
        "country": np.repeat(np.array([country for country, *_ in cells], dtype=object), sizes),
        "currency": np.repeat(np.array([currency for _, currency, _ in cells], dtype=object), sizes),
    }
    return pd.DataFrame({**columns, "bin": counts[:, 0], "reports": counts[:, 1]})


def medians(counts: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return `by`, reports and the median `log_pay` of each group of histograms that has enough reports."""
    rows = counts.groupby([*by, "bin"], as_index=False)["reports"].sum()
    reports = rows.groupby(by)["reports"]
    total, upto = reports.transform("sum"), reports.cumsum()
    middle: Any = sum(rows[upto > at].groupby(by)["bin"].first() for at in ((total - 1) // 2, total // 2))
    found = pd.DataFrame({"reports": reports.sum(), "log_pay": middle / (2 * _BINS)}).reset_index()
    return found[found["reports"].ge(FEWEST)].reset_index(drop=True)


def by_currency(counts: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return the medians of each country and currency within `by`; rare currencies of a country together, as ``."""
    cell = [*by, "country", "currency"]
    reports = counts.groupby(cell)["reports"].transform("sum")
    return medians(counts.assign(currency=counts["currency"].where(reports >= FEWEST, "")), cell)
