"""The attack: which pay of one person explains best how the figures of all its cells moved.

A figure at place p of the ranking moves by p - [pay at or below the figure] ranks for each report that comes in. What
the others of a batch add has mean 0 and is noise to the attacker, as are moved ranks and rounding. The attacker turns
moves of log pay into ranks by a normal fitted to the cell's own figures, and adds up log likelihoods over figures and
cells. These are not independent, so the sum counts by a `trust` that he learns in worlds of his own.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import norm

from tests.attack.cells import PERCENTILES, Floats, Readings

GRID = np.linspace(-1.5, 1.5, 601)  # log pay around the guess
BATCH = 5
HALF_LIFE = 182.5  # days
WITHIN = (0.10, 0.02)
EQUAL = 0.8  # effective reports of unequal weights, of reports


@dataclass(frozen=True)
class Tactics:
    """What the attacker assumes.

    moved: whether ranks are moved; others: unknown reports that came with the
    person; trust: the weight of the sum of log likelihoods; softness: of the step at a figure, in ranks; spare: noise
    of a figure beside all that, in ranks; new_cells, pooled: whether these are used.
    """

    moved: bool = True
    others: float = BATCH - 1
    trust: float = 0.3
    softness: float = 1.0
    spare: float = 0.3
    new_cells: bool = True
    pooled: bool = True


@dataclass(frozen=True)
class Guess:
    """What the earlier release says of a person's log pay: normal."""

    mean: float
    spread: float

    def log_prior(self) -> Floats:
        return np.asarray(norm.logpdf(GRID, 0, self.spread))


def known_shift(ranks: Floats, steps: Floats) -> Floats:
    """By how many ranks figures move for reports whose [pay at or below] are known: (figures, reports)."""
    return np.asarray((ranks[:, None] - steps).sum(axis=1))


def log_likelihood(readings: Readings, guess: Guess, tactics: Tactics, own: Floats | None = None) -> Floats:
    """Return the log likelihood of GRID + guess, summed over figures.

    own: log pay of reports that the attacker himself put into every cell between the releases.
    """
    joined = readings.reports[:, 1] - readings.reports[:, 0]
    direct = np.isnan(readings.pooled)
    moved = direct & (joined > 0) & np.isfinite(joined)
    total = _direct(readings.of(moved), guess, tactics, joined[moved], own)
    if tactics.new_cells:
        total = total + _new(readings, guess, tactics)
    if tactics.pooled:
        total = total + _pooled(readings.of(~direct), guess)
    return total


def step_likelihood(parts: list[tuple[float, float, float]], spread: float) -> Floats:
    """Return the log likelihood of GRID, if parts of the model are rounded to about their standard error.

    A step up or down says on which side of the guess the pay is, none that it is not far from it.

    parts: how far each moved, the effective people that it is a mean of, and the chance of a step by what others add.
    spread: of log pay around the guess.
    """
    total = np.zeros(len(GRID))
    for move, people, unseen in parts:
        step = spread / np.sqrt(people)
        up = np.clip(GRID / people / step, -1, 1)
        chance = np.maximum(up, 0) if move > step / 4 else np.maximum(-up, 0) if move < -step / 4 else 1 - np.abs(up)
        total += np.log(unseen + chance)
    return total


