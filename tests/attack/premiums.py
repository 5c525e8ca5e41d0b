"""What premiums tell: the batch of the regression is worldwide, so a specialisation's premium moves by one report."""

import itertools
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from salary_bands.vocabulary.dates import months_before
from tests.attack import releases
from tests.attack.guess import fitted
from tests.attack.worlds import QUIET, SIZES, newcomers
from tests.simulate.pipeline import by_source, settings_at
from tests.simulate.population import AS_OF, METRICS, Population, World

BATCH = 5
WEIGHT = 0.55  # mean weight of a report of the window, if a new one has 1
UNSEEN = 0.05  # chance of a step by what others add to the baseline
KEY = ["baseline", "tier", "level"]
BASELINES = ("ml_generalist", "nlp_classical")


@dataclass(frozen=True)
class PremiumTry:
    """truth, fitted: log pay and what the medians before say. rows: `premiums` of the leaf in both releases."""

    world: str
    chain: int
    place: int
    metric: str
    truth: float
    fitted: float
    rows: pd.DataFrame


def premium_tries(size: str, number: int, batches: int) -> list[PremiumTry]:
    """Let five persons at a time report, so that one batch of the regression closes in each release."""
    world = World(Population(20260630 + number), 4_000 + number)
    first = AS_OF - timedelta(days=QUIET)
    reports = world.reports(SIZES[size], 0, (months_before(AS_OF, 12), first))
    people = newcomers(world, BATCH * batches, draw=3)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        deliveries = releases.Deliveries(settings_at(Path(folder)))
        for source, part in by_source(reports).items():
            deliveries.deliver(source.split("/")[0], part, first)
        bands = deliveries.release()["bands"]
        shown = [_premiums(deliveries)]
        for place in range(0, len(people), BATCH):
            for i in range(place, place + BATCH):
                day = first + timedelta(days=1 + i * (QUIET - 2) // len(people))
                deliveries.deliver(people["source"][i], people.iloc[[i]], day)
            shown.append(_premiums(deliveries))
        for i, person in people.iterrows():
            for metric in METRICS:
                # the batch closes in the release of the person or in the one after it
                for before, after in list(itertools.pairwise(shown))[int(i) // BATCH :][:2]:
                    rows = _rows(person, metric, before).merge(
                        _rows(person, metric, after), on=KEY, suffixes=("_0", "_1")
                    )
                    rows = rows[(rows["n_group_1"] - rows["n_group_0"]).eq(1)]
                    if len(rows):
                        guess = float(fitted(people.iloc[[int(i)]], metric, bands)[0])
                        found.append(
                            PremiumTry(size, number, int(i), metric, float(np.log(person[metric])), guess, rows)
                        )
                        break
    return found


def _premiums(deliveries: releases.Deliveries) -> pd.DataFrame:
    return deliveries.release(only=("premiums",))["premiums"]


def _rows(person: "pd.Series[Any]", metric: str, premiums: pd.DataFrame) -> pd.DataFrame:
    chosen = (
        premiums["view"].eq("leaf") & premiums["group_id"].eq(person["leaf"]) & premiums["metric"].eq(metric)
        & premiums["premium"].notna() & premiums["baseline"].ne(person["leaf"])
        & premiums["tier"].isin([person["tier"], "all"])
        & premiums["level"].isin([person["level"], person["stage"], "all"])
    )  # fmt: skip
    return premiums.loc[chosen, [*KEY, "premium", "n_group"]]


def parts(one: PremiumTry) -> list[tuple[float, float, float]]:
    """What `step_likelihood` asks of premiums: each is the mean of its group's people less the baseline.

    Those over two baselines move together, so that one of them is read.
    """
    rows = one.rows.drop_duplicates(["tier", "level"])
    moves = np.log1p(rows["premium_1"].to_numpy(float)) - np.log1p(rows["premium_0"].to_numpy(float))
    people = WEIGHT * rows["n_group_0"].to_numpy(float) + 1
    return [(float(move), float(of), UNSEEN) for move, of in zip(moves, people, strict=True)]
