"""Regress log pay on leaf, tier, level, market, month and source, from sufficient statistics.

Weighted least squares with cluster-robust errors: CR3, the jackknife that leaves out one employer at a time (Bell and
McCaffrey 2002; MacKinnon, Nielsen and Webb 2023). Intervals use Student t with the effective number of employers minus
1 degrees of freedom (Carter, Schnepel and Steigerwald 2017). Every report in the model has an employer, because a
report without one has no tier. Fits and errors are computed from one matrix of sums of squares and products (Gram
matrix) for each employer, so that leaving out an employer does not cost by report.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

BY_EXPERIENCE = " by experience"  # ends the name of a level that is from years of experience
FACTORS = ("leaf", "tier", "level", "market", "month", "source")
LOG_UNIT = 1 << 16  # y is the log in units of 1 / 2^16
WEIGHT_UNIT = 1 << 20
_COLLINEAR = 1e-9  # share of a column's size that is left once the columns before it are projected out
_ESTIMABLE = 1e-6
_NUMBERS = 8_000_000  # of Gram matrices that are held at once

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Solution:
    """The effects of a fit on some of the reports.

    `absent` holds the numbers of the values that none of these reports has. `dropped` indexes the collinear columns.
    `combinations`, of shape (columns, dropped columns), writes each dropped column as a combination of the kept ones.
    """

    effects: Floats
    absent: NDArray[np.int64]
    dropped: NDArray[np.int64]
    combinations: Floats

    def identifies(self, vectors: Floats, ignored: Mask) -> Mask:
        """Return which contrasts no dropped column, except the ignored ones, could explain."""
        confounded = np.abs(vectors[:, self.dropped] - vectors @ self.combinations) > _ESTIMABLE
        return np.asarray(~(confounded & ~ignored[self.dropped]).any(axis=1))


class Fit:
    """The fit of one metric.

    `cells` holds the metric's rows of model_cells, with factors and employer as categories, see `coded`. Effects are
    relative to the first value of each factor in text order. A column that is collinear with the columns before it is
    dropped, and `left_out` names it as `factor value`.
    """

    def __init__(self, cells: pd.DataFrame) -> None:
        self.cells = cells = coded(cells).reset_index(drop=True)
        self.n = cells["n"].to_numpy(float)
        self.weight = cells["weight"].to_numpy(float) / WEIGHT_UNIT
        self.sum_y = cells["sum_y"].to_numpy(float) / LOG_UNIT
        self.sum_yy = cells["sum_yy"].to_numpy(float) / LOG_UNIT**2
        self.columns: list[tuple[str, str]] = [("intercept", "")]
        self.value_numbers: dict[tuple[str, str], int] = {}
        self._numbered = {factor: present(cells[factor]) for factor in FACTORS}
        codes, column_of_value = [np.zeros(len(cells), dtype=np.int64)], []
        for factor, (numbers, values) in self._numbered.items():
            first = len(self.columns) - 1
            codes.append(np.where(numbers > 0, first + numbers, -1))
            column_of_value += [-1, *range(first + 1, first + len(values))]
            self.value_numbers |= {(factor, value): len(self.value_numbers) + n for n, value in enumerate(values)}
            self.columns += [(factor, value) for value in values[1:]]
        self.column_of_value = np.array(column_of_value)
        self.employers, _ = present(cells["employer"])
        self.design = _indicators(np.column_stack(codes), len(self.columns))
        self.gram = (self.design.T @ _scaled(self.design, self.n * self.weight)).toarray()
        self.moments = np.asarray(self.design.T @ (self.weight * self.sum_y))
        self.kept = independent(self.gram)
        self.left_out = [" ".join(self.columns[n]) for n in np.flatnonzero(~self.kept)]
        self.inverse = _inverse(self.gram, self.kept)
        self.effects = self.inverse @ self.moments
        self.whole = self._solution(self.gram, self.moments, np.zeros(0, np.int64))

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

    def weights_of(self, factor: str, rows: Mask | None = None) -> dict[str, float]:
        """Return the total weight of reports by value of a factor; `rows` restricts it to some cells."""
        weight = self.weight * self.n if rows is None else np.where(rows, self.weight * self.n, 0.0)
        numbers, values = self._numbered[factor]
        return {value: float(w) for value, w in zip(values, np.bincount(numbers, weight), strict=True) if w > 0}

    def effective_employers(self, vectors: Floats) -> Floats:
        """Return G* of each contrast, the number of equal employers whose shares in it would be as uneven.

        An employer's share is the sum of squares, over its reports, of how much each pulls the contrast.
        """
        pulls = vectors @ self.inverse
        upper = np.triu_indices(len(self.columns))
        products = pulls[:, upper[0]] * pulls[:, upper[1]] * np.where(upper[0] == upper[1], 1.0, 2.0)
        total, squares = np.zeros(len(vectors)), np.zeros(len(vectors))
        for _, grams, _ in self._of_employers():
            shares = grams[:, upper[0], upper[1]] @ products.T
            total += shares.sum(axis=0)
            squares += (shares**2).sum(axis=0)
        return np.where(squares > 0, total**2 / np.where(squares > 0, squares, 1.0), 0.0)

    @cached_property
    def without_each_employer(self) -> tuple[Floats, list[Solution]]:
        """The effects without each employer.

        The array has a row per employer whose removal keeps every column; the other fits are solutions of their own.
        """
        plain, special = [np.zeros((0, len(self.columns)))], []
        none = np.zeros(0, np.int64)
        for employers, grams, moments in self._of_employers():
            alone = np.array([n in self._exclusive for n in employers])
            left, left_moments = self.gram - grams, self.moments - moments
            effects, sound = self._solved(left[~alone], left_moments[~alone])
            plain.append(effects[sound])
            for n in [*np.flatnonzero(alone), *np.flatnonzero(~alone)[~sound]]:
                special.append(self._solution(left[n], left_moments[n], self._exclusive.get(employers[n], none)))
        return np.concatenate(plain), special

    @cached_property
    def _exclusive(self) -> dict[int, NDArray[np.int64]]:
        """The numbers of the values that only one employer has, by the employer's number."""
        found: dict[int, list[int]] = {}
        for factor, (numbers, values) in self._numbered.items():
            first, last = np.full(len(values), np.iinfo(np.int64).max), np.full(len(values), -1)
            np.minimum.at(first, numbers, self.employers)
            np.maximum.at(last, numbers, self.employers)
            for n in np.flatnonzero(first == last):
                found.setdefault(int(first[n]), []).append(self.value_numbers[factor, values[n]])
        return {owner: np.array(values) for owner, values in found.items()}

    def _of_employers(self) -> Iterator[tuple[NDArray[np.int64], Floats, Floats]]:
        """Yield numbers of employers with X'WX and X'Wy of each, as many as fit into memory together."""
        count = int(self.employers.max()) + 1
        batch = max(1, _NUMBERS // len(self.columns) ** 2)
        if count <= batch:
            yield self._grams
            return
        order = np.argsort(self.employers, kind="stable")
        starts = np.searchsorted(self.employers[order], np.arange(0, count, batch))
        for n, rows in enumerate(np.split(order, starts[1:])):
            yield self._grams_of(rows, n * batch, min(batch, count - n * batch))

    @cached_property
    def _grams(self) -> tuple[NDArray[np.int64], Floats, Floats]:
        return self._grams_of(np.arange(len(self.employers)), 0, int(self.employers.max()) + 1)

    def _grams_of(self, rows: NDArray[np.int64], first: int, count: int) -> tuple[NDArray[np.int64], Floats, Floats]:
        """Return the numbers, X'WX and X'Wy of `count` employers, the first of which has that number, from their rows.

        The design has a block of columns for each employer; sums of weights are exact.
        """
        size, design = len(self.columns), self.design[rows]
        shift = np.repeat((self.employers[rows] - first) * size, np.diff(design.indptr))
        blocks = csr_array((design.data, design.indices + shift, design.indptr), shape=(len(rows), count * size))
        grams = (blocks.T @ _scaled(design, (self.n * self.weight)[rows])).toarray().reshape(count, size, size)
        moments = np.asarray(blocks.T @ (self.weight * self.sum_y)[rows]).reshape(count, size)
        return np.arange(first, first + count), grams, moments

    def _solved(self, grams: Floats, moments: Floats) -> tuple[Floats, Mask]:
        """Return the effects of some fits, and a mask of those in which no further column is collinear.

        LAPACK stops at the first singular matrix, so the fits around one are solved apart.
        """
        kept = np.flatnonzero(self.kept)
        all_grams, all_moments = grams, moments
        grams, moments = all_grams[:, kept[:, None], kept], all_moments[:, kept]
        effects = np.zeros((len(grams), len(self.columns)))
        try:
            inverses = np.linalg.inv(grams)
        except np.linalg.LinAlgError:
            if len(grams) == 1:
                return effects, np.zeros(1, dtype=bool)
            parts = [self._solved(all_grams[half], all_moments[half]) for half in _halves(len(grams))]
            return np.concatenate([e for e, _ in parts]), np.concatenate([s for _, s in parts])
        effects[:, kept] = np.einsum("gjk,gk->gj", inverses, moments)
        # variance inflation: the larger, the closer a column is to a combination of the others
        inflation = np.einsum("gjj->gj", inverses) * np.einsum("gjj->gj", grams)
        return effects, ((inflation > 0) & (inflation < 1 / _COLLINEAR)).all(axis=1)

    def _solution(self, gram: Floats, moments: Floats, absent: NDArray[np.int64]) -> Solution:
        """Fit from sums of squares and products, dropping collinear columns afresh."""
        kept = independent(gram)
        inverse = _inverse(gram, kept)
        dropped = np.flatnonzero(~kept & (np.diag(gram) > _COLLINEAR))
        return Solution(inverse @ moments, absent, dropped, inverse @ gram[:, dropped])


def independent(gram: Floats) -> Mask:
    """Return a mask of the columns that are not linear combinations of the columns before them, from X'WX."""
    left = gram.copy()
    own = np.diag(gram).copy()
    kept = np.zeros(len(gram), dtype=bool)
    for n in range(len(gram)):
        if own[n] > 0 and left[n, n] > _COLLINEAR * own[n]:
            kept[n] = True
            left -= np.outer(left[:, n], left[n]) / left[n, n]
    return kept


def _inverse(gram: Floats, kept: Mask) -> Floats:
    """Invert the kept rows and columns; the others are 0."""
    full = np.zeros_like(gram)
    full[np.ix_(kept, kept)] = np.linalg.inv(gram[np.ix_(kept, kept)])
    return full


def _indicators(codes: NDArray[np.int64], columns: int) -> csr_array:
    """Return a sparse matrix of indicator columns for codes of shape (rows, factors); code -1 has no column."""
    there = codes >= 0
    ends = np.r_[0, np.cumsum(there.sum(axis=1))]
    return csr_array((np.ones(ends[-1]), codes[there], ends), shape=(len(codes), columns))


def _scaled(matrix: csr_array, by: Floats) -> csr_array:
    """Return a matrix of indicators with its rows scaled."""
    return csr_array((np.repeat(by, np.diff(matrix.indptr)), matrix.indices, matrix.indptr), shape=matrix.shape)


def _halves(count: int) -> tuple[slice, slice]:
    return slice(count // 2), slice(count // 2, None)


def modelled(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of model_cells of the reports that premiums and multipliers rest on."""
    return cells[cells["is_modelled"].astype(bool)]


def predictive(cells: pd.DataFrame) -> pd.DataFrame:
    """Return model_cells for the fit that predicts cells: their reports, whatever is known of them.

    A tier that is not known and a level from experience are values of their own, since such reports are paid otherwise;
    `rank` keeps the level. Reports without an employer are taken to repeat each other within a month and source;
    `is_named` is false for them.
    """
    named, inferred = cells["employer"].notna(), cells["is_inferred"].astype(bool)
    source, month = (cells.loc[~named, name].astype("str") for name in ("source", "month"))
    level, employer = cells["level"].astype("str"), cells["employer"].astype("str")
    return cells.assign(
        rank=cells["level"].astype("category"),
        level=level.mask(inferred, level[inferred] + BY_EXPERIENCE),
        employer=employer.where(named, "unknown, " + source + ", " + month),
        is_named=named,
    )


def coded(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells with factors, employer and country, if there is one, as categories in text order."""
    texts = [name for name in (*FACTORS, "employer", "country") if name in cells and cells[name].dtype != "category"]
    return cells.astype(dict.fromkeys(texts, "category"))


def present(column: pd.Series) -> tuple[NDArray[np.int64], list[str]]:
    """Return the number of each cell's category among those that are there, and these in order."""
    codes = column.cat.codes.to_numpy(np.int64)
    there = np.bincount(codes, minlength=len(column.cat.categories)) > 0
    return (np.cumsum(there) - 1)[codes], [str(value) for value in column.cat.categories[there]]


def numbered(columns: pd.DataFrame) -> NDArray[np.int64]:
    """Return a number for each distinct row of categories, in the order of the columns."""
    number = np.zeros(len(columns), np.int64)
    for name in columns:
        codes, values = present(columns[name])
        number = number * len(values) + codes
    return np.unique(number, return_inverse=True)[1]


def fits_by_metric(cells: pd.DataFrame) -> dict[str, Fit]:
    """Fit each metric that is in model_cells."""
    return {str(metric): Fit(part) for metric, part in coded(cells).groupby("metric")}
