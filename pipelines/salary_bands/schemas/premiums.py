"""premiums: the pay of a group relative to a baseline leaf, all else equal."""

import pandas as pd

from salary_bands.schemas.columns import BASELINES, METRICS, MIN_COUNT, Table, column

_RATIO = "ratio, 0.15 is 15 %"


class Premiums(Table):
    """Pay of a group relative to a baseline leaf at equal tier, level, market, month and source, from a worldwide fit.

    Key: view, group_id, baseline, metric, tier, level.
    """

    view: str = column("Published taxonomy: leaf, cards, llm_roles, career_paths, specialties")
    group_id: str = column("Group of leaves in that view")
    baseline: str = column("Leaf that the group is compared with", isin=BASELINES)
    metric: str = column("base or total", isin=METRICS)
    tier: str = column("T1 to T5, or all; a premium by tier covers all levels")
    level: str = column("L3 to L7, early, senior, or all; a premium by level covers all tiers")
    premium: float = column("Ratio of geometric mean pay, minus 1; null if not identified", _RATIO, nullable=True)
    premium_low: float = column("Lower bound of its 95 % interval", _RATIO, nullable=True)
    premium_high: float = column("Upper bound of its 95 % interval", _RATIO, nullable=True)
    range_low: float = column(
        "Lower end of the middle half of premiums across tiers and levels; not a confidence interval",
        _RATIO,
        nullable=True,
    )
    range_high: float = column("Upper end of the middle half; null below 5 comparable cells", _RATIO, nullable=True)
    n_group: pd.Int64Dtype = column(
        "Reports of the group in the fit, without the baseline leaf; null below 10",
        "reports",
        nullable=True,
        ge=MIN_COUNT,
    )
    n_baseline: pd.Int64Dtype = column(
        "Reports of the baseline leaf in the fit; null below 10", "reports", nullable=True, ge=MIN_COUNT
    )
    n_cells: int = column("(tier, level) cells with at least 5 reports on both sides", "cells", ge=0)
    identified: pd.BooleanDtype = column(
        "True if group and baseline overlap in enough tiers, levels and countries, at enough employers"
    )
    baseline_in_group: pd.BooleanDtype = column("True if the baseline is a leaf of the group, which then excludes it")

    class Config:
        unique = ("view", "group_id", "baseline", "metric", "tier", "level")
