"""How far quartiles of pay are from its mean within cells of a kind, from the reports of that kind.

Distances are in units of the standard deviation within cells of a kind and country, so that kinds and countries whose
pay differs more can be compared.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from salary_bands.settings import Settings
from salary_bands.statistics.heterogeneity import paule_mandel
from salary_bands.statistics.modelled_cells import ModelledCells, Variances

QUARTILES = (25, 50, 75)
_MIN_SHAPE_CELLS = 3


@dataclass(frozen=True)
class Shape:
    """The distance of each quartile from the mean, and the variance of that between cells and from sampling.

    kinds: whose reports show it.
    """

    offsets: dict[int, float]
    variances: dict[int, float]
    kinds: tuple[str, ...]


class Shapes:
    """The shapes of all kinds of one metric."""

    def __init__(
        self,
        cells: Mapping[str, ModelledCells],
        totals: Mapping[str, Variances],
        filled: pd.DataFrame,
        settings: Settings,
    ) -> None:
        """Standardise the reports and the well-filled cells of each kind whose variance is known.

        Args:
            cells: of each kind.
            totals: the variances of log pay within them.
            filled: kind, country, percentile, effective, offset_log of well-filled cells.
        """
        self._fewest = settings.min_shape_reports, settings.min_shape_employers
        known = {kind: of for kind, of in totals.items() if of.usual > 0}
        self._reports = {kind: _standardised(cells[kind].deviations(), "deviation", of) for kind, of in known.items()}
        self._filled = {
            kind: _standardised(filled[filled["kind"].eq(kind)], "offset_log", of) for kind, of in known.items()
        }

    def of(self, kind: str) -> Shape | None:
        """Return the shape of a kind, from its own reports if these are enough.

        If they are too few, or of too few employers, those of kinds of the same levels and tiers, one or all, count
        too, and if these are too few those of all kinds; None if all of them are.
        """
        alike = tuple(other for other in self._reports if _family(other) == _family(kind))
        own = tuple(other for other in alike if other == kind)
        for kinds in filter(None, (own, alike, tuple(self._reports))):
            reports = pd.concat([self._reports[k] for k in kinds])
            employers = reports.loc[reports["employer"].ge(0), "employer"].nunique()
            if len(reports) >= self._fewest[0] and employers >= self._fewest[1]:
                return self._shape(reports, kinds, alike)
        return None

    def _shape(self, reports: pd.DataFrame, kinds: tuple[str, ...], alike: tuple[str, ...]) -> Shape:
        ordered = reports.sort_values("standard", kind="stable")
        value, weight = ordered["standard"].to_numpy(float), ordered["weight"].to_numpy(float)
        mean = weight @ value / weight.sum()
        deviation = math.sqrt(weight @ (value - mean) ** 2 / weight.sum())
        below = (np.cumsum(weight) - weight / 2) / weight.sum()
        effective = weight.sum() ** 2 / (weight**2).sum()
        offsets = {p: float(np.interp(p / 100, below, value) - mean) / deviation for p in QUARTILES}
        between = {p: self._between(p, alike) for p in QUARTILES}
        return Shape(offsets, {p: between[p] + _sampling_variance(p) / effective for p in QUARTILES}, kinds)

    def _between(self, percentile: int, alike: tuple[str, ...]) -> float:
        """Return the variance of offsets between well-filled cells of these kinds, or of all if these have too few."""
        for kinds in (alike, tuple(self._filled)):
            filled = pd.concat([self._filled[k] for k in kinds])
            filled = filled[filled["percentile"].eq(percentile)]
            if len(filled) >= _MIN_SHAPE_CELLS:
                sampling = _sampling_variance(percentile) / filled["effective"].to_numpy(float)
                return paule_mandel(filled["standard"].to_numpy(float), sampling)
        return 0.0


def _standardised(rows: pd.DataFrame, column: str, variances: Variances) -> pd.DataFrame:
    """Return the rows with the column in standard deviations of their country as `standard`."""
    return rows.assign(standard=rows[column].to_numpy(float) / np.sqrt(variances.of(rows["country"])))


def _family(kind: str) -> tuple[bool, str]:
    """Return whether a kind is of all tiers, and whether it is of a level or a stage."""
    tiers, levels = kind.split("_")
    return tiers == "all", levels


def _sampling_variance(percentile: int) -> float:
    """Return n times the variance of (sample percentile - sample mean) for a standard normal distribution."""
    p = percentile / 100
    return p * (1 - p) * 2 * math.pi * math.exp(float(ndtri(p)) ** 2) - 1
