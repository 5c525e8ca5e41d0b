"""Twelve releases around: a month's reports come and others go, and the person's report stays."""

import itertools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from salary_bands.vocabulary.dates import months_before
from tests.attack.cells import CELL, COUNTS, FIGURES, cells_with
from tests.attack.guess import fitted
from tests.attack.releases import Deliveries
from tests.attack.worlds import SIZES, Try, stacked
from tests.simulate.pipeline import settings_at
from tests.simulate.population import AS_OF, METRICS, Population, World

AROUND = 6  # releases before the person's first, and after it
WINDOW = 12
LATEST = 0.65  # weight of the state of a cell next to the person's entry, the rest is the one beyond


def monthly(size: str, number: int, months: int, persons: int) -> list[Try]:
    """Draw a world with a release each month; `seen` is of each cell its states before and after the person entered.

    A state is the mean of the last two sets of people that the cell had, which averages out moved ranks; figures stay
    as they are while the people do. The person is taken to have entered with the first change after the report.
    """
    world = World(Population(20260630 + number), 9_000 + number)
    ends = [months_before(AS_OF, age) for age in range(WINDOW + months + 2 * AROUND, -1, -1)]
    arrivals: list[pd.DataFrame] = []
    releases: list[pd.DataFrame] = []
    multipliers: list[pd.DataFrame] = []
    rng = np.random.default_rng([number, 1])
    with tempfile.TemporaryDirectory() as folder:
        deliveries = Deliveries(settings_at(Path(folder)))
        for draw, (start, end) in enumerate(itertools.pairwise(ends)):
            reports = world.reports(max(8, int(rng.poisson(SIZES[size] / WINDOW))), draw, (start, end))
            for source, part in reports.groupby("source"):
                deliveries.deliver(str(source), part, end)
            if draw + 1 >= WINDOW:
                tables = deliveries.release(end, modelled=len(releases) % AROUND == 0)
                multipliers.append(tables.get("multipliers", multipliers[-1] if multipliers else None))
                releases.append(tables["bands"])
                arrivals.append(reports)
    found = []
    for month in range(AROUND, len(releases) - AROUND):
        known = arrivals[month]
        known = known[known["level"].notna() & known["employer"].notna() & known["leaf"].ne("data_science")]
        for place, (_, person) in enumerate(known.head(persons).iterrows()):
            found += _tries(size, number, month, place, person, known, releases, multipliers)
    return found


def _tries(
    size: str, number: int, month: int, place: int, person: "pd.Series[Any]", known: pd.DataFrame,
    releases: list[pd.DataFrame], multipliers: list[pd.DataFrame],
) -> list[Try]:  # fmt: skip
    around = [cells_with(person, bands) for bands in releases[month - AROUND : month + AROUND]]
    row = known.iloc[[place]]
    found = []
    for metric in METRICS:
        rows = states([side[side["metric"].eq(metric)] for side in around])
        if len(rows[0]):
            before = releases[month - 1]
            found.append(
                Try(
                    size, number, 1000 * month + place, person, metric, float(np.log(person[metric])),
                    stacked(person, metric, multipliers[month - 1]), float(fitted(row, metric, before)[0]),
                    float(rows[0]["n_reports"].min()), rows, rows,
                )
            )  # fmt: skip
    return found


def states(releases: list[pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return each direct cell before and after its first change from the middle of these releases on."""
    names = [*CELL, *COUNTS, *FIGURES]
    tall = pd.concat(
        [r.loc[r["p50"].notna() & r["shrinkage_weight"].isna(), names].assign(at=i) for i, r in enumerate(releases)]
    )
    sides: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], [])
    for key, rows in tall.groupby(CELL, sort=True):
        figures = rows[FIGURES].astype("Float64").to_numpy(float, na_value=np.nan)
        at = rows["at"].to_numpy()
        early, late = np.flatnonzero(at < AROUND), np.flatnonzero(at >= AROUND)
        if not len(early):
            continue
        first = early[-1]
        changed = [i for i in late if not np.array_equal(figures[i], figures[first], equal_nan=True)]
        if not changed:
            continue
        one = _averaged(figures, early[::-1], first)
        two = _averaged(figures, np.array(changed), changed[0])
        for side, index, mean in ((sides[0], first, one), (sides[1], changed[0], two)):
            counts = rows.iloc[index][COUNTS].to_dict()
            side.append({**dict(zip(CELL, key, strict=True)), **counts, **dict(zip(FIGURES, mean, strict=True))})
        gone = float(sides[1][-1]["n_reports"]) - float(sides[0][-1]["n_reports"])
        # people who left in fives as others came are as many unknown ones more; the attacker sees at least these
        sides[1][-1]["n_reports"] = float(sides[0][-1]["n_reports"]) + (gone if gone > 0 else 10 - gone)
    return pd.DataFrame(sides[0], columns=names), pd.DataFrame(sides[1], columns=names)


def _averaged(figures: "np.ndarray[Any, Any]", order: "np.ndarray[Any, Any]", nearest: int) -> "np.ndarray[Any, Any]":
    """The mean of the nearest state and the next one that differs from it, in log pay."""
    near = figures[nearest]
    for i in order:
        if not np.array_equal(figures[i], near, equal_nan=True):
            mean = np.exp(LATEST * np.log(near) + (1 - LATEST) * np.log(figures[i]))
            return np.where(np.isnan(mean), near, mean)
    return near
