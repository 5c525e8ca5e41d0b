"""The questions of sql/examples run on the mart and on the files of a release, and their figures are recomputed."""

import re
import shutil
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from math import log
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from salary_bands import fingerprint
from salary_bands.query.macros import MACROS, add_macros
from salary_bands.releases.marts import Marts
from salary_bands.schemas import RELEASE_TABLES
from salary_bands.schemas.columns import LEVELS
from salary_bands.storage.sql import SQL
from tests.builders.offers import as_table, cell

EXAMPLES = sorted((SQL / "examples").glob("*.sql"))
QUESTIONS = [path.stem for path in EXAMPLES]
OF_A_SECOND_RELEASE = {"which_figures_moved_and_why"}
CELL = {"view": "leaf", "evidence": "reported", "tier": "all", "level": "all", "market": "US", "metric": "base"}


def example(name: str) -> str:
    return (SQL / "examples" / f"{name}.sql").read_text(encoding="utf-8")


def answer(connection: duckdb.DuckDBPyConnection, sql: str) -> pd.DataFrame:
    return connection.sql(sql).df()


@pytest.fixture(scope="module")
def mart(sample_marts: Marts) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(sample_marts.mart), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def files(sample_release: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Views over the release's Parquet under the names of the mart, their rows in another order."""
    with duckdb.connect(":memory:") as connection:
        for table in RELEASE_TABLES:
            stems = [table, "suppressed"] if table == "bands" else [table]
            path = [str(sample_release / f"{stem}.parquet") for stem in stems]
            connection.execute(
                f"CREATE VIEW {table} AS SELECT * EXCLUDE (file_row_number) "
                f"FROM read_parquet({path}, file_row_number = true) ORDER BY hash(file_row_number)"
            )
        connection.execute("CREATE VIEW history_bands AS FROM bands")
        add_macros(connection)
        yield connection


def table(sample_release: Path, name: str, **wanted: Any) -> pd.DataFrame:
    """Rows of a CSV of the release whose columns have these values, or one of these."""
    frame = pd.read_csv(sample_release / f"{name}.csv")
    for column, value in wanted.items():
        frame = frame[frame[column].isin(value if isinstance(value, list) else [value])]
    return frame.reset_index(drop=True)


def bands(sample_release: Path, **changed: Any) -> pd.DataFrame:
    return table(sample_release, "bands", **{**CELL, **changed})


# what holds of every question -----------------------------------------------------------------------------------------


def test_there_are_ten_questions_and_more() -> None:
    assert len(EXAMPLES) >= 10


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_is_answered_by_the_mart_and_alike_by_the_files(
    name: str, mart: duckdb.DuckDBPyConnection, files: duckdb.DuckDBPyConnection
) -> None:
    found = answer(mart, example(name))
    assert (len(found) > 0) != (name in OF_A_SECOND_RELEASE)
    assert found.columns.is_unique and all(re.fullmatch(r"[a-z][a-z0-9_]*", c) for c in found.columns)
    assert_frame_equal(found, answer(files, example(name)))  # also: in the same order, whatever that of the files


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_says_what_its_answer_means_and_what_not(name: str) -> None:
    head = "\n".join(line for line in example(name).splitlines() if line.startswith("--"))
    assert head.splitlines()[0].endswith("?")
    parts = re.findall(r"^-- (Means|Does not mean|Inputs): (\w.*)", head, re.M)
    assert [part for part, _ in parts] == ["Means", "Does not mean", "Inputs"]
    inputs = set(re.findall(r"\w+", parts[-1][1].split(",", 1)[0] if "macro" in parts[-1][1] else parts[-1][1]))
    assert inputs & {*RELEASE_TABLES, "history_bands", *MACROS}


def test_another_example_makes_no_other_release(tmp_path: Path) -> None:
    copy = shutil.copytree(SQL, tmp_path / "sql")

    def version() -> str:
        fingerprint._code.cache_clear()
        return fingerprint.Sources(sql=copy).figures_code().digest

    before = version()
    for folder in ("examples", "macros"):
        (copy / folder / "another.sql").write_text("SELECT 1", encoding="utf-8")
    assert version() == before
    (copy / "functions" / "another.sql").write_text("SELECT 1", encoding="utf-8")
    assert version() != before


# figures, recomputed from the CSVs ------------------------------------------------------------------------------------


def test_pay_by_level_is_that_of_the_csv(mart: duckdb.DuckDBPyConnection, sample_release: Path) -> None:
    found = answer(mart, example("where_does_pay_stand_by_level"))
    want = bands(sample_release, group_id="llm_serving", level=["L3", "L4", "L5", "L6", "L7"], metric=["base", "total"])
    assert found.pop("suppression_reason").isna().all()
    want = want.sort_values(["metric", "level"])[list(found.columns)].reset_index(drop=True)
    assert_frame_equal(found, want, check_dtype=False)
    assert found["basis"].ne("suppressed").sum() >= 8


def test_a_premium_is_told_from_zero_by_its_interval(mart: duckdb.DuckDBPyConnection, sample_release: Path) -> None:
    found = answer(mart, example("which_specialisations_pay_a_premium")).set_index("group_id")
    want = table(
        sample_release, "premiums", view="leaf", baseline="ml_generalist", metric="base", tier="all", level="all"
    )
    want = want[want["group_id"].ne("ml_generalist")].set_index("group_id").loc[found.index]
    assert len(found) == len(want) >= 15
    for group, row in want.iterrows():
        sides = np.sign([row["premium_low"], row["premium_high"]])
        word = {2: "pays_more", -2: "pays_less"}.get(sides.sum(), "not_told_from_zero")
        assert found.loc[group, "verdict"] == (word if row["identified"] else "not_identified"), group
        assert found.loc[group, "premium"] == row["premium"] or not row["identified"]
    assert {"pays_more", "not_told_from_zero"} <= set(found["verdict"])
    assert found["premium"].dropna().is_monotonic_decreasing


def test_a_metro_stands_beside_the_us(mart: duckdb.DuckDBPyConnection, sample_release: Path) -> None:
    found = answer(mart, example("what_do_metros_pay_relative_to_the_us")).set_index(["metric", "market"])
    want = table(sample_release, "multipliers", factor="market").set_index(["metric", "value"])
    assert set(found.index) == {key for key in want.index if "-" in key[1]}
    us = want.loc[[("base", "US"), ("total", "US")], "multiplier"]
    assert us.eq(1).all()
    for mine, theirs in (("over_us", "multiplier"), ("over_us_low", "low"), ("over_us_high", "high")):
        np.testing.assert_allclose(found[mine] + 1, want.loc[found.index, theirs], atol=1e-9)


def test_an_offer_is_read_between_the_percentiles_of_the_cell_that_answered(mart: duckdb.DuckDBPyConnection) -> None:
    found = answer(mart, example("is_an_offer_in_range")).set_index("metric")
    for _, row in found.iterrows():
        assert row["p25"] < row["amount"] < row["p75"]
        below, above = ("p25", "p50") if row["amount"] < row["p50"] else ("p50", "p75")
        place = int(below[1:]) + 25 * log(row["amount"] / row[below]) / log(row[above] / row[below])
        assert row["reading"] == f"P{round(place)}"
        low, high = row["reading_low"], row["reading_high"]  # beyond the shown percentiles in words
        assert low == "below P25" or int(low.removeprefix("P")) <= place
        assert high == "above P75" or place <= int(high.removeprefix("P"))
    assert found["basis"].isin(("direct", "pooled", "modelled")).all()
    assert found["fallback"].eq("").equals(found["distance"].eq(0))


def test_cells_not_to_quote_are_those_that_hang_on_one(mart: duckdb.DuckDBPyConnection, sample_release: Path) -> None:
    key = ["group_id", "tier", "level", "metric"]
    found = answer(mart, example("which_cells_should_not_be_quoted")).set_index(key)["why"]
    scope = table(sample_release, "bands", view="leaf", market="US", evidence="reported", metric=["base", "total"])
    scope = scope[scope["basis"].ne("suppressed")].set_index(key)
    fragile = scope[["max_shift_p50", "max_shift_p90"]].max(axis=1).gt(0.1)
    concentrated = scope["top_employer_share"].gt(0.25)
    unreliable = (scope["p50_high"] - scope["p50_low"]) / (2 * 1.959964 * scope["p50"]) > 0.2
    assert set(found.index) == set(scope.index[fragile | concentrated | unreliable])
    assert set(found[found.str.contains("moves it by")].index) == set(scope.index[fragile])
    assert set(found[found.str.contains("one employer has")].index) == set(scope.index[concentrated])
    assert set(found[found.str.contains("unreliable")].index) == set(scope.index[unreliable])
    assert 0 < len(found) < len(scope) and unreliable.any()
    worst = scope["max_shift_p50"].fillna(0).where(fragile).idxmax()
    assert f"one {scope.loc[worst, 'shift_by']} moves it by" in found[worst]


def test_steps_spreads_and_overlaps_of_levels(mart: duckdb.DuckDBPyConnection, sample_release: Path) -> None:
    found = answer(mart, example("how_far_do_level_bands_overlap")).set_index(["metric", "level"])
    want = bands(sample_release, group_id="all", metric=["base", "total"], level=list(LEVELS))
    want = want.set_index(["metric", "level"]).sort_index()
    assert list(found.index) == list(want.index) and len(found) == 10
    for metric in ("base", "total"):
        cells = want.loc[metric]
        for below, level in pairwise(LEVELS):
            lower, upper, row = cells.loc[below], cells.loc[level], found.loc[(metric, level)]
            assert row["step"] == pytest.approx(upper["p50"] / lower["p50"] - 1, abs=1e-4)
            assert row["spread"] == pytest.approx(upper["p75"] / upper["p25"] - 1, abs=1e-4)
            usd = np.arange(upper["p25"], upper["p75"], 100)  # the middle half in steps of 100 USD
            inside = ((usd >= lower["p25"]) & (usd < lower["p75"])).mean()
            assert row["overlap"] == pytest.approx(inside, abs=2e-3)
        assert np.isnan(found.loc[(metric, "L3"), "overlap"])


def test_every_row_of_a_source_has_its_share(mart: duckdb.DuckDBPyConnection, sample_release: Path) -> None:
    found = answer(mart, example("what_became_of_the_rows"))
    ledger = table(sample_release, "ledger")
    assert found["n_rows"].sum() == ledger["rows"].sum() == 9_900
    assert found.groupby("source")["share"].sum().to_list() == pytest.approx([1], abs=1e-3)
    used = ledger.loc[ledger["disposition"].eq("used"), "rows"].sum() / ledger["rows"].sum()
    assert found.loc[found["disposition"].eq("used"), "share"].item() == pytest.approx(used, abs=1e-4)


def test_a_share_is_of_the_rows_of_its_own_source_over_all_its_files() -> None:
    rows = [
        ("a", "1", "used", "", 30),
        ("a", "2", "used", "", 30),
        ("a", "2", "held", "empty", 40),
        ("b", "3", "merged", "merged", None),
    ]
    names = ("source", "export", "disposition", "reason", "rows")
    with duckdb.connect(":memory:") as connection:
        connection.register("ledger", as_table([dict(zip(names, row, strict=True)) for row in rows], "ledger"))
        found = connection.execute(example("what_became_of_the_rows")).fetchall()
    assert found == [("a", "held", "empty", 40, 0.4), ("a", "used", "", 60, 0.6), ("b", "merged", "merged", None, None)]


def test_adverts_stand_beside_reports_and_are_not_mixed(mart: duckdb.DuckDBPyConnection, sample_release: Path) -> None:
    found = answer(mart, example("how_do_adverts_compare_with_reports")).set_index("group_id")
    for evidence in ("reported", "advertised"):
        want = bands(sample_release, view="cards", evidence=evidence).set_index("group_id").loc[found.index]
        shown = want["basis"].ne("suppressed")
        assert (found[f"{evidence}_p50"] == want["p50"]).eq(shown).all() and shown.any()
        assert (found[f"{evidence}_n"] == want["n_reports"]).eq(shown).all()
    for end, metric in (("offered_from", "base_min"), ("offered_to", "base_max")):
        want = bands(sample_release, view="cards", evidence="advertised", metric=metric).set_index("group_id")
        assert found[end].to_list() == want.loc[found.index, "p50"].to_list()


def test_every_claim_stands_in_one_line(mart: duckdb.DuckDBPyConnection, sample_release: Path) -> None:
    found = answer(mart, example("which_public_claims_hold"))
    claims = table(sample_release, "claims")
    assert found["verdict"].value_counts().to_dict() == claims["verdict"].value_counts().to_dict()
    assert list(found["verdict"].unique()) == ["supported", "contradicted", "insufficient_data"]


def test_a_budget_stacks_one_multiplier_of_each_factor(mart: duckdb.DuckDBPyConnection, sample_release: Path) -> None:
    found = answer(mart, example("what_budget_does_a_hire_need")).set_index("metric")
    factors = table(sample_release, "multipliers").set_index(["metric", "factor", "value"])["multiplier"]
    starts = table(sample_release, "multipliers", factor="baseline").set_index("metric")["usd"]
    asked = {"specialisation": "llm_serving", "tier": "T2", "level": "L5", "market": "US"}
    for metric, row in found.iterrows():
        stacked = starts[metric]
        for factor, value in asked.items():
            stacked *= factors[metric, factor, value]
        assert abs(row["stacked"] - stacked) <= 250 and row["stacked"] % 500 == 0
        band = bands(sample_release, group_id="llm_serving", tier="T2", level="L5", metric=metric).iloc[0]
        assert row["p50"] == band["p50"] and row["gap"] == pytest.approx(row["stacked"] / band["p50"] - 1, abs=1e-4)


def test_a_factor_that_is_missing_or_cannot_be_told_stacks_to_nothing() -> None:
    known = {"baseline": 1, "specialisation": 1.2, "tier": 1.1, "level": 1, "market": 1}
    values = {"baseline": "its four", "specialisation": "llm_serving", "tier": "T2", "level": "L5", "market": "US"}
    for changed, stacked in (
        ({}, 132_000),
        ({"level": None}, None),
        ({"market": ...}, None),
        ({"baseline": 2}, 264_000),
    ):
        rows = [
            {"factor": f, "value": values[f], "metric": "base", "multiplier": m, "usd": 100_000, "n": 9}
            for f, m in {**known, **changed}.items()
            if m is not ...
        ]
        with duckdb.connect(":memory:") as connection:
            connection.register("multipliers", as_table(rows, "multipliers"))
            connection.register("bands", as_table([], "bands"))
            [found] = answer(connection, example("what_budget_does_a_hire_need")).to_dict("records")
        assert found["stacked"] == stacked or (stacked is None and pd.isna(found["stacked"]))


def test_the_gap_from_early_to_senior(mart: duckdb.DuckDBPyConnection, sample_release: Path) -> None:
    found = answer(mart, example("how_far_is_early_from_senior_by_path")).set_index(["group_id", "metric"])
    paths = bands(sample_release, view="career_paths", metric=["base", "total"], level=["early", "senior"])
    paths = paths.set_index(["level", "group_id", "metric"])
    assert len(found) == 12
    for key, row in found.iterrows():
        e, s = paths.loc[("early", *key)], paths.loc[("senior", *key)]
        assert row["gap"] == pytest.approx((s["p50"] - e["p50"]) / e["p50"], abs=1e-4)
        pairs = [x / y - 1 for x in (s["p50_low"], s["p50_high"]) for y in (e["p50_low"], e["p50_high"])]
        assert (row["gap_low"], row["gap_high"]) == pytest.approx((min(pairs), max(pairs)), abs=1e-4)


def test_ranges_follow_from_the_percentiles_of_the_cell(mart: duckdb.DuckDBPyConnection, sample_release: Path) -> None:
    found = answer(mart, example("what_ranges_follow_from_a_target_percentile")).set_index(["target", "level"])
    cells = bands(sample_release, group_id="ml_generalist", tier="T4", level=list(LEVELS)).set_index("level")
    expected = {(f"P{p}", level) for p in (50, 75) for level in cells.index if cells[f"p{p}"].notna()[level]}
    assert set(found.index) == expected and len(expected) >= 4
    for (target, level), row in found.iterrows():
        middle = cells.loc[level, target.lower()]
        assert row["midpoint"] == middle
        assert abs(row["range_from"] - 0.8 * middle) <= 250 and abs(row["range_to"] - 1.2 * middle) <= 250
        ends = cells.loc[level, ["p25", "p75"]]
        if ends.notna().all():
            assert row["covers_half"] == (ends["p25"] >= 0.8 * middle and ends["p75"] <= 1.2 * middle)


def test_a_merit_matrix_spends_its_budget_if_people_stand_as_the_market_does(
    mart: duckdb.DuckDBPyConnection, sample_release: Path
) -> None:
    found = answer(mart, example("what_merit_matrix_follows_from_the_market"))
    assert len(found) == 12
    [cell_of] = bands(sample_release, group_id="ml_generalist", tier="T4", level="L5").to_dict("records")
    meets = found[found["rating"].eq("meets")]
    assert meets["raise"].mean() == pytest.approx(0.035, abs=1e-4)  # a quarter of people in each zone
    assert meets["raise"].is_monotonic_decreasing and found[found["rating"].eq("below")]["raise"].eq(0).all()
    assert meets["zone_to"].dropna().tolist() == [cell_of[p] for p in ("p25", "p50", "p75")]
    assert meets["zone_from"].dropna().tolist() == [cell_of[p] for p in ("p25", "p50", "p75")]


def test_ten_people_stand_against_their_cell_the_model_or_the_nearest_shown_cell(
    mart: duckdb.DuckDBPyConnection, sample_release: Path
) -> None:
    sql = example("where_do_ten_people_stand")
    found = answer(mart, sql).set_index("person")
    people = re.findall(r"\('(\w)', '(\w+)', '(T\d)', '(L\d)', '([\w-]+)', (\d+)\)", sql)
    assert [person for person, *_ in people] == list(found.index) and len(people) == 10
    estimates = table(sample_release, "estimates", view="leaf", metric="base")
    cells = table(sample_release, "bands", view="leaf", evidence="reported", metric="base")
    for person, *place, base in people:
        row, (group, tier, level, market) = found.loc[person], place
        named = {"group_id": group, "tier": tier, "level": level, "market": market}
        own = bands(sample_release, **named)
        if len(own) and own.iloc[0]["basis"] != "suppressed":
            said, basis = own.iloc[0], own.iloc[0]["basis"]
        else:
            modelled = estimates[[*named]].agg(" ".join, axis=1).eq(" ".join(place))
            if modelled.any():
                said, basis = estimates[modelled].iloc[0], "modelled"
            else:
                assert "nearest shown cell" in row["why"]
                [said] = (r for _, r in cells.iterrows() if " ".join(r[[*named]]) == row["answered_by"])
                basis = said["basis"]
        assert row["basis"] == basis and row["answered_by"] == " ".join(said[[*named]])
        for name, median in (("compa_ratio", "p50"), ("compa_low", "p50_high"), ("compa_high", "p50_low")):
            assert row[name] == pytest.approx(int(base) / said[median], abs=0.0051)
    assert found["compa_ratio"].notna().all() and "modelled" in set(found["basis"])


def test_geographic_differentials_are_the_multipliers_and_the_ratios_of_medians(
    mart: duckdb.DuckDBPyConnection, sample_release: Path
) -> None:
    found = answer(mart, example("what_are_the_geographic_differentials")).set_index("market")
    want = table(sample_release, "multipliers", factor="market", metric="base").set_index("value")["multiplier"] - 1
    assert set(found.index) == set(want.index) - {"US"} and len(found) >= 5
    np.testing.assert_allclose(found["differential"], want[found.index], atol=1e-9)
    medians = bands(sample_release, group_id="all", level="L5", market=[*found.index, "US"]).set_index("market")["p50"]
    for market, ratio in found["l5_ratio"].dropna().items():
        assert ratio == pytest.approx(medians[market] / medians["US"] - 1, abs=1e-4)
    assert found["l5_ratio"].notna().any()


def test_what_premiums_rest_on_is_in_the_tables(mart: duckdb.DuckDBPyConnection, sample_release: Path) -> None:
    found = answer(mart, example("what_do_premiums_rest_on")).set_index("group_id")
    want = table(
        sample_release, "premiums", view="leaf", baseline="ml_generalist", metric="total", tier="all", level="all"
    ).set_index("group_id")
    assert set(found.index) == set(want.index) - {"ml_generalist", "all"}
    for mine, theirs in (("reports", "n_group"), ("generalists", "n_baseline"), ("compared_cells", "n_cells")):
        assert found[mine].astype(float).equals(want.loc[found.index, theirs].astype(float).rename(mine))
    assert found["identified"].is_monotonic_decreasing and found["width"].dropna().gt(0).all()


# over releases: the sample has one, so these are made up -------------------------------------------------------------

RELEASES = [  # version, method, P50, its bounds; and what is expected: change, moved; None for what is left out
    ("2026.01.31", "a", (200_000, 190_000, 210_000), (None, None)),
    ("2026.02.28", "a", (150_000, 140_000, 160_000), "overtaken"),
    ("2026.02.28.2", "a", (160_000, 140_000, 170_000), "overtaken"),
    ("2026.02.28.10", "a", (220_000, 205_000, 230_000), (0.1, False)),
    ("2026.03.31", "b", (300_000, 280_000, 310_000), (None, None)),
    ("2026.04.30", "b", (330_000, 311_000, 340_000), (0.1, True)),
    ("2026.05.31", "a", (198_000, 190_000, 204_000), (-0.1, True)),
]


def test_a_cell_moves_only_within_a_method_and_a_date_counts_once() -> None:
    rows = [
        cell(
            "llm_foundation",
            "all",
            "senior",
            "US",
            view="cards",
            figures=(None, None, figures[0], None, None),
            lows=(None, None, figures[1], None, None),
            highs=(None, None, figures[2], None, None),
            release=version,
            as_of=date.fromisoformat("-".join(version.split(".")[:3])),
            method_version=method,
        )
        for version, method, figures, _ in reversed(RELEASES)
    ]
    with duckdb.connect(":memory:") as connection:
        connection.register("history_bands", as_table(rows, "bands"))
        found = connection.execute(example("how_did_a_cell_move_over_releases")).fetchall()
        names = [d[0] for d in connection.description or []]
    moves = [tuple(row[names.index(c)] for c in ("release", "change", "moved")) for row in found]
    assert moves == [(version, *expected) for version, _, _, expected in RELEASES if expected != "overtaken"]


def test_figures_that_moved_most_come_first_with_their_parts() -> None:
    same = {"view": "leaf", "evidence": "reported", "tier": "all", "market": "US", "metric": "base"}
    rows = [
        {"level": "L4", "change": "changed", "old": 100_000, "new": 110_000, "restated": 4_000, "pay": 6_000, "mix": 0},
        {"level": "L5", "change": "changed", "old": 200_000, "new": 160_000},
        {"level": "L6", "change": "added", "new": 300_000},
        {"level": "L7", "change": "changed", "old": 100_000, "new": 500_000, "market": "GB"},
        {"level": "early", "change": "changed", "old": 100_000, "new": 500_000, "evidence": "advertised"},
    ]
    with duckdb.connect(":memory:") as connection:
        made_up = [{**same, "group_id": "all", "reason": "window", **row} for row in rows]
        connection.register("changes", as_table(made_up, "changes"))
        found = answer(connection, example("which_figures_moved_and_why"))
    assert found[["level", "moved"]].to_numpy().tolist() == [["L5", -0.2], ["L4", 0.1]]
    last = found.iloc[-1]
    assert last["old"] + last["restated"] + last["pay"] + last["mix"] == last["new"]
