"""`make simulate` counts right, tells a sound interval from a broken one, and docs/method.md says what it found."""

import re
from multiprocessing.pool import ThreadPool
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from salary_bands.settings import Settings
from tests.builders import ROOT
from tests.simulate import report, rounded, run
from tests.simulate.faults import flood, scaled
from tests.simulate.gates import CASES, held
from tests.simulate.pipeline import by_source, pay_reports, settings_at
from tests.simulate.population import AS_OF, LAWS, LISTS, METRICS, SOURCES, Population, World, rounded_to
from tests.simulate.readings import (
    Reading,
    coverage,
    distinct_groups,
    judged_bands,
    judged_multipliers,
    judged_premiums,
    reading,
    sampled,
)
from tests.simulate.truth import CELL, Truth
from tests.simulate.work import Piece, finished


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    return Truth(Population(), settings_at(tmp_path_factory.mktemp("truth")))


@pytest.fixture(scope="module")
def small() -> Reading:
    return reading(2, 2_500, model=True)


@pytest.fixture(scope="module")
def judged(small: Reading, truth: Truth) -> pd.DataFrame:
    bands = judged_bands(sampled(small.bands, 4), truth)
    return bands[bands["basis"].eq("direct")]


def test_coverage_is_counted_by_hand() -> None:
    rows = pd.DataFrame({"world": [1, 1, 1, 2, 2, 2], "kind": "a", "inside": [True, True, True, True, False, False]})
    [found] = coverage(rows, ["kind"]).itertuples()
    assert (found.intervals, found.worlds) == (6, 2)
    assert found.share == pytest.approx(4 / 6)
    # 3 and 1 of 3 each: two worlds that differ by 2 of 3 have a standard error of half of that
    assert found.error == pytest.approx(1 / 3)


def test_what_one_world_has_in_common_is_not_counted_as_many_proofs() -> None:
    alike = pd.DataFrame(
        {"world": np.repeat(range(10), 100), "kind": "a", "inside": np.repeat([True] * 9 + [False], 100)}
    )
    single = pd.DataFrame({"world": range(1_000), "kind": "a", "inside": [True] * 900 + [False] * 100})
    errors = [float(coverage(rows, ["kind"])["error"].iloc[0]) for rows in (alike, single)]
    assert errors[0] == pytest.approx(0.1, rel=0.01) and errors[1] == pytest.approx(0.0095, rel=0.01)


def test_sound_intervals_hold_the_truth_and_halved_ones_are_seen(judged: pd.DataFrame) -> None:
    sound = coverage(judged, ["metric"])
    assert sound["intervals"].min() > 500 and sound["share"].between(0.93, 0.995).all()
    halved = judged.assign(low=(judged["figure"] + judged["low"]) / 2, high=(judged["figure"] + judged["high"]) / 2)
    halved["inside"] = halved["low"].le(halved["true"]) & halved["true"].le(halved["high"])
    assert (coverage(halved, ["metric"])["share"] < 0.85).all()
    keys = ["metric", "size_class", "percentile"]
    for rows, met in ((judged, True), (halved, False)):
        # the world is too small for classes of their own
        shares = coverage(rows.assign(size_class="9 to 19", percentile=50), keys)
        assert report.direct_bars(shares)[0].met == met


def clustered(rows: pd.DataFrame) -> pd.DataFrame:
    """Direct cells of total whose employers are many and alike."""
    large = rows["basis"].eq("direct") & rows["metric"].eq("total") & rows["n_reports"].ge(60)
    return rows[large & rows["tier"].isin(["T3", "T4", "T5"])]


