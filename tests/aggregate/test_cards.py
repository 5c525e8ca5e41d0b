"""cards: premium, bands, demand and tooling of every group, rule by rule over a few rows."""

import math
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pandas as pd
import pytest

from salary_bands import schemas
from salary_bands.aggregate.inputs import add_inputs
from salary_bands.aggregate.workspace import selected
from salary_bands.reference import read_csv
from salary_bands.reference.leaves import leaf_tools
from salary_bands.settings import Settings
from salary_bands.storage.duck import add_table, in_memory, run_step
from salary_bands.vocabulary.taxonomy import view_groups
from tests.builders.candidates import BANDS, Built, empty_plan
from tests.builders.exports import native_row

AS_OF = date(2026, 6, 30)  # the window is from 2025-06-30, that day not in it; the one before from 2024-06-30
Z = 1.959963984540054
FIGURES = ("p25", "p50", "p75", "p50_low", "p50_high", "n_reports")
RATIOS = ("premium", "premium_low", "premium_high")
REPORT = {
    "disposition": "used", "reason": "", "evidence": "reported", "scope_reason": None, "leaf": "ml_generalist",
    "source": "a", "report_date": pd.Timestamp("2026-01-15"),
}  # fmt: skip
BAND = {
    "view": "cards", "group_id": "multimodal", "evidence": "reported", "tier": "all", "level": "all", "market": "US",
    "metric": "base", "p25": 180_000, "p50": 200_000, "p75": 220_000, "p50_low": 190_000, "p50_high": 210_000,
    "n_reports": 64,
}  # fmt: skip
PREMIUM = {
    "view": "cards", "group_id": "multimodal", "baseline": "nlp_classical", "metric": "base", "tier": "all",
    "level": "all", "premium": 0.15, "premium_low": 0.1, "premium_high": 0.2, "identified": True,
}  # fmt: skip

Rows = list[dict[str, Any]]
Cards = dict[tuple[str, str], dict[str, Any]]
Deal = Callable[..., Cards]


def adverts(leaf: str, count: int, source: str = "a", **changed: Any) -> Rows:
    return [{**REPORT, "evidence": "advertised", "leaf": leaf, "source": source, **changed}] * count


def earlier(of: str, count: int, source: str = "a", **changed: Any) -> Rows:
    """Adverts of the window before."""
    before = {"disposition": "outside_window", "reason": "before_window", "report_date": pd.Timestamp("2025-01-15")}
    return [{**row, **before, **changed} for row in adverts(of, count, source)]


def reports(leaf: str, count: int, **changed: Any) -> Rows:
    return [{**REPORT, "leaf": leaf, **changed}] * count


def wilson(x: int, n: int) -> tuple[float, float]:
    """Wilson 1927 as textbooks have it."""
    p = x / n
    middle = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    return middle - half, middle + half


def newcombe(x: int, n: int, x_before: int, n_before: int) -> tuple[float, float, float]:
    """Change and its bounds: Newcombe 1998, method 10."""
    (low, high), (low_before, high_before) = wilson(x, n), wilson(x_before, n_before)
    p, q = x / n, x_before / n_before
    return (
        p - q,
        p - q - math.sqrt((p - low) ** 2 + (high_before - q) ** 2),
        p - q + math.sqrt((high - p) ** 2 + (q - low_before) ** 2),
    )


@pytest.fixture
def deal(settings: Settings) -> Iterator[Deal]:
    """deal(rows, bands=, premiums=): the cards, which must keep their contract, by view and group; null as None."""
    with in_memory() as connection:

        def run(rows: Rows, bands: tuple[Any, ...] = (), premiums: tuple[Any, ...] = (), as_of: date = AS_OF) -> Cards:
            add_inputs(connection, empty_plan(as_of.isoformat()), settings)
            window = pd.DataFrame(rows, columns=list(REPORT))
            texts = {name: "str" for name in REPORT if name != "report_date"}
            add_table(connection, "window_reports", window.astype({**texts, "report_date": "datetime64[us]"}))
            shown = pd.DataFrame(list(bands), columns=list(BAND)).astype(dict.fromkeys(BAND, "str"))
            add_table(connection, "bands", shown.astype(dict.fromkeys(FIGURES, "Int64")))
            estimated = pd.DataFrame(list(premiums), columns=list(PREMIUM)).astype(dict.fromkeys(PREMIUM, "str"))
            kinds = {**dict.fromkeys(RATIOS, "Float64"), "identified": "boolean"}
            whole = estimated.assign(**{n: pd.Series([p[n] for p in premiums]).astype(k) for n, k in kinds.items()})
            add_table(connection, "premiums", whole)
            add_table(connection, "leaf_tools", leaf_tools())
            for step in ("scoped_adverts", "coarse_adverts", "demand_counts", "demand_shares", "demand_changes"):
                run_step(connection, f"cards/{step}")
            chunks = [schemas.validated(chunk, "cards") for chunk in selected(connection, "cards")]
            return by_group(pd.concat(chunks, ignore_index=True))

        yield run


