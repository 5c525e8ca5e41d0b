"""Influence: the largest move of a figure without one export, employer or day, against leaving each out by hand."""

import math
import random
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from salary_bands.statistics import cells as module
from salary_bands.statistics.cells import NOBODY, UNITS
from salary_bands.statistics.influence import SHIFTED, largest_shifts
from salary_bands.statistics.quantiles import percentiles
from tests.builders.steps import rollup_of
from tests.oracle.figures import percentile

WEIGHTS = [round(2**20 * 0.5 ** (age / 6)) for age in range(13)]
FULL = WEIGHTS[0]

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")  # nothing is divided by nothing
few = examples(max_examples=15)


class Paid(NamedTuple):
    """One report, with the units that it goes with."""

    pay: int
    export: str
    employer: str | None
    day: int
    weight: int = FULL


Atoms = dict[int, list[Paid]]
Found = dict[int, tuple[float | None, float | None, str | None]]  # by cell: shift of P50, shift of P90, kind


def reports_weighing(weights: list[int]) -> st.SearchStrategy[list[Paid]]:
    report = st.builds(
        Paid,
        pay=st.one_of(st.integers(20_000, 900_000), st.sampled_from([100_000, 120_000, 150_000])),
        export=st.sampled_from(["a/1.csv", "a/2.csv", "b/1.csv"]),
        employer=st.sampled_from([None, None, "E1", "E2", "E3", "E4"]),
        day=st.integers(0, 12),
        weight=st.sampled_from(weights),
    )
    return st.lists(report, min_size=1, max_size=40)


# with small weights, ends of a stretch lie far inside one of them
REPORTS = st.sampled_from([WEIGHTS, [FULL], [1], [1, 2, 3]]).flatmap(reports_weighing)


def found(atoms: Atoms, cells: dict[int, list[int]] | None = None, p90: bool = True) -> Found:
    """What the package finds, where each cell shows P50 and, if so asked, P90; a cell is its atom if not given."""
    cells = cells or {atom: [atom] for atom in atoms}
    of_cell = {cell: [report for atom in members for report in atoms[atom]] for cell, members in cells.items()}
    rows = [[(r.pay, r.weight, r.employer, r.export, r.day) for r in reports] for reports in of_cell.values()]
    result: Found = {}
    for part, cells_of_part in rollup_of(rows).parts():
        figures = percentiles(cells_of_part, SHIFTED)
        shifts = largest_shifts(cells_of_part, figures if p90 else np.where([True, False], figures, np.nan))
        for cell, largest, by in zip([*cells][part], shifts.largest, shifts.by, strict=True):
            p50, p90_shift = (None if np.isnan(shift) else float(shift) for shift in largest)
            result[cell] = (p50, p90_shift, None if by == NOBODY else UNITS[by])
    return result


def figure(reports: list[Paid], percent: int) -> Fraction:
    return percentile([(report.pay, report.weight) for report in reports], percent)


def by_hand(reports: list[Paid], p90: bool = True) -> tuple[Fraction | None, Fraction | None, str | None]:
    """Leave out every unit, one after the other."""
    largest: dict[tuple[int, str], Fraction] = {}
    for kind in UNITS:
        for unit in {getattr(report, kind) for report in reports} - {None}:
            rest = [report for report in reports if getattr(report, kind) != unit]
            for percent in (50, 90) if rest and p90 else (50,) if rest else ():
                shift = abs(figure(rest, percent) / figure(reports, percent) - 1)
                largest[percent, kind] = max(shift, largest.get((percent, kind), shift))
    p50, p90_shift = (max((s for (p, _), s in largest.items() if p == percent), default=None) for percent in (50, 90))
    kinds = [kind for kind in UNITS if any(k == kind for _, k in largest)]
    by = max(kinds, key=lambda kind: max(s for (_, k), s in largest.items() if k == kind), default=None)
    return p50, p90_shift, by  # max() keeps the first of equals


def same(ours: tuple[float | None, float | None, str | None], exact: tuple[object, object, str | None]) -> bool:
    shifts = zip(ours[:2], exact[:2], strict=True)
    near = [a is b if b is None else a == pytest.approx(float(b), abs=1e-11) for a, b in shifts]  # type: ignore[arg-type]
    return all(near) and ours[2] == exact[2]


