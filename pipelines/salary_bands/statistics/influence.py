"""Measure how far the figures of a cell would move without one export, one employer or one day.

The largest move is found by bounds: the unit that should move a figure most is left out first, and then only those that
could move it as far.
"""

from dataclasses import dataclass

import numpy as np

from salary_bands.statistics.batches import Integers, Mask, Small, by_cell
from salary_bands.statistics.cells import NOBODY, UNITS, Cells, Floats, Pairs, runs

SHIFTED = (50, 90)  # the percentiles whose shifts are measured
_DECIMALS = 12  # further digits depend on the order of floating-point operations
_NOTHING = 1e-13  # no move at all once rounded, which every kind of unit reaches
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
    below = [cells.weights_below(_whole(figure) + 1) for figure in figures.T]
    kinds = [_Units(cells, kind, figures, below) for kind in UNITS]
    for kind, chosen in zip(kinds, _strongest(kinds), strict=True):
        kind.measure(chosen)
    reached = np.fmax.reduce([kind.shifts for kind in kinds])
    stretches = [_Stretch.of(cells, figure, far) for figure, far in zip(figures.T, reached.T, strict=True)]
    for kind in kinds:
        kind.measure([kind.possible(n, of) for n, of in enumerate(stretches)])
    shifts = np.array([kind.shifts for kind in kinds])
    either = np.nan_to_num(np.fmax(shifts[..., 0], shifts[..., 1]), nan=-1)
    return Shifts(np.fmax.reduce(shifts), np.where(either.max(axis=0) >= 0, either.argmax(axis=0), NOBODY))


def _strongest(kinds: list["_Units"]) -> list[list[Integers]]:
    """Return the pairs of each kind, by percentile, that pull a percentile of their cell more than any other unit."""
    chosen: list[list[Integers]] = [[] for _ in kinds]
    for n in range(len(SHIFTED)):
        pulls, pairs = zip(*(kind.strongest(n) for kind in kinds), strict=True)
        by = np.argmax(pulls, axis=0)  # ties go to the first
        for number, some in enumerate(chosen):
            some.append(pairs[number][(by == number) & (pulls[number] >= 0)])
    return chosen


def _whole(usd: Floats) -> Integers:
    """Return whole dollars, rounded down; 0 for NaN."""
    return np.nan_to_num(np.floor(usd)).astype(np.int64)


@dataclass(frozen=True)
class _Stretch:
    """The pay of each cell that is nearer to its figure than a move that was reached.

    lower, upper: the places of the reports in it up to the figure and above. ends: the weight of each cell below it and
    below its upper end, (cells, 2). is_known: whether a move was reached.
    """

    lower: Integers
    upper: Integers
    ends: Integers
    is_known: Mask

    @classmethod
    def of(cls, cells: Cells, figure: Floats, reached: Floats) -> "_Stretch":
        nearer = np.maximum(reached * (1 - _SAFETY) - _SAFETY, _NOTHING)
        low, high = _whole(figure * (1 - nearer)) + 1, -_whole(-figure * (1 + nearer))
        places = cells.starts[:, None] + cells.below(np.column_stack([low, _whole(figure) + 1, high]))
        first, middle, end = places.T
        ends = cells.weight_before(places[:, [0, 2]])
        return cls(_ranges(first, middle), _ranges(middle, end), ends, ~np.isnan(nearer))


def _ranges(starts: Integers, ends: Integers) -> Integers:
    """Return the numbers from each start up to its end, one range after the other."""
    counts = np.maximum(ends - starts, 0)
    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(int(counts.sum()))


class _Units:
    """The units of one kind, and how far figures move without those that have been left out.

    shifts: the largest so far, of shape (cells, SHIFTED); NaN if no unit can be left out.
    """

    def __init__(self, cells: Cells, kind: str, figures: Floats, below: list[Integers]) -> None:
        """below: by percentile, the weight of each report, 0 if it is above the percentile."""
        self.cells, self.figures = cells, figures
        self.pairs = pairs = cells.pairs(kind)
        apart = (pairs.unit != NOBODY) & (pairs.weight < cells.total[pairs.cell])
        shown = ~np.isnan(figures)
        # by percentile, whether a pair may be left out and has not been yet
        self._is_open = [apart & shown[pairs.cell, n] for n in range(len(SHIFTED))]
        self._below = [pairs.sums(of) for of in below]
        self.shifts = np.full(figures.shape, np.nan)
        for n, is_open in enumerate(self._is_open):
            self.shifts[pairs.cell[is_open], n] = 0

    def strongest(self, n: int) -> tuple[Integers, Integers]:
        """Return how strongly one unit pulls at a percentile of each cell at most, and its pair, -1 if none does."""
        chosen = np.flatnonzero(self._is_open[n])
        pull = np.abs(100 * self._below[n] - SHIFTED[n] * self.pairs.weight)[chosen]
        first = _first_of(runs(self.pairs.cell[chosen]), pull)
        found = np.full((2, len(self.cells)), -1)
        found[:, self.pairs.cell[chosen[first]]] = pull[first], chosen[first]
        return found[0], found[1]

    def possible(self, n: int, stretch: _Stretch) -> Integers:
        """Return the pairs without which a percentile could move as far as out of the stretch.

        Without a unit the figure is the mean pay of a stretch of the remaining weight.
        """
        pairs, cells, chosen = self.pairs, self.cells, np.flatnonzero(self._is_open[n])
        cell = pairs.cell[chosen]
        left = (cells.total[cell] - pairs.weight[chosen]).astype(float)
        length = (cells.squared[cell] - pairs.squared[chosen]) / left
        start = SHIFTED[n] / 100 * (left - length)
        margin = _SAFETY * left
        lower, upper = (pairs.sums(cells.weight[of], of) for of in (stretch.lower, stretch.upper))
        low = stretch.ends[cell, 0] - (self._below[n] - lower)[chosen]
        high = stretch.ends[cell, 1] - (self._below[n] + upper)[chosen]
        within = (start - margin >= low) & (start + length + margin <= high)
        return chosen[stretch.is_known[cell] & ~within]

    def measure(self, chosen: list[Integers]) -> None:
        """Leave out each of these pairs in turn, and see how far each percentile moves."""
        left_out = np.zeros(len(self.pairs), bool)
        for some in chosen:
            left_out[some] = True
        if not left_out.any():
            return
        without = _LeftOut(self.cells, self.pairs, left_out)
        for n, some in enumerate(chosen):
            cell = self.pairs.cell[some]
            figure = self.figures[cell, n]
            shift = np.abs(without.percentile(SHIFTED[n], some) - figure) / figure
            np.fmax.at(self.shifts[:, n], cell, np.round(shift, _DECIMALS))
            self._is_open[n][some] = False


