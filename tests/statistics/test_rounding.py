"""Effects are rounded once, so that sums of them say no more than they do."""

import math
import random

import numpy as np
import pandas as pd
import pytest

from salary_bands.statistics.contrasts import Contrasts, estimated
from salary_bands.statistics.model import FACTORS, LOG_UNIT, WEIGHT_UNIT, Fit
from salary_bands.statistics.rounding import Rounded, stepped, widened
from tests.oracle.rounding import RoundedEffects, rounded_up, step_of, to_step

VALUES = {"leaf": "abcd", "tier": "TU", "level": "LMN", "market": "pqrs", "month": "xyz", "source": "vw"}


def reports(seed: int, count: int = 300) -> list[dict[str, object]]:
    rng = random.Random(seed)
    rows = []
    for _ in range(count):
        row: dict[str, object] = {f: rng.choice(values) for f, values in VALUES.items()}
        log = 0.7 + rng.gauss(0, 0.3) + 0.2 * (row["tier"] == "T") + 0.15 * "abcd".index(str(row["leaf"]))
        y = round(log * LOG_UNIT)
        rows.append({**row, "employer": rng.choice("123456789"), "weight": rng.choice([1, 2, 4]) << 18, "y": y})
    return rows


def fit_of(rows: list[dict[str, object]]) -> Fit:
    frame = pd.DataFrame(rows)
    return Fit(frame.assign(n=1, sum_y=frame["y"], sum_yy=frame["y"].astype("int64") ** 2).drop(columns="y"))


class _Slow:
    """What the oracle's rounding takes of a fit, by a matrix with a column for every value."""

    def __init__(self, rows: list[dict[str, object]]) -> None:
        self.rows = [{**r, "y": r["y"] / LOG_UNIT} for r in rows]  # type: ignore[operator]
        self.weights = [r["weight"] / WEIGHT_UNIT for r in rows]  # type: ignore[operator]
        names = [("", "")] + [(f, v) for f in FACTORS for v in VALUES[f]]
        x = np.array([[float(not f or r[f] == v) for f, v in names] for r in rows])
        root = np.sqrt(self.weights)
        effects, _, rank, _ = np.linalg.lstsq(x * root[:, None], np.array([r["y"] for r in self.rows]) * root)
        self.effects = dict(zip(names, effects, strict=True))
        self.residuals = np.array([r["y"] for r in self.rows]) - x @ effects
        self.kept = range(int(rank))


def test_effects_and_contrasts_are_those_of_the_oracle() -> None:
    rows = reports(1)
    fit, slow = fit_of(rows), RoundedEffects(_Slow(rows), 1.0)
    rounded = Rounded(fit, 1.0)
    for (factor, value), (added, step) in slow.of.items():
        number = fit.value_numbers[factor, value]
        assert rounded.added[number] == pytest.approx(added, abs=1e-9), (factor, value)
        assert rounded.variance[number] == pytest.approx(step**2 / 12), (factor, value)
    assert rounded.common == pytest.approx((slow.common[0], slow.common[1] ** 2 / 12), abs=1e-9)
    sides = [(1, "leaf", {"a": 3.0, "b": 1.0}), (-1, "leaf", {"b": 1.0})]
    found = estimated(fit, Contrasts.of(fit, [sides]), rounded)
    assert found.value[0] == pytest.approx(slow.value(sides), abs=1e-9)
    assert found.rounding[0] == pytest.approx(slow.variance(sides))


def test_a_step_is_the_power_of_two_next_to_the_error() -> None:
    values, errors = np.array([0.3, -0.3, 0.125, 5.0, 5.0]), np.array([0.1, 0.17, 0.2, 0.0, np.nan])
    found, steps = stepped(values, errors, 1.0)
    assert steps.tolist() == [0.125, 0.125, 0.25, 0, 0] == [step_of(float(e), 1.0) for e in errors]
    assert found.tolist() == [0.25, -0.25, 0.25, 5, 5]
    assert [to_step(float(v), float(s)) for v, s in zip(values, steps, strict=True)] == found.tolist()
    assert stepped(values, errors, 0.0)[0].tolist() == values.tolist()


def test_widths_are_rounded_up_by_a_twelfth_at_most() -> None:
    half = np.array([0.0, 1.0, 1.0001, 0.37, np.nan])
    found = widened(half)
    assert found[:2].tolist() == [0, 1] and math.isnan(found[4])
    assert (found[:4] >= half[:4]).all() and (found[:4] <= half[:4] * 2**0.125 * 1.001).all()
    assert found[:4] == pytest.approx([rounded_up(float(h)) for h in half[:4]])


def test_one_report_is_seldom_seen_and_then_as_a_whole_step() -> None:
    """Of 300 reports the 301st moves every effect; rounded, few move, and those by their step."""
    moved, plain, places = 0, 0, 0
    for seed in range(2, 12):
        rows = reports(seed, 301)
        fits = [fit_of(part) for part in (rows[:300], rows)]
        one, two = (Rounded(fit, 1.0) for fit in fits)
        for factor in ("leaf", "tier", "level", "market", "month"):
            for value in VALUES[factor]:
                number = fits[0].value_numbers[factor, value]
                change = two.added[number] - one.added[number]
                steps = change / math.sqrt(12 * min(of.variance[number] for of in (one, two)))
                assert steps == pytest.approx(round(steps), abs=1e-9)
                moved, places = moved + (change != 0), places + 1
                plain += fits[0].column_of_value[number] < 0 or (
                    fits[0].effects[fits[0].column_of_value[number]] != fits[1].effects[fits[1].column_of_value[number]]
                )
    assert plain == places
    assert moved / places < 0.1
