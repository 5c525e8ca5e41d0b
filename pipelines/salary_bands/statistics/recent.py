"""Whether the reports that were delivered lately move a cell, and who confirms the move.

The reports of a cell are split by when they were delivered. Both parts are compared by residuals of log pay, so that
neither another mix of people nor what pay did everywhere is a move. A move is confirmed by sources and employers that
had reports before. Nobody can take honest reports away, so that made-up ones come on top: a cell that has more recent
reports than usual is judged more strictly, also by how far its median would move without them, and only as many of them
confirm a move as are usual, those that moved least.
"""

from dataclasses import dataclass

import numpy as np

from salary_bands.settings import Settings
from salary_bands.statistics.batches import Integers, Mask, Small
from salary_bands.statistics.cells import NOBODY, Cells, Floats, runs

LOG_UNIT = 1 << 16  # residuals are in units of 1 / 2^16
DECIMALS = 6  # further digits depend on the order of floating-point operations
PRIOR = 5.0  # reports that even deliveries count for beside what a source delivers outside a cell
LUCK = 2.0  # squared reports that a surplus errs by if none are expected
SHOWN, SURE = 0.5, 0.75  # share of a move that those who confirm it show; SURE if there is a surplus
_WEEKS = 52.0


@dataclass(frozen=True)
class Delivered:
    """What is known of each report of a metric beside its pay.

    residual: of log pay, 1 / 2^16. variance: the usual one of residuals where the report is from, squared logs.
    is_recent: delivered lately. is_counted: not expired. employer: NOBODY if unknown. arrival: ascending, without ties.
    """

    residual: Integers
    variance: Floats
    is_recent: Mask
    is_counted: Mask
    source: Small
    employer: Small
    arrival: Integers


@dataclass(frozen=True)
class Moves:
    """By cell: how far recent reports move mean log pay and the median, and whether the cell is unsettled by them.

    move, errors: of the mean of residuals, in logs and in standard errors. shift: of the median, in logs. NaN if there
    are no recent or no earlier reports.
    """

    move: Floats
    errors: Floats
    shift: Floats
    is_unsettled: Mask


