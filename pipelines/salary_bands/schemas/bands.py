"""bands: percentile bands of annual pay per cell, with counts and measures of quality."""

import numpy as np
import pandas as pd

from salary_bands.schemas.columns import EVIDENCE, METRICS, Table, column
from salary_bands.schemas.report_columns import USD

KEY = ("view", "group_id", "evidence", "tier", "level", "market", "metric")
PERCENTILES = (10, 25, 50, 75, 90)
SUPPRESSION_REASONS = ("few_reports", "few_employers", "dominated", "unsettled", "low_effective_n")
PRECISIONS = ("precise", "reasonably_precise", "acceptable", "unreliable")
SHIFT_BY = ("export", "employer", "day")
_SHARE = "share of weight, 0 to 1"
_MOVE = "ratio, 0.1 is 10 %"
_PRECISION = (
    "precise, reasonably_precise, acceptable, unreliable: standard error up to 5, 10, 20 % of the figure, or more"
)


class Bands(Table):
    """Percentile bands of pay. Key: view, group_id, evidence, tier, level, market, metric; `all` is a roll-up.

    In a release, bands.parquet and bands.csv have the cells that are shown. suppressed.parquet has those that are
    withheld: all with at least `min_pooled_reports` reports, and every group, tier and level in the US. The mart has
    both.
    """

    release: str = column("Version of the release")
    as_of: np.dtype("datetime64[us]") = column("Last day of the window")  # type: ignore[valid-type]
    view: str = column("Published taxonomy: leaf, cards, llm_roles, career_paths, specialties")
    group_id: str = column("Group of leaves in that view")
    group_label: str = column("Name of the group")
    evidence: str = column(
        "reported: people's pay; advertised: employers' adverts; the two are never mixed", isin=EVIDENCE
    )
    tier: str = column(
        "T1 frontier labs; T2 hyperscalers and big tech; T3 AI labs and unicorns; T4 other technology; T5 other "
        "industries; unknown; all"
    )
    level: str = column(
        "L3 entry, L4, L5 senior, L6 staff, L7 principal and up; early is L3 and L4, senior is L5 and up; all includes "
        "reports without a level"
    )
    market: str = column("global, a country (ISO 3166 alpha-2) or a metro")
    metric: str = column(
        "base, bonus, equity, total, total_liquid; for adverts base (the midpoint of the range, which varies less than "
        "pay), base_min, base_max. Percentiles of the parts do not add up to those of the total",
        isin=METRICS,
    )
    n_reports: pd.Int64Dtype = column(
        "Reports, null below 10; people's reports come to a cell and leave it five at a time",
        "reports",
        nullable=True,
        ge=0,
    )
    n_effective: float = column(
        "Effective number of reports for P50 (for the mean if pooled), given that employers set pay", nullable=True
    )
    n_employers: pd.Int64Dtype = column(
        "Known employers; null below 10, but for adverts that are shown", nullable=True, ge=0
    )
    employers_known_share: float = column("Share of reports with a known employer", _SHARE, nullable=True, ge=0, le=1)
    top_employer_share: float = column("Share of the largest known employer", _SHARE, nullable=True, ge=0, le=1)
    concentrated: pd.BooleanDtype = column("True if the largest employer has more than 25 %", nullable=True)
    top_source_share: float = column("Share of the largest source", _SHARE, nullable=True, ge=0, le=1)
    verified_share: float = column("Share of reports that the source verified", _SHARE, nullable=True, ge=0, le=1)
    level_inferred_share: float = column(
        "Share of reports whose level was inferred from years of experience", _SHARE, nullable=True, ge=0, le=1
    )
    median_age_days: pd.Int64Dtype = column("Median age of the reports", "days", nullable=True, ge=0)
    basis: str = column(
        "direct: from the cell's own reports; pooled: from few reports, shrunk towards the model; suppressed",
        isin=("direct", "pooled", "suppressed"),
    )
    shrinkage_weight: float = column("Weight of the model in a pooled cell", _SHARE, nullable=True, ge=0, le=1)
    suppression_reason: str = column(
        "Why the cell is withheld. few_reports; few_employers; dominated: one employer has over half; unsettled: "
        "recent reports moved it, and too few sources or employers confirm that yet; low_effective_n: employers are "
        "too few or too alike for an interval",
        nullable=True,
        isin=SUPPRESSION_REASONS,
    )
    p10: pd.Int64Dtype = column(
        "10th percentile; null below 54 effective reports, which are too few for an interval", USD, nullable=True
    )
    p10_low: pd.Int64Dtype = column("Lower bound of its 95 % interval", USD, nullable=True)
    p10_high: pd.Int64Dtype = column("Upper bound of its 95 % interval", USD, nullable=True)
    p10_precision: str = column(_PRECISION, nullable=True, isin=PRECISIONS)
    p25: pd.Int64Dtype = column("25th percentile; null in a direct cell below 20 effective reports", USD, nullable=True)
    p25_low: pd.Int64Dtype = column("Lower bound of its 95 % interval", USD, nullable=True)
    p25_high: pd.Int64Dtype = column("Upper bound of its 95 % interval", USD, nullable=True)
    p25_precision: str = column(_PRECISION, nullable=True, isin=PRECISIONS)
    p50: pd.Int64Dtype = column("Median", USD, nullable=True)
    p50_low: pd.Int64Dtype = column("Lower bound of its 95 % interval", USD, nullable=True)
    p50_high: pd.Int64Dtype = column("Upper bound of its 95 % interval", USD, nullable=True)
    p50_precision: str = column(_PRECISION, nullable=True, isin=PRECISIONS)
    p75: pd.Int64Dtype = column("75th percentile; null in a direct cell below 20 effective reports", USD, nullable=True)
    p75_low: pd.Int64Dtype = column("Lower bound of its 95 % interval", USD, nullable=True)
    p75_high: pd.Int64Dtype = column("Upper bound of its 95 % interval", USD, nullable=True)
    p75_precision: str = column(_PRECISION, nullable=True, isin=PRECISIONS)
    p90: pd.Int64Dtype = column("90th percentile; null if p10 is", USD, nullable=True)
    p90_low: pd.Int64Dtype = column("Lower bound of its 95 % interval", USD, nullable=True)
    p90_high: pd.Int64Dtype = column("Upper bound of its 95 % interval", USD, nullable=True)
    p90_precision: str = column(_PRECISION, nullable=True, isin=PRECISIONS)
    max_shift_p50: float = column(
        "Largest relative change of P50 if one export, one employer or one day is left out; null if not direct",
        _MOVE,
        nullable=True,
        ge=0,
    )
    max_shift_p90: float = column("The same for P90; null if P90 is not shown", _MOVE, nullable=True, ge=0)
    shift_by: str = column(
        "What moves P50 or P90 most if it is left out: export, employer, day", nullable=True, isin=SHIFT_BY
    )
    fragile: pd.BooleanDtype = column("True if P50 or P90 moves by more than 10 %", nullable=True)
    use_instead_view: str = column(
        "What answers for a suppressed cell: what the model says of the same cell if `estimates` has it, else the "
        "shown cell that is nearest to it in the model. The view of that cell; null if nothing is shown",
        nullable=True,
    )
    use_instead_group_id: str = column("Its group", nullable=True)
    use_instead_tier: str = column("Its tier", nullable=True)
    use_instead_level: str = column("Its level", nullable=True)
    use_instead_market: str = column("Its market", nullable=True)
    use_instead_basis: str = column(
        "modelled: in `estimates`; direct or pooled: in this table",
        nullable=True,
        isin=("modelled", "direct", "pooled"),
    )
    use_instead_distance: float = column(
        "How far it is: the sum of |log of the multiplier| between groups, tiers, levels and markets, 0 if modelled, 1 "
        "or more for each that the model does not identify",
        "log pay, 0.1 is about 10 %",
        nullable=True,
        ge=0,
    )
    method_version: str = column("Version of the formulas and settings")

    class Config:
        unique = KEY
