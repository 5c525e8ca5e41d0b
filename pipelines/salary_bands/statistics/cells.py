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
from salary_bands.statistics.compiled import compiled

Floats = NDArray[np.float64]
Exact = NDArray[np.object_]  # Python integers, for what needs more than 64 bits

UNITS = ("export", "employer", "day")  # what is left out one at a time; ties go to the first
MIXED = "listed_level"  # the unit of levels of reports whose tier lists all employers
NOBODY = -1  # the number of an unknown unit, and of the cell of a report that is in none
PART = 250_000  # reports of cells at a time: their arrays stay in the processor's cache
_LOW_BITS = 20
_UNITS_OF_A_REPORT = 16  # how many pairs of a cell and a unit cost what a report costs


class Reports:
    """The reports of one metric in ascending order of pay and then of weight."""

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
        unknown. clustered: whether its employer counts as a cluster. listed: whether that is of a tier whose employers
        are all known. turnover: unless cells have every report at once. times: how often each report is repeated."""
        self.times = times
        self.profile, self.pay, self.weight, self.units = profile, pay, weight, units
        self.clustered, self.listed, self.turnover = clustered, listed, turnover
        # how many numbers each kind of unit takes; the last one is that of unknown units
        self.widths = {kind: int(of.max(initial=NOBODY)) + 2 for kind, of in units.items()}
        self.slots = {kind: np.where(of == NOBODY, self.widths[kind] - 1, of) for kind, of in units.items()}

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

    def parts(self) -> Iterator[tuple[slice, "Cells"]]:
        """Yield cells in parts that are handled together, with the numbers of the cells of each part."""
        cost = self.size + max(self.reports.widths.values()) // _UNITS_OF_A_REPORT
        edges = np.flatnonzero(np.diff(np.cumsum(cost) // PART, prepend=-1))
        for first, end in zip(edges, [*edges[1:], len(self.starts)], strict=True):
            yield slice(int(first), int(end)), Cells(self, int(first), int(end))

    def waiting(self) -> tuple[Small, Small]:
        """Return cell and row of reports that count and wait to enter it, or expired and wait to leave it."""
        if self.reports.turnover is None:
            return self._entering, self._leaving
        counted = ~self.reports.turnover.is_expired[self._entering]
        row = np.concatenate([self._entering[counted], self._leaving])
        return self._cell_of_profile[self.reports.profile[row]], row


class Cells:
    """Some cells of a roll-up: their reports sorted by cell and pay.

    Running sums continue across cells, and those of pay times weight may overflow 64 bits; this is safe because only
    differences within a cell are used, which are small and so exact. The squared weights of a cell fit for up to 8
    million reports of full weight; a cell that may have more raises OverflowError.
    """

    def __init__(self, rollup: Rollup, first: int, end: int) -> None:
        """first, end: the numbers of the cells in the roll-up."""
        self.reports = rollup.reports
        self.size = rollup.size[first:end]
        start = int(rollup.starts[first])
        self.starts = rollup.starts[first:end] - start
        self.row = row = rollup.row[start : start + int(self.size.sum())]
        self.last = self.starts + self.size - 1
        found = _running_sums(row, self.starts, self.size, self.reports.pay, self.reports.weight)
        self.pay, self.weight, self.weight_to, self.paid_before, self.total, self.squared = found
        self.before = self.weight_to[self.starts] - self.weight[self.starts]
        if int(self.size.max()) * int(self.weight.max()) ** 2 >= 1 << 63:
            raise OverflowError(f"a cell of {self.size.max():,} reports has too many for sums of 64 bits")
        self._units: dict[str, Small] = {}
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
        """Return the pairs of a cell and a unit of that kind."""
        if kind not in self._pairs:
            self._pairs[kind] = Pairs.of(self, kind)
        return self._pairs[kind]

    def units(self, kind: str) -> Small:
        """The number of the unit of that kind of each report; the last number is that of unknown units."""
        if kind not in self._units:
            self._units[kind] = self.reports.slots[kind][self.row]
        return self._units[kind]


@dataclass(frozen=True)
class Pairs:
    """The pairs of a cell and a unit in it, by cell and unit; unknown units are last in each cell.

    number: the number of the pair of each report of the cells. cell, unit, reports, weight, squared, place: of each
    pair; squared is the sum of squared weights, and place is where a report of it is.
    """

    number: Integers
    cell: Integers
    unit: Integers
    reports: Integers
    weight: Integers
    squared: Integers
    place: Integers

    @classmethod
    def of(cls, cells: Cells, kind: str) -> "Pairs":
        width = cells.reports.widths[kind]
        number, columns = _paired(cells.starts, cells.size, cells.units(kind), width, cells.weight)
        cell, unit, *others = columns
        return cls(number, cell, np.where(unit == width - 1, NOBODY, unit), *others)

    def __len__(self) -> int:
        return len(self.cell)


@compiled
def _running_sums(
    row: Small, starts: Integers, sizes: Integers, pay: Integers, weight: Integers
) -> tuple[Integers, Integers, Integers, Integers, Integers, Integers]:
    """Return pay and weight of each report, the weight up to it and pay times weight before it in the cells.

    And the weight and the squared weights of each cell.
    """
    own_pay, own_weight = pay[row], weight[row]
    weight_to, paid_before = np.empty(len(row), np.int64), np.empty(len(row), np.int64)
    total, squared = np.zeros(len(starts), np.int64), np.zeros(len(starts), np.int64)
    weighed = paid = 0
    for cell in range(len(starts)):
        before = weighed
        for at in range(starts[cell], starts[cell] + sizes[cell]):
            weighed += own_weight[at]
            weight_to[at] = weighed
            paid_before[at] = paid
            paid += own_pay[at] * own_weight[at]
            squared[cell] += own_weight[at] * own_weight[at]
        total[cell] = weighed - before
    return own_pay, own_weight, weight_to, paid_before, total, squared


@compiled
def _paired(starts: Integers, sizes: Integers, units: Small, width: int, weight: Integers) -> tuple[Integers, Integers]:
    """Return the number of the pair of each report, and the other columns of `Pairs`; units are numbers below width."""
    number, pair_of_unit, sums = np.empty(len(units), np.int64), np.full(width, NOBODY), np.empty((width, 4), np.int64)
    columns = np.empty((6, len(units)), np.int64)
    count = 0
    for cell in range(len(starts)):
        first, own = count, range(starts[cell], starts[cell] + sizes[cell])
        for at in own:
            unit = units[at]
            if pair_of_unit[unit] < first:  # not seen in this cell
                pair_of_unit[unit] = first
                columns[1, count] = unit
                sums[unit] = 0
                count += 1
            sums[unit, 0] += 1
            sums[unit, 1] += weight[at]
            sums[unit, 2] += weight[at] * weight[at]
            sums[unit, 3] = at
        columns[1, first:count].sort()
        for pair in range(first, count):
            unit = columns[1, pair]
            pair_of_unit[unit] = pair
            columns[0, pair] = cell
            columns[2:, pair] = sums[unit]
        for at in own:
            number[at] = pair_of_unit[units[at]]
    return number, columns[:, :count].copy()


@compiled
def middle_units(starts: Integers, sizes: Integers, units: Small, width: int) -> Integers:
    """Return the median unit of each cell, the lower one of two; units are numbers below width."""
    counts, found = np.zeros(width, np.int64), np.empty(len(starts), np.int64)
    for cell in range(len(starts)):
        counts[:] = 0
        for at in range(starts[cell], starts[cell] + sizes[cell]):
            counts[units[at]] += 1
        unit, passed = 0, counts[0]
        while 2 * passed < sizes[cell]:
            unit += 1
            passed += counts[unit]
        found[cell] = unit
    return found


def runs(numbers: NDArray[np.integer]) -> Integers:
    """Return the start of each run of equal numbers."""
    return np.flatnonzero(np.append(True, numbers[1:] != numbers[:-1])[: len(numbers)])


def sums_of_squares(values: Integers, starts: Integers) -> Exact:
    """Sum the squares of the values of each group exactly.

    Where squares may not fit, the two parts of a value are squared apart, which is exact as long as a group's values
    sum up to less than 2^51.
    """
    if int(np.abs(values).max(initial=0)) ** 2 * len(values) < 1 << 63:
        return np.add.reduceat(values * values, starts).astype(object)
    high, low = values >> _LOW_BITS, values & ((1 << _LOW_BITS) - 1)
    squares, mixed, rest = (
        np.add.reduceat(part, starts).astype(object) for part in (high * high, high * low, low * low)
    )
    return (squares << 2 * _LOW_BITS) + (mixed << _LOW_BITS + 1) + rest
