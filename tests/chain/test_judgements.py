"""Cards and claims against the oracle, on people whose pay is known beforehand and on adverts."""

import csv
import math
import random
import shutil
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from salary_bands.aggregate.registry import make
from salary_bands.aggregate.workspace import Workspace
from salary_bands.reference import FOLDER
from salary_bands.schemas.bands import KEY
from tests.builders.candidates import BANDS, Built, build, replace_table, settings_at
from tests.builders.cases import Case, built_case, records
from tests.builders.judged import write_judged
from tests.oracle import cards as oracle_cards
from tests.oracle.cards import judged_pay, judged_premium, judged_rank, newcombe, wilson
from tests.oracle.figures import Figure, rounded

SEEN = {
    ("pay", "supported", None, None), ("pay", "contradicted", "below", None), ("pay", "contradicted", "above", None),
    ("pay", "insufficient_data", None, "straddles"), ("pay", "insufficient_data", None, "suppressed"),
    ("pay", "insufficient_data", None, "no_reports"),
    ("premium", "supported", None, None), ("premium", "contradicted", "below", None),
    ("premium", "contradicted", "above", None), ("premium", "insufficient_data", None, "straddles"),
    ("premium", "insufficient_data", None, "not_identified"),
    ("premium", "insufficient_data", None, "by_definition"),
    ("rank", "supported", None, None), ("rank", "contradicted", "below", None), ("rank", "contradicted", "above", None),
    ("rank", "insufficient_data", None, "straddles"), ("rank", "insufficient_data", None, "not_identified"),
    "demand", "no demand", "no demand of a group", "demand_change", "no demand_change", "share_of_reports",
    "no share_of_reports", "premium", "premium not identified", "no premium", "base_p50", "no base_p50",
    "open_ended", "ten reports withheld",
    "an advert that is an outlier", "an advert out of scope before", "an advert of a source of one window",
}  # fmt: skip


CLAIM = ("claim_id", "metric", "pay_metric", "level", "stage", "tier", "low", "high", "open_ended")
TABLES = (*BANDS, "premiums", "cards", "claims")
JUDGED = ("verdict", "direction", "why", "figure", "low", "high", "n")


def looked_at(key: tuple[str, ...]) -> bool:
    """Cells that a card or a claim is about."""
    return key[5] == "US" and key[3:5] in strata()


@cache
def strata() -> set[tuple[str, str]]:
    """Tier and level of every card and claim."""
    rows = reference("claims")
    return {("all", "all")} | {(row["tier"] or "all", row["level"] or row["stage"] or "all") for row in rows}


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Case]]:
    """Reports and adverts with known pay, reports of many kinds, adverts alone."""
    settings = settings_at(tmp_path_factory.mktemp("judged"))
    write_judged(settings.raw)
    found = {"judged": Case(build(settings, tables=TABLES), date(2026, 6, 30), looked_at, set())}
    for name in ("generated", "snapshots"):
        with built_case(name, tmp_path_factory.mktemp(name), lambda: Path(), TABLES) as case:
            case.asks = looked_at
            found[name] = case
    yield found


@cache
def reference(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def premiums(case: Case) -> oracle_cards.Premiums:
    names = ("view", "group_id", "baseline", "metric", "tier", "level")
    return {tuple(row[name] for name in names): row for row in records(case.built.table("premiums"))}


def cards(case: Case) -> dict[tuple[str, str], oracle_cards.Row]:
    settings = case.built.settings
    taxonomy = reference("leaves"), reference("views")
    return oracle_cards.cards(case.reports, case.cells, premiums(case), *taxonomy, settings, case.as_of)


def claims(case: Case) -> dict[tuple[str, str], oracle_cards.Row]:
    taxonomy = reference("leaves"), reference("views")
    return oracle_cards.claims(case.cells, premiums(case), reference("claims"), *taxonomy, case.built.settings)


def claim(**cells: str) -> dict[str, str]:
    """A claim on total pay of computer vision against the generalist."""
    plain = {"source": "page", "view": "leaf", "group": "computer_vision", "comparator_group": "ml_generalist"}
    return dict.fromkeys(CLAIM, "") | {"market": "US"} | plain | cells


def premium(low: float, figure: float, high: float, **facts: Any) -> oracle_cards.Row:
    row = {"premium": figure, "premium_low": low, "premium_high": high, "identified": True, "n_group": 40}
    return row | facts


@pytest.mark.parametrize(
    ("now", "before", "low", "high"),
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((10, 10), (0, 10), 0.6075, 1.0)],
)
def test_the_interval_of_a_change_is_that_of_newcombes_own_examples(
    now: tuple[int, int], before: tuple[int, int], low: float, high: float
) -> None:
    """Statistics in Medicine 17, 1998, table II, method 10."""
    assert [round(bound, 4) for bound in newcombe(now, before)[1:]] == [low, high]
    assert [round(bound, 4) for bound in newcombe(before, now)[1:]] == [-high, -low]


