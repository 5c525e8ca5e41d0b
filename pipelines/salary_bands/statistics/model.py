"""Regress log pay on leaf, tier, level, market, month and source, from sufficient statistics.

Weighted least squares with cluster-robust errors: CR3, the jackknife that leaves out one employer at a time (Bell and
McCaffrey 2002; MacKinnon, Nielsen and Webb 2023). Intervals use Student t with the effective number of employers minus
1 degrees of freedom (Carter, Schnepel and Steigerwald 2017). Every report in the model has an employer, because a
report without one has no tier.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.stats import t as student

FACTORS = ("leaf", "tier", "level", "market", "month", "source")
LOG_UNIT = 1 << 16  # y is the log in units of 1 / 2^16
WEIGHT_UNIT = 1 << 20
_COLLINEAR = 1e-9  # share of a column's size that is left once the columns before it are projected out
_ESTIMABLE = 1e-6
_BATCH = 64  # leave-one-employer-out fits that are solved together

Floats = NDArray[np.float64]
Values = Mapping[str, float]  # values of one factor, each with its weight


@dataclass(frozen=True, eq=False)
class Estimate:
    """A linear combination of effects, in log units.

    The standard error is NaN if the combination is not identified in every leave-one-employer-out fit.
    """

    value: float
    error: float
    fit: "Fit"
    vector: Floats  # coefficients on the columns of the fit

    @cached_property
    def employers(self) -> float:
        """The effective number of employers, G*."""
        return self.fit.effective_employers(self.vector)

    def rests_on(self, employers: float) -> bool:
        """True if the estimate has an error and rests on at least this many effective employers.

        The tolerance lets exactly this many equal employers count in spite of rounding.
        """
        return not math.isnan(self.error) and self.employers > employers - 1e-9

    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval: Student t with G* - 1 degrees of freedom, NaN if G* is 1 or less."""
        half = student.ppf(0.975, self.employers - 1) * self.error if self.employers > 1 else float("nan")
        return self.value - half, self.value + half


@dataclass(frozen=True)
class Contrast:
    """A signed sum of weighted means of effects, with or without the intercept.

    Each term is (sign, factor, values with their weights). The error is NaN if a dropped collinear column could explain
    the same contrast: if each of two leaves is in one source only, their difference may be that of the sources.
    `ignore_sources` makes an exception for dropped columns of the factor `source`.
    """

    terms: tuple[tuple[int, str, Values], ...]
    intercept: bool = False
    ignore_sources: bool = False


@dataclass(frozen=True)
class _Solution:
    """The effects of a fit on some of the reports.

    `absent` holds the (factor, value) pairs that none of these reports has. `dropped` indexes the collinear columns.
    `combinations`, of shape (columns, dropped columns), writes each dropped column as a combination of the kept ones.
    """

    effects: Floats
    absent: frozenset[tuple[str, str]]
    dropped: NDArray[np.int64]
    combinations: Floats

    def identifies(self, vector: Floats, ignored: NDArray[np.bool_]) -> bool:
        """True if no dropped column, except the ignored ones, could explain the same contrast."""
        confounded = np.abs(vector[self.dropped] - vector @ self.combinations) > _ESTIMABLE
        return not (confounded & ~ignored[self.dropped]).any()


