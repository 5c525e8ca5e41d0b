"""The rules of the gates, at their edges."""

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd
import pytest

from salary_bands.gates import rules
from salary_bands.settings import Settings


def cell(number: int, p50: int, old: int = 200_000, half: int = 5_000, **changed: Any) -> dict[str, Any]:
    return {
        "evidence": "reported", "metric": "base", "group_id": "llm_general", "tier": "T4", "level": "L5",
        "market": f"m{number}", "old_n_effective": 50.0, "n_effective": 50.0, "old_p50": old,
        "old_p50_low": old - half, "old_p50_high": old + half, "p50": p50, "p50_low": p50 - half,
        "p50_high": p50 + half, "sizes": str(number), "pays": str(number), **changed,
    }  # fmt: skip


def moved(cells: Iterable[dict[str, Any]]) -> bool:
    frame = rules.comparable(pd.DataFrame(cells), Settings())
    return rules.cells_moved(frame, "before", "exports", Settings()).held is not None


STILL = [cell(n, 200_000) for n in range(10, 22)]


@pytest.mark.parametrize(
    ("cells", "holds"),
    [
        ([cell(n, 221_000) for n in range(3)], True),
        ([cell(n, 180_000, half=4_000) for n in range(3)], False),  # by 10 %, not over
        ([cell(n, 179_000) for n in range(3)], True),
        ([cell(n, 221_000) for n in range(2)], False),
        ([cell(n, 221_000) for n in range(3)] + STILL, False),  # 3 of 15 are 20 %, not over
        ([cell(n, 221_000) for n in range(4)] + STILL, True),
        ([cell(n, 221_000, half=11_000) for n in range(3)], False),  # intervals meet
        ([cell(n, 221_000, n_effective=29.9) for n in range(3)], False),
        ([cell(n, 221_000, old_n_effective=29.9) for n in range(3)], False),
        ([cell(n, 221_000, sizes="1", pays="1") for n in range(3)], False),  # the same reports
        ([cell(n, 221_000, group_id=f"g{n}") for n in range(3)], False),
        ([cell(n, 221_000, metric=("base", "total")[n % 2]) for n in range(4)], False),
        ([cell(n, 221_000, evidence=("reported", "advertised")[n % 2]) for n in range(4)], False),
    ],
)
def test_cells_moved_where_three_and_a_fifth_of_a_group_moved(cells: list[dict[str, Any]], holds: bool) -> None:
    assert moved(cells) is holds


@pytest.mark.parametrize(
    ("cells", "holds"),
    [
        ([cell(0, 210_000)], False),  # ln 1.05 is below 5 %
        ([cell(0, 211_000)], True),
        ([cell(0, 190_000)], True),
        ([cell(0, 222_000), cell(1, 200_000)], True),
        ([cell(0, 222_000, n_effective=40.0), cell(1, 200_000, n_effective=60.0)], False),
        ([cell(0, 230_000, metric="total")] + [cell(n, 200_000) for n in range(1, 9)], True),  # by metric
        ([cell(0, 222_000), cell(1, 200_000), cell(2, 200_000, sizes="1", pays="1")], True),  # the same reports once
    ],
)
def test_pay_drifts_by_more_than_5_percent_in_the_mean(cells: list[dict[str, Any]], holds: bool) -> None:
    verdict = rules.pay_drift(pd.DataFrame(cells), "before", "exports", Settings())
    assert (verdict.held is not None) is holds


