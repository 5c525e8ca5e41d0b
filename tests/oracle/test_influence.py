"""The oracle of influence against examples by hand."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from salary_bands.settings import Settings
from tests.oracle.influence import influence
from tests.oracle.rows import Report


def reports(*pays: int, **facts: Any) -> list[Report]:
    plain = {"file": "north/all.csv", "employer": "Stripe", "report_date": date(2026, 6, 1), "weight": 2**20}
    return [{**plain, "base": pay, **facts} for pay in pays]


def other_day(day: int, rows: list[Report]) -> list[Report]:
    return [{**row, "report_date": date(2026, 6, day)} for row in rows]


def test_what_moves_a_median_most_is_the_one_by_hand(settings: Settings) -> None:
    """100, 110, 120, 200, 220: 120 becomes 160 without the first employer, 110 without the second."""
    members = reports(100, 110, employer="Uber") + reports(120, 200, 220)
    found = influence(members, "base", {50}, settings)
    assert found["max_shift_p50"] == Fraction(200, 120) - 1
    assert found["max_shift_p90"] is None
    assert (found["shift_by"], found["fragile"]) == ("employer", True)


def test_p90_is_left_one_out_too_where_it_is_shown(settings: Settings) -> None:
    """Of eleven equally spaced, P90 is the tenth; without the last export's one report it is midway to the tenth."""
    pays = list(range(1_000, 1_101, 10))
    members = reports(*pays[:10]) + reports(pays[10], file="south/all.csv")
    found = influence(members, "base", {50, 90}, settings)
    assert found["max_shift_p50"] == Fraction(50, 1_050), "without the ten"
    assert found["max_shift_p90"] == abs(1 - Fraction(1_100, 1_090))
    assert influence(members, "base", {50}, settings)["max_shift_p90"] is None


def test_equal_moves_are_an_exports_before_an_employers_before_a_days(settings: Settings) -> None:
    far = {"file": "south/all.csv", "employer": "Uber", "report_date": date(2026, 5, 1)}
    for names, kind in ((("file", "employer"), "export"), (("employer",), "employer"), ((), "day")):
        own = {name: value for name, value in far.items() if name in (*names, "report_date")}
        found = influence(reports(100, 100, 110) + reports(300, **own), "base", {50}, settings)
        assert found["shift_by"] == kind


@pytest.mark.parametrize("same", [{}, {"employer": None}])
def test_what_a_cell_has_only_one_of_is_not_left_out_nor_is_an_unknown_employer(
    settings: Settings, same: dict[str, Any]
) -> None:
    alone = influence(reports(100, 200, 300, **same), "base", {50, 90}, settings)
    assert alone == {"max_shift_p50": None, "max_shift_p90": None, "shift_by": None, "fragile": False}
    days = influence(reports(100, 200, **same) + other_day(2, reports(300, **same)), "base", {50}, settings)
    assert days["shift_by"] == "day"


@pytest.mark.parametrize(("pay", "fragile"), [(120, False), (121, True)])
def test_a_cell_is_fragile_above_a_tenth_and_not_at_it(settings: Settings, pay: int, fragile: bool) -> None:
    """Without the first day 90 is left, without the second 110 or a little more; the median is 100."""
    members = reports(100, pay) + other_day(2, reports(90))
    found = influence(members, "base", {50}, settings)
    assert found["max_shift_p50"] == Fraction(100 + pay, 200) - 1
    assert found["fragile"] == fragile


def test_a_report_of_little_weight_moves_little(settings: Settings) -> None:
    crowd = reports(100, 110, 120, employer=None)
    moves = [
        influence(crowd + reports(200, weight=weight, employer="Uber"), "base", {50}, settings)["max_shift_p50"]
        for weight in (2**20, 2**18, 2**10)
    ]
    assert moves[0] == 1 - Fraction(110, 115)
    assert moves[0] > moves[1] > moves[2] > 0