def by_group(cards: pd.DataFrame) -> Cards:
    assert not cards.duplicated(["view", "group_id"]).any()
    assert cards.equals(cards.sort_values(["view", "group_id"], ignore_index=True))
    plain = cards.astype(object).where(cards.notna(), None)
    return {(card["view"], card["group_id"]): card for card in plain.to_dict("records")}


def demand_of(card: dict[str, Any]) -> list[Any]:
    return [card[name] for name in ("demand", "demand_low", "demand_high")]


def change_of(card: dict[str, Any]) -> list[Any]:
    return [card[name] for name in ("demand_change", "demand_change_low", "demand_change_high")]


def rounded(*values: float) -> list[float]:
    return [round(value, 4) for value in values]


# Groups, leaves and tooling


def test_every_group_of_every_view_has_a_card_without_any_data(deal: Deal) -> None:
    cards = deal([])
    groups = view_groups()
    assert set(cards) == set(groups[["view", "group_id"]].itertuples(index=False, name=None))
    assert ("leaf", "data_science") in cards and ("leaf", "all") in cards
    card = cards["cards", "multimodal"]
    assert card["label"] == "Multi-modal / vision-language"
    assert {k for k, v in card.items() if v is not None} == {"view", "group_id", "label", "leaves", "tooling", "why"}
    assert card["why"] == "no_adverts"


def test_leaves_stand_in_the_order_of_the_taxonomy(deal: Deal) -> None:
    cards = deal([])
    llm = "pre_training;fine_tuning;model_evaluation;llm_serving;llm_general"
    assert cards["cards", "llm_foundation"]["leaves"] == llm
    assert cards["leaf", "agentic"]["leaves"] == "agentic"


def test_tooling_is_the_union_of_the_leaves_tools_each_once_in_their_order(deal: Deal) -> None:
    cards = deal([])
    tools = {row["leaf"]: row["tooling"] for row in read_csv("leaves.csv")}
    assert cards["leaf", "agentic"]["tooling"] == tools["agentic"]
    both = cards["career_paths", "safety_evaluation"]["tooling"].split(";")
    expected = (tools["model_evaluation"] + ";" + tools["ai_safety"]).split(";")
    assert both == list(dict.fromkeys(expected)) and len(both) == len(expected) - 1  # Inspect stands in both
    every = cards["leaf", "all"]["tooling"].split(";")
    assert len(every) == len(set(every)) and every[:2] == ["PyTorch FSDP", "Megatron-LM"]
    assert "PEFT (LoRA, QLoRA)" in every and "Tableau" not in every


def test_tools_are_numbered_in_the_order_of_the_file_and_none_is_blank() -> None:
    tools = leaf_tools()
    assert list(tools["place"]) == list(range(len(tools)))
    assert list(tools["leaf"].drop_duplicates()) == [row["leaf"] for row in read_csv("leaves.csv")]
    assert tools.loc[tools["tool"].isna(), "leaf"].tolist() == ["out_of_scope", "unclassified"]
    assert tools["tool"].dropna().map(str.strip).eq(tools["tool"].dropna()).all()


# Premiums and bands


