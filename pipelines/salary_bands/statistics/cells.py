"""The cells of one roll-up of the cube: reports sorted by cell and pay, with running sums over them.

A roll-up keeps tier, level and market at one grain each and takes groups without a common leaf, so that a report is in
one cell at most. Memory grows with reports, not with reports times cells.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from salary_bands.statistics.batches import Batches, Integers, Mask, Small, Turnover, by_cell

Floats = NDArray[np.float64]
Exact = NDArray[np.object_]  # Python integers, for what needs more than 64 bits

UNITS = ("export", "employer", "day")  # what is left out one at a time; ties go to the first
NOBODY = -1  # the number of an unknown unit, and of the cell of a report that is in none
PART = 250_000  # reports of cells at a time: their arrays stay in the processor's cache
_ABOVE_PAY = 1 << 40
_LOW_BITS = 20


class Reports:
    """The reports of one metric in ascending order of pay and then of weight, and their order by each kind of unit."""

    def __init__(
        self,
        profile: Small,
        pay: Integers,
        weight: Integers,
        units: Mapping[str, Small],
        clustered: Mask,
        listed: Mask,
        turnover: Turnover | None = None,
        times: int = 1,
    ):
        """profile: the number of each report's profile. units: the numbers of its export, employer and day, NOBODY if
        unknown. clustered: whether its employer counts as a cluster. listed: whether it is of a tier whose employers
        are all known. turnover: unless cells have every report at once. times: how often each report is repeated."""
        self.times = times
        self.profile, self.pay, self.weight, self.units = profile, pay, weight, units
        self.clustered, self.listed, self.turnover = clustered, listed, turnover
        # by unit and then by pay, with unknown units last
        self.by_unit = {
            kind: np.argsort(of.view(np.uint32), kind="stable").astype(np.int32) for kind, of in units.items()
        }

    def repeated(self, times: int) -> "Reports":
        """Return every report several times; the copy n of a profile is `times` x profile + n."""
        if times == 1:
            return self
        copies = np.tile(np.arange(times, dtype=np.int32), len(self.profile))
        return Reports(
            np.repeat(self.profile * np.int32(times), times) + copies,
            np.repeat(self.pay, times),
            np.repeat(self.weight, times),
            {kind: np.repeat(of, times) for kind, of in self.units.items()},
            np.repeat(self.clustered, times),
            np.repeat(self.listed, times),
            self.turnover and self.turnover.repeated(times),
            times,
        )

    @cached_property
    def batches(self) -> Batches | None:
        """How they come to cells and leave them."""
        return Batches(self.profile, self.turnover) if self.turnover else None


class Rollup:
    """All reports of one roll-up, sorted by cell; cells are numbered from 0, and each has a member.

    Several roll-ups of repeated reports are one too.
    """

    def __init__(self, reports: Reports, cell_of_profile: Small, count: int) -> None:
        """cell_of_profile: the cell of each profile, NOBODY if it has none."""
        self.reports = reports
        none = np.zeros(0, np.int32)
        # reports that wait to enter a cell, and expired ones that wait to leave it
        self._entering, self._leaving = none, none
        if reports.batches is None:
            self._cell = cell_of_profile[reports.profile]
        else:
            self._entering, self._leaving = reports.batches.edges(cell_of_profile, count)
            self._cell = reports.batches.members(cell_of_profile, self._entering, self._leaving)
        self._cell_of_profile = cell_of_profile
        every = np.arange(len(reports.pay), dtype=np.int32)
        self.row, self.starts = by_cell(every, self._cell, count)
        self.size = np.diff(self.starts, append=len(self.row))
        self._by_unit: dict[str, Small] = {}

    def parts(self) -> Iterator[tuple[slice, "Cells"]]:
        """Yield cells in parts that are handled together, with the numbers of the cells of each part."""
        edges = np.flatnonzero(np.diff((self.starts + self.size) // PART, prepend=-1))
        for first, end in zip(edges, [*edges[1:], len(self.starts)], strict=True):
            yield slice(int(first), int(end)), Cells(self, int(first), int(end))

    def waiting(self) -> tuple[Small, Small]:
        """Return cell and row of reports that count and wait to enter it, or expired and wait to leave it."""
        if self.reports.turnover is None:
            return self._entering, self._leaving
        counted = ~self.reports.turnover.is_expired[self._entering]
        row = np.concatenate([self._entering[counted], self._leaving])
        return self._cell_of_profile[self.reports.profile[row]], row

    @cached_property
    def position(self) -> Small:
        """The place of each report in the order of cells and pay."""
        position = np.empty(len(self.reports.pay), np.int32)
        position[self.row] = np.arange(len(self.row), dtype=np.int32)
        return position

    def by_unit(self, kind: str) -> Small:
        """Return the rows by cell, unit and pay."""
        if kind not in self._by_unit:
            rows = self.reports.by_unit[kind]
            self._by_unit[kind], _ = by_cell(rows, self._cell[rows], len(self.starts))
        return self._by_unit[kind]


class Cells:
    """Some cells of a roll-up: their reports sorted by cell and pay.

    Running sums continue across cells, and those of pay times weight may overflow 64 bits; this is safe because only
    differences within a cell are used, which are small and so exact. The squared weights of a cell fit for up to 8
    million reports of full weight; a cell that may have more raises OverflowError.
    """

    def __init__(self, rollup: Rollup, first: int, end: int) -> None:
        """first, end: the numbers of the cells in the roll-up."""
        self._rollup = rollup
        self.reports = rollup.reports
        self.size = rollup.size[first:end]
        self._from = int(rollup.starts[first])
        self.starts = rollup.starts[first:end] - self._from
        self._rows = slice(self._from, self._from + int(self.size.sum()))
        self.row = row = rollup.row[self._rows]
        self.pay, self.weight = self.reports.pay[row], self.reports.weight[row]
        self.weight_to = np.cumsum(self.weight)
        self.last = self.starts + self.size - 1
        self.before = self.weight_to[self.starts] - self.weight[self.starts]
        self.total = self.weight_to[self.last] - self.before
        if int(self.size.max()) * int(self.weight.max()) ** 2 >= 1 << 63:
            raise OverflowError(f"a cell of {self.size.max():,} reports has too many for sums of 64 bits")
        self.squared = np.add.reduceat(self.weight**2, self.starts)
        paid = self.pay * self.weight
        self.paid_before = np.cumsum(paid) - paid
        self._pairs: dict[str, Pairs] = {}

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def keys(self) -> NDArray[np.uint64] | None:
        """The sum of the keys of the reports of each cell, modulo 2^64; None if figures are not protected."""
        if self.reports.turnover is None:
            return None
        return np.add.reduceat(self.reports.turnover.key[self.row], self.starts)

    @cached_property
    def cell(self) -> Small:
        """The cell of each report."""
        return np.repeat(np.arange(len(self), dtype=np.int32), self.size)

    def pairs(self, kind: str) -> "Pairs":
        """Return the reports of the cells by unit."""
        if kind not in self._pairs:
            row = self._rollup.by_unit(kind)[self._rows]
            self._pairs[kind] = Pairs.of(self, row, self._rollup.position[row] - np.int32(self._from), kind)
        return self._pairs[kind]

    def below(self, pay: Integers) -> Integers:
        """Return how many reports of each cell are paid less than this; shape of pay: (cells, any)."""
        asked = np.arange(len(self))[:, None] * _ABOVE_PAY + np.clip(pay, 0, _ABOVE_PAY - 1)
        return np.searchsorted(self._keys, asked) - self.starts[:, None]

    def weight_below(self, pay: Integers) -> Integers:
        """Return the weight of the reports of each cell that are paid less than this; shape of pay: (cells, any)."""
        return np.r_[0, self.weight_to][self.starts[:, None] + self.below(pay)] - self.before[:, None]

    @cached_property
    def _keys(self) -> Integers:
        """Cell and pay in one ascending number."""
        return self.cell.astype(np.int64) * _ABOVE_PAY + self.pay


@dataclass(frozen=True)
class Pairs:
    """Reports by cell, unit and pay, and the pairs of a cell and a unit in it; unknown units are last in each cell.

    row, position: of each report in the metric's reports and in the cells. report_weight, report_paid: its weight, and
    its pay times weight. first, size, cell, unit, weight, squared: of each pair; squared is the sum of squared weights.
    """

    row: Small
    position: Small
    report_weight: Integers
    report_paid: Integers
    first: Integers
    size: Integers
    cell: Small
    unit: Small
    weight: Integers
    squared: Integers

    @classmethod
    def of(cls, cells: Cells, row: Small, position: Small, kind: str) -> "Pairs":
        unit = cells.reports.units[kind][row]
        new = np.empty(len(unit), bool)
        np.not_equal(unit[1:], unit[:-1], out=new[1:])
        new[cells.starts] = True
        first = np.flatnonzero(new)
        weight = cells.weight[position]
        return cls(
            row=row,
            position=position,
            report_weight=weight,
            report_paid=cells.pay[position] * weight,
            first=first,
            size=np.diff(first, append=len(row)),
            cell=cells.cell[first],
            unit=unit[first],
            weight=np.add.reduceat(weight, first),
            squared=np.add.reduceat(weight * weight, first),
        )

    @cached_property
    def weight_to(self) -> Integers:
        """The weight up to and with each report."""
        return np.cumsum(self.report_weight)

    @cached_property
    def paid_to(self) -> Integers:
        """Pay times weight up to and with each report; only differences count, as in cells."""
        return np.cumsum(self.report_paid)


def runs(numbers: NDArray[np.integer]) -> Integers:
    """Return the start of each run of equal numbers."""
    return np.flatnonzero(np.append(True, numbers[1:] != numbers[:-1])[: len(numbers)])


def sums_of_squares(values: Integers, starts: Integers) -> Exact:
    """Sum the squares of the values of each group exactly.

    The two parts of a value are squared apart, which is exact as long as a group's values sum up to less than 2^51.
    """
    high, low = values >> _LOW_BITS, values & ((1 << _LOW_BITS) - 1)
    squares, mixed, rest = (
        np.add.reduceat(part, starts).astype(object) for part in (high * high, high * low, low * low)
    )
    return (squares << 2 * _LOW_BITS) + (mixed << _LOW_BITS + 1) + rest
