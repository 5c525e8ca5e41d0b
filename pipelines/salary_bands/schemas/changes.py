"""changes: what moved since the release before, cell by cell, and why."""

import pandas as pd

from salary_bands.schemas.bands import KEY
from salary_bands.schemas.columns import EVIDENCE, METRICS, Table, column
from salary_bands.schemas.report_columns import USD

CHANGES = ("added", "removed", "changed")
REASONS = ("window", "data", "method", "method_and_data", "reference", "correction")


class Changes(Table):
    """Cells whose median came, went or moved since the release before.

    Key: view, group_id, evidence, tier, level, market, metric.

    old + restated + pay + mix = new wherever all are known. Where only other percentiles moved there is no row.
    """

    view: str = column("Published taxonomy")
    group_id: str = column("Group of leaves in that view")
    evidence: str = column("reported or advertised", isin=EVIDENCE)
    tier: str = column("Tier, or all")
    level: str = column("Level, stage, or all")
    market: str = column("global, a country or a metro")
    metric: str = column("Metric", isin=METRICS)
    change: str = column("added: shown now and not before; removed: the reverse; changed", isin=CHANGES)
    old: pd.Int64Dtype = column("Median in the release before, as published", USD, nullable=True)
    new: pd.Int64Dtype = column("Median in this release", USD, nullable=True)
    restated: pd.Int64Dtype = column(
        "By how much the old median would differ, had its exports that are still there been read and computed as they "
        "are today: the part of method, reference data and corrections",
        USD,
        nullable=True,
    )
    pay: pd.Int64Dtype = column(
        "The part of pay: the rest of the move of a cell of one tier and level; of a roll-up, what it would have moved "
        "had every tier and level kept its former share; null where either release pooled the roll-up",
        USD,
        nullable=True,
    )
    mix: pd.Int64Dtype = column(
        "The part of who reported: of which tiers and levels; null as pay is", USD, nullable=True
    )
    reason: str = column(
        "What moved it most. window: reports came or went as the date moved on; data: exports came; method: another "
        "method_version; reference: employers, levels, rates or other rules; correction: an export was overwritten or "
        "removed; method_and_data: the method and more, apart in the columns where that can be told",
        isin=REASONS,
    )

    class Config:
        unique = KEY
