"""What is true of the law: percentiles of any cell, and the effects that the model is after.

A percentile is that of the population which reports come from, weighted by recency: outside T1 and T2 over all
employers that there might be, inside over the very employers of the complete lists. Densities lie on a grid of log pay
and are convolved, so that nothing is drawn. Effects are the projection of log pay on the factors of the model there:
what more and more reports would give, wherever pay is not simply a sum of effects.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache, cached_property

import numpy as np
import pandas as pd
from scipy.signal import fftconvolve
from scipy.stats import norm

from salary_bands.aggregate.inputs import recency_weight
from salary_bands.schemas.bands import PERCENTILES
from salary_bands.settings import Settings
from salary_bands.vocabulary.dates import months_before
from salary_bands.vocabulary.taxonomy import view_groups
from tests.simulate.population import (  # fmt: skip
    AS_OF,
    BY_EXPERIENCE,
    LAWS,
    LEVEL_SHARES,
    LEVELS,
    LISTS,
    NO_EMPLOYER,
    NO_LEVEL,
    OTHERS,
    PLACES,
    SOURCE_SHARES,
    SOURCES,
    TIER_SHARES,
    TIERS,
    Floats,
    Population,
    Whole,
    employer_shares,
    place_shares,
    place_spreads,
    unlisted_employers,
)

STEP = 0.002
LOWEST, HIGHEST = 8.5, 16.5
CELL = ["view", "group_id", "tier", "level", "market"]
SHOWN = ["leaf", "tier", "level", "stage", "country", "metro", "source", "kind", "level_basis"]
FACTORS = ("leaf", "tier", "level", "market", "source")


@dataclass(frozen=True)
class Truth:
    """Percentiles and effects of a population, of its recency weights by these settings."""

    population: Population
    settings: Settings

    @cached_property
    def parts(self) -> pd.DataFrame:
        """The population by all that a report shows and by what its employers are like; `share` sums to 1.

        `kind`: T1, T2 or others, and the spread of the place.
        """
        people = self.population
        codes = np.meshgrid(*(range(n) for n in (len(people.leaves), 5, 5, len(PLACES), len(SOURCES))), indexing="ij")
        leaf, tier, level, place, source = (c.ravel() for c in codes)
        share = TIER_SHARES[tier] * people.leaf_shares[tier, leaf] * LEVEL_SHARES[level] * place_shares()[place]
        frame = pd.DataFrame(
            {
                "leaf": np.array(people.leaves)[leaf],
                "own_tier": np.array(TIERS)[tier],
                "own_level": level,
                "country": np.array([p[0] for p in PLACES])[place],
                "metro": np.array([p[1] or "" for p in PLACES])[place],
                "source": np.array(SOURCES)[source],
                "share": share * SOURCE_SHARES[tier, source],
                **{metric: people.located(metric, leaf, tier, level, place, source) for metric in LAWS},
            }
        )
        frame["kind"] = frame["own_tier"].where(frame["own_tier"].isin(list(LISTS)), "others")
        frame["kind"] += pd.Series(place_spreads()[place].astype(str)).radd(" ")
        return self._as_seen(frame)

    def _as_seen(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Each part as its reports show it: tier known or not, level known, from experience or not known."""
        hidden = {
            t: NO_EMPLOYER + (1 - NO_EMPLOYER) * float(employer_shares(n)[unlisted_employers(t)].sum())
            for t, n in (LISTS | OTHERS).items()
        }
        unknown = frame["own_tier"].map(hidden).astype(float)
        seen = []
        for tier, of_tier in ((frame["own_tier"], 1 - unknown), ("unknown", unknown)):
            for basis, of_level in (
                ("title", 1 - BY_EXPERIENCE - NO_LEVEL),
                ("experience", BY_EXPERIENCE),
                ("", NO_LEVEL),
            ):
                shown = frame["own_level"].clip(upper=2) if basis == "experience" else frame["own_level"]
                level = np.array(LEVELS)[shown] if basis else ""
                stage = np.where(shown < 2, "early", "senior") if basis else ""
                share = frame["share"] * of_tier * of_level
                seen.append(frame.assign(tier=tier, level=level, stage=stage, level_basis=basis, share=share))
        return pd.concat(seen, ignore_index=True).astype(dict.fromkeys(SHOWN, "category"))

    @cached_property
    def _months(self) -> tuple[Floats, Floats]:
        """(age in months, weight) of the days of the window."""
        start = months_before(AS_OF, self.settings.window_months)
        days = [AS_OF - timedelta(days=d) for d in range((AS_OF - start).days)]
        ages = np.array([12 * (AS_OF.year - d.year) + AS_OF.month - d.month for d in days])
        weights = np.array([recency_weight(a, self.settings.half_life_months) for a in range(ages.max() + 1)], float)
        whole = np.bincount(ages) * weights
        return np.arange(len(whole)), whole / whole.sum()

    def _kernel(self, metric: str, kind: str, spread: float) -> Floats:
        """The density, on the grid around 0, of what month, employer and residual add to a part's log pay."""
        law = LAWS[metric]
        ages, weights = self._months
        steps = np.arange(-2000, 2001) * STEP
        residual = np.diff(law.cumulated(np.append(steps - STEP / 2, steps[-1] + STEP / 2) / spread))
        if kind == "others":
            edges = np.append(steps - STEP / 2, steps[-1] + STEP / 2)
            employers = np.diff(norm.cdf(edges / law.employer))
        else:
            effects = self.population.listed_effects[metric][kind]
            employers = placed(effects, employer_shares(LISTS[kind]), steps[0], len(steps))
        aged = placed(-law.month * ages, weights, steps[0], len(steps))
        return np.asarray(fftconvolve(fftconvolve(residual, employers, "same"), aged, "same"))

    @cached_property
    def _kernels(self) -> dict[tuple[str, str], Floats]:
        return {
            (metric, f"{kind} {spread}"): self._kernel(metric, kind, spread)
            for metric in LAWS
            for kind in (*LISTS, "others")
            for spread in sorted(set(place_spreads()))
        }

    def percentiles(self, cells: pd.DataFrame, metric: str) -> pd.DataFrame:
        """The true percentiles of cells, whose columns are CELL: these with p10 to p90 beside."""
        members = view_groups().groupby(["view", "group_id"])["leaf"].agg(sorted)
        found: list[tuple[object, ...]] = []
        for name, of_group in cells[CELL].drop_duplicates().groupby(["view", "group_id"]):
            of_leaves = np.flatnonzero(self.parts["leaf"].isin(members[name]))
            for tier, of_tier in of_group.groupby("tier"):
                here = self._with("tier", tier, of_leaves)
                for level, of_level in of_tier.groupby("level"):
                    rows = self._with("level" if level in LEVELS else "stage", level, here)
                    for cell in of_level.itertuples(index=False):
                        market = "country" if len(cell.market) == 2 else "metro"
                        found.append((*cell, *self._points(self._with(market, cell.market, rows), metric)))
        return pd.DataFrame(found, columns=[*CELL, *(f"p{p}" for p in PERCENTILES)])

    def _with(self, column: str, value: object, rows: Whole) -> Whole:
        """Those of some rows of the parts that have a value; `all` and `global` are any."""
        if value in ("all", "global"):
            return rows
        codes, values = self._columns[column]
        return rows[codes[rows] == values[value]]

    @cached_property
    def _columns(self) -> dict[str, tuple[Whole, dict[object, int]]]:
        """Of the columns that cells are told by, and `kind`: codes, and the code of each value."""
        names = ("tier", "level", "stage", "country", "metro", "kind")
        found = {name: self.parts[name].cat for name in names}
        return {
            name: (cat.codes.to_numpy(dtype=np.int64), {v: n for n, v in enumerate(cat.categories)})
            for name, cat in found.items()
        }

    def _points(self, rows: Whole, metric: str) -> list[float]:
        """The percentiles of some parts."""
        edges = LOWEST + STEP * (np.arange(round((HIGHEST - LOWEST) / STEP)) + 0.5)
        upto = np.cumsum(self._density(rows, metric))
        return [float(pay) for pay in np.exp(np.interp(np.array(PERCENTILES) / 100, upto / upto[-1], edges))]

    def _density(self, rows: Whole, metric: str) -> Floats:
        """Of log pay, on the grid, of some parts; a millionth of the mass may lie outside."""
        found = np.zeros(round((HIGHEST - LOWEST) / STEP))
        logs, shares = self._logs[metric], self._logs["share"]
        for kind in self._columns["kind"][1]:
            mine = self._with("kind", kind, rows)
            if len(mine):
                there = placed(logs[mine], shares[mine], LOWEST, len(found))
                found += fftconvolve(there, self._kernels[metric, str(kind)], "same")
        return np.maximum(found, 0.0)

    @cached_property
    def _logs(self) -> dict[str, Floats]:
        return {name: self.parts[name].to_numpy(float) for name in (*LAWS, "share")}

    @cached_property
    def modelled(self) -> pd.DataFrame:
        """The parts that the model sees, with what their employers add in the mean, and the market."""
        rows = (
            self.parts["leaf"].ne("data_science")
            & self.parts["tier"].ne("unknown")
            & self.parts["level_basis"].eq("title")
        )
        seen = self.parts[rows]
        listed = self.population.listed_effects
        means = {
            (m, t): float(employer_shares(n) @ listed[m][t]) if t in LISTS else 0.0
            for m in LAWS
            for t, n in (LISTS | OTHERS).items()
        }
        own = {m: seen[m] + seen["own_tier"].map(lambda t, m=m: means[m, t]) for m in LAWS}
        metro, country = seen["metro"].astype(str), seen["country"].astype(str)
        return seen.assign(market=metro.where(metro.ne(""), country), **own)

    def _modelled(self, tier: str, levels: tuple[str, ...]) -> pd.DataFrame:
        rows = self.modelled[self.modelled["level"].isin(levels)]
        return rows if tier == "all" else rows[rows["tier"].eq(tier)]

    @cache  # noqa: B019 - a truth lives as long as the run
    def effects(self, metric: str, tier: str = "all", levels: tuple[str, ...] = LEVELS) -> dict[tuple[str, str], float]:
        """(factor, value) to effect on log pay, and ("intercept", ""): the projection on those reports."""
        rows = self._modelled(tier, levels)
        names = [(f, v) for f in FACTORS for v in sorted(rows[f].unique())[1:]]
        columns = [np.ones(len(rows)), *(rows[f].eq(v).to_numpy(float) for f, v in names)]
        design = np.column_stack(columns)
        shared = design.T * rows["share"].to_numpy()
        solved = np.linalg.lstsq(shared @ design, shared @ rows[metric].to_numpy(), rcond=None)[0]
        return dict(zip([("intercept", ""), *names], map(float, solved), strict=True))

    @cache  # noqa: B019
    def leaf_weights(self, tier: str = "all", levels: tuple[str, ...] = LEVELS) -> dict[str, float]:
        """The share of each leaf among those reports."""
        shares = self._modelled(tier, levels).groupby("leaf", observed=True)["share"].sum()
        return {str(leaf): float(share) for leaf, share in shares.items()}

    def apart(self, metric: str, group: list[str], baseline: str, tier: str, levels: tuple[str, ...]) -> list[float]:
        """The log premium of leaves over a baseline in each (tier, level)."""
        people, at = self.population, self.population.leaves.index
        found = []
        for t in [TIERS.index(tier)] if tier != "all" else range(len(TIERS)):
            for v in map(LEVELS.index, levels):
                pay = people.leaf_effects[metric] + people.mixed_effects[metric][:, t, v]
                members = [at(leaf) for leaf in group]
                found.append(
                    float(np.average(pay[members], weights=people.leaf_shares[t, members]) - pay[at(baseline)])
                )
        return found

    def multipliers(self, metric: str) -> dict[tuple[str, str], float]:
        """(factor, value) to multiplier, and the baseline in USD."""
        effects = self.effects(metric)
        places = self.modelled.groupby(["country", "market"], observed=True)["share"].sum()
        markets = {str(m): effects.get(("market", str(m)), 0.0) for m in places.index.get_level_values("market")}
        countries = {
            str(c): float(np.average([markets[m] for m in part.index.get_level_values("market")], weights=part))
            for c, part in places.groupby("country", observed=True)
        }
        # a market is itself where its country stands alone too: the country's name then means all of its reports
        logs = {("market", name): value - countries["US"] for name, value in (markets | countries).items()}
        for factor, first, name in (
            ("leaf", "ml_generalist", "specialisation"),
            ("tier", "T4", "tier"),
            ("level", "L5", "level"),
        ):
            values = {str(v): effects.get((factor, str(v)), 0.0) for v in self.modelled[factor].unique()}
            logs |= {(name, value): log - values[first] for value, log in values.items()}
        for age in self._months[0]:
            month = months_before(AS_OF, int(age))
            logs["month", f"{month:%Y-%m}"] = -LAWS[metric].month * float(age)
        sources = self.modelled.groupby("source", observed=True)["share"].sum()
        source = float(np.average([effects.get(("source", str(s)), 0.0) for s in sources.index], weights=sources))
        first_leaf, first_level = effects.get(("leaf", "ml_generalist"), 0.0), effects.get(("level", "L5"), 0.0)
        usual = effects["intercept", ""] + first_leaf + first_level + effects["tier", "T4"] + countries["US"] + source
        found = {key: float(np.exp(log)) for key, log in logs.items()}
        return {**found, ("baseline", "ml_generalist, T4, L5, US"): float(np.exp(usual))}


def placed(where: Floats, weight: Floats, lowest: float, count: int) -> Floats:
    """Weights on a grid, each split between its two nearest points."""
    position = (np.asarray(where) - lowest) / STEP
    below = np.floor(position).astype(int)
    part = position - below
    return np.asarray(
        np.bincount(below, weight * (1 - part), count)[:count] + np.bincount(below + 1, weight * part, count)[:count]
    )
