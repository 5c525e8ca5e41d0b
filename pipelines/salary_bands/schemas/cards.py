"""cards: the figures of each group's specialisation card."""

import pandas as pd

from salary_bands.schemas.columns import MIN_COUNT, Table, column
from salary_bands.schemas.report_columns import USD

WHY = ("no_adverts", "coarse_titles")
_RATIO = "ratio, 0.15 is 15 %"
_SHARE = "share, 0 to 1"
_POINTS = "share, 0.01 is a point"


class Cards(Table):
    """Figures of each group's specialisation card: premium, bands, demand, tooling. Key: view, group_id."""

    view: str = column("Published taxonomy: leaf, cards, llm_roles, career_paths, specialties")
    group_id: str = column("Group of leaves in that view")
    label: str = column("Name of the group")
    leaves: str = column("Leaves of the group, separated by `;`")
    premium_nlp_classical: float = column(
        "Premium of base pay over nlp_classical, all tiers and levels; null if not identified", _RATIO, nullable=True
    )
    premium_nlp_classical_low: float = column("Lower bound of its 95 % interval", _RATIO, nullable=True)
    premium_nlp_classical_high: float = column("Upper bound of its 95 % interval", _RATIO, nullable=True)
    premium_nlp_classical_identified: pd.BooleanDtype = column("True if the premium is identified", nullable=True)
    premium_ml_generalist: float = column(
        "Premium of base pay over ml_generalist; null if not identified", _RATIO, nullable=True
    )
    premium_ml_generalist_low: float = column("Lower bound of its 95 % interval", _RATIO, nullable=True)
    premium_ml_generalist_high: float = column("Upper bound of its 95 % interval", _RATIO, nullable=True)
    premium_ml_generalist_identified: pd.BooleanDtype = column("True if the premium is identified", nullable=True)
    base_p25: pd.Int64Dtype = column("25th percentile of base pay in the US, all tiers and levels", USD, nullable=True)
    base_p50: pd.Int64Dtype = column("Median of base pay", USD, nullable=True)
    base_p75: pd.Int64Dtype = column("75th percentile of base pay", USD, nullable=True)
    base_p50_low: pd.Int64Dtype = column("Lower bound of the median's 95 % interval", USD, nullable=True)
    base_p50_high: pd.Int64Dtype = column("Upper bound of the median's 95 % interval", USD, nullable=True)
    base_n_reports: pd.Int64Dtype = column("Reports; null below 10", "reports", nullable=True, ge=MIN_COUNT)
    total_p25: pd.Int64Dtype = column(
        "25th percentile of total pay in the US, all tiers and levels", USD, nullable=True
    )
    total_p50: pd.Int64Dtype = column("Median of total pay", USD, nullable=True)
    total_p75: pd.Int64Dtype = column("75th percentile of total pay", USD, nullable=True)
    total_p50_low: pd.Int64Dtype = column("Lower bound of the median's 95 % interval", USD, nullable=True)
    total_p50_high: pd.Int64Dtype = column("Upper bound of the median's 95 % interval", USD, nullable=True)
    total_n_reports: pd.Int64Dtype = column("Reports; null below 10", "reports", nullable=True, ge=MIN_COUNT)
    demand: float = column(
        "Share of the group in the window's in-scope adverts; null if no adverts can tell, `why` says why",
        _SHARE,
        nullable=True,
    )
    demand_low: float = column("Lower bound of its 95 % interval", _SHARE, nullable=True)
    demand_high: float = column("Upper bound of its 95 % interval", _SHARE, nullable=True)
    demand_change: float = column(
        "Change of demand since the previous window, over sources with adverts in both", _POINTS, nullable=True
    )
    demand_change_low: float = column("Lower bound of its 95 % interval", _POINTS, nullable=True)
    demand_change_high: float = column("Upper bound of its 95 % interval", _POINTS, nullable=True)
    why: str = column(
        "Why demand is null: no_adverts, or coarse_titles (a source has adverts in the thousands, and no title names "
        "any part of LLM work, so they cannot tell how much of it is asked for)",
        nullable=True,
        isin=WHY,
    )
    share_of_reports: float = column(
        "Share of the group in the window's in-scope reports; this depends on who reports and does not measure demand",
        _SHARE,
        nullable=True,
    )
    share_of_reports_low: float = column("Lower bound of its 95 % interval", _SHARE, nullable=True)
    share_of_reports_high: float = column("Upper bound of its 95 % interval", _SHARE, nullable=True)
    tooling: str = column("Tools of the specialisation, separated by `;`, from our reference list and not from reports")

    class Config:
        unique = ("view", "group_id")
