"""How often an attack places a person's pay, beside the guess, and whether that is within the limits."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tests.attack.cells import read
from tests.attack.filling import own_pay
from tests.attack.likelihood import WITHIN, Guess, Tactics, answer, log_likelihood, step_likelihood, without_defence
from tests.attack.premiums import PremiumTry, parts
from tests.attack.worlds import Try

# What the attacker learned in worlds of his own (`chain` numbers from 900 on, which are not judged): how far guesses
# are off, in log pay, and how much the sum of log likelihoods counts in each attack.
SPREAD = {"base": 0.24, "total": 0.33}
BIAS = {"base": -0.02, "total": -0.05}
ONE = Tactics(trust=0.4)
FILLED = Tactics(trust=0.5, others=0)
MONTHS = Tactics(trust=0.1)
SINGLE = Tactics(trust=0.3)
SHRUNK = 0.75  # of what a mean of the model seems to say of a person
SUMS = Tactics(trust=0.1, spare=1.5)
LIMITS = {0.10: 0.20, 0.02: 0.05}  # above the guess
AIM = 0.05  # within 10 %
Z = 1.96


def judged(tries: list[Try], tactics: Tactics, filled: bool = False, opened: bool = False) -> pd.DataFrame:
    """Return of each try: world, person, metric, smallest, and for each limit whether guess and attack are within.

    filled: the attacker's own rows are in. opened: the release has no defence.
    """
    rows = []
    for one in tries:
        guess = Guess(one.fitted + BIAS[one.metric], SPREAD[one.metric])
        sides = one.seen_open if opened else one.seen
        own = own_pay(one.fitted) if filled else None
        likelihood = log_likelihood(read(*sides), guess, without_defence(tactics) if opened else tactics, own)
        row = {"world": one.world, "person": f"{one.chain}/{one.place}", "metric": one.metric, "smallest": one.smallest}
        for within in WITHIN:
            for name, known in (("guess", None), ("attack", likelihood)):
                off = abs(np.expm1(answer(guess, known, tactics.trust, within) - one.truth))
                row[f"{name}_{within}"] = bool(off <= within)
        rows.append(row)
    return pd.DataFrame(rows)


def judged_premiums(tries: list[PremiumTry]) -> pd.DataFrame:
    """The same columns, of what premiums tell."""
    rows = []
    for one in tries:
        guess = Guess(one.fitted + BIAS[one.metric], SPREAD[one.metric])
        likelihood = step_likelihood(parts(one), guess.spread)
        row = {"world": one.world, "person": f"{one.chain}/{one.place}", "metric": one.metric}
        for within in WITHIN:
            for name, log in (("guess", guess.mean), ("attack", answer(guess, likelihood, 1.0, within))):
                row[f"{name}_{within}"] = bool(abs(np.expm1(log - one.truth)) <= within)
        rows.append({**row, "smallest": float(one.rows["n_group_0"].min())})
    return pd.DataFrame(rows)


def thinnest(results: pd.DataFrame) -> pd.DataFrame:
    """The third of the tries whose person is in the smallest cells."""
    return results.sort_values("smallest", kind="stable").head(len(results) // 3)


@dataclass(frozen=True)
class Score:
    """Shares of guess and attack, and the upper end of the 95 % interval of their difference; persons are clusters."""

    tries: int
    guess: float
    attack: float
    upper: float
    limit: float

    @property
    def met(self) -> bool:
        return self.upper <= self.limit


def score(results: pd.DataFrame, within: float) -> Score:
    guess, attack = (results[f"{name}_{within}"].astype(float) for name in ("guess", "attack"))
    gain = attack - guess
    by_person = (gain - gain.mean()).groupby([results["world"], results["person"]]).sum()
    error = float(np.sqrt((by_person**2).sum())) / len(results)
    return Score(len(results), guess.mean(), attack.mean(), gain.mean() + Z * error, LIMITS[within])
