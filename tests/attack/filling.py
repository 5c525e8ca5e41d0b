"""An attacker who adds reports of his own: the person's batch closes in every cell, and he knows the rest of it."""

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from salary_bands.vocabulary.dates import months_before
from tests.attack.cells import cells_with
from tests.attack.guess import fitted
from tests.attack.releases import Deliveries
from tests.attack.worlds import SIZES, Try, newcomers, stacked
from tests.simulate.pipeline import by_source, settings_at
from tests.simulate.population import AS_OF, METRICS, Population, World

OWN = 4  # rows before the person, and as many after: whoever waits in a cell, the person's batch holds four of them
APART = 0.25  # log pay of his rows below and above the guess, in turn
DAYS = 120  # before AS_OF, in which only the attacker and the persons report


def filled(size: str, number: int, persons: int) -> list[Try]:
    """Draw a world, and let the attacker put his rows around each of the persons.

    In the tries, `seen` is the release before the person, with four rows of the attacker that came last, and the one
    after the person and four more.
    """
    world = World(Population(20260630 + number), 8_000 + number)
    first = AS_OF - timedelta(days=DAYS)
    reports = world.reports(SIZES[size], 0, (months_before(AS_OF, 12), first))
    people = newcomers(world, persons, draw=2)
    found: list[Try] = []
    with tempfile.TemporaryDirectory() as folder:
        deliveries = Deliveries(settings_at(Path(folder)))
        for source, part in by_source(reports).items():
            deliveries.deliver(source.split("/")[0], part, first)
        tables = deliveries.release(modelled=True)
        multipliers, before = tables["multipliers"], deliveries.release()["bands"]
        for place, (_, person) in enumerate(people.iterrows()):
            row = people.iloc[[place]]
            guesses = {metric: float(fitted(row, metric, before)[0]) for metric in METRICS}
            day = first + timedelta(days=3 * place + 1)
            deliveries.deliver(person["source"], own_rows(person, guesses, 2 * place), day)
            known = deliveries.release()["bands"]
            deliveries.deliver(person["source"], row, day + timedelta(days=1))
            deliveries.deliver(person["source"], own_rows(person, guesses, 2 * place + 1), day + timedelta(days=2))
            after = deliveries.release()["bands"]
            seen = cells_with(person, known), cells_with(person, after)
            for metric in METRICS:
                rows = tuple(side[side["metric"].eq(metric)] for side in seen)
                shown = rows[0][rows[0]["p50"].notna()]
                if len(shown):
                    found.append(
                        Try(
                            size, number, place, person, metric, float(np.log(person[metric])),
                            stacked(person, metric, multipliers), guesses[metric],
                            float(shown["n_reports"].min()), rows, rows,
                        )
                    )  # fmt: skip
            before = after
    return found


def own_pay(guess: float) -> "np.ndarray[Any, Any]":
    """The log pay of the attacker's rows: low and high in turn, so that any four in a row are two of each."""
    return guess + APART * np.array([-1.0, 1.0] * (OWN // 2))


def own_rows(person: "pd.Series[Any]", guesses: dict[str, float], number: int) -> pd.DataFrame:
    """Rows like the person's, from other employers of the tier, each a day after the one before."""
    rows = pd.DataFrame([person] * OWN).reset_index(drop=True)
    rows["employer"] = [f"{person['tier']} employer {1000 + OWN * number + i}" for i in range(OWN)]
    rows["day"] = [AS_OF - timedelta(days=OWN - i) for i in range(OWN)]
    for metric, guess in guesses.items():
        rows[metric] = np.round(np.exp(own_pay(guess)), -2).astype(np.int64) + 100 * (number % 7)
    return rows