def test_premiums_are_of_base_pay_over_everything(deal: Deal) -> None:
    other = {**PREMIUM, "premium": 9.0}
    rows = (
        PREMIUM,
        {**PREMIUM, "baseline": "ml_generalist", "premium": None, "premium_low": None, "premium_high": None,
         "identified": False},
        *({**other, **place} for place in ({"metric": "total"}, {"tier": "T1"}, {"level": "L5"}, {"view": "leaf"})),
    )  # fmt: skip
    card = deal([], premiums=rows)["cards", "multimodal"]
    assert [card[f"premium_nlp_classical{s}"] for s in ("", "_low", "_high", "_identified")] == [0.15, 0.1, 0.2, True]
    assert [card[f"premium_ml_generalist{s}"] for s in ("", "_low", "_high", "_identified")] == [None] * 3 + [False]


def test_what_has_no_premium_says_nothing_of_it(deal: Deal) -> None:
    card = deal([], premiums=(PREMIUM,))["leaf", "data_science"]
    assert [v for k, v in card.items() if k.startswith("premium")] == [None] * 8


def test_bands_are_of_reports_in_us_at_all_tiers_and_levels(deal: Deal) -> None:
    total = {**BAND, "metric": "total", **{name: BAND[name] * 2 for name in FIGURES}}
    far = {**BAND, **dict.fromkeys(FIGURES, 1)}
    others = (
        {**far, **place}
        for place in (
            {"evidence": "advertised"}, {"tier": "T1"}, {"level": "L5"}, {"market": "global"}, {"metric": "bonus"},
            {"view": "leaf"},
        )
    )  # fmt: skip
    card = deal([], bands=(BAND, total, *others))["cards", "multimodal"]
    assert [card[f"base_{name}"] for name in FIGURES] == [BAND[name] for name in FIGURES]
    assert [card[f"total_{name}"] for name in FIGURES] == [BAND[name] * 2 for name in FIGURES]


@pytest.mark.parametrize(("count", "shown"), [(12, 12), (9, None), (None, None)])
def test_a_suppressed_band_shows_no_more_than_bands_do(deal: Deal, count: int | None, shown: int | None) -> None:
    withheld = {**BAND, **dict.fromkeys(FIGURES), "n_reports": count}
    card = deal([], bands=(withheld, {**withheld, "metric": "total"}))["cards", "multimodal"]
    for metric in ("base", "total"):
        assert [card[f"{metric}_{name}"] for name in FIGURES] == [None] * 5 + [shown]


# Demand


def test_demand_is_the_share_of_adverts_with_wilsons_interval(deal: Deal) -> None:
    cards = deal([*adverts("multimodal", 7), *adverts("pre_training", 3), *adverts("data_science", 50)])
    assert demand_of(cards["cards", "multimodal"]) == rounded(7 / 60, *wilson(7, 60))
    assert demand_of(cards["cards", "llm_foundation"]) == rounded(3 / 60, *wilson(3, 60))
    assert demand_of(cards["leaf", "data_science"]) == rounded(50 / 60, *wilson(50, 60))
    assert demand_of(cards["leaf", "all"]) == rounded(10 / 60, *wilson(10, 60))


def test_demand_is_as_published_for_a_known_case(deal: Deal) -> None:
    cards = deal([*adverts("multimodal", 81), *adverts("ml_generalist", 263 - 81)])  # Newcombe 1998: 0.2553 to 0.3662
    assert demand_of(cards["cards", "multimodal"]) == [0.308, 0.2553, 0.3662]


def test_a_group_without_adverts_has_demand_nought_and_one_with_all_has_one(deal: Deal) -> None:
    cards = deal(adverts("multimodal", 20))
    assert demand_of(cards["cards", "agentic_systems"]) == [0.0, 0.0, round(wilson(0, 20)[1], 4)]
    assert math.copysign(1, cards["cards", "agentic_systems"]["demand_low"]) == 1
    assert demand_of(cards["cards", "multimodal"]) == [1.0, round(wilson(20, 20)[0], 4), 1.0]


def test_without_adverts_there_is_no_demand_but_shares_of_reports(deal: Deal) -> None:
    cards = deal([*reports("multimodal", 1), *reports("ml_generalist", 2)])
    card = cards["cards", "multimodal"]
    assert demand_of(card) == [None] * 3 and change_of(card) == [None] * 3
    assert card["share_of_reports"] == 0.3333
    assert cards["cards", "agentic_systems"]["share_of_reports"] == 0.0


