"""How far the medians of two releases, which share reports and employers, are apart beyond noise."""

from dataclasses import dataclass

import numpy as np

from salary_bands.statistics.batches import Batches, Turnover
from salary_bands.statistics.cells import NOBODY, Exact, Floats, Integers, Mask, Small, runs, sums_of_squares
from salary_bands.statistics.jitter import FIGURE, largest_moves, moves


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

    def placed(self, cell_of_profile: Small, count: int) -> "tuple[Placed | None, Placed | None]":
        """Return where the reports of each release are in the cells of a roll-up, None if cells have all of them."""
        now, then = (None if of is None else of.placed(cell_of_profile, count) for of in (self.now, self.then))
        return now, then

    def weights(self, placed: "tuple[Placed | None, Placed | None]") -> Integers:
        """Return the weight of each report in its cell in both releases, 0 if the cell does not have it."""
        weights = np.stack([self.weight, self.former_weight])
        for of_release, of, where in zip(weights, (self.now, self.then), placed, strict=True):
            if of is not None and where is not None:
                is_member = np.zeros(len(of_release), bool)
                is_member[of.rows] = where.cell != NOBODY
                of_release[~is_member] = 0
        return weights


@dataclass(frozen=True)
class Placed:
    """The reports of one release in the cells of a roll-up.

    cell: of each report that it is a member of, NOBODY if of none. entering, leaving: the reports that wait to enter
    their cell, and the expired ones that wait to leave it.
    """

    cell: Small
    entering: Small
    leaving: Small


@dataclass(frozen=True)
class Deliveries:
    """The reports of one release among others, and how they come to cells and leave them."""

    rows: Integers
    profile: Small
    turnover: Turnover
    batches: Batches

    def placed(self, cell_of_profile: Small, count: int) -> Placed:
        entering, leaving = self.batches.edges(cell_of_profile, count)
        return Placed(self.batches.members(cell_of_profile, entering, leaving), entering, leaving)

    def moved_medians(self, placed: Placed, count: int) -> Integers:
        """Return by how many hundredths of a rank the median of each cell moves; see `statistics/jitter.py`."""
        inside = np.flatnonzero(placed.cell != NOBODY)
        keys = np.zeros(count, np.uint64)
        np.add.at(keys, placed.cell[inside], self.turnover.key[inside])
        reports = np.bincount(placed.cell[inside], minlength=count)
        return moves(keys, reports, reports[:, None], (50,), FIGURE)[:, 0]

    def waiting(self, placed: Placed, cell_of_profile: Small) -> tuple[Integers, Integers]:
        """Return the cell and the arrival of reports that wait to enter it, or expired and wait to leave it."""
        rows = np.concatenate([placed.entering[~self.turnover.is_expired[placed.entering]], placed.leaving])
        return cell_of_profile[self.profile[rows]].astype(np.int64), self.turnover.arrival[rows]


def share_differences(
    reports: PairedReports,
    cell_of_profile: Small,
    medians: Integers,
    correlation: float,
    max_unknown_factor: float,
    placed: tuple[Placed | None, Placed | None] = (None, None),
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
        placed: where the reports are in these cells, of `PairedReports.placed`.

    Returns:
        The difference of the shares, its variance, and what moves of the two ranks add to it.
    """
    every = reports.weights(placed)
    inside = np.flatnonzero((cell_of_profile[reports.profile] != NOBODY) & every.any(axis=0))
    cell = cell_of_profile[reports.profile[inside]].astype(np.min_scalar_type(len(medians)))
    order = np.argsort(cell, kind="stable")
    row, cell = inside[order], cell[order].astype(np.int64)
    weights = every[:, row]
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
