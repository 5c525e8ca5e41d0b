"""The macros of the mart: percentiles read by hand, every step back, the cells beside one."""

import csv
import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salary_bands.reference import FOLDER
from salary_bands.schemas.bands import PERCENTILES
from salary_bands.schemas.columns import LEVELS
from salary_bands.vocabulary.levels import stage_of
from tests.builders.offers import (
    ASKED,
    FIGURES,
    NO_MORE_THAN_P50,
    NO_TAILS,
    VERSION,
    card_rows,
    cell,
    database,
    rows_of,
    suppressed,
)


def reading(amount: float | None, row: dict[str, Any]) -> tuple[Any, ...]:
    """(reading, reading_low, reading_high) of an amount in that cell."""
    found = rows_of(database([row]), "FROM offer_percentile(?, ?, ?, ?, 'base', ?)", *ASKED, amount)
    return found[0]["percentile"], found[0]["percentile_low"], found[0]["percentile_high"]


def words(amount: float, row: dict[str, Any]) -> tuple[str, str, str]:
    found = rows_of(database([row]), "FROM offer_percentile(?, ?, ?, ?, 'base', ?)", *ASKED, amount)[0]
    return found["reading_low"], found["reading"], found["reading_high"]


# readings by hand -----------------------------------------------------------------------------------------------------

LOG2_16 = math.log2(1.6)  # 200 on the high curve lies between 125 and 250
LOG2_125 = math.log2(1.25)  # 200 on the low curve lies between 160 and 320
BY_HAND = [
    (200_000, 50, 25 + 25 * LOG2_16, 50 + 25 * LOG2_125),
    (math.sqrt(2) * 100_000, 37.5, 25 + 25 * math.log2(math.sqrt(2) / 1.25), 25 + 25 * math.log2(math.sqrt(2) / 0.8)),
    (100_000, 25, 10 + 15 * LOG2_16, 25 + 25 * LOG2_125),
    (800_000, 90, 75 + 15 * LOG2_16, None),
    (50_000, 10, None, 10 + 15 * LOG2_125),
    (250_000, 50 + 25 * LOG2_125, 50, 50 + 25 * math.log2(1.5625)),
]


@pytest.mark.parametrize(("amount", "percentile", "low", "high"), BY_HAND)
def test_a_percentile_is_read_linearly_in_log_pay_and_its_interval_off_the_bounds(
    amount: float, percentile: float, low: float | None, high: float | None
) -> None:
    expected = tuple(None if p is None else pytest.approx(p, abs=0.051) for p in (percentile, low, high))
    assert reading(amount, cell()) == expected


@pytest.mark.parametrize(
    ("amount", "figures", "expected"),
    [
        (39_999, FIGURES, ("below P10", "below P10", "below P10")),
        (45_000, FIGURES, ("below P10", "below P10", "P13")),
        (55_000, FIGURES, ("below P10", "P12", "P17")),
        (700_000, FIGURES, ("P82", "P87", "above P90")),
        (900_000, FIGURES, ("P88", "above P90", "above P90")),
        (1_000_001, FIGURES, ("above P90", "above P90", "above P90")),
        (79_999, NO_TAILS, ("below P25", "below P25", "below P25")),
        (450_000, NO_TAILS, ("P71", "above P75", "above P75")),
        (200_000, NO_MORE_THAN_P50, ("below P50", "P50", "above P50")),
        (199_999, NO_MORE_THAN_P50, ("below P50", "below P50", "above P50")),
        (250_000, NO_MORE_THAN_P50, ("P50", "above P50", "above P50")),
        (159_999, NO_MORE_THAN_P50, ("below P50", "below P50", "below P50")),
        (250_001, NO_MORE_THAN_P50, ("above P50", "above P50", "above P50")),
    ],
)
def test_beyond_the_shown_percentiles_it_says_below_or_above_which(
    amount: float, figures: tuple[int | None, ...], expected: tuple[str, str, str]
) -> None:
    assert words(amount, cell(figures=figures)) == expected


@pytest.mark.parametrize("figures", [FIGURES, NO_TAILS, NO_MORE_THAN_P50, (None, 100_000, 200_000, None, None)])
def test_the_amount_of_a_shown_percentile_reads_exactly_that(figures: tuple[int | None, ...]) -> None:
    for p, amount in zip(PERCENTILES, figures, strict=True):
        assert amount is None or reading(amount, cell(figures=figures))[0] == p