@pytest.mark.parametrize(
    ("coarse", "fine", "demand", "why"),
    [
        (1000, 0, None, "coarse_titles"),
        (999, 0, 0, None),
        (1000, 30, 0.1, None),
        (0, 0, None, "no_adverts"),
    ],
)
def test_a_source_whose_titles_name_no_llm_work_tells_no_demand(
    deal: Deal, coarse: int, fine: int, demand: float | None, why: str | None
) -> None:
    """It would say 0.0 % of 0.0 to 0.4 %; another source beside it is counted alone."""
    named = adverts("pre_training", fine // 10, "b") + adverts("ml_generalist", fine - fine // 10, "b")
    cards = deal([*adverts("ml_generalist", coarse), *named])
    for group in ("llm_foundation", "multimodal"):
        card = cards["cards", group]
        assert card["demand"] == (demand if group == "llm_foundation" or not demand else 0) and card["why"] == why
        assert (card["demand_low"] is None) == (demand is None)


def test_a_change_of_demand_needs_titles_that_can_tell_in_both_windows(deal: Deal) -> None:
    now = adverts("pre_training", 5) + adverts("ml_generalist", 1000)
    card = deal([*now, *earlier("ml_generalist", 1000)])["cards", "llm_foundation"]
    assert card["demand"] > 0 and change_of(card) == [None] * 3
    card = deal([*now, *earlier("ml_generalist", 999)])["cards", "llm_foundation"]
    assert card["demand_change"] > 0


def test_without_reports_there_is_no_share_of_them(deal: Deal) -> None:
    card = deal([*adverts("multimodal", 4), *earlier("multimodal", 4)])["cards", "multimodal"]
    assert card["share_of_reports"] is None and card["demand"] == 1.0


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ({"disposition": "outlier", "reason": "base_fence"}, True),
        ({"source": "b"}, True),
        ({"disposition": "outside_window", "reason": "before_window"}, False),
        ({"disposition": "outside_window", "reason": "after_as_of"}, False),
        ({"disposition": "superseded", "reason": "newer_snapshot"}, False),
        ({"disposition": "folded", "reason": "same_advert"}, False),
        ({"disposition": "duplicate", "reason": "other_source"}, False),
        ({"disposition": "out_of_scope", "reason": "contract", "scope_reason": "contract"}, False),
        ({"disposition": "out_of_scope", "reason": "other_job", "leaf": "out_of_scope"}, False),
        ({"disposition": "unclassified", "reason": "no_rule", "leaf": "unclassified"}, False),
    ],
)
@pytest.mark.parametrize("evidence", ["advertised", "reported"])
def test_used_and_outlying_rows_count_and_no_others(
    deal: Deal, changed: dict[str, str], counts: bool, evidence: str
) -> None:
    rows = [{**REPORT, "evidence": evidence, "leaf": leaf} for leaf in ("multimodal", "ml_generalist")]
    card = deal([*rows, {**rows[1], **changed}])["cards", "multimodal"]
    share = "demand" if evidence == "advertised" else "share_of_reports"
    assert card[share] == round(1 / (3 if counts else 2), 4)
    assert card["share_of_reports" if evidence == "advertised" else "demand"] is None


# Change of demand


def test_the_change_of_demand_is_in_points_with_newcombes_interval(deal: Deal) -> None:
    now = [*adverts("multimodal", 30), *adverts("ml_generalist", 70)]
    before = [*earlier("multimodal", 8), *earlier("ml_generalist", 72)]
    cards = deal([*now, *before])
    assert change_of(cards["cards", "multimodal"]) == rounded(*newcombe(30, 100, 8, 80))
    assert change_of(cards["leaf", "ml_generalist"]) == rounded(*newcombe(70, 100, 72, 80))
    assert change_of(cards["cards", "agentic_systems"]) == rounded(*newcombe(0, 100, 0, 80))


def test_the_change_is_as_published_for_a_known_case(deal: Deal) -> None:
    now = [*adverts("multimodal", 56), *adverts("ml_generalist", 70 - 56)]
    before = [*earlier("multimodal", 48), *earlier("ml_generalist", 80 - 48)]
    assert change_of(deal([*now, *before])["cards", "multimodal"]) == [0.2, 0.0524, 0.3339]  # Newcombe 1998, case (a)


def test_no_change_has_no_sign(deal: Deal) -> None:
    card = deal([*adverts("multimodal", 5), *earlier("multimodal", 5)])["leaf", "agentic"]
    assert card["demand_change"] == 0.0 and math.copysign(1, card["demand_change"]) == 1


