"""What an attacker reads out of published bands: the figures of every cell that a person may be in."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binom

from salary_bands.vocabulary.taxonomy import core_groups

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

CELL = ["view", "group_id", "tier", "level", "market"]
PERCENTILES = (0.10, 0.25, 0.50, 0.75, 0.90)
FIGURES = [f"p{round(100 * q)}{side}" for q in PERCENTILES for side in ("", "_low", "_high")]
COUNTS = ["n_reports", "n_effective", "shrinkage_weight", "median_age_days"]


@cache
def groups_of(leaf: str) -> frozenset[tuple[str, str]]:
    """The groups of each view that a leaf is in."""
    groups = core_groups()
    found = groups[groups["leaf"].eq(leaf)]
    return frozenset(zip(found["view"], found["group_id"], strict=True)) | {("leaf", leaf)}


def cells_with(person: "pd.Series[Any]", bands: pd.DataFrame) -> pd.DataFrame:
    """The rows of `bands` that the person may be in."""
    groups = pd.MultiIndex.from_tuples(sorted(groups_of(person["leaf"])), names=["view", "group_id"])
    places = ["global", person["country"], *([person["metro"]] if isinstance(person["metro"], str) else [])]
    return bands[
        bands["evidence"].eq("reported")
        & bands["tier"].isin([person["tier"], "all"])
        & bands["level"].isin([person["level"], person["stage"], "all"])
        & bands["market"].isin(places)
        & pd.MultiIndex.from_frame(bands[["view", "group_id"]]).isin(groups)
    ]


@cache
def bound_ranks(effective: int, percentile: float) -> tuple[float, float]:
    """Where the bounds of an interval are in the ranking, from 0 to 1, as docs/method.md says; NaN if there is none."""
    lower = int(binom.ppf(0.025, effective, percentile))  # order statistics from 1
    while lower > 0 and binom.cdf(lower - 1, effective, percentile) > 0.025:
        lower -= 1
    upper = int(binom.ppf(0.975, effective, percentile)) + 1
    if lower < 2 or upper > effective - 1:
        return (np.nan, np.nan)
    return (lower - 0.5) / effective, (upper - 0.5) / effective


@dataclass(frozen=True)
class Readings:
    """Figures of cells in two releases: arrays of (cells, figures), log pay; of cells: what else is published.

    ranks: the rank of each figure, from 0 to 1. before, after: NaN if there is no figure.
    """

    before: Floats
    after: Floats
    ranks: Floats
    reports: Floats  # (cells, 2), NaN if not published
    effective: Floats  # (cells,), of the later release
    pooled: Floats  # (cells,), weight of the model, NaN in a direct cell
    age: Floats  # (cells,), median age in days
    keys: pd.DataFrame

    def __len__(self) -> int:
        return len(self.reports)

    def of(self, chosen: Flags) -> "Readings":
        return Readings(
            self.before[chosen], self.after[chosen], self.ranks[chosen], self.reports[chosen],
            self.effective[chosen], self.pooled[chosen], self.age[chosen], self.keys[chosen],
        )  # fmt: skip


def read(before: pd.DataFrame, after: pd.DataFrame) -> Readings:
    """Read the cells of a person for one metric in two releases; cells of equal figures in both are read once.

    These are the same people: the attacker does not count them twice.
    """
    names = [*CELL, *COUNTS, *FIGURES]
    both = before[names].merge(after[names], on=CELL, how="outer", suffixes=("_0", "_1"))
    values = [c for c in both.columns if c not in CELL]
    both = both.drop_duplicates(values, ignore_index=True)

    def numbers(columns: list[str]) -> Floats:
        return both[columns].astype("Float64").to_numpy(dtype="float64", na_value=np.nan)

    effective = numbers(["n_effective_1"])[:, 0]
    ranks = np.full((len(both), len(FIGURES)), np.nan)
    for row, size in enumerate(effective):
        if np.isfinite(size):
            for i, q in enumerate(PERCENTILES):
                ranks[row, 3 * i : 3 * i + 3] = (q, *bound_ranks(int(size), q))
    with np.errstate(invalid="ignore"):
        logs = [np.log(numbers([f"{name}_{side}" for name in FIGURES])) for side in (0, 1)]
    return Readings(
        logs[0], logs[1], ranks, numbers(["n_reports_0", "n_reports_1"]), effective,
        numbers(["shrinkage_weight_1"])[:, 0], numbers(["median_age_days_1"])[:, 0], both[CELL],
    )  # fmt: skip