@pytest.mark.parametrize(
    ("figures", "amount", "percentile"),
    [
        ((50_000, 100_000, 100_000, 400_000, 800_000), 100_000, 50),
        ((50_000, 100_000, 200_000, 200_000, 800_000), 200_000, 50),
        ((50_000, 50_000, 100_000, 400_000, 400_000), 50_000, 25),
        ((50_000, 50_000, 100_000, 400_000, 400_000), 400_000, 75),
        ((100_000,) * 5, 100_000, 50),
    ],
)
def test_where_rounding_made_percentiles_equal_the_one_nearest_the_median_is_read(
    figures: tuple[int, ...], amount: int, percentile: float
) -> None:
    assert reading(amount, cell(figures=figures))[0] == percentile


def test_the_interval_of_equal_bounds_is_as_wide_as_they_allow() -> None:
    flat = cell(figures=(100_000,) * 5, lows=(100_000,) * 5, highs=(100_000,) * 5)
    assert reading(100_000, flat) == (50, 10, 90)


def test_bounds_that_cross_widen_the_interval_and_never_turn_it_round() -> None:
    crossed = cell(
        figures=NO_TAILS, lows=(None, 95_000, 90_000, 300_000, None), highs=(None, 290_000, 250_000, 420_000, None)
    )
    assert words(93_000, crossed) == ("below P25", "below P25", "P51")
    assert words(280_000, crossed) == ("below P25", "P62", "P74")


def test_above_a_percentile_of_zero_which_has_no_log_it_is_read_linearly_in_pay() -> None:
    none = cell(figures=(0, 0, 10_000, 20_000, 40_000), lows=(0, 0, 8_000, 16_000, 32_000), highs=(0, 2_000, 12_000, 25_000, 50_000))  # fmt: skip  # noqa: E501
    assert reading(5_000, none)[0] == 37.5
    assert reading(0, none) == (25, 10, 25)
    assert reading(1_000, none) == (27.5, 17.5, pytest.approx(28.1))


def test_no_amount_has_no_percentile() -> None:
    assert reading(None, cell()) == (None, None, None)


def position(percentile: float | None, word: str) -> float:
    """A reading as a number, below and above the shown percentiles too."""
    return percentile if percentile is not None else -1 if word.startswith("below") else 101


@st.composite
def shown_cells(draw: st.DrawFn) -> dict[str, Any]:
    """Ascending figures, some of them not shown, each between bounds that need not ascend."""
    steps = draw(st.lists(st.sampled_from([0, 100, 500, 20_000, 60_000]), min_size=5, max_size=5))
    figures = [draw(st.sampled_from([0, 500, 40_000])) + sum(steps[: n + 1]) for n in range(5)]
    figures = sorted(figures)
    for place in (0, 1, 3, 4):
        if draw(st.booleans()):
            figures[place] = None  # type: ignore[call-overload]
    widths = draw(st.lists(st.sampled_from([0, 100, 15_000, 50_000]), min_size=10, max_size=10))
    lows = tuple(None if f is None else max(0, f - w) for f, w in zip(figures, widths[:5], strict=True))
    highs = tuple(None if f is None else f + w for f, w in zip(figures, widths[5:], strict=True))
    return cell(figures=tuple(figures), lows=lows, highs=highs)


@settings(max_examples=25)
@given(shown_cells(), st.lists(st.integers(0, 400_000), min_size=1, max_size=8))
def test_more_pay_never_reads_lower_and_the_interval_holds_the_percentile(
    row: dict[str, Any], amounts: list[int]
) -> None:
    bounds = [row[f"p{p}{end}"] for p in PERCENTILES for end in ("", "_low", "_high")]
    asked = sorted({*amounts, *(b for b in bounds if b is not None)})
    found = rows_of(
        database([row]),
        "SELECT o.* FROM (SELECT unnest(?) AS usd) AS q, "
        "LATERAL (FROM offer_percentile(?, ?, ?, ?, 'base', q.usd)) AS o ORDER BY o.amount",
        asked,
        *ASKED,
    )
    assert [r["amount"] for r in found] == asked
    read = [[position(r[f"percentile{e}"], r[f"reading{e}"]) for e in ("_low", "", "_high")] for r in found]
    assert all(low <= percentile <= high for low, percentile, high in read)
    assert all(a <= b for former, latter in pairwise(read) for a, b in zip(former, latter, strict=True))
    for p in PERCENTILES:
        equal = [q for q in PERCENTILES if row[f"p{q}"] is not None and row[f"p{q}"] == row[f"p{p}"]]
        if equal:
            assert read[asked.index(row[f"p{p}"])][1] == min(equal, key=lambda q: abs(q - 50))