def test_a_method_that_ignores_employers_is_seen(
    judged: pd.DataFrame, truth: Truth, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if everybody outside T1 and T2 worked for an employer of their own."""
    drawn = World.reports

    def strangers(world: World, count: int) -> pd.DataFrame:
        rows = drawn(world, count)
        own = rows["employer"].notna() & ~rows["tier"].isin(list(LISTS))
        return rows.assign(employer=rows["employer"].where(~own, "employer of " + rows.index.astype(str)))

    monkeypatch.setattr(World, "reports", strangers)
    broken = judged_bands(clustered(sampled(reading(2, 2_500, model=False).bands, 4)), truth)
    shares = [float(coverage(rows, ["metric"])["share"].iloc[0]) for rows in (clustered(judged), broken)]
    assert shares[0] > 0.93 and shares[1] < shares[0] - 0.02


def test_true_percentiles_are_those_of_very_many_reports(truth: Truth) -> None:
    people = truth.population
    drawn = pd.concat([World(people, seed).reports(8_000) for seed in range(40)], ignore_index=True)
    ages = [12 * (AS_OF.year - d.year) + AS_OF.month - d.month for d in drawn["day"]]
    drawn["weight"] = 0.5 ** (np.array(ages) / 6)
    core, tier, country = drawn["leaf"].ne("data_science"), drawn["tier"], drawn["country"]
    plain = drawn["leaf"].eq("ml_generalist")
    chosen = {
        ("leaf", "all", "all", "all", "global"): core,
        ("leaf", "all", "T1", "senior", "US"): core & tier.eq("T1") & drawn["stage"].eq("senior") & country.eq("US"),
        ("leaf", "all", "unknown", "L5", "GB"): core & tier.eq("unknown") & drawn["level"].eq("L5") & country.eq("GB"),
        ("leaf", "ml_generalist", "T4", "all", "us-sf-bay"): plain & tier.eq("T4") & drawn["metro"].eq("us-sf-bay"),
    }
    cells = pd.DataFrame(list(chosen), columns=CELL)
    for metric in METRICS:
        true = truth.percentiles(cells, metric).set_index(CELL)
        for cell, rows in chosen.items():
            mine = drawn[rows].sort_values(metric)
            upto = mine["weight"].cumsum() / mine["weight"].sum()
            for percent in (10, 50, 90):
                seen = mine[metric].iloc[int(np.searchsorted(upto, percent / 100))]
                assert seen == pytest.approx(true.loc[cell, f"p{percent}"], rel=0.035), (metric, cell, percent)


def test_true_premiums_are_those_of_the_law(truth: Truth) -> None:
    """In one tier and level there is nothing to average over: the premium is the difference of what is added."""
    people = truth.population
    leaf = people.leaves[5]
    for metric in METRICS:
        [apart] = truth.apart(metric, [leaf], "ml_generalist", "T4", ("L5",))
        effects = truth.effects(metric, "T4", ("L5",))
        own = effects.get(("leaf", leaf), 0.0) - effects.get(("leaf", "ml_generalist"), 0.0)
        assert own == pytest.approx(apart, abs=1e-9)
        assert (
            truth.multipliers(metric)["level", "L5"]
            == truth.multipliers(metric)["specialisation", "ml_generalist"]
            == 1
        )
        assert truth.multipliers(metric)["month", "2026-03"] == pytest.approx(np.exp(-3 * LAWS[metric].month))


def test_premiums_and_multipliers_are_judged_beside_the_truth(small: Reading, truth: Truth) -> None:
    premiums, multipliers = judged_premiums(small.premiums, truth), judged_multipliers(small.multipliers, truth)
    assert len(premiums) > 100 and len(multipliers) > 40
    for rows in (premiums, multipliers):
        assert (rows["figure"] - rows["true"]).abs().median() < 0.15
        assert rows["inside"].mean() > 0.85
        moved = rows.assign(figure=rows["figure"] + 0.05)
        keys = (
            ["metric", "tier", "level", "group_id", "baseline"] if rows is premiums else ["metric", "factor", "value"]
        )
        assert report.biases(pd.concat([moved, moved]), keys)["bias"].mean() > 0.02


def test_a_world_is_the_same_every_time_and_its_employers_stay() -> None:
    world = World(Population(), 3)
    pd.testing.assert_frame_equal(world.reports(500), World(Population(), 3).reports(500))
    assert not world.reports(500, 1).equals(world.reports(500, 2))
    other = World(Population(), 4)
    for metric in METRICS:
        for tier in ("T1", "T3"):
            same = np.array_equal(world.employers[metric][tier], other.employers[metric][tier])
            assert same == (tier in LISTS)  # complete lists are those of every world


def test_reports_are_as_the_contract_has_them() -> None:
    rows = pay_reports(World(Population(), 3).reports(300))
    assert len(rows) == 300 and rows["row_hash"].is_unique
    assert rows.loc[rows["employer"].isna(), "tier"].eq("unknown").all()
    assert 0.05 < rows["employer"].isna().mean() < 0.20 and 0.05 < rows["level"].isna().mean() < 0.16


def test_groups_of_equal_leaves_are_counted_once() -> None:
    found = distinct_groups()
    assert ("leaf", "agentic") in found and ("cards", "agentic_systems") not in found
    assert ("cards", "llm_foundation") in found


def test_faults_are_as_they_are_called() -> None:
    world = World(Population(), 5)
    old, new = by_source(world.reports(1_000), "old.csv"), by_source(world.reports(60, 1), "new.csv")
    rows = {case: spoil(old, new, world) for case, (_, spoil) in CASES.items()}
    assert set(rows["ordinary"]) == {*old, *new}
    flooded = rows["flood"]["north/flood.csv"]
    assert len(flooded) == pytest.approx(0.05 * sum(map(len, rows["flood"].values())), abs=1)
    assert flooded["source"].eq(SOURCES[0]).all() and (AS_OF - flooded["day"].min()).days < 7
    assert len(rows["smaller"]["south/old.csv"]) == len(old["south/old.csv"]) // 10
    sent = rows["new_small"]["north/new.csv"]
    assert len(sent) == 25 and sent["source"].eq("north").all()
    ratio = sent["base"] / rows["new_months"]["north/new.csv"]["base"]
    assert ratio.between(1.12 * 12 * 0.98, 1.12 * 12 * 1.02).all()
    again = rows["again_months"]
    assert not {"west/old.csv", "west/new.csv"} & set(again)
    assert len(again["west/again.csv"]) == len(old["west/old.csv"]) + len(new["west/new.csv"])
    plain = world.reports(50, 2, (AS_OF.replace(day=23), AS_OF))
    assert np.allclose(flood(world, 50, 2)["total"], scaled(plain, 1.5)["total"])


@pytest.mark.slow
def test_gates_are_asked_as_in_a_refresh() -> None:
    found = held(7, 1_000, {"ordinary": 1, "again_months": 1}).set_index("case")
    assert found.loc["again_months", "held"] and "one_export" in str(found.loc["again_months", "gates"])
    assert "volume" not in str(found.loc["ordinary", "gates"])


def test_a_share_below_its_bar_is_not_met() -> None:
    refreshes = pd.DataFrame(
        {"case": ["ordinary"] * 100 + ["flood"] * 20, "held": [True] * 2 + [False] * 98 + [True] * 20}
    )
    assert [bar.met for bar in report.gate_bars(refreshes)] == [False, True]
    refreshes.loc[1, "held"] = False
    assert [bar.met for bar in report.gate_bars(refreshes)] == [True, True]
    refreshes.loc[100:101, "held"] = False
    assert [bar.met for bar in report.gate_bars(refreshes)] == [True, False]
    assert CASES["flood"][0] in report.gate_bars(refreshes)[1].found


def test_the_page_says_what_was_found_by_this_method_with_these_settings() -> None:
    """Where this fails, `make simulate` writes it anew."""
    part = report.generated((ROOT / "docs" / "method.md").read_text(encoding="utf-8"))
    assert part.splitlines()[0] == report.mark()
    plots = re.findall(r"\(simulation/(\w+\.svg)\)", part)
    assert sorted(plots) == sorted(path.name for path in (ROOT / "docs" / "simulation").iterdir())


def test_another_method_or_other_settings_are_another_simulation(monkeypatch: pytest.MonkeyPatch) -> None:
    known = report.mark()
    monkeypatch.setattr(report, "METHOD", 99)
    assert report.mark() != known
    monkeypatch.undo()
    monkeypatch.setattr(Settings.model_fields["gate_residual"], "default", 0.09)
    assert report.mark() != known


@pytest.mark.slow
def test_the_whole_simulation_runs_small_and_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "JUDGED", 4 * run.JUDGED)
    monkeypatch.setattr(rounded, "JUDGED", 4 * rounded.JUDGED)
    monkeypatch.setattr(report, "FEWEST", report.FEWEST // 4)
    said: list[str] = []
    page = tmp_path / "docs" / "method.md"
    page.parent.mkdir()
    page.write_text("# The method\n\n## What the figures are not\n", encoding="utf-8")
    with ThreadPool(1) as pool:
        run.write(run.simulated(run.SMALLEST, tmp_path / "work", pool, said.append), page, run.SMALLEST)
    first = page.read_text(encoding="utf-8")
    assert report.generated(first).startswith(report.mark())
    assert "pooled P25, P50, P75 of every kind" in first
    assert (page.parent / "simulation" / "gates.svg").is_file()
    names = [piece.name for piece in run.pieces(run.SMALLEST)]
    assert sum(any(name in line for line in said) for name in names) == len(names)
    with ThreadPool(1) as pool:
        heaped = rounded.simulated(run.SMALLEST, tmp_path / "work", pool, lambda line: None)
    both = heaped.bands.merge(heaped.exact, on=[*CELL, "world", "metric", "percentile"], suffixes=("", "_exact"))
    assert set(both["metric"]) == set(METRICS) and both["figure"].ne(both["figure_exact"]).mean() > 0.5
    assert "Rounding moves P50 in the mean of cells" in rounded.text(heaped)
    said.clear()
    with ThreadPool(1) as pool:
        found = run.simulated(run.SMALLEST, tmp_path / "work", pool, said.append)
    again = report.inserted(first, run.text(found, run.SMALLEST))
    took = re.compile(r"\d+ minutes of processor time")  # which the comparison with the truth is part of
    assert took.sub("", again) == took.sub("", first) != first
    assert said[0].startswith(f"{len(names)} of {len(names)} pieces are in ")


def test_a_run_makes_only_the_pieces_that_it_has_not(tmp_path: Path) -> None:
    made, said = [], []

    def piece(number: int) -> Piece:
        return Piece(f"piece-{number}", lambda: made.append(number) or 10 * number, ())

    with ThreadPool(1) as pool:
        finished([piece(1), piece(2)], tmp_path, pool, said.append)
        (tmp_path / "piece-2.pickle").unlink()
        found = finished([piece(1), piece(2), piece(3)], tmp_path, pool, said.append)
    assert made == [1, 2, 2, 3]
    assert {name: result.value for name, result in found.items()} == {"piece-1": 10, "piece-2": 20, "piece-3": 30}
    assert [path.name for path in sorted(tmp_path.iterdir())] == [f"piece-{n}.pickle" for n in (1, 2, 3)]


def test_only_the_generated_part_of_the_page_is_replaced() -> None:
    part = f"{report.mark()}\n\ntext\n\n{report.CLOSE}"
    page = "# The method\n\nby hand\n\n## What the figures are not\n\nby hand too\n"
    once = report.inserted(page, part)
    assert once.replace(f"{report.HEADING}\n\n{part}\n\n", "") == page
    assert report.inserted(once, part) == once
    assert report.inserted(once, part.replace("text", "other \\1")) == once.replace("text", "other \\1")
    with pytest.raises(ValueError, match="0 generated parts"):
        report.generated(page)


def test_rounded_pay_is_the_nearest_multiple_and_never_nothing() -> None:
    reports = pd.DataFrame({"base": [182_499, 182_500, 1_000], "total": [5_000, 7_400, 12_500]})
    found = rounded_to(reports, rounded.STEP)
    assert found["base"].tolist() == [180_000, 185_000, 5_000]
    assert found["total"].tolist() == [5_000, 5_000, 15_000]
    pd.testing.assert_frame_equal(rounded_to(reports, 1), reports)


def test_an_interval_of_rounded_pay_is_judged_by_exact_pay_and_by_what_people_say() -> None:
    bands = pd.DataFrame({"true": [181_200.0, 183_000.0], "low": 180_000.0, "high": 182_000.0})
    found = rounded.judged(bands.assign(inside=[True, False]))
    assert found["inside"].tolist() == [True, False]
    assert found["inside_rounded"].tolist() == [True, False]  # 180,000 and 185,000
    narrow = rounded.judged(bands.assign(high=180_000.0, inside=False))
    assert narrow["inside_rounded"].tolist() == [True, False]


def test_the_page_says_what_rounding_does_by_this_method() -> None:
    """If this fails, `python -m tests.simulate --rounded` writes it anew."""
    page = (ROOT / "docs" / "method.md").read_text(encoding="utf-8")
    assert page.count(rounded.mark()) == page.count(rounded.CLOSE) == 1
    assert (
        rounded.inserted(page, "other").count("other")
        == page.count("other") - page[page.index(rounded.mark()) : page.index(rounded.CLOSE)].count("other") + 1
    )
