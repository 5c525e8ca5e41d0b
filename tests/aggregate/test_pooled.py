"""The oracle of pooled cells against examples by hand; the pipeline against it under other settings."""

import math
import random
import statistics
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

from salary_bands.statistics.model import fits_by_metric, predictive
from salary_bands.statistics.modelled_cells import Variances
from salary_bands.statistics.pooling import POOLING_KINDS, UNPOOLED, Pooling, _shrunk, pooling_facts, pools_of
from salary_bands.statistics.shapes import Shape as PackageShape
from tests.builders.candidates import BANDS, build, settings_at
from tests.builders.cases import Case
from tests.builders.thin_cells import write_thin
from tests.oracle import figures as oracle_figures
from tests.oracle.figures import Figure
from tests.oracle.pooled import (
    LevelHere,
    Pool,
    Prediction,
    is_shape_cell,
    kind_of,
    levels_here,
    of_means,
    variance_within,
    variances_of,
)
from tests.oracle.premiums import paule_mandel
from tests.oracle.rows import Report
from tests.oracle.shapes import Point, Shape, between_cells, beyond_the_mean, deviations, quartiles, shape_of, spread

Z = statistics.NormalDist().inv_cdf(0.975)
ANY: Any = None  # the model, which these examples do not ask
OTHER_SETTINGS = {
    "min_pooled_reports": 8,
    "min_modelled_share": 0.9,
    "shape_effective_n": 98,  # between what some cell has for its P50 and for its P25
    "min_employers": 4,
    "max_employer_share": 0.55,
    "max_unknown_factor": 1.02,
    "variance_prior": 40,
}


def pool(within: float = 0.09, between: float = 0.01, beyond: float = 0.0) -> Pool:
    """s2, tau2, omega2; the percentiles a fifth below, at and a fifth above the mean of the logs."""
    shape = {25: (-0.2, beyond), 50: (0.0, beyond), 75: (0.2, beyond)}
    return Pool(ANY, {}, {"": within}, {"": within}, between / within, in_deviations(shape, within))


def in_deviations(shape: Shape, variance: float) -> Shape:
    """A shape in logs, in units of that variance and its root."""
    return {p: (distance / math.sqrt(variance), beyond / variance) for p, (distance, beyond) in shape.items()}


def reach(figure: Figure) -> float:
    """Half the width of the interval, log units."""
    return math.log(figure.high / figure.low) / 2


def test_a_pooled_cell_is_the_one_by_hand() -> None:
    """Nine reports of variance 0.09 are as sure as a cell of the kind is near to the model: they count half each."""
    shown = pool().figures(0.2, Prediction(0.0, 0.02), 9)
    error = math.sqrt(0.5 * 0.01 + 0.25 * 0.02)
    for percent, log in {25: -0.1, 50: 0.1, 75: 0.3}.items():
        figure = shown[percent]
        assert float(figure.pay) == pytest.approx(1e5 * math.exp(log))
        assert float(figure.low) == pytest.approx(1e5 * math.exp(log - Z * error))
        assert float(figure.high) == pytest.approx(1e5 * math.exp(log + Z * error))
        assert figure.precision == "acceptable"
    assert shown.keys() == {25, 50, 75}


def test_the_more_reports_a_cell_has_the_less_the_model_counts() -> None:
    shares = [pool().share_of_cell(size) for size in (1, 9, 90, 1e9)]
    assert shares == sorted(shares)
    assert shares[:2] == [pytest.approx(0.1), pytest.approx(0.5)]
    assert shares[3] == pytest.approx(1)
    assert float(pool().figures(0.2, Prediction(0.0, 0.02), 1e9)[50].pay) == pytest.approx(1e5 * math.exp(0.2))


@pytest.mark.parametrize("size", [5, 500])
def test_where_cells_pay_as_the_model_says_nothing_but_the_model_counts(size: int) -> None:
    alike = pool(between=0.0)
    assert alike.share_of_cell(size) == 0
    figure = alike.figures(0.2, Prediction(-0.3, 0.02), size)[50]
    assert float(figure.pay) == pytest.approx(1e5 * math.exp(-0.3))
    assert reach(figure) == pytest.approx(Z * math.sqrt(0.02))