# falling back ---------------------------------------------------------------------------------------------------------

# from the cell asked for, the nearest first, with the log of the multipliers between them
NEAREST = [
    (cell(), [], 0.0),
    (cell("rlhf_post_training", view="cards"), ["leaf post_training to cards rlhf_post_training"], 0.0),
    (cell("pre_training"), ["leaf post_training to leaf pre_training"], 0.04),
    (cell(market="US"), ["market us-sf-bay to US"], 0.05),
    (cell(market="us-seattle"), ["market us-sf-bay to us-seattle"], 0.07),
    (cell(level="L4"), ["level L5 to L4"], 0.16),
    (cell("pre_training", level="L4"), ["leaf post_training to leaf pre_training", "level L5 to L4"], 0.2),
    (cell(tier="T2"), ["tier T1 to T2"], 0.22),
    (cell(market="us-austin"), ["market us-sf-bay to us-austin"], 0.75),  # no multiplier, but in the same country
    (cell("agentic"), ["leaf post_training to leaf agentic"], 1.06),  # no multiplier: 1 from the mean of the leaves
    (cell(market="br-sao-paulo"), ["market us-sf-bay to br-sao-paulo"], 2.38),
]
KEY = ("view", "group_id", "tier", "level", "market")


@pytest.mark.parametrize("first", range(len(NEAREST)))
def test_the_nearest_shown_cell_answers_and_says_what_differs_and_how_far_it_is(first: int) -> None:
    order = sorted(range(len(NEAREST)), key=lambda n: (NEAREST[n][2], n))
    near, *later = [NEAREST[n] for n in order[first:]]
    hidden = [
        suppressed(*(row[k] for k in KEY[1:]), view=row["view"]) for row, *_ in (NEAREST[n] for n in order[:first])
    ]
    found = rows_of(
        database([*hidden, near[0], *(row for row, *_ in later)]), "FROM answering_band(?, ?, ?, ?, 'base')", *ASKED
    )
    assert [(tuple(r[k] for k in KEY), r["fallback"], r["distance"]) for r in found] == [
        (tuple(near[0][k] for k in KEY), near[1], pytest.approx(near[2], abs=0.0051))
    ]


def test_a_metro_that_nobody_knows_asks_its_own_country_first() -> None:
    """Canada comes first by name, and its cell is of the level asked for."""
    connection = database([cell(market="CA"), cell(market="CH", level="L4")])
    [found] = rows_of(connection, "FROM answer(?, ?, ?, 'ch-zurich', 'base')", *ASKED[:3])
    assert found["fallback"] == ["level L5 to L4", "market ch-zurich to CH"]
    assert found["distance"] == pytest.approx(0.75 + 0.16, abs=0.0051)
    assert "how much it differs is not known" in found["why"]


@pytest.mark.parametrize(
    "other", [cell(market="global"), cell(tier="unknown"), cell(evidence="advertised"), cell(metric="total")]
)
def test_a_cell_of_other_people_never_answers(other: dict[str, Any]) -> None:
    connection = database([other])
    assert not rows_of(connection, "FROM answering_band(?, ?, ?, ?, 'base')", *ASKED)
    assert not rows_of(connection, "FROM offer_percentile(?, ?, ?, ?, 'base', 1)", *ASKED)
    [found] = rows_of(connection, "FROM answer(?, ?, ?, ?, 'base')", *ASKED)
    assert found["basis"] is None
    assert found["why"] == "no answer: the cell has too few reports, the model does not know it, and none is shown"


def test_what_the_release_says_to_use_instead_answers_before_what_the_multipliers_say() -> None:
    place = dict(
        zip(("view", "group_id", "tier", "level", "market"), ("leaf", "llm_serving", "T5", "L3", "IN"), strict=True)
    )
    hidden = suppressed(
        *ASKED,
        **{f"use_instead_{k}": v for k, v in place.items()},
        use_instead_basis="direct",
        use_instead_distance=0.3,
    )
    connection = database([hidden, cell(market="US"), cell(*list(place.values())[1:])])
    [found] = rows_of(connection, "FROM answer(?, ?, ?, ?, 'base')", *ASKED)
    assert {k: found[k] for k in KEY} == place
    assert found["distance"] == 0.3
    assert "not near: it differs by some 35 %" in found["why"]
    assert "few reports" in found["why"]


