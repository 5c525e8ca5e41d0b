"""Measure how far the figures of a cell would move without one export, one employer or one day.

The largest move is found by bounds: of each kind of unit, those that should move a figure most are left out first, and
then only those that could move it as far as any of these.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salary_bands.statistics.cells import NOBODY, UNITS, ByUnit, Cells, Floats, Integers, Mask, runs

SHIFTED = (50, 90)  # the percentiles whose shifts are measured
_DECIMALS = 12  # further digits depend on the order of floating-point operations
_SAFETY = 1e-9  # bounds are floating-point numbers, and err on the side of leaving a unit out


@dataclass(frozen=True)
class Shifts:
    """|without / with - 1| of each cell and percentile of SHIFTED, unrounded, NaN if nothing can be left out.

    by: the number of the kind of UNITS that moves either figure most, NOBODY if nothing can be left out.
    """

    largest: Floats
    by: NDArray[np.int64]


def largest_shifts(cells: Cells, figures: Floats, orders: Mapping[str, ByUnit]) -> Shifts:
    """Find the largest move of each cell's figures if one unit is left out.

    Args:
        figures: (cells, SHIFTED), unrounded USD; NaN if not shown.
        orders: the reports in the order of each kind of unit.
    """
    figures = np.where(figures > 0, figures, np.nan)
    kinds = [_Units(cells, orders[kind], kind, ~np.isnan(figures).all(axis=1)) for kind in UNITS]
    shifts = np.full((len(kinds), cells.count, len(SHIFTED)), np.nan)
    for n, percentile in enumerate(SHIFTED):
        for kind, found in zip(kinds, shifts, strict=True):
            kind.measure(kind.likely(percentile, figures[:, n]), percentile, figures[:, n], found[:, n])
        reached = np.fmax.reduce(shifts[:, :, n])
        for kind, found in zip(kinds, shifts, strict=True):
            kind.measure(kind.possible(percentile, figures[:, n], reached), percentile, figures[:, n], found[:, n])
    either = np.nan_to_num(np.fmax(shifts[..., 0], shifts[..., 1]), nan=-1)
    return Shifts(np.fmax.reduce(shifts), np.where(either.max(axis=0) >= 0, either.argmax(axis=0), NOBODY))


class _Units:
    """The pairs of a cell and a unit of one kind in it, but for units that are the whole cell."""

    def __init__(self, cells: Cells, by: ByUnit, kind: str, wanted: Mask) -> None:
        self.cells = cells
        position = cells.positions(by)
        unit = cells.reports.units[kind][cells.row[position]]
        cell = cells.cell[position]
        counts = (unit != NOBODY) & wanted[cell]
        self._position, unit, cell = position[counts], unit[counts], cell[counts]
        new = np.r_[True, (cell[1:] != cell[:-1]) | (unit[1:] != unit[:-1])][: len(cell)]
        self._first = np.flatnonzero(new)
        self._size = np.diff(self._first, append=len(cell))
        self.cell = cell[self._first]
        weight = cells.weight[self._position]
        self.weight = _sums(weight, self._first)
        self.squared = _sums(weight**2, self._first)
        self._apart = self.weight < cells.total[self.cell]

    def likely(self, percentile: int, figure: Floats) -> Integers:
        """Return the pairs that should move a figure most: in each cell one upwards and one downwards."""
        below = np.zeros(self.cells.count, np.int64)
        shown = ~np.isnan(figure)
        below[shown] = np.floor(figure[shown]).astype(np.int64) + 1
        under = self.cells.starts + self.cells.below(below[:, None])[:, 0]
        weight = self.cells.weight[self._position]
        weight_under = _sums(np.where(self._position < under[self.cells.cell[self._position]], weight, 0), self._first)
        pull = 100 * weight_under - percentile * self.weight
        usable = np.flatnonzero(self._apart & shown[self.cell])
        ends = runs(self.cell[usable])
        return np.unique(np.r_[_first_of(usable, ends, pull), _first_of(usable, ends, -pull)])

    def possible(self, percentile: int, figure: Floats, reached: Floats) -> Integers:
        """Return the pairs without which a figure could move as far as `reached` in its cell, or further.

        Without a unit of weight u the figure is the mean pay of a stretch of the remaining weight, from a to b. Each
        of these reports stands between a and b + u of the whole weight.
        """
        chosen = np.flatnonzero(self._apart & ~np.isnan(reached)[self.cell])
        cell = self.cell[chosen]
        left = (self.cells.total[cell] - self.weight[chosen]).astype(float)
        length = (self.cells.squared[cell] - self.squared[chosen]) / left
        start = percentile / 100 * (left - length)
        nearer = reached * (1 - _SAFETY) - _SAFETY
        known = ~np.isnan(nearer)
        edges = np.zeros((self.cells.count, 2), np.int64)
        edges[known, 0] = np.floor(figure[known] * (1 - nearer[known])).astype(np.int64) + 1
        edges[known, 1] = np.ceil(figure[known] * (1 + nearer[known])).astype(np.int64)
        inside = self.cells.weight_below(edges)[cell]
        margin = _SAFETY * left
        within = (start - margin >= inside[:, 0]) & (start + length + self.weight[chosen] + margin <= inside[:, 1])
        return chosen[~within]

    def measure(self, pairs: Integers, percentile: int, figure: Floats, found: Floats) -> None:
        """Raise `found` to the moves of a figure without each of these pairs."""
        if not len(pairs):
            return
        size = self._size[pairs]
        first = np.cumsum(size) - size
        rows = np.repeat(self._first[pairs] - first, size) + np.arange(size.sum())
        cell = self.cell[pairs]
        without = _LeftOut(self.cells, self._position[rows], first, cell).percentile(percentile)
        np.fmax.at(found, cell, np.round(np.abs(without - figure[cell]) / figure[cell], _DECIMALS))


def _first_of(pairs: Integers, starts: Integers, values: Integers) -> Integers:
    """Return the first pair with the largest value in each run of pairs."""
    if not len(pairs):
        return pairs
    largest = np.maximum.reduceat(values[pairs], starts)
    at = np.flatnonzero(values[pairs] == np.repeat(largest, np.diff(starts, append=len(pairs))))
    run = np.searchsorted(starts, at, side="right")
    return pairs[at[np.r_[True, run[1:] != run[:-1]]]]


def _sums(values: Integers, starts: Integers) -> Integers:
    return np.add.reduceat(values, starts) if len(starts) else np.zeros(0, np.int64)


class _LeftOut:
    """Cells without one of their units. Arithmetic is in integers up to the last division."""

    def __init__(self, cells: Cells, position: Integers, first: Integers, cell: Integers) -> None:
        """position: of the reports of the units, by unit; first: where each unit starts; cell: of each unit."""
        self._cells, self._first = cells, first
        self._pair = np.repeat(np.arange(len(first)), np.diff(first, append=len(position)))
        self._unit_weight = cells.weight[position]
        self._unit_paid = cells.pay[position] * self._unit_weight
        self._cell_before = cells.before[cell]
        self._total = cells.total[cell] - np.add.reduceat(self._unit_weight, first)
        self._squared = cells.squared[cell] - np.add.reduceat(self._unit_weight**2, first)
        # the remaining weight of the cell up to each report of the unit
        unit_to = np.cumsum(self._unit_weight)
        unit_to -= (unit_to - self._unit_weight)[first][self._pair]
        self._left_to = cells.weight_to[position] - self._cell_before[self._pair] - unit_to

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

        The remaining weight grows from report to report of the unit. Past the unit's last report that is within the
        weight, no further report of the unit comes before it, so the rest is read off the whole cell.
        """
        cells = self._cells
        passed = self._left_to <= weight[self._pair]
        taken = np.add.reduceat(np.where(passed, self._unit_weight, 0), self._first)
        taken_paid = np.add.reduceat(np.where(passed, self._unit_paid, 0), self._first)
        there = np.searchsorted(cells.weight_to, self._cell_before + taken + weight, side="right")
        there = np.minimum(there, len(cells.pay) - 1)  # past the end the remaining weight is 0, so any pay will do
        rest = weight - (cells.weight_to[there] - cells.weight[there] - self._cell_before - taken)
        return cells.paid_before[there] - taken_paid + cells.pay[there] * rest, cells.pay[there]
