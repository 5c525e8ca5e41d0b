"""What employers are to cells: their number and shares, and how alike the pay of their people is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salary_bands.statistics.cells import NOBODY, ByUnit, Cells, Floats, Integers, runs, sums_of_squares


@dataclass(frozen=True)
class Employers:
    """Evidence about the employers of each cell.

    known_weight, top_weight: the weight of reports whose employer is known, and of the largest employer. clustered:
    what fully correlated employers would add to the sum of squared weights, in Python integers.
    """

    count: Integers
    known_weight: Integers
    top_weight: Integers
    clustered: NDArray[np.object_]


@dataclass(frozen=True)
class Groups:
    """Reports of one employer in one cell, of employers that are clusters and have at least two there.

    below, squared_below, reports_below: weight, squared weight and number of those at or below each percentile, of
    shape (groups, percentiles).
    """

    cell: NDArray[np.int32]
    employer: NDArray[np.int32]
    reports: Integers
    weight: Integers
    squared: Integers
    reports_below: Integers
    below: Integers
    squared_below: Integers


def employers(cells: Cells, by: ByUnit) -> Employers:
    """Collect the evidence about employers; by: reports in the order of employers."""
    position, unit = _known(cells, by)
    found = {name: np.zeros(cells.count, np.int64) for name in ("count", "known", "top")}
    clustered = np.zeros(cells.count, dtype=object)
    if len(position):
        cell = cells.cell[position]
        first = _starts(cell, unit)
        weight = cells.weight[position]
        counts = cells.reports.clustered[cells.row[position]]
        of_employer = np.add.reduceat(weight, first)
        as_cluster = np.where(counts, weight, 0)
        together, apart = np.add.reduceat(as_cluster, first), np.add.reduceat(as_cluster * weight, first)
        of_cell = runs(cell[first])
        named = cell[first][of_cell]
        found["count"][named] = np.diff(of_cell, append=len(first))
        found["known"][named] = np.add.reduceat(of_employer, of_cell)
        found["top"][named] = np.maximum.reduceat(of_employer, of_cell)
        clustered[named] = sums_of_squares(together, of_cell) - np.add.reduceat(apart, of_cell)
    return Employers(found["count"], found["known"], found["top"], clustered)


def groups(cells: Cells, by: ByUnit, percentiles: Floats) -> Groups:
    """Sum up clusters by whether pay is at or below the percentiles, which ascend in each cell."""
    position, unit = _known(cells, by)
    in_cluster = cells.reports.clustered[cells.row[position]]
    position, unit = position[in_cluster], unit[in_cluster]
    cell = cells.cell[position]
    first = _starts(cell, unit)
    reports = np.diff(first, append=len(position))
    several = np.repeat(reports >= 2, reports)
    position, unit, cell = position[several], unit[several], cell[several]
    first = _starts(cell, unit)
    reports = np.diff(first, append=len(position))
    weight = cells.weight[position]
    steps = percentiles.shape[1] + 1
    # pay ascends within a group, so that its reports between two percentiles stand together
    step = np.repeat(np.arange(len(first)) * steps, reports) + _passed(cells, percentiles)[position]
    piece = runs(step)
    shape = (len(first), steps)

    def below(values: Integers) -> Integers:
        summed = np.zeros(shape, np.int64)
        if len(piece):
            summed.reshape(-1)[step[piece]] = np.add.reduceat(values, piece)
        return np.cumsum(summed, axis=1)

    counts, weights, squares = below(np.ones_like(weight)), below(weight), below(weight**2)
    return Groups(
        cell[first], unit[first], reports, weights[:, -1], squares[:, -1],
        counts[:, :-1], weights[:, :-1], squares[:, :-1],
    )  # fmt: skip


def observed_clustering(of: Groups, points: tuple[int, ...], count: int) -> NDArray[np.object_]:
    """Return what pairs of reports of one employer add to the sum of squared weights, as observed in each cell.

    The score of a report is its weight times (1 if its pay is at most the percentile, else 0, less p). Squared totals
    by employer less squared scores (Woodruff 1952, ultimate clusters), in integers with p in hundredths.

    Returns:
        (cells, percentiles), to be divided by p (1 - p).
    """
    seen = np.zeros((count, len(points)), dtype=object)
    if not len(of.cell):
        return seen
    first = runs(of.cell)
    named = of.cell[first]
    for n, point in enumerate(points):
        scores = 100 * of.below[:, n] - point * of.weight
        at_most = np.add.reduceat(of.squared_below[:, n], first).astype(object)
        above = np.add.reduceat(of.squared - of.squared_below[:, n], first).astype(object)
        own = (100 - point) ** 2 * at_most + point**2 * above
        seen[named, n] = sums_of_squares(scores, first) - own
    return seen


def _known(cells: Cells, by: ByUnit) -> tuple[Integers, NDArray[np.int32]]:
    """Return the positions of reports with a known employer by cell and employer, and their employers."""
    position = cells.positions(by)
    unit = cells.reports.units["employer"][cells.row[position]]
    known = unit != NOBODY
    return position[known], unit[known]


def _starts(cell: NDArray[np.int32], unit: NDArray[np.int32]) -> Integers:
    """Return where a new cell or unit starts."""
    if not len(cell):
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.r_[True, (cell[1:] != cell[:-1]) | (unit[1:] != unit[:-1])])


def _passed(cells: Cells, percentiles: Floats) -> NDArray[np.int64]:
    """Return how many percentiles of its cell each position's pay is above."""
    ends = cells.starts[:, None] + cells.below(np.floor(percentiles).astype(np.int64) + 1)
    marks = np.bincount(ends.ravel(), minlength=len(cells.pay) + 1)[:-1]
    steps = np.cumsum(marks)
    return steps - (np.arange(cells.count) * percentiles.shape[1])[cells.cell]