def spread(count: int = 40, **changed: object) -> list[Paid]:
    """Reports of many exports, employers and days, none of which matters much."""
    rows = [Paid(100_000 + 2_500 * n, f"s/{n % 8}.csv", f"E{n * 3 % 8}", n * 5 % 8) for n in range(count)]
    return [row._replace(**changed) for row in rows]


@given(st.lists(REPORTS, min_size=1, max_size=4), st.booleans())
@few
def test_shifts_are_those_of_leaving_each_unit_out(lists: list[list[Paid]], p90: bool) -> None:
    atoms = dict(enumerate(lists))
    result = found(atoms, p90=p90)
    assert {cell: same(result[cell], by_hand(reports, p90)) for cell, reports in atoms.items()} == dict.fromkeys(
        atoms, True
    )


@given(st.lists(REPORTS, min_size=3, max_size=3), st.integers(1, 60))
@few
def test_cells_that_share_reports_and_come_in_parts_are_each_right(lists: list[list[Paid]], rows: int) -> None:
    atoms = dict(enumerate(lists))
    cells = {10: [0], 11: [0, 1], 12: [1, 0], 13: [1, 2], 14: [0], 15: [0, 1, 2]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PART", rows)
        result = found(atoms, cells)
    for cell, members in cells.items():
        assert same(result[cell], by_hand([report for atom in members for report in atoms[atom]])), cell
    assert result[10] == result[14]
    assert result[11] == result[12]


@given(REPORTS, st.randoms(use_true_random=False), st.sampled_from([2, 3, 10]))
@few
def test_neither_the_order_of_reports_nor_their_unit_of_pay_moves_a_shift(
    reports: list[Paid], rng: random.Random, times: int
) -> None:
    scaled = [report._replace(pay=times * report.pay) for report in reports]
    result = found({0: reports, 1: rng.sample(reports, len(reports)), 2: scaled})
    assert result[0] == result[1]
    assert result[2] == (*(None if s is None else pytest.approx(s, abs=1e-11) for s in result[0][:2]), result[0][2])


@pytest.mark.parametrize(
    ("unit", "kind"),
    [({"export": "s/x.csv"}, "export"), ({"employer": "X"}, "employer"), ({"day": 99}, "day")],
)
def test_one_unit_that_pays_three_times_as_much_is_found_and_named_by_its_kind(
    unit: dict[str, object], kind: str
) -> None:
    plain, odd = spread(), [row._replace(pay=3 * row.pay, **unit) for row in spread(12)]
    assert max(found({0: plain})[0][:2], key=lambda shift: shift or 0) < 0.06
    p50, p90, by = found({0: plain + odd})[0]
    assert same((p50, p90, by), by_hand(plain + odd))
    assert (p50, p90, by) == (pytest.approx(0.09, abs=0.01), pytest.approx(0.43, abs=0.05), kind)


@pytest.mark.parametrize("odd", [[], ["export"], ["export", "employer"], ["export", "employer", "day"]])
def test_a_unit_that_is_all_of_the_cell_is_left_out(odd: list[str]) -> None:
    """Leaving it out would leave nothing; a cell all of whose units are so has no influence at all."""
    only = {"export": "s/only.csv", "employer": "Only", "day": 3}
    reports = spread(**{kind: only[kind] for kind in odd})
    shifts = found({0: reports})[0]
    assert same(shifts, by_hand(reports))
    assert shifts[2] not in odd
    assert (shifts == (None, None, None)) == (len(odd) == 3)


@pytest.mark.parametrize(("kinds", "named"), [(UNITS, "export"), (UNITS[1:], "employer"), (UNITS[2:], "day")])
def test_of_equal_shifts_export_comes_before_employer_and_day(kinds: tuple[str, ...], named: str) -> None:
    """The same six reports are an export, an employer and a day."""
    odd = {kind: {"export": "s/x.csv", "employer": "X", "day": 99}[kind] for kind in kinds}
    reports = spread() + [row._replace(pay=4 * row.pay, **odd) for row in spread(6)]
    assert found({0: reports})[0][2] == named


@given(st.lists(st.tuples(st.integers(1, 90_000), st.sampled_from(WEIGHTS)), min_size=2, max_size=12), st.booleans())
@few
def test_units_that_pull_up_and_down_alike_are_a_tie(steps: list[tuple[int, int]], export_above: bool) -> None:
    """Pay mirrored at 100,000; an export has all of one side, an employer all of the other."""
    sign = 1 if export_above else -1
    reports = [Paid(100_000, "s/0.csv", None, 1)]
    for number, (step, weight) in enumerate(steps, 2):
        reports.append(Paid(100_000 + sign * step, "s/1.csv", None, 1, weight))
        reports.append(Paid(100_000 - sign * step, f"s/{number}.csv", "E1", 1, weight))
    shifts = found({0: reports}, p90=False)[0]
    assert same(shifts, by_hand(reports, p90=False))
    assert shifts[2] == "export"


def test_p90_has_a_shift_only_where_it_is_shown() -> None:
    """What moves P90 alone neither counts nor names the kind where P90 is not shown."""
    top = [row._replace(pay=900_000, employer="X") for row in spread(6)]
    reports = spread() + top
    p50, p90, by = found({0: reports})[0]
    assert (by, p90) == ("employer", pytest.approx(float(by_hand(reports)[1] or 0), abs=1e-11))
    assert p90 is not None and p90 > 0.5
    assert found({0: reports}, p90=False)[0][:2] == (p50, None)


def test_a_shift_of_p90_alone_names_the_kind() -> None:
    reports = [Paid(100_000, f"s/{n % 9}.csv", f"E{n % 7}", n % 11) for n in range(90)]
    reports += [Paid(500_000, f"s/{n % 9}.csv", f"E{n % 7}", 50) for n in range(15)]
    assert found({0: reports})[0] == (0.0, 0.8, "day")


def test_what_does_not_move_has_a_shift_of_zero_and_never_of_minus_zero() -> None:
    p50, p90, by = found({0: spread(pay=123_456), 1: spread(pay=99_999, weight=WEIGHTS[5])})[0]
    assert (p50, p90, by) == (0.0, 0.0, "export")
    assert math.copysign(1, p50 or 0) == math.copysign(1, p90 or 0) == 1


def test_exactly_a_tenth_is_a_tenth() -> None:
    """110,000 over 100,000 less one is a hair more than 0.1 in double: that must not make a cell fragile."""
    reports = [Paid(100_000, "s/1.csv", None, 1)] * 3 + [Paid(110_000, "s/2.csv", None, 1)] * 2
    assert found({0: reports}, p90=False)[0] == (0.1, None, "export")


def test_adverts_have_no_employers_to_leave_out() -> None:
    reports = [row._replace(employer=None) for row in spread(20, export="s/1.csv", day=4)]
    assert found({0: reports})[0] == (None, None, None)
    assert found({0: [*reports, Paid(900_000, "s/2.csv", None, 4)]})[0][2] == "export"


def test_reports_without_an_employer_are_no_unit_together() -> None:
    known = [Paid(100_000 + n, "s/1.csv", f"E{n % 9}", 1) for n in range(90)]
    unknown = [Paid(300_000 + n, "s/1.csv", None, 1) for n in range(60)]
    result = found({0: known + unknown, 1: known + [report._replace(employer="X") for report in unknown]})
    assert result[0] == (pytest.approx(0.0, abs=0.001), pytest.approx(0.0, abs=0.001), "employer")
    assert result[1] == (pytest.approx(0.0, abs=0.001), pytest.approx(0.67, abs=0.01), "employer")


def test_a_median_of_nothing_has_no_relative_move() -> None:
    """Bonuses of zero: no division by them."""
    reports = [Paid(0, f"s/{n % 3}.csv", None, n % 5) for n in range(30)]
    assert found({0: reports})[0] == (None, None, None)


def test_running_sums_past_64_bits_are_still_exact() -> None:
    rng = random.Random(1)
    pays = [rng.randrange(2**33, 2**34) for _ in range(1_200)]
    reports = [Paid(pay, f"s/{n % 3}.csv", f"E{n % 5}", 1, rng.choice(WEIGHTS[:3])) for n, pay in enumerate(pays)]
    assert sum(report.pay * report.weight for report in reports) > 2**63
    assert same(found({0: reports})[0], by_hand(reports))


def test_a_cell_that_does_not_show_a_median_has_no_influence() -> None:
    rows = [[(r.pay, r.weight, r.employer, r.export, r.day) for r in reports] for reports in (spread(), spread())]
    [(_, cells)] = rollup_of(rows).parts()
    shifts = largest_shifts(cells, np.array([[np.nan, np.nan], [150_000.0, np.nan]]))
    assert np.isnan(shifts.largest).tolist() == [[True, True], [False, True]]
    assert shifts.by[0] == NOBODY
