"""What estimates tell: the cells of a specialisation share its part of the model, and their moves average rounding out.

Two attackers read the moves of parts. One takes the part of the specialisation to move by what the person adds to its
mean. The other knows that parts are rounded: a step up or down says on which side of the guess the pay is, none that it
is not far from it; he reads the parts of tier, level and market too.

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

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # before numpy
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from salary_bands.vocabulary.dates import months_before  # noqa: E402
from tests.attack import releases  # noqa: E402
from tests.attack.guess import fitted  # noqa: E402
from tests.attack.judge import BIAS, SHRUNK, SPREAD, score  # noqa: E402
from tests.attack.likelihood import WITHIN, Guess, answer, step_likelihood  # noqa: E402
from tests.attack.premiums import BATCH, WEIGHT  # noqa: E402
from tests.attack.worlds import QUIET, SIZES, newcomers  # noqa: E402
from tests.simulate.pipeline import by_source, settings_at  # noqa: E402
from tests.simulate.population import AS_OF, METRICS, Population, World  # noqa: E402

MODELLED = ("estimates", "model_cells")
AXES = ["group_id", "tier", "level", "market"]
MIXED = {"tier": {"all"}, "level": {"all", "early", "senior"}, "group_id": {"all"}, "market": set[str]()}
ATTACKS = ("means", "steps")
UNSEEN = {"group_id": 0.02, "tier": 0.1, "level": 0.1, "market": 0.1}  # chance of a step by what others add


@dataclass(frozen=True)
class EstimateTry:
    """truth, fitted: log pay and what the medians of the first release say.

    parts: by axis, how far the part of the person's value moved, as estimates show it, and its reports before. shown,
    moved: cells of the leaf, and those whose median moved.
    """

    world: str
    person: str
    metric: str
    truth: float
    fitted: float
    parts: dict[str, tuple[float, int]]
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
        bands = deliveries.release()["bands"]
        shown = [deliveries.release(only=MODELLED)]
        for place in range(0, len(people), BATCH):
            for i in range(place, place + BATCH):
                day = first + timedelta(days=1 + i * (QUIET - 2) // len(people))
                deliveries.deliver(people["source"][i], people.iloc[[i]], day)
            shown.append(deliveries.release(only=MODELLED))
        fitted_of = {metric: fitted(people, metric, bands) for metric in METRICS}
        for i, person in people.iterrows():
            # the batch closes in the release of the person or in the one after it
            for before, after in list(itertools.pairwise(shown))[int(i) // BATCH :][:2]:
                found += _tries(
                    f"{size} {number}",
                    str(i),
                    person,
                    before,
                    after,
                    {m: float(of[int(i)]) for m, of in fitted_of.items()},
                )
    return found


def _tries(
    world: str, number: str, person: "pd.Series[Any]", before: Any, after: Any, guesses: dict[str, float]
) -> list[EstimateTry]:
    found = []
    for metric in METRICS:
        counts = [reports_of(tables["model_cells"], metric, "leaf", person["leaf"]) for tables in (before, after)]
        if counts[1] - counts[0] != 1:
            continue
        both = moves(before["estimates"], after["estimates"], metric)
        own = both["group_id"].eq(person["leaf"])
        if own.any():
            found.append(
                EstimateTry(
                    world, f"{world} {number}", metric, float(np.log(person[metric])), guesses[metric],
                    _parts(both, before["model_cells"], person, metric),
                    int(own.sum()), int(both.loc[own, "move"].ne(0).sum()),
                )
            )  # fmt: skip
    return found


def _parts(
    both: pd.DataFrame, cells: pd.DataFrame, person: "pd.Series[Any]", metric: str
) -> dict[str, tuple[float, int]]:
    """The moves of the parts of a person's leaf, tier, level and finest market, with their reports before."""
    place = [person["metro"], person["country"]]
    market = next((value for value in place if both["market"].eq(value).any()), person["country"])
    values = {"group_id": person["leaf"], "tier": person["tier"], "level": person["level"], "market": market}
    columns = {"group_id": "leaf", "market": "market" if market == person["metro"] else "country"}
    found = {}
    for axis, value in values.items():
        move = part_move(both, axis, value)
        if np.isfinite(move):
            found[axis] = move, reports_of(cells, metric, columns.get(axis, axis), value)
    return found


def reports_of(cells: pd.DataFrame, metric: str, column: str, value: str) -> int:
    """Reports of a value in the model, which the attacker is given."""
    return int(cells.loc[cells[column].eq(value) & cells["metric"].eq(metric), "n"].sum())


def moves(before: pd.DataFrame, after: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return AXES and `move`, the log of how far P50 moved, of each leaf's cells in both releases."""
    sides = [t[t["view"].eq("leaf") & t["metric"].eq(metric)].set_index(AXES)["p50"] for t in (before, after)]
    joined = pd.concat(sides, axis=1, keys=["before", "after"], join="inner").astype(float)
    return np.log(joined["after"] / joined["before"]).rename("move").reset_index()


def part_move(both: pd.DataFrame, axis: str, value: str) -> float:
    """Return how far the part of a value moved beside those of the others, averaged over all other axes."""
    rest = [other for other in AXES if other != axis]
    pure = both[~both[axis].isin(MIXED[axis])]
    others = pure[pure[axis].ne(value)].groupby(rest)["move"].mean()
    own = pure[pure[axis].eq(value)].set_index(rest)["move"]
    return float((own - others).dropna().mean())


def judged(tries: list[EstimateTry], attack: str) -> pd.DataFrame:
    """Return the columns of `judge.judged`, of one of ATTACKS."""
    rows = []
    for one in tries:
        guess, (move, reports) = Guess(one.fitted + BIAS[one.metric], SPREAD[one.metric]), one.parts["group_id"]
        parts = [(moved, WEIGHT * n + 1, UNSEEN[axis]) for axis, (moved, n) in one.parts.items()]
        row = {"world": one.world, "person": one.person, "metric": one.metric, "smallest": float(reports)}
        for within in WITHIN:
            said = guess.mean + SHRUNK * move * (WEIGHT * reports + 1)
            if attack == "steps":
                said = answer(guess, step_likelihood(parts, guess.spread), 1.0, within)
            for name, log in (("guess", answer(guess, None, 1.0, within)), ("attack", said)):
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
    for attack, within in itertools.product(ATTACKS, WITHIN):
        s = score(judged(tries, attack), within)
        print(
            f"{attack}, within {within:.0%}: {s.tries} amounts, guess {s.guess:.1%}, attack {s.attack:.1%}, "
            f"up to {s.upper:+.1%} more, limit {s.limit:+.0%}, {'met' if s.met else 'not met'}"
        )
    shown, moved = (sum(getattr(one, name) for one in tries) for name in ("shown", "moved"))
    print(f"{moved / max(shown, 1):.1%} of {shown} medians of the leaf moved")


if __name__ == "__main__":
    main()
