"""claims: every public claim judged on what a release shows, rule by rule over a few rows."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from salary_bands import schemas
from salary_bands.aggregate.inputs import add_inputs
from salary_bands.aggregate.workspace import selected
from salary_bands.reference.claims import asked_claims
from salary_bands.settings import Settings
from salary_bands.storage.duck import add_table, in_memory, run_step
from salary_bands.storage.sql import read_sql
from salary_bands.vocabulary.taxonomy import view_groups
from tests.builders.candidates import BANDS, Built, empty_plan
from tests.builders.exports import native_row

CHECK = "assert_every_claim_is_judged"
RANKED = ("frontier_llm_research", "nlp_llm_applied", "computer_vision", "mlops_platform", "reinforcement_learning")
LACKING = ("figure", "low", "high", "p25", "p75", "share_inside")
RATIOS = ("premium_low", "premium", "premium_high")
CELL = {"view": "cards", "group_id": "llm_foundation", "tier": "all", "level": "all", "market": "US"}
FIGURES = {"n_reports": 100, "p25": 240_000, "p50": 260_000, "p75": 290_000, "p50_low": 250_000, "p50_high": 280_000}
REPORT = {
    "disposition": "used", "evidence": "reported", "leaf": "llm_general", "tier": "T4", "level": "L5",
    "stage": "senior", "country": "US", "metro": "us-seattle", "base": 260_000, "total": 400_000, "weight": 1 << 20,
    "delivered_on": pd.Timestamp("2026-06-01"), "expired_on": pd.NaT, "report_date": pd.Timestamp("2026-05-01"),
    "row_hash": 1, "export_sha256": "a", "row": 1,
}  # fmt: skip


def asked(*claim_ids: str, **changed: Any) -> pd.DataFrame:
    """Claims of the reference, with what a test wants otherwise."""
    claims = asked_claims()
    return claims[claims["claim_id"].isin(claim_ids)].assign(**changed)


def cell(**changed: Any) -> dict[str, Any]:
    """A row of bands, as far as claims are judged on it."""
    return {**CELL, "evidence": "reported", "metric": "base", "basis": "direct", **FIGURES, **changed}


def suppressed(**changed: Any) -> dict[str, Any]:
    return cell(**{**dict.fromkeys(FIGURES), "basis": "suppressed", **changed})


def premium(group_id: str = "llm_foundation", **changed: Any) -> dict[str, Any]:
    """A row of premiums."""
    row = {
        "view": "cards", "group_id": group_id, "baseline": "nlp_classical", "metric": "base", "tier": "all",
        "level": "all", "premium": 0.25, "premium_low": 0.2, "premium_high": 0.3, "n_group": 80, "identified": True,
    }  # fmt: skip
    return {**row, **changed}


def unidentified(group_id: str = "llm_foundation", **changed: Any) -> dict[str, Any]:
    return premium(group_id, **{**dict.fromkeys(RATIOS), "identified": False, **changed})


def report(**changed: Any) -> dict[str, Any]:
    """A row of window_reports."""
    return {**REPORT, **changed}


def rows_of(frame: pd.DataFrame) -> dict[tuple[str, str], dict[str, Any]]:
    """(claim_id, pay_metric) to the row, null as None."""
    plain = frame.astype(object).where(frame.notna(), None)
    return {(row["claim_id"], row["pay_metric"]): row for row in plain.to_dict("records")}


Judge = Callable[..., dict[tuple[str, str], dict[str, Any]]]


@pytest.fixture
def judge(settings: Settings) -> Iterator[Judge]:
    """judge(claims, bands=, premiums=, reports=): what the table says, which must keep its contract and its check.

    Each report stands there five times, since cells take reports in fives; `times` changes that.
    """
    with in_memory() as connection:

        def run(
            claims: pd.DataFrame,
            bands: tuple[dict[str, Any], ...] = (),
            premiums: tuple[dict[str, Any], ...] = (),
            reports: tuple[dict[str, Any], ...] = (report(),),
            times: int = 5,
            **changed: Any,
        ) -> dict[tuple[str, str], dict[str, Any]]:
            add_inputs(connection, empty_plan("2026-06-30", "m"), settings.model_copy(update=changed))
            add_table(connection, "asked_claims", claims)
            add_table(connection, "bands", table(bands, cell(), tuple(FIGURES)))
            add_table(connection, "premiums", table(premiums, premium(), (*RATIOS, "n_group")))
            add_table(connection, "window_reports", table(tuple(reports) * times, report(), ("base", "total")))
            for step in ("claim_ranges", "claim_cells", "ranked_groups", "group_ranks"):
                run_step(connection, f"claims/{step}")
            chunks = [schemas.validated(chunk, "claims") for chunk in selected(connection, "claims")]
            found = pd.concat(chunks, ignore_index=True)
            assert found.equals(found.sort_values(["claim_id", "pay_metric"], ignore_index=True))
            add_table(connection, "claims", found)
            assert connection.execute(read_sql(f"checks/{CHECK}")).df().empty
            return rows_of(found)

        yield run


def table(rows: tuple[dict[str, Any], ...], like: dict[str, Any], numbers: tuple[str, ...]) -> pd.DataFrame:
    """The rows in the types of one like them, also where there are none."""
    frame = pd.DataFrame(list(rows), columns=list(like))
    kinds = pd.DataFrame([like]).dtypes.to_dict()
    return frame.astype({**kinds, **{n: "Float64" if isinstance(like[n], float) else "Int64" for n in numbers}})


def verdict(row: dict[str, Any]) -> tuple[str, str | None, str | None]:
    return row["verdict"], row["direction"], row["why"]


SUPPORTED = ("supported", None, None)
BELOW = ("contradicted", "below", None)
ABOVE = ("contradicted", "above", None)
STRADDLES = ("insufficient_data", None, "straddles")


# The questions


def test_every_claim_of_the_reference_is_asked_of_a_published_group() -> None:
    claims, groups = asked_claims(), view_groups()
    assert claims["claim_id"].nunique() == 53
    known = set(groups[["view", "group_id"]].itertuples(index=False, name=None))
    assert set(claims[["view", "group_id"]].itertuples(index=False, name=None)) <= known


def test_both_asks_of_base_and_of_total() -> None:
    claims = asked_claims()
    assert claims.loc[claims["claim_id"].eq("path-applied-early"), "pay_metric"].tolist() == ["base", "total"]
    assert claims.loc[claims["claim_id"].eq("specialty-nlp-llm-premium"), "pay_metric"].tolist() == ["base", "total"]
    assert claims.loc[claims["claim_id"].eq("llm-genai-total"), "pay_metric"].tolist() == ["total"]
    assert len(claims) == 69 and not claims.duplicated(["claim_id", "pay_metric"]).any()


def test_a_claim_is_asked_of_its_level_else_its_stage_else_of_all() -> None:
    levels = asked_claims().drop_duplicates("claim_id").set_index("claim_id")
    assert levels.loc["llm-genai-base", ["tier", "level"]].tolist() == ["all", "L5"]
    assert levels.loc["path-research-senior", ["tier", "level"]].tolist() == ["T1", "senior"]
    assert levels.loc["card-llm-base", ["tier", "level"]].tolist() == ["all", "all"]


def test_premiums_are_over_the_comparator_and_ranks_over_the_generalist() -> None:
    claims = asked_claims().drop_duplicates("claim_id").set_index("claim_id")
    assert claims.loc["card-llm-premium", "baseline"] == "nlp_classical"
    assert claims.loc["llm-genai-premium", "baseline"] == "ml_generalist"
    ranks = claims[claims["kind"].eq("rank")]
    assert len(ranks) == 5
    assert set(ranks["baseline"]) == {"ml_generalist"} and set(ranks["pay_metric"]) == {"total"}
    assert claims.loc[claims["kind"].eq("pay"), "baseline"].isna().all()


HEADER = (
    "claim_id,source,view,group,metric,pay_metric,market,level,stage,tier,comparator_group,unit,low,high,open_ended\n"
)


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ("a,s,cards,multimodal,premium,base,US,,,,data_science,percent,1,2,\n", "comparator_group must be one of"),
        ("a,s,cards,multimodal,premium,base,US,,,,,percent,1,2,\n", "comparator_group must be one of"),
        ("a,s,cards,multimodal,salary,base,US,,,,,usd_per_year,1,2,\n", "claim a: metric must be one of"),
        ("a,s,cards,multimodal,pay,bonus,US,,,,,usd_per_year,1,2,\n", "claim a: pay_metric must be one of"),
        ("a,s,cards,multimodal,pay,base,US,,,,,usd_per_year,1,,\n", "claim a: low or high is missing"),
        ("a,s,cards,multimodal,pay,base,US,,,,,usd_per_year,1,2,\n" * 2, "claim a: claim_id is a duplicate"),
    ],
)
def test_a_claim_that_cannot_be_asked_is_named(lines: str, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "claims.csv"
    path.write_text(HEADER + lines, encoding="utf-8")
    with pytest.raises(ValueError, match=fault):
        asked_claims(path)


# Pay: card-llm-base claims 230,000 to 320,000, so 224,250 to 328,000 as wide as pages round


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (250_000, 280_000, SUPPORTED),
        (224_250, 328_000, SUPPORTED),
        (224_249, 328_000, STRADDLES),
        (224_250, 328_001, STRADDLES),
        (200_000, 224_249, BELOW),
        (200_000, 224_250, STRADDLES),
        (328_001, 400_000, ABOVE),
        (328_000, 400_000, STRADDLES),
        (200_000, 400_000, STRADDLES),
    ],
)
def test_pay_is_judged_by_its_interval_on_the_widened_range(judge: Judge, low: int, high: int, expected: Any) -> None:
    found = judge(asked("card-llm-base"), (cell(p50_low=low, p50=(low + high) // 2, p50_high=high),))
    assert verdict(found["card-llm-base", "base"]) == expected


def test_the_widening_is_a_setting(judge: Judge) -> None:
    band = cell(p50_low=230_000, p50_high=320_001)
    assert verdict(judge(asked("card-llm-base"), (band,))["card-llm-base", "base"]) == SUPPORTED
    assert verdict(judge(asked("card-llm-base"), (band,), claim_tolerance=0.0)["card-llm-base", "base"]) == STRADDLES


def test_pay_stands_as_it_is_published(judge: Judge) -> None:
    row = judge(asked("card-llm-base"), (cell(),))["card-llm-base", "base"]
    assert (row["figure"], row["low"], row["high"]) == (260_000, 250_000, 280_000)
    assert (row["n"], row["p25"], row["p75"], row["share_inside"]) == (100, 240_000, 290_000, 1.0)


def test_a_figure_without_quartiles_is_judged(judge: Judge) -> None:
    row = judge(asked("card-llm-base"), (cell(p25=None, p75=None),))["card-llm-base", "base"]
    assert verdict(row) == SUPPORTED and row["p25"] is None and row["p75"] is None


@pytest.mark.parametrize("high", ["1100000", None])
def test_an_open_range_has_no_upper_end(judge: Judge, high: str | None) -> None:
    place = {"view": "llm_roles", "group_id": "pre_training", "tier": "T1", "level": "L5", "metric": "total"}
    claim = asked("llm-pretraining-total").astype({"high": "object"}).assign(high=high).astype({"high": "str"})
    reports = tuple(report(leaf="pre_training", tier="T1", total=total) for total in (600_000, 700_000, 9_000_000))
    far = cell(**place, p50_low=2_000_000, p50=2_500_000, p50_high=9_000_000)
    row = judge(claim, (far,), reports=reports)["llm-pretraining-total", "total"]
    assert verdict(row) == SUPPORTED and row["share_inside"] == 0.6667
    closed = judge(claim.assign(high="1100000", open_ended=False), (far,), reports=reports)
    assert verdict(closed["llm-pretraining-total", "total"]) == ABOVE
    assert closed["llm-pretraining-total", "total"]["share_inside"] == 0.3333


@pytest.mark.parametrize(
    ("used", "expired", "share"),
    [((5, 0), (0, 0), 1), ((5, 4), (0, 0), 1), ((5, 5), (0, 0), 0.5), ((6, 0), (0, 4), 0.6), ((5, 0), (0, 5), 1)],
)
def test_the_share_is_of_the_reports_that_the_cell_has(
    judge: Judge, used: tuple[int, int], expired: tuple[int, int], share: float
) -> None:
    """(inside, outside): the newest wait until they are five, and the oldest stay until five can go."""
    gone = {"disposition": "outside_window", "expired_on": pd.Timestamp("2026-06-20")}
    pays = {260_000: (used[0], expired[0]), 1_000: (used[1], expired[1])}
    rows = [
        report(base=base, delivered_on=pd.Timestamp("2026-06-01") + pd.Timedelta(days=int(base == 1_000)), **facts)
        for base, counts in pays.items()
        for count, facts in zip(counts, ({}, gone), strict=True)
        for _ in range(count)
    ]
    row = judge(asked("card-llm-base"), (cell(),), reports=tuple(rows), times=1)["card-llm-base", "base"]
    assert row["share_inside"] == share


@pytest.mark.parametrize("withheld", [12, None])
def test_a_withheld_cell_is_suppressed_and_shows_no_more_than_bands_do(judge: Judge, withheld: int | None) -> None:
    row = judge(asked("card-llm-base"), (suppressed(n_reports=withheld),))["card-llm-base", "base"]
    assert verdict(row) == ("insufficient_data", None, "suppressed")
    assert row["n"] == withheld and [row[name] for name in LACKING] == [None] * 6


def test_a_withheld_cell_that_bands_do_not_list_is_suppressed(judge: Judge) -> None:
    found = judge(asked("card-llm-base", market="us-seattle"))
    assert verdict(found["card-llm-base", "base"]) == ("insufficient_data", None, "suppressed")


@pytest.mark.parametrize(
    "other",
    [
        {"leaf": "ml_generalist"},
        {"country": "CA", "metro": "ca-toronto"},
        {"country": None, "metro": None},
        {"base": None},
        {"evidence": "advertised"},
        {"disposition": "outlier"},
        {"disposition": "outside_window", "weight": 0},
    ],
)
def test_what_is_not_in_the_cell_is_no_report(judge: Judge, other: dict[str, Any]) -> None:
    row = judge(asked("card-llm-base"), (suppressed(),), reports=(report(**other),))["card-llm-base", "base"]
    assert verdict(row) == ("insufficient_data", None, "no_reports")
    assert [row[name] for name in ("n", *LACKING)] == [None] * 7
    beside = judge(asked("card-llm-base"), (cell(),), reports=(report(base=1_000), report(**{"base": 1_000, **other})))
    assert beside["card-llm-base", "base"]["share_inside"] == 0.0


@pytest.mark.parametrize(
    ("asked_for", "outsider", "in_cell"),
    [
        ({}, {}, 6),
        ({"tier": "T1"}, {"tier": "T1"}, 2),
        ({"level": "L5"}, {}, 4),
        ({"level": "senior"}, {}, 5),
        ({"level": "early"}, {"level": "L4", "stage": "early"}, 1),
        ({"market": "us-seattle"}, {}, 4),
        ({"market": "global"}, {"country": None, "metro": None}, 7),
    ],
)
def test_the_share_inside_is_of_the_reports_of_the_cell(
    judge: Judge, asked_for: dict[str, str], outsider: dict[str, Any], in_cell: int
) -> None:
    reports = (
        *(report(tier="T1"),) * 2,
        report(),
        report(metro="us-boston"),
        report(level="L6", metro=None),
        report(level="L3", stage="early"),
        report(country="GB", metro="gb-london", level=None, stage=None),
        report(base=1, **outsider),
    )
    row = judge(asked("card-llm-base", **asked_for), (cell(**asked_for),), reports=reports)["card-llm-base", "base"]
    assert row["share_inside"] == round(in_cell / (in_cell + 1), 4)


def test_the_share_inside_is_of_weight_and_of_the_widened_range_with_its_ends(judge: Judge) -> None:
    pays = ((224_249, 1), (224_250, 10), (328_000, 20), (328_001, 4))
    reports = tuple(report(base=base, weight=weight) for base, weight in pays)
    row = judge(asked("card-llm-base"), (cell(),), reports=reports)["card-llm-base", "base"]
    assert row["share_inside"] == round(30 / 35, 4)


def test_base_and_total_are_judged_apart(judge: Judge) -> None:
    place = {"view": "career_paths", "group_id": "applied_llm", "level": "early"}
    total = {"metric": "total", "p50_low": 250_000, "p50_high": 300_000}
    bands = (cell(**place, p50_low=150_000, p50=160_000, p50_high=170_000), cell(**place, **total))
    reports = (report(stage="early", level="L4", base=160_000, total=280_000),)
    found = judge(asked("path-applied-early"), bands, reports=reports)
    assert verdict(found["path-applied-early", "base"]) == SUPPORTED
    assert verdict(found["path-applied-early", "total"]) == ABOVE
    assert [found["path-applied-early", metric]["share_inside"] for metric in ("base", "total")] == [1.0, 0.0]


def test_adverts_answer_no_claim(judge: Judge) -> None:
    found = judge(asked("card-llm-base"), (cell(evidence="advertised"), suppressed()))
    assert verdict(found["card-llm-base", "base"]) == ("insufficient_data", None, "suppressed")


# Premiums: card-llm-premium claims 15 to 35 percent, so 0.125 to 0.375


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.2, 0.3, SUPPORTED),
        (0.125, 0.375, SUPPORTED),
        (0.1249, 0.375, STRADDLES),
        (0.125, 0.3751, STRADDLES),
        (-0.1, 0.1249, BELOW),
        (-0.1, 0.125, STRADDLES),
        (0.3751, 0.6, ABOVE),
        (0.375, 0.6, STRADDLES),
    ],
)
def test_a_premium_is_judged_by_its_interval(judge: Judge, low: float, high: float, expected: Any) -> None:
    other = premium(baseline="ml_generalist", premium=9.0, premium_low=9.0, premium_high=9.0)
    mid = round((low + high) / 2, 4)
    row = judge(asked("card-llm-premium"), premiums=(premium(premium=mid, premium_low=low, premium_high=high), other))[
        "card-llm-premium", "base"
    ]
    assert verdict(row) == expected
    assert (row["figure"], row["low"], row["high"], row["n"]) == (mid, low, high, 80)
    assert [row[name] for name in ("p25", "p75", "share_inside")] == [None] * 3


def test_a_premium_over_the_generalist_is_of_that_baseline_and_pay(judge: Judge) -> None:
    rows = (
        premium(),
        premium(baseline="ml_generalist"),
        premium(metric="total"),
        premium(baseline="ml_generalist", metric="total", premium=0.5, premium_low=0.45, premium_high=0.55),
    )
    row = judge(asked("llm-all-premium-generalist"), premiums=rows)["llm-all-premium-generalist", "total"]
    assert row["figure"] == 0.5 and verdict(row) == ABOVE


def test_a_premium_of_a_stage_or_a_tier_is_of_that_row(judge: Judge) -> None:
    senior = premium(level="senior", premium=0.9, premium_low=0.8, premium_high=1.0)
    frontier = premium(tier="T1", premium=0.0, premium_low=-0.1, premium_high=0.1)
    rows = (premium(), senior, frontier)
    found = {
        str(place): judge(asked("card-llm-premium", **place), premiums=rows)["card-llm-premium", "base"]["figure"]
        for place in ({}, {"level": "senior"}, {"tier": "T1"})
    }
    assert list(found.values()) == [0.25, 0.9, 0.0]


def test_a_premium_without_an_upper_end_may_be_any_above(judge: Judge) -> None:
    place = {"view": "specialties", "level": "senior", "baseline": "ml_generalist"}
    group = "robotics_autonomous_vehicles"
    high = premium(group, **place, premium=3.0, premium_low=-0.025, premium_high=9.0)
    total = premium(group, **place, metric="total", premium=-0.1, premium_low=-0.2, premium_high=-0.0251)
    found = judge(asked("specialty-cv-robotics-premium"), premiums=(high, total))
    assert verdict(found["specialty-cv-robotics-premium", "base"]) == SUPPORTED
    assert verdict(found["specialty-cv-robotics-premium", "total"]) == BELOW


@pytest.mark.parametrize(
    ("premiums", "place", "why", "n"),
    [
        ((unidentified(),), {}, "not_identified", 80),
        ((unidentified(n_group=None),), {}, "not_identified", None),
        ((), {}, "not_identified", None),
        ((premium(premium_low=None, premium_high=None),), {}, "not_identified", 80),
        ((premium(tier="T1"), premium(level="L5")), {"tier": "T1", "level": "L5"}, "not_identified", None),
    ],
)
def test_a_premium_that_cannot_be_told_says_why(
    judge: Judge, premiums: Any, place: dict[str, str], why: str, n: int | None
) -> None:
    row = judge(asked("card-llm-premium", **place), premiums=premiums)["card-llm-premium", "base"]
    assert verdict(row) == ("insufficient_data", None, why)
    assert row["n"] == n and [row[name] for name in LACKING] == [None] * 6


@pytest.mark.parametrize("premiums", [(), (unidentified("nlp_pre_llm", n_group=None),), (premium("nlp_pre_llm"),)])
def test_a_baseline_over_itself_is_so_by_definition(judge: Judge, premiums: Any) -> None:
    row = judge(asked("card-nlp-premium"), premiums=premiums)["card-nlp-premium", "base"]
    assert verdict(row) == ("insufficient_data", None, "by_definition")
    assert [row[name] for name in LACKING] == [None] * 6


def test_a_group_with_more_leaves_than_the_baseline_is_no_definition(judge: Judge) -> None:
    claim = asked("card-nlp-premium", view="specialties", group_id="nlp_llm_applied")
    row = judge(claim, premiums=(premium("nlp_llm_applied", view="specialties"),))["card-nlp-premium", "base"]
    assert verdict(row) == ABOVE
    row = judge(claim.assign(baseline="agentic"), premiums=(unidentified("nlp_llm_applied", view="specialties"),))
    assert row["card-nlp-premium", "base"]["why"] == "not_identified"


# Ranks: five groups, claimed 1 to 5 in this order


def ranking(*figures: tuple[float, float, float] | None) -> tuple[dict[str, Any], ...]:
    """(low, premium, high) of the ranked groups in the claimed order; None is not identified."""
    place = {"view": "specialties", "baseline": "ml_generalist", "metric": "total", "level": "senior"}
    return tuple(
        premium(group, **place, **dict(zip(RATIOS, f, strict=True))) if f else unidentified(group, **place)
        for group, f in zip(RANKED, figures, strict=True)
    )


def ranks(judge: Judge, premiums: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    found = judge(asked(*(f"specialty-rank-{n}" for n in range(1, 6))), premiums=premiums)
    return [found[f"specialty-rank-{n}", "total"] for n in range(1, 6)]


def sets(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(row["figure"], row["low"], row["high"]) for row in rows]


FIVE = ((0.45, 0.5, 0.55), (0.35, 0.4, 0.44), (0.25, 0.3, 0.34), (0.15, 0.2, 0.24), (0.05, 0.1, 0.14))


def test_ranks_that_are_sure_and_as_claimed_are_supported(judge: Judge) -> None:
    rows = ranks(judge, ranking(*FIVE))
    assert sets(rows) == [(n, n, n) for n in range(1, 6)]
    assert [verdict(row) for row in rows] == [SUPPORTED] * 5
    assert [row["n"] for row in rows] == [80] * 5


def test_a_rank_outside_its_set_is_contradicted_with_where_ours_lies(judge: Judge) -> None:
    rows = ranks(judge, ranking(*reversed(FIVE)))
    assert sets(rows) == [(n, n, n) for n in (5, 4, 3, 2, 1)]
    assert [verdict(row) for row in rows] == [ABOVE, ABOVE, SUPPORTED, BELOW, BELOW]


def test_ranks_whose_intervals_overlap_are_a_set(judge: Judge) -> None:
    rows = ranks(judge, ranking(FIVE[0], (0.26, 0.4, 0.44), (0.25, 0.3, 0.34), *FIVE[3:]))
    assert sets(rows) == [(1, 1, 1), (2, 2, 3), (3, 2, 3), (4, 4, 4), (5, 5, 5)]
    assert [verdict(row) for row in rows] == [SUPPORTED, STRADDLES, STRADDLES, SUPPORTED, SUPPORTED]


def test_intervals_that_touch_are_not_surely_apart(judge: Judge) -> None:
    rows = ranks(judge, ranking(FIVE[0], (0.34, 0.4, 0.44), *FIVE[2:]))
    assert sets(rows)[1:3] == [(2, 2, 3), (3, 2, 3)]
    assert sets(ranks(judge, ranking(FIVE[0], (0.3401, 0.4, 0.44), *FIVE[2:])))[1:3] == [(2, 2, 2), (3, 3, 3)]


def test_equal_premiums_share_the_better_rank(judge: Judge) -> None:
    rows = ranks(judge, ranking(FIVE[0], FIVE[2], FIVE[2], *FIVE[3:]))
    assert sets(rows)[1:3] == [(2, 2, 3), (2, 2, 3)]


@pytest.mark.parametrize("hidden", [{}, {"premium_low": 0.9, "premium": 0.9, "premium_high": 0.9}])
def test_a_group_that_is_not_identified_may_stand_anywhere(judge: Judge, hidden: dict[str, float]) -> None:
    known = list(ranking(FIVE[0], FIVE[1], None, FIVE[3], FIVE[4]))
    rows = ranks(judge, (*known[:2], {**known[2], **hidden}, *known[3:]))
    assert sets(rows) == [(1, 1, 2), (2, 2, 3), (None, None, None), (3, 3, 4), (4, 4, 5)]
    assert [verdict(row) for row in rows] == [
        STRADDLES, STRADDLES, ("insufficient_data", None, "not_identified"), STRADDLES, STRADDLES
    ]  # fmt: skip


def test_a_ranked_group_without_reports_has_none(judge: Judge) -> None:
    none = {**ranking(None, *FIVE[1:])[0], "n_group": None}
    rows = ranks(judge, (none, *ranking(*FIVE)[1:]))
    assert verdict(rows[0]) == ("insufficient_data", None, "not_identified") and rows[0]["n"] is None


def test_a_rank_is_among_the_groups_that_its_source_ranks_at_its_level(judge: Judge) -> None:
    apart = premium("robotics_autonomous_vehicles", view="specialties", baseline="ml_generalist", metric="total")
    highest = {"premium": 2.0, "premium_low": 1.9, "premium_high": 2.1}
    others = (
        {**apart, "level": "senior", **highest},
        *({**row, "level": level, **highest} for row in ranking(*FIVE)[1:] for level in ("all", "early")),
        *({**row, "metric": "base", **highest} for row in ranking(*FIVE)[1:]),
        *({**row, "baseline": "nlp_classical", **highest} for row in ranking(*FIVE)[1:]),
    )
    assert sets(ranks(judge, (*ranking(*FIVE), *others))) == [(n, n, n) for n in range(1, 6)]
    elsewhere = asked("specialty-rank-1", claim_id="other", source="other", group_id="robotics_autonomous_vehicles")
    claims = pd.concat([asked("specialty-rank-1"), asked("specialty-rank-2"), elsewhere])
    found = judge(claims, premiums=(*ranking(*FIVE), others[0]))
    assert sets(list(found.values())) == [(1, 1, 1), (1, 1, 1), (2, 2, 2)]


# The whole table, and its check


def test_every_claim_has_its_row_where_nothing_is_known(judge: Judge) -> None:
    found = judge(asked_claims(), reports=())
    assert set(found) == set(asked_claims()[["claim_id", "pay_metric"]].itertuples(index=False, name=None))
    assert {row["verdict"] for row in found.values()} == {"insufficient_data"}
    assert {row["why"] for row in found.values()} == {"no_reports", "not_identified", "by_definition"}


def test_every_claim_is_judged_on_a_release_of_a_few_reports(built: Callable[..., Built]) -> None:
    rows = [native_row(n, job_title="LLM Engineer", level="L5", base=250_000 + 500 * n) for n in range(40)]
    few = built(rows, (*BANDS, "premiums", "claims"))
    found = rows_of(few.table("claims"))
    assert len(found) == 69
    assert found["card-llm-base", "base"]["why"] is None and found["card-llm-base", "base"]["n"] == 40
    assert found["card-llm-base", "base"]["share_inside"] == 1.0
    assert found["card-rlhf-base", "base"]["why"] == "no_reports"


JUDGED = {
    "claim_id": "card-llm-base", "pay_metric": "base", "verdict": "supported", "direction": None, "why": None,
    "figure": 260_000.0, "low": 250_000.0, "high": 280_000.0, "n": 100, "p25": 1, "p75": 2, "share_inside": 0.5,
}  # fmt: skip
NOTHING = dict.fromkeys(LACKING)


def offending(rows: list[dict[str, Any]], *claim_ids: str) -> list[str]:
    """The faults that the check finds."""
    frame = pd.DataFrame(rows, columns=list(JUDGED))
    frame = frame.astype(dict.fromkeys(("n", *LACKING), "Float64"))
    frame = frame.astype({name: "str" for name in JUDGED if name not in ("n", *LACKING)})
    with duckdb.connect() as connection:
        add_table(connection, "asked_claims", asked(*(claim_ids or ("card-llm-base",))))
        add_table(connection, "claims", frame)
        return list(connection.execute(read_sql(f"checks/{CHECK}")).df()["fault"])


def test_a_judged_claim_offends_nobody() -> None:
    assert offending([JUDGED]) == []
    assert offending([{**JUDGED, **NOTHING, "verdict": "insufficient_data", "why": "suppressed"}]) == []


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"verdict": "contradicted"}, "direction without a contradiction, or none"),
        ({"direction": "below"}, "direction without a contradiction, or none"),
        ({"verdict": "insufficient_data"}, "why without insufficient data, or none"),
        ({"why": "straddles"}, "why without insufficient data, or none"),
        ({"low": None}, "judged without figures"),
        ({"verdict": "insufficient_data", "why": "straddles", **NOTHING}, "judged without figures"),
        ({"verdict": "insufficient_data", "why": "suppressed"}, "figures but not judged"),
        (
            {"verdict": "insufficient_data", "why": "suppressed", **NOTHING, "share_inside": 0.1},
            "pay of a cell that is not shown",
        ),
        (
            {"verdict": "insufficient_data", "why": "by_definition", **NOTHING},
            "a reason of another kind of claim",
        ),
        ({"low": 270_000.0}, "a figure outside its bounds"),
        ({"high": 250_000.0}, "a figure outside its bounds"),
    ],
)
def test_a_verdict_at_odds_with_itself_offends(changed: dict[str, Any], fault: str) -> None:
    assert offending([{**JUDGED, **changed}]) == [fault]


def test_a_premium_beside_percentiles_of_pay_offends() -> None:
    of_premium = {**JUDGED, "claim_id": "card-llm-premium", "figure": 0.2, "low": 0.1, "high": 0.3}
    assert offending([of_premium], "card-llm-premium") == ["pay beside a premium or rank"]
    bare = {**of_premium, "p25": None, "p75": None, "share_inside": None}
    assert offending([bare], "card-llm-premium") == []
    hidden = {**bare, **NOTHING, "verdict": "insufficient_data", "why": "suppressed"}
    assert offending([hidden], "card-llm-premium") == ["a reason of another kind of claim"]


def test_a_claim_that_is_missing_not_asked_or_there_twice_offends() -> None:
    assert offending([]) == ["has no row"]
    assert offending([JUDGED, {**JUDGED, "pay_metric": "total"}]) == ["was not claimed"]
    assert offending([JUDGED, JUDGED]) == ["stands twice", "stands twice"]


def test_the_reports_of_a_pooled_cell_are_not_counted_against_a_claim(judge: Judge) -> None:
    """Shares of five people are not to be told."""
    found = judge(asked("card-llm-base"), bands=[cell(basis="pooled")], reports=[report()])
    assert found["card-llm-base", "base"]["verdict"] == "supported"
    assert found["card-llm-base", "base"]["share_inside"] is None
