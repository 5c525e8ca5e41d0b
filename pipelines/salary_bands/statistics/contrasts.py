"""Many linear combinations of the effects of one fit, estimated together."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from salary_bands.statistics.model import Fit, Floats, Mask
from salary_bands.statistics.rounding import Rounded, widened

Values = Mapping[str, float]  # values of one factor, each with its weight
Terms = tuple[tuple[int, str, Values], ...]  # (sign, factor, values)
_BATCH = 2_000  # contrasts whose employers' shares are summed up together


@dataclass(frozen=True)
class Contrasts:
    """Signed sums of weighted means of effects, with or without the intercept.

    term: of each entry. value: the number that the fit gives its factor and value. weight: of the value in the mean.
    contrast, sign: of each term. A contrast has no error if a dropped collinear column could explain it as well: if
    each of two leaves is in one source only, their difference may be that of the sources. `ignore_sources` makes an
    exception for dropped columns of the factor `source`.
    """

    count: int
    contrast: NDArray[np.int64]
    sign: NDArray[np.int64]
    term: NDArray[np.int64]
    value: NDArray[np.int64]
    weight: Floats
    intercept: bool = False
    ignore_sources: bool = False

    @classmethod
    def of(
        cls, fit: Fit, contrasts: Iterable[Terms], intercept: bool = False, ignore_sources: bool = False
    ) -> "Contrasts":
        """Number the terms and values of some contrasts."""
        listed = list(contrasts)
        terms = [(n, sign, factor, values) for n, terms in enumerate(listed) for sign, factor, values in terms]
        entries = [
            (n, fit.value_numbers[factor, value], weight)
            for n, (_, _, factor, values) in enumerate(terms)
            for value, weight in values.items()
        ]
        columns = list(zip(*entries, strict=True)) or [(), (), ()]
        term, value = (np.array(column, dtype=np.int64) for column in columns[:2])
        contrast, sign = (np.array([t[n] for t in terms], dtype=np.int64) for n in (0, 1))
        weight = np.array(columns[2], dtype=np.float64)
        return cls(len(listed), contrast, sign, term, value, weight, intercept, ignore_sources)

    def vectors(self, fit: Fit, absent: NDArray[np.int64]) -> tuple[Floats, Mask]:
        """Return coefficients on the columns of the fit, of shape (contrasts, columns), without the absent values.

        The mask says which contrasts have a value left in each of their means.
        """
        weight = np.where(np.isin(self.value, absent), 0.0, self.weight) if len(absent) else self.weight
        total = np.bincount(self.term, weight, len(self.contrast))
        whole = np.bincount(self.contrast, total == 0, self.count) == 0
        column = fit.column_of_value[self.value]
        share = self.sign[self.term] * weight / np.where(total > 0, total, 1.0)[self.term]
        there = column >= 0
        size = len(fit.columns)
        place = self.contrast[self.term] * size + column
        vectors = np.asarray(np.bincount(place[there], share[there], self.count * size), np.float64)
        vectors = vectors.reshape(self.count, size)
        vectors[:, 0] += float(self.intercept)
        return vectors, np.asarray(whole)

    def of_rounded(self, rounded: Rounded) -> tuple[Floats, Floats]:
        """Return the contrasts of rounded effects, and their variances by rounding."""
        total = np.bincount(self.term, self.weight, len(self.contrast))
        size = len(rounded.added)
        place = self.contrast[self.term] * size + self.value
        shares = np.bincount(place, self.sign[self.term] * self.weight / total[self.term], self.count * size)
        shares = shares.reshape(self.count, size)
        common, variance = rounded.common if self.intercept else (0.0, 0.0)
        return shares @ rounded.added + common, shares**2 @ rounded.variance + variance


@dataclass(frozen=True, eq=False)
class Estimates:
    """Estimated contrasts, in log units.

    The standard error is NaN if the contrast is not identified in every leave-one-employer-out fit. rounding: the
    variance of the value by rounding.
    """

    value: Floats
    error: Floats
    fit: Fit
    vectors: Floats
    rounding: Floats

    @cached_property
    def employers(self) -> Floats:
        """G*, the number of equal employers whose shares in a contrast would be as uneven; NaN without an error."""
        found = np.full(len(self.value), np.nan)
        known = np.flatnonzero(~np.isnan(self.error))
        for start in range(0, len(known), _BATCH):
            part = known[start : start + _BATCH]
            found[part] = self.fit.effective_employers(self.vectors[part])
        return found

    def rest_on(self, employers: float) -> Mask:
        """Return which estimates have an error and rest on at least this many effective employers.

        The tolerance lets exactly this many equal employers count in spite of rounding.
        """
        return ~np.isnan(self.error) & (self.employers > employers - 1e-9)

    def intervals(self) -> tuple[Floats, Floats]:
        """Return the ends of the 95 % intervals: Student t with G* - 1 degrees of freedom, NaN if G* is 1 or less.

        The variance of rounding is known and adds to that of the fit; what comes of both is rounded up.
        """
        employers = np.where(self.employers > 1, self.employers, np.nan)
        of_fit = self.error**2
        total = of_fit + self.rounding
        half = widened(critical_values(total, of_fit, employers) * np.sqrt(total))
        return self.value - half, self.value + half


def estimated(fit: Fit, contrasts: Contrasts, rounded: Rounded | None = None) -> Estimates:
    """Estimate contrasts and their jackknife errors, from rounded effects if there are any.

    If only the left-out employer has a value, that value leaves the contrasts' means too.
    """
    vectors, _ = contrasts.vectors(fit, np.zeros(0, np.int64))
    moves, identified = moved_without_each_employer(fit, contrasts)
    squares = np.where(identified, (moves**2).sum(axis=0), math.nan)
    value, rounding = contrasts.of_rounded(rounded) if rounded else (vectors @ fit.effects, np.zeros(contrasts.count))
    return Estimates(value, np.sqrt(squares), fit, vectors, rounding)


def moved_without_each_employer(fit: Fit, contrasts: Contrasts) -> tuple[Floats, Mask]:
    """Return how far contrasts move if an employer is left out, of shape (employers, contrasts).

    The mask says which contrasts are identified in every fit.
    """
    vectors, _ = contrasts.vectors(fit, np.zeros(0, np.int64))
    value = vectors @ fit.effects
    plain, special = fit.without_each_employer
    ignored = np.array([contrasts.ignore_sources and factor == "source" for factor, _ in fit.columns])
    identified, moves = fit.whole.identifies(vectors, ignored), [value - plain @ vectors.T]
    for solution in special:
        reduced, left = contrasts.vectors(fit, solution.absent) if len(solution.absent) else (vectors, True)
        identified = identified & left & solution.identifies(reduced, ignored)
        moves.append((value - reduced @ solution.effects)[None, :])
    return np.concatenate(moves), identified


def critical_values(variance: Floats, model_variance: Floats, employers: Floats) -> Floats:
    """Return the half-widths of 95 % intervals in standard errors.

    The distribution is Student t with the degrees of freedom of Satterthwaite (1946): the model's part of the variance
    has `employers` - 1, and the rest is treated as known.
    """
    some = model_variance > 0
    freedom = np.where(some, (employers - 1) * (variance / np.where(some, model_variance, 1.0)) ** 2, np.inf)
    return np.asarray(stdtrit(freedom, 0.975))