def test_an_interval_widens_with_each_thing_that_is_not_known() -> None:
    model = Prediction(0.0, 0.02)
    assert reach(pool().figures(0.2, model, 9)[50]) == pytest.approx(Z * math.sqrt(0.01))
    assert reach(pool().figures(0.2, model, 90)[50]) < Z * math.sqrt(0.01)
    assert reach(pool(within=0.18).figures(0.2, model, 9)[50]) == pytest.approx(Z * math.sqrt(0.14 / 9))
    assert reach(pool().figures(0.2, Prediction(0.0, 0.06), 9)[50]) == pytest.approx(Z * math.sqrt(0.02))
    assert reach(pool(beyond=0.03).figures(0.2, model, 9)[50]) == pytest.approx(Z * math.sqrt(0.04))


def test_a_prediction_of_few_employers_reaches_further() -> None:
    """Half of the variance, 0.01, is that of 5 effective employers: 4 degrees of freedom over a quarter, 16."""
    figure = pool().figures(0.2, Prediction(0.0, 0.02, 5), 9)[50]
    assert reach(figure) == pytest.approx(2.1199 * math.sqrt(0.01), rel=1e-4)


def test_what_employers_add_to_the_cell_may_go_with_the_error_of_the_model() -> None:
    """0.09 / 9 is 0.09 / 18 of strangers and as much of employers; half of that counts, as does half of the model."""
    figure = pool().figures(0.2, Prediction(0.0, 0.02), 9, strangers=18)[50]
    together = 2 * math.sqrt(0.25 * 0.005 * 0.25 * 0.02)
    assert reach(figure) == pytest.approx(Z * math.sqrt(0.01 + together))


@pytest.mark.parametrize(
    ("distances", "variances", "between"),
    [
        ([0.3, -0.3], [0.04, 0.04], 0.05),
        ([0.3, 0.3], [0.04, 0.04], 0.05),  # all on one side of the model is apart from it too
        ([0.1, -0.1], [0.04, 0.04], 0.0),
        ([0.2, -0.2], [0.04, 0.04], 0.0),  # exactly what sampling gives
        ([0.5, 0.1], [0.05, 0.01], (0.14 + math.sqrt(0.0356)) / 4),  # 2 t^2 - 0.14 t - 0.002 = 0
    ],
)
def test_the_variance_of_cells_around_the_model_is_the_one_by_hand(
    distances: list[float], variances: list[float], between: float
) -> None:
    assert paule_mandel(distances, variances, centre=0.0) == pytest.approx(between, abs=1e-12)


def test_cells_that_are_all_off_by_the_same_vary_around_the_model_and_not_around_their_mean() -> None:
    assert paule_mandel([0.3] * 4, [0.01] * 4, centre=0.0) == pytest.approx(0.08)
    assert paule_mandel([0.3] * 4, [0.01] * 4) == 0


def test_the_variance_between_cells_is_found_again_in_drawn_cells() -> None:
    rng = random.Random(1)
    variances = [rng.uniform(0.001, 0.02) for _ in range(4_000)]
    distances = [rng.gauss(0, math.sqrt(0.01 + variance)) for variance in variances]
    assert paule_mandel(distances, variances, centre=0.0) == pytest.approx(0.01, rel=0.08)


def test_the_variance_within_cells_is_that_of_samples_where_weights_are_equal() -> None:
    rng = random.Random(2)
    cells = [[rng.gauss(mean, 0.3) for _ in range(12)] for mean in (0, 1, 2)]
    pooled = statistics.mean(statistics.variance(cell) for cell in cells)
    assert within([[(y, 7) for y in cell] for cell in cells]) == pytest.approx(pooled)
    assert within([[(0.0, 2**20), (1.0, 2**20)], [(9.0, 5)]]) == 0.5, "a report alone tells nothing"
    assert within([[(0.0, 3)], [(9.0, 5)]]) is None