MODELLED = {
    "release": VERSION, "evidence": "reported", "view": "leaf", "group_id": "post_training", "tier": "T1",
    "level": "L5", "market": "us-sf-bay", "metric": "base", "p50": 200_000, "p50_low": 160_000, "p50_high": 250_000,
    "person_p10": 100_000, "person_p25": 150_000, "person_p75": 250_000, "person_p90": 400_000, "n_near": 12.0,
    "basis": "modelled", "distance": 0.1, "method_version": "m",
}  # fmt: skip


def test_the_model_answers_before_the_nearest_cell_and_after_the_cell_itself() -> None:
    near, own = cell(market="US"), cell(figures=NO_MORE_THAN_P50)
    for bands, basis in (([near, own], "direct"), ([near], "modelled"), ([suppressed(*ASKED), near], "modelled")):
        [found] = rows_of(database(bands, estimates=[MODELLED]), "FROM answer(?, ?, ?, ?, 'base')", *ASKED)
        assert (found["basis"], found["distance"], found["fallback"]) == (basis, 0, [])
        assert found["modelled_p50"] == 200_000
    assert (found["p10"], found["p90"], found["n_effective"]) == (100_000, 400_000, 12)
    advertised = "FROM answer(?, ?, ?, ?, 'base', evidence := 'advertised')"
    [found] = rows_of(database([near], estimates=[MODELLED]), advertised, *ASKED)
    assert found["basis"] is None, "the model is of people's pay"


def test_the_model_of_the_country_answers_for_a_metro_if_no_cell_is_near() -> None:
    country = {**MODELLED, "market": "US"}
    far = cell("agentic")
    for near, market, basis, distance in (
        (far, "US", "modelled", 0.75),
        (cell(market="US"), "US", "direct", 0.05),
        (cell(level="L4"), "us-sf-bay", "direct", 0.16),
    ):
        [found] = rows_of(database([near, far], estimates=[country]), "FROM answer(?, ?, ?, ?, 'base')", *ASKED)
        assert (found["market"], found["basis"]) == (market, basis)
        assert found["distance"] == pytest.approx(distance, abs=0.0051)
    asked = [*ASKED[:3], "us-austin"]
    for bands, basis in (([cell(market="US"), far], "direct"), ([far], "modelled")):
        [found] = rows_of(database(bands, estimates=[country]), "FROM answer(?, ?, ?, ?, 'base')", *asked)
        assert (found["market"], found["basis"], found["distance"]) == ("US", basis, 0.75)
        assert found["fallback"] == ["market us-austin to US"]


def test_who_asks_for_the_world_is_answered_from_it() -> None:
    connection = database([cell(market="global", level="L4"), cell(market="us-seattle")])
    [found] = rows_of(connection, "FROM answer(?, ?, ?, 'global', 'base')", *ASKED[:3])
    assert found["fallback"] == ["level L5 to L4"]


def test_an_amount_is_read_in_the_range_of_one_persons_pay_and_beside_the_model() -> None:
    connection = database([], estimates=[MODELLED])
    [found] = rows_of(connection, "FROM offer_percentile(?, ?, ?, ?, 'base', 500000)", *ASKED)
    assert (found["reading"], found["percentile"]) == ("above P90", None)
    assert (found["of_modelled_p50"], found["of_modelled_p90"]) == (2.5, 1.25)
    [found] = rows_of(connection, "FROM offer_percentile(?, ?, ?, ?, 'base', 200000)", *ASKED)
    assert found["percentile"] == 50
    assert found["percentile_low"] < 50 < found["percentile_high"]


@pytest.mark.parametrize(
    ("percentile", "usd", "basis"),
    [
        (50, 200_000, "direct"),
        (60, 200_000, "direct"),
        (75, 250_000, "modelled"),
        (10, 100_000, "modelled"),
        (9, None, None),
    ],
)
def test_the_pay_at_a_percentile_is_that_of_the_answer_and_beyond_it_of_the_model(
    percentile: float, usd: int | None, basis: str | None
) -> None:
    shown = (
        cell(figures=(None, 200_000, 200_000, None, None)) if percentile in (50,) else cell(figures=NO_MORE_THAN_P50)
    )
    [found] = rows_of(database([shown], estimates=[MODELLED]), "FROM pay_at(?, ?, ?, ?, 'base', ?)", *ASKED, percentile)
    if percentile == 60:
        assert found["usd"] == round(200_000 * 1.25 ** (10 / 25), -2)
        assert found["basis"] == "modelled"
    else:
        assert (found["usd"], found["basis"]) == (usd, basis)


