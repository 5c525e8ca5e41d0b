"""The oracle's figures of one cell: percentiles, effective sizes, intervals and precision, in exact fractions."""

import hashlib
import math
from bisect import bisect_right
from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from tests.oracle.rows import Report, by

Pay = list[tuple[int, int]]  # of (value, weight)
Moves = dict[tuple[int, int], Fraction]
PERCENTILES = (10, 25, 50, 75, 90)
PRECISIONS = {
    Fraction(5, 100): "precise",
    Fraction(10, 100): "reasonably_precise",
    Fraction(20, 100): "acceptable",
}


class Figure(NamedTuple):
    """A percentile that is shown, unrounded."""

    pay: Fraction
    low: Fraction
    high: Fraction
    precision: str


def moves(row_hashes: Iterable[int], secret: bytes, sizes: dict[int, Fraction] | None = None) -> Moves:
    """By how many ranks each percentile and its bounds move, by (percentile, 0 itself, 1 lower or 2 upper bound).

    From a keyed hash of who is in the cell: the sum of keyed hashes of its reports, mixed with what is moved. At most
    the standard error of a rank of that many reports, of the effective size for bounds; at least 1.5, 1 if few. Bounds
    lie further out by what that adds to 1.96 standard errors.
    """
    hashes = [hashlib.blake2b(h.to_bytes(8, "little", signed=True), digest_size=8, key=secret) for h in row_hashes]
    whole = sum(int.from_bytes(h.digest(), "little") for h in hashes)
    found = {}
    for percent in PERCENTILES:
        for of in (0, 1, 2):
            size = len(hashes) if of == 0 or not sizes else max(math.floor(sizes[percent]), 1)
            ranked = size * percent * (100 - percent)
            most = 100 if len(hashes) < 20 else max(150, math.isqrt(ranked))
            further = math.ceil(1.96 * (math.sqrt(ranked + most * most / 3) - math.sqrt(ranked)))
            x = (whole + (3 * percent + of + 1) * 0x9E3779B97F4A7C15) % 2**64
            x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
            x = (x ^ (x >> 27)) * 0x94D049BB133111EB % 2**64
            share = Fraction((x ^ (x >> 31)) >> 32, 2**32)
            outwards = {0: 0, 1: -further, 2: further}[of]
            found[percent, of] = Fraction(math.floor(share * (2 * most + 1)) - most + outwards, 100)
    return found


def figures(pay: Pay, sizes: dict[int, Fraction], moved: Moves | None = None) -> dict[int, Figure]:
    """What a cell shows, by percentile, given the effective size of each, and by how many ranks each is moved."""
    moved = moved or {}
    pays = points(pay, moved)
    shown = {}
    for percent, size in sizes.items():
        by = (moved.get((percent, 1), Fraction(0)), moved.get((percent, 2), Fraction(0)))
        point = pays[percent]
        bounds = interval(pay, math.floor(size), percent, by, point)
        if bounds:
            low, high = bounds
            half_width = (high - low) / (2 * Fraction(196, 100) * point)
            words = [word for limit, word in PRECISIONS.items() if half_width <= limit]
            shown[percent] = Figure(point, low, high, [*words, "unreliable"][0])
    return shown


def points(pay: Pay, moved: Moves) -> dict[int, Fraction]:
    """The percentiles of a cell as they are published but for rounding, in ascending order."""
    ordered = sorted(percentile(pay, percent, moved.get((percent, 0), Fraction(0))) for percent in PERCENTILES)
    return dict(zip(PERCENTILES, ordered, strict=True))


def percentile(pay: Pay, percent: int, moved: Fraction = Fraction(0)) -> Fraction:
    """Weighted type 7: the mean of the quantile function over one n*-th around it, moved by that many n*-ths."""
    whole = sum(weight for _, weight in pay)
    size = Fraction(whole**2, sum(weight**2 for _, weight in pay))
    start = ((size - 1) * Fraction(percent, 100) + moved) / size * whole
    start = min(max(start, Fraction(0)), (size - 1) / size * whole)
    end = start + whole / size
    parts = math.lcm(start.denominator, end.denominator)  # of a weight; all are whole from here on
    first, last = int(start * parts), int(end * parts)
    figure, below = 0, 0
    for value, weight in sorted(pay):
        above = below + weight * parts
        if first < above and below < last:
            figure += value * (min(above, last) - max(below, first))
        below = above
    return size * Fraction(figure, whole * parts)


def rounded(figure: Fraction) -> int:
    """To 500 USD, below 50,000 to 100, half up."""
    step = 100 if figure < 50_000 else 500
    return math.floor(figure / step + Fraction(1, 2)) * step


def correlation(
    cells: Iterable[list[tuple[str | None, int, int]]], percents: Iterable[int], min_employers: int
) -> Fraction | None:
    """The intraclass correlation by employer of "pay is at most P", over cells of (employer, pay, weight).

    The one-way ANOVA estimator, cells and percentiles pooled; none where too few employers or no spread tell it.
    """
    between, within, sizes = Fraction(0), Fraction(0), Fraction(0)
    between_freedom = within_freedom = 0
    employers = set()
    for cell in cells:
        named = by((row for row in cell if row[0] is not None), lambda row: row[0])
        groups = {employer: rows for employer, rows in named.items() if len(rows) >= 2}
        employers |= groups.keys()
        counts = [len(rows) for rows in groups.values()]
        for percent in percents if groups else ():
            figure = percentile([(pay, weight) for _, pay, weight in cell], percent)
            below = [[int(pay <= figure) for _, pay, _ in rows] for rows in groups.values()]
            cell_mean = Fraction(sum(map(sum, below)), sum(counts))
            for group in below:
                mean = Fraction(sum(group), len(group))
                between += len(group) * (mean - cell_mean) ** 2
                within += sum((value - mean) ** 2 for value in group)
            sizes += sum(counts) - Fraction(sum(n * n for n in counts), sum(counts))
            between_freedom += len(counts) - 1
            within_freedom += sum(counts) - len(counts)
    if len(employers) < min_employers or not between_freedom or not between + within:
        return None
    size = sizes / between_freedom
    mean_between, mean_within = between / between_freedom, within / within_freedom
    found = (mean_between - mean_within) / (mean_between + (size - 1) * mean_within)
    return min(max(found, Fraction(0)), Fraction(1))


