"""How far the medians of two releases, which share reports and employers, are apart beyond noise."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from salary_bands.statistics.batches import Batches, Turnover, by_cell
from salary_bands.statistics.cells import NOBODY, Exact, Floats, Integers, Mask, Small, runs, sums_of_squares
from salary_bands.statistics.jitter import FIGURE, Keys, largest_moves, moves


@dataclass(frozen=True)
class PairedReports:
    """Reports of one metric that either release has, in the order of their employers.

    weight, former_weight: in each release, 0 if it does not have the report. employer: its number, NOBODY if unknown.
    clustered: whether the employer counts as a cluster. now, then: how reports come to cells and leave them in each
    release, unless cells have all of them at once.
    """

    profile: Small
    pay: Integers
    weight: Integers
    former_weight: Integers
    employer: Small
    clustered: Mask
    now: "Deliveries | None" = None
    then: "Deliveries | None" = None

    def edges(self, cell_of_profile: Small, count: int) -> "tuple[Edges | None, Edges | None]":
        """Return the edges of each release in the cells of a roll-up, None if cells have all reports at once."""
        now, then = (None if of is None else of.edges(cell_of_profile, count) for of in (self.now, self.then))
        return now, then

    def weights(self, edges: "tuple[Edges | None, Edges | None]") -> Integers:
        """Return the weight of each report in its cell in both releases, 0 if the cell does not have it; (2, any)."""
        every = np.stack([self.weight, self.former_weight])
        for weights, of, at in zip(every, (self.now, self.then), edges, strict=True):
            if of is not None and at is not None:
                staying = weights[of.rows[at.leaving]]
                weights[of.rows[of.turnover.is_expired]] = 0
                weights[of.rows[at.entering]] = 0
                weights[of.rows[at.leaving]] = staying
        return every


@dataclass(frozen=True)
class Edges:
    """Reports of one release that wait to enter their cell of a roll-up, and expired ones that wait to leave it."""

    entering: Small
    leaving: Small


@dataclass(frozen=True)
class Deliveries:
    """The reports of one release among others, and how they come to cells and leave them."""

    rows: Integers
    profile: Small
    turnover: Turnover
    batches: Batches

    def edges(self, cell_of_profile: Small, count: int) -> Edges:
        return Edges(*self.batches.edges(cell_of_profile, count))

    @cached_property
    def _sums(self) -> tuple[Keys, Integers]:
        """The sum of keys and the number of the reports of each profile that have not expired."""
        there = ~self.turnover.is_expired
        keys = np.zeros(int(self.profile.max(initial=0)) + 1, np.uint64)
        np.add.at(keys, self.profile[there], self.turnover.key[there])
        return keys, np.bincount(self.profile[there], minlength=len(keys))

    def moved_medians(self, edges: Edges, cell_of_profile: Small, count: int) -> Integers:
        """Return by how many hundredths of a rank the median of each cell moves; see `statistics/jitter.py`."""
        of_profile, number = self._sums
        inside = np.flatnonzero(cell_of_profile[: len(of_profile)] != NOBODY)
        cell = cell_of_profile[inside]
        keys, reports = np.zeros(count, np.uint64), np.zeros(count, np.int64)
        np.add.at(keys, cell, of_profile[inside])
        np.add.at(reports, cell, number[inside])
        entering = edges.entering[~self.turnover.is_expired[edges.entering]]
        for change, rows in ((np.subtract, entering), (np.add, edges.leaving)):
            cell = cell_of_profile[self.profile[rows]]
            change.at(keys, cell, self.turnover.key[rows])
            change.at(reports, cell, 1)
        return moves(keys, reports, reports[:, None], (50,), FIGURE)[:, 0]

    def waiting(self, edges: Edges, cell_of_profile: Small) -> tuple[Integers, Integers]:
        """Return the cell and the arrival of reports that wait to enter it, or expired and wait to leave it."""
        rows = np.concatenate([edges.entering[~self.turnover.is_expired[edges.entering]], edges.leaving])
        return cell_of_profile[self.profile[rows]].astype(np.int64), self.turnover.arrival[rows]


def share_differences(
    reports: PairedReports,
    cell_of_profile: Small,
    medians: Integers,
    correlation: float,
    max_unknown_factor: float,
    edges: tuple[Edges | None, Edges | None] = (None, None),
) -> tuple[Floats, Floats, Floats]:
    """Compare the shares of weight below the middle of the two medians, for each cell of a roll-up.

    A report counts with c, its share of the weight now less its share of the former weight, so that what is in both
    releases nearly cancels. With sums over reports and employers,

        variance = 1/4 sum(c^2) + factor * greatest(usual, seen), not below 0.

    usual is 1/4 of the correlation times the products of the c of reports of one cluster. seen is what the products of
    c times (1/2 below the middle, -1/2 above) sum up to within employers: of any tier, since who answers at each
    employer differs between periods also where the list of employers is complete. factor allows for reports without an
    employer, which are taken to be of the known ones, as in `statistics/effective.py`. Sums are of integers.

    Args:
        cell_of_profile: the cell of each profile, numbered from 0; NOBODY if it has none. A cell without a report in
            either release has no difference.
        medians: (cells, 2), now and formerly.
        edges: those of these cells, of `PairedReports.edges`.

    Returns:
        The difference of the shares, its variance, and what moves of the two ranks add to it.
    """
    every = reports.weights(edges)
    numbers = np.arange(len(reports.pay), dtype=np.int32)
    row, starts = by_cell(numbers, cell_of_profile[reports.profile], len(medians))
    cell = np.repeat(np.arange(len(medians)), np.diff(starts, append=len(row)))
    weights = every[:, row]
    there = weights.any(axis=0)
    if not there.all():
        row, cell, weights = row[there], cell[there], weights[:, there]
    employer, clustered = reports.employer[row], reports.clustered[row]
    scores = weights * np.sign(medians.sum(axis=1)[cell] - 2 * reports.pay[row])

    cells = runs(cell)
    totals = np.add.reduceat(weights, cells, axis=1).astype(object)
    named = employer != NOBODY
    pairs = runs(cell * (int(employer.max(initial=0)) + 2) + employer + 1)
    firsts = runs(cell[pairs])

    def apart(values: Integers) -> Floats:
        return _squared(values, cells, totals)

    def together(values: Integers) -> Floats:
        return _squared(np.add.reduceat(values, pairs, axis=1), firsts, totals)

    of_clusters, of_employers = weights * (clustered & named), scores * named
    usual = correlation * np.maximum(together(of_clusters) - apart(of_clusters), 0)
    seen = together(of_employers) - apart(of_employers)
    known = np.add.reduceat(weights[0] * named, cells)
    factor = _unknown_factors(totals[0].astype(float), known.astype(float), max_unknown_factor)
    variances = (apart(weights) + factor * np.maximum(np.maximum(usual, seen), 0)) / 4
    now, then = (sums.astype(float) for sums in np.add.reduceat(scores, cells, axis=1))
    with np.errstate(divide="ignore", invalid="ignore"):
        differences = (now / totals[0].astype(float) - then / totals[1].astype(float)) / 2
    found = np.full((3, len(medians)), np.nan)
    moved = np.zeros(len(cells)) if reports.now is None else _moved_variance(weights, cells)
    found[:, cell[cells]] = differences, variances, moved
    return found[0], found[1], found[2]


def _moved_variance(weights: Integers, cells: Integers) -> Floats:
    """Sum up over releases the variance of the share by which the rank of a median is moved; weights: (2, any)."""
    added = np.zeros(len(cells))
    for of_release in weights:
        reports = np.add.reduceat((of_release > 0).astype(np.int64), cells)
        total = np.add.reduceat(of_release, cells).astype(float)
        rank = np.divide(
            sums_of_squares(of_release, cells).astype(float), total**2, out=np.zeros(len(cells)), where=total > 0
        )
        added += (largest_moves(reports, reports[:, None], (50,))[:, 0] / 100 * rank) ** 2 / 3
    return added


def _squared(values: Integers, firsts: Integers, totals: Exact) -> Floats:
    """Sum the squares of (value now / total now - former value / former total) by cell; values: (2, any)."""
    (now, former), (total, former_total) = values, totals
    of_now, of_former = sums_of_squares(now, firsts), sums_of_squares(former, firsts)
    product = sums_of_squares(now + former, firsts) - of_now - of_former
    scaled = of_now * former_total**2 - product * total * former_total + of_former * total**2
    unit = (total * former_total) ** 2
    # a cell without reports in one release has no difference
    there = unit > 0
    return np.where(there, scaled / np.where(there, unit, 1), np.nan).astype(float)


def _unknown_factors(total: Floats, known: Floats, most: float) -> Floats:
    ratio = np.divide(total, known, out=np.ones_like(total), where=known > 0)
    return np.minimum(ratio * ratio, most)