def test_wilsons_interval_stays_inside_0_and_1_and_nothing_of_nothing_is_no_share() -> None:
    assert wilson(0, 0) == (None, None, None)
    assert [round(x, 4) for x in wilson(5, 10)] == [0.5, 0.2366, 0.7634]
    assert [round(x, 4) for x in wilson(0, 10)] == [0.0, 0.0, 0.2775]
    assert [round(x, 4) for x in wilson(10, 10)] == [1.0, 0.7225, 1.0]


@pytest.mark.parametrize(
    ("low", "high", "open_ended", "verdict"),
    [
        (97_500, 205_000, "", ("supported", None, None)),
        (97_000, 205_000, "", ("insufficient_data", None, "straddles")),
        (97_500, 205_500, "", ("insufficient_data", None, "straddles")),
        (97_500, 900_000, "yes", ("supported", None, None)),
        (90_000, 97_000, "yes", ("contradicted", "below", None)),
        (90_000, 97_500, "", ("insufficient_data", None, "straddles")),
        (205_500, 300_000, "", ("contradicted", "above", None)),
    ],
)
def test_pay_is_judged_against_the_range_widened_by_a_fortieth(
    low: int, high: int, open_ended: str, verdict: tuple[str | None, ...]
) -> None:
    asked = claim(metric="pay", low="100000", high="200000", open_ended=open_ended)
    pay = [(97_499, 1), (97_500, 2), (205_000, 4), (205_001, 8)]
    cell = {"basis": "direct", "n_reports": 15, "figures": {50: Figure(Fraction(low), low, high, "")}, "pay": pay}
    key = ("leaf", "computer_vision", "reported", "all", "all", "US", "total")
    row = judged_pay(asked, "total", {key: cell}, Fraction(1, 40))
    assert (row["verdict"], row.get("direction"), row.get("why")) == verdict
    assert row["share_inside"] == (Fraction(14, 15) if open_ended else Fraction(6, 15))


def test_pay_of_a_withheld_cell_and_of_an_empty_one_is_not_judged() -> None:
    asked = claim(metric="pay", low="1", high="2", tier="T1", stage="senior")
    cell = {"basis": "suppressed", "n_reports": 9}
    key = ("leaf", "computer_vision", "reported", "T1", "senior", "US", "base")
    assert judged_pay(asked, "base", {key: cell}, Fraction(1, 40))["why"] == "suppressed"
    assert judged_pay(asked, "base", {}, Fraction(1, 40))["why"] == "no_reports"


@pytest.mark.parametrize(
    ("cells", "row", "verdict"),
    [
        ({}, premium(0.075, 0.1, 0.225), ("supported", None)),
        ({}, premium(0.0749, 0.1, 0.225), ("insufficient_data", "straddles")),
        ({}, premium(0.2251, 0.3, 0.4), ("contradicted", None)),
        ({"open_ended": "yes"}, premium(0.2251, 0.3, 0.4), ("supported", None)),
        ({}, premium(0.1, 0.1, 0.1, identified=False), ("insufficient_data", "not_identified")),
        ({}, premium(0.1, 0.1, 0.1, identified=False, n_group=None), ("insufficient_data", "not_identified")),
        ({"group": "ml_generalist"}, None, ("insufficient_data", "by_definition")),
        ({"tier": "T1", "stage": "senior"}, None, ("insufficient_data", "not_identified")),
    ],
)
def test_a_premium_is_judged_against_the_range_widened_by_two_and_a_half_points(
    cells: dict[str, str], row: oracle_cards.Row | None, verdict: tuple[str, str | None]
) -> None:
    asked = claim(metric="premium", low="10", high="20", **cells)
    members = {("leaf", leaf): frozenset([leaf]) for leaf in ("computer_vision", "ml_generalist")}
    rows = {("leaf", "computer_vision", "ml_generalist", "total", "all", "all"): row} if row else {}
    judged = judged_premium(asked, "total", rows, members, Fraction(1, 40))
    assert (judged["verdict"], judged.get("why")) == verdict


