"""Estimate the premiums of groups over baseline leaves, from fits of the model."""

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from salary_bands.schemas.columns import BASELINES, LEVELS, STAGES, TIERS
from salary_bands.settings import Settings
from salary_bands.statistics.heterogeneity import paule_mandel
from salary_bands.statistics.model import Contrast, Fit, Floats
from salary_bands.vocabulary.levels import stage_of

MODEL_METRICS = ("base", "total")
_NORMAL_QUARTILE = 0.674

Mask = NDArray[np.bool_]


def estimated_premiums(cells: pd.DataFrame, groups: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Estimate the premium of each group over each baseline, by metric, tier and level.

    Figures are unrounded, and null if the premium is not identified.

    Args:
        cells: model_cells.
        groups: view, group_id, leaf of the core leaves.

    Returns:
        view, group_id, baseline, metric, tier, level, baseline_in_group and the keys of `_NOT_IDENTIFIED`.
    """
    members = {key: frozenset(part["leaf"]) for key, part in groups.groupby(["view", "group_id"])}
    rows = []
    for metric in MODEL_METRICS:
        of_metric = cells[cells["metric"].eq(metric)]
        for tier, level, chosen in _subsets(of_metric):
            sides = _Sides(of_metric[chosen], settings) if chosen.any() else None
            premiums: dict[tuple[frozenset[str], str], dict[str, object]] = {}
            for (view, group), leaves in members.items():
                for baseline in BASELINES:
                    key = (leaves - {baseline}, baseline)
                    if key not in premiums:
                        premiums[key] = sides.premium(*key) if sides else _NOT_IDENTIFIED
                    row = {"view": view, "group_id": group, "baseline": baseline, "metric": metric}
                    row |= {"tier": tier, "level": level, "baseline_in_group": baseline in leaves}
                    rows.append({**row, **premiums[key]})
    return pd.DataFrame(rows)


_NOT_IDENTIFIED: dict[str, object] = {
    **dict.fromkeys(("premium", "premium_low", "premium_high", "range_low", "range_high")),
    **dict.fromkeys(("n_group", "n_baseline", "n_cells"), 0),
    "identified": False,
}


def _subsets(cells: pd.DataFrame) -> Iterator[tuple[str, str, pd.Series]]:
    """Yield (tier, level, mask of rows) for all reports, each level, each stage and each known tier."""
    yield "all", "all", cells["level"].notna()
    for level in LEVELS:
        yield "all", level, cells["level"].eq(level)
    for stage in STAGES:
        yield "all", stage, cells["level"].map(stage_of).eq(stage)
    for tier in TIERS:
        if tier != "unknown":
            yield tier, "all", cells["tier"].eq(tier)


class _Sides:
    """One fit, prepared for comparing any two sets of leaves."""

    def __init__(self, cells: pd.DataFrame, settings: Settings) -> None:
        self.settings = settings
        self.fit = fit = Fit(cells)
        self.leaves = fit.cells["leaf"].to_numpy(str)
        self.mass = fit.weight * fit.n
        self.strata = _numbered(fit.cells[["tier", "level", "country"]])
        self.ranks = _numbered(fit.cells[["tier", "level"]])
        self.adjusted = fit.sum_y - fit.n * fit.part("market", "month", "source")
        self.variance = fit.variance()
        self.correlation = _correlation(fit)

    def premium(self, leaves: frozenset[str], baseline: str) -> dict[str, object]:
        """Estimate the premium of some leaves over a baseline: the figures and counts of one row."""
        group = np.isin(self.leaves, sorted(leaves))
        base = self.leaves == baseline
        n = self.fit.n
        comparable = self._comparable(group, base)
        row = {
            **_NOT_IDENTIFIED,
            "n_group": int(n[group].sum()),
            "n_baseline": int(n[base].sum()),
            "n_cells": len(comparable),
        }
        if not group.any() or not base.any() or self._overlap(group, base) < self.settings.min_overlap_share:
            return row
        weights = self.fit.weights_of("leaf", group)
        estimate = self.fit.estimate(Contrast(((1, "leaf", weights), (-1, "leaf", {baseline: 1.0}))))
        if not estimate.rests_on(self.settings.min_effective_employers):
            return row
        low, high = estimate.interval()
        figures = {"premium": estimate.value, "premium_low": low, "premium_high": high}
        if len(comparable) >= self.settings.min_range_cells:
            half = _NORMAL_QUARTILE * math.sqrt(self._variance_between(group, base, comparable))
            figures |= {"range_low": estimate.value - half, "range_high": estimate.value + half}
        return {**row, **{name: math.expm1(log) for name, log in figures.items()}, "identified": True}

    def _overlap(self, group: Mask, base: Mask) -> float:
        """Return the share of the group's weight in a tier, level and country with enough baseline reports."""
        baseline_reports = np.bincount(self.strata[base], self.fit.n[base], self.strata.max() + 1)
        enough = baseline_reports[self.strata] >= self.settings.min_overlap_reports
        return float(self.mass[group & enough].sum() / self.mass[group].sum())

    def _comparable(self, group: Mask, base: Mask) -> NDArray[np.int64]:
        """Return the codes of the (tier, level) cells with enough reports on both sides."""
        size = self.ranks.max() + 1
        fewer = np.minimum(*(np.bincount(self.ranks[m], self.fit.n[m], size) for m in (group, base)))
        return np.flatnonzero(fewer >= self.settings.min_overlap_reports)

    def _variance_between(self, group: Mask, base: Mask, comparable: NDArray[np.int64]) -> float:
        """Estimate the variance of log premiums between (tier, level) cells beyond sampling."""
        sides = [self._means(mask) for mask in (group, base)]
        difference = (sides[0][0] - sides[1][0])[comparable]
        own = (sides[0][1] + sides[1][1])[comparable]
        shared = ((sides[0][2] - sides[1][2]) ** 2).sum(axis=1)[comparable]
        variance = self.variance * ((1 - self.correlation) * own + self.correlation * shared)
        return paule_mandel(difference, variance)

    def _means(self, rows: Mask) -> tuple[Floats, Floats, Floats]:
        """Return, by (tier, level), the mean, the sum of the reports' squared shares, and each employer's share."""
        ranks, employers = self.ranks[rows], self.fit.employers[rows]
        size, count = self.ranks.max() + 1, self.fit.employers.max() + 1
        total = np.bincount(ranks, self.mass[rows], size)
        total[total == 0] = np.nan
        mean = np.bincount(ranks, (self.fit.weight * self.adjusted)[rows], size) / total
        squared_shares = np.bincount(ranks, (self.fit.weight**2 * self.fit.n)[rows], size) / total**2
        shares = np.bincount(ranks * count + employers, self.mass[rows], size * count).reshape(size, count)
        return mean, squared_shares, shares / total[:, None]


def _correlation(fit: Fit) -> float:
    """Estimate the intraclass correlation of residuals by employer: one-way ANOVA, employers with 2 or more reports."""
    n, total, squares = (
        np.bincount(fit.employers, part) for part in (fit.n, fit.sum_y - fit.n * fit.fitted, fit.residuals)
    )
    several = n >= 2
    n, total, squares = n[several], total[several], squares[several]
    between_freedom, within_freedom = len(n) - 1, n.sum() - len(n)
    if between_freedom < 1:
        return 0.0
    between = ((total**2 / n).sum() - total.sum() ** 2 / n.sum()) / between_freedom
    within = (squares - total**2 / n).sum() / within_freedom
    size = (n.sum() - (n**2).sum() / n.sum()) / between_freedom
    denominator = between + (size - 1) * within
    return min(1.0, max(0.0, float((between - within) / denominator))) if denominator > 0 else 0.0


def _numbered(columns: pd.DataFrame) -> NDArray[np.int64]:
    """Return a code for each distinct row."""
    return np.asarray(columns.groupby(list(columns.columns), sort=True).ngroup(), dtype=np.int64)
