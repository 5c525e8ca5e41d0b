"""The law that simulated reports are drawn from, and draws.

Log pay of a report = its leaf, tier, level, place, source and month + what (leaf, tier, level) adds to that + its
employer + a residual. Employers of T1 and T2 are the same in every draw: complete lists. All others are drawn anew,
sizes after Zipf, as from a world with more such employers. `base` has a normal residual and people of an employer are
little alike, `total` a heavier tail (Student t) and people that are very alike.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from salary_bands.vocabulary.dates import months_before
from salary_bands.vocabulary.taxonomy import core_groups

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

AS_OF = date(2026, 6, 30)
TIERS = ("T1", "T2", "T3", "T4", "T5")
LEVELS = ("L3", "L4", "L5", "L6", "L7")
SOURCES = ("north", "south", "west")
METRICS = ("base", "total")
LISTS = {"T1": 4, "T2": 8}  # complete lists of employers
OTHERS = {"T3": 40, "T4": 300, "T5": 300}  # employers of the others that a draw meets
UNLISTED = 5  # of T4 and T5, one employer in so many is not in our table
PLACES = (  # country, metro, share of reports, effect on log pay, spread of residuals in units of the law's
    ("US", "us-sf-bay", 0.26, 0.10, 1.0),
    ("US", "us-seattle", 0.10, 0.06, 1.0),
    ("US", "us-new-york", 0.12, 0.06, 1.0),
    ("US", None, 0.118, -0.04, 1.0),
    ("GB", "gb-london", 0.10, -0.30, 1.0),
    ("GB", None, 0.03, -0.40, 1.0),
    ("DE", None, 0.07, -0.42, 0.8),
    ("IN", "in-bengaluru", 0.07, -1.05, 1.8),
    ("CA", "ca-toronto", 0.06, -0.30, 1.0),
    ("FR", "fr-paris", 0.04, -0.48, 1.0),
    ("PL", None, 0.012, -0.75, 1.5),
    ("SG", None, 0.012, -0.25, 0.7),
    ("BR", None, 0.008, -0.90, 2.2),
)
SMALL_COUNTRIES = ("PL", "SG", "BR")
TIER_SHARES = np.array([0.10, 0.25, 0.15, 0.33, 0.17])
LEVEL_SHARES = np.array([0.14, 0.27, 0.34, 0.18, 0.07])
# by tier: the shares of the sources differ, so that what a source adds must be told from what a tier adds
SOURCE_SHARES = np.array([[0.2, 0.6, 0.2], [0.2, 0.6, 0.2], [0.4, 0.4, 0.2], [0.6, 0.2, 0.2], [0.7, 0.1, 0.2]])
NO_EMPLOYER = 0.12  # of reports: the employer is left blank
BY_EXPERIENCE, NO_LEVEL = 0.12, 0.10  # of reports: the level is from years of experience, or there is none
HOME = 0.5  # of the reports of an employer outside T1 and T2: at its home place, the others anywhere


@dataclass(frozen=True)
class Law:
    """What one metric's log pay is made of."""

    intercept: float
    tiers: tuple[float, ...]
    levels: tuple[float, ...]
    sources: tuple[float, ...]
    leaf_scale: float  # standard deviation of leaf effects
    mixed_scale: float  # of what (leaf, tier, level) adds beyond their sum
    month: float  # growth in a month
    employer: float  # standard deviation of employers outside T1 and T2
    listed: float  # and of those in T1 and T2
    residual: float
    freedom: float | None  # of the residual's Student t; None is normal

    def quantile(self, uniform: Floats) -> Floats:
        """The residual at these probabilities."""
        if self.freedom is None:
            return np.asarray(self.residual * norm.ppf(uniform))
        return np.asarray(self.residual * student.ppf(uniform, self.freedom))

    def cumulated(self, value: Floats) -> Floats:
        """The probability of a residual at or below."""
        if self.freedom is None:
            return np.asarray(norm.cdf(value / self.residual))
        return np.asarray(student.cdf(value / self.residual, self.freedom))


