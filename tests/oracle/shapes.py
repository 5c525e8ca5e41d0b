"""The oracle's shape of pay: how far quartiles are from the mean, in standard deviations, by kind of cell.

Where the method is silent: several reports of which the model knows the same stand for normal scores of their mean and
variance, at most nine of them. Others of a cell tell its place where they are worth four reports at least, people of
one employer outside T1 and T2 being as one.
"""

import math
from collections.abc import Iterable
from statistics import NormalDist
from typing import Any, NamedTuple

from tests.oracle.model import log_pay
from tests.oracle.premiums import paule_mandel
from tests.oracle.rows import Report, by

PERCENTS = (25, 50, 75)
MIN_SHAPE_CELLS, MIN_OTHERS, MOST_POINTS = 3, 4, 9
ALONE = ("T1", "T2")

Kind = tuple[str, bool]  # `listed` (T1, T2), `other` or `all` tiers; of one level, else of a stage
Shape = dict[int, tuple[float, float]]  # by percentile: its distance from the mean log, and that one's variance
Piece = tuple[Report, float]  # a cell, and the variance within those of its kind and country


class Point(NamedTuple):
    """A report, or what stands for some of them."""

    log: float
    weight: float
    employer: str | None
    unit: object  # what is left out with it


def points_of(place: list[Report], metric: str, rows: dict[int, Report]) -> list[Point]:
    """The reports of a cell, those that are alike spread anew; rows: of the fit, by the identity of the report."""
    points = []
    for alike in by(place, lambda r: (r["employer"], *_known_of(rows[id(r)]))).values():
        logs = [log_pay(r[metric]) for r in alike]
        logs, weight = spread(logs), alike[0]["weight"] * len(logs) / min(len(logs), MOST_POINTS)
        employer, tier = alike[0]["employer"], alike[0]["tier"]
        for log in logs:
            unit = object() if employer is None or tier in ALONE else employer
            points.append(Point(log, weight, employer, unit))
    return points


def _known_of(row: Report) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("leaf", "tier", "level", "country", "market", "month", "source", "weight"))


def spread(logs: list[float]) -> list[float]:
    """Normal scores of the same mean and variance; two are themselves."""
    size = min(len(logs), MOST_POINTS)
    mean = sum(logs) / len(logs)
    deviation = math.sqrt(sum((log - mean) ** 2 for log in logs) / len(logs))
    scores = [NormalDist().inv_cdf((n + 0.5) / size) for n in range(size)]
    scale = math.sqrt(sum(score**2 for score in scores) / size) or 1.0
    return [mean + deviation * score / scale for score in scores]


def deviations(points: list[Point]) -> list[tuple[float, Point]]:
    """How far each point is from the mean of the others, if they tell it, scaled by how sure that is."""
    found = []
    for point in points:
        others = [p for p in points if p.unit != point.unit]
        weights = [sum(p.weight for p in group) for group in by(others, lambda p: p.unit).values()]
        size = sum(weights) ** 2 / sum(weight**2 for weight in weights) if weights else 0.0
        if size >= MIN_OTHERS - 1e-9:
            mean = sum(p.weight * p.log for p in others) / sum(weights)
            found.append(((point.log - mean) * math.sqrt(size / (size + 1)), point))
    return found


def shape_of(
    kind: Kind,
    reports: dict[Kind, list[tuple[float, Point]]],
    cells: dict[Kind, list[Piece]],
    metric: str,
    settings: Any,
) -> Shape | None:
    """The shape of a kind; None where all reports are too few to tell one.

    reports: deviations of each kind whose variance is known, in standard deviations.
    """
    alike = [k for k in reports if (k[0] == "all", k[1]) == (kind[0] == "all", kind[1])]
    for kinds in ([kind], alike, [*reports]):
        told = [pair for k in kinds for pair in reports.get(k, [])]
        employers = {point.employer for _, point in told} - {None}
        if len(told) >= settings.min_shape_reports and len(employers) >= settings.min_shape_employers:
            break
    else:
        return None
    distances, size = quartiles(told)
    filled = {k: [c for c in cells[k] if _is_filled(c[0], settings)] for k in reports}
    shape = {}
    for percent in PERCENTS:
        between = 0.0
        for kinds in (alike, [*reports]):
            pieces = [c for k in kinds for c in filled[k] if percent in c[0]["figures"]]
            if len(pieces) >= MIN_SHAPE_CELLS:
                between = between_cells(pieces, percent, metric)
                break
        shape[percent] = distances[percent], between + beyond_the_mean(percent) / size
    return shape


def _is_filled(cell: Report, settings: Any) -> bool:
    return bool(cell["basis"] == "direct" and cell["n_effective"] >= settings.shape_effective_n)


def quartiles(told: Iterable[tuple[float, Point]]) -> tuple[dict[int, float], float]:
    """Distances of quartiles from the mean in standard deviations, and the effective number of points."""
    line = sorted((value, point.weight) for value, point in told)
    whole = sum(weight for _, weight in line)
    mean = sum(value * weight for value, weight in line) / whole
    deviation = math.sqrt(sum(weight * (value - mean) ** 2 for value, weight in line) / whole)
    found = {p: (_at(line, p / 100 * whole) - mean) / deviation for p in PERCENTS}
    return found, whole**2 / sum(weight**2 for _, weight in line)


def _at(line: list[tuple[float, float]], wanted: float) -> float:
    """Each value stands in the middle of its weight; between two of them, on the straight line."""
    below, before = 0.0, None
    for value, weight in line:
        middle = below + weight / 2
        if middle >= wanted:
            if before is None:
                return value
            return before[0] + (value - before[0]) * (wanted - before[1]) / (middle - before[1])
        below, before = below + weight, (value, middle)
    return line[-1][0]


def between_cells(pieces: list[Piece], percent: int, metric: str) -> float:
    """The variance of distances between cells, beyond that of sampling, in units of the variance within."""
    distances, variances = [], []
    for cell, variance in pieces:
        pay = float(cell["points"][percent])
        distances.append((math.log(pay / 1e5) - mean_log(cell["members"], metric)) / math.sqrt(variance))
        variances.append(beyond_the_mean(percent) / float(cell["sizes"][percent]))
    return paule_mandel(distances, variances)


def beyond_the_mean(percent: int) -> float:
    """n times the variance of (percentile - mean) of a normal sample of standard deviation 1."""
    p = percent / 100
    return p * (1 - p) / NormalDist().pdf(NormalDist().inv_cdf(p)) ** 2 - 1


def mean_log(members: Iterable[Report], metric: str) -> float:
    members = list(members)
    return sum(r["weight"] * log_pay(r[metric]) for r in members) / sum(r["weight"] for r in members)