def test_the_variance_within_cells_is_right_where_weights_differ() -> None:
    rng = random.Random(3)
    cells = [[(rng.gauss(0, 0.3), rng.choice([1, 2, 4])) for _ in range(4)] for _ in range(6_000)]
    assert within(cells) == pytest.approx(0.09, rel=0.03)


def test_the_variance_within_cells_is_right_where_people_of_an_employer_are_alike() -> None:
    """Of 0.09 a third is the employer's: cells of two employers with three people each."""
    rng = random.Random(5)
    cells = []
    for _ in range(6_000):
        own = [rng.gauss(0, math.sqrt(0.03)) for _ in range(2)]
        cells.append([(rng.gauss(own[n % 2], math.sqrt(0.06)), person(1, f"E{n % 2}")) for n in range(6)])
    assert variance_within(cells, Fraction(1, 3)) == pytest.approx(0.09, rel=0.03)
    assert variance_within(cells, Fraction(0)) == pytest.approx(0.078, rel=0.03)


def test_a_country_of_its_own_spread_is_told_by_its_own_cells_the_more_it_has() -> None:
    """Cells of 6 have 5 degrees of freedom each; 10 of the prior."""
    pays = {"US": [0, 1] * 3, "IN": [0, 3] * 3}
    cells = [[(float(y), person(1, f"E{n}", country)) for n, y in enumerate(of)] for country, of in pays.items()]
    own = {"US": 0.3, "IN": 2.7}
    few = variances_of(cells, Fraction(0), 10)
    assert few == {"": pytest.approx(1.5), **{c: pytest.approx(1 / 3 * v + 2 / 3 * 1.5) for c, v in own.items()}}
    many = variances_of(cells[:1] + cells[1:] * 20, Fraction(0), 10)
    assert many["IN"] == pytest.approx(100 / 110 * 2.7 + 10 / 110 * many[""])
    assert many[""] == pytest.approx((1 / 3 * 0.3 + 100 / 110 * 2.7) / (1 / 3 + 100 / 110))
    assert variances_of([[(1.0, person(1, "E", "US"))]], Fraction(0), 10) is None


def test_alike_medians_are_more_alike_logs() -> None:
    """Normal pairs correlated by one half are on one side of the median in two of three cases: that is a third."""
    assert float(of_means(Fraction(1, 3))) == pytest.approx(0.5)
    assert (of_means(Fraction(0)), float(of_means(Fraction(1)))) == (0, 1)


def person(weight: int, employer: str, country: str = "US") -> Report:
    return {"weight": weight, "employer": employer, "tier": "T4", "evidence": "reported", "country": country}


def within(cells: list[list[tuple[float, int]]]) -> float | None:
    """Of cells of (log, weight), every report being of another employer."""
    return variance_within([[(y, person(w, f"E{n}")) for n, (y, w) in enumerate(cell)] for cell in cells], Fraction(0))


@pytest.mark.parametrize("percent", [25, 50, 75])
def test_the_distance_of_a_percentile_from_the_mean_varies_as_it_does_in_normal_samples(percent: int) -> None:
    samples = np.random.default_rng(4).normal(size=(4_000, 401))
    distances = np.percentile(samples, percent, axis=1) - samples.mean(axis=1)
    assert 401 * distances.var() == pytest.approx(beyond_the_mean(percent), rel=0.06)


def shape_cell(pays: list[int], **facts: Any) -> Report:
    members = [{"base": pay, "weight": 1, "employer": None, "tier": "T2", "evidence": "reported"} for pay in pays]
    cell = {"basis": "direct", "n_effective": 60, "figures": {25: 0, 50: 0, 75: 0}, "members": members}
    cell |= {"sizes": {25: 60, 50: 60, 75: 60}}
    pay = [(pay, 1) for pay in pays]
    return {**cell, "pay": pay, "points": oracle_figures.points(pay, {}), **facts}


