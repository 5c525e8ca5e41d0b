"""accepted_reports to normalised_reports."""

from datetime import date
from functools import cache

import numpy as np
import pandas as pd

from salary_bands.reference.formats import Format
from salary_bands.schemas.columns import LEVELS, STAGES
from salary_bands.schemas.report_columns import SCOPE_REASONS
from salary_bands.settings import Settings
from salary_bands.storage.frames import TEXT, map_distinct, map_distinct_rows
from salary_bands.vocabulary.dates import rate_period, report_day
from salary_bands.vocabulary.employers import facts_at, match_employer, owner_at
from salary_bands.vocabulary.engagement import answered_scope, title_scope
from salary_bands.vocabulary.levels import (
    answered_level,
    experience_level,
    has_ladder,
    is_on_ladder,
    ladder_in_title,
    ladder_level,
    stage_of,
    title_level,
)
from salary_bands.vocabulary.money import annual_factor, whole_usd
from salary_bands.vocabulary.places import locate
from salary_bands.vocabulary.rates import Rates

_OF_EMPLOYMENT = {
    "part_time": "part_time",
    "contract": "contract",
    "freelance": "freelance",
    "intern": "intern_or_student",
}
_CARRIED = ("currency", "job_title", "specialisation", "skills", "occupation", "industry")


def normalise(accepted: pd.DataFrame, fmt: Format, exported: date, rates: Rates, settings: Settings) -> pd.DataFrame:
    """Turn a chunk of accepted_reports into normalised_reports, a row for a row."""
    day = report_day(accepted, exported)
    employer = owner_at(map_distinct(accepted["employer"], lambda text: match_employer(text).employer), day)
    facts = facts_at(employer, day)
    country, metro = _places(accepted)
    level, level_basis, stage, scheme_scope = _levels(accepted, employer, fmt)
    kept = ["row", "row_hash", "range_id", "evidence", "submission_id", "submitted_at", "submitted_year"]
    return accepted[kept].assign(
        scope_reason=_employment_scope(accepted, settings).fillna(scheme_scope),
        employer=employer,
        level=level,
        level_basis=level_basis,
        stage=stage,
        country=country,
        metro=metro,
        years_experience=accepted["years_experience"],
        **_pay(accepted, exported, rates, facts["ownership"], settings),
        verified=accepted["verified"],
        **{name: accepted[name] for name in _CARRIED},
    )


