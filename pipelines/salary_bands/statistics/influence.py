"""Measure how far the figures of a cell would move without one export, one employer or one day."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

UNIT_KINDS = ("export", "employer", "day")  # ties go to the first kind
_PERCENTILES = {"p50": 50, "p90": 90}
_DECIMALS = 12  # further digits depend on the order of floating-point operations

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


def largest_shifts(cells: pd.DataFrame, reports: pd.DataFrame) -> pd.DataFrame:
    """Find the largest move of each cell's figures if one unit is left out.

    A shift is |without / with - 1|, unrounded; it is null if no unit can be left out or if P90 is not shown. `shift_by`
    is the kind of unit that moves either figure most.

    Args:
        cells: cell, p50, p90, sorted by cell.
        reports: cell, pay, weight, export, employer, day, sorted by cell and pay. The last three are the numbers of the
            report's units, -1 for none.

    Returns:
        cell, max_shift_p50, max_shift_p90, shift_by.
    """
    numbered = _Reports(
        np.searchsorted(cells["cell"], reports["cell"]),
        reports["pay"].to_numpy("int64"),
        reports["weight"].to_numpy("int64"),
    )
    shifts = np.full((len(UNIT_KINDS), len(_PERCENTILES), len(cells)), np.nan)
    for of_kind, kind in zip(shifts, UNIT_KINDS, strict=True):
        without = _LeftOut(numbered, reports[kind].to_numpy("int64"))
        for largest, (name, percentile) in zip(of_kind, _PERCENTILES.items(), strict=True):
            with_all = cells[name].to_numpy("float64")[without.cell]
            shift = np.abs(without.percentile(percentile) - with_all) / np.where(with_all > 0, with_all, np.nan)
            np.fmax.at(largest, without.cell, np.round(shift, _DECIMALS))
    either = np.nan_to_num(np.fmax(shifts[:, 0], shifts[:, 1]), nan=-1)
    by = np.where(either.max(axis=0) >= 0, either.argmax(axis=0), len(UNIT_KINDS))
    p50, p90 = np.fmax.reduce(shifts, axis=0)
    found = {
        "cell": cells["cell"].to_numpy(),
        "max_shift_p50": p50,
        "max_shift_p90": p90,
        "shift_by": np.array([*UNIT_KINDS, None], dtype="object")[by],
    }
    return pd.DataFrame(found).astype({"shift_by": "str"})


@dataclass(frozen=True)
class _Reports:
    """Reports sorted by cell and pay; cells are numbered from 0."""

    cell: Integers
    pay: Integers
    weight: Integers


class _LeftOut:
    """Cells without one of their units: a pair of cell and unit for each unit that is not the whole cell.

    Arithmetic is in integers up to the last division. Running sums continue across cells, and sums of pay times weight
    may overflow 64 bits; this is safe because only differences within a cell are used, which are small and so exact.
    The squared weights of a cell fit for up to 8 million reports.
    """

    cell: Integers  # the cell of each pair

    def __init__(self, reports: _Reports, units: Integers) -> None:
        """Pair the cells with their units; `units` holds the number of each report's unit, -1 for none."""
        first = _runs(reports.cell)
        cell_weight = np.add.reduceat(reports.weight, first)
        cell_squared = np.add.reduceat(reports.weight**2, first)
        self._pay = reports.pay
        self._weight_to = np.cumsum(reports.weight)
        self._weight_before = self._weight_to - reports.weight
        self._paid_before = np.cumsum(reports.pay * reports.weight) - reports.pay * reports.weight

        pair = reports.cell * (units.max(initial=0) + 1) + units
        row = np.flatnonzero(units >= 0)
        row = row[np.argsort(pair[row], kind="stable")]  # sorted by pair, then pay
        unit_weight = np.add.reduceat(reports.weight[row], _runs(pair[row]))
        size = np.diff(_runs(pair[row]), append=len(row))
        row = row[np.repeat(unit_weight < cell_weight[reports.cell[row[_runs(pair[row])]]], size)]

        self._first = _runs(pair[row])  # where the rows of each pair start
        self._pair = np.repeat(np.arange(len(self._first)), np.diff(self._first, append=len(row)))
        self._unit_weight = reports.weight[row]
        self._unit_paid = reports.pay[row] * self._unit_weight
        self.cell = reports.cell[row[self._first]]
        self._cell_before = self._weight_before[first][self.cell]
        self._total = cell_weight[self.cell] - np.add.reduceat(self._unit_weight, self._first)
        self._squared = cell_squared[self.cell] - np.add.reduceat(self._unit_weight**2, self._first)
        # the remaining weight of the cell up to each report of the unit
        unit_to = np.cumsum(self._unit_weight)
        unit_to -= (unit_to - self._unit_weight)[self._first][self._pair]
        self._left_to = self._weight_to[row] - self._cell_before[self._pair] - unit_to

    def percentile(self, percentile: int) -> Floats:
        """Return the percentile of each pair in unrounded USD: the weighted type 7 quantile of `percentiles`.

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
        return ((paid_to - paid_from) + rests) * self._total / self._squared

    def _paid_up_to(self, weight: Integers) -> tuple[Integers, Integers]:
        """Return, for each pair, the sum of pay times weight up to a cumulative remaining weight, and the pay there.

        The remaining weight grows from report to report of the unit. Past the unit's last report that is within the
        weight, no further report of the unit comes before it, so the rest is read off the whole cell.
        """
        passed = self._left_to <= weight[self._pair]
        taken = np.add.reduceat(np.where(passed, self._unit_weight, 0), self._first)
        taken_paid = np.add.reduceat(np.where(passed, self._unit_paid, 0), self._first)
        there = np.searchsorted(self._weight_to, self._cell_before + taken + weight, side="right")
        there = np.minimum(there, len(self._pay) - 1)  # past the end the remaining weight is 0, so any pay will do
        rest = weight - (self._weight_before[there] - self._cell_before - taken)
        return self._paid_before[there] - taken_paid + self._pay[there] * rest, self._pay[there]


def _runs(numbers: Integers) -> Integers:
    """Return the start of each run of equal numbers."""
    return np.flatnonzero(np.append(True, numbers[1:] != numbers[:-1])[: len(numbers)])
