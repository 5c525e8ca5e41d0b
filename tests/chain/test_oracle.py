"""The pipeline against the oracle: on generated exports, on adverts in three snapshots, on the real exports."""

import random
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest

from salary_bands.schemas.columns import LEVELS, STAGES, TIERS
from tests.builders.cases import ADVERT, DATING, RULES, Case, built_case, groups, unrounded
from tests.builders.steps import percentiles_of
from tests.oracle import bands as oracle
from tests.oracle.figures import PERCENTILES, percentile, rounded
from tests.oracle.influence import influence
from tests.oracle.rows import Report

pytestmark = pytest.mark.whole_grid
SHARES = (
    "employers_known_share",
    "top_employer_share",
    "top_source_share",
    "verified_share",
    "level_inferred_share",
)
COUNTS = ("n_reports", "n_employers", "concentrated", "median_age_days")
NOTHING = ("concentrated", "median_age_days", "n_effective")
INFLUENCE = ("max_shift_p50", "max_shift_p90", "shift_by", "fragile")
EDGE = Fraction(1, 10**9)
FIGURES = tuple(f"p{percent}{end}" for percent in PERCENTILES for end in ("", "_low", "_high", "_precision"))


@pytest.fixture(scope="module", params=RULES)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    folder: Path = tmp_path_factory.mktemp("oracle")
    with built_case(request.param, folder, lambda: request.getfixturevalue("real_data")) as built:
        yield built


def is_rounded_from(published: float | None, exact: Fraction | None) -> bool:
    """To 2 decimals; null where the other is null."""
    if published is None or exact is None:
        return published is exact
    return published == round(published, 2) and abs(published - float(exact)) < 0.0050001


def shown_cells(case: Case) -> list[tuple[tuple[str, ...], Report]]:
    return [(key, cell) for key, cell in case.cells.items() if cell["basis"] != "suppressed"]


def counted(key: tuple[str, ...], cell: Report, name: str) -> Any:
    """A count as published: of people and their employers none below 10."""
    is_public = key[2] == "advertised" and cell.get("basis") == "direct" and name == "n_employers"
    is_count = name in ("n_reports", "n_employers")
    return None if is_count and cell[name] < 10 and not is_public else cell[name]