def test_a_shape_varies_between_cells_beyond_what_sampling_makes_of_it() -> None:
    """Logs 0, 1, 2, 3, 4 have their quarters one from their mean."""
    full, flat = shape_cell([round(1e5 * math.exp(y)) for y in range(5)]), shape_cell([100_000] * 5)
    assert between_cells([(full, 1.0)] * 3, 75, "base") == 0, "equal cells do not vary"
    pieces = [(cell, 1.0) for cell in (full, full, full, flat)]
    assert between_cells(pieces, 75, "base") > 0 == between_cells(pieces, 50, "base")
    assert between_cells([(cell, 4.0) for cell, _ in pieces], 75, "base") < between_cells(pieces, 75, "base")


def points(*logs: float, employer: str | None = None, weight: float = 1) -> list[Point]:
    return [Point(log, weight, employer, employer or object()) for log in logs]


def test_a_report_is_compared_with_the_others_of_its_cell_without_its_employer() -> None:
    """Of six, five others are left: their mean is 0, and it varies a fifth as much as a report."""
    six = points(1.2, 0.5, -0.5, 0.25, -0.25, 0)
    [first, *_] = deviations(six)
    assert first[0] == pytest.approx(1.2 * math.sqrt(5 / 6))
    two = [*points(1.2, 0.8, employer="E"), *points(0.5, -0.5, 0.25, -0.25)]
    assert [d for d, p in deviations(two) if p.employer] == pytest.approx([1.2 * math.sqrt(0.8), 0.8 * math.sqrt(0.8)])
    assert deviations(two[:5]) == [], "three others and an employer"
    assert deviations(points(1.0, 2.0, 3.0, 4.0)) == []


def test_quartiles_of_residuals_are_those_of_a_normal_law_where_they_are_drawn_from_it() -> None:
    rng = random.Random(8)
    told = [(rng.gauss(0.1, 2), points(0, weight=rng.choice([1, 2]))[0]) for _ in range(20_000)]
    distances, size = quartiles(told)
    assert [distances[p] for p in (25, 50, 75)] == pytest.approx([-0.674, 0, 0.674], abs=0.03)
    assert size == pytest.approx(20_000 * 2.25 / 2.5, rel=0.01)
    few = quartiles([(v, points(0)[0]) for v in (-3.0, -1.0, 1.0, 3.0)])[0]
    assert few[75] == pytest.approx(2 / math.sqrt(5)), "between the third and the fourth"


def test_reports_that_the_model_cannot_tell_apart_stand_for_their_mean_and_variance() -> None:
    assert spread([1.0]) == [1.0]
    assert spread([3.0, 1.0]) == pytest.approx([1.0, 3.0])
    many = spread([float(n) for n in range(50)])
    assert len(many) == 9
    assert (statistics.mean(many), statistics.pvariance(many)) == pytest.approx((24.5, statistics.pvariance(range(50))))


def test_a_kind_with_few_reports_or_employers_takes_its_shape_from_kinds_like_it(settings: Any) -> None:
    def told(count: int, employers: int, scale: float) -> list[tuple[float, Point]]:
        values = [scale * (n - (count - 1) / 2) ** 3 for n in range(count)]
        return [(v, Point(v, 1, f"E{n % employers}", n)) for n, v in enumerate(values)]

    own, like, other = ("listed", True), ("other", True), ("all", False)

    def offset(reports: dict[Any, Any]) -> float | None:
        shape = shape_of(own, reports, {kind: [] for kind in reports}, "base", settings)
        return shape and shape[75][0]

    alone = quartiles(told(100, 10, 1))[0][75]
    assert offset({own: told(100, 10, 1), like: told(300, 30, 5)}) == pytest.approx(alone)
    for few in (told(99, 10, 1), told(100, 9, 1)):
        both = quartiles([*few, *told(300, 30, 5)])[0][75]
        assert offset({own: few, like: told(300, 30, 5), other: told(300, 30, 9)}) == pytest.approx(both) != alone
    assert offset({own: told(50, 5, 1), other: told(60, 20, 9)}) is not None
    assert offset({own: told(50, 5, 1), other: told(49, 20, 9)}) is None