@pytest.mark.parametrize(
    ("far", "near", "others", "holds"),
    [
        (3, 11, 0, True),  # of one group: 3 of 14
        (3, 12, 0, True),  # 3 of 15 are 20 %, not over, but over 3 % of all
        (3, 12, 85, False),  # 3 of 100
        (3, 11, 185, True),
        (2, 0, 0, False),
        (20, 200, 300, True),
    ],
)
@pytest.mark.parametrize("kind", ["export", "week"])
def test_one_export_bears_a_fifth_of_a_group_or_some_of_all(
    kind: str, far: int, near: int, others: int, holds: bool
) -> None:
    cells = pd.DataFrame(
        cell(n, 200_000, group_id="llm_general" if n < far + near else "all") for n in range(far + near + others)
    )
    unit = {"kind": kind, "source": "north", "unit_name": "north/3.csv", "reports": 9, "p50": 200_000.0}
    shifts = [{**unit, "without": 200_000.0 * (0.92 if n < far else 0.94)} for n in range(far + near)]
    moves = pd.concat([cells.drop(columns="p50").head(far + near), pd.DataFrame(shifts)], axis=1)
    assert (rules.one_export(moves, cells, Settings()).held is not None) is holds


@pytest.mark.parametrize(
    ("old", "new", "holds"),
    [
        (300, 30, True), (300, 31, False), (30, 300, True), (31, 300, False), (30, 0, True), (29, 0, False),
        (0, 500, False), (2, 29, False), (0, 0, False),
    ],
)  # fmt: skip
def test_a_volume_that_changes_tenfold_holds_unless_it_is_tiny_or_new(old: int, new: int, holds: bool) -> None:
    frame = pd.DataFrame([("north", old, new)], columns=["source", "old_rows", "new_rows"])
    assert (rules.volume(frame, "before", {}, Settings()).held is not None) is holds


@pytest.mark.parametrize(
    ("reports", "others", "difference", "error", "holds"),
    [
        (50, 100, math.log(1.09), 0.02, True),
        (50, 100, -math.log(1.09), 0.02, True),
        (49, 100, math.log(1.09), 0.02, False),
        (50, 100, math.log(1.07), 0.001, False),
        (50, 100, math.log(1.09), 0.03, False),
        (50, 9, math.log(1.09), 0.02, False),
    ],
)
def test_an_export_differs_by_8_percent_and_4_errors(
    reports: int, others: int, difference: float, error: float, holds: bool
) -> None:
    row = {"file": "a/b.csv", "source": "a", "metric": "base", "reports": reports, "others": others}
    frame = pd.DataFrame([{**row, "difference": difference, "error": error}])
    assert (rules.residuals(frame, Settings()).held is not None) is holds


@pytest.mark.parametrize(("reports", "found", "holds"), [(50, 11, True), (50, 10, False), (49, 49, False)])
def test_a_fifth_of_outliers_in_an_export_holds(reports: int, found: int, holds: bool) -> None:
    frame = pd.DataFrame([("a/b.csv", reports, found)], columns=["file", "reports", "outliers"])
    assert (rules.outliers(frame, Settings()).held is not None) is holds


@pytest.mark.parametrize(
    ("wrong", "right", "holds"), [(3, 0, True), (2, 0, False), (3, 57, False), (4, 57, True), (0, 9, False)]
)
def test_levels_hold_where_three_cells_and_5_percent_of_pairs_are_upside_down(
    wrong: int, right: int, holds: bool
) -> None:
    frame = pd.DataFrame(
        {**cell(n, 200_000), "next_level": "L6", "next_p50": 150_000, "is_inverted": n < wrong}
        for n in range(wrong + right)
    )
    assert (rules.level_order(frame, Settings()).held is not None) is holds
    same = frame.assign(sizes="1", pays="1")
    assert rules.level_order(same, Settings()).held is None  # one cell by several names


@pytest.mark.parametrize(
    ("share", "old", "holds", "warns"),
    [
        (0.16, 0.06, True, False), (0.15, 0.06, False, True), (0.16, None, False, True), (0.05, 0.0, False, False),
        (0.9, 0.89, False, True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("what", rules.UNKNOWNS)
def test_what_is_not_known_holds_10_points_above_the_release_before_and_else_warns(
    what: str, share: float, old: float | None, holds: bool, warns: bool
) -> None:
    verdict = rules.unknown_share({what: share}, None if old is None else {what: old}, "before", "", Settings())
    assert (verdict.held is not None, verdict.warning is not None) == (holds, warns)
