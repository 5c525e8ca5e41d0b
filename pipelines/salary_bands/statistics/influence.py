"""Measure how far the figures of a cell would move without one export, one employer or one day.

The largest move is found by bounds: of each kind of unit, those that should move a figure most are left out first, and
then only those that could move it as far as any of these.
"""

from dataclasses import dataclass

import numpy as np

from salary_bands.statistics.batches import Integers
from salary_bands.statistics.cells import NOBODY, UNITS, Cells, Floats, Pairs, runs

SHIFTED = (50, 90)  # the percentiles whose shifts are measured
_DECIMALS = 12  # further digits depend on the order of floating-point operations
_SAFETY = 1e-9  # bounds are floating-point numbers, and err on the side of leaving a unit out


@dataclass(frozen=True)
class Shifts:
    """|without / with - 1| of each cell and percentile of SHIFTED, unrounded, NaN if nothing can be left out.

    by: the number of the kind of UNITS that moves either figure most, NOBODY if nothing can be left out.
    """

    largest: Floats
    by: Integers


def largest_shifts(cells: Cells, figures: Floats) -> Shifts:
    """Find the largest move of each cell's figures if one unit is left out.

    Args:
        figures: (cells, SHIFTED), unrounded USD; NaN if not shown.
    """
    figures = np.where(figures > 0, figures, np.nan)
    kinds = [_Units(cells, kind, figures) for kind in UNITS]
    for kind in kinds:
        for n in range(len(SHIFTED)):
            kind.measure(n, kind.likely(n))
    reached = np.fmax.reduce([kind.shifts for kind in kinds])
    for kind in kinds:
        for n in range(len(SHIFTED)):
            kind.measure(n, kind.possible(n, reached[:, n]))
    shifts = np.array([kind.shifts for kind in kinds])
    either = np.nan_to_num(np.fmax(shifts[..., 0], shifts[..., 1]), nan=-1)
    return Shifts(np.fmax.reduce(shifts), np.where(either.max(axis=0) >= 0, either.argmax(axis=0), NOBODY))


class _Units:
    """The units of one kind, and how far figures move without those that have been left out.

    shifts: the largest so far, of shape (cells, SHIFTED).
    """

    def __init__(self, cells: Cells, kind: str, figures: Floats) -> None:
        self.cells, self.figures = cells, figures
        self.pairs = pairs = cells.pairs(kind)
        self.shifts = np.full(figures.shape, np.nan)
        apart = (pairs.unit != NOBODY) & (pairs.weight < cells.total[pairs.cell])
        shown = ~np.isnan(figures)
        # by percentile, the pairs that have not been left out yet
        self._open = [np.flatnonzero(apart & shown[pairs.cell, n]) for n in range(len(SHIFTED))]

    def likely(self, n: int) -> Integers:
        """Return the pairs that should move a percentile most: in each cell one upwards and one downwards."""
        pairs, cells, chosen = self.pairs, self.cells, self._open[n]
        ends = runs(pairs.cell[chosen])
        at_most = np.nan_to_num(np.floor(self.figures[:, [n]])).astype(np.int64)
        above = (cells.starts[:, None] + cells.below(at_most + 1)).astype(np.int32)
        is_below = pairs.position < np.repeat(above[:, 0], cells.size)
        weight_below = np.add.reduceat(pairs.report_weight * is_below, pairs.first)
        pull = 100 * weight_below - SHIFTED[n] * pairs.weight
        return np.union1d(_first_of(chosen, ends, pull), _first_of(chosen, ends, -pull))

    def possible(self, n: int, reached: Floats) -> Integers:
        """Return the pairs without which a percentile could move as far as `reached` in its cell, or further.

        Without a unit of weight u the figure is the mean pay of a stretch of the remaining weight, from a to b. Each
        of these reports stands between a and b + u of the whole weight.
        """
        pairs, cells, chosen = self.pairs, self.cells, self._open[n]
        cell, weight = pairs.cell[chosen], pairs.weight[chosen]
        left = (cells.total[cell] - weight).astype(float)
        length = (cells.squared[cell] - pairs.squared[chosen]) / left
        margin = _SAFETY * left
        nearer = reached * (1 - _SAFETY) - _SAFETY
        known = ~np.isnan(nearer)
        edges = np.zeros((len(cells), 2), np.int64)
        figure = self.figures[known, n]
        edges[known, 0] = np.floor(figure * (1 - nearer[known])).astype(np.int64) + 1
        edges[known, 1] = np.ceil(figure * (1 + nearer[known])).astype(np.int64)
        inside = cells.weight_below(edges)[cell]
        start = SHIFTED[n] / 100 * (left - length)
        within = (start - margin >= inside[:, 0]) & (start + length + weight + margin <= inside[:, 1])
        return chosen[known[cell] & ~within]

    def measure(self, n: int, chosen: Integers) -> None:
        """Leave out each of these pairs in turn, and see how far a percentile moves."""
        if not len(chosen):
            return
        cell = self.pairs.cell[chosen]
        figure = self.figures[cell, n]
        shift = np.abs(_LeftOut(self.cells, self.pairs, chosen).percentile(SHIFTED[n]) - figure) / figure
        np.fmax.at(self.shifts[:, n], cell, np.round(shift, _DECIMALS))
        self._open[n] = np.setdiff1d(self._open[n], chosen, assume_unique=True)


