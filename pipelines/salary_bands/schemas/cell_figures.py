"""cell_figures: what is known of every cell, before it is decided what may be shown."""

import pandas as pd

from salary_bands.schemas.columns import Table, column

_WEIGHT = "1 / 2^20"
_SHARE = "share of weight"


class CellFigures(Table):
    """Evidence and unrounded figures of every cell of enough reports to be pooled or shown. Not published.

    Figures are there from as many reports on as the interval of a median needs. Key: cell.
    """

    cell: int = column("Number of the cell")
    view: str = column("View of the first group with these leaves")
    group_id: str = column("That group")
    evidence: str = column("reported or advertised")
    tier: str = column("T1 to T5, unknown, or all")
    level: str = column("L3 to L7, early, senior, or all")
    market: str = column("Metro, country or global")
    metric: str = column("Metric")
    n_reports: int = column("Reports", "reports", ge=1)
    weight: int = column("Sum of weights", _WEIGHT, ge=1)
    squared: float = column("Sum of squared weights", "1 / 2^40", gt=0)
    clustered: float = column("What fully correlated employers would add to it", "1 / 2^40", ge=0)
    unknown_factor: float = column("Factor on clustering for reports without an employer", ge=1)
    modelled_weight: int = column("Weight of the reports in the model", _WEIGHT, ge=0)
    weighted_log_pay: float = column("Sum of weight times log pay over 100,000 USD", "1 / 2^36")
    n_employers: int = column("Known employers", "employers", ge=0)
    employers_known_share: float = column("Reports with a known employer", _SHARE, ge=0, le=1)
    top_employer_share: float = column("Largest employer", _SHARE, ge=0, le=1)
    top_source_share: float = column("Largest source", _SHARE, ge=0, le=1)
    verified_share: float = column("Verified reports", _SHARE, ge=0, le=1)
    level_inferred_share: float = column("Reports whose level is from experience", _SHARE, ge=0, le=1)
    median_age_days: pd.Int64Dtype = column("Median age", "days", nullable=True)
    p10: float = column("P10", "USD", nullable=True, ge=0)
    p10_effective: float = column("Effective reports behind P10", "reports", nullable=True, gt=0)
    p10_low: float = column("Lower bound of P10, if it has an interval", "USD", nullable=True, ge=0)
    p10_high: float = column("Upper bound of P10, if it has an interval", "USD", nullable=True, ge=0)
    p25: float = column("P25", "USD", nullable=True, ge=0)
    p25_effective: float = column("Effective reports behind P25", "reports", nullable=True, gt=0)
    p25_low: float = column("Lower bound of P25, if it has an interval", "USD", nullable=True, ge=0)
    p25_high: float = column("Upper bound of P25, if it has an interval", "USD", nullable=True, ge=0)
    p50: float = column("P50", "USD", nullable=True, ge=0)
    p50_effective: float = column("Effective reports behind P50", "reports", nullable=True, gt=0)
    p50_low: float = column("Lower bound of P50, if it has an interval", "USD", nullable=True, ge=0)
    p50_high: float = column("Upper bound of P50, if it has an interval", "USD", nullable=True, ge=0)
    p75: float = column("P75", "USD", nullable=True, ge=0)
    p75_effective: float = column("Effective reports behind P75", "reports", nullable=True, gt=0)
    p75_low: float = column("Lower bound of P75, if it has an interval", "USD", nullable=True, ge=0)
    p75_high: float = column("Upper bound of P75, if it has an interval", "USD", nullable=True, ge=0)
    p90: float = column("P90", "USD", nullable=True, ge=0)
    p90_effective: float = column("Effective reports behind P90", "reports", nullable=True, gt=0)
    p90_low: float = column("Lower bound of P90, if it has an interval", "USD", nullable=True, ge=0)
    p90_high: float = column("Upper bound of P90, if it has an interval", "USD", nullable=True, ge=0)
    max_shift_p50: float = column("Largest move of P50 without one unit", "ratio", nullable=True, ge=0)
    max_shift_p90: float = column("Largest move of P90 without one unit", "ratio", nullable=True, ge=0)
    shift_by: str = column("The kind of that unit: export, employer or day", nullable=True)
    recent_move: float = column("How far recent reports move mean log pay, all else equal", "log pay", nullable=True)
    recent_errors: float = column("The same", "standard errors", nullable=True)
    recent_shift: float = column("How far they move the median", "log pay", nullable=True)
    is_unsettled: pd.BooleanDtype = column("Recent reports move the cell, and too few sources or employers confirm it")
