"""Which reports a cell has: it takes reports in five at a time, and lets them go five at a time.

Of two releases one report apart a cell has the same reports or five others, so that their difference is no single
person's pay. Membership follows from the order in which reports arrived and expired, and needs no earlier release: a
cell has all reports that count today, less the newest one to four and plus the one to four that expired last.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salary_bands.statistics.compiled import compiled

Integers = NDArray[np.int64]
Small = NDArray[np.int32]  # numbers of reports, cells and units: half the memory to move
Mask = NDArray[np.bool_]

BATCH = 5
_NOBODY = -1


@dataclass(frozen=True)
class Turnover:
    """The order in which the reports of one metric arrive and expire, and the key of each.

    arrival, expiry: ascending numbers without ties; expiry has no meaning unless is_expired. key: a keyed hash of the
    report, 64 bits.
    """

    arrival: Integers
    expiry: Integers
    is_expired: Mask
    key: NDArray[np.uint64]

    def repeated(self, times: int) -> "Turnover":
        """Return the same of reports that are each repeated `times` times in a row."""
        copies = np.tile(np.arange(times), len(self.arrival))
        arrival, expiry = (np.repeat(of, times) * times + copies for of in (self.arrival, self.expiry))
        return Turnover(arrival, expiry, np.repeat(self.is_expired, times), np.repeat(self.key, times))


class Batches:
    """The reports of one metric that may be at either end of a cell.

    A cell is a union of profiles, so that its last four are among the last four of its profiles. This makes the cost of
    a roll-up follow the number of profiles, not of reports.
    """

    def __init__(self, profile: Small, turnover: Turnover) -> None:
        self._profile, self._is_expired = profile, turnover.is_expired
        count = int(profile.max(initial=0)) + 1
        self._counted = np.bincount(profile, minlength=count)
        self._expired = np.bincount(profile[turnover.is_expired], minlength=count)
        every = np.argsort(turnover.arrival, kind="stable").astype(np.int32)
        self._last_in = every[np.sort(_last(every, profile[every], count, BATCH - 1))]
        expired = np.flatnonzero(turnover.is_expired).astype(np.int32)
        expired = expired[np.argsort(turnover.expiry[expired], kind="stable")]
        # up to four of those that expired last may have arrived last, and so not be in the cell
        self._last_out = expired[np.sort(_last(expired, profile[expired], count, 2 * (BATCH - 1)))]

    def edges(self, cell_of_profile: Small, count: int) -> tuple[Small, Small]:
        """Return the reports that wait to enter each cell, and the expired ones that wait to leave it.

        Args:
            cell_of_profile: the cell of each profile, -1 if it has none.
            count: the number of cells.
        """
        inside = np.flatnonzero(cell_of_profile[: len(self._counted)] != _NOBODY)
        cell = cell_of_profile[inside]
        counted, expired = (
            np.bincount(cell, of[inside], minlength=count).astype(np.int64) for of in (self._counted, self._expired)
        )
        arrived = cell_of_profile[self._profile[self._last_in]]
        waiting = self._last_in[_last(self._last_in, arrived, count, counted % BATCH)]
        outside = waiting[self._is_expired[waiting]]
        expired -= np.bincount(cell_of_profile[self._profile[outside]], minlength=count)
        entered = self._last_out[~np.isin(self._last_out, outside)]
        left = cell_of_profile[self._profile[entered]]
        return waiting, entered[_last(entered, left, count, expired % BATCH)]

    def member_cells(self, cell_of_profile: Small, count: int) -> Small:
        """Return the cell of each report that it is a member of, -1 if of none."""
        return self.members(cell_of_profile, *self.edges(cell_of_profile, count))

    def members(self, cell_of_profile: Small, waiting: Small, staying: Small) -> Small:
        """Return the same of what `edges` returns."""
        cell = np.where(self._is_expired, np.int32(_NOBODY), cell_of_profile[self._profile])
        cell[waiting] = _NOBODY
        cell[staying] = cell_of_profile[self._profile[staying]]
        return np.asarray(cell, np.int32)


def _last(values: Small, cell: Small, count: int, most: int | Integers) -> Integers:
    """Return the places of the last values of each cell, in order of cells; most: how many, of each cell or of all."""
    places, starts = by_cell(np.arange(len(values), dtype=np.int32), cell, count)
    size = np.diff(starts, append=len(places))
    wanted = np.minimum(size, most)
    ends = np.repeat(starts + size, wanted)
    back = np.arange(int(wanted.sum())) - np.repeat(np.cumsum(wanted) - wanted, wanted)
    return places[ends - 1 - back].astype(np.int64)


@compiled
def by_cell(values: Small, cell: Small, count: int) -> tuple[Small, Integers]:
    """Return the values sorted by cell, in their order within each cell, and where each cell starts.

    Those of no cell are left out. A counting sort.
    """
    ends = np.zeros(count + 1, np.int64)
    for of in cell:
        if of >= 0:
            ends[of + 1] += 1
    ends = np.cumsum(ends)
    starts, found = ends[:-1].copy(), np.empty(ends[-1], values.dtype)
    for at in range(len(values)):
        of = cell[at]
        if of >= 0:
            found[ends[of]] = values[at]
            ends[of] += 1
    return found, starts
