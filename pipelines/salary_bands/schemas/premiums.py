"""premiums: what a group pays over a baseline leaf, all else equal."""

import pandas as pd

from salary_bands.schemas.columns import BASELINES, METRICS, Table, column

_RATIO = "ratio, 0.15 is 15 %"


class Premiums(Table):
    """What a group pays over a baseline leaf at equal tier, level, market, month and source, from one worldwide fit.

    Key: view, group_id, baseline, metric, tier, level.
    """

    view: str = column("Published taxonomy: leaf, cards, llm_roles, career_paths, specialties")
    group_id: str = column("Group of leaves in that view")
    baseline: str = column("Leaf that it is compared with", isin=BASELINES)
    metric: str = column("base or total", isin=METRICS)
    tier: str = column("T1 to T5, or all; a tier's premium is of every level")
    level: str = column("L3 to L7, early, senior, or all; a level's premium is of every tier")
    premium: float = column("Ratio of geometric mean pay, less 1; null where not identified", _RATIO, nullable=True)
    premium_low: float = column("Lower bound of its 95 % interval", _RATIO, nullable=True)
    premium_high: float = column("Upper bound of its 95 % interval", _RATIO, nullable=True)
    range_low: float = column(
        "The middle half of premiums across tiers and levels, its lower end; not an interval", _RATIO, nullable=True
    )
    range_high: float = column("The same, its upper end; null below 5 comparable cells", _RATIO, nullable=True)
    n_group: int = column("Reports of the group in the fit, without the baseline leaf", "reports", ge=0)
    n_baseline: int = column("Reports of the baseline leaf in the fit", "reports", ge=0)
    n_cells: int = column("(tier, level) cells with 5 reports on both sides", "cells", ge=0)
    identified: pd.BooleanDtype = column(
        "Whether group and baseline stand side by side in enough tiers, levels and countries, at enough employers"
    )
    baseline_in_group: pd.BooleanDtype = column("Whether the baseline is one of the group's leaves, and left out of it")

    class Config:
        unique = ("view", "group_id", "baseline", "metric", "tier", "level")
