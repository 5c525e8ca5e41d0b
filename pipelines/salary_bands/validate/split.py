"""raw_reports to accepted_reports and rejected_reports."""

import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np
import pandas as pd

from salary_bands.reference.formats import Format
from salary_bands.schemas.accepted_reports import EMPLOYMENT, EQUITY_TYPES, PAY_PERIODS, VERIFIED, AcceptedReports
from salary_bands.schemas.raw_reports import DERIVED_COLUMNS, MONEY_COLUMNS, NUMBER_COLUMNS
from salary_bands.settings import Settings
from salary_bands.storage.frames import TEXT, map_distinct, map_distinct_rows
from salary_bands.validate.parse import parse_amount, parse_when, parse_word, reason_where
from salary_bands.validate.ranges import with_ranges_read
from salary_bands.vocabulary.dates import rate_period
from salary_bands.vocabulary.money import annual_factor, resolve_currency
from salary_bands.vocabulary.money_text import resolve_period, resolve_word
from salary_bands.vocabulary.places import locate
from salary_bands.vocabulary.rates import Rates
from salary_bands.vocabulary.wages import average_wages

_ACCEPTED = [*AcceptedReports.to_schema().columns]
_WORDS: dict[str, tuple[tuple[str, ...], str | None]] = {  # the words that are known, and what blank means
    "employment": (EMPLOYMENT, "full_time"),
    "pay_period": (PAY_PERIODS, "year"),
    "equity_type": (EQUITY_TYPES, None),
    "equity_liquid": (("yes", "no"), None),
    "verified": (VERIFIED, "none"),
}
_USUAL: dict[str, Callable[[str], str | None]] = {
    "pay_period": resolve_period,
    "employment": partial(resolve_word, "employment"),
    "equity_type": partial(resolve_word, "equity_types"),
    "equity_liquid": partial(resolve_word, "yes_no"),
}
# A bad value in another column is unknown, and the row stays.
_NEEDED = ("pay_period", "base", "base_min", "base_max")
# More hours than a week of work has are a percentage of full time, or a slip.
_LIMITS = {"years_experience": (0, 70), "hours_per_week": (1, 80), "vesting_years": (1, 6)}
_YEARLY = ("bonus", "bonus_and_equity", "equity_grant", "equity_annual", "sign_on", "total")
_SMALL = 1_000  # in any currency
_GROUPS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}[.,]\d{3}(?![\d.,])")


SKIPPED = "skipped"  # reason of rows that the format leaves out: no fault, and out of scope
DECIMAL = "unclear_decimal"  # kind of cells noted whose mark may be that of decimals or of thousands


@dataclass
class Split:
    """One chunk, split.

    noted: cells read as unknown, by column and reason, and conversions that differ. unusable: of these, the cells of an
    optional column that hold no value, by column. cells: the cells that are not blank, by column.
    """

    accepted: pd.DataFrame
    rejected: pd.DataFrame
    noted: Counter[str]
    unusable: Counter[str]
    cells: Counter[str]


class _Reasons:
    """The first fault of each row, in the order in which faults are looked for."""

    def __init__(self, rows: int) -> None:
        self._faults = [("", "")]  # column and reason; the first is none
        self._fault = np.zeros(rows, dtype=np.int64)

    @property
    def wrong(self) -> np.ndarray:
        """True for rows with a fault."""
        return self._fault > 0

    def rejected(self, row: pd.Series) -> pd.DataFrame:
        """Return the rows with a fault as rejected_reports, with the index of `row`."""
        columns, reasons = (pd.array(part, dtype=TEXT) for part in zip(*self._faults, strict=True))
        fault = self._fault[self.wrong]
        found = {"row": row[self.wrong], "column": columns.take(fault), "reason": reasons.take(fault)}
        return pd.DataFrame(found, index=row.index[self.wrong])

    def where(self, column: str, wrong: pd.Series | np.ndarray, reason: str) -> None:
        """Note one reason for the rows that are wrong."""
        new = np.asarray(wrong, dtype=bool) & ~self.wrong
        if new.any():
            self._fault[new] = len(self._faults)
            self._faults.append((column, reason))

    def add(self, column: str, reason: pd.Series) -> None:
        """Note a reason per row; missing is no fault."""
        codes, found = pd.factorize(reason)
        for code, why in enumerate(found):
            self.where(column, codes == code, why)

    def add_or_note(self, column: str, reason: pd.Series, noted: Counter[str]) -> None:
        """Reject rows for a column that a report needs; count the cells of an optional column as unknown."""
        if column in _NEEDED:
            self.add(column, reason)
        elif reason.notna().any():
            noted.update({f"{column}: {why}": int(n) for why, n in reason.value_counts().items()})