LAWS = {
    "base": Law(
        intercept=11.95, tiers=(0.24, 0.12, 0.10, 0.0, -0.08), levels=(-0.32, -0.15, 0.0, 0.16, 0.30),
        sources=(0.0, 0.03, -0.02), leaf_scale=0.10, mixed_scale=0.04, month=0.003,
        employer=0.09, listed=0.06, residual=0.18, freedom=None,
    ),
    "total": Law(
        intercept=12.35, tiers=(0.55, 0.28, 0.22, 0.0, -0.12), levels=(-0.42, -0.20, 0.0, 0.22, 0.42),
        sources=(0.0, 0.05, -0.03), leaf_scale=0.14, mixed_scale=0.07, month=0.004,
        employer=0.20, listed=0.10, residual=0.18, freedom=5.0,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Population:
    """The law with its constants drawn once; `seed` is of these alone."""

    seed: int = 20260630

    @cached_property
    def leaves(self) -> list[str]:
        """Core leaves, the two baselines first, and one adjacent leaf."""
        core = sorted(set(core_groups()["leaf"]) - {"ml_generalist", "nlp_classical"})
        return ["ml_generalist", "nlp_classical", *core, "data_science"]

    @cached_property
    def leaf_shares(self) -> Floats:
        """(tiers, leaves): which leaves a tier's people have; the model must tell the two apart."""
        rng = np.random.default_rng([self.seed, 1])
        usual = np.array([0.20, 0.09, *np.geomspace(0.09, 0.015, len(self.leaves) - 3), 0.06])
        lean = rng.normal(0, 0.5, len(self.leaves))
        shares = usual * np.exp(np.linspace(1, -1, len(TIERS))[:, None] * lean)
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))

    @cached_property
    def leaf_effects(self) -> dict[str, Floats]:
        drawn = np.random.default_rng([self.seed, 2]).normal(0, 1, len(self.leaves))
        drawn[0] = 0.0
        return {metric: law.leaf_scale * drawn for metric, law in LAWS.items()}

    @cached_property
    def mixed_effects(self) -> dict[str, Floats]:
        """(leaves, tiers, levels) of each metric."""
        shape = (len(self.leaves), len(TIERS), len(LEVELS))
        drawn = np.random.default_rng([self.seed, 3]).normal(0, 1, shape)
        return {metric: law.mixed_scale * drawn for metric, law in LAWS.items()}

    @cached_property
    def listed_effects(self) -> dict[str, dict[str, Floats]]:
        """By metric and tier: the employers of the complete lists."""
        rng = np.random.default_rng([self.seed, 4])
        drawn = {tier: rng.normal(0, 1, count) for tier, count in LISTS.items()}
        return {metric: {t: law.listed * z for t, z in drawn.items()} for metric, law in LAWS.items()}

    def located(self, metric: str, leaf: Whole, tier: Whole, level: Whole, place: Whole, source: Whole) -> Floats:
        """Expected log pay but for month and employer, of codes into the lists above."""
        law = LAWS[metric]
        effects = (np.array(law.tiers), np.array(law.levels), np.array([p[3] for p in PLACES]), np.array(law.sources))
        own = sum((e[c] for e, c in zip(effects, (tier, level, place, source), strict=True)), np.zeros(len(leaf)))
        return np.asarray(
            law.intercept + own + self.leaf_effects[metric][leaf] + self.mixed_effects[metric][leaf, tier, level]
        )


def employer_shares(count: int) -> Floats:
    """Shares of reports of employers by rank, after Zipf."""
    sizes = 1 / np.arange(1, count + 1) ** 0.8
    return np.asarray(sizes / sizes.sum())


def unlisted_employers(tier: str) -> NDArray[np.bool_]:
    """By rank: whether the employer is missing from our table, so that its reports have tier `unknown`."""
    ranks = np.arange((LISTS | OTHERS)[tier])
    return (ranks % UNLISTED == UNLISTED - 1) & (tier in ("T4", "T5"))


def drawn_codes(shares: Floats, by: Whole, rng: np.random.Generator) -> Whole:
    """A code for each row; shares: (rows of `by`, codes)."""
    cumulated = np.cumsum(shares, axis=1)
    cumulated[:, -1] = 1.0
    return np.asarray((rng.random(len(by))[:, None] > cumulated[by]).sum(axis=1), dtype=np.int64)


