"""What employers are to cells: their number and shares, and how alike the pay of their people is."""

from dataclasses import dataclass, fields

import numpy as np

from salary_bands.statistics.batches import Integers, Mask
from salary_bands.statistics.cells import NOBODY, Cells, Exact, Floats, runs, sums_of_squares
from salary_bands.statistics.compiled import compiled


@dataclass(frozen=True)
class Employers:
    """Evidence about the employers of each cell.

    known_weight, top_weight: the weight of reports whose employer is known, and of the largest employer. clustered:
    what fully correlated employers would add to the sum of squared weights.
    """

    count: Integers
    known_weight: Integers
    top_weight: Integers
    clustered: Exact


@dataclass(frozen=True)
class Groups:
    """Reports of one employer, or of one level, in one cell, of those that have at least two there.

    clustered: whether the employer counts as a cluster; else it is of a tier whose employers are all known.
    reports_below, below, squared_below: number, weight and squared weight of those at or below each percentile, of
    shape (groups, percentiles).
    """

    cell: Integers
    unit: Integers
    clustered: Mask
    reports: Integers
    weight: Integers
    squared: Integers
    reports_below: Integers
    below: Integers
    squared_below: Integers

    def of(self, chosen: Mask) -> "Groups":
        """Return some of them."""
        if chosen.all():
            return self
        return Groups(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})


def employers(cells: Cells) -> Employers:
    """Collect the evidence about employers."""
    pairs = cells.pairs("employer")
    count, known, top = (np.zeros(len(cells), np.int64) for _ in range(3))
    clustered = np.zeros(len(cells), dtype=object)
    named = np.flatnonzero(pairs.unit != NOBODY)
    if len(named):
        first = runs(pairs.cell[named])
        cell = pairs.cell[named][first]
        count[cell] = np.diff(first, append=len(named))
        known[cell] = np.add.reduceat(pairs.weight[named], first)
        top[cell] = np.maximum.reduceat(pairs.weight[named], first)
        is_clustered = cells.reports.clustered[cells.row[pairs.place]]
        together, apart = ((of * is_clustered)[named] for of in (pairs.weight, pairs.squared))
        clustered[cell] = sums_of_squares(together, first) - np.add.reduceat(apart, first)
    return Employers(count, known, top, clustered)


def groups(cells: Cells, percentiles: Floats, kind: str = "employer") -> Groups:
    """Sum up employers by whether pay is at or below the percentiles, which ascend in each cell.

    kind: of units; MIXED for the levels of reports whose tier lists all employers.
    """
    pairs = cells.pairs(kind)
    row = cells.row[pairs.place]  # the flags of a unit's reports are equal
    clustered, listed = cells.reports.clustered[row], cells.reports.listed[row]
    chosen = np.flatnonzero((clustered | listed) & (pairs.unit != NOBODY) & (pairs.reports >= 2))
    group = np.full(len(pairs), NOBODY)
    group[chosen] = np.arange(len(chosen))
    of_report = group[pairs.number]
    up_to = _up_to(cells.starts, cells.size, cells.pay, cells.weight, of_report, len(chosen), percentiles)
    return Groups(
        pairs.cell[chosen], pairs.unit[chosen], clustered[chosen],
        pairs.reports[chosen], pairs.weight[chosen], pairs.squared[chosen],
        *up_to,
    )  # fmt: skip


def observed_clustering(of: Groups, points: tuple[int, ...], count: int) -> Exact:
    """Return what pairs of reports of one employer or level add to the sum of squared weights, as seen in each cell.

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


@compiled
def _up_to(
    starts: Integers,
    sizes: Integers,
    pay: Integers,
    weight: Integers,
    group: Integers,
    count: int,
    percentiles: Floats,
) -> Integers:
    """Return number, weight and squared weight of the reports of each group up to each percentile of its cell.

    group: of each report, below count; NOBODY if it is in none.
    """
    points = percentiles.shape[1]
    found = np.zeros((3, count, points), np.int64)
    for cell in range(len(starts)):
        first, end = starts[cell], starts[cell] + sizes[cell]
        at = first
        for n in range(points):
            passed = first + np.searchsorted(pay[first:end], int(percentiles[cell, n]) + 1)
            while at < passed:
                of = group[at]
                if of != NOBODY:
                    found[0, of, n] += 1
                    found[1, of, n] += weight[at]
                    found[2, of, n] += weight[at] * weight[at]
                at += 1
    for n in range(1, points):
        found[:, :, n] += found[:, :, n - 1]
    return found
