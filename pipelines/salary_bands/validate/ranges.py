"""Read cells of base pay that may hold a range, and its currency and period."""

import pandas as pd

from salary_bands.reference.formats import Format
from salary_bands.storage.frames import TEXT, map_distinct
from salary_bands.vocabulary.pay_ranges import Range, parse_range


def with_ranges_read(raw: pd.DataFrame, fmt: Format) -> tuple[pd.DataFrame, pd.Series]:
    """Split the cells of base into amounts, ends, currencies and periods.

    A currency or period that the cell says wins over a constant or a default of the format, and gives way to a column
    of the export.

    Returns:
        (raw_reports with plain amounts, the currencies that the cell can mean, joined with spaces). Cells that are no
        amount stay.
    """
    said = {text: parse_range(text, fmt.decimal) for text in raw["base"].dropna().unique()}
    found = {text: answer for text, answer in said.items() if isinstance(answer, Range)}

    def column(take: dict[str, str]) -> pd.Series:
        return map_distinct(raw["base"], take.get)

    amounts = {t: f"{r.low:.2f}" if r.low == r.high else None for t, r in found.items()}
    is_read = raw["base"].isin(list(found))
    is_range = raw["base"].isin([t for t, r in found.items() if r.low != r.high])
    codes = column({t: _codes(r) for t, r in found.items() if r.currencies})
    periods = column({t: r.period for t, r in found.items() if r.period})
    currency = raw["currency"].mask(_is_ours(raw, fmt, "currency") & ~_allowed(codes, raw["currency"]), codes)
    read = raw.assign(
        base=map_distinct(raw["base"], amounts.get).where(is_read, raw["base"]),
        base_min=column({t: f"{r.low:.2f}" for t, r in found.items()}).where(is_range, raw["base_min"]),
        base_max=column({t: f"{r.high:.2f}" for t, r in found.items()}).where(is_range, raw["base_max"]),
        currency=currency,
        pay_period=raw["pay_period"].mask(_is_ours(raw, fmt, "pay_period") & periods.notna(), periods),
    )
    return read, codes.str.replace("/", " ", regex=False).astype(TEXT)


def _codes(found: Range) -> str:
    """Return the codes that the cell can mean; a pound is that of Egypt only beside a column that says so."""
    return "/".join(sorted(found.currencies - ({"EGP"} if "GBP" in found.currencies else set())))


def _is_ours(raw: pd.DataFrame, fmt: Format, name: str) -> pd.Series:
    """True if the text comes from the format and not from a cell, or if there is none."""
    column = fmt.columns.get(name)
    text = (column.constant or column.default) if column else ""
    return raw[name].isna() | raw[name].eq(text).fillna(False)


def _allowed(codes: pd.Series, currency: pd.Series) -> pd.Series:
    """True if the cell says no currency, or the row's is among those that it can mean."""
    pairs = zip(codes.fillna(""), currency.fillna(""), strict=True)
    return pd.Series([not c or own.upper() in c.split("/") for c, own in pairs], index=codes.index)
