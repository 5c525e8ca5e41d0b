"""Percentiles of cells, and the order statistics that bound them, in exact integers."""

import numpy as np

from salary_bands.statistics.cells import Cells, Exact, Floats, Integers


def percentiles(cells: Cells, points: tuple[int, ...]) -> Floats:
    """Return weighted Hyndman-Fan type 7 percentiles in unrounded USD (Akinshin, arXiv 2304.07265).

    A percentile is the mean pay over the stretch of cumulated weight from (n* - 1) p / n* to ((n* - 1) p + 1) / n*,
    with n* the effective number of reports. With W the sum of weights, S the sum of squared weights and positions in
    units of 1 / (100 W), the stretch starts at p (W^2 - S), with p in hundredths, and is 100 S long.

    Returns:
        shape (cells, points).
    """
    weight, squared = cells.total.astype(object)[:, None], cells.squared.astype(object)[:, None]
    start = np.array(points, dtype=object) * (weight * weight - squared)
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


def order_statistics(cells: Cells, ranks: Integers, reports: Integers) -> Integers:
    """Return the smallest pay at which the share of the cumulated weight reaches (rank - 1/2) / reports.

    Args:
        ranks: (cells, any), 1 or more.
        reports: the whole effective size that the ranks are of; of the same shape.
    """
    target = (2 * ranks.astype(object) - 1) * cells.total.astype(object)[:, None]
    reached = -((-target) // (2 * reports.astype(object)))  # rounded up
    there = np.searchsorted(cells.weight_to, cells.before[:, None] + reached.astype(np.int64))
    return cells.pay[np.minimum(there, cells.last[:, None])]
