"""Percentiles of cells, and what bounds them, in exact integers."""

import numpy as np

from salary_bands.statistics.batches import Integers
from salary_bands.statistics.cells import Cells, Exact, Floats


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
    weight, squared = cells.total.astype(object)[:, None], cells.squared.astype(object)[:, None]
    start = np.array(points, dtype=object) * (weight * weight - squared) + moved * squared
    start = np.clip(start, 0, 100 * (weight * weight - squared))
    length = 100 * squared
    paid = _paid_up_to(cells, start + length, 100 * weight) - _paid_up_to(cells, start, 100 * weight)
    # whole dollars and the rest apart, so that whole dollars are exact
    dollars = paid // length
    return dollars.astype(float) + (paid - dollars * length).astype(float) / length.astype(float)


def _paid_up_to(cells: Cells, position: Exact, unit: Exact) -> Exact:
    """Sum up pay times weight up to positions in each cell's weight, in 1 / `unit`, but for what comes before a cell.

    The sum is exact in differences between positions of one cell, as long as these fit into 64 bits of USD.
    """
    whole = (position // unit).astype(np.int64)
    there = np.searchsorted(cells.weight_to, cells.before[:, None] + whole, side="right")
    there = np.minimum(there, cells.last[:, None])
    before = cells.weight_to[there] - cells.weight[there] - cells.before[:, None]
    paid = cells.paid_before[there] - cells.paid_before[cells.starts][:, None]
    return unit * paid.astype(object) + cells.pay[there].astype(object) * (position - unit * before.astype(object))


def bounds(cells: Cells, ranks: Integers, reports: Integers, moved: Integers | int = 0) -> Floats:
    """Return the pay at which the cumulated weight reaches (rank - 1/2) / reports, in unrounded USD.

    Each report is at the middle of its weight, and pay is interpolated between neighbours (Hazen), so that a bound is
    no single report's pay. It is no lower than half way from the lowest pay to the next, and likewise at the top.

    Args:
        ranks: (cells, any), 1 or more.
        reports: the whole effective size that the ranks are of; of the same shape.
        moved: by how many hundredths of a rank each bound is moved, as far as the cell reaches.
    """
    # weights are doubled, so that middles are whole; the target is in units of 1 / (100 reports)
    unit = 100 * reports.astype(object)
    middles = 2 * cells.weight_to - cells.weight
    before = 2 * cells.before[:, None]
    lowest, highest = (
        (middles[ends] + middles[next_to])[:, None] - 2 * before
        for ends, next_to in (
            (cells.starts, np.minimum(cells.starts + 1, cells.last)),
            (np.maximum(cells.last - 1, cells.starts), cells.last),
        )
    )
    target = (200 * ranks.astype(object) - 100 + 2 * moved) * cells.total.astype(object)[:, None]
    target = np.clip(target, lowest.astype(object) * unit // 2, highest.astype(object) * unit // 2)
    there = np.searchsorted(middles, before + (target // unit).astype(np.int64), side="right") - 1
    there = np.clip(there, cells.starts[:, None], np.maximum(cells.last - 1, cells.starts)[:, None])
    above = np.minimum(there + 1, cells.last[:, None])
    step = np.maximum(middles[above] - middles[there], 1).astype(object) * unit
    share = np.clip(target - (middles[there] - before).astype(object) * unit, 0, step)
    rise = (cells.pay[above] - cells.pay[there]).astype(object) * share
    return cells.pay[there].astype(float) + (rise / step).astype(float)