@dataclass(frozen=True)
class World:
    """One draw of the employers outside T1 and T2; reports of several refreshes come from the same world."""

    population: Population
    seed: int

    @cached_property
    def employers(self) -> dict[str, dict[str, Floats]]:
        """By metric and tier: the effect of each employer. Those of total go with those of base."""
        rng = np.random.default_rng([self.population.seed, 5, self.seed])
        found: dict[str, dict[str, Floats]] = {m: dict(self.population.listed_effects[m]) for m in METRICS}
        for tier, count in OTHERS.items():
            first, other = rng.normal(0, 1, (2, count))
            found["base"][tier] = LAWS["base"].employer * first
            found["total"][tier] = LAWS["total"].employer * (0.8 * first + 0.6 * other)
        return found

    @cached_property
    def homes(self) -> dict[str, Whole]:
        rng = np.random.default_rng([self.population.seed, 6, self.seed])
        return {tier: rng.choice(len(PLACES), count, p=place_shares()) for tier, count in OTHERS.items()}

    def reports(self, count: int, draw: int = 0, days: tuple[date, date] | None = None) -> pd.DataFrame:
        """Reports as pay_reports has them, with `source`. days: after the first, up to the second; else the window."""
        rng = np.random.default_rng([self.population.seed, 7, self.seed, draw])
        people = self.population
        tier = rng.choice(len(TIERS), count, p=TIER_SHARES)
        leaf = drawn_codes(people.leaf_shares, tier, rng)
        level = rng.choice(len(LEVELS), count, p=LEVEL_SHARES)
        source = drawn_codes(SOURCE_SHARES, tier, rng)
        place = rng.choice(len(PLACES), count, p=place_shares())
        number = np.zeros(count, dtype=np.int64)
        for code, name in enumerate(TIERS):
            here = tier == code
            number[here] = rng.choice((LISTS | OTHERS)[name], here.sum(), p=employer_shares((LISTS | OTHERS)[name]))
            if name in OTHERS:
                here &= rng.random(count) < HOME
                place[here] = self.homes[name][number[here]]
        after, until = days or (months_before(AS_OF, 12), AS_OF)
        day = np.array([until - timedelta(days=int(d)) for d in rng.integers(0, (until - after).days, count)])
        age = np.array([12 * (AS_OF.year - d.year) + AS_OF.month - d.month for d in day])
        score = rng.normal(0, 1, count)
        scores = {"base": score, "total": 0.8 * score + 0.6 * rng.normal(0, 1, count)}
        pay = {}
        for metric in METRICS:
            own = np.array([self.employers[metric][TIERS[t]][n] for t, n in zip(tier, number, strict=True)])
            log = people.located(metric, leaf, tier, level, place, source) - LAWS[metric].month * age
            pay[metric] = np.exp(log + own + place_spreads()[place] * LAWS[metric].quantile(norm.cdf(scores[metric])))
        return self._as_reports(rng, tier, number, leaf, level, place, source, day, pay)

    def _as_reports(
        self,
        rng: np.random.Generator,
        tier: Whole,
        number: Whole,
        leaf: Whole,
        level: Whole,
        place: Whole,
        source: Whole,
        day: NDArray[np.object_],
        pay: dict[str, Floats],
    ) -> pd.DataFrame:
        """What the reports show of it all: some employers and levels are not known."""
        count = len(tier)
        blank = rng.random(count) < NO_EMPLOYER
        listless = np.array([unlisted_employers(TIERS[t])[n] for t, n in zip(tier, number, strict=True)], dtype=bool)
        told = rng.random(count)
        by_experience, none = told < BY_EXPERIENCE, told > 1 - NO_LEVEL
        seen = np.where(by_experience, np.minimum(level, 2), level)  # years alone never make L6
        frame = pd.DataFrame(
            {
                "leaf": np.array(self.population.leaves)[leaf],
                "tier": np.where(blank | listless, "unknown", np.array(TIERS)[tier]),
                "employer": [f"{TIERS[t]} employer {n}" for t, n in zip(tier, number, strict=True)],
                "level": np.array(LEVELS)[seen],
                "level_basis": np.where(by_experience, "experience", "title"),
                "stage": np.where(seen < 2, "early", "senior"),
                "country": [PLACES[p][0] for p in place],
                "metro": [PLACES[p][1] for p in place],
                "source": np.array(SOURCES)[source],
                "day": day,
                **{metric: np.round(pay[metric], -2).astype(np.int64) for metric in METRICS},
            }
        )
        frame.loc[blank, "employer"] = None
        frame.loc[none, ["level", "level_basis", "stage"]] = None
        return frame


def rounded_to(reports: pd.DataFrame, step: int) -> pd.DataFrame:
    """The reports with all pay rounded to the nearest multiple of a step, half up, and to one at least."""
    pay = {metric: np.maximum((reports[metric] + step // 2) // step, 1) * step for metric in METRICS}
    return reports.assign(**pay)


def place_shares() -> Floats:
    return np.array([p[2] for p in PLACES])


def place_spreads() -> Floats:
    return np.array([p[4] for p in PLACES])