def effective_size(
    rows: list[Report],
    likeness: Fraction,
    seen: Fraction = Fraction(0),
    most: float = 2,
    mix: Fraction = Fraction(0),
) -> Fraction:
    """Reports that tell as much: people of one employer outside T1 and T2 are alike by `likeness`, or as `seen`.

    `most`: by how much those whose employer is not known may raise what that adds. `mix`: what those of T1 and T2 add.
    """
    whole = sum(r["weight"] for r in rows)
    known = sum(r["weight"] for r in rows if r["employer"] is not None)
    pairs = 0
    for group in _alike(rows):
        pairs += sum(r["weight"] for r in group) ** 2 - sum(r["weight"] ** 2 for r in group)
    factor = min(Fraction(whole, known) ** 2, Fraction(str(most))) if pairs else Fraction(1)
    return whole**2 / (sum(r["weight"] ** 2 for r in rows) + factor * max(likeness * pairs, seen) + mix)


def likeness_seen(rows: list[Report], metric: str, percent: int) -> tuple[Fraction, Fraction]:
    """What pairs of reports of one employer add to the squared weights, by how they lie about the percentile.

    Of employers outside T1 and T2, and of those in them, with what pairs of people of one level at these add. A pair
    counts by the product of the weights and of (is it at most the percentile, less p), over p (1 - p).
    """
    figure = math.floor(percentile([(r[metric], r["weight"]) for r in rows], percent))
    found = []
    levels = list(by((r for r in rows if _is_listed(r)), lambda r: r.get("level")).values())
    for groups in (_alike(rows), _alike(rows, listed=True), levels):
        added = 0  # in hundredths of hundredths, as is p (1 - p) below
        for group in groups:
            parts = [r["weight"] * (100 * (r[metric] <= figure) - percent) for r in group]
            added += sum(parts) ** 2 - sum(part**2 for part in parts)
        found.append(Fraction(added, percent * (100 - percent)))
    return found[0], max(found[1], Fraction(0)) + max(found[2], Fraction(0))


def _alike(rows: list[Report], listed: bool = False) -> list[list[Report]]:
    """Reports by employer, where people say it: of those that are a sample, outside T1 and T2, or of the `listed`."""
    named = (r for r in rows if r["evidence"] == "reported" and r["employer"])
    return list(by((r for r in named if _is_listed(r) == listed), lambda r: r["employer"]).values())


def _is_listed(report: Report) -> bool:
    return bool(report["evidence"] == "reported" and report["employer"] and report["tier"] in ("T1", "T2"))


@cache
def ranks(size: int, percent: int) -> tuple[int, int]:
    """The largest i with P(Bin <= i - 1) at most 2.5 %, the smallest j with P(Bin >= j) at most 2.5 %."""
    return _tail(size, percent), size + 1 - _tail(size, 100 - percent)


def _tail(size: int, percent: int) -> int:
    """How many of the outcomes 0, 1, 2, ... have at most 2.5 % together."""
    share = Fraction(percent, 100)
    hit, miss = share.numerator, share.denominator - share.numerator
    outcomes, below, whole = 0, 0, share.denominator**size
    term = miss**size
    while 40 * (below + term) <= whole:
        below += term
        term = term * (size - outcomes) * hit // ((outcomes + 1) * miss)
        outcomes += 1
    return outcomes


def interval(
    pay: Pay,
    size: int,
    percent: int,
    moved: tuple[Fraction, Fraction] = (Fraction(0), Fraction(0)),
    point: Fraction | None = None,
) -> tuple[Fraction, Fraction] | None:
    """The 95 % interval of a percentile, none where it must not be shown; it has the figure that is shown in it."""
    first, last = ranks(size, percent)
    if first < 2 or last > size - 1:
        return None
    low, high = (_at_rank(pay, rank + move, size) for rank, move in zip((first, last), moved, strict=True))
    if point is not None:
        low, high = min(low, point), max(high, point)
    return (low, high) if min(pay)[0] < low and high < max(pay)[0] else None


def _at_rank(pay: Pay, rank: Fraction, size: int) -> Fraction:
    """The pay where (rank - 1/2) / size of the weight is reached, between the middles of neighbouring reports.

    At least half way from the outermost report to its neighbour.
    """
    ordered, cumulated, middles = sorted(pay), 0, []  # in halves of a weight, so that all are whole
    for _, weight in ordered:
        middles.append(2 * cumulated + weight)
        cumulated += weight
    target = (rank - Fraction(1, 2)) / size * 2 * cumulated
    target = min(max(target, Fraction(middles[0] + middles[1], 2)), Fraction(middles[-2] + middles[-1], 2))
    n = bisect_right(middles[:-1], target) - 1
    share = (target - middles[n]) / (middles[n + 1] - middles[n])
    return ordered[n][0] + share * (ordered[n + 1][0] - ordered[n][0])