def _direct(readings: Readings, guess: Guess, tactics: Tactics, joined: Floats, own: Floats | None) -> Floats:
    used = np.isfinite(readings.before) & np.isfinite(readings.after) & np.isfinite(readings.ranks)
    spread = _spreads(readings.after, readings.ranks)
    rows, columns = np.nonzero(used & np.isfinite(spread)[:, None])
    if not len(rows):
        return np.zeros(len(GRID))
    before, after = readings.before[rows, columns], readings.after[rows, columns]
    ranks, by_name = readings.ranks[rows, columns], np.array(PERCENTILES)[columns // 3]
    slope = spread[rows] / norm.pdf(norm.ppf(ranks))
    weight = 0.5 ** (readings.age[rows] / HALF_LIFE)  # of a report of the cell, if a new one has 1
    people = readings.reports[rows, 0] * weight
    moves = (after - before) * people / slope
    # a move of ranks is drawn in both releases: uniform, of variance moved² / 3 each. Ranks of percentiles are of
    # reports of unequal weights, which tell as much as some fewer; those of bounds are of effective reports
    reports = readings.reports[rows, 1]
    ranked = np.where(columns % 3 == 0, EQUAL * reports, readings.effective[rows])
    errors = np.sqrt(np.where(columns % 3 == 0, reports, ranked) * by_name * (1 - by_name))
    shift = np.where(reports < 20, 1.0, np.maximum(1.5, errors)) * tactics.moved * people / ranked
    rounded = _rounding(after) * people / slope
    others = np.maximum(joined[rows] - 1 - (0 if own is None else len(own)), 0) if tactics.others else 0.0
    variance = others * ranks * (1 - ranks) + 2 * shift**2 / 3 + 2 * rounded**2 + tactics.spare**2
    width = np.maximum(tactics.softness * slope / people, 0.002)
    if own is not None:
        moves = moves - (ranks[:, None] - _below(own[None, :], after[:, None], width[:, None])).sum(axis=1)
    expected = ranks[:, None] - _below(guess.mean + GRID[None, :], after[:, None], width[:, None])
    # heavier tails than normal: cells are not as smooth as the fitted law
    z = (moves[:, None] - expected) ** 2 / variance[:, None]
    return np.asarray(-3.5 * np.log1p(z / 6).sum(axis=0))


def _new(readings: Readings, guess: Guess, tactics: Tactics) -> Floats:
    """Cells that the later release shows first, of the person's own tier and level: 10 people, one of them known."""
    new = np.isnan(readings.before[:, 6]) & np.isfinite(readings.after[:, 6]) & np.isnan(readings.pooled)
    new &= (readings.keys["tier"].ne("all") & readings.keys["level"].str.startswith("L")).to_numpy()
    total = np.zeros(len(GRID))
    for row in np.flatnonzero(new):
        ranks, figures = readings.ranks[row], readings.after[row]
        size = readings.effective[row]
        used = np.isfinite(ranks) & np.isfinite(figures)
        slope = guess.spread / norm.pdf(norm.ppf(ranks[used]))
        moves = (figures[used] - guess.mean - guess.spread * norm.ppf(ranks[used])) * size / slope
        variance = size * ranks[used] * (1 - ranks[used]) + 1 + (0.3 * size) ** 2 * 0.25
        below = _below(guess.mean + GRID[None, :], figures[used][:, None], (slope / size)[:, None])
        total += -((moves[:, None] - (ranks[used][:, None] - below)) ** 2 / variance[:, None]).sum(axis=0) / 2
    return total


def _pooled(readings: Readings, guess: Guess) -> Floats:
    """Pooled cells whose figures moved: their mean takes in the person's pay and that of four others."""
    total = np.zeros(len(GRID))
    for row in range(len(readings)):
        move = readings.after[row, 6] - readings.before[row, 6]
        if not np.isfinite(move) or move == 0 or not readings.effective[row] > 0:
            continue
        share = (1 - readings.pooled[row]) / readings.effective[row]
        noise = np.hypot(
            share * guess.spread * np.sqrt(BATCH - 1), np.hypot(0.003, 2 * _rounding(readings.after[row, 6]))
        )
        total += norm.logpdf(move, share * GRID, noise)
    return total


def _spreads(figures: Floats, ranks: Floats) -> Floats:
    """The standard deviation of log pay in each cell: the slope of its figures over normal quantiles."""
    z = norm.ppf(ranks)
    used = np.isfinite(figures) & np.isfinite(z)
    x, y = np.where(used, z, 0.0), np.where(used, figures, 0.0)
    count = np.maximum(used.sum(axis=1), 1)
    x = np.where(used, x - (x.sum(axis=1) / count)[:, None], 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = (x * y).sum(axis=1) / (x**2).sum(axis=1)
    return np.where(slope > 0.02, slope, np.nan)


def _below(pay: Floats, figure: Floats, width: Floats) -> Floats:
    """1 if pay is at or below the figure, softly."""
    return np.asarray(1 / (1 + np.exp(np.clip((pay - figure) / (0.6 * width), -50, 50))))


def _rounding(figure: Floats) -> Floats:
    """The standard deviation of what rounding adds to log pay."""
    pay = np.exp(figure)
    return np.asarray(np.where(pay < 50_000, 100, 500) / np.sqrt(12) / pay)


def answer(guess: Guess, likelihood: Floats | None, trust: float, within: float) -> float:
    """The log pay with the most posterior mass within that share of it; without a likelihood, that of the guess."""
    log = guess.log_prior() + (0 if likelihood is None else trust * likelihood)
    mass = np.exp(log - log.max())
    cumulated = np.concatenate([[0.0], np.cumsum(mass)])
    steps = max(1, round(np.log1p(within) / (GRID[1] - GRID[0])))
    at = np.arange(len(GRID))
    low, high = np.maximum(at - steps, 0), np.minimum(at + steps + 1, len(GRID))
    around = cumulated[high] - cumulated[low]
    around = around + 1e-9 * mass  # ties go to the most likely
    return float(guess.mean + GRID[int(np.argmax(around))])


def without_defence(tactics: Tactics) -> Tactics:
    return replace(tactics, moved=False, others=0.0)


__all__ = ["GRID", "PERCENTILES", "Guess", "Tactics", "answer", "log_likelihood", "without_defence"]
