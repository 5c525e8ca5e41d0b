"""Estimate the premiums of groups over baseline leaves, from fits of the model."""

import math
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from salary_bands.schemas.columns import BASELINES, LEVELS, STAGES, TIERS
from salary_bands.settings import Settings
from salary_bands.statistics.contrasts import Contrasts, estimated
from salary_bands.statistics.heterogeneity import paule_mandel
from salary_bands.statistics.model import Fit, Floats, Mask, coded, numbered, present
from salary_bands.statistics.rounding import Rounded, widened
from salary_bands.vocabulary.levels import stage_of

MODEL_METRICS = ("base", "total")
_NORMAL_QUARTILE = 0.674


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
    asked = {(leaves - {baseline}, baseline) for leaves in members.values() for baseline in BASELINES}
    cells = coded(cells)
    rows = []
    for metric in MODEL_METRICS:
        of_metric = cells[cells["metric"].eq(metric)]
        for tier, level, chosen in _subsets(of_metric):
            premiums = _Sides(of_metric[chosen], settings).premiums(asked) if chosen.any() else {}
            for (view, group), leaves in members.items():
                for baseline in BASELINES:
                    row = {"view": view, "group_id": group, "baseline": baseline, "metric": metric}
                    row |= {"tier": tier, "level": level, "baseline_in_group": baseline in leaves}
                    rows.append({**row, **premiums.get((leaves - {baseline}, baseline), _NOT_IDENTIFIED)})
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


Sides = tuple[frozenset[str], str]  # the leaves of a group, and the baseline


class _Sides:
    """One fit, prepared for comparing any two sets of leaves: sums by leaf, so that a comparison does not cost by cell.

    Strata are tier, level and country; ranks are tier and level. A side is a mask of leaves.
    """

    def __init__(self, cells: pd.DataFrame, settings: Settings) -> None:
        self.settings = settings
        self.fit = fit = Fit(cells)
        self.rounded = Rounded(fit, settings.part_step)
        codes, leaves = present(fit.cells["leaf"])
        self.leaves = np.array(leaves)
        mass, ranks = fit.weight * fit.n, numbered(fit.cells[["tier", "level"]])
        strata = numbered(fit.cells[["tier", "level", "country"]])
        paid = fit.weight * (fit.sum_y - fit.n * fit.part("market", "month", "source"))
        self.mass = np.bincount(codes, mass)
        self.reports_of_stratum, self.mass_of_stratum = (_table(of, codes, strata) for of in (fit.n, mass))
        self.reports_of_rank, self.mass_of_rank = (_table(of, codes, ranks) for of in (fit.n, mass))
        self.paid_of_rank, self.squares_of_rank = (_table(of, codes, ranks) for of in (paid, fit.weight**2 * fit.n))
        shape = (*self.mass_of_rank.shape, int(fit.employers.max()) + 1)
        place = np.ravel_multi_index((codes, ranks, fit.employers), shape)
        self.mass_of_employer = np.bincount(place, mass, math.prod(shape)).reshape(shape)
        self.variance = fit.variance()
        self.correlation = _correlation(fit)

    def premiums(self, asked: Iterable[Sides]) -> dict[Sides, dict[str, object]]:
        """Estimate the premiums of some leaves over a baseline: the figures and counts of a row for each."""
        rows, estimable = {}, {}
        for sides in asked:
            group, base = self._masks(sides)
            rows[sides] = {
                **_NOT_IDENTIFIED,
                "n_group": int(self.reports_of_rank[group].sum()),
                "n_baseline": int(self.reports_of_rank[base].sum()),
                "n_cells": len(self._comparable(group, base)),
            }
            if group.any() and base.any() and self._overlap(group, base) >= self.settings.min_overlap_share:
                weights = {
                    str(leaf): float(mass) for leaf, mass in zip(self.leaves[group], self.mass[group], strict=True)
                }
                estimable[sides] = ((1, "leaf", weights), (-1, "leaf", {sides[1]: 1.0}))
        estimates = estimated(self.fit, Contrasts.of(self.fit, estimable.values()), self.rounded)
        low, high = estimates.intervals()
        told = estimates.rest_on(self.settings.min_effective_employers)
        for n, sides in enumerate(estimable):
            if told[n]:
                figures = {"premium": estimates.value[n], "premium_low": low[n], "premium_high": high[n]}
                figures |= self._range(sides, estimates.value[n])
                logs = {name: math.expm1(log) for name, log in figures.items()}
                rows[sides] = {**rows[sides], **logs, "identified": True}
        return rows

    def _masks(self, sides: Sides) -> tuple[Mask, Mask]:
        """Return which leaves are of the group, and which is the baseline."""
        return np.isin(self.leaves, sorted(sides[0])), self.leaves == sides[1]

    def _range(self, sides: Sides, value: float) -> dict[str, float]:
        """Return the range of a premium over tiers and levels, in logs; empty if too few are comparable."""
        group, base = self._masks(sides)
        comparable = self._comparable(group, base)
        if len(comparable) < self.settings.min_range_cells:
            return {}
        half = _NORMAL_QUARTILE * math.sqrt(self._variance_between(group, base, comparable))
        half = float(widened(np.array([half]))[0])
        return {"range_low": value - half, "range_high": value + half}

    def _overlap(self, group: Mask, base: Mask) -> float:
        """Return the share of the group's weight in a tier, level and country with enough baseline reports."""
        enough = self.reports_of_stratum[base].sum(axis=0) >= self.settings.min_overlap_reports
        of_group = self.mass_of_stratum[group].sum(axis=0)
        return float(of_group[enough].sum() / of_group.sum())

    def _comparable(self, group: Mask, base: Mask) -> NDArray[np.int64]:
        """Return the codes of the (tier, level) cells with enough reports on both sides."""
        fewer = np.minimum(*(self.reports_of_rank[side].sum(axis=0) for side in (group, base)))
        return np.flatnonzero(fewer >= self.settings.min_overlap_reports)

    def _variance_between(self, group: Mask, base: Mask, comparable: NDArray[np.int64]) -> float:
        """Estimate the variance of log premiums between (tier, level) cells beyond sampling."""
        sides = [self._means(side, comparable) for side in (group, base)]
        difference = sides[0][0] - sides[1][0]
        own = sides[0][1] + sides[1][1]
        shared = ((sides[0][2] - sides[1][2]) ** 2).sum(axis=1)
        variance = self.variance * ((1 - self.correlation) * own + self.correlation * shared)
        return paule_mandel(difference, variance)

    def _means(self, side: Mask, ranks: NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
        """Return, by (tier, level), the mean, the sum of the reports' squared shares, and each employer's share."""
        total = self.mass_of_rank[side].sum(axis=0)[ranks]
        mean = self.paid_of_rank[side].sum(axis=0)[ranks] / total
        squared_shares = self.squares_of_rank[side].sum(axis=0)[ranks] / total**2
        return mean, squared_shares, self.mass_of_employer[side].sum(axis=0)[ranks] / total[:, None]


def _table(values: Floats, leaf: NDArray[np.int64], column: NDArray[np.int64]) -> Floats:
    """Sum up values by leaf and column."""
    leaves, columns = int(leaf.max()) + 1, int(column.max()) + 1
    summed = np.bincount(leaf * columns + column, values, leaves * columns)
    return np.asarray(summed, np.float64).reshape(leaves, columns)


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