def _places(accepted: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    codes, places = map_distinct_rows(accepted[["location", "country", "currency"]], locate)
    return tuple(_taken([getattr(p, name) for p in places], codes, accepted.index) for name in ("country", "market"))  # type: ignore[return-value]


def _levels(accepted: pd.DataFrame, named: pd.Series, fmt: Format) -> tuple[pd.Series, pd.Series, pd.Series, pd.Series]:
    """Return level, level_basis, stage and scope reason.

    named: the employers by their names. The first that answers counts: the employer's ladder, title words, the format's
    scheme, experience.
    """
    scheme = {k.casefold(): v for k, v in fmt.levels.items()}
    # nearly every row has its own employer, level and title, but few of each
    of_ladder, of_title, of_answer = cache(ladder_level), cache(title_level), cache(answered_level)

    def answer(employer: str | None, level: str | None, title: str) -> tuple[str | None, str | None]:
        if found := of_ladder(employer, level) or (None if level else ladder_in_title(employer, title)):
            return found, "ladder"
        if found := of_title(title) or of_answer(level):
            return found, "title"
        if level and not (fmt.own_levels_yield_to_ladder and has_ladder(employer)):
            return scheme.get(level.casefold()), "scheme"
        return None, None

    def scope(employer: str | None, level: str | None) -> str | None:
        found = scheme.get(level.casefold()) if level else None
        if found or not level:
            return found if found in SCOPE_REASONS else None
        return None if is_on_ladder(employer, level) else answered_scope(level)

    asked = pd.DataFrame({"employer": named, "level": accepted["level"], "title": accepted["job_title"]})
    codes, answers = map_distinct_rows(asked, answer)
    found = _taken([a for a, _ in answers], codes, accepted.index)
    basis = _taken([b for _, b in answers], codes, accepted.index)
    level = found.where(found.isin(LEVELS))
    stage = found.where(found.isin(STAGES))
    inferred = map_distinct(accepted["years_experience"], experience_level)
    unanswered = level.isna() & stage.isna()
    level = level.mask(unanswered, inferred)
    basis = basis.mask(unanswered, pd.Series("experience", index=level.index, dtype=TEXT).where(inferred.notna()))
    codes, scopes = map_distinct_rows(asked[["employer", "level"]], scope)
    return level, basis, stage.fillna(map_distinct(level, stage_of)), _taken(scopes, codes, accepted.index)


def _employment_scope(accepted: pd.DataFrame, settings: Settings) -> pd.Series:
    scope = map_distinct(accepted["employment"], _OF_EMPLOYMENT.get)
    scope = scope.mask(scope.isna() & (accepted["hours_per_week"] < settings.full_time_hours), "part_time")
    return scope.fillna(map_distinct(accepted["job_title"], title_scope))


def _pay(
    accepted: pd.DataFrame, exported: date, rates: Rates, ownership: pd.Series, settings: Settings
) -> dict[str, pd.Series]:
    """Return base and its range, bonus, equity and totals in whole USD a year, and total_basis; missing is unknown."""
    period = rate_period(accepted["submitted_at"], accepted["submitted_year"], pd.Timestamp(exported))
    rate = rates.of(accepted["currency"], period)
    factor = annual_factor(accepted["pay_period"], accepted["hours_per_week"], settings)
    low, high = (whole_usd(accepted[name], factor, rate) for name in ("base_min", "base_max"))
    base = whole_usd(accepted["base"], factor, rate)
    bonus, equity, sign_on, both, stated = (
        whole_usd(accepted[name], 1.0, rate) for name in ("bonus", "equity", "sign_on", "bonus_and_equity", "total")
    )
    stated = stated.fillna(base + both + sign_on.fillna(0))
    known = base.fillna(0) + bonus.fillna(0) + equity.fillna(0) + sign_on.fillna(0)
    complete = base.notna() & bonus.notna() & equity.notna()
    tolerated = stated * settings.total_tolerance
    differs = complete & ((known - stated).abs() > tolerated)
    differs |= known - stated > tolerated  # parts exceed the total, whatever else is unknown
    overruled = stated.notna() & (differs | known.eq(0))
    total = stated.where(overruled | ~complete, known)
    parts = {"base": base, "base_min": low, "base_max": high, "bonus": bonus, "equity": equity}
    if overruled.any():
        parts = {name: part.mask(overruled) for name, part in parts.items()}
    total_basis = pd.Series("parts", index=total.index, dtype=TEXT).where(complete & ~overruled, "stated")
    pay = {**parts, "total": total, "total_liquid": _liquid(accepted, total, parts["equity"], ownership)}
    return {
        **{name: amount.astype("Int64") for name, amount in pay.items()},
        "total_basis": total_basis.where(total.notna()),
    }


def _liquid(accepted: pd.DataFrame, total: pd.Series, equity: pd.Series, ownership: pd.Series) -> pd.Series:
    """Return total without equity that cannot be sold; missing if it is not known whether it can."""
    listed = map_distinct(ownership, {"listed": True, "private": False}.get, "boolean")
    listed = listed.mask(accepted["equity_type"].eq("options"), False)
    liquid = accepted["equity_liquid"].fillna(listed).mask(equity.eq(0), True)
    rest = (total - equity).mask(total < equity)
    return total.where(liquid.fillna(False).astype(bool), rest.where(liquid.notna()))


def _taken(values: list[str | None], codes: np.ndarray, index: pd.Index) -> pd.Series:
    return pd.Series(pd.array([*values], dtype=TEXT).take(codes), index=index)