@pytest.mark.parametrize("median", [90_000, 200_000, 420_000])
@pytest.mark.parametrize("shown", [(50,), (25, 50, 75), (50, 75), PERCENTILES])
def test_pay_rises_with_the_percentile_however_far_the_model_is_from_the_shown_median(
    shown: tuple[int, ...], median: int
) -> None:
    figures = tuple(round(median * 1.4 ** ((p - 50) / 25)) if p in shown else None for p in PERCENTILES)
    connection = database([cell(figures=figures)], estimates=[MODELLED])
    found = rows_of(
        connection,
        "SELECT a.* FROM (SELECT unnest(range(10, 91, 5)) AS p) AS q, "
        "LATERAL (FROM pay_at(?, ?, ?, ?, 'base', q.p)) AS a ORDER BY a.percentile",
        *ASKED,
    )
    assert all(a["usd"] < b["usd"] for a, b in pairwise(found))
    for row in found:
        is_shown = shown[0] <= row["percentile"] <= shown[-1]
        assert row["basis"] == ("direct" if is_shown else "modelled")
        assert ("as one person's pay is in the model" in row["why"]) == (not is_shown)
    last = next(row["usd"] for row in found if row["percentile"] == shown[-1])
    assert found[-1]["usd"] == pytest.approx(
        last * MODELLED["person_p90"] / {50: 200_000, 75: 250_000, 90: 400_000}[shown[-1]], abs=50
    )


def test_the_pay_between_shown_percentiles_is_interpolated_in_logs() -> None:
    [found] = rows_of(database([cell()]), "FROM pay_at(?, ?, ?, ?, 'base', 62.5)", *ASKED)
    assert (found["usd"], found["basis"]) == (282_800, "direct")


def test_band_is_exactly_the_cell_asked_for_shown_or_withheld() -> None:
    hidden = suppressed(*ASKED)
    connection = database([hidden, cell(market="US"), cell("all", "all", "senior", "US")])
    found = rows_of(connection, "FROM band(?, ?, ?, ?, 'base')", *ASKED)
    assert [(tuple(r[k] for k in KEY), r["basis"], r["p50"]) for r in found] == [
        (tuple(hidden[k] for k in KEY), "suppressed", None)
    ]
    [shown] = rows_of(connection, "FROM band('all', 'all', 'senior', 'US', 'base')")
    assert shown["p50"] == cell()["p50"]
    assert not rows_of(connection, "FROM band('all', 'all', 'senior', 'GB', 'base')")


def test_a_pooled_cell_answers_and_is_read_between_its_quartiles() -> None:
    pooled = cell(figures=NO_TAILS, basis="pooled", n_reports=6, shrinkage_weight=0.4)
    connection = database([pooled, cell(market="US")])
    found = rows_of(connection, "FROM offer_percentile(?, ?, ?, ?, 'base', 90000)", *ASKED)
    assert [(r["basis"], r["reading"], r["n_reports"], r["fallback"]) for r in found] == [
        ("pooled", "below P25", 6, [])
    ]


def test_an_advertised_figure_answers_only_who_asks_for_it() -> None:
    connection = database([cell(evidence="advertised")])
    found = rows_of(connection, "FROM answering_band(?, ?, ?, ?, 'base', evidence := 'advertised')", *ASKED)
    assert [r["evidence"] for r in found] == ["advertised"]


@pytest.mark.parametrize(
    ("group", "view", "steps"),
    [
        ("ml_generalist", None, ["leaf ml_generalist to all"]),
        ("fine_tuning_training", None, ["career_paths fine_tuning_training to all"]),
        (
            "inference_serving",
            None,
            ["career_paths inference_serving to card llm_foundation", "card llm_foundation to all"],
        ),
        ("llm_foundation", None, ["card llm_foundation to all"]),
        ("computer_vision", None, ["leaf computer_vision to card computer_vision", "card computer_vision to all"]),
        ("computer_vision", "cards", ["card computer_vision to all"]),
        (
            "computer_vision",
            "specialties",
            ["specialties computer_vision to card computer_vision", "card computer_vision to all"],
        ),
        ("all", None, []),
        ("data_science", None, []),  # `all` holds core leaves alone
    ],
)
def test_a_group_goes_to_a_card_that_holds_it_and_then_to_all(group: str, view: str | None, steps: list[str]) -> None:
    sql = "SELECT fallback FROM fallback_cells(?, 'all', 'all', 'US', view := ?) ORDER BY step DESC"
    assert rows_of(database([]), sql, group, view)[0]["fallback"] == steps


