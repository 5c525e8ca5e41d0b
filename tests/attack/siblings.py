"""One release: cells against larger ones around them, sums of cells, and bounds that are somebody's pay."""

import tempfile
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from salary_bands.vocabulary.dates import months_before
from tests.attack.cells import CELL, COUNTS, FIGURES, Floats, groups_of, read
from tests.attack.guess import fitted
from tests.attack.releases import Deliveries
from tests.attack.worlds import QUIET, SIZES, Try
from tests.simulate.pipeline import by_source, settings_at
from tests.simulate.population import AS_OF, METRICS, PLACES, Population, World

FEW = 5  # people that a larger cell has more
PARENTS = {
    "L3": "early",
    "L4": "early",
    "L5": "senior",
    "L6": "senior",
    "L7": "senior",
    "early": "all",
    "senior": "all",
}
COUNTRY = {metro: country for country, metro, *_ in PLACES if metro}


def differences(size: str, number: int, most: int) -> tuple[list[Try], list[Try], pd.DataFrame]:
    """Draw a world and its release; return tries at people by which a cell and a larger one differ, the same for sums.

    The third is the bounds: reports, whether it is a single pay of the cell, how often it would be if drawn smoothly.
    """
    world = World(Population(20260630 + number), 6_000 + number)
    first = AS_OF - timedelta(days=QUIET)
    reports = world.reports(SIZES[size], 0, (months_before(AS_OF, 12), first))
    with tempfile.TemporaryDirectory() as folder:
        deliveries = Deliveries(settings_at(Path(folder)))
        for source, part in by_source(reports).items():
            deliveries.deliver(source.split("/")[0], part, first)
        bands = deliveries.release()["bands"]
    shown = bands[bands["p50"].notna() & bands["shrinkage_weight"].isna()]
    members = Members(reports)
    pairs: dict[int, list[tuple[tuple[str, ...], ...]]] = defaultdict(list)
    sums: dict[int, list[tuple[tuple[str, ...], ...]]] = defaultdict(list)
    keys = {tuple(key) for key in shown.loc[shown["metric"].eq("base"), CELL].to_numpy()}
    for key in sorted(keys):
        for parent in _around(key, reports):
            if parent in keys:
                _note(pairs, members.of(parent) - members.of(key), (key, parent))
        for dimension in ("tier", "level", "market"):
            children = [k for k in _parts(key, dimension) if k in keys]
            if len(children) > 1:
                inside = set().union(*(members.of(child) for child in children))
                _note(sums, members.of(key) - inside, (*children, key))
    return (
        _tries(size, number, pairs, reports, shown, most),
        _tries(size, number, sums, reports, shown, most),
        _bounds(shown, members, reports, number),
    )


class Members:
    """The rows of reports that a cell's name covers."""

    def __init__(self, reports: pd.DataFrame) -> None:
        groups = {leaf: groups_of(leaf) for leaf in reports["leaf"].unique()}
        self._leaf = reports["leaf"].to_numpy()
        self._groups = groups
        self._columns = {c: reports[c].to_numpy() for c in ("tier", "level", "stage", "country", "metro")}
        self._known: dict[tuple[str, ...], set[int]] = {}

    def of(self, key: tuple[str, ...]) -> set[int]:
        if key not in self._known:
            view, group, tier, level, market = key
            leaves = [leaf for leaf, groups in self._groups.items() if (view, group) in groups]
            chosen = np.isin(self._leaf, leaves)
            if tier != "all":
                chosen &= self._columns["tier"] == tier
            if level != "all":
                chosen &= self._columns["stage" if level in ("early", "senior") else "level"] == level
            if market != "global":
                chosen &= self._columns["metro" if market in COUNTRY else "country"] == market
            self._known[key] = set(np.flatnonzero(chosen).tolist())
        return self._known[key]


def _around(key: tuple[str, ...], reports: pd.DataFrame) -> list[tuple[str, ...]]:
    view, group, tier, level, market = key
    found = []
    if tier != "all":
        found.append((view, group, "all", level, market))
    if level != "all":
        found.append((view, group, tier, PARENTS[level], market))
        found.append((view, group, tier, "all", market))
    if market != "global":
        found.append((view, group, tier, level, COUNTRY.get(market, "global")))
        found.append((view, group, tier, level, "global"))
    if view == "leaf" and group != "all":
        found += [(v, g, tier, level, market) for v, g in groups_of(group)]
    return [other for other in dict.fromkeys(found) if other != key]


def _parts(key: tuple[str, ...], dimension: str) -> list[tuple[str, ...]]:
    view, group, tier, level, market = key
    if dimension == "tier" and tier == "all":
        return [(view, group, t, level, market) for t in ("T1", "T2", "T3", "T4", "T5", "unknown")]
    if dimension == "level" and level in ("all", "early", "senior"):
        return [(view, group, tier, child, market) for child, parent in PARENTS.items() if parent == level]
    if dimension == "market" and market == "global":
        return [(view, group, tier, level, c) for c in sorted({p[0] for p in PLACES})]
    return []


