"""The model: log pay on leaf, tier, level, market, month and source, from sufficient statistics.

Weighted least squares with errors by leaving out one employer at a time (CR3; Bell and McCaffrey 2002; MacKinnon,
Nielsen and Webb 2023) and Student t with the effective number of employers less 1 (Carter, Schnepel and Steigerwald
2017). Every report has an employer: without one it has no tier, and is not in the model.
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
LOG_UNIT = 1 << 16  # y counts 1 / 2^16 of a log
WEIGHT_UNIT = 1 << 20
_TOLERANCE = 1e-9  # what is left of a column, of its own size, where those before it explain it
_ESTIMABLE = 1e-6
_BATCH = 64  # fits without one employer that are solved together

Floats = NDArray[np.float64]
Values = Mapping[str, float]  # of one factor: value to weight


@dataclass(frozen=True, eq=False)
class Estimate:
    """A linear combination of effects, in log units; the standard error is NaN where leaving one out takes it away."""

    value: float
    error: float
    fit: "Fit"
    vector: Floats  # over the columns of the fit

    @cached_property
    def employers(self) -> float:
        """Their effective number, G*."""
        return self.fit.effective_employers(self.vector)

    def told(self, employers: float) -> bool:
        """Whether that many employers, or their equal, tell it; whole numbers of equal ones do to the last bit."""
        return not math.isnan(self.error) and self.employers > employers - 1e-9

    def interval(self) -> tuple[float, float]:
        """95 %, Student t with the effective number of employers less 1."""
        half = student.ppf(0.975, self.employers - 1) * self.error if self.employers > 1 else float("nan")
        return self.value - half, self.value + half


@dataclass(frozen=True)
class Contrast:
    """`intercept` and weighted means of effects, each with its sign: (sign, factor, values with their weights).

    It has no error where a column that left could take its place: what differs between two leaves, each of which only
    one source has, may be the sources. `beside_sources` says that it may hold what sources that left would tell apart.
    """

    terms: tuple[tuple[int, str, Values], ...]
    intercept: bool = False
    beside_sources: bool = False


@dataclass(frozen=True)
class _Solution:
    """Effects of some of the reports, the values that are gone with the others, and which columns take others' place.

    instead: (columns, columns that left): each one that left as a sum of those that are kept.
    """

    effects: Floats
    gone: frozenset[tuple[str, str]]
    left: NDArray[np.int64]
    instead: Floats

    def tells(self, vector: Floats, but: NDArray[np.bool_]) -> bool:
        """Whether no column that left could change the contrast, but for some."""
        open_ways = np.abs(vector[self.left] - vector @ self.instead) > _ESTIMABLE
        return not (open_ways & ~but[self.left]).any()


class Fit:
    """One fit. cells: rows of model_cells of one metric. Effects are relative to each factor's first value as text.

    Columns that those before them explain leave, and are listed in `left_out` as `factor value`.
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
        """Sum of squared residuals of each cell's reports."""
        fitted = self.fitted
        return np.maximum(self.sum_yy - 2 * fitted * self.sum_y + self.n * fitted**2, 0.0)

    @cached_property
    def fitted(self) -> Floats:
        return np.asarray(self.design @ self.effects)

    def variance(self) -> float:
        """Residual variance of a report, in squared log units; NaN where nothing is left to tell it."""
        freedom = self.n.sum() - self.kept.sum()
        if freedom <= 0:
            return float("nan")
        return float(self.weight @ self.residuals / (self.weight @ self.n) * self.n.sum() / freedom)

    def residual_sd(self) -> float | None:
        """Of log pay, to 4 decimals."""
        variance = self.variance()
        return None if math.isnan(variance) else round(math.sqrt(variance), 4)

    def part(self, *factors: str) -> Floats:
        """What these factors add to each cell's prediction."""
        chosen = np.array([name in factors for name, _ in self.columns])
        return np.asarray(self.design @ np.where(chosen, self.effects, 0.0))

    def weights_of(self, factor: str, rows: NDArray[np.bool_] | None = None) -> dict[str, float]:
        """The weight of the reports with each value of a factor, of some cells."""
        weight = self.weight * self.n if rows is None else np.where(rows, self.weight * self.n, 0.0)
        numbers, values = self._numbered[factor]
        return {value: float(w) for value, w in zip(values, np.bincount(numbers, weight), strict=True) if w > 0}

    @cached_property
    def _numbered(self) -> dict[str, tuple[NDArray[np.int64], list[str]]]:
        """Of each factor: the number of each cell's value, and the values in order."""
        found = {factor: np.unique(self.cells[factor].to_numpy(str), return_inverse=True) for factor in FACTORS}
        return {factor: (numbers, [str(v) for v in values]) for factor, (values, numbers) in found.items()}

    def estimate(self, contrast: Contrast) -> Estimate:
        """The contrast with its error; leaving out an employer takes its own values out of the means."""
        vector = self._vector(contrast)
        assert vector is not None
        value = float(vector @ self.effects)
        plain, special = self._without_one
        squares = float(((value - plain @ vector) ** 2).sum())
        but = np.array([contrast.beside_sources and factor == "source" for factor, _ in self.columns])
        for solution in special:
            left = self._vector(contrast, solution.gone)
            told = left is not None and solution.tells(left, but)
            squares += (value - float(left @ solution.effects)) ** 2 if told and left is not None else math.nan
        if not self._whole.tells(vector, but):
            squares = math.nan
        return Estimate(value, math.sqrt(squares), self, vector)

    def _vector(self, contrast: Contrast, gone: frozenset[tuple[str, str]] = frozenset()) -> Floats | None:
        """The contrast over the columns; None where all values of a mean are gone."""
        vector = np.zeros(len(self.columns))
        vector[0] = float(contrast.intercept)
        for sign, factor, values in contrast.terms:
            left = {value: weight for value, weight in values.items() if (factor, value) not in gone}
            whole = sum(left.values())
            if not whole:
                return None
            for value, weight in left.items():
                if (factor, value) in self._index:
                    vector[self._index[factor, value]] += sign * weight / whole
        return vector

    def effective_employers(self, vector: Floats) -> float:
        """G*: how many employers equally large in what a contrast rests on would be as uneven."""
        pull = np.asarray(self.design @ (self.inverse @ vector))
        shares = np.bincount(self.employers, self.n * self.weight * pull**2)
        squares = float((shares**2).sum())
        return float(shares.sum()) ** 2 / squares if squares > 0 else 0.0

    @cached_property
    def employers(self) -> NDArray[np.int64]:
        """The number of each cell's employer."""
        return np.asarray(pd.factorize(self.cells["employer"])[0], dtype=np.int64)

    @cached_property
    def _sole(self) -> dict[int, frozenset[tuple[str, str]]]:
        """Values that only one employer has, by its number."""
        found: dict[int, set[tuple[str, str]]] = {}
        for factor in FACTORS:
            for value, rows in self.cells.groupby(factor, sort=False).indices.items():
                owners = np.unique(self.employers[rows])
                if len(owners) == 1:
                    found.setdefault(int(owners[0]), set()).add((factor, str(value)))
        return {owner: frozenset(values) for owner, values in found.items()}

    @cached_property
    def _without_one(self) -> tuple[Floats, list[_Solution]]:
        """Effects without each employer, a row each; apart, those whose absence takes values or columns away."""
        plain, special = [], []
        for owner, rows in self._clusters():
            if owner in self._sole:
                special.append(self._solution_without(rows, self._sole[owner]))
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
        """Each employer's number and rows."""
        order = np.argsort(self.employers, kind="stable")
        numbers, starts = np.unique(self.employers[order], return_index=True)
        for number, rows in zip(numbers, np.split(order, starts[1:]), strict=True):
            yield int(number), rows

    def _grams(self, clusters: list[NDArray[np.int64]]) -> Floats:
        """X'WX of each of these sets of rows; sums of weights, which are exact."""
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
        """Effects without each of the employers, and for which of them no more columns leave."""
        kept = np.flatnonzero(self.kept)
        grams = (self.gram - self._grams(clusters))[:, kept[:, None], kept]
        moments = self._moments_without(clusters)[:, kept]
        effects = np.zeros((len(clusters), len(self.columns)))
        try:
            inverses = np.linalg.inv(grams)
        except np.linalg.LinAlgError:
            return effects, np.zeros(len(clusters), dtype=bool)
        effects[:, kept] = np.einsum("gjk,gk->gj", inverses, moments)
        # a column's own size over what the others leave of it: the larger, the nearer to a sum of them
        inflation = np.einsum("gjj->gj", inverses) * np.einsum("gjj->gj", grams)
        return effects, ((inflation > 0) & (inflation < 1 / _TOLERANCE)).all(axis=1)

    def _moments_without(self, clusters: list[NDArray[np.int64]]) -> Floats:
        """X'Wy without each of these sets of rows."""
        size = len(self.columns)
        rows = np.concatenate(clusters)
        of = np.repeat(np.arange(len(clusters)), [len(c) for c in clusters])
        codes = self._codes[rows]
        place = of[:, None] * size + codes
        sums = np.broadcast_to((self.weight * self.sum_y)[rows][:, None], codes.shape)
        there = codes >= 0
        return self.moments - np.bincount(place[there], sums[there], len(clusters) * size).reshape(-1, size)

    def _solution_without(self, rows: NDArray[np.int64], gone: frozenset[tuple[str, str]]) -> _Solution:
        """Without some cells, columns leaving as they do in a fit of their own."""
        return self._solution(self.gram - self._grams([rows])[0], self._moments_without([rows])[0], gone)

    def _solution(self, gram: Floats, moments: Floats, gone: frozenset[tuple[str, str]]) -> _Solution:
        kept = independent(gram)
        inverse = _inverse(gram, kept)
        left = np.flatnonzero(~kept & (np.diag(gram) > _TOLERANCE))
        return _Solution(inverse @ moments, gone, left, inverse @ gram[:, left])