def _first_of(starts: Integers, values: Integers) -> Integers:
    """Return the first place of the largest value in each run."""
    if not len(values):
        return starts
    largest = np.maximum.reduceat(values, starts)
    at = np.flatnonzero(values == np.repeat(largest, np.diff(starts, append=len(values))))
    run = np.searchsorted(starts, at, side="right")
    return at[np.r_[True, run[1:] != run[:-1]]]


class _LeftOut:
    """Cells without one of their units. Arithmetic is in integers up to the last division."""

    def __init__(self, cells: Cells, pairs: Pairs, left_out: Mask) -> None:
        """left_out: which pairs of a cell and the unit that it is without."""
        self._cells = cells
        chosen = np.flatnonzero(left_out)
        self._place = np.full(len(pairs), NOBODY, np.int32)
        self._place[chosen] = np.arange(len(chosen), dtype=np.int32)
        position = np.flatnonzero(left_out[pairs.number])
        place = self._place[pairs.number[position]]
        # the reports of each unit, by pay
        self._position, self._first = by_cell(position.astype(np.int32), place, len(chosen))
        self._size = np.diff(self._first, append=len(position))
        weight = cells.weight[self._position]
        paid = cells.pay[self._position] * weight
        self._weight_to, self._paid_to = np.cumsum(weight), np.cumsum(paid)
        self._unit_before, self._unit_paid_before = (
            to[self._first] - own[self._first] for to, own in ((self._weight_to, weight), (self._paid_to, paid))
        )
        cell = pairs.cell[chosen]
        self._cell_before = cells.before[cell]
        self._total = cells.total[cell] - pairs.weight[chosen]
        self._squared = cells.squared[cell] - pairs.squared[chosen]
        # the cell's remaining weight up to each report of each unit, in one ascending number with the unit
        self._step = int(cells.total.max()) + 1
        remaining = cells.weight_to[self._position] - self._weight_to
        before = np.arange(len(chosen)) * self._step + self._unit_before - self._cell_before
        self._remaining = remaining + np.repeat(before, self._size)

    def percentile(self, percentile: int, chosen: Integers) -> Floats:
        """Return the percentile of the cell of each pair without its unit, in unrounded USD.

        As `quantiles.percentiles`: the mean pay over the cumulative weights from p (W - S / W) to that plus S / W,
        where W is the sum of the remaining weights and S the sum of their squares. Each end is an integer weight and a
        remainder in units of 1 / (100 W).
        """
        unit = self._place[chosen]
        total, squared = self._total[unit], self._squared[unit]
        scale = 100 * total
        ratio, over = np.divmod(squared, total)
        whole, hundredths = np.divmod(percentile * (total - ratio), 100)
        carry, rest_from = np.divmod(hundredths * total - percentile * over, scale)
        whole_from = whole + carry
        carry, rest_to = np.divmod(rest_from + 100 * over, scale)
        whole_to = whole_from + ratio + carry
        paid_from, pay_from = self._paid_up_to(unit, whole_from)
        paid_to, pay_to = self._paid_up_to(unit, whole_to)
        rests = pay_to * (rest_to / scale) - pay_from * (rest_from / scale)
        return np.asarray(((paid_to - paid_from) + rests) * total / squared)

    def _paid_up_to(self, unit: Small, weight: Integers) -> tuple[Integers, Integers]:
        """Return the sum of pay times weight up to a remaining weight of each cell without its unit, and the pay there.

        Past the unit's last report that is within the weight, no further report of the unit comes before it, so the
        rest is read off the whole cell.
        """
        cells, before = self._cells, self._cell_before[unit]
        passed = self._within(unit, weight)
        some = passed > self._first[unit]
        taken = np.where(some, self._weight_to[passed - 1] - self._unit_before[unit], 0)
        taken_paid = np.where(some, self._paid_to[passed - 1] - self._unit_paid_before[unit], 0)
        there = np.searchsorted(cells.weight_to, before + taken + weight, side="right")
        there = np.minimum(there, len(cells.pay) - 1)  # past the end the remaining weight is 0, so any pay will do
        rest = weight - (cells.weight_to[there] - cells.weight[there] - before - taken)
        return cells.paid_before[there] - taken_paid + cells.pay[there] * rest, cells.pay[there]

    def _within(self, unit: Small, weight: Integers) -> Integers:
        """Return the end of the reports of each unit up to which the cell's remaining weight is within this weight."""
        return np.searchsorted(self._remaining, unit.astype(np.int64) * self._step + weight, side="right")