def _note(found: "dict[int, list[Any]]", people: set[int], cells: tuple[tuple[str, ...], ...]) -> None:
    if 1 <= len(people) <= FEW:
        for person in people:
            found[person].append(cells)


def _tries(
    size: str, number: int, found: "dict[int, list[Any]]", reports: pd.DataFrame, shown: pd.DataFrame, most: int
) -> list[Try]:
    rows = {(*key, metric): i for i, (*key, metric) in enumerate(shown[[*CELL, "metric"]].itertuples(index=False))}
    tries = []
    for place, person in enumerate(sorted(found, key=lambda p: -len(found[p]))[:most]):
        row = reports.iloc[[person]]
        for metric in METRICS:
            smaller, larger = [], []
            for *children, parent in found[person]:
                places = [rows.get((*key, metric)) for key in (*children, parent)]
                if None in places:
                    continue
                parts = shown.iloc[places[:-1]]
                whole = shown.iloc[places[-1]][[*CELL, *COUNTS, *FIGURES]].to_dict()
                smaller.append({**whole, **_together(parts)})
                larger.append(whole)
            if smaller:
                names = [*CELL, *COUNTS, *FIGURES]
                # cells may stand in several pairs: a number makes the names differ
                sides = [
                    pd.DataFrame(side, columns=names).assign(market=[f"{i}" for i in range(len(side))])
                    for side in (smaller, larger)
                ]
                tries.append(
                    Try(
                        size, number, place, row.iloc[0], metric, float(np.log(row[metric].iloc[0])), np.nan,
                        float(fitted(row, metric, shown)[0]), float(sides[0]["n_reports"].min()),
                        (sides[0], sides[1]), (sides[0], sides[1]),
                    )
                )  # fmt: skip
    return tries


def _together(parts: pd.DataFrame) -> dict[str, float]:
    """The figures of several cells as if they were one: a single cell's own, else those of the mixture."""
    if len(parts) == 1:
        return parts.iloc[0][[*COUNTS, *FIGURES]].to_dict()
    readings = read(parts.assign(release=""), parts)
    sizes = readings.reports[:, 1]
    share: Floats = np.zeros(0)
    grid = np.linspace(np.nanmin(readings.after) - 1, np.nanmax(readings.after) + 1, 2_000)
    for figures, ranks, size in zip(readings.after, readings.ranks, sizes, strict=True):
        used = np.isfinite(figures) & np.isfinite(ranks)
        order = np.argsort(ranks[used])
        pay, z = np.maximum.accumulate(figures[used][order]), norm.ppf(ranks[used][order])
        spread = max(0.05, (pay[-1] - pay[0]) / max(z[-1] - z[0], 0.1))
        pay = np.concatenate([[pay[0] - 3 * spread], pay, [pay[-1] + 3 * spread]])
        z = np.concatenate([[z[0] - 3], z, [z[-1] + 3]])
        part = size * norm.cdf(np.interp(grid, pay, z))
        share = part if not len(share) else share + part
    share = share / sizes.sum()
    effective = float(readings.effective.sum())
    mixed = dict.fromkeys(FIGURES, np.nan)
    for name, rank in zip(FIGURES, readings.ranks[int(np.argmax(sizes))], strict=True):
        if np.isfinite(rank) and name in ("p10", "p25", "p50", "p75", "p90"):
            mixed[name] = float(np.exp(np.interp(rank, share, grid)))
    return {**mixed, "n_reports": float(sizes.sum()), "n_effective": effective}


def _bounds(shown: pd.DataFrame, members: Members, reports: pd.DataFrame, number: int) -> pd.DataFrame:
    """How often a bound is, to the published dollar, what one person of its cell alone is paid, and a smoothed one is.

    What two people or more are paid is nobody's own pay.
    """
    rng = np.random.default_rng([number, 2])
    found = []
    for row in shown.itertuples(index=False):
        pay = reports[row.metric].to_numpy(float)[sorted(members.of(tuple(getattr(row, c) for c in CELL)))]
        alone = single(_published(pay))
        near = rng.uniform(2, 6, 20) * rng.choice([-1, 1], 20)  # steps of rounding: as dense there, but smooth
        for name in FIGURES:
            bound = getattr(row, name)
            if name[-1] in "wh" and not pd.isna(bound):
                drawn = _published(bound + near * (100 if bound < 50_000 else 500))
                chance = float(np.mean([value in alone for value in drawn]))
                found.append((int(row.n_reports), float(bound) in alone, chance))
    return pd.DataFrame(found, columns=["n_reports", "is_pay", "chance"])


def single(pay: Floats) -> set[float]:
    """Return the values that are there once."""
    values, counts = np.unique(pay, return_counts=True)
    return set(values[counts == 1].tolist())


def _published(pay: Floats) -> Floats:
    step = np.where(pay < 50_000, 100, 500)
    return np.asarray(step * np.floor(pay / step + 0.5))