def independent(gram: Floats) -> NDArray[np.bool_]:
    """Which columns are no linear combination of those before them; gram: X'WX."""
    left = gram.copy()
    own = np.diag(gram).copy()
    kept = np.zeros(len(gram), dtype=bool)
    for n in range(len(gram)):
        if own[n] > 0 and left[n, n] > _TOLERANCE * own[n]:
            kept[n] = True
            left -= np.outer(left[:, n], left[n]) / left[n, n]
    return kept


def _inverse(gram: Floats, kept: NDArray[np.bool_]) -> Floats:
    """The inverse over the columns that are kept, 0 elsewhere."""
    full = np.zeros_like(gram)
    full[np.ix_(kept, kept)] = np.linalg.inv(gram[np.ix_(kept, kept)])
    return full


def _indicators(codes: NDArray[np.int64], columns: int) -> csr_matrix:
    """Indicator columns of codes, (rows, factors); code -1 has none."""
    rows, where = np.nonzero(codes >= 0)
    return csr_matrix((np.ones(len(rows)), (rows, codes[rows, where])), shape=(len(codes), columns))


def fits_by_metric(cells: pd.DataFrame) -> dict[str, Fit]:
    """The full fit of each metric that has reports in the model; cells: model_cells."""
    return {str(metric): Fit(part) for metric, part in cells.groupby("metric")}