def in_cell(evidence: str, cell: Report) -> int:
    """How many reports a cell has, had those that expired before they entered it left it too."""
    counted = cell["counted"]
    expired = sum(r["expired_on"] is not None for r in counted)
    return 5 * (len(counted) // 5 - expired // 5) if evidence == "reported" else len(counted)


def test_every_row_has_the_disposition_and_reason_of_the_oracle(case: Case) -> None:
    names = ("file", "row", "disposition", "reason")
    assert [(a, b) for a, b in case.rows if any(a[name] != b[name] for name in names)] == []


def test_every_row_has_the_date_and_weight_of_the_oracle(case: Case) -> None:
    assert [(a, b) for a, b in case.rows if any(a[name] != b[name] for name in DATING)] == []


def test_every_row_that_counts_has_the_range_and_openings_of_the_oracle(case: Case) -> None:
    counting = [(a, b) for a, b in case.rows if b["disposition"] not in ("superseded", "folded")]
    assert [(a, b) for a, b in counting if any(a[name] != b[name] for name in ADVERT)] == []


def test_the_cells_that_are_shown_are_those_of_the_oracle(case: Case) -> None:
    ours = {k: row["basis"] for k, row in case.published.items() if row["basis"] != "suppressed" and case.asks(k)}
    assert ours == {k: cell["basis"] for k, cell in shown_cells(case)}
    assert ours


def test_suppressed_cells_have_the_reason_of_the_oracle_and_no_figures(case: Case) -> None:
    """Those of enough reports to be pooled or to have an interval, and those of the US grid."""
    fewest = min(case.built.settings.min_pooled_reports, 9)
    kinds = [(evidence, metric) for evidence, metrics in oracle.METRICS.items() for metric in metrics]
    grid = {
        (g.view, g.group_id, evidence, tier, level, "US", metric)
        for g in groups()
        for evidence, metric in kinds
        for tier in (*TIERS, "all")
        for level in (*LEVELS, *STAGES, "all")
    }
    shown = {k for k, r in case.published.items() if r["basis"] != "suppressed"}
    withheld = {k for k in case.published.keys() - shown if case.asks(k) or k in grid}
    assert withheld == (grid | {k for k, cell in case.cells.items() if in_cell(k[2], cell) >= fewest}) - shown
    none = {"suppression_reason": "few_reports", "n_reports": 0, "n_employers": 0}
    for key in withheld:
        row, cell = case.published[key], case.cells.get(key, none)
        large = {name: counted(key, cell, name) for name in ("n_reports", "n_employers")}
        assert {name: row[name] for name in large} == large, key
        assert row["suppression_reason"] == cell["suppression_reason"], key
        assert {row[name] for name in (*SHARES, *NOTHING, *FIGURES)} == {None}, key


def test_shown_cells_rest_on_what_the_oracle_counts(case: Case) -> None:
    for key, cell in shown_cells(case):
        row = case.published[key]
        assert [row[name] for name in COUNTS] == [counted(key, cell, name) for name in COUNTS], key
        assert [row[name] for name in SHARES] == pytest.approx([cell[name] for name in SHARES], abs=5.1e-5), key


def test_percentiles_are_those_of_the_oracle_before_rounding(case: Case) -> None:
    exact = unrounded(case.built)
    for key, cell in case.cells.items():
        for percent in PERCENTILES if cell["basis"] == "direct" else ():
            assert exact[*key, percent] == pytest.approx(float(cell["points"][percent]), abs=1e-6), key


def test_figures_bounds_and_precision_are_those_of_the_oracle(case: Case) -> None:
    for key, cell in case.cells.items():
        if cell["basis"] == "direct":
            expected = dict.fromkeys(FIGURES)
            for percent, figure in cell["figures"].items():
                low, high = (rounded(Fraction(bound)) for bound in (figure.low, figure.high))
                values = (rounded(figure.pay), low, high, figure.precision)
                expected |= dict(zip((n for n in FIGURES if n[1:3] == str(percent)), values, strict=True))
            assert {name: case.published[key][name] for name in FIGURES} == expected, key


def test_pooled_figures_bounds_and_weights_are_those_of_the_oracle(case: Case) -> None:
    """The oracle's are doubles too: on the edge between two rounded figures either may be published."""
    for key, cell in shown_cells(case):
        row = case.published[key]
        if cell["basis"] == "direct":
            assert row["shrinkage_weight"] is None
            continue
        assert row["shrinkage_weight"] == pytest.approx(cell["shrinkage_weight"], abs=5.1e-5), key
        for percent in PERCENTILES:
            names = [f"p{percent}{end}" for end in ("", "_low", "_high", "_precision")]
            if percent not in cell["figures"]:
                assert {row[name] for name in names} == {None}, key
                continue
            figure = cell["figures"][percent]
            for name, exact in zip(names, figure[:3], strict=False):
                assert row[name] in (rounded(exact * (1 - EDGE)), rounded(exact * (1 + EDGE))), (key, name)
            assert row[names[3]] == figure.precision, key


def test_influence_is_that_of_leaving_each_export_employer_and_day_out(case: Case) -> None:
    """All small cells of two views and one in 37 of the others, not the largest; nothing where not direct.

    A shift within rounding of the limit is judged as it is published, so that readers can tell what is fragile.
    """
    direct = sorted(key for key, cell in shown_cells(case) if cell["basis"] == "direct")
    small = [k for k in direct if k[0] in ("leaf", "llm_roles") and case.cells[k]["n_reports"] < 30]
    some = [k for k in direct[::37] if case.cells[k]["n_reports"] <= 600]
    for key in {*small, *some}:
        row, cell = case.published[key], case.cells[key]
        expected = influence(cell["members"], key[-1], set(cell["figures"]), case.built.settings)
        for name in ("max_shift_p50", "max_shift_p90"):
            assert is_rounded_from(row[name], expected[name]), (key, name)
        assert row["shift_by"] == expected["shift_by"], key
        largest = max(expected["max_shift_p50"] or 0, expected["max_shift_p90"] or 0)
        if abs(float(largest) - case.built.settings.fragile_shift) > 0.00501:
            assert row["fragile"] == expected["fragile"], key
    for row in (case.published[key] for key in direct):
        shifts = (row["max_shift_p50"] or 0, row["max_shift_p90"] or 0)
        assert row["fragile"] == (max(shifts) > case.built.settings.fragile_shift)
    for key in case.published.keys() - set(direct):
        if case.asks(key):
            assert {case.published[key][name] for name in INFLUENCE} == {None}, key


def test_effective_sizes_are_those_of_the_oracle(case: Case) -> None:
    for key, cell in shown_cells(case):
        published = case.published[key]["n_effective"]
        assert published == round(published, 2)
        assert published == pytest.approx(float(cell["n_effective"]), abs=0.0051), key


def test_the_employers_correlations_are_those_of_the_oracle(case: Case) -> None:
    published = case.built.candidate.facts("employer_correlation")
    for metric, values in case.correlations.items():
        assert published[metric] == {f"p{percent}": float(value) for percent, value in values.items()}, metric


def test_the_case_meets_the_rules_it_is_there_for(case: Case) -> None:
    """A rule that nothing meets is not tested."""
    settings = case.built.settings
    met: set[Any] = {(r["disposition"], r["reason"]) for r in case.reports}
    met |= {r["date_basis"] for r in case.reports} | {cell["suppression_reason"] for cell in case.cells.values()}
    for cell in case.cells.values():
        if cell["basis"] == "direct":
            met |= cell["figures"].keys() | {figure.precision for figure in cell["figures"].values()}
    met |= {rule for key, cell in case.cells.items() for rule in pooling_rules(key, cell)}
    met |= {rule for row in case.published.values() for rule in influence_rules(row)}
    for metric, values in case.correlations.items():
        met.add((metric, "default" if values[50] == Fraction(str(settings.correlation_p50)) else "told"))
    assert case.rules - met == set()


def pooling_rules(key: tuple[str, ...], cell: Report) -> Iterator[Any]:
    """What a thin cell is an example of."""
    if cell["basis"] == "pooled":
        yield "pooled by stage" if key[4] in STAGES else "pooled by level"
        yield "pooled over tiers" if key[3] == "all" else "pooled in a tier"
        yield key[6], "as the model says" if cell["shrinkage_weight"] == 1 else "apart from the model"
        yield from {"pooled under 10 reports"} if cell["n_reports"] < 10 else ()
        yield from {"pooled instead of P50 alone"} if cell["shown_alone"] == {50} else ()
    elif len(cell.get("hindrances", ())) == 1:
        (hindrance,) = cell["hindrances"]
        yield f"kept by {hindrance}"
        yield from {f"kept with P50 alone by {hindrance}"} if cell["basis"] == "direct" else ()
        yield from {(key[6], "no pool")} if hindrance == "no_pool" else ()


def influence_rules(row: Report) -> Iterator[Any]:
    """What a direct cell is an example of, by what moves it most."""
    if row["basis"] == "direct":
        yield "moved by nothing" if row["shift_by"] is None else f"moved by {row['shift_by']}"
        yield "fragile" if row["fragile"] else "firm"
        yield from {"P90 moved"} if row["max_shift_p90"] is not None else ()


@pytest.mark.parametrize("size", [1, 2, 3, 10, 33])
def test_with_equal_weights_percentiles_are_those_of_quantile_cont(size: int) -> None:
    rng = random.Random(size)
    pays = [rng.randrange(50_000, 400_000) for _ in range(size)]
    points = ", ".join(str(p / 100) for p in PERCENTILES)
    asked = f"SELECT quantile_cont(pay::DOUBLE, [{points}]) FROM (SELECT unnest(?) AS pay)"
    with duckdb.connect() as connection:
        [(expected,)] = connection.execute(asked, [pays]).fetchall()
    for percent, pay in zip(PERCENTILES, expected, strict=True):
        weighted = [(p, 934_193) for p in pays]
        assert float(percentile(weighted, percent)) == pytest.approx(pay, abs=1e-6)
        assert percentiles_of({0: weighted})[0, percent] == pytest.approx(pay, abs=1e-6)


def test_a_figure_on_half_a_rounding_step_is_rounded_up() -> None:
    """130,250 a hair lower is published as 130,000."""
    weights = [round(2**20 * 0.5 ** (age / 6)) for age in range(13)]
    cells = {n: [(130_250, weights[k * k % 13]) for k in range(n)] for n in range(10, 60)}
    assert {percentile(cell, percent) for cell in cells.values() for percent in PERCENTILES} == {130_250}
    figures = percentiles_of(cells)
    assert {key: pay for key, pay in figures.items() if rounded(Fraction(pay)) != 130_500} == {}
