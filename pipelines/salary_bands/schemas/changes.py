"""changes: cells whose median changed since the previous release, and why."""

import pandas as pd

from salary_bands.schemas.bands import KEY
from salary_bands.schemas.columns import EVIDENCE, METRICS, Table, column
from salary_bands.schemas.report_columns import USD

CHANGES = ("added", "removed", "changed")
REASONS = ("window", "data", "method", "method_and_data", "reference", "correction")


class Changes(Table):
    """Cells whose median was added, removed or changed since the previous release.

    Key: view, group_id, evidence, tier, level, market, metric.

    old + restated + pay + mix = new if all are known. A cell in which only other percentiles moved has no row.
    """

    view: str = column("Published taxonomy")
    group_id: str = column("Group of leaves in that view")
    evidence: str = column("reported or advertised", isin=EVIDENCE)
    tier: str = column("Tier, or all")
    level: str = column("Level, stage, or all")
    market: str = column("global, a country or a metro")
    metric: str = column("Metric", isin=METRICS)
    change: str = column(
        "added: the median is shown now and was not before; removed: the reverse; changed", isin=CHANGES
    )
    old: pd.Int64Dtype = column("Median in the previous release, as published", USD, nullable=True)
    new: pd.Int64Dtype = column("Median in this release", USD, nullable=True)
    restated: pd.Int64Dtype = column(
        "By how much the old median would differ if its exports that are still there were processed as today: the part "
        "due to method, reference data and corrections",
        USD,
        nullable=True,
    )
    pay: pd.Int64Dtype = column(
        "The part due to pay. For a cell of one tier and level, the rest of the change; for a roll-up, the change if "
        "every tier and level had kept its previous share; null if the roll-up is pooled in either release",
        USD,
        nullable=True,
    )
    mix: pd.Int64Dtype = column(
        "The part due to the mix of tiers and levels among the reports; null if `pay` is", USD, nullable=True
    )
    difference_low: pd.Int64Dtype = column(
        "Lower bound of the 95 % interval of new - old - restated, the part that is not due to the method; reports and "
        "employers in both releases are allowed for. Null if it cannot be worked out: the median is shown in one "
        "release only, or the previous release cannot be recomputed",
        USD,
        nullable=True,
    )
    difference_high: pd.Int64Dtype = column("Upper bound of that interval", USD, nullable=True)
    distinguishable: pd.BooleanDtype = column(
        "True if the move can be told from noise, at a false discovery rate of 5 % over all cells shown in both "
        "releases; null if there is no interval",
        nullable=True,
    )
    reason: str = column(
        "Main cause. window: reports entered or left the window as the date advanced; data: new exports; method: "
        "another method_version; reference: employers, levels, rates or other rules; correction: an export was "
        "overwritten or removed; method_and_data: the method and more, separated in the columns if possible",
        isin=REASONS,
    )

    class Config:
        unique = KEY