def test_a_group_is_sought_in_the_leaves_then_in_the_views_in_their_order() -> None:
    order = ("leaf", "cards", "llm_roles", "career_paths", "specialties")
    connection = database([])
    views: dict[str, set[str]] = {}
    for row in card_rows():
        views.setdefault(row["group_id"], set()).add(row["view"])
    assert any(len(v) > 1 for v in views.values())
    for group, held in views.items():
        found = rows_of(connection, "FROM group_parents(?)", group)
        assert [r["view"] for r in found] == [min(held, key=order.index)]
    assert not rows_of(connection, "FROM group_parents('no such group')")


def test_a_group_of_several_views_is_of_the_first_and_a_view_of_tomorrow_comes_last() -> None:
    order = ["leaf", "cards", "llm_roles", "career_paths", "specialties", "a_view_of_tomorrow"]
    for first in range(len(order)):
        cards = [{"view": v, "group_id": "g", "label": "G", "leaves": "agentic"} for v in sorted(order[first:])]
        found = rows_of(database([], cards), "FROM group_parents('g')")
        assert [r["view"] for r in found] == [order[first]]
        assert [r["view"] for r in rows_of(database([], cards), "FROM group_parents('g', view := ?)", order[-1])] == [
            order[-1]
        ]


def test_the_macros_know_metros_and_stages_as_the_reference_does() -> None:
    with (FOLDER / "markets.csv").open(encoding="utf-8", newline="") as stream:
        countries = {r["market"]: r["country"] for r in csv.DictReader(stream)}
    connection = database([])
    sql = "SELECT market, level FROM fallback_cells('all', 'all', ?, ?) ORDER BY step DESC LIMIT 1"
    for market, country in countries.items():
        assert connection.execute(sql, ["all", market]).fetchall() == [(country, "all")]
    for level in LEVELS:
        assert connection.execute(sql, [level, "US"]).fetchall() == [("US", stage_of(level))]
    for level in ("early", "senior", "all"):
        assert connection.execute(sql, [level, "global"]).fetchall() == [("global", level)]


# cells beside it ------------------------------------------------------------------------------------------------------


def test_comparable_cells_are_shown_and_differ_in_one_way() -> None:
    wide = cell("llm_foundation", market="US", view="cards", n_reports=500)
    beside = [
        cell("llm_serving", level="L4", market="US"),
        cell("llm_serving", level="L6", market="US"),
        cell("llm_serving", "T2", market="US", n_reports=90),
        cell("llm_serving", "all", market="US", n_reports=400),
        cell("llm_serving", market="us-seattle"),
        wide,
        cell("all", market="US", n_reports=900),
    ]
    far = [
        cell("llm_serving", level="L7", market="US"),
        cell("llm_serving", level="senior", market="US"),
        cell("llm_serving", "unknown", market="US"),
        cell("llm_serving", market="gb-london"),
        cell("llm_serving", market="global"),
        cell("llm_serving", "T2", "L4", "US"),
        cell("fine_tuning", market="US"),
        suppressed("llm_serving", "T3", "L5", "US"),
        cell("llm_serving", "T4", market="US", evidence="advertised"),
        cell("llm_serving", "T4", market="US", metric="total"),
    ]
    connection = database([cell("llm_serving", market="US"), *beside, *far])
    found = rows_of(connection, "FROM comparable_cells('llm_serving', 'T1', 'L5', 'US', 'base')")
    assert [r["relation"] for r in found] == [
        "level below", "level above", "other tier", "all tiers", "other market", "its card", "all groups",
    ]  # fmt: skip
    assert [tuple(r[k] for k in (*KEY, "n_reports")) for r in found] == [
        tuple(r[k] for k in (*KEY, "n_reports")) for r in beside
    ]


def test_a_card_of_that_leaf_alone_is_no_cell_beside_it_and_others_are_a_handful() -> None:
    metros = ("us-seattle", "us-boston", "us-austin", "us-new-york", "us-los-angeles")
    rows = [cell(market=m, n_reports=10 + n) for n, m in enumerate(metros)]
    rows += [cell(), cell(market="US"), cell("rlhf_post_training", view="cards")]
    found = rows_of(database(rows), "FROM comparable_cells(?, ?, ?, ?, 'base')", *ASKED)
    assert [(r["relation"], r["market"]) for r in found] == [
        ("its country", "US"),
        ("other market", "us-los-angeles"),
        ("other market", "us-new-york"),
        ("other market", "us-austin"),
    ]
