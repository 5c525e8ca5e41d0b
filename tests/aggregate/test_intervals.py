"""Effective sizes, intervals and the employers' correlation, step by step: against the oracle and by simulation."""

import itertools
import json
import math
import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from salary_bands.aggregate.checks import offending_rows
from salary_bands.settings import Settings
from salary_bands.statistics.correlation import BinomialRanks
from tests.builders.candidates import BANDS, Built, published, settings_at
from tests.builders.cases import write_employers
from tests.builders.exports import native_row
from tests.builders.steps import MIX, Reports, Shown, correlations_of, intervals_of, level_of
from tests.oracle import figures as oracle
from tests.oracle.figures import PERCENTILES

WEIGHTS = [round(2**20 * 0.5 ** (age / 6)) for age in range(13)]
DEFAULTS = {10: 0.19, 25: 0.24, 50: 0.26, 75: 0.24, 90: 0.19}
LARGEST = 400

few = examples(max_examples=10)
report = st.tuples(
    st.integers(20_000, 900_000),
    st.sampled_from(WEIGHTS),
    st.sampled_from([None, None, *(f"E{n}" for n in range(12)), "L1", "L2"]),
)
cells = st.lists(st.lists(report, min_size=10, max_size=120), min_size=1, max_size=4).map(
    lambda found: dict(enumerate(found))
)


@pytest.fixture(scope="module")
def ranks() -> dict[tuple[int, int], tuple[int, int]]:
    """The ranks of the package for every size up to 400: size and percentile to low and high."""
    sizes = np.repeat(np.arange(LARGEST + 1)[:, None], len(PERCENTILES), axis=1)
    low, high = BinomialRanks().of(sizes, PERCENTILES)
    every = itertools.product(range(LARGEST + 1), enumerate(PERCENTILES))
    return {(size, percent): (low[size, n], high[size, n]) for size, (n, percent) in every if low[size, n]}


def oracle_intervals(cells: dict[int, Reports], likeness: Fraction) -> dict[tuple[int, int], tuple[float, ...]]:
    """What each cell shows: whole effective size, low, high."""
    shown = {}
    for cell, reports in cells.items():
        rows = [
            {
                "evidence": "reported",
                "tier": "T1" if name and name.startswith("L") else "T4",
                "employer": name,
                "weight": weight,
                "level": level_of(name) if name and name.startswith("L") else None,
                "base": pay,
            }
            for pay, weight, name in reports
        ]
        for percent in PERCENTILES:
            seen, listed = oracle.likeness_seen(rows, "base", percent)
            size = oracle.effective_size(rows, likeness, seen, mix=Fraction(str(MIX)) * max(listed, 0))
            pays = [(pay, weight) for pay, weight, _ in reports]
            point = oracle.percentile(pays, percent)
            bounds = oracle.interval(pays, math.floor(size), percent, point=point)
            if bounds:
                shown[cell, percent] = (math.floor(size), *map(float, bounds))
    return shown


def test_ranks_are_those_of_the_exact_binomial(ranks: dict[tuple[int, int], tuple[int, int]]) -> None:
    for size, percent in itertools.product(range(LARGEST + 1), PERCENTILES):
        low, high = oracle.ranks(size, percent)
        assert ranks.get((size, percent)) == ((low, high) if low >= 2 and high <= size - 1 else None), (size, percent)


@pytest.mark.parametrize(("percent", "smallest"), [(50, 9), (25, 20), (75, 20), (10, 54), (90, 54)])
def test_a_percentile_needs_its_effective_number_of_reports(
    ranks: dict[tuple[int, int], tuple[int, int]], percent: int, smallest: int
) -> None:
    assert {size for size, p in ranks if p == percent} == set(range(smallest, LARGEST + 1))


