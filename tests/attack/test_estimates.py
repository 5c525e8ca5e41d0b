"""The attack on estimates reads a specialisation's part of the model out of many rounded cells."""

import numpy as np
import pandas as pd
import pytest

from tests.attack.estimates import EstimateTry, judged, moves, part_move
from tests.attack.premiums import WEIGHT

PLACES = [(tier, level, f"m{n}") for tier in ("T2", "T4") for level in ("L4", "L5", "L6") for n in range(40)]


def estimates(seed: int, **added: float) -> pd.DataFrame:
    """Cells of three leaves at all places, rounded to 5,000 USD; `added` to the log pay of a leaf."""
    rng = np.random.default_rng(seed)
    at = rng.normal(12, 0.3, len(PLACES))
    rows = [
        {"view": "leaf", "group_id": leaf, "tier": t, "level": level, "market": m, "metric": "base",
         "p50": 5_000 * round(np.exp(log + effect + added.get(leaf, 0.0)) / 5_000)}
        for leaf, effect in (("own", 0.1), ("other", 0.0), ("third", -0.1))
        for (t, level, m), log in zip(PLACES, at, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_rounding_averages_out_over_the_cells_of_a_leaf() -> None:
    """A move of 0.2 % is seen to a tenth of a per cent in figures of 160,000 that are rounded to 5,000."""
    both = moves(estimates(1), estimates(1, own=0.002), "base")
    assert both["move"].eq(0).mean() > 0.9, "most figures do not move"
    assert part_move(both, "group_id", "own") == pytest.approx(0.002, abs=0.001)
    together = moves(estimates(1), estimates(1, own=0.002, other=0.002, third=0.002), "base")
    assert part_move(together, "group_id", "own") == pytest.approx(0, abs=0.001)


def test_the_pay_is_the_one_that_moves_the_leaf_as_it_moved() -> None:
    truth, reports = np.log(200_000), 40
    move = (truth - np.log(150_000)) / (WEIGHT * reports + 1) / 0.75
    parts = {"group_id": (float(move), reports)}
    one = EstimateTry("w", "p", "base", float(truth), float(np.log(150_000)) + 0.02, parts, 1, 1)
    [row] = judged([one], "means").to_dict("records")
    assert (row["guess_0.1"], row["attack_0.1"], row["attack_0.02"]) == (False, True, True)


@pytest.mark.parametrize(
    ("step", "truth", "attack"), [(0.05, 185_000, True), (-0.05, 185_000, False), (0, 185_000, False)]
)
def test_a_step_says_on_which_side_of_the_guess_the_pay_is(step: float, truth: float, attack: bool) -> None:
    parts = {"group_id": (step, 40), "tier": (0.0, 400)}
    one = EstimateTry("w", "p", "base", float(np.log(truth)), float(np.log(150_000)) + 0.02, parts, 1, 1)
    [row] = judged([one], "steps").to_dict("records")
    assert (row["guess_0.1"], row["attack_0.1"]) == (False, attack)
