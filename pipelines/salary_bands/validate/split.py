"""raw_reports to accepted_reports and rejected_reports."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from salary_bands.reference.formats import Format
from salary_bands.schemas.accepted_reports import EMPLOYMENT, EQUITY_TYPES, PAY_PERIODS, VERIFIED, AcceptedReports
from salary_bands.schemas.raw_reports import DERIVED_COLUMNS, NUMBER_COLUMNS
from salary_bands.settings import Settings
from salary_bands.storage.frames import TEXT, map_distinct, map_distinct_rows
from salary_bands.validate.parse import parse_amount, parse_when, parse_word, reason_where
from salary_bands.vocabulary.dates import rate_period
from salary_bands.vocabulary.money import annual_factor, resolve_currency
from salary_bands.vocabulary.places import locate
from salary_bands.vocabulary.rates import Rates

_ACCEPTED = [*AcceptedReports.to_schema().columns]
_WORDS: dict[str, tuple[tuple[str, ...], str | None]] = {  # the words that are known, and what blank means
    "employment": (EMPLOYMENT, "full_time"),
    "pay_period": (PAY_PERIODS, "year"),
    "equity_type": (EQUITY_TYPES, None),
    "equity_liquid": (("yes", "no"), None),
    "verified": (VERIFIED, "none"),
}
_LIMITS = {"years_experience": (0, 70), "hours_per_week": (1, 168), "vesting_years": (1, 6)}


@dataclass
class Split:
    """One chunk, split.

    noted: cells read as unknown because the format says so, and conversions that differ, by column and kind.
    """

    accepted: pd.DataFrame
    rejected: pd.DataFrame
    noted: Counter[str]


class _Reasons:
    """The first fault of each row, in the order in which faults are looked for."""

    def __init__(self, index: pd.Index) -> None:
        self.column = pd.Series(np.nan, index=index, dtype=TEXT)
        self.reason = pd.Series(np.nan, index=index, dtype=TEXT)

    def add(self, column: str, reason: pd.Series) -> None:
        """Note a reason per row; missing is no fault."""
        new = self.reason.isna() & reason.notna()
        self.column = self.column.where(~new, reason_where(new, column))
        self.reason = self.reason.where(~new, reason)

    def where(self, column: str, wrong: pd.Series, reason: str) -> None:
        """Note one reason for the rows that are wrong."""
        self.add(column, reason_where(wrong.fillna(False).astype(bool), reason))


def split(
    raw: pd.DataFrame, fmt: Format, present: list[str], exported: date, rates: Rates, settings: Settings
) -> Split:
    """Parse every value of a chunk; reject a row with a value that cannot be used, with column and reason.

    present: our columns that the export has. Each row needs an identity, a date and a title if the export has them.
    """
    reasons = _Reasons(raw.index)
    noted: Counter[str] = Counter()
    for name in ("submission_id", "submitted_at", "job_title"):
        if name in present:
            reasons.where(name, raw[name].isna(), "missing")
    when, year, bad_date = parse_when(raw["submitted_at"], fmt.dates)
    reasons.add("submitted_at", bad_date)
    currency = _currency(raw, rates, reasons)
    words = _words(raw, reasons)
    numbers = _numbers(raw, fmt, reasons, noted)
    values = raw.assign(currency=currency, **words, **numbers)
    values["equity"] = _equity(values)
    rate = rates.of(currency, rate_period(when, year, pd.Timestamp(exported)))
    reasons.where("currency", currency.notna() & rate.isna(), "unquoted_currency")
    noted.update(_conversion_differences(values, rate, settings))
    _check_pay(values, rate, settings, reasons)
    accepted = values.assign(
        evidence=_evidence(year, fmt),
        submitted_at=when,
        submitted_year=year,
        equity_liquid=values["equity_liquid"].map({"yes": True, "no": False}).astype("boolean"),
    )[_ACCEPTED]
    rejected = pd.DataFrame({"row": raw["row"], "column": reasons.column.fillna(""), "reason": reasons.reason})
    wrong = reasons.reason.notna()
    return Split(accepted[~wrong].reset_index(drop=True), rejected[wrong].reset_index(drop=True), noted)


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
    reasons.where("currency", ~plain.isin(rates.currencies), "unquoted_currency")
    return plain


def _words(raw: pd.DataFrame, reasons: _Reasons) -> dict[str, pd.Series]:
    """Parse the columns of known words."""
    words = {}
    for name, (known, default) in _WORDS.items():
        words[name], wrong = parse_word(raw[name], known, default)
        reasons.add(name, wrong)
    return words


def _numbers(raw: pd.DataFrame, fmt: Format, reasons: _Reasons, noted: Counter[str]) -> dict[str, pd.Series]:
    """Parse the columns of numbers, and check those that are not pay against their limits."""
    numbers = {}
    for name in NUMBER_COLUMNS:
        parsed = parse_amount(raw[name], fmt.decimal, fmt.amount(name))
        numbers[name] = parsed.value
        if name not in DERIVED_COLUMNS:
            reasons.add(name, parsed.reason)
        noted.update({f"{name}: {why}": count for why, count in parsed.noted.items()})
    for name, (least, most) in _LIMITS.items():
        reasons.where(name, numbers[name].notna() & ~numbers[name].between(least, most), "absurd")
    return numbers


def _check_pay(values: pd.DataFrame, rate: pd.Series, settings: Settings, reasons: _Reasons) -> None:
    """Check annual pay against the limits in USD, and the base against the stated total."""
    base = values["base"] * annual_factor(values["pay_period"], values["hours_per_week"], settings)
    total = values["total"]
    for name, annual in (("base", base), ("total", total)):
        usd = annual * rate
        reasons.where(name, (usd < settings.min_annual_usd) | (usd > settings.max_annual_usd), "absurd")
    for name in ("bonus", "bonus_and_equity", "sign_on"):
        reasons.where(name, values[name] * rate > settings.max_annual_usd, "absurd")
    reasons.where("equity_annual", values["equity"] * rate > settings.max_annual_usd, "absurd")
    parts = base + values["bonus"] + values["equity"] + values["sign_on"].fillna(0)
    near = (parts - total).abs() <= total * settings.total_tolerance  # then the parts count
    reasons.where("total", (base > total) & ~near, "base_above_total")
    reasons.where("", values[["base", "bonus", "total", "equity"]].isna().all(axis=1), "no_pay")


def _conversion_differences(values: pd.DataFrame, rate: pd.Series, settings: Settings) -> dict[str, int]:
    """Count how often the source's own conversion to USD differs from ours by more than the tolerance of totals."""
    ours = (values["base"] * rate)[values["currency"].ne("USD")]
    stated = values["stated_usd"].reindex(ours.index)
    off = int(((stated - ours).abs() > ours * settings.total_tolerance).sum())
    compared = int((stated.notna() & ours.notna()).sum())
    return {"stated_usd: compared with ours": compared, "stated_usd: off from ours": off} if compared else {}


def _equity(values: pd.DataFrame) -> pd.Series:
    """Return equity a year: as stated, else the grant over its years, else none if its type is none."""
    annual, grant = values["equity_annual"], values["equity_grant"]
    none = values["equity_type"].eq("none") & annual.isna() & grant.isna()
    return annual.fillna(grant / values["vesting_years"].fillna(4)).mask(none, 0.0)


def _evidence(year: pd.Series, fmt: Format) -> pd.Series:
    evidence = pd.Series(fmt.evidence, index=year.index, dtype=TEXT)
    if fmt.reported_until is not None:
        evidence = evidence.mask((year <= fmt.reported_until).fillna(False), "reported")
    return evidence
