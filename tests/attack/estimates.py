"""What estimates tell: the cells of a specialisation share its part of the model, and their moves average rounding out.

`python -m tests.attack.estimates` attacks simulated releases, five reports apart, since the regression takes them in by
fives, and prints what came of it.
"""

import argparse
import itertools
import os
import sys
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # before numpy
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from salary_bands.vocabulary.dates import months_before  # noqa: E402
from tests.attack import releases  # noqa: E402
from tests.attack.guess import fitted  # noqa: E402
from tests.attack.judge import BIAS, SHRUNK, score  # noqa: E402
from tests.attack.likelihood import WITHIN  # noqa: E402
from tests.attack.premiums import BATCH, WEIGHT  # noqa: E402
from tests.attack.worlds import QUIET, SIZES, newcomers  # noqa: E402
from tests.simulate.pipeline import by_source, settings_at  # noqa: E402
from tests.simulate.population import AS_OF, METRICS, Population, World  # noqa: E402

PLACE = ["tier", "level", "market"]


@dataclass(frozen=True)
class EstimateTry:
    """truth, fitted: log pay and what the medians before say. move: of the leaf's part, as estimates show it.

    reports: of the leaf before. shown, moved: cells of the leaf, and those whose median moved.
    """

    world: str
    person: str
    metric: str
    truth: float
    fitted: float
    move: float
    reports: int
    shown: int
    moved: int


def estimate_tries(size: str, number: int, batches: int) -> list[EstimateTry]:
    """Let five persons at a time report. A person is attacked if nobody else in the batch is of the leaf."""
    world = World(Population(20260630 + number), 6_000 + number)
    first = AS_OF - timedelta(days=QUIET)
    reports = world.reports(SIZES[size], 0, (months_before(AS_OF, 12), first))
    people = newcomers(world, BATCH * batches, draw=5)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        deliveries = releases.Deliveries(settings_at(Path(folder)))
        for source, part in by_source(reports).items():
            deliveries.deliver(source.split("/")[0], part, first)
        shown = [_release(deliveries)]
        for place in range(0, len(people), BATCH):
            for i in range(place, place + BATCH):
                day = first + timedelta(days=1 + i * (QUIET - 2) // len(people))
                deliveries.deliver(people["source"][i], people.iloc[[i]], day)
            shown.append(_release(deliveries))
        for i, person in people.iterrows():
            # the batch closes in the release of the person or in the one after it
            for before, after in list(itertools.pairwise(shown))[int(i) // BATCH :][:2]:
                found += _tries(f"{size} {number}", str(i), person, before, after, people.iloc[[int(i)]])
    return found


def _release(deliveries: releases.Deliveries) -> dict[str, pd.DataFrame]:
    with patch("tests.attack.releases.MODELLED", ("estimates", "model_cells")):
        return deliveries.release(modelled=True)


def _tries(
    world: str, number: str, person: "pd.Series[Any]", before: Any, after: Any, alone: pd.DataFrame
) -> list[EstimateTry]:
    found = []
    for metric in METRICS:
        counts = [_reports(tables["model_cells"], person["leaf"], metric) for tables in (before, after)]
        if counts[1] - counts[0] != 1:
            continue
        both = moves(before["estimates"], after["estimates"], metric)
        own = both["group_id"].eq(person["leaf"])
        if own.any():
            found.append(
                EstimateTry(
                    world, f"{world} {number}", metric, float(np.log(person[metric])),
                    float(fitted(alone, metric, before["bands"])[0]), leaf_move(both, person["leaf"]), counts[0],
                    int(own.sum()), int(both.loc[own, "move"].ne(0).sum()),
                )
            )  # fmt: skip
    return found


def _reports(cells: pd.DataFrame, leaf: str, metric: str) -> int:
    """Reports of a leaf in the model, which the attacker is given."""
    return int(cells.loc[cells["leaf"].eq(leaf) & cells["metric"].eq(metric), "n"].sum())


def moves(before: pd.DataFrame, after: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return group_id, PLACE and `move`, the log of how far P50 moved, of each leaf's cells in both releases."""
    sides = [
        t[t["view"].eq("leaf") & t["metric"].eq(metric)].set_index(["group_id", *PLACE])["p50"] for t in (before, after)
    ]
    joined = pd.concat(sides, axis=1, keys=["before", "after"], join="inner").astype(float)
    return np.log(joined["after"] / joined["before"]).rename("move").reset_index()


def leaf_move(both: pd.DataFrame, leaf: str) -> float:
    """Return how far the part of a leaf moved beside those of the others, averaged over all places."""
    others = both[both["group_id"].ne(leaf) & both["group_id"].ne("all")].groupby(PLACE)["move"].mean()
    own = both[both["group_id"].eq(leaf)].set_index(PLACE)["move"]
    return float((own - others).dropna().mean())


def judged(tries: list[EstimateTry]) -> pd.DataFrame:
    """Return the columns of `judge.judged`: the pay that moves the leaf's part as it moved."""
    rows = []
    for one in tries:
        guess = one.fitted + BIAS[one.metric]
        said = guess + SHRUNK * one.move * (WEIGHT * one.reports + 1)
        row = {"world": one.world, "person": one.person, "metric": one.metric, "smallest": float(one.reports)}
        for within in WITHIN:
            for name, log in (("guess", guess), ("attack", said)):
                row[f"{name}_{within}"] = bool(abs(np.expm1(log - one.truth)) <= within)
        rows.append(row)
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.attack.estimates", description=__doc__)
    parser.add_argument("--worlds", type=int, default=4, help="of each size")
    parser.add_argument("--batches", type=int, default=4, help="of five persons, in each world")
    parser.add_argument("--first", type=int, default=0, help="number of the first world")
    chosen = parser.parse_args()
    tries: list[EstimateTry] = []
    for number in range(chosen.first, chosen.first + chosen.worlds):
        for size in ("usual", "large"):
            tries += estimate_tries(size, number, chosen.batches)
            print(f"{size} {number}: {len(tries)} amounts so far", file=sys.stderr, flush=True)
    results = judged(tries)
    for within in WITHIN:
        s = score(results, within)
        print(
            f"within {within:.0%}: {s.tries} amounts, guess {s.guess:.1%}, attack {s.attack:.1%}, up to {s.upper:+.1%} "
            f"more, limit {s.limit:+.0%}, {'met' if s.met else 'not met'}"
        )
    shown, moved = (sum(getattr(one, name) for one in tries) for name in ("shown", "moved"))
    print(f"{moved / max(shown, 1):.1%} of {shown} medians of the leaf moved")


if __name__ == "__main__":
    main()