def test_a_level_that_adds_otherwise_in_a_country_is_told_by_its_reports_there(settings: Any) -> None:
    """In IN, L5 is 0.4 above the model and L3 as much below; in the US both are as the model says."""
    rng = random.Random(9)
    off = {("IN", "L5"): 0.4, ("IN", "L3"): -0.4, ("US", "L5"): 0.0, ("US", "L3"): 0.0, ("SG", "L5"): 0.4}
    people, errors = [], {}
    for (country, level), mean in off.items():
        for n in range(4 if country == "SG" else 40):
            report = person(2**20, f"{country}{n}", country) | {"level": level, "leaf": "x"}
            people.append(report)
            errors[id(report)] = mean + 0.05 * (-1) ** n + rng.gauss(0, 0.02)
    found = levels_here(people, errors, settings, Fraction(0))
    assert found["IN", "L5"].effect == pytest.approx(0.4, abs=0.02) == -found["IN", "L3"].effect
    assert found["US", "L3"].effect == pytest.approx(0, abs=0.02)
    assert 0.2 < found["SG", "L5"].effect < found["IN", "L5"].effect, "few are drawn towards the model"
    assert found["SG", "L5"].missed > found["IN", "L5"].missed > 0
    as_it_says = {report: 0.05 * (-1) ** n for n, report in enumerate(errors)}
    assert {here.effect for here in levels_here(people, as_it_says, settings, Fraction(0)).values()} == {0.0}


def test_what_levels_add_here_widens_and_moves_a_prediction() -> None:
    levels = {("IN", "L5"): LevelHere(0.4, 0.01, 0.02)}
    members = [person(3, "A", "IN") | {"level": "L5"}, person(1, "B", "IN") | {"level": "L3"}]
    here = Pool(ANY, {id(r): r for r in members}, {}, {}, 0.0, {}, levels).levels_of(members)
    assert here == [(0.75, LevelHere(0.4, 0.01, 0.02)), (0.25, LevelHere())]
    shown = pool().figures(0.2, Prediction(0.0, 0.02, shared=0.004), 9)[50]
    assert reach(shown) == pytest.approx(Z * math.sqrt(0.01 + 2 * 0.25 * 0.004))


def test_what_a_cell_is_mixed_of_widens_it_by_its_employers() -> None:
    """Leaves that differ by a variance of 0.016 in nine reports, 0.018 in the cell, of three employers."""
    shown = pool().figures(0.2, Prediction(0.0, 0.02, leaves=0.016), 9, alike=3)
    assert reach(shown[50]) == pytest.approx(Z * math.sqrt(0.01 + 0.018 / 3))
    assert math.log(shown[75].pay / shown[50].pay) == pytest.approx(0.2 * math.sqrt(1.2)), "and its quartiles apart"


@pytest.mark.parametrize(
    ("tier", "level", "kind"),
    [
        ("T3", "L5", ("other", True)),
        ("T3", "senior", ("other", False)),
        ("T2", "L5", ("listed", True)),
        ("all", "L3", ("all", True)),
        ("all", "early", ("all", False)),
        ("unknown", "L5", None),
        ("T3", "all", None),
    ],
)
def test_cells_are_of_one_of_six_kinds(tier: str, level: str, kind: Any) -> None:
    assert kind_of(("leaf", "nlp_classical", "reported", tier, level, "US", "base")) == kind


@pytest.mark.parametrize(
    "key",
    [
        ("leaf", "nlp_classical", "advertised", "T3", "L5", "US", "base"),
        ("leaf", "nlp_classical", "reported", "T3", "L5", "us-seattle", "base"),
        ("leaf", "nlp_classical", "reported", "T3", "L5", "global", "base"),
        ("leaf", "nlp_classical", "reported", "T3", "L5", "US", "bonus"),
    ],
)
def test_neither_adverts_nor_metros_nor_the_world_nor_parts_of_pay_are_pooled(key: tuple[str, ...]) -> None:
    assert kind_of(key) is None


def test_only_single_leaves_tell_the_shape() -> None:
    cell = ("reported", "T3", "L5", "US", "base")
    assert is_shape_cell(("leaf", "nlp_classical", *cell))
    assert not is_shape_cell(("leaf", "all", *cell))
    assert not is_shape_cell(("cards", "nlp_pre_llm", *cell))