def test_between_two_ranks_lies_the_percentile_with_95_percent(ranks: dict[tuple[int, int], tuple[int, int]]) -> None:
    for (size, percent), (low, high) in ranks.items():
        p = Fraction(percent, 100)
        if size in (9, 20, 54, 101):
            chances = [math.comb(size, k) * p**k * (1 - p) ** (size - k) for k in range(size + 1)]
            assert sum(chances[low:high]) >= Fraction(95, 100)
            assert sum(chances[: low + 1]) > Fraction(25, 1000) < sum(chances[high - 1 :])


@given(cells, st.sampled_from([0.0, 0.19, 0.26, 0.5, 1.0]))
@few
def test_intervals_are_those_of_the_oracle_and_hold_the_percentile(cells: dict[int, Reports], likeness: float) -> None:
    shown = intervals_of(cells, likeness)
    expected = oracle_intervals(cells, Fraction(str(likeness)))
    assert shown.keys() == expected.keys()
    for key, found in shown.items():
        assert found == pytest.approx(expected[key], rel=1e-12), key
    for (cell, percent), (_, low, high) in shown.items():
        pays = sorted(pay for pay, _, _ in cells[cell])
        point = oracle.percentile([(pay, weight) for pay, weight, _ in cells[cell]], percent)
        assert pays[0] < low <= point <= high < pays[-1]


@pytest.mark.slow
@pytest.mark.parametrize("likeness", [0.0, 0.24])
def test_a_whole_effective_size_is_not_one_less(likeness: float) -> None:
    """Equal weights and employers of one size often give a whole number, which a hair less would cut by one."""
    exact, cells = Fraction(str(likeness)), {}
    for weight, size, employers in itertools.product(WEIGHTS, (1, 5, 7, 11, 26), range(2, 121)):
        effective = size * employers / (1 + exact * (size - 1))
        if effective.denominator == 1 and 9 <= effective <= 130 and size * employers <= 250:
            names = [f"E{number % employers}" for number in range(size * employers)]
            cells[len(cells)] = [(1_000 * (n + 50), weight, name) for n, name in enumerate(names)]
    assert len(cells) > 100
    expected, shown = oracle_intervals(cells, exact), intervals_of(cells, likeness)
    assert {key: (shown.get(key), expected.get(key)) for key in expected if shown.get(key) != expected[key]} == {}
    assert shown.keys() == expected.keys()


@given(cells, st.randoms(use_true_random=False))
@few
def test_the_order_of_reports_moves_no_bound(cells: dict[int, Reports], rng: random.Random) -> None:
    shuffled = {cell: rng.sample(reports, len(reports)) for cell, reports in reversed(cells.items())}
    assert intervals_of(cells, 0.26) == intervals_of(shuffled, 0.26)


@pytest.mark.slow
@given(cells)
@few
def test_more_alike_employers_never_add_to_the_effective_size(cells: dict[int, Reports]) -> None:
    steps = [intervals_of(cells, likeness) for likeness in (0.0, 0.1, 0.5, 1.0)]
    for looser, stricter in itertools.pairwise(steps):
        for key in looser.keys() & stricter.keys():
            assert stricter[key][0] <= looser[key][0] + 1e-9


def test_a_smaller_effective_size_never_narrows_an_interval_by_two_ranks(
    ranks: dict[tuple[int, int], tuple[int, int]],
) -> None:
    """Ranks are whole: from 10 reports to 9 the share between them falls from 7/10 to 6/9, but never by much."""
    for percent in PERCENTILES:
        widths = {size: Fraction(high - low, size) for (size, p), (low, high) in ranks.items() if p == percent}
        for smaller, larger in itertools.combinations(sorted(widths), 2):
            assert widths[larger] - widths[smaller] < Fraction(2, smaller)
            if larger >= 2 * smaller:
                assert widths[larger] < widths[smaller]


