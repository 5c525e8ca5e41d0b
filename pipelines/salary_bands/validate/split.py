"""raw_reports to accepted_reports and rejected_reports."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from salary_bands.reference.formats import Format
from salary_bands.schemas.accepted_reports import EMPLOYMENT, EQUITY_TYPES, PAY_PERIODS, VERIFIED
from salary_bands.schemas.raw_reports import DERIVED_COLUMNS, NUMBER_COLUMNS
from salary_bands.settings import Settings
from salary_bands.storage.frames import TEXT, map_distinct, map_distinct_rows
from salary_bands.validate.parse import Parsed, parse_amount, parse_when, parse_word, reason_where
from salary_bands.vocabulary.dates import rate_period
from salary_bands.vocabulary.money import annual_factor, resolve_currency
from salary_bands.vocabulary.places import locate
from salary_bands.vocabulary.rates import Rates


@dataclass
class Split:
    """One chunk, split. `noted` counts cells read as unknown because the format says so, by column and reason."""

    accepted: pd.DataFrame
    rejected: pd.DataFrame
    noted: Counter[str] = field(default_factory=Counter)


class _Reasons:
    """The first thing wrong with each row, in the order in which it is looked for."""

    def __init__(self, raw: pd.DataFrame) -> None:
        self._raw = raw
        self.column = pd.Series(np.nan, index=raw.index, dtype=TEXT)
        self.reason = pd.Series(np.nan, index=raw.index, dtype=TEXT)

    def add(self, column: str, reason: pd.Series) -> None:
        new = self.reason.isna() & reason.notna()
        self.column = self.column.where(~new, reason_where(new, column))
        self.reason = self.reason.where(~new, reason)

    def where(self, column: str, wrong: pd.Series, reason: str) -> None:
        wrong = wrong.fillna(False).astype(bool)
        self.add(column, reason_where(wrong, reason))

    def rejected(self) -> pd.DataFrame:
        rows = self.reason.notna()
        value = pd.Series(np.nan, index=self._raw.index, dtype=TEXT)
        for name in self.column[rows].unique():
            if name in self._raw:
                value = value.mask(rows & self.column.eq(name), self._raw[name].str[:80])
        frame = pd.DataFrame(
            {"row": self._raw["row"], "column": self.column.fillna(""), "reason": self.reason, "value": value}
        )
        return frame[rows].reset_index(drop=True)


def split(
    raw: pd.DataFrame, fmt: Format, present: list[str], exported: date, rates: Rates, settings: Settings
) -> Split:
    """Parse every value of a chunk; a row with one that cannot be used is rejected with column and reason.

    present: our columns that the export has; of those, an identity, a date and a title must be in every row.
    """
    reasons = _Reasons(raw)
    noted: Counter[str] = Counter()
    for name in ("submission_id", "submitted_at", "job_title"):
        if name in present:
            reasons.where(name, raw[name].isna(), "missing")
    when, year, bad_date = parse_when(raw["submitted_at"], fmt.dates)
    reasons.add("submitted_at", bad_date)
    currency, bad_currency = _currency(raw, rates)
    reasons.add("currency", bad_currency)
    words = {}
    for name, allowed, default in (
        ("employment", EMPLOYMENT, "full_time"),
        ("pay_period", PAY_PERIODS, "year"),
        ("equity_type", EQUITY_TYPES, None),
        ("equity_liquid", ("yes", "no"), None),
        ("verified", VERIFIED, "none"),
    ):
        words[name], wrong = parse_word(raw[name], allowed, default)
        reasons.add(name, wrong)
    numbers = {}
    for name in NUMBER_COLUMNS:
        parsed: Parsed = parse_amount(raw[name], fmt.decimal, fmt.amount(name))
        numbers[name] = parsed.value
        if name not in DERIVED_COLUMNS:
            reasons.add(name, parsed.reason)
        noted.update({f"{name}: {why}": count for why, count in parsed.noted.items()})
    reasons.where("years_experience", numbers["years_experience"] > 70, "absurd")
    reasons.where(
        "hours_per_week", ~numbers["hours_per_week"].between(1, 168) & raw["hours_per_week"].notna(), "absurd"
    )
    reasons.where("vesting_years", ~numbers["vesting_years"].between(1, 6) & raw["vesting_years"].notna(), "absurd")
    values = pd.DataFrame({**numbers, "currency": currency, **words}, index=raw.index)
    equity = _equity(values)
    period = rate_period(when, year, pd.Timestamp(exported))
    rate = rates.of(currency, period)
    reasons.where("currency", currency.notna() & rate.isna(), "unquoted_currency")
    noted.update(_conversion_differences(values, rate, settings))
    annual_base = values["base"] * annual_factor(values["pay_period"], values["hours_per_week"], settings)
    for name, annual in (("base", annual_base), ("total", values["total"])):
        usd = annual * rate
        reasons.where(name, (usd < settings.min_annual_usd) | (usd > settings.max_annual_usd), "absurd")
    for name in ("bonus", "bonus_and_equity", "sign_on"):
        reasons.where(name, values[name] * rate > settings.max_annual_usd, "absurd")
    reasons.where("equity_annual", equity * rate > settings.max_annual_usd, "absurd")
    parts = annual_base + values["bonus"] + equity + values["sign_on"].fillna(0)
    near = (parts - values["total"]).abs() <= values["total"] * settings.total_tolerance  # then the parts count
    reasons.where("total", (annual_base > values["total"]) & ~near, "base_above_total")
    known = values[["base", "bonus", "total"]].notna().any(axis=1) | equity.notna()
    reasons.where("", ~known, "no_pay")
    accepted = raw[["row", "row_hash", "range_id"]].assign(
        evidence=_evidence(year, fmt),
        submission_id=raw["submission_id"],
        submitted_at=when,
        submitted_year=year,
        **{n: raw[n] for n in ("job_title", "specialisation", "skills", "employer", "level")},
        years_experience=values["years_experience"],
        location=raw["location"],
        country=raw["country"],
        employment=words["employment"],
        hours_per_week=values["hours_per_week"],
        currency=currency,
        pay_period=words["pay_period"],
        base=values["base"],
        bonus=values["bonus"],
        equity=equity,
        bonus_and_equity=values["bonus_and_equity"],
        sign_on=values["sign_on"],
        total=values["total"],
        equity_type=words["equity_type"],
        equity_liquid=words["equity_liquid"].map({"yes": True, "no": False}).astype("boolean"),
        verified=words["verified"],
    )
    kept = accepted[reasons.reason.isna()].reset_index(drop=True)
    return Split(kept, reasons.rejected(), noted)


def _currency(raw: pd.DataFrame, rates: Rates) -> tuple[pd.Series, pd.Series]:
    """ISO codes and reasons; only an ambiguous sign needs the country."""
    plain = map_distinct(raw["currency"], lambda text: resolve_currency(text, None))
    unclear = plain.isna() & raw["currency"].notna()
    if unclear.any():
        cells = raw.loc[unclear, ["currency", "location", "country"]]
        codes, found = map_distinct_rows(
            cells, lambda text, place, country: resolve_currency(text, locate(place, country).country)
        )
        plain.loc[unclear] = pd.array([found[i] for i in codes], dtype=TEXT)
    reason = reason_where(raw["currency"].isna(), "missing")
    reason = reason.fillna(reason_where(plain.isna(), "unknown_currency"))
    return plain, reason.fillna(reason_where(~plain.isin(rates.currencies), "unquoted_currency"))


def _conversion_differences(values: pd.DataFrame, rate: pd.Series, settings: Settings) -> dict[str, int]:
    """How often the source's own conversion to USD is off from ours, by the tolerance of totals."""
    ours = (values["base"] * rate)[values["currency"].ne("USD")]
    stated = values["stated_usd"].reindex(ours.index)
    off = int(((stated - ours).abs() > ours * settings.total_tolerance).sum())
    compared = int((stated.notna() & ours.notna()).sum())
    return {"stated_usd: compared with ours": compared, "stated_usd: off from ours": off} if compared else {}


def _equity(values: pd.DataFrame) -> pd.Series:
    """Equity a year: stated a year, else the grant over its years, else none where its type is none."""
    spread = values["equity_grant"] / values["vesting_years"].fillna(4)
    return (
        values["equity_annual"]
        .fillna(spread)
        .mask(
            values["equity_type"].eq("none") & values["equity_annual"].isna() & values["equity_grant"].isna(),
            0.0,
        )
    )


def _evidence(year: pd.Series, fmt: Format) -> pd.Series:
    evidence = pd.Series(fmt.evidence, index=year.index, dtype=TEXT)
    if fmt.reported_until is not None:
        evidence = evidence.mask((year <= fmt.reported_until).fillna(False), "reported")
    return evidence
