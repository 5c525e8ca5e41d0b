"""Percentiles of cells, and what bounds them, in exact integers of 64 bits.

A position in a cell's weight is a whole weight and a rest in parts of a unit, so that products stay within 64 bits.
"""

import numpy as np

from salary_bands.statistics.batches import Integers
from salary_bands.statistics.cells import Cells, Exact, Floats

_LARGEST = (1 << 61) // 100  # squared weights of a cell up to which remainders by a stretch fit into 64 bits


def percentiles(cells: Cells, points: tuple[int, ...], moved: Integers | int = 0) -> Floats:
    """Return weighted Hyndman-Fan type 7 percentiles in unrounded USD (Akinshin, arXiv 2304.07265).

    A percentile is the mean pay over the stretch of cumulated weight from (n* - 1) p / n* to ((n* - 1) p + 1) / n*,
    with n* the effective number of reports. With W the sum of weights, S the sum of squared weights and positions in
    units of 1 / (100 W), the stretch starts at p (W^2 - S), with p in hundredths, and is 100 S long.

    Args:
        moved: by how many hundredths of a rank each stretch is moved, as far as the cell reaches.

    Returns:
        shape (cells, points).
    """
    total, squared = cells.total[:, None], cells.squared[:, None]
    unit = 100 * total
    ratio, over = np.divmod(squared, total)
    point = np.array(points)
    whole, hundredths = np.divmod(point * total + (moved - point) * ratio, 100)
    carry, rest = np.divmod(hundredths * total + (moved - point) * over, unit)
    furthest = np.where(over > 0, total - ratio - 1, total - ratio), -100 * over % unit
    start = _clipped((whole + carry, rest), (np.zeros_like(total), np.zeros_like(total)), furthest)
    carry, rest = np.divmod(start[1] + 100 * over, unit)
    end = start[0] + ratio + carry, rest
    paid_from, pay_from = _paid_up_to(cells, start[0])
    paid_to, pay_to = _paid_up_to(cells, end[0])
    return _mean(paid_to - paid_from, unit, (pay_to, end[1]), (pay_from, start[1]), squared)


def _clipped(
    position: tuple[Integers, Integers], lowest: tuple[Integers, Integers], highest: tuple[Integers, Integers]
) -> tuple[Integers, Integers]:
    """Return positions, whole and rest, moved up to the lowest and down to the highest where they are outside."""
    whole, rest = position
    for (end, end_rest), side in ((lowest, 1), (highest, -1)):
        outside = ((end - whole) * side > 0) | ((whole == end) & ((end_rest - rest) * side > 0))
        whole, rest = np.where(outside, end, whole), np.where(outside, end_rest, rest)
    return whole, rest


def _paid_up_to(cells: Cells, whole: Integers) -> tuple[Integers, Integers]:
    """Return the sum of pay times weight up to a whole weight of each cell, and the pay there.

    The sum is exact in differences between positions of one cell, as long as these fit into 64 bits of USD.
    """
    there = np.searchsorted(cells.weight_to, cells.before[:, None] + whole, side="right")
    there = np.minimum(there, cells.last[:, None])
    rest = whole - (cells.weight_to[there] - cells.weight[there] - cells.before[:, None])
    return cells.paid_before[there] + cells.pay[there] * rest, cells.pay[there]


def _mean(
    paid: Integers,
    unit: Integers,
    end: tuple[Integers, Integers],
    start: tuple[Integers, Integers],
    squared: Integers,
) -> Floats:
    """Return (paid * unit + pay at the end * its rest - pay at the start * its rest) / length, which is 100 squared.

    Whole dollars and the rest are apart, so that whole dollars are exact. They are estimated, which is off by one at
    most. So the remainder is small, and arithmetic modulo 2^64 finds it however large the products are.
    """
    (pay_to, rest_to), (pay_from, rest_from) = end, start
    length = 100 * np.minimum(squared, _LARGEST)
    dollars = np.floor((paid + (pay_to * (rest_to / unit) - pay_from * (rest_from / unit))) * (unit / length))
    dollars = dollars.astype(np.int64)
    left = paid * unit + pay_to * rest_to - pay_from * rest_from - dollars * length
    carry, left = np.divmod(left, length)
    found = (dollars + carry).astype(float) + left / length
    large = np.flatnonzero(squared[:, 0] > _LARGEST)
    if len(large):  # of some twenty thousand reports and more
        wide = [of[large].astype(object) for of in (paid, unit, pay_to, rest_to, pay_from, rest_from, squared)]
        found[large] = _wide_mean(*wide)
    return np.asarray(found)


def _wide_mean(
    paid: Exact, unit: Exact, pay_to: Exact, rest_to: Exact, pay_from: Exact, rest_from: Exact, squared: Exact
) -> Floats:
    """Return the same in integers of any size."""
    length = 100 * squared
    sum_of_pay = paid * unit + pay_to * rest_to - pay_from * rest_from
    dollars = sum_of_pay // length
    return dollars.astype(float) + (sum_of_pay - dollars * length).astype(float) / length.astype(float)


def bounds(cells: Cells, ranks: Integers, reports: Integers, moved: Integers | int = 0) -> Floats:
    """Return the pay at which the cumulated weight reaches (rank - 1/2) / reports, in unrounded USD.

    Each report is at the middle of its weight, and pay is interpolated between neighbours (Hazen), so that a bound is
    no single report's pay. It is no lower than half way from the lowest pay to the next, and likewise at the top.

    Args:
        ranks: (cells, any), 1 or more.
        reports: the whole effective size that the ranks are of; of the same shape.
        moved: by how many hundredths of a rank each bound is moved, as far as the cell reaches.
    """
    # weights are doubled, so that middles are whole; the rest of the target is in units of 1 / (100 reports)
    unit = 100 * reports
    middles = 2 * cells.weight_to - cells.weight
    before = 2 * cells.before[:, None]
    ends = [
        np.divmod((middles[ends] + middles[next_to])[:, None] - 2 * before, 2)
        for ends, next_to in (
            (cells.starts, np.minimum(cells.starts + 1, cells.last)),
            (np.maximum(cells.last - 1, cells.starts), cells.last),
        )
    ]
    lowest, highest = ((whole, half * (unit // 2)) for whole, half in ends)
    hundredths = 200 * ranks - 100 + 2 * moved
    times, over = np.divmod(cells.total[:, None], unit)
    carry, rest = np.divmod(hundredths * over, unit)
    whole, rest = _clipped((hundredths * times + carry, rest), lowest, highest)
    there = np.searchsorted(middles, before + whole, side="right") - 1
    there = np.clip(there, cells.starts[:, None], np.maximum(cells.last - 1, cells.starts)[:, None])
    above = np.minimum(there + 1, cells.last[:, None])
    step = np.maximum(middles[above] - middles[there], 1) * unit
    share = np.clip((whole - (middles[there] - before)) * unit + rest, 0, step)
    rise = cells.pay[above] - cells.pay[there]
    dollars = np.floor(rise * (share / step)).astype(np.int64)
    carry, left = np.divmod(rise * share - dollars * step, step)  # as in _mean
    return np.asarray((cells.pay[there] + dollars + carry).astype(float) + left / step)