class Fit:
    """The fit of one metric.

    `cells` holds the metric's rows of model_cells. Effects are relative to the first value of each factor in text
    order. A column that is collinear with the columns before it is dropped, and `left_out` names it as `factor value`.
    """

    def __init__(self, cells: pd.DataFrame) -> None:
        self.cells = cells.reset_index(drop=True)
        self.n = self.cells["n"].to_numpy(float)
        self.weight = self.cells["weight"].to_numpy(float) / WEIGHT_UNIT
        self.sum_y = self.cells["sum_y"].to_numpy(float) / LOG_UNIT
        self.sum_yy = self.cells["sum_yy"].to_numpy(float) / LOG_UNIT**2
        self.columns: list[tuple[str, str]] = [("intercept", "")]
        codes = [np.zeros(len(self.cells), dtype=int)]
        for factor in FACTORS:
            found = sorted(self.cells[factor].unique())
            position = {value: len(self.columns) + n for n, value in enumerate(found[1:])}
            codes.append(self.cells[factor].map(position).fillna(-1).to_numpy(int))
            self.columns += [(factor, value) for value in found[1:]]
        self._index = {name: n for n, name in enumerate(self.columns)}
        self._codes = np.column_stack(codes)
        self.design = _indicators(self._codes, len(self.columns))
        self.gram = self._grams([np.arange(len(self.cells))])[0]
        self.moments = np.asarray(self.design.T @ (self.weight * self.sum_y))
        self.kept = independent(self.gram)
        self.left_out = [" ".join(self.columns[n]) for n in np.flatnonzero(~self.kept)]
        self.inverse = _inverse(self.gram, self.kept)
        self.effects = self.inverse @ self.moments
        self._whole = self._solution(self.gram, self.moments, frozenset())

    @cached_property
    def residuals(self) -> Floats:
        """The sum of squared residuals of the reports of each cell."""
        fitted = self.fitted
        return np.maximum(self.sum_yy - 2 * fitted * self.sum_y + self.n * fitted**2, 0.0)

    @cached_property
    def fitted(self) -> Floats:
        """The prediction for each cell, in log units."""
        return np.asarray(self.design @ self.effects)

    def variance(self) -> float:
        """Return the residual variance of a report, in squared log units; NaN without degrees of freedom."""
        freedom = self.n.sum() - self.kept.sum()
        if freedom <= 0:
            return float("nan")
        return float(self.weight @ self.residuals / (self.weight @ self.n) * self.n.sum() / freedom)

    def residual_sd(self) -> float | None:
        """Return the residual standard deviation of log pay to 4 decimals, None without degrees of freedom."""
        variance = self.variance()
        return None if math.isnan(variance) else round(math.sqrt(variance), 4)

    def part(self, *factors: str) -> Floats:
        """Return the contribution of these factors to the prediction for each cell."""
        chosen = np.array([name in factors for name, _ in self.columns])
        return np.asarray(self.design @ np.where(chosen, self.effects, 0.0))

    def weights_of(self, factor: str, rows: NDArray[np.bool_] | None = None) -> dict[str, float]:
        """Return the total weight of reports by value of a factor; `rows` restricts it to some cells."""
        weight = self.weight * self.n if rows is None else np.where(rows, self.weight * self.n, 0.0)
        numbers, values = self._numbered[factor]
        return {value: float(w) for value, w in zip(values, np.bincount(numbers, weight), strict=True) if w > 0}

    @cached_property
    def _numbered(self) -> dict[str, tuple[NDArray[np.int64], list[str]]]:
        """For each factor, the code of each cell's value and the values in order."""
        found = {factor: np.unique(self.cells[factor].to_numpy(str), return_inverse=True) for factor in FACTORS}
        return {factor: (numbers, [str(v) for v in values]) for factor, (values, numbers) in found.items()}

    def estimate(self, contrast: Contrast) -> Estimate:
        """Estimate a contrast and its jackknife error.

        If only the left-out employer has a value, that value leaves the contrast's means too.
        """
        vector = self._vector(contrast)
        assert vector is not None
        value = float(vector @ self.effects)
        plain, special = self._without_each_employer
        squares = float(((value - plain @ vector) ** 2).sum())
        ignored = np.array([contrast.ignore_sources and factor == "source" for factor, _ in self.columns])
        for solution in special:
            reduced = self._vector(contrast, solution.absent)
            if reduced is None or not solution.identifies(reduced, ignored):
                squares = math.nan
                break
            squares += (value - float(reduced @ solution.effects)) ** 2
        if not self._whole.identifies(vector, ignored):
            squares = math.nan
        return Estimate(value, math.sqrt(squares), self, vector)

    def _vector(self, contrast: Contrast, absent: frozenset[tuple[str, str]] = frozenset()) -> Floats | None:
        """Return the contrast's coefficients on the columns, None if all values of a mean are absent."""
        vector = np.zeros(len(self.columns))
        vector[0] = float(contrast.intercept)
        for sign, factor, values in contrast.terms:
            present = {value: weight for value, weight in values.items() if (factor, value) not in absent}
            total = sum(present.values())
            if not total:
                return None
            for value, weight in present.items():
                if (factor, value) in self._index:
                    vector[self._index[factor, value]] += sign * weight / total
        return vector

    def effective_employers(self, vector: Floats) -> float:
        """Return G*, the number of equal employers whose shares in the contrast would be as uneven."""
        pull = np.asarray(self.design @ (self.inverse @ vector))
        shares = np.bincount(self.employers, self.n * self.weight * pull**2)
        squares = float((shares**2).sum())
        return float(shares.sum()) ** 2 / squares if squares > 0 else 0.0

    @cached_property
    def employers(self) -> NDArray[np.int64]:
        """The code of each cell's employer."""
        return np.asarray(pd.factorize(self.cells["employer"])[0], dtype=np.int64)

    @cached_property
    def _exclusive(self) -> dict[int, frozenset[tuple[str, str]]]:
        """The (factor, value) pairs that only one employer has, by the employer's code."""
        found: dict[int, set[tuple[str, str]]] = {}
        for factor in FACTORS:
            for value, rows in self.cells.groupby(factor, sort=False).indices.items():
                owners = np.unique(self.employers[rows])
                if len(owners) == 1:
                    found.setdefault(int(owners[0]), set()).add((factor, str(value)))
        return {owner: frozenset(values) for owner, values in found.items()}

    @cached_property
    def _without_each_employer(self) -> tuple[Floats, list[_Solution]]:
        """The effects without each employer.

        The array has a row per employer whose removal keeps every column; the other fits are solutions of their own.
        """
        plain, special = [], []
        for owner, rows in self._clusters():
            if owner in self._exclusive:
                special.append(self._solution_without(rows, self._exclusive[owner]))
            else:
                plain.append(rows)
        solved = [np.zeros((0, len(self.columns)))]
        for start in range(0, len(plain), _BATCH):
            batch = plain[start : start + _BATCH]
            effects, sound = self._solved(batch)
            solved.append(effects[sound])
            special += [self._solution_without(batch[n], frozenset()) for n in np.flatnonzero(~sound)]
        return np.concatenate(solved), special

    def _clusters(self) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """Yield the code and the rows of each employer."""
        order = np.argsort(self.employers, kind="stable")
        numbers, starts = np.unique(self.employers[order], return_index=True)
        for number, rows in zip(numbers, np.split(order, starts[1:]), strict=True):
            yield int(number), rows

    def _grams(self, clusters: list[NDArray[np.int64]]) -> Floats:
        """Return X'WX for each set of rows, as sums of weights, which are exact."""
        size = len(self.columns)
        rows = np.concatenate(clusters)
        of = np.repeat(np.arange(len(clusters)), [len(c) for c in clusters])
        codes = self._codes[rows]
        there = (codes[:, :, None] >= 0) & (codes[:, None, :] >= 0)
        place = (of[:, None, None] * size + codes[:, :, None]) * size + codes[:, None, :]
        mass = np.broadcast_to((self.n * self.weight)[rows][:, None, None], there.shape)
        summed = np.bincount(place[there], mass[there], len(clusters) * size * size)
        return np.asarray(summed.reshape(-1, size, size), dtype=np.float64)

    def _solved(self, clusters: list[NDArray[np.int64]]) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the effects without each employer, and a mask of the fits in which no further column is collinear."""
        kept = np.flatnonzero(self.kept)
        grams = (self.gram - self._grams(clusters))[:, kept[:, None], kept]
        moments = self._moments_without(clusters)[:, kept]
        effects = np.zeros((len(clusters), len(self.columns)))
        try:
            inverses = np.linalg.inv(grams)
        except np.linalg.LinAlgError:
            return effects, np.zeros(len(clusters), dtype=bool)
        effects[:, kept] = np.einsum("gjk,gk->gj", inverses, moments)
        # variance inflation: the larger, the closer a column is to a combination of the others
        inflation = np.einsum("gjj->gj", inverses) * np.einsum("gjj->gj", grams)
        return effects, ((inflation > 0) & (inflation < 1 / _COLLINEAR)).all(axis=1)

    def _moments_without(self, clusters: list[NDArray[np.int64]]) -> Floats:
        """Return X'Wy without each set of rows."""
        size = len(self.columns)
        rows = np.concatenate(clusters)
        of = np.repeat(np.arange(len(clusters)), [len(c) for c in clusters])
        codes = self._codes[rows]
        place = of[:, None] * size + codes
        sums = np.broadcast_to((self.weight * self.sum_y)[rows][:, None], codes.shape)
        there = codes >= 0
        return self.moments - np.bincount(place[there], sums[there], len(clusters) * size).reshape(-1, size)

    def _solution_without(self, rows: NDArray[np.int64], absent: frozenset[tuple[str, str]]) -> _Solution:
        """Fit without some cells, dropping collinear columns afresh."""
        return self._solution(self.gram - self._grams([rows])[0], self._moments_without([rows])[0], absent)

    def _solution(self, gram: Floats, moments: Floats, absent: frozenset[tuple[str, str]]) -> _Solution:
        kept = independent(gram)
        inverse = _inverse(gram, kept)
        dropped = np.flatnonzero(~kept & (np.diag(gram) > _COLLINEAR))
        return _Solution(inverse @ moments, absent, dropped, inverse @ gram[:, dropped])


