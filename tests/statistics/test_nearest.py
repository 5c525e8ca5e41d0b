"""The nearest shown cell against a search of all of them."""

import math
import random

import pandas as pd
import pytest

from salary_bands.statistics.nearest import UNKNOWN, UNKNOWN_AT_HOME, nearest_cells
from salary_bands.statistics.parts import AXES

EFFECTS = {
    "group": {"leaf a": 0.1, "leaf b": -0.05, "leaf all": 0.0},
    "tier": {"T1": 0.4, "T2": 0.2, "T4": 0.0, "all": 0.05},
    "level": {"L3": -0.3, "L4": -0.1, "L5": 0.1, "all": 0.0},
    "market": {"US": 0.1, "us-seattle": 0.15, "GB": -0.3},
}
VALUES = {
    "group": ["leaf a", "leaf b", "leaf all", "leaf new", "leaf unknown"],
    "tier": ["T1", "T2", "T4", "T5", "all"],
    "level": ["L3", "L4", "L5", "all"],
    "market": [
        "US",
        "us-seattle",
        "us-austin",
        "GB",
        "gb-london",
        "FR",
        "fr-paris",
        "fr-lyon",
        "de-berlin",
        "DE",
        "global",
    ],
}


def apart(axis: str, one: str, other: str) -> float:
    if one == other:
        return 0.0
    effects, values, doubt = EFFECTS[axis], [], 0.0
    if axis == "market" and one[:2].upper() == other[:2].upper() and not {one, other} <= {*effects}:
        return UNKNOWN_AT_HOME
    if other == "global":
        return math.inf
    for value in (one, other):
        at_home = axis == "market" and "-" in value and value[:2].upper() in effects
        values.append(effects.get(value, effects[value[:2].upper()] if at_home else 0.0))
        doubt += 0.0 if value in effects else UNKNOWN_AT_HOME if at_home else UNKNOWN[axis]
    return abs(values[0] - values[1]) + doubt


def drawn(rng: random.Random, count: int) -> pd.DataFrame:
    rows = {tuple(rng.choice(VALUES[axis]) for axis in AXES) for _ in range(count)}
    return pd.DataFrame(sorted(rows), columns=list(AXES))


@pytest.mark.parametrize("seed", range(5))
def test_the_nearest_of_all_is_found(seed: int) -> None:
    rng = random.Random(seed)
    shown, wanted = drawn(rng, 6 + 10 * seed), drawn(rng, 80)
    found = nearest_cells(shown, wanted, EFFECTS)
    for cell, row, distance in zip(wanted.itertuples(index=False), found["row"], found["distance"], strict=True):
        others = [
            sum(apart(axis, a, b) for axis, a, b in zip(AXES, cell, other, strict=True))
            for other in shown.itertuples(index=False)
        ]
        if math.isinf(min(others)):
            assert row == -1 and math.isnan(distance)
            continue
        assert others[row] == pytest.approx(min(others), abs=1e-5)
        assert distance == pytest.approx(min(others), abs=2e-5)


def test_a_higher_level_does_not_make_up_for_a_cheaper_place() -> None:
    """The product of the multipliers is 1 for the first, 0.95 for the second."""
    effects = {**EFFECTS, "level": {"L4": 0.0, "L5": 0.4}, "market": {"US": 0.0, "GB": -0.4, "us-seattle": -0.05}}
    shown = pd.DataFrame([("leaf a", "T4", "L5", "GB"), ("leaf a", "T4", "L4", "us-seattle")], columns=list(AXES))
    wanted = pd.DataFrame([("leaf a", "T4", "L4", "US")], columns=list(AXES))
    assert nearest_cells(shown, wanted, effects).to_dict("records") == [{"row": 1, "distance": 0.05}]


def test_a_metro_that_nobody_knows_is_nearer_to_its_own_country_than_to_any_other() -> None:
    """Zurich asks for Switzerland at another level before Canada, whose name comes first."""
    shown = pd.DataFrame(
        [("leaf a", "T4", "L5", "CA"), ("leaf a", "T4", "L4", "CH"), ("leaf unknown", "T4", "L5", "ch-zurich")],
        columns=list(AXES),
    )
    wanted = pd.DataFrame([("leaf a", "T4", "L5", "ch-zurich")], columns=list(AXES))
    [found] = nearest_cells(shown, wanted, EFFECTS).to_dict("records")
    assert found == {"row": 1, "distance": pytest.approx(UNKNOWN_AT_HOME + 0.2)}


def nearest(wanted: tuple[str, ...], *shown: tuple[str, ...]) -> tuple[int, float]:
    frames = (pd.DataFrame(cells, columns=list(AXES)) for cells in (shown, [wanted]))
    [found] = nearest_cells(*frames, EFFECTS).to_dict("records")
    return int(found["row"]), float(found["distance"])


def test_what_is_nearest_to_an_unknown_group_is_all_of_them_and_not_another_unknown_one() -> None:
    """Its name comes before, and the mean of all is not quite the mean of what is known."""
    wanted, adjacent, every = (f"leaf {name}" for name in ("new", "aaa_adjacent", "all"))
    shown = [(group, "T4", "L5", "US") for group in (adjacent, every)]
    effects = {**EFFECTS, "group": {**EFFECTS["group"], "leaf all": 2e-16}}
    frames = (pd.DataFrame(cells, columns=list(AXES)) for cells in (shown, [(wanted, "T4", "L5", "US")]))
    assert nearest_cells(*frames, effects).to_dict("records") == [{"row": 1, "distance": pytest.approx(1.0)}]


def test_how_much_a_metro_that_the_model_does_not_identify_differs_from_its_country_is_not_known() -> None:
    wanted = ("leaf a", "T4", "L5", "us-austin")
    assert nearest(wanted, ("leaf a", "T4", "L5", "US")) == (0, pytest.approx(UNKNOWN_AT_HOME))
    near = ("leaf a", "all", "L5", "us-austin")
    assert nearest(wanted, ("leaf a", "T4", "L5", "US"), near) == (1, pytest.approx(0.05)), "its own people come first"


def test_who_asks_for_the_world_is_answered_from_it_and_nobody_else_is() -> None:
    world, metro = ("leaf a", "all", "L5", "global"), ("leaf a", "T5", "L5", "us-seattle")
    assert nearest(("leaf a", "T5", "L5", "global"), world, metro)[0] == 0
    assert nearest(("leaf a", "T5", "L5", "US"), world, metro)[0] == 1
    row, distance = nearest(("leaf a", "T5", "L5", "US"), world)
    assert row == -1 and math.isnan(distance)


def test_nothing_is_near_where_nothing_is_shown() -> None:
    wanted = drawn(random.Random(1), 3)
    found = nearest_cells(wanted.iloc[:0], wanted, EFFECTS)
    assert found["row"].eq(-1).all() and found["distance"].isna().all()