def _first_of(pairs: Integers, starts: Integers, values: Integers) -> Integers:
    """Return the first pair with the largest value in each run of pairs."""
    if not len(pairs):
        return pairs
    largest = np.maximum.reduceat(values[pairs], starts)
    at = np.flatnonzero(values[pairs] == np.repeat(largest, np.diff(starts, append=len(pairs))))
    run = np.searchsorted(starts, at, side="right")
    return pairs[at[np.r_[True, run[1:] != run[:-1]]]]


class _LeftOut:
    """Cells without one of their units. Arithmetic is in integers up to the last division."""

    def __init__(self, cells: Cells, pairs: Pairs, chosen: Integers) -> None:
        """chosen: the pairs of a cell and the unit that it is without."""
        self._cells, self._pairs = cells, pairs
        cell = pairs.cell[chosen]
        self._first, self._size = pairs.first[chosen], pairs.size[chosen]
        self._cell_before = cells.before[cell]
        self._total = cells.total[cell] - pairs.weight[chosen]
        self._squared = cells.squared[cell] - pairs.squared[chosen]
        self._unit_before = pairs.weight_to[self._first] - pairs.report_weight[self._first]
        self._unit_paid_before = pairs.paid_to[self._first] - pairs.report_paid[self._first]

    def percentile(self, percentile: int) -> Floats:
        """Return the percentile of each cell without its unit, in unrounded USD: as `quantiles.percentiles`.

        The quantile is the mean pay over the cumulative weights from p (W - S / W) to that plus S / W, where W is the
        sum of the remaining weights and S the sum of their squares. Each end is an integer weight and a remainder in
        units of 1 / (100 W).
        """
        scale = 100 * self._total
        ratio, over = np.divmod(self._squared, self._total)
        whole, hundredths = np.divmod(percentile * (self._total - ratio), 100)
        carry, rest_from = np.divmod(hundredths * self._total - percentile * over, scale)
        whole_from = whole + carry
        carry, rest_to = np.divmod(rest_from + 100 * over, scale)
        whole_to = whole_from + ratio + carry
        paid_from, pay_from = self._paid_up_to(whole_from)
        paid_to, pay_to = self._paid_up_to(whole_to)
        rests = pay_to * (rest_to / scale) - pay_from * (rest_from / scale)
        return np.asarray(((paid_to - paid_from) + rests) * self._total / self._squared)

    def _paid_up_to(self, weight: Integers) -> tuple[Integers, Integers]:
        """Return, for each pair, the sum of pay times weight up to a cumulative remaining weight, and the pay there.

        Past the unit's last report that is within the weight, no further report of the unit comes before it, so the
        rest is read off the whole cell.
        """
        cells, pairs = self._cells, self._pairs
        passed = self._within(weight)
        some = passed > self._first
        taken = np.where(some, pairs.weight_to[passed - 1] - self._unit_before, 0)
        taken_paid = np.where(some, pairs.paid_to[passed - 1] - self._unit_paid_before, 0)
        there = np.searchsorted(cells.weight_to, self._cell_before + taken + weight, side="right")
        there = np.minimum(there, len(cells.pay) - 1)  # past the end the remaining weight is 0, so any pay will do
        rest = weight - (cells.weight_to[there] - cells.weight[there] - self._cell_before - taken)
        return cells.paid_before[there] - taken_paid + cells.pay[there] * rest, cells.pay[there]

    def _within(self, weight: Integers) -> Integers:
        """Return the end of the reports of each unit up to which the cell's remaining weight is within this weight.

        The remaining weight grows from report to report of the unit, so that halving finds the end.
        """
        cells, pairs = self._cells, self._pairs
        low, high = self._first.copy(), self._first + self._size
        limit = weight + self._cell_before - self._unit_before
        asked = np.arange(len(low))
        while len(asked):
            middle = (low[asked] + high[asked]) >> 1
            is_within = cells.weight_to[pairs.position[middle]] - pairs.weight_to[middle] <= limit[asked]
            low[asked[is_within]] = middle[is_within] + 1
            high[asked[~is_within]] = middle[~is_within]
            asked = asked[low[asked] < high[asked]]
        return low