def split(
    raw: pd.DataFrame, fmt: Format, present: list[str], exported: date, rates: Rates, settings: Settings
) -> Split:
    """Parse every value of a chunk; reject a row with a value that cannot be used, with column and reason.

    present: our columns that the export has. Each row needs an identity, a date and a title if the export has them. Of
    rows that the format skips nothing is parsed.
    """
    skipped = raw["skipped"].to_numpy(dtype=bool, na_value=False)
    left_out = raw.loc[skipped, "row"]
    raw = raw[~skipped] if skipped.any() else raw
    reasons = _Reasons(len(raw))
    noted: Counter[str] = Counter()
    in_cell = pd.Series(np.nan, index=raw.index, dtype=TEXT)
    if fmt.amount("base").range_in_cell:
        raw, in_cell = with_ranges_read(raw, fmt)
    raw = _with_blank_titles(raw)
    for name in ("submission_id", "submitted_at", "job_title"):
        if name in present:
            reasons.where(name, raw[name].isna(), "missing")
    when, year, bad_date = parse_when(raw["submitted_at"], fmt.dates)
    reasons.add("submitted_at", bad_date)
    currency = _currency(raw, rates, reasons)
    rate = rates.of(currency, rate_period(when, year, pd.Timestamp(exported)))
    reasons.where("base", _contradicts(in_cell, currency), "currency_contradiction")
    words = _words(raw, reasons, noted)
    months = _monthly_below(raw.assign(currency=currency), fmt, words["employment"], rate)
    numbers = _numbers(raw, fmt, currency, months, reasons, noted)
    values = raw.assign(currency=currency, **words, **numbers)
    values["equity"] = _equity(values, raw["vesting_years"])
    reasons.where("currency", currency.notna() & rate.isna(), "unquoted_currency")
    noted.update(_conversion_differences(values, rate, settings))
    values = _check_pay(values, fmt, rate, settings, reasons, noted)
    unusable = _unusable(raw, noted)
    accepted = values.assign(
        evidence=_evidence(year, fmt),
        submitted_at=when,
        submitted_year=year,
        equity_liquid=map_distinct(values["equity_liquid"], {"yes": True, "no": False}.get, "boolean"),
    )[_ACCEPTED]
    kept = accepted[~reasons.wrong] if reasons.wrong.any() else accepted
    refused = reasons.rejected(raw["row"])
    if len(left_out):
        refused = pd.concat([_skipped(left_out).astype(refused.dtypes), refused]).sort_index()
    cells = Counter({name: int(raw[name].notna().sum()) for name in unusable})
    return Split(kept.reset_index(drop=True), refused.reset_index(drop=True), noted, unusable, cells)


def _skipped(row: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"row": row, "column": "", "reason": SKIPPED})


def _with_blank_titles(raw: pd.DataFrame) -> pd.DataFrame:
    """Let rows without a title pass if their kind of employment is out of scope whatever the title would be."""
    untitled = raw["job_title"].isna() & raw["employment"].notna()
    if not untitled.any():
        return raw
    kind, _ = parse_word(raw["employment"], EMPLOYMENT, None, _USUAL["employment"])
    return raw.assign(job_title=raw["job_title"].mask(untitled & kind.notna() & kind.ne("full_time"), ""))


def _currency(raw: pd.DataFrame, rates: Rates, reasons: _Reasons) -> pd.Series:
    """Parse to ISO codes that the ECB quotes; only an ambiguous sign needs the country."""
    plain = map_distinct(raw["currency"], lambda text: resolve_currency(text, None))
    unclear = plain.isna() & raw["currency"].notna()
    if unclear.any():
        cells = raw.loc[unclear, ["currency", "location", "country"]]
        codes, found = map_distinct_rows(
            cells, lambda text, place, country: resolve_currency(text, locate(place, country).country)
        )
        plain.loc[unclear] = pd.array([found[i] for i in codes], dtype=TEXT)
    reasons.where("currency", raw["currency"].isna(), "missing")
    reasons.where("currency", plain.isna(), "unknown_currency")
    quoted = map_distinct(plain, rates.currencies.__contains__, "boolean")
    reasons.where("currency", ~quoted.fillna(False), "unquoted_currency")
    return plain


