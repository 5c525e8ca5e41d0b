"""Measure how far the figures of a cell would move without one export, one employer or one day.

The largest move is found by bounds: the unit that should move a figure most is left out first, and then only those that
could move it as far.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from salary_bands.statistics.batches import Integers, Small
from salary_bands.statistics.cells import NOBODY, UNITS, Cells, Floats
from salary_bands.statistics.compiled import compiled

SHIFTED = (50, 90)  # the percentiles whose shifts are measured
_DECIMALS = 12  # further digits depend on the order of floating-point operations
_NOTHING = 1e-13  # no move at all once rounded, which every kind of unit reaches
_SAFETY = 1e-9  # bounds are floating-point numbers, and err on the side of leaving a unit out


@dataclass(frozen=True)
class Shifts:
    """|without / with - 1| of each cell and percentile of SHIFTED, NaN if nothing can be left out.

    by: the number of the kind of UNITS that moves either figure most, NOBODY if nothing can be left out.
    """

    largest: Floats
    by: Integers


class _Cell(NamedTuple):
    """The reports of one cell in ascending order of pay, and the sums of their weights and squared weights.

    unit: of each report. whole, squares: of each unit.
    """

    pay: Integers
    weight: Integers
    unit: Small
    total: int
    squared: int
    whole: Integers
    squares: Integers


def largest_shifts(cells: Cells, figures: Floats) -> Shifts:
    """Find the largest move of each cell's figures if one unit is left out.

    Args:
        figures: (cells, SHIFTED), unrounded USD; NaN if not shown.
    """
    figures = np.where(figures > 0, figures, np.nan)
    shifts = np.full((len(UNITS), *figures.shape), np.nan)
    for number, kind in enumerate(UNITS):
        reached = np.fmax.reduce(shifts)  # by the kinds before
        units, width = cells.units(kind), cells.reports.widths[kind]
        shifts[number] = _by_kind(cells.starts, cells.size, cells.pay, cells.weight, units, width, figures, reached)
    shifts = np.round(shifts, _DECIMALS)
    either = np.nan_to_num(np.fmax(shifts[..., 0], shifts[..., 1]), nan=-1)
    return Shifts(np.fmax.reduce(shifts), np.where(either.max(axis=0) >= 0, either.argmax(axis=0), NOBODY))


@compiled
def _by_kind(
    starts: Integers,
    sizes: Integers,
    pay: Integers,
    weight: Integers,
    unit: Small,
    width: int,
    figures: Floats,
    reached: Floats,
) -> Floats:
    """Return how far units of one kind move the figures of each cell; less than that if it is less than was reached.

    Args:
        unit: of each report, below width; the last number is that of unknown units.
        figures, reached: and the furthest move so far, (cells, SHIFTED); NaN if there is none.
    """
    shifts = np.full_like(figures, np.nan)
    seen, units = np.full(width, NOBODY), np.empty(width, np.int64)
    whole, squares, room = np.empty(width, np.int64), np.empty(width, np.int64), np.empty((3, width), np.int64)
    for cell in range(len(starts)):
        if np.isnan(figures[cell]).all():
            continue
        start, end = starts[cell], starts[cell] + sizes[cell]
        count = 0
        for at in range(start, end):
            own = unit[at]
            if seen[own] != cell:
                seen[own] = cell
                whole[own] = squares[own] = 0
                units[count] = own
                count += 1
            whole[own] += weight[at]
            squares[own] += weight[at] * weight[at]
        total, squared = whole[units[:count]].sum(), squares[units[:count]].sum()
        known = units[:count][units[:count] != width - 1]
        reports = _Cell(pay[start:end], weight[start:end], unit[start:end], total, squared, whole, squares)
        for n, percentile in enumerate(SHIFTED):
            if not np.isnan(figures[cell, n]):
                shifts[cell, n] = _furthest(reports, known, room, percentile, figures[cell, n], reached[cell, n])
    return shifts


@compiled
def _furthest(cell: _Cell, units: Integers, room: Integers, percentile: int, figure: float, reached: float) -> float:
    """Return how far a percentile moves without one of these units, NaN if none can be left out.

    Without a unit the figure is the mean pay of a stretch of the remaining weight. After the unit that pulls most, only
    those are left out without which it could reach out of the pay that is nearer than what was reached.

    Args:
        room: for the weight of each unit up to the figure, and between the figure and both ends of the nearer pay.
    """
    below, lower, upper = room[0], room[1], room[2]
    for unit in units:
        below[unit] = lower[unit] = upper[unit] = 0
    middle, before = int(np.searchsorted(cell.pay, int(figure) + 1)), 0
    for at in range(middle):
        below[cell.unit[at]] += cell.weight[at]
        before += cell.weight[at]
    strongest, most = NOBODY, -1
    for unit in units:
        pull = abs(100 * below[unit] - percentile * cell.whole[unit])
        if cell.whole[unit] < cell.total and pull > most:
            strongest, most = unit, pull
    if strongest == NOBODY:
        return np.nan
    furthest = abs(_without(cell, strongest, middle, before - below[strongest], percentile) - figure) / figure
    nearer = max(np.fmax(reached, furthest) * (1 - _SAFETY) - _SAFETY, _NOTHING)
    first = np.searchsorted(cell.pay, math.floor(figure * (1 - nearer)) + 1)
    end = np.searchsorted(cell.pay, math.ceil(figure * (1 + nearer)))
    before_first = before_end = before
    for at in range(first, middle):
        lower[cell.unit[at]] += cell.weight[at]
        before_first -= cell.weight[at]
    for at in range(middle, end):
        upper[cell.unit[at]] += cell.weight[at]
        before_end += cell.weight[at]
    for unit in units:
        left = float(cell.total - cell.whole[unit])
        if left > 0 and unit != strongest:
            length, margin = (cell.squared - cell.squares[unit]) / left, _SAFETY * left
            start = percentile / 100 * (left - length)
            low = before_first - (below[unit] - lower[unit])
            high = before_end - (below[unit] + upper[unit])
            if start - margin < low or start + length + margin > high:
                without = _without(cell, unit, middle, before - below[unit], percentile)
                furthest = max(furthest, abs(without - figure) / figure)
    return furthest


@compiled
def _without(cell: _Cell, unit: int, place: int, before: int, percentile: int) -> float:
    """Return a percentile without a unit, in unrounded USD. Arithmetic is in integers up to the last division.

    As `quantiles.percentiles`: the mean pay over the cumulative weights from p (W - S / W) to that plus S / W, where W
    is the sum of the remaining weights and S the sum of their squares. Each end is an integer weight and a rest in
    units of 1 / (100 W).

    Args:
        place, before: of a report near the percentile, and the remaining weight before it.
    """
    total, squared = cell.total - cell.whole[unit], cell.squared - cell.squares[unit]
    scale, ratio, over = 100 * total, squared // total, squared % total
    hundredths = percentile * (total - ratio)
    rest = hundredths % 100 * total - percentile * over
    weight_from, rest_from = hundredths // 100 + rest // scale, rest % scale
    rest = rest_from + 100 * over
    weight_to, rest_to = weight_from + ratio + rest // scale, rest % scale
    place, before, paid = _walk(cell, unit, place, before, 0, weight_from)
    pay_from = cell.pay[min(place, len(cell.pay) - 1)]
    paid_from = paid + pay_from * (weight_from - before)
    place, before, paid = _walk(cell, unit, place, before, paid, weight_to)
    pay_to = cell.pay[min(place, len(cell.pay) - 1)]  # past the end nothing is left of the weight
    paid_to = paid + pay_to * (weight_to - before)
    rests = pay_to * (rest_to / scale) - pay_from * (rest_from / scale)
    return ((paid_to - paid_from) + rests) * total / squared


@compiled
def _walk(cell: _Cell, unit: int, place: int, before: int, paid: int, weight: int) -> tuple[int, int, int]:
    """Walk over the reports but a unit's to the one in which this weight ends.

    before, paid: the weight and the pay times weight before a place. Returns the new place, and these before it.
    """
    while place > 0 and before > weight:
        place -= 1
        if cell.unit[place] != unit:
            before -= cell.weight[place]
            paid -= cell.pay[place] * cell.weight[place]
    while place < len(cell.pay) and (cell.unit[place] == unit or before + cell.weight[place] <= weight):
        if cell.unit[place] != unit:
            before += cell.weight[place]
            paid += cell.pay[place] * cell.weight[place]
        place += 1
    return place, before, paid
