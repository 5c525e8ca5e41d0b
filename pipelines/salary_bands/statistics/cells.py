"""The cells of one roll-up of the cube: reports sorted by cell and pay, with running sums over them.

A roll-up keeps tier, level and market at one grain each and takes groups without a common leaf, so that a report is in
one cell at most. Memory grows with reports, not with reports times cells.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

UNITS = ("export", "employer", "day")  # what is left out one at a time; ties go to the first
_ABOVE_PAY = 1 << 40
_LOW_BITS = 20
NOBODY = -1  # the number of an unknown unit, and of the cell of a report that is in none


@dataclass(frozen=True)
class Reports:
    """The reports of one metric in ascending order of pay.

    profile: the number of each report's profile. units: the numbers of its export, employer and day, NOBODY if unknown.
    clustered: whether its employer counts as a cluster.
    """

    profile: NDArray[np.int32]
    pay: Integers
    weight: Integers
    units: Mapping[str, NDArray[np.int32]]
    clustered: Mask

    def by_unit(self, kind: str) -> "ByUnit":
        """Return the reports in the order of one kind of unit, then of pay; unknown units come last."""
        numbers = self.units[kind]
        row = np.argsort(numbers.view(np.uint32), kind="stable").astype(np.int32)
        return ByUnit(row, self.profile[row])


@dataclass(frozen=True)
class ByUnit:
    """Another order of the reports: their rows, and the profiles of these."""

    row: NDArray[np.int32]
    profile: NDArray[np.int32]


class Cells:
    """Reports sorted by cell and pay. Cells are numbered from 0, and each has a report.

    Running sums continue across cells, and those of pay times weight may overflow 64 bits; this is safe because only
    differences within a cell are used, which are small and so exact. The squared weights of a cell fit for up to 8
    million reports of full weight.
    """

    def __init__(self, reports: Reports, cell_of_profile: NDArray[np.int32], count: int) -> None:
        """cell_of_profile: the cell of each profile, NOBODY if it has none."""
        self.reports, self.count = reports, count
        self._cell_of_profile = cell_of_profile
        self.row, self.starts = rows, _ = _by_cell(cell_of_profile[reports.profile], count)
        self.size = np.diff(self.starts, append=len(rows))
        self.pay, self.weight = reports.pay[rows], reports.weight[rows]
        self.weight_to = np.cumsum(self.weight)
        self.before = self.weight_to[self.starts] - self.weight[self.starts]
        self.last = self.starts + self.size - 1
        self.total = self.weight_to[self.last] - self.before
        self.squared = np.add.reduceat(self.weight**2, self.starts)
        paid = self.pay * self.weight
        self.paid_before = np.cumsum(paid) - paid
        self._position = np.empty(len(reports.pay), np.int32)
        self._position[rows] = np.arange(len(rows), dtype=np.int32)

    @cached_property
    def cell(self) -> NDArray[np.int32]:
        """The cell of each position."""
        return np.repeat(np.arange(self.count, dtype=np.int32), self.size)

    def positions(self, by: ByUnit) -> Integers:
        """Return the positions of all reports in cells, sorted by cell, unit and pay."""
        order, _ = _by_cell(self._cell_of_profile[by.profile], self.count)
        return self._position[by.row[order]]

    def below(self, pay: Integers) -> Integers:
        """Return how many reports of each cell are paid less than this; shape of pay: (cells, any)."""
        asked = np.arange(self.count)[:, None] * _ABOVE_PAY + np.clip(pay, 0, _ABOVE_PAY - 1)
        return np.searchsorted(self._keys, asked) - self.starts[:, None]

    def weight_below(self, pay: Integers) -> Integers:
        """Return the weight of the reports of each cell that are paid less than this; shape of pay: (cells, any)."""
        return np.r_[0, self.weight_to][self.starts[:, None] + self.below(pay)] - self.before[:, None]

    @cached_property
    def _keys(self) -> Integers:
        """Cell and pay in one ascending number."""
        return self.cell.astype(np.int64) * _ABOVE_PAY + self.pay


def _by_cell(cell: NDArray[np.int32], count: int) -> tuple[NDArray[np.int32], Integers]:
    """Return the rows sorted by cell, in their order within each cell, and where each cell starts.

    Rows of no cell are left out. Turning a sparse matrix of a row per cell from columns into rows is a counting sort.
    """
    rows = np.flatnonzero(cell >= 0).astype(np.int32)
    ends = np.arange(len(rows) + 1, dtype=np.int32)
    by_cell = csc_array((rows, cell[rows], ends), shape=(count, len(rows))).tocsr()
    return by_cell.data, by_cell.indptr[:-1].astype(np.int64)


def runs(numbers: Integers) -> Integers:
    """Return the start of each run of equal numbers."""
    return np.flatnonzero(np.append(True, numbers[1:] != numbers[:-1])[: len(numbers)])


def sums_of_squares(values: Integers, starts: Integers) -> NDArray[np.object_]:
    """Sum the squares of the values of each group exactly, as Python integers.

    The two parts of a value are squared apart, which is exact as long as a group's values sum up to less than 2^51.
    """
    high, low = values >> _LOW_BITS, values & ((1 << _LOW_BITS) - 1)
    squares, mixed, rest = (
        np.add.reduceat(part, starts).astype(object) for part in (high * high, high * low, low * low)
    )
    return (squares << 2 * _LOW_BITS) + (mixed << _LOW_BITS + 1) + rest