def _words(raw: pd.DataFrame, reasons: _Reasons, noted: Counter[str]) -> dict[str, pd.Series]:
    """Parse the columns of known words; one that is not known leaves an optional column at what blank means."""
    words = {}
    for name, (known, default) in _WORDS.items():
        words[name], wrong = parse_word(raw[name], known, default, _USUAL.get(name, lambda _: None))
        reasons.add_or_note(name, wrong, noted)
    return words


def _monthly_below(raw: pd.DataFrame, fmt: Format, employment: pd.Series, rate: pd.Series) -> dict[str, pd.Series]:
    """Return the amount of each row under which it is monthly, by column, if the format has such a limit.

    It is no higher than where the amount is as far from the average wage of the country by the year as by the month,
    so that low pay of a country with low wages, of one whose wages are not known, and of interns stays as it is.
    """
    columns = {name: limit for name in fmt.money if (limit := fmt.amount(name).monthly_below)}
    if not columns:
        return {}
    codes, wages = map_distinct_rows(raw[["location", "country", "currency"]], _wage_at)
    middle = pd.Series(np.array(wages, dtype="float64")[codes], index=raw.index) / rate / 12**0.5
    middle = middle.fillna(np.inf).mask(employment.eq("intern"), 0.0)
    return {name: middle.clip(upper=limit) for name, limit in columns.items()}


def _wage_at(location: str | None, country: str | None, currency: str | None) -> float:
    """Return the average wage of a place in USD a year: infinite for no place, 0 if it is not known."""
    found = locate(location, country, currency).country
    return (average_wages().get(found, 0.0)) if found else math.inf


def _numbers(
    raw: pd.DataFrame,
    fmt: Format,
    currency: pd.Series,
    monthly_below: dict[str, pd.Series],
    reasons: _Reasons,
    noted: Counter[str],
) -> dict[str, pd.Series]:
    """Parse the columns of numbers, and check those that are not pay against their limits."""
    numbers = {}
    for name in NUMBER_COLUMNS:
        parsed = parse_amount(raw[name], fmt.decimal, fmt.amount(name), monthly_below.get(name))
        numbers[name] = parsed.value
        if name in MONEY_COLUMNS:
            reasons.where(name, _contradicts(parsed.currencies, currency), "currency_contradiction")
        if name not in DERIVED_COLUMNS and parsed.reason.notna().any():
            reasons.add_or_note(name, parsed.reason, noted)
            numbers[name] = parsed.value.mask(parsed.reason.notna())
        if name in _YEARLY and (wrong := _may_be_thousands(raw[name], numbers[name])).any():
            reasons.add_or_note(name, reason_where(wrong, DECIMAL), noted)
            numbers[name] = numbers[name].mask(wrong)
        noted.update({f"{name}: {why}": count for why, count in parsed.noted.items()})
    for name, (least, most) in _LIMITS.items():
        wrong = (numbers[name] < least) | (numbers[name] > most)
        if wrong.any():
            reasons.add_or_note(name, reason_where(wrong, "absurd"), noted)
            numbers[name] = numbers[name].mask(wrong)
    return numbers


def _may_be_thousands(text: pd.Series, amount: pd.Series) -> pd.Series:
    """True for small amounts whose mark may group thousands: `15.700` is no pay of a year unless it is 15,700."""
    small = amount.gt(0) & amount.lt(_SMALL)
    return small & text.where(small).str.contains(_GROUPS, na=False) if small.any() else small


def _contradicts(said: pd.Series, currency: pd.Series) -> np.ndarray:
    """True if the sign or code beside an amount cannot mean the currency of the row."""
    wrong = np.zeros(len(said), dtype=bool)
    if (both := said.notna() & currency.notna()).any():
        pairs = pd.DataFrame({"said": said[both], "currency": currency[both]})
        codes, answers = map_distinct_rows(pairs, lambda text, code: code not in text.split())
        wrong[both] = np.array(answers, dtype=bool)[codes]
    return wrong


def _unusable(raw: pd.DataFrame, noted: Counter[str]) -> Counter[str]:
    """Count the cells of optional columns that hold no value, by column."""
    faults = {"unknown_value", "not_a_number", "not_finite", "negative", "zero", "absurd", "below_base"}
    found: Counter[str] = Counter()
    for what, count in noted.items():
        name, _, why = what.partition(": ")
        if why in faults and name in raw:
            found[name] += count
    return found


