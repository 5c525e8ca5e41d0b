"""normalised_reports to pay_reports."""

from datetime import date
from functools import lru_cache

import pandas as pd

from salary_bands.classify.plausible import Plausibility
from salary_bands.storage.frames import TEXT, map_distinct, map_distinct_rows
from salary_bands.vocabulary.dates import report_day
from salary_bands.vocabulary.employers import facts_at, kind_of, kind_of_industry
from salary_bands.vocabulary.occupations import occupation_of
from salary_bands.vocabulary.titles import UNCLASSIFIED, Classification, classify, decisive

_REMEMBERED = 50_000  # titles, each with its classification; chunks and exports share most of them


def classify_reports(normalised: pd.DataFrame, exported: date, plausibility: Plausibility) -> pd.DataFrame:
    """Turn a chunk of normalised_reports into pay_reports: add leaf, rule and tier, drop the texts
    and the currency.

    plausibility: counts the pay of the chunk, for the export to be compared with the world once it is whole.

    Each distinct title, specialisation, skills, occupation and kind of employer is classified once. Where the employer
    is not known, the industry that the source names is its kind.
    """
    texts = ["job_title", "specialisation", "skills", "occupation"]
    facts = facts_at(normalised["employer"], report_day(normalised, exported))
    kind = kind_of(facts)
    kind = kind.mask(kind.eq(""), map_distinct(normalised["industry"], kind_of_industry).fillna(""))
    kind = map_distinct(kind, decisive)
    codes, found = map_distinct_rows(normalised[texts].assign(kind=kind), _classified)
    tier = facts["tier"].fillna("unknown")
    scope = pd.Series(pd.array([c.reason for c in found], dtype=TEXT).take(codes), index=normalised.index)
    pay = normalised.drop(columns=[*texts, "industry", "currency"]).assign(
        scope_reason=normalised["scope_reason"].fillna(scope),
        leaf=pd.Series(pd.array([c.leaf for c in found], dtype=TEXT).take(codes), index=normalised.index),
        leaf_rule=pd.Series(pd.array([c.rule for c in found], dtype=TEXT).take(codes), index=normalised.index),
        tier=tier.astype(TEXT),
    )
    plausibility.add(pay, normalised["currency"])
    return pay


@lru_cache(_REMEMBERED)
def _classified(
    title: str, specialisation: str | None, skills: str | None, occupation: str | None, kind: str
) -> Classification:
    """Classify by the title; where it leaves the job open, by the source's own code of the occupation."""
    found = classify(title, specialisation or "", skills or "", kind)
    by_code = occupation_of(occupation) if occupation and found.leaf == UNCLASSIFIED else None
    return by_code or found