def test_a_group_of_which_nothing_is_known_may_have_any_rank() -> None:
    ranked = [claim(metric="rank", group=group, low=str(k), high=str(k)) for k, group in enumerate("abcd", 1)]
    ours = {"a": (0.5, 0.6, 0.7), "b": (0.2, 0.3, 0.4), "c": (0.1, 0.15, 0.2)}
    rows = {("leaf", g, "ml_generalist", "total", "all", "all"): premium(*figures) for g, figures in ours.items()}
    rows["leaf", "d", "ml_generalist", "total", "all", "all"] = premium(0, 0, 0, identified=False)
    others = [claim(source="another page", metric="rank", group="e"), claim(metric="premium", group="f")]
    judged = [judged_rank(c, rows, [*ranked, *others]) for c in ranked]
    names = ("figure", "low", "high", "verdict")
    assert [tuple(row.get(name) for name in names) for row in judged] == [
        (1, 1, 2, "insufficient_data"),
        (2, 2, 4, "insufficient_data"),  # c's upper bound is b's lower: not surely below
        (3, 2, 4, "insufficient_data"),
        (None, None, None, "insufficient_data"),
    ]
    assert [row["why"] for row in judged] == ["straddles", "straddles", "straddles", "not_identified"]
    last = ranked[0] | {"low": "3", "high": "3"}
    assert judged_rank(last, rows, [last, *ranked[1:]])["direction"] == "below"


def same(ours: oracle_cards.Row, theirs: oracle_cards.Row, ratios: tuple[str, ...]) -> bool:
    """Equal but for ratios, which are published to four decimals, and never as minus zero."""
    for name in ours.keys() | theirs.keys():
        a, b = ours[name], theirs[name]
        if name not in ratios or a is None or b is None:
            if a != b:
                return False
        elif a != round(a, 4) or abs(a - b) > 5.01e-5 or (a == 0 and math.copysign(1, a) < 0):
            return False
    return True


@pytest.mark.parametrize("name", ["judged", "generated", "snapshots"])
def test_every_group_has_the_card_of_the_oracle(cases: dict[str, Case], name: str) -> None:
    published = {(row["view"], row["group_id"]): row for row in records(cases[name].built.table("cards"))}
    expected = cards(cases[name])
    assert published.keys() == expected.keys()
    shares = [n for n in next(iter(expected.values())) if n.startswith(("demand", "share"))]
    wrong = [(row, expected[key]) for key, row in published.items() if not same(row, expected[key], tuple(shares))]
    assert wrong == []


@pytest.mark.parametrize("name", ["judged", "generated", "snapshots"])
def test_every_claim_has_the_verdict_and_figures_of_the_oracle(cases: dict[str, Case], name: str) -> None:
    published = {(row["claim_id"], row["pay_metric"]): row for row in records(cases[name].built.table("claims"))}
    expected = {
        key: dict(zip(("claim_id", "pay_metric"), key, strict=True)) | row for key, row in claims(cases[name]).items()
    }
    assert published.keys() == expected.keys()
    wrong = [(row, expected[key]) for key, row in published.items() if not same(row, expected[key], ("share_inside",))]
    assert wrong == []


def seen(case: Case) -> set[Any]:
    """What of SEEN a case meets, by the oracle."""
    kinds = {row["claim_id"]: row["metric"] for row in reference("claims")}
    open_ended = {row["claim_id"] for row in reference("claims") if row["open_ended"] == "yes" and row["high"]}
    met: set[Any] = {(kinds[claim], r["verdict"], r["direction"], r["why"]) for (claim, _), r in claims(case).items()}
    for row in cards(case).values():
        for name in ("demand", "demand_change", "share_of_reports", "base_p50"):
            met.add(name if row[name] is not None else f"no {name}")
        if row["demand"] == 0:
            met.add("no demand of a group")
        identified = row["premium_ml_generalist_identified"]
        met.add({True: "premium", False: "premium not identified", None: "no premium"}[identified])
        if (row["base_n_reports"], row["base_p50"]) == (10, None):
            met.add("ten reports withheld")
    met |= {"open_ended" for (claim, _), row in claims(case).items() if claim in open_ended and row["figure"]}
    adverts = [r for r in case.reports if r["evidence"] == "advertised"]
    before = [r for r in adverts if r["reason"] == "before_window"]
    met |= {"an advert that is an outlier" for r in adverts if r["disposition"] == "outlier"}
    met |= {"an advert out of scope before" for r in before if r["scope_reason"] and r["leaf"] != "out_of_scope"}
    met |= {"an advert of a source of one window" for r in adverts if r["source"] not in {b["source"] for b in before}}
    return met