@pytest.fixture(scope="module")
def other_case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    settings = settings_at(tmp_path_factory.mktemp("pooled")).model_copy(update=OTHER_SETTINGS)
    write_thin(settings.raw, 3, 0.1, 0.5)
    yield Case(build(settings, tables=BANDS), date(2026, 6, 30), lambda key: key[5] in ("US", "GB"), set())


def test_under_other_settings_the_same_cells_are_pooled_as_by_the_oracle(other_case: Case) -> None:
    for key, cell in other_case.cells.items():
        row = other_case.published.get(key, {"basis": "suppressed"})
        assert row["basis"] == cell["basis"], key
        if cell["basis"] == "pooled":
            assert row["shrinkage_weight"] == pytest.approx(cell["shrinkage_weight"], abs=5.1e-5), key
            for percent, figure in cell["figures"].items():
                assert row[f"p{percent}"] == pytest.approx(float(figure.pay), abs=250.01), key
                assert row[f"p{percent}_low"] == pytest.approx(float(figure.low), abs=250.01), key
                assert row[f"p{percent}_high"] == pytest.approx(float(figure.high), abs=250.01), key


def test_the_other_settings_are_met(other_case: Case) -> None:
    """Each keeps a cell from being pooled that the defaults would pool, or pools others."""
    kept = [cell["hindrances"] for cell in other_case.cells.values() if len(cell.get("hindrances", ())) == 1]
    assert {name for (name,) in kept} >= {"few_reports", "few_employers", "unmodelled"}
    pooled = [cell for cell in other_case.cells.values() if cell["basis"] == "pooled"]
    assert min(cell["n_reports"] for cell in pooled) == 10
    assert any(0 < cell["shrinkage_weight"] < 1 for cell in pooled)


def test_a_kind_that_is_not_pooled_says_why(other_case: Case) -> None:
    settings, frame = other_case.built.settings, other_case.built.table("model_cells")
    none = pd.DataFrame(columns=["kind", "country", "percentile", "effective", "offset_log"])

    def facts(rows: pd.DataFrame, **changed: int) -> dict[str, Any]:
        fit = fits_by_metric(predictive(rows))["base"]
        return pooling_facts(pools_of(fit, none, 0.26, settings.model_copy(update=changed)))

    base = frame[frame["metric"].eq("base")]
    known = facts(base)
    assert known.keys() == set(POOLING_KINDS) and known["all_level"]["shape_of"] == ["all_level"]
    one = {"few_reports": facts(base, min_shape_reports=10**6), "few_cells": facts(base.head(3))}
    one["no_spread"] = facts(base.assign(sum_y=0, sum_yy=0))
    one["no_model"] = pooling_facts(None)
    assert one.keys() == UNPOOLED.keys()
    for code, found in one.items():
        reason = {"unpooled": code, "reason": UNPOOLED[code]}
        assert found == dict.fromkeys(POOLING_KINDS, reason)


def test_a_cell_that_rests_on_hardly_more_than_one_employer_is_not_pooled() -> None:
    """Student's t has hardly a degree of freedom then, and the bound would be beyond all numbers."""
    cells = pd.DataFrame(
        {
            "cell": [1, 2], "country": "US", "mean_log": 0.1, "effective": 5.0, "strangers": 6.0,
            "employers_alike": 5.0, "predicted": 0.2, "error": [0.3, 0.3], "overlap": 0.0, "leaves": 0.0,
            "employers": [1.01, 30.0],
        }
    )  # fmt: skip
    variances = Variances(0.04, {})
    shape = PackageShape({25: -0.6, 50: 0.0, 75: 0.6}, dict.fromkeys((25, 50, 75), 0.01), ("other_level",))
    rows = pd.concat(_shrunk(cells, Pooling(variances, variances, 0.0, shape)))
    assert set(rows["cell"]) == {2}
    assert rows["high"].lt(10 * rows["pay"]).all()