class Recent:
    """The recent reports of one metric beside what sources and employers had delivered before."""

    def __init__(self, delivered: Delivered, correlation: float, settings: Settings) -> None:
        """correlation: of log pay within employers."""
        self._of, self._correlation, self._settings = delivered, correlation, settings
        weeks = settings.unsettled_weeks
        self._rate = weeks / max(settings.window_months * _WEEKS / 12 - weeks, 1.0)  # if deliveries are even
        sources, employers = int(delivered.source.max(initial=0)) + 1, int(delivered.employer.max(initial=0)) + 1
        earlier, recent = (delivered.is_counted & (delivered.is_recent == lately) for lately in (False, True))
        self._earlier = np.bincount(delivered.source[earlier], minlength=sources)
        self._recent = np.bincount(delivered.source[recent], minlength=sources)
        named = earlier & (delivered.employer != NOBODY)
        self._was_there = np.bincount(delivered.employer[named], minlength=employers) > 0

    def moves(self, cells: Cells, row: Small) -> Moves:
        """Find the moves of some cells. row: the number in `delivered` of each report of the cells."""
        of, starts, cell, settings = self._of, cells.starts, cells.cell, self._settings
        recent, weight, residual = of.is_recent[row], cells.weight.astype(float), of.residual[row] / LOG_UNIT
        new, old = np.where(recent, weight, 0.0), np.where(recent, 0.0, weight)
        total_new, total_old = np.add.reduceat(new, starts), np.add.reduceat(old, starts)
        both = (total_new > 0) & (total_old > 0)
        total_new, total_old = np.where(both, total_new, 1.0), np.where(both, total_old, 1.0)
        mean_old = np.add.reduceat(old * residual, starts) / total_old
        difference = np.where(both, np.add.reduceat(new * residual, starts) / total_new - mean_old, 0.0)
        deviation = residual - mean_old[cell]
        squares = self._squares(cells, new / total_new[cell] - old / total_old[cell])
        error = np.sqrt(self._variances(cells, row, old, deviation) * squares)
        errors = np.round(difference / np.where(error > 0, error, np.inf), DECIMALS)
        move = np.round(difference * total_new / (total_new + total_old), DECIMALS)
        without = _medians(cells, np.where(both[cell], old, weight))
        shift: Floats = np.asarray(np.round(np.log(_medians(cells, weight) / without), DECIMALS), np.float64)
        moved_mean = np.abs(move) > settings.unsettled_move
        unsettled = (moved_mean & (np.abs(errors) > settings.unsettled_surplus_errors)) | (
            np.abs(shift) > settings.unsettled_move
        )
        inside = unsettled[cell]
        if inside.any():
            number = (np.cumsum(unsettled) - 1)[cell[inside]]
            share = (total_new / (total_new + total_old))[unsettled]
            claim = np.where(np.abs(shift) > np.abs(move), shift, move)[unsettled] / share
            surplus, confirmed = self._told(number, row[inside], deviation[inside], difference[unsettled], claim)
            clear = moved_mean & (np.abs(errors) > settings.unsettled_errors)
            unsettled[unsettled] = (surplus | clear[unsettled]) & ~confirmed
        move, errors, shift = (np.where(both, of, np.nan) for of in (move, errors, shift))
        return Moves(move, errors, shift, unsettled)

    def _variances(self, cells: Cells, row: Small, old: Floats, deviation: Floats) -> Floats:
        """Return the variance of residuals in each cell: that of its earlier reports, drawn towards the usual one."""
        starts, prior = cells.starts, self._settings.variance_prior
        usual = np.add.reduceat(cells.weight * self._of.variance[row], starts) / cells.total
        counts, total = np.add.reduceat((old > 0).astype(float), starts), np.add.reduceat(old, starts)
        own = np.add.reduceat(old * deviation**2, starts) / np.where(total > 0, total, 1.0)
        return np.asarray((counts * own + prior * usual) / np.maximum(counts - 1 + prior, prior))

    def _squares(self, cells: Cells, share: Floats) -> Floats:
        """Return the sum of squared shares, those of one employer taken together as far as its people are alike."""
        pairs = cells.pairs("employer")
        together, apart = (np.bincount(pairs.number, of, len(pairs)) for of in (share, share * share))
        alike = np.where(pairs.unit == NOBODY, apart, together**2)
        of_unit = (1 - self._correlation) * apart + self._correlation * alike
        return np.asarray(np.bincount(pairs.cell, of_unit, len(cells)), np.float64)

    def _told(
        self, cell: Integers, row: Small, deviation: Floats, difference: Floats, claim: Floats
    ) -> tuple[Mask, Mask]:
        """Return which cells have more recent reports than usual, and which moves enough sources or employers confirm.

        Args:
            cell: of each report, below the length of difference.
            deviation: how far each report is from the earlier ones.
            difference: between recent and earlier reports of each cell.
            claim: the same, but what would explain how far the median shifts, if that is more; needs to be confirmed if
                there is a surplus.
        """
        of, sources, count, settings = self._of, len(self._earlier), len(difference), self._settings
        recent, unit = of.is_recent[row], cell * sources + of.source[row]
        news, olds = (
            np.bincount(unit[recent == lately], minlength=count * sources).reshape(count, sources)
            for lately in (True, False)
        )
        usual, surplus = self._surplus(news, olds)
        has_surplus = surplus > settings.unsettled_surplus
        signed = np.where(has_surplus, SURE * claim, SHOWN * difference)
        enough, moved = np.round(np.abs(signed), DECIMALS), deviation * np.sign(signed)[cell]
        few = np.floor(usual - np.sqrt(usual) + 0.5)
        kept = np.where(has_surplus[:, None], few, np.where(olds > 0, news, 0)).astype(np.int64).ravel()
        chosen = np.flatnonzero(recent)
        chosen = chosen[np.lexsort((of.arrival[row[chosen]], np.round(moved[chosen], DECIMALS), unit[chosen]))]
        starts = runs(unit[chosen])
        rank = np.arange(len(chosen)) - np.repeat(starts, np.diff(starts, append=len(chosen)))
        chosen = chosen[rank < kept[unit[chosen]]]
        by_source = _means(unit[chosen], moved[chosen], count * sources).reshape(count, sources)
        whole = _means(cell[chosen], moved[chosen], count)
        confirmed = ((by_source > 0).sum(axis=1) >= settings.unsettled_sources) & (whole >= enough)
        employer = of.employer[row[chosen]]
        chosen = chosen[(employer != NOBODY) & self._was_there[np.maximum(employer, 0)]]
        number = len(self._was_there)
        pairs, which = np.unique(cell[chosen] * number + of.employer[row[chosen]], return_inverse=True)
        typical = _means(pairs // number, _means(which, moved[chosen], len(pairs)), count)
        employers = np.bincount(pairs // number, minlength=count)
        return has_surplus, confirmed | (employers >= settings.unsettled_employers) & (typical >= enough)

    def _surplus(self, news: Integers, olds: Integers) -> tuple[Floats, Floats]:
        """Return how many recent reports of each cell and source are usual, and the surplus of each cell.

        What a source delivers outside the cell says what is usual: it grows by its own pace, and a source without
        earlier reports is spread as earlier reports are. The surplus is that of all sources, or of the one with the
        largest, in standard errors.

        Args:
            news, olds: recent and earlier reports, of shape (cells, sources).
        """
        rest_new, rest_old = np.maximum(self._recent - news, 0), np.maximum(self._earlier - olds, 0)
        usual = olds * (rest_new + PRIOR * self._rate) / (rest_old + PRIOR)
        earlier = np.maximum(olds.sum(axis=1, keepdims=True), 1)
        place = earlier / (earlier + rest_old.sum(axis=1, keepdims=True))
        expected = np.maximum(usual, rest_new * place)
        each = (news - expected) / np.sqrt(expected * (1 + expected / earlier) + LUCK)
        whole = expected.sum(axis=1, keepdims=True)
        together = (news.sum(axis=1, keepdims=True) - whole) / np.sqrt(whole * (1 + whole / earlier) + LUCK)
        return usual, np.round(np.maximum(each.max(axis=1), together[:, 0]), DECIMALS)


def _medians(cells: Cells, weight: Floats) -> Floats:
    """Return the pay of the report of each cell at which half of the weight is reached, at least 1."""
    passed = np.cumsum(weight)
    before = passed[cells.starts] - weight[cells.starts]
    half = before + 0.5 * (passed[cells.last] - before)
    at = np.minimum(np.searchsorted(passed, half, side="left"), cells.last)
    return np.maximum(cells.pay[np.maximum(at, cells.starts)], 1).astype(float)


def _means(number: Integers, values: Floats, count: int) -> Floats:
    """Return the mean of the values of each number, 0 if it has none."""
    counts = np.bincount(number, minlength=count)
    return np.asarray(np.round(np.bincount(number, values, count) / np.maximum(counts, 1), DECIMALS))
