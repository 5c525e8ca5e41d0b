"""The fence of outliers, from the pay of a few reports: what is too far away, and what only looks so."""

import random
from collections.abc import Iterator
from itertools import count
from typing import Any

import pandas as pd
import pytest

from salary_bands.settings import Settings
from tests.builders.fence import fenced_rows
from tests.oracle.rows import fenced

Report = dict[str, Any]
NUMBERS = count()


def paid(pay: float, **values: Any) -> Report:
    """A report that states no total; its number tells it apart."""
    report = {
        "row": next(NUMBERS), "evidence": "reported", "tier": "T4", "level": "L4", "country": "US", "employer": None,
        "leaf": "ml_generalist", "base": round(pay), "total": None,
    }  # fmt: skip
    return {**report, **values}


def spread(centre: float, many: int, width: float = 0.2, **values: Any) -> list[Report]:
    """Reports with normal log pay around a centre, the same in every run."""
    draws = random.Random(f"{centre} {many} {values}")
    return [paid(centre * 2.718281828 ** (width * draws.gauss(0, 1)), **values) for _ in range(many)]


def outside(reports: list[Report], **changed: Any) -> set[int]:
    """The rows that the fence takes out, found by SQL and by the oracle alike."""
    settings = Settings(**changed)
    rows = [
        {**{k: v for k, v in r.items() if k not in ("base", "total")}, "metric": m, "pay": r[m]}
        for r in reports
        for m in ("base", "total")
        if r[m] is not None
    ]
    texts = ("evidence", "tier", "level", "country", "employer", "leaf", "metric")
    found = fenced_rows(pd.DataFrame(rows).astype(dict.fromkeys(texts, "str")).sample(frac=1, random_state=7), settings)
    oracle = fenced([dict(r) for r in reports], settings)
    assert found == oracle
    return set(oracle)


@pytest.fixture(scope="module")
def americans() -> list[Report]:
    return spread(150_000, 60)


@pytest.fixture(scope="module")
def south_africans() -> list[Report]:
    """Eight people of several levels, who earn a fifth of what Americans do."""
    return [
        paid(pay, country="ZA", level=level)
        for level, pays in {
            "L3": (18_000, 22_000),
            "L4": (28_000, 30_000, 34_000),
            "L5": (41_000, 45_000, 52_000),
        }.items()
        for pay in pays
    ]


def test_a_country_is_not_measured_by_the_pay_of_another(americans: list[Report], south_africans: list[Report]) -> None:
    assert outside(americans + south_africans) == set()


@pytest.mark.parametrize("factor", [12, 1 / 12, 1000])
def test_a_wrong_unit_is_found_at_home_and_abroad(
    americans: list[Report], south_africans: list[Report], factor: float
) -> None:
    wrong = [paid(150_000 * factor), paid(30_000 * factor, country="ZA")]
    assert outside(americans + south_africans + wrong) == {r["row"] for r in wrong}


def test_a_country_of_next_to_no_reports_has_no_fence(americans: list[Report]) -> None:
    few = [paid(pay, country="KE") for pay in (9_000, 11_000, 400_000)]
    assert outside(americans + few) == set()


def test_levels_are_compared_within_countries(americans: list[Report]) -> None:
    """Only seniors report from one country: their level explains their pay, a junior with theirs is no outlier."""
    seniors = spread(300_000, 40, level="L6") + spread(90_000, 12, width=0.1, country="GR", level="L6")
    junior = paid(48_000, country="GR")
    assert outside([*americans, *seniors, junior]) == set()


def test_an_employer_whose_people_agree_is_no_outlier(americans: list[Report]) -> None:
    alike = [paid(pay, employer="Netflix") for pay in (430_000, 440_000, 450_000, 460_000, 520_000)]
    alone = paid(450_000, employer="Another")
    assert outside([*americans, *alike, alone]) == {alone["row"]}
    assert outside([*americans, *alike[:4], alone]) == {r["row"] for r in [*alike[:4], alone]}


def test_no_agreement_keeps_a_wrong_unit(americans: list[Report]) -> None:
    months = [paid(150_000 / 12, employer="Monthly") for _ in range(9)]
    assert outside(americans + months) == {r["row"] for r in months}


def test_one_wrong_unit_among_people_who_agree_is_found(americans: list[Report]) -> None:
    alike = [paid(450_000, employer="Netflix") for _ in range(8)]
    wrong = paid(450_000 / 12, employer="Netflix")
    assert outside([*americans, *alike, wrong]) == {wrong["row"]}


def test_a_flood_of_nearly_equal_pay_does_not_narrow_the_fence() -> None:
    honest = [*spread(150_000, 60, width=0.35), paid(330_000)]
    flood = [paid(150_000 + 20 * n, leaf="llm_serving") for n in range(200)]
    assert outside(honest) == set()
    assert outside(honest + flood) == set()
    assert outside(honest + flood, fence_crowd_share=1000)  # as it would be without the rule


def test_a_specialisation_that_is_paid_better_stays() -> None:
    better = spread(390_000, 31, width=0.08, leaf="llm_serving")
    flood = [paid(150_000 + 10 * n) for n in range(200)]
    assert outside(flood + better) == set()


def test_both_amounts_are_tested(americans: list[Report]) -> None:
    totals = [{**r, "total": r["base"] + 20_000} for r in americans]
    wrong = paid(150_000, total=2_500_000)
    assert outside([*totals, wrong]) == {wrong["row"]}


def test_evidence_is_not_mixed(americans: list[Report]) -> None:
    adverts = spread(40_000, 40, evidence="advertised")
    assert outside(americans + adverts) == set()


def worlds() -> Iterator[list[Report]]:
    for seed in range(12):
        draws = random.Random(seed)
        many = draws.randint(20, 200)
        yield [
            paid(
                draws.lognormvariate(11.5, 0.9), tier=draws.choice(["T2", "T4", "unknown"]),
                level=draws.choice(["L4", "L5", "unknown"]), country=draws.choice(["US", "US", "IN", "DE", "unknown"]),
                employer=draws.choice([None, "A", "B", "C"]), leaf=draws.choice(["ml_generalist", "llm_general"]),
                total=draws.choice([None, round(draws.lognormvariate(11.7, 0.9))]),
            )
            for _ in range(many)
        ]  # fmt: skip


@pytest.mark.parametrize("world", list(worlds()), ids=str)
def test_the_oracle_agrees_on_any_world(world: list[Report]) -> None:
    outside(world, fence_multiple=1.5, fence_min_reports=12)
