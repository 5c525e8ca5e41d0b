"""Percentiles and bounds against `svy`, a library of survey statistics, where its definitions and ours coincide.

Its rule `higher` is the smallest pay whose cumulated weight reaches p; our bounds are between neighbours there. Its
rule `linear` is type 4, ours type 7: with equal weights the same line read at another p. With other weights ours is the
mean of `higher` over a stretch of cumulated weight, which sums of it from below and above enclose. Its intervals are
Woodruff's (a normal interval of the share, inverted), ours exact: these are near, and do not coincide.
"""

import random
from collections.abc import Sequence
from typing import Any

import polars
import pytest
import svy

from tests.builders.steps import intervals_of, percentiles_of
from tests.oracle.figures import PERCENTILES, Pay, ranks

WEIGHTS = [round(2**20 * 0.5 ** (age / 6)) for age in range(13)]


def surveyed(pay: Pay, shares: Sequence[float], rule: str) -> list[Any]:
    """The quantiles of (pay, weight) at shares between 0 and 1 with their intervals, by one of svy's rules."""
    frame = polars.DataFrame({"pay": [float(p) for p, _ in pay], "weight": [float(w) for _, w in pay]})
    sample = svy.Sample(data=frame, design=svy.Design(wgt="weight"))
    found = sample.estimation.quantile("pay", p=list(shares), q_method=rule)
    return [quantile.estimates[0] for quantile in found]


def survey_quantiles(pay: Pay, shares: Sequence[float], rule: str) -> list[float]:
    return [quantile.est for quantile in surveyed(pay, shares, rule)]


def drawn(seed: int, size: int, weights: Sequence[int]) -> Pay:
    """Reports of random pay, some of it equal, and weight."""
    rng = random.Random(seed)
    return [(rng.randrange(60, 240) * 1_000, rng.choice(weights)) for _ in range(size)]


@pytest.mark.parametrize("size", [12, 37, 200])
def test_with_equal_weights_percentiles_are_those_of_a_survey_read_at_the_place_of_type_7(size: int) -> None:
    pay = drawn(size, size, WEIGHTS[:1])
    ours = percentiles_of({0: pay})
    shares = [((size - 1) * p / 100 + 1) / size for p in PERCENTILES]
    assert [ours[0, p] for p in PERCENTILES] == pytest.approx(survey_quantiles(pay, shares, "linear"), abs=1e-6)


@pytest.mark.parametrize("size", [13, 75, 201])
def test_the_median_of_an_odd_number_of_equal_weights_is_that_of_a_survey(size: int) -> None:
    pay = drawn(size, size, WEIGHTS[3:4])
    assert [percentiles_of({0: pay})[0, 50]] == survey_quantiles(pay, [0.5], "higher")


@pytest.mark.parametrize("size", [12, 37, 200])
def test_percentiles_are_the_mean_of_survey_quantiles_over_their_stretch(size: int) -> None:
    """Sums over 500 parts of the stretch, from below and from above, differ by a 500th of its spread."""
    pay = drawn(size, size, WEIGHTS)
    ours = percentiles_of({0: pay})
    whole = sum(w for _, w in pay)
    effective = whole**2 / sum(w * w for _, w in pay)
    for percent in PERCENTILES:
        start = (effective - 1) * percent / 100 / effective
        places = [start + part / 500 / effective for part in range(501)]
        steps = survey_quantiles(pay, places, "higher")
        assert sum(steps[:-1]) / 500 - 1e-6 <= ours[0, percent] <= sum(steps[1:]) / 500 + 1e-6


@pytest.mark.parametrize("size", [40, 150, 400])
def test_bounds_are_between_the_survey_quantiles_around_the_places_of_their_ranks(size: int) -> None:
    pay = drawn(size, size, WEIGHTS)
    shown = intervals_of({0: [(p, w, f"employer {n % 7}") for n, (p, w) in enumerate(pay)]}, 0.02)
    assert shown
    largest = max(w for _, w in pay) / sum(w for _, w in pay)
    for (_, percent), (whole, *bounds) in shown.items():
        for rank, bound in zip(ranks(whole, percent), bounds, strict=True):
            place = (2 * rank - 1) / (2 * whole)
            below, above = survey_quantiles(pay, [place - largest, place + largest], "higher")
            assert below <= bound <= above


@pytest.mark.parametrize("size", [60, 150, 600])
def test_bounds_of_equal_and_independent_reports_are_within_two_ranks_of_a_surveys(size: int) -> None:
    pays = sorted(random.Random(size).sample(range(60_000, 240_000), size))
    shown = intervals_of({0: [(pay, WEIGHTS[0], None) for pay in pays]}, 0)
    assert {percent for _, percent in shown} == set(PERCENTILES)
    for (_, percent), (_, *bounds) in shown.items():
        theirs = surveyed([(pay, 1) for pay in pays], [percent / 100], "higher")[0]
        ranked = [pays.index(int(bound)) for bound in (theirs.lci, theirs.uci)]
        assert [pays.index(bound) for bound in bounds] == pytest.approx(ranked, abs=2), percent


def test_another_definition_is_told_from_ours() -> None:
    """What svy gives at p itself is no percentile of ours."""
    pay = drawn(1, 12, WEIGHTS)
    ours = percentiles_of({0: pay})
    for rule in ("lower", "higher", "nearest", "linear", "middle"):
        theirs = survey_quantiles(pay, [p / 100 for p in PERCENTILES], rule)
        assert max(abs(ours[0, p] / t - 1) for p, t in zip(PERCENTILES, theirs, strict=True)) > 0.005, rule