def _check_pay(
    values: pd.DataFrame, fmt: Format, rate: pd.Series, settings: Settings, reasons: _Reasons, noted: Counter[str]
) -> pd.DataFrame:
    """Check annual pay against the limits in USD and the base against the stated total and what comes on top.

    Returns the values without the amounts that cannot be: a total below its base is the bonus alone, or a slip; bonus
    and equity that equal the base repeat it, and if the format says so, those above it are the total.
    """
    factor = annual_factor(values["pay_period"], values["hours_per_week"], settings)
    values = _with_ordered_ends(values)
    for name in ("base_min", "base_max"):
        reasons.where(name, _is_absurd(values[name] * factor * rate, settings), "absurd")
    base = values["base"] * factor
    usd = base * rate
    reasons.where("base", _is_absurd(usd, settings), "absurd")
    several = values["pay_period"].ne("year") & (usd > settings.max_periodic_annual_usd)
    reasons.where("pay_period", several, "implausible_period")
    parts = base + values["bonus"] + values["equity"] + values["sign_on"].fillna(0)
    total = values["total"]
    near = (parts - total).abs() <= total * settings.total_tolerance  # then the parts count
    unknown = {"total: below_base": (base > total) & ~near}
    on_top = values["bonus_and_equity"]
    unknown["bonus_and_equity: not_below_base"] = (
        on_top.ge(base) if fmt.amount("bonus_and_equity").below_base else on_top.eq(base)
    )
    unknown["total: absurd"] = _is_absurd(total * rate, settings)
    for name in ("bonus", "bonus_and_equity", "sign_on", "equity"):
        unknown[f"{name}: absurd"] = values[name] * rate > settings.max_annual_usd
    for what, wrong in unknown.items():
        name = what.partition(":")[0]
        wrong &= values[name].notna()  # a cell is counted for its first fault
        if wrong.any():
            values[name] = values[name].mask(wrong)
        if count := int((wrong & ~reasons.wrong).sum()):
            noted[what] += count
    no_pay = values["base"].isna() & values["bonus"].isna() & values["total"].isna() & values["equity"].isna()
    reasons.where("", no_pay, "no_pay")
    return values


def _is_absurd(usd: pd.Series, settings: Settings) -> pd.Series:
    """True if a year's pay is none that anybody has."""
    return (usd < settings.min_annual_usd) | (usd > settings.max_annual_usd)


def _with_ordered_ends(values: pd.DataFrame) -> pd.DataFrame:
    """Put the ends of ranges in order; one end alone, or two equal ones, are an amount and no range.

    0 is no end. A range has the middle as its base unless it states one.
    """
    one, other = (values[name].where(values[name] > 0) for name in ("base_min", "base_max"))
    low, high = (pd.Series(end(one, other), index=values.index) for end in (np.fmin, np.fmax))
    is_range = low < high
    return values.assign(
        base=values["base"].fillna((low + high) / 2), base_min=low.where(is_range), base_max=high.where(is_range)
    )


def _conversion_differences(values: pd.DataFrame, rate: pd.Series, settings: Settings) -> dict[str, int]:
    """Count how often the source's own conversion to USD differs from ours by more than the tolerance of totals."""
    stated, ours = values["stated_usd"], values["base"] * rate
    compared = stated.notna() & ours.notna() & values["currency"].ne("USD")
    if not compared.any():
        return {}
    off = compared & ((stated - ours).abs() > ours * settings.total_tolerance)
    return {"stated_usd: compared with ours": int(compared.sum()), "stated_usd: off from ours": int(off.sum())}


def _equity(values: pd.DataFrame, stated_years: pd.Series) -> pd.Series:
    """Return equity a year: as stated, else the grant over its years, else none if its type is none.

    stated_years: the text of `vesting_years`. A grant over years that cannot be is unknown.
    """
    annual, grant, years = values["equity_annual"], values["equity_grant"], values["vesting_years"]
    grant = grant.mask(years.isna() & stated_years.notna())
    none = values["equity_type"].eq("none") & annual.isna() & grant.isna()
    return annual.fillna(grant / years.fillna(4)).mask(none, 0.0)


def _evidence(year: pd.Series, fmt: Format) -> pd.Series:
    evidence = pd.Series(fmt.evidence, index=year.index, dtype=TEXT)
    if fmt.reported_until is not None:
        evidence = evidence.mask((year <= fmt.reported_until).fillna(False), "reported")
    return evidence
