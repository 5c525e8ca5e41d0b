"""Percentiles and bounds are those of exact fractions, in cells of a few reports and of more than 64 bits hold."""

from bisect import bisect_right
from fractions import Fraction
from itertools import accumulate

import numpy as np
import pytest

from salary_bands.statistics.cells import Cells
from salary_bands.statistics.quantiles import bounds, percentiles
from tests.builders.steps import rollup_of

POINTS = (10, 25, 50, 75, 90)
FULL = 1 << 20
Reports = list[tuple[int, int]]  # pay and weight, in ascending order


def cells_of(rng: np.random.Generator, sizes: list[int], most: int, step: int, weights: list[int]) -> Cells:
    of_cells = [
        [
            (int(pay) * step, int(weight), None, "x", 0)
            for pay, weight in zip(rng.integers(0, most, n), rng.choice(weights, n), strict=True)
        ]
        for n in sizes
    ]
    [(_, cells)] = rollup_of(of_cells).parts()
    return cells


def reports_of(cells: Cells, n: int) -> Reports:
    own = slice(int(cells.starts[n]), int(cells.starts[n] + cells.size[n]))
    return list(zip(cells.pay[own].tolist(), cells.weight[own].tolist(), strict=True))


def percentile(reports: Reports, point: int, moved: int) -> Fraction:
    """The mean pay over the stretch, from its ends as fractions of weight."""
    total, squared = sum(w for _, w in reports), sum(w * w for _, w in reports)
    length = Fraction(squared, total)
    start = Fraction(point, 100) * (total - length) + Fraction(moved, 100) * length
    start = min(max(start, Fraction(0)), total - length)
    ends = [0, *accumulate(w for _, w in reports)]
    first, last = bisect_right(ends, start) - 1, bisect_right(ends, start + length)
    paid = sum(
        pay * (min(start + length, ends[n + 1]) - max(start, ends[n]))
        for n, (pay, _) in enumerate(reports[first:last], start=first)
    )
    return Fraction(paid) / length


def bound(reports: Reports, rank: int, size: int, moved: int) -> Fraction:
    """The pay at (rank - 1/2 + moved / 100) / size of the weight, between the middles of the reports."""
    total = sum(w for _, w in reports)
    # twice the middles, so that they are whole
    middles = [2 * to - w for to, (_, w) in zip(accumulate(w for _, w in reports), reports, strict=True)]
    if len(reports) == 1:
        return Fraction(reports[0][0])
    target = 2 * (rank - Fraction(1, 2) + Fraction(moved, 100)) / size * total
    target = min(max(target, Fraction(middles[0] + middles[1], 2)), Fraction(middles[-2] + middles[-1], 2))
    there = min(max(bisect_right(middles, target) - 1, 0), len(reports) - 2)
    share = (target - middles[there]) / (middles[there + 1] - middles[there])
    return reports[there][0] + (reports[there + 1][0] - reports[there][0]) * share


@pytest.mark.parametrize(
    ("sizes", "most", "step", "weights"),
    [
        ([1, 2, 3, 5, 9, 40], 200, 1000, [FULL]),
        ([1, 2, 3, 5, 9, 40], 40_000_000, 1, [1, 7, FULL // 3, FULL]),
        ([1, 90_000, 2], 1_000_000, 500, [FULL - 1, FULL]),  # 100 times the squared weights pass 2^63
    ],
    ids=["equal weights", "uneven weights", "past 64 bits"],
)
def test_percentiles_and_bounds_are_those_of_exact_fractions(
    sizes: list[int], most: int, step: int, weights: list[int]
) -> None:
    rng = np.random.default_rng(0)
    cells = cells_of(rng, sizes, most, step, weights)
    moved = rng.integers(-15_000, 15_001, (len(sizes), len(POINTS)))  # up to the root of a quarter of a cell
    effective = np.maximum(1, (np.array(sizes)[:, None] * rng.random(moved.shape)).astype(np.int64))
    ranks = 1 + (effective * rng.random(moved.shape)).astype(np.int64)
    found, ends = percentiles(cells, POINTS, moved), bounds(cells, ranks, effective, moved)
    for n in range(len(sizes)):
        reports = reports_of(cells, n)
        for p, point in enumerate(POINTS):
            of_cell = int(ranks[n, p]), int(effective[n, p]), int(moved[n, p])
            assert found[n, p] == pytest.approx(float(percentile(reports, point, of_cell[2])), rel=1e-15, abs=1e-9)
            assert ends[n, p] == pytest.approx(float(bound(reports, *of_cell)), rel=1e-15, abs=1e-9)


def test_whole_dollars_are_whole() -> None:
    """A stretch of equal pay is that pay to the dollar, so that rounding to thousands falls on one side."""
    cells = cells_of(np.random.default_rng(0), [3, 30, 200], 1, 0, [FULL // 7, FULL])
    cells.pay[:] = 122_500
    cells.paid_before = np.cumsum(cells.pay * cells.weight) - cells.pay * cells.weight
    assert (percentiles(cells, POINTS) == 122_500).all()
