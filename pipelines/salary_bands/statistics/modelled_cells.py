"""How the reports of a fit vary within cells, and how far cells are from what the model predicts."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from salary_bands.settings import Settings
from salary_bands.statistics.model import Fit, Floats, Mask, Whole, numbered, present
from salary_bands.vocabulary.levels import stage_of

COMPLETE_LISTS = ("T1", "T2")  # all employers of these tiers are known, so their differences are part of the band
_FEWEST_OTHERS = 4  # effective reports besides a report's own employer that say where its cell is
_TOLERANCE = 1e-9  # lets four equal reports count in spite of rounding
_MOST_POINTS = 9  # of several reports in one row of the fit
_FEWEST_DEGREES = 1e-9  # share of a cell's weight below which nothing tells how its reports vary


@dataclass(frozen=True)
class Variances:
    """The usual variance within cells of a kind, and that of each country, drawn towards it; NaN if not estimable."""

    usual: float
    by_country: dict[str, float]

    def of(self, countries: pd.Series) -> Floats:
        """Return the variance of each of these countries."""
        return np.asarray(countries.astype(str).map(self.by_country).fillna(self.usual), np.float64)


@dataclass(frozen=True)
class Distances:
    """Mean residuals of cells, their effective sizes and countries; `filled` are those with enough reports to compare.

    number: the cell of each row of the fit, -1 if it is in none.
    """

    residual: Floats
    effective: Floats
    countries: pd.Series
    filled: Mask
    number: Whole


class ModelledCells:
    """The cells of some rows of a fit, told apart by some columns."""

    def __init__(self, fit: Fit, columns: tuple[str, ...], rows: Mask, correlation: float, settings: Settings) -> None:
        """Number the cells and measure their effective sizes, given the intraclass correlation of log pay."""
        self._fit = fit
        listed = fit.cells["tier"].isin(COMPLETE_LISTS).to_numpy()
        self._is_own_unit = ~(fit.cells["is_named"].to_numpy(bool) & ~listed)
        self._rows = np.flatnonzero(rows)
        named = fit.cells.iloc[self._rows]
        if "stage" in columns:
            named = named.assign(stage=named["rank"].map(stage_of).astype("category"))
        has_employer = fit.cells["is_named"].to_numpy(bool)[self._rows]
        clustered = has_employer & ~listed[self._rows]
        self._cell = numbered(named[list(columns)])
        of_row, self._countries = present(named["country"])
        self._country = np.zeros(int(self._cell.max(initial=-1)) + 1, np.int64)
        self._country[self._cell] = of_row
        self._prior = settings.variance_prior
        n, weight, employers = fit.n[self._rows], fit.weight[self._rows], fit.employers[self._rows]
        self._mass = np.bincount(self._cell, n * weight)
        count = fit.employers.max() + 1
        pairs, which = np.unique(self._cell * count + employers, return_inverse=True)
        together = np.bincount(which, n * weight * clustered) ** 2
        apart = np.bincount(which, n * weight**2 * clustered)
        extra = np.bincount(pairs // count, together - apart)
        # reports without an employer are taken to repeat those with one
        of_employers = np.bincount(self._cell, n * weight * has_employer)
        ratio = self._mass / np.where(extra > 0, of_employers, self._mass)
        factor = np.minimum(ratio**2, settings.max_unknown_factor)
        self._effective = self._mass**2 / (np.bincount(self._cell, n * weight**2) + correlation * factor * extra)
        self._filled = np.bincount(self._cell, n) >= settings.min_pooled_reports
        self._filled &= np.bincount(pairs // count, np.bincount(which, has_employer) > 0) >= settings.min_employers

    def variances(self, sums: Floats, squared: Floats) -> Variances:
        """Return the variances within cells, corrected for correlation within employers.

        A country's own counts by the degrees of freedom of its cells, the usual one by `variance_prior`; the usual one
        is the mean over countries, none of which counts more than the prior lets it.

        Args:
            sums: the sum of the values in each row of the fit.
            squared: the sum of their squares.
        """
        weight = self._fit.weight[self._rows]
        mean = np.bincount(self._cell, weight * sums[self._rows]) / self._mass
        squares = np.maximum(np.bincount(self._cell, weight * squared[self._rows]) - self._mass * mean**2, 0.0)
        freedom = self._mass * (1 - 1 / self._effective)
        degrees = np.bincount(self._country, np.maximum(self._effective - 1, 0.0))
        free = np.bincount(self._country, freedom)
        told = free > _FEWEST_DEGREES * self._mass.sum()
        own = np.bincount(self._country, squares) / np.where(told, free, 1.0)
        share = np.where(told, degrees / (degrees + self._prior), 0.0)
        if not told.any():
            return Variances(math.nan, {})
        usual = float(share @ own / share.sum())
        drawn = share * own + (1 - share) * usual
        return Variances(usual, dict(zip(self._countries, drawn.tolist(), strict=True)))

    def pay_variances(self) -> Variances:
        """Return the variances of log pay within cells."""
        return self.variances(self._fit.sum_y, self._fit.sum_yy)

    def residual_variances(self, predicted: Floats) -> Variances:
        """Return the variances within cells around the predictions for the rows of the fit."""
        return self.variances(*self._residuals(predicted))

    def distances(self, predicted: Floats) -> Distances:
        """Return how far the mean of each cell is from these predictions for the rows of the fit."""
        residuals, _ = self._residuals(predicted)
        residual = np.bincount(self._cell, (self._fit.weight * residuals)[self._rows]) / self._mass
        number = np.full(len(self._fit.n), -1, np.int64)
        number[self._rows] = self._cell
        countries = pd.Series(np.array(self._countries)[self._country])
        return Distances(residual, self._effective, countries, self._filled, number)

    def deviations(self) -> pd.DataFrame:
        """Return how far the log pay of each report is from the mean of its cell without its employer.

        At complete lists, and if the employer is unknown, only the report itself is left out. A deviation is scaled by
        how much the mean of the others varies, and left out if these are fewer than 4 effective ones. Several reports
        in one row of the fit are spread as normal scores of their mean and variance, which is exact for two.

        Columns: deviation, weight, country, employer (of the fit; -1 if unknown).
        """
        row, log = _spread(self._fit, self._rows)
        weight = self._fit.weight[row] * self._fit.n[row] / np.bincount(row)[row]
        place = np.zeros(len(self._fit.n), np.int64)
        place[self._rows] = self._cell
        cell = place[row]
        # left out together: people of one employer in a cell, otherwise each report alone
        count = int(self._fit.employers.max()) + 1
        who = np.where(self._is_own_unit[row], count + np.arange(len(row)), self._fit.employers[row])
        unit = np.unique(cell * (count + len(row)) + who, return_inverse=True)[1]
        own, own_log = np.bincount(unit, weight), np.bincount(unit, weight * log)
        of_unit = np.zeros(len(own), np.int64)
        of_unit[unit] = cell
        whole, whole_log = np.bincount(cell, weight), np.bincount(cell, weight * log)
        left = whole[cell] - own[unit]
        left_squares = np.bincount(of_unit, own**2)[cell] - own[unit] ** 2
        told = (left_squares > 0) & (left**2 >= (_FEWEST_OTHERS - _TOLERANCE) * left_squares)
        row, cell, unit, left = row[told], cell[told], unit[told], left[told]
        others = left**2 / left_squares[told]
        mean = (whole_log[cell] - own_log[unit]) / left
        named = self._fit.cells["is_named"].to_numpy(bool)[row]
        return pd.DataFrame(
            {
                "deviation": (log[told] - mean) * np.sqrt(others / (others + 1)),
                "weight": weight[told],
                "country": np.array(self._countries)[self._country[cell]],
                "employer": np.where(named, self._fit.employers[row], -1),
            }
        )

    def _residuals(self, predicted: Floats) -> tuple[Floats, Floats]:
        """Return the sums of residuals and of their squares in each row of the fit."""
        fit = self._fit
        squares = fit.sum_yy - 2 * predicted * fit.sum_y + fit.n * predicted**2
        return fit.sum_y - fit.n * predicted, np.maximum(squares, 0.0)


def _spread(fit: Fit, rows: Whole) -> tuple[Whole, Floats]:
    """Return the row and log pay of each report of some rows of a fit, or of as many points as stand for them."""
    count = np.minimum(fit.n[rows], _MOST_POINTS).astype(np.int64)
    row = np.repeat(rows, count)
    number = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    mean = fit.sum_y[rows] / fit.n[rows]
    deviation = np.sqrt(np.maximum(fit.sum_yy[rows] / fit.n[rows] - mean**2, 0.0))
    scores = np.zeros((_MOST_POINTS + 1, _MOST_POINTS))
    for size in range(2, _MOST_POINTS + 1):
        drawn = ndtri((np.arange(size) + 0.5) / size)
        scores[size, :size] = drawn / np.sqrt((drawn**2).mean())
    return row, np.repeat(mean, count) + np.repeat(deviation, count) * scores[np.repeat(count, count), number]