def alike(rng: random.Random, employers: int, likeness: float) -> dict[int, Reports]:
    """Six cells in which an employer's people have its own pay with probability sqrt(likeness), else anyone's.

    Whether two of them are both at or below a value is then correlated by `likeness`, whatever the value.
    """
    cells: dict[int, Reports] = {number: [] for number in range(6)}
    for number in range(employers):
        for cell in rng.sample(range(6), 2):
            own = rng.randrange(50_000, 400_000)
            for _ in range(rng.randrange(1, 9)):
                pay = own if rng.random() < math.sqrt(likeness) else rng.randrange(50_000, 400_000)
                cells[cell].append((pay, rng.choice(WEIGHTS), f"E{number}"))
    for cell in cells.values():
        cell += [(rng.randrange(50_000, 400_000), WEIGHTS[0], None) for _ in range(20)]
    return cells


@pytest.mark.parametrize("likeness", [0.1, 0.3, 0.6])
def test_the_correlation_is_found_where_many_employers_tell_it(settings: Settings, likeness: float) -> None:
    cells = alike(random.Random(1), 500, likeness)
    found = correlations_of(cells, settings)
    assert found == pytest.approx(dict.fromkeys(PERCENTILES, likeness), abs=0.05)
    for percent in PERCENTILES:
        rows = [[(name, pay, weight) for pay, weight, name in cell] for cell in cells.values()]
        exact = oracle.correlation(rows, {percent, 100 - percent}, 30)
        assert exact is not None
        assert found[percent] == pytest.approx(float(exact), abs=5.1e-7)
        assert found[percent] == found[100 - percent]


def test_the_correlation_is_nothing_where_employers_do_not_matter(settings: Settings) -> None:
    found = correlations_of(alike(random.Random(2), 500, 0.0), settings)
    assert max(found.values()) <= 0.03


def test_the_correlation_is_clipped_at_zero(settings: Settings) -> None:
    """Every employer pays one of its two people low and one high."""
    cell: Reports = [(pay + n, WEIGHTS[0], f"E{n}") for n in range(40) for pay in (100_000, 200_000)]
    assert set(correlations_of({0: cell}, settings).values()) == {0.0}


def test_the_correlation_is_one_where_an_employer_pays_all_the_same(settings: Settings) -> None:
    found = correlations_of(alike(random.Random(3), 100, 1.0), settings)
    assert found == pytest.approx(dict.fromkeys(PERCENTILES, 1.0), abs=1e-12)


def test_below_thirty_employers_with_two_reports_the_correlation_is_the_default(settings: Settings) -> None:
    def cell(employers: int) -> Reports:
        pairs = [(60_000 + 1_000 * n, WEIGHTS[n % 13], f"E{n // 2}") for n in range(2 * employers)]
        return pairs + [(90_000 + n, WEIGHTS[0], f"single {n}") for n in range(40)]

    assert correlations_of({0: cell(29)}, settings) == DEFAULTS
    assert correlations_of({0: cell(29), 1: cell(29)}, settings) == DEFAULTS
    assert correlations_of({0: cell(30)}, settings) != DEFAULTS
    assert correlations_of({0: []}, settings) == DEFAULTS


def test_where_all_pay_is_equal_nothing_is_told_and_the_correlation_is_the_default(settings: Settings) -> None:
    cell: Reports = [(100_000, WEIGHTS[0], f"E{n // 2}") for n in range(80)]
    assert correlations_of({0: cell}, settings) == DEFAULTS