def independent(gram: Floats) -> NDArray[np.bool_]:
    """Return a mask of the columns that are not linear combinations of the columns before them, from X'WX."""
    left = gram.copy()
    own = np.diag(gram).copy()
    kept = np.zeros(len(gram), dtype=bool)
    for n in range(len(gram)):
        if own[n] > 0 and left[n, n] > _COLLINEAR * own[n]:
            kept[n] = True
            left -= np.outer(left[:, n], left[n]) / left[n, n]
    return kept


def _inverse(gram: Floats, kept: NDArray[np.bool_]) -> Floats:
    """Invert the kept rows and columns; the others are 0."""
    full = np.zeros_like(gram)
    full[np.ix_(kept, kept)] = np.linalg.inv(gram[np.ix_(kept, kept)])
    return full


def _indicators(codes: NDArray[np.int64], columns: int) -> csr_matrix:
    """Return a sparse matrix of indicator columns for codes of shape (rows, factors); code -1 has no column."""
    rows, where = np.nonzero(codes >= 0)
    return csr_matrix((np.ones(len(rows)), (rows, codes[rows, where])), shape=(len(codes), columns))


def fits_by_metric(cells: pd.DataFrame) -> dict[str, Fit]:
    """Fit each metric that is in model_cells."""
    return {str(metric): Fit(part) for metric, part in cells.groupby("metric")}
