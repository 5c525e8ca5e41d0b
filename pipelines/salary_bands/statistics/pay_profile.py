"""Histograms of pay by country and currency, level taken out: small enough for a record, and they merge by addition."""

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
    return frame.groupby(_BIN).size().reset_index(name="reports")


def merged(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Add two histograms up."""
    return pd.concat([one, other]).groupby(_BIN)["reports"].sum().reset_index()


def to_document(counts: pd.DataFrame) -> Document:
    """Return a histogram as JSON."""
    found: Document = {}
    for country, currency, *pair in counts.itertuples(index=False, name=None):
        found.setdefault(country, {}).setdefault(currency, []).append(pair)
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
    rows = counts.groupby([*by, "bin"])["reports"].sum().reset_index()
    found = rows.groupby(by)["reports"].sum().reset_index()
    reports = found["reports"].to_numpy()
    upto, before = rows["reports"].to_numpy().cumsum(), reports.cumsum() - reports
    both = [np.searchsorted(upto, before + at, side="right") for at in ((reports - 1) // 2, reports // 2)]
    middle = rows["bin"].to_numpy()[both].sum(axis=0)
    return found.assign(log_pay=middle / (2 * _BINS))[reports >= FEWEST].reset_index(drop=True)


def by_currency(counts: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return the medians of each country and currency within `by`; rare currencies of a country together, as ``."""
    cell = [*by, "country", "currency"]
    reports = counts.groupby(cell)["reports"].transform("sum")
    return medians(counts.assign(currency=counts["currency"].where(reports >= FEWEST, "")), cell)