def test_intervals_cover_the_median_where_employers_set_pay(settings: Settings) -> None:
    """400 cells of about 60 reports; an employer correlation of 0.3 in "pay is at most the median"."""
    rng = random.Random(4)
    between = math.sin(0.3 * math.pi / 2)  # of log pay, so that that of the indicator is 0.3
    cells: dict[int, Reports] = {}
    for number in range(400):
        employers = [f"{number}-{n}" for n in range(25)]
        own = {name: rng.gauss(0, math.sqrt(between)) for name in employers}
        people = rng.choices(employers, [1 / (2 + n) for n in range(25)], k=60)
        logs = [(0.3 * (own[name] + rng.gauss(0, math.sqrt(1 - between))), name) for name in people]
        cells[number] = [(round(200_000 * math.exp(y)), rng.choice(WEIGHTS), name) for y, name in logs]

    def coverage(shown: Shown) -> float:
        medians = [(low, high) for (_, percent), (_, low, high) in shown.items() if percent == 50]
        assert len(medians) >= 0.95 * len(cells)
        return sum(low <= 200_000 <= high for low, high in medians) / len(medians)

    found = correlations_of(cells, settings)
    assert found[50] == pytest.approx(0.3, abs=0.05)
    assert coverage(intervals_of(cells, 0.3)) >= 0.93
    assert coverage(intervals_of(cells, found[50])) >= 0.93
    assert coverage(intervals_of(cells, 0.0)) >= 0.93  # each cell tells how alike its own employers' people are
    strangers: dict[int, Reports] = {n: [(pay, weight, None) for pay, weight, _ in cell] for n, cell in cells.items()}
    assert coverage(intervals_of(strangers, 0.3)) < 0.9  # what it is for


def all_generalists(built: Built) -> dict[str, Any]:
    """The row of base pay of all generalists in US."""
    bands = built.table("bands")
    wanted = {"view": "leaf", "group_id": "ml_generalist", "evidence": "reported", "metric": "base", "market": "US"}
    for name, value in {**wanted, "tier": "all", "level": "all"}.items():
        bands = bands[bands[name].eq(value)]
    return bands.iloc[0].to_dict()


@pytest.mark.parametrize(("large", "reason"), [(5, None), (6, "dominated")])
def test_an_employer_with_exactly_half_the_weight_does_not_dominate(
    built: Callable[..., Built], large: int, reason: str | None
) -> None:
    names = ["OpenAI"] * large + ["Google"] * (8 - large) + ["Amazon"] * 2
    cell = all_generalists(built([native_row(n, employer=name) for n, name in enumerate(names)], BANDS))
    if reason:
        assert (cell["basis"], cell["suppression_reason"]) == ("suppressed", reason)
    else:
        assert (cell["basis"], cell["top_employer_share"], cell["n_effective"]) == ("direct", 0.5, 9.23)  # of T1, T2


def test_a_cell_with_a_hair_under_half_its_employers_known_is_shown_and_passes_the_check(
    built: Callable[..., Built],
) -> None:
    """2 employers are enough where 20 reports rest mostly on unknown ones: 10 of 741,455 against 20 of 370,728."""
    known = [native_row(n, employer=("OpenAI", "Google")[n % 2], submitted_at="2026-03-10") for n in range(10)]
    unknown = [native_row(n, employer="", submitted_at="2025-09-10") for n in range(10, 30)]
    result = built(known + unknown)
    cell = all_generalists(result)
    assert (cell["basis"], cell["n_employers"], cell["employers_known_share"]) == ("direct", None, 0.5)
    assert offending_rows(result.candidate, "assert_shown_cells_may_be_disclosed").empty


@pytest.mark.slow
def test_the_manifest_states_the_correlations_that_the_bands_took(tmp_path: Path) -> None:
    own = settings_at(tmp_path)
    write_employers(own.raw)
    published(own)
    latest = json.loads((own.marts / "latest.json").read_text(encoding="utf-8"))
    manifest = json.loads((own.marts / latest["manifest"]["path"]).read_text(encoding="utf-8"))
    stated = manifest["method"]["employer_correlation"]
    kept = json.loads((own.work / "candidate" / "employer_correlation.json").read_text(encoding="utf-8"))
    assert stated == {metric: of for metric, of in kept.items() if metric != "seal"}
    assert stated["bonus"] == {f"p{percent}": value for percent, value in DEFAULTS.items()}
    assert stated["base"] != stated["bonus"]
    assert stated["base"].keys() == stated["bonus"].keys()