def test_the_cases_meet_every_verdict_every_reason_and_cards_with_and_without_demand(cases: dict[str, Case]) -> None:
    """A rule that nothing meets is not tested."""
    assert SEEN - set().union(*map(seen, cases.values())) == set()


ENDS = sorted(
    (Fraction(row[end]) / 100 + sign * Fraction(1, 40)) * 10_000
    for row in reference("claims")
    for end, sign in (("low", -1), ("high", 1))
    if row["metric"] == "premium" and row[end]
)
PAY_ENDS = sorted(
    Fraction(row[end]) * (1 + sign * Fraction(1, 40))
    for row in reference("claims")
    for end, sign in (("low", -1), ("high", 1))
    if row["metric"] == "pay"
)


def doctored(case: Case, folder: Path, seed: int) -> Case:
    """The case with other premiums and medians, on the ends of widened claims or next to them."""
    rng = random.Random(seed)
    settings = case.built.settings.model_copy(update={"work": folder})
    shutil.copytree(case.built.settings.work / "candidate", folder / "candidate")
    changed = Case(Built(Workspace(settings), case.built.stages, settings), case.as_of, looked_at, set())
    cells = {key: dict(cell) for key, cell in case.cells.items()}
    bands, rows = case.built.table("bands"), records(case.built.table("premiums"))
    for row in rows:
        low, figure, high = sorted(int(rng.choice(ENDS)) + rng.choice([-1, 0, 0, 1]) for _ in range(3))
        row["identified"] = row["tier"] == "all" and rng.random() < 0.85
        row["n_group"] = rng.randrange(10, 30) if row["identified"] else rng.choice([None, 30])
        ratios = (low / 10_000, figure / 10_000, high / 10_000) if row["identified"] else (None, None, None)
        row["premium_low"], row["premium"], row["premium_high"] = ratios
    direct = bands[bands["evidence"].eq("reported") & bands["basis"].eq("direct") & bands["market"].eq("US")]
    ends = [rounded(pay) for pay in PAY_ENDS]
    p50s = [sorted(rng.choice(ends) + 500 * rng.choice([-1, 0, 0, 1]) for _ in range(3)) for _ in range(len(direct))]
    for column, pays in zip(("p50_low", "p50", "p50_high"), zip(*p50s, strict=True), strict=True):
        bands.loc[direct.index, column] = pays
    for key, (low, figure, high) in zip(direct[list(KEY)].itertuples(index=False, name=None), p50s, strict=True):
        if looked_at(key):
            cells[key]["figures"] = cells[key]["figures"] | {50: Figure(Fraction(figure), low, high, "precise")}
    premiums_now = pd.DataFrame(rows).astype(case.built.table("premiums").dtypes)
    for name, frame in (("premiums", premiums_now), ("bands", bands)):
        replace_table(changed.built.candidate, name, frame)
    changed.__dict__["cells"] = cells
    make(changed.built.candidate, "claims")
    return changed


@pytest.mark.parametrize("seed", range(4))
def test_figures_at_the_very_ends_of_claimed_ranges_are_judged_exactly(
    cases: dict[str, Case], tmp_path: Path, seed: int
) -> None:
    """A twentieth is no binary fraction: ends count as they are printed."""
    case = doctored(cases["judged"], tmp_path, seed)
    published = {(row["claim_id"], row["pay_metric"]): row for row in records(case.built.table("claims"))}
    expected = claims(case)
    wrong = {k: (row, expected[k]) for k, row in published.items() if any(row[n] != expected[k][n] for n in JUDGED)}
    assert wrong == {}