def test_a_source_in_only_one_window_is_left_out_of_the_change_alone(deal: Deal) -> None:
    both = [*adverts("multimodal", 3), *adverts("ml_generalist", 7), *earlier("multimodal", 1)]
    rows = [*both, *earlier("ml_generalist", 9), *adverts("multimodal", 90, "new"), *earlier("multimodal", 90, "gone")]
    card = deal(rows)["cards", "multimodal"]
    assert demand_of(card) == rounded(93 / 100, *wilson(93, 100))
    assert change_of(card) == rounded(*newcombe(3, 10, 1, 10))


@pytest.mark.parametrize(
    "rows",
    [
        adverts("multimodal", 9),
        earlier("multimodal", 9),
        [*adverts("multimodal", 9, "new"), *earlier("multimodal", 9, "gone")],
        [*adverts("multimodal", 9), *earlier("multimodal", 9, evidence="reported")],
        [*reports("multimodal", 9), *earlier("multimodal", 9)],
    ],
)
def test_without_a_source_in_both_windows_there_is_no_change(deal: Deal, rows: Rows) -> None:
    assert change_of(deal(rows)["cards", "multimodal"]) == [None] * 3


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ({"report_date": pd.Timestamp("2025-06-30 23:59")}, True),
        ({"report_date": pd.Timestamp("2024-07-01")}, True),
        ({"report_date": pd.Timestamp("2024-06-30 12:00")}, False),
        ({"report_date": pd.Timestamp("2026-07-01"), "reason": "after_as_of"}, False),
        ({"scope_reason": "contract"}, False),
        ({"leaf": "out_of_scope"}, False),
        ({"leaf": "unclassified"}, False),
        ({"disposition": "folded", "reason": "same_advert"}, False),
        ({"disposition": "superseded", "reason": "newer_snapshot"}, False),
    ],
)
def test_the_window_before_has_the_same_length_and_the_same_scope(
    deal: Deal, changed: dict[str, Any], counts: bool
) -> None:
    rows = [*adverts("multimodal", 5), *earlier("multimodal", 1), *earlier("ml_generalist", 1, **changed)]
    assert change_of(deal(rows)["cards", "multimodal"])[0] == (0.5 if counts else 0.0)


def test_the_window_before_clips_to_a_months_end(deal: Deal) -> None:
    """As of 2024-02-29 the window starts after 2023-02-28, and the one before it after 2022-02-28."""
    now = adverts("multimodal", 5, report_date=pd.Timestamp("2024-01-31"))
    first, last = (earlier("ml_generalist", 1, report_date=pd.Timestamp(d)) for d in ("2022-03-01", "2022-02-28"))
    middle = earlier("multimodal", 1, report_date=pd.Timestamp("2022-12-31"))
    card = deal([*now, *middle, *first, *last], as_of=date(2024, 2, 29))["cards", "multimodal"]
    assert card["demand_change"] == 0.5


def test_the_order_of_reports_moves_no_card(deal: Deal) -> None:
    rows = [*adverts("multimodal", 3), *earlier("agentic", 2), *reports("agentic", 4), *adverts("agentic", 2, "b")]
    assert deal(rows) == deal(rows[::-1])


# The whole chain


def test_cards_of_a_release_rest_on_its_bands(built: Callable[..., Built]) -> None:
    rows = [native_row(n, job_title="Multimodal Engineer", bonus=0, equity_annual=0) for n in range(40)]
    few = built(rows, (*BANDS, "premiums", "cards"))
    card = by_group(few.table("cards"))["cards", "multimodal"]
    bands = few.table("bands")
    for metric in ("base", "total"):
        keys = {"evidence": "reported", "market": "US", "tier": "all", "level": "all", "metric": metric}
        chosen = bands[bands[list(keys)].eq(list(keys.values())).all(axis=1) & bands["group_id"].eq("multimodal")]
        band = chosen[chosen["view"].eq("cards")].iloc[0]
        shown = {name: None if pd.isna(band[name]) else band[name] for name in FIGURES}
        assert shown["p50"] > 0 and shown == {name: card[f"{metric}_{name}"] for name in FIGURES}
    assert card["share_of_reports"] == 1.0 and card["demand"] is None
