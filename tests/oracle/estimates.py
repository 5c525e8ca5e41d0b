"""The oracle's estimates: every formula over single reports, with a fresh fit for each employer and fold left out.

Where the method is silent: a mixture is taken to be of tiers and levels that are independent, given country, group and
tier; months and sources that only the left-out people have leave their means, as values do everywhere.
"""

import math
import zlib
from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student_t

from tests.oracle.model import FACTORS, Contrast, Fit, value_of, weights_by
from tests.oracle.pooled import LevelHere
from tests.oracle.rounding import RoundedEffects, rounded_up, step_of, to_step
from tests.oracle.rows import Report

LISTED = ("T1", "T2")
SHARES = (0.10, 0.25, 0.75, 0.90)
FLOOR = 0.04
Cell = tuple[str, str, str, str]  # leaf, tier or all, level, market


class Estimates:
    """Of one metric, from the rows of its predictive fit; leaves alone, levels alone."""

    def __init__(
        self, rows: list[Report], settings: Any, as_of: date, likeness: float, here: dict[tuple[str, str], LevelHere]
    ) -> None:
        """likeness: the correlation of logs at one employer. here: what levels add, by country and level."""
        self.here = here
        self.rows = [{**r, "rank": r["level"].split(" ")[0]} for r in rows]
        self.settings, self.as_of, self.likeness = settings, as_of, likeness
        self.fit = Fit(self.rows, as_of)
        self.rounded = RoundedEffects(self.fit, settings.part_step)
        self.every = {factor: weights_by(self.rows, factor) for factor in ("tier", "month", "source")}
        ranks = {r["rank"] for r in self.rows}
        self.levels = {v: weights_by((r for r in self.rows if r["rank"] == v), "level") for v in ranks}
        self.usual, self.factors = self._scales()
        self.shapes = self._shapes()
        self.between = max(self._between(), FLOOR)

    def figures(self, cell: Cell) -> dict[str, float] | None:
        """USD, unrounded; None where a part rests on too few employers."""
        leaf, tier, level, market = cell
        here = [r for r in self.rows if market in (r["market"], r["country"])]
        country = here[0]["country"]
        held = [self.employers(r for r in self.rows if r["leaf"] == leaf), self.employers(here)]
        held += [self.employers(r for r in self.rows if r["rank"] == level)]
        held += [] if tier == "all" else [self.employers(r for r in self.rows if r["tier"] == tier)]
        if min(held) < self.settings.min_effective_employers - 1e-9:
            return None
        tiers = self.mixed(leaf, country) if tier == "all" else {tier: 1.0}
        contrast = self.contrast(leaf, tiers, level, weights_by(here, "market"))
        person = self.usual * self.factors["country"][country] * self.factors["rank"][level]
        person *= sum(share * self.factors["tier"][t] for t, share in tiers.items())
        own = self.here.get((country, level), LevelHere())
        step = step_of(math.sqrt(own.missed), self.settings.part_step)
        shown = [side for side in contrast if side[1] not in ("month", "source")]
        log = self.rounded.value(shown) + to_step(own.effect, step)
        of_model = self.jackknifed(shown)
        spread = self.spread("tier", tiers) + self.spread("market", weights_by(here, "market"))
        median, people, count = self.shapes["listed" if tier in LISTED else "all" if tier == "all" else "other"]
        same = sum(share**2 for share in tiers.values())
        total = of_model + self.rounded.variance(shown) + own.missed + step**2 / 12
        total += person * (math.pi / 2 - 1) / count + self.between * (person * same + spread)
        reach = float(student_t.ppf(0.975, (min(held) - 1) * (total / of_model) ** 2)) * math.sqrt(total)
        middle = log + median * math.sqrt(person)
        wide = math.sqrt(person + spread)
        logs = [middle, middle - reach, middle + reach]
        logs += [middle + min(z - median, 0) * wide for z in people[:2]]
        logs += [middle + max(z - median, 0) * wide for z in people[2:]]
        names = ("p50", "p50_low", "p50_high", "person_p10", "person_p25", "person_p75", "person_p90")
        return {**dict(zip(names, (1e5 * math.exp(x) for x in logs), strict=True)), "n_near": person / total}

    def jackknifed(self, shown: Contrast) -> float:
        """Squares of how far a cell moves without each employer, the error of each of its parts being rounded up."""
        every = {factor: weights_by(self.rows, factor) for factor in FACTORS}
        common: Contrast = [(1, "intercept", {"": 1}), *((1, factor, of) for factor, of in every.items())]
        parts: list[tuple[float, Contrast]] = [(1.0, common)]
        for _, factor, of in shown[1:]:
            mean = (-1, factor, every[factor])
            if factor == "tier":
                parts += [(share, [(1, factor, {tier: 1}), mean]) for tier, share in of.items()]
            else:
                parts.append((1.0, [(1, factor, of), mean]))
        found = np.zeros(len(self.fit.without_each_employer))
        for share, part in parts:
            moves = np.array([self._moved(part, other) for other in self.fit.without_each_employer])
            error = math.sqrt(float(moves @ moves))
            found += share * moves * (rounded_up(error) / error if error else 1.0)
        return float(found @ found)

    def _moved(self, contrast: Contrast, other: Fit | None) -> float:
        assert other is not None
        values = [value_of(contrast, fit.effects) for fit in (self.fit, other)]
        assert values[0] is not None and values[1] is not None
        return values[0] - values[1]

    def contrast(self, leaf: str, tiers: dict[str, float], level: str, markets: dict[str, int]) -> Contrast:
        return [
            (1, "intercept", {"": 1}),
            (1, "leaf", {leaf: 1}),
            (1, "tier", tiers),  # type: ignore[list-item]
            (1, "level", self.levels[level]),
            (1, "market", markets),
            *((1, factor, self.every[factor]) for factor in ("month", "source")),
        ]

    def employers(self, rows: Iterable[Report]) -> float:
        known = weights_by((r for r in rows if r["employer"][0] == "known"), "employer")
        squares = sum(w**2 for w in known.values())
        return sum(known.values()) ** 2 / squares if squares else 0.0

    def mixed(self, leaf: str, country: str) -> dict[str, float]:
        """Shares of the tiers of a leaf in a country: usual ones, times what leaf and country make of them."""
        every = self.every["tier"]
        usual = {tier: w / sum(every.values()) for tier, w in every.items()}
        shares = dict(usual)
        prior = self.settings.variance_prior
        for name, value in (("leaf", leaf), ("country", country)):
            own = weights_by((r for r in self.rows if r[name] == value), "tier")
            count = sum(own.values()) / 2**20
            for tier in shares:
                lift = (own.get(tier, 0) / 2**20 + prior * usual[tier]) / ((count + prior) * usual[tier])
                shares[tier] *= lift
        return {tier: share / sum(shares.values()) for tier, share in shares.items()}

    def spread(self, factor: str, weights: dict[str, Any]) -> float:
        logs = {value: self.rounded.of[factor, value][0] for value in weights}
        whole = sum(weights.values())
        mean = sum(weights[v] * logs[v] for v in weights) / whole
        return float(sum(weights[v] * (logs[v] - mean) ** 2 for v in weights) / whole)

    def _residual(self, row: Report, effects: dict[tuple[str, str], float]) -> float | None:
        log = value_of(self.contrast(row["leaf"], {row["tier"]: 1.0}, row["rank"], {row["market"]: 1}), effects)
        return None if log is None else row["y"] - log - self.here[row["country"], row["rank"]].effect

    def _unseen(self) -> list[float | None]:
        """Residuals of every row, outside T1 and T2 from the fit of nine folds of employers."""
        folds: dict[int, Fit] = {}
        for number in range(10):
            left = [r for r in self.rows if r["tier"] in LISTED or _fold(r) != number]
            folds[number] = Fit(left, self.as_of)
        return [
            self._residual(r, self.fit.effects if r["tier"] in LISTED else folds[_fold(r)].effects) for r in self.rows
        ]

    def _scales(self) -> tuple[float, dict[str, dict[str, float]]]:
        self.unseen = self._unseen()
        known = [(r, e, r["weight"] / 2**20) for r, e in zip(self.rows, self.unseen, strict=True) if e is not None]
        usual = sum(w * e * e for _, e, w in known) / sum(w for *_, w in known)
        names = ("country", "tier", "rank")
        factors = {name: {r[name]: 1.0 for r in self.rows} for name in names}
        prior, counts = self.settings.variance_prior, {}
        for name in names * 6:
            others = [n for n in names if n != name]
            ratios = [
                (r[name], w, w * e * e / usual / math.prod(factors[n][r[n]] for n in others)) for r, e, w in known
            ]
            mean = sum(x for *_, x in ratios) / sum(w for _, w, _ in ratios)
            for value in factors[name]:
                own = [(w, x) for v, w, x in ratios if v == value]
                whole = sum(w for w, _ in own)
                held = whole**2 / sum(w * w for w, _ in own) if own else 0.0
                factor = sum(x for _, x in own) / whole / mean if own else 0.0
                factors[name][value] = (factor * held + prior) / (held + prior)
                counts[name, value] = held + prior
        whole = sum(w for *_, w in known) ** 2 / sum(w * w for *_, w in known)
        of = {n: {v: self._near(x, counts[n, v]) for v, x in own.items()} for n, own in factors.items()}
        return self._near(usual, whole), of

    def _near(self, variance: float, count: float) -> float:
        """A variance whose log is rounded, its error being that of so many normal values."""
        return math.exp(to_step(math.log(variance), step_of(math.sqrt(2 / count), self.settings.part_step)))

    def _scale(self, row: Report) -> float:
        return math.sqrt(self.usual * math.prod(self.factors[name][row[name]] for name in self.factors))

    def _shapes(self) -> dict[str, tuple[float, list[float], float]]:
        found = {}
        for kind in ("all", "listed", "other"):
            people = [
                (r, e)
                for r, e in zip(self.rows, self.unseen, strict=True)
                if e is not None and (kind == "all" or (kind == "listed") == (r["tier"] in LISTED))
            ]
            named = {r["employer"] for r, _ in people if r["employer"][0] == "known"}
            if len(people) < 100 or len(named) < 10:
                found[kind] = found["all"]
                continue
            weights = [r["weight"] / 2**20 for r, _ in people]
            own = [self._residual(r, self.fit.effects) / self._scale(r) for r, _ in people]  # type: ignore[operator]
            out = [e / self._scale(r) for r, e in people]
            count = sum(weights) ** 2 / sum(w * w for w in weights)
            [median] = self._rounded(own, weights, [0.5], count)
            found[kind] = median, self._rounded(out, weights, list(SHARES), count), count
        return found

    def _rounded(self, values: list[float], weights: list[float], shares: list[float], count: float) -> list[float]:
        """Quantiles, rounded by the errors that those of so many normal values have."""
        found = []
        for share, z in zip(shares, quantiles(values, weights, shares), strict=True):
            error = math.sqrt(share * (1 - share) / count) / float(norm.pdf(norm.ppf(share)))
            found.append(to_step(z, step_of(error, self.settings.part_step)))
        return found

    def _between(self) -> float:
        """The mean product of residuals at different employers in a cell, less that which the fit makes by itself."""
        fit, rows = self.fit, self.rows
        x, w = fit.matrix, fit.weights
        free = len(rows) / (len(rows) - x.shape[1])
        s2 = float(w @ fit.residuals**2 / w.sum() * free)
        makes = np.eye(len(rows)) - x @ np.linalg.solve(x.T @ (w[:, None] * x), x.T * w)
        employer = np.array([f"{r['employer']}" for r in rows])
        cluster = np.array([r["employer"][0] == "known" and r["tier"] not in LISTED for r in rows], float)
        alike = (employer[:, None] == employer) * self.likeness * np.outer(cluster, cluster)
        law = s2 * np.where(np.eye(len(rows), dtype=bool), 1.0, alike)
        expected = makes @ law @ makes.T
        cells = np.array([f"{r['leaf']} {r['tier']} {r['rank']}" for r in rows])
        products, weights = [], []
        for cell in sorted(set(cells)):
            here = np.flatnonzero(cells == cell)
            apart = employer[here][:, None] != employer[here]
            pairs = np.outer(w[here], w[here]) * apart
            seen = np.outer(fit.residuals[here], fit.residuals[here]) - expected[np.ix_(here, here)]
            if pairs.sum() > 0:
                products.append(float((pairs * seen).sum()) / math.sqrt(pairs.sum()))
                weights.append(math.sqrt(pairs.sum()))
        return sum(products) / sum(weights) / self.usual


def _fold(row: Report) -> int:
    first, second = row["employer"]
    name = second if first == "known" else f"unknown, {first}, {second}"
    return zlib.crc32(name.encode()) % 10


def quantiles(values: list[float], weights: list[float], shares: list[float]) -> list[float]:
    """Interpolate between values, each at the middle of its weight, by hand."""
    points, upto = [], 0.0
    for value, weight in sorted(zip(values, weights, strict=True)):
        points.append(((upto + weight / 2) / sum(weights), value))
        upto += weight
    found = []
    for share in shares:
        below = [p for p in points if p[0] <= share] or [points[0]]
        above = [p for p in points if p[0] > share] or [points[-1]]
        (a, low), (b, high) = below[-1], above[0]
        found.append(low if b <= a else low + (high - low) * (share - a) / (b - a))
    return found
