"""Worlds whose releases are one report apart: one person after the other reports."""

import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from salary_bands.vocabulary.dates import months_before
from tests.attack.cells import cells_with
from tests.attack.guess import fitted
from tests.attack.open import open_bands
from tests.attack.releases import Deliveries
from tests.simulate.pipeline import by_source, settings_at
from tests.simulate.population import AS_OF, METRICS, Population, World

SIZES = {"thin": 500, "usual": 1_200, "large": 3_000}
QUIET = 60  # days before AS_OF in which nobody but the persons report


@dataclass(frozen=True)
class Try:
    """One metric of one person, and what the attacker sees: with the defence, and without it.

    truth, stacked, fitted: log pay, what the multipliers of the earlier release say (NaN where it has none) and what
    its medians say. smallest: people in the smallest shown cell that the person is in. seen, seen_open: the rows of
    bands of the person's cells before and after.
    """

    world: str
    chain: int
    place: int
    person: "pd.Series[Any]"
    metric: str
    truth: float
    stacked: float
    fitted: float
    smallest: float
    seen: tuple[pd.DataFrame, pd.DataFrame]
    seen_open: tuple[pd.DataFrame, pd.DataFrame]


def chain(size: str, number: int, persons: int) -> list[Try]:
    """Draw a world of a size and let persons report one after the other, each in a release of its own."""
    world = World(Population(20260630 + number), 7_000 + number)
    first = AS_OF - timedelta(days=QUIET)
    reports = world.reports(SIZES[size], 0, (months_before(AS_OF, 12), first))
    people = newcomers(world, persons)
    found: list[Try] = []
    with tempfile.TemporaryDirectory() as folder:
        deliveries = Deliveries(settings_at(Path(folder)))
        for source, part in by_source(reports).items():
            deliveries.deliver(source.split("/")[0], part, first)
        multipliers = deliveries.release(modelled=True)["multipliers"]
        before = deliveries.release()["bands"]
        for place, (_, person) in enumerate(people.iterrows()):
            row = people.iloc[[place]]
            deliveries.deliver(person["source"], row, first + timedelta(days=1 + place * (QUIET - 2) // persons))
            after = deliveries.release()["bands"]
            grown = pd.concat([reports, row], ignore_index=True)
            seen = cells_with(person, before), cells_with(person, after)
            opened = open_bands(person, reports), open_bands(person, grown)
            for metric in METRICS:
                rows, rows_open = (tuple(side[side["metric"].eq(metric)] for side in s) for s in (seen, opened))
                shown = rows[0][rows[0]["p50"].notna()]
                if len(shown) and len(rows_open[0]):
                    found.append(
                        Try(
                            size, number, place, person, metric, float(np.log(person[metric])),
                            stacked(person, metric, multipliers), float(fitted(row, metric, before)[0]),
                            float(shown["n_reports"].min()), rows, rows_open,
                        )
                    )  # fmt: skip
            before, reports = after, grown
    return found


def newcomers(world: World, count: int, draw: int = 1) -> pd.DataFrame:
    """People of known level and employer in core leaves, whom an attacker would look for, each from their own day."""
    people = world.reports(4 * count + 40, draw, (AS_OF - timedelta(days=25), AS_OF))
    known = people[people["level"].notna() & people["employer"].notna() & people["leaf"].ne("data_science")]
    return known.head(count).reset_index(drop=True)


def stacked(person: "pd.Series[Any]", metric: str, multipliers: pd.DataFrame) -> float:
    """The log of what the multipliers of the earlier release say of the person; unpublished factors count as 1."""
    of_metric = multipliers[multipliers["metric"].eq(metric)]
    factors = of_metric.dropna(subset=["multiplier"]).set_index(["factor", "value"])["multiplier"]
    base = of_metric.loc[of_metric["factor"].eq("baseline"), "usd"].dropna()
    if base.empty:
        return np.nan
    log = float(np.log(base.iloc[0]))
    place = next(
        (p for p in (person["metro"], person["country"], "global", "rest_of_world") if ("market", p) in factors), ""
    )
    for key in (
        ("specialisation", person["leaf"]), ("tier", person["tier"]), ("level", person["level"]), ("market", place),
    ):  # fmt: skip
        log += float(np.log(factors.get(key, 1.0)))
    return log
