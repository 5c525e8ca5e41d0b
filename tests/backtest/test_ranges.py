"""Ranges of one person's pay are judged right, and docs/method.md says what was found of this method."""

import pandas as pd

from tests.backtest import ranges
from tests.backtest.people import compared, share
from tests.builders import ROOT

CELL = {"view": "leaf", "group_id": "ml_generalist", "tier": "T4", "level": "L5", "metric": "base"}
RANGE = {"p50": 200, "person_p10": 100, "person_p25": 150, "person_p75": 250, "person_p90": 400}


def people(*pays: int, employer: str = "a", metro: str = "us-seattle") -> pd.DataFrame:
    own = {"leaf": "ml_generalist", "tier": "T4", "level": "L5", "country": "US", "metro": metro, "employer": employer}
    return pd.DataFrame([{**own, "base": pay, "total": None, "row_hash": f"{employer}{pay}"} for pay in pays])


def test_a_person_is_held_against_the_metro_or_else_the_country() -> None:
    estimates = pd.DataFrame(
        [{**CELL, "market": "US", **RANGE}, {**CELL, "market": "us-seattle", **RANGE, "person_p90": 300}]
    )
    later = pd.concat([people(99, 100, 350), people(350, employer="b", metro="us-austin")])
    found = compared(estimates, later, {"a"}).set_index("row_hash")
    assert found["within_80"].to_dict() == {"a99": False, "a100": True, "a350": False, "b350": True}
    assert found["within_50"].sum() == 0
    assert found["seen"].to_dict() == {"a99": "seen", "a100": "seen", "a350": "seen", "b350": "unseen"}


def test_people_of_one_employer_count_once_in_the_interval() -> None:
    inside = [True] * 30 + [False] * 10
    rows = pd.DataFrame({"within_80": inside, "within_50": inside})
    alone, together = (share(rows.assign(employer=names)) for names in (range(40), [n // 10 for n in range(40)]))
    assert alone[:3] == (40, 40, 0.75) and together[:3] == (40, 4, 0.75)
    assert together[4] - together[3] > 2 * (alone[4] - alone[3])


def test_what_misses_the_aim_by_more_than_chance_is_bold() -> None:
    rows = pd.DataFrame({"within_80": [True] * 60 + [False] * 40, "within_50": False, "employer": range(100)})
    assert ranges._share(rows) == "**60 % (50 to 70)**"
    assert ranges._share(rows.iloc[:76]) == "79 % (70 to 88)"
    assert ranges._share(rows.iloc[:39]) == "·"


def test_the_page_has_one_section_of_this_method() -> None:
    page = (ROOT / "docs" / "method.md").read_text(encoding="utf-8")
    assert page.count(ranges.mark()) == 1, "run: python -m tests.backtest.ranges --out docs/method.md"
    part = f"{ranges.mark()}\nanother\n{ranges.CLOSE}"
    assert ranges.inserted(page, part).count("another\n<!-- end of the ranges") == 1
