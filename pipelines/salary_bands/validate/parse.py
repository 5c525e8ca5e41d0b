"""Parse columns of text to values. A value that cannot be used has a reason code."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from salary_bands.reference.formats import Amount
from salary_bands.storage.frames import TEXT, map_distinct
from salary_bands.vocabulary.money_text import parse_money, says_no_pay

_ZONE = re.compile(r"\s*\b(?:GMT|UTC)\s*(?:([+-])(\d{1,2})(?::?(\d{2}))?)?$")
_ISO = r"^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$"


_EPOCHS = {"epoch": 1_000, "epoch_ms": 1}  # milliseconds


@dataclass(frozen=True)
class Parsed:
    """Parsed values, and the reason why a cell with text has none.

    noted: how many cells were read as unknown because the format says so, by kind. currencies: what the sign or code in
    a cell can mean, joined with spaces; missing if it has none.
    """

    value: pd.Series
    reason: pd.Series
    noted: dict[str, int]
    currencies: pd.Series


def parse_amount(
    text: pd.Series, decimal: str, meaning: Amount, monthly_below: pd.Series | float | None = None
) -> Parsed:
    """Parse the amounts of one column; the format says what 0, blank, words and small amounts mean.

    monthly_below: the limit of each row under which its amount is monthly, if it is not the format's.
    """
    if text.isna().all():  # of our columns, an export has few
        nothing = pd.Series(np.nan, index=text.index, dtype=TEXT)
        blank = 0.0 if meaning.blank == "none" else np.nan
        return Parsed(pd.Series(blank, index=text.index), nothing, {}, nothing)
    number, reason, currencies = _numbers(text, decimal)
    noted: dict[str, int] = {}
    if (words := reason.eq("not_a_number")).any():
        silent = words & map_distinct(text.where(words), says_no_pay, "boolean").fillna(False).astype(bool)
        noted["no_pay"] = int(silent.sum())
        reason = reason.mask(silent)
    if meaning.prose == "unknown":
        prose = reason.eq("not_a_number")
        noted["prose"] = int(prose.sum())
        reason = reason.mask(prose)
    if meaning.unknown_below:
        tick = number.gt(0) & number.lt(meaning.unknown_below)
        noted["tick"] = int(tick.sum())
        number = number.mask(tick)
    number = number * (meaning.scale * (meaning.gross_up or 1)) if meaning.scale != 1 or meaning.gross_up else number
    if meaning.thousands_below:
        number = number.where(number.ge(meaning.thousands_below) | number.isna(), number * 1_000)
    if meaning.monthly_below:
        limit = meaning.monthly_below if monthly_below is None else monthly_below
        number = number.where(number.ge(limit) | number.isna(), number * 12)
    if meaning.zero != "none" and (zero := number.eq(0)).any():
        number = number.mask(zero)
        reason = reason.mask(zero, "zero") if meaning.zero == "rejected" else reason
    if meaning.blank == "none":
        number = number.mask(text.isna(), 0.0)
    return Parsed(number, reason, {k: v for k, v in noted.items() if v}, currencies)


def parse_when(text: pd.Series, dates: list[str]) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Parse dates to (time in UTC, year, reason), trying the forms in order; a year alone has no time."""
    text = map_distinct(text, _with_offset) if text.str.contains("GMT|UTC", regex=True, na=False).any() else text
    when = pd.Series(pd.NaT, index=text.index, dtype="datetime64[us]")
    year = pd.Series(pd.NA, index=text.index, dtype="Int64")
    for form in dates:
        open_ = text.notna() & year.isna()
        if not open_.any():
            break
        cells = text[open_]
        if form == "year":
            found = cells[cells.str.fullmatch(r"(?:19|20)\d{2}")].astype("Int64")
            year.loc[found.index] = found
            continue
        if form == "iso":
            cells = cells.str.replace(r"\s+(?=[+-]\d{2}:\d{2}$)", "", regex=True)
            times = pd.to_datetime(cells[cells.str.match(_ISO)], format="ISO8601", errors="coerce", utc=True)
        elif form in _EPOCHS:
            numbers = cells[cells.str.fullmatch(r"\d{9,14}")].astype("int64") * _EPOCHS[form]
            times = pd.to_datetime(numbers, unit="ms", errors="coerce", utc=True)
        else:
            times = pd.to_datetime(cells, format=form, errors="coerce", utc=True)
        times = times[times.notna()].dt.tz_localize(None).astype("datetime64[us]")
        times = times[times.dt.year.between(1900, 2200)]
        when.loc[times.index] = times
        year.loc[times.index] = times.dt.year.astype("Int64")
    reason = reason_where(text.notna() & year.isna(), "bad_date")
    return when, year, reason


def _with_offset(text: str) -> str:
    """Write a zone such as `GMT+1` as `+01:00`, which strptime and ISO 8601 know."""

    def offset(found: re.Match[str]) -> str:
        sign, hours, minutes = found.groups()
        return f" {sign or '+'}{int(hours or 0):02d}:{minutes or '00'}"

    return _ZONE.sub(offset, text)


def parse_word(
    text: pd.Series,
    words: tuple[str, ...],
    default: str | None,
    usual: Callable[[str], str | None] = lambda _: None,
) -> tuple[pd.Series, pd.Series]:
    """Match text to one of the words, or by what is `usual`, and return (word, reason); blank is the default."""

    def known(cell: str) -> str | None:
        word = usual(cell) or cell.casefold().replace("-", "_").replace(" ", "_")
        return word if word in words else None

    word = map_distinct(text, known)
    reason = reason_where(text.notna() & word.isna(), "unknown_value")
    return (word if default is None else word.fillna(default)), reason


def reason_where(wrong: pd.Series, reason: str) -> pd.Series:
    """Return the reason for each row that is wrong, missing for the others."""
    return pd.Series(pd.array([reason, None], dtype=TEXT).take((~wrong).to_numpy(dtype=int)), index=wrong.index)


def _numbers(text: pd.Series, decimal: str) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Parse numbers to (number, reason, currencies). Plain digits, nearly all of a good export, skip Python."""
    column = pa.array(text, type=pa.string())
    plain = pc.fill_null(pc.match_substring_regex(column, r"^[0-9]{1,12}(?:\.[0-9]{1,2})?$"), False)
    fast = pc.cast(pc.if_else(plain, column, pa.scalar(None, pa.string())), pa.float64())
    number = pd.Series(fast.to_numpy(zero_copy_only=False), index=text.index, dtype="float64")
    rest = text[text.notna().to_numpy() & ~plain.to_numpy(zero_copy_only=False)]
    reason = pd.Series(np.nan, index=text.index, dtype=TEXT)
    currencies = pd.Series(np.nan, index=text.index, dtype=TEXT)
    if not rest.empty:
        answers = {t: parse_money(t, decimal) for t in rest.unique()}
        money = {t: a for t, a in answers.items() if not isinstance(a, str)}
        number.loc[rest.index] = rest.map({t: a.amount for t, a in money.items()}).astype("float64")
        reason.loc[rest.index] = rest.map({t: a for t, a in answers.items() if isinstance(a, str)}).astype(TEXT)
        said = {t: " ".join(sorted(a.currencies)) for t, a in money.items() if a.currencies}
        currencies.loc[rest.index] = rest.map(said).astype(TEXT)
    return number, reason, currencies
