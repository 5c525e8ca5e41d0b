"""views/<view>.json: the figures of the tables, small, and enough for the public pages."""

import json
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow
import pyarrow.parquet as pq
import pytest

from salary_bands.publish.artefacts.views import BRIEF, FULL, FULL_UP_TO, METRICS, group_ranks, view_documents
from salary_bands.reference import FOLDER
from salary_bands.schemas import arrow_schema
from salary_bands.schemas.columns import LEVELS
from salary_bands.storage.files import rows_text

LIMIT = 64_000
HEAD = {"release": "2026.06.30", "as_of": "2026-06-30", "contains_synthetic": True}
COMPARATORS = {"nlp_pre_llm": "nlp_classical", "ml_generalist": "ml_generalist"}
Row = dict[str, Any]


def table(folder: Path, name: str) -> list[Row]:
    return list(pq.read_table(folder / f"{name}.parquet").to_pylist())


def documents(folder: Path) -> dict[str, Row]:
    found = {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in sorted((folder / "views").glob("*.json"))}
    assert found
    return found


def figures(document: Row, group: Row) -> Iterator[tuple[str, tuple[str, ...], Row]]:
    """(part, place, row by the names in `columns`) of every array of a group."""
    for part, columns in (("bands", "bands"), ("advertised", "bands"), ("premiums", "premiums"), ("rank", "rank")):
        pending: list[tuple[tuple[str, ...], Any]] = [((), group[part])]
        while pending:
            place, value = pending.pop()
            if isinstance(value, dict):
                pending += [((*place, name), inner) for name, inner in value.items()]
            elif value is not None:
                yield part, place, dict(zip(document["columns"][columns], value, strict=False))


def test_there_is_a_file_for_each_view_with_each_of_its_groups(sample_release: Path) -> None:
    groups = pd.read_csv(FOLDER / "views.csv", dtype=str)
    expected = {view: set(part["group_id"]) for view, part in groups.groupby("view")}
    found = {view: {g["id"] for g in d["groups"]} for view, d in documents(sample_release).items()}
    assert {view: ids for view, ids in found.items() if view != "leaf"} == expected
    assert found["leaf"] == set(pd.read_csv(FOLDER / "leaves.csv").query("kind != 'none'")["leaf"]) | {"all"}


def test_every_figure_is_that_of_the_tables(sample_release: Path) -> None:
    bands = {
        (r["view"], r["group_id"], r["evidence"], r["metric"], r["tier"], r["level"]): r
        for r in [*table(sample_release, "bands"), *table(sample_release, "suppressed")]
        if r["market"] == "US"
    }
    premiums = {
        (r["view"], r["group_id"], r["baseline"], r["metric"], r["tier"], r["level"]): r
        for r in table(sample_release, "premiums")
    }
    cards = {(r["view"], r["group_id"]): r for r in table(sample_release, "cards")}
    met = set()
    for view, document in documents(sample_release).items():
        for group in document["groups"]:
            own = (view, group["id"])
            card = cards[own]
            assert (group["label"], ";".join(group["leaves"])) == (card["label"], card["leaves"])
            assert ";".join(group["tooling"]) == card["tooling"]
            for name in (n for n in card if n.startswith(("demand", "share_of_reports"))):
                assert group[name] == card[name]
            for part, place, row in figures(document, group):
                met.add(part)
                if part == "bands":
                    source = bands[(*own, "reported", *place)]
                elif part == "advertised":
                    source = bands[(*own, "advertised", *place, "all", "all")]
                elif part == "premiums":
                    source = premiums[(*own, *place)]
                else:
                    continue
                assert {k: v for k, v in row.items() if k != "why"} == {k: source[k] for k in row if k != "why"}
    assert met == {"bands", "advertised", "premiums", "rank"}


def test_null_says_why(sample_release: Path) -> None:
    said = set()
    for document in documents(sample_release).values():
        for group in document["groups"]:
            for part, _, row in figures(document, group):
                if part == "premiums":
                    own = row["why"] == "by_definition"
                    assert own or (row["premium"] is None) == (row["why"] is not None) == (not row["identified"])
                    said.add(row["why"])
                elif part in ("bands", "advertised"):
                    assert (row["p50"] is None) == (row["suppression_reason"] is not None)
                    assert (row["p50"] is None) == (row["p50_low"] is None) == (row["p50_precision"] is None)
                    said.add(row["suppression_reason"])
    assert {None, "few_reports", "not_identified", "by_definition"} <= said


def asked(claim: Row) -> list[str]:
    return ["base", "total"] if claim["pay_metric"] == "both" else [claim["pay_metric"]]


def test_the_public_pages_can_be_built_from_the_files_alone(sample_release: Path) -> None:
    """Every figure that a page claims has its counterpart with an interval, equal to that of `claims`."""
    found = documents(sample_release)
    judged = {(r["claim_id"], r["pay_metric"]): r for r in table(sample_release, "claims")}
    compared = 0
    for claim in pd.read_csv(FOLDER / "claims.csv", dtype=str, keep_default_na=False).to_dict("records"):
        document = found[claim["view"]]
        [group] = [g for g in document["groups"] if g["id"] == claim["group"]]
        tier, level = claim["tier"] or "all", claim["level"] or claim["stage"] or "all"
        rows = {(part, place): row for part, place, row in figures(document, group)}
        for metric in asked(claim):
            ours = judged[claim["claim_id"], metric]
            if claim["metric"] == "pay":
                row = rows["bands", (metric, tier, level)]
                shown = [row[n] for n in ("p50", "p50_low", "p50_high", "p25", "p75", "n_reports")]
            elif claim["metric"] == "premium":
                row = rows["premiums", (COMPARATORS[claim["comparator_group"]], metric, tier, level)]
                shown = [row[n] for n in ("premium", "premium_low", "premium_high")] + [None, None, row["n_group"]]
            else:
                row = rows["rank", (level,)]
                assert row["of"] == len(document["groups"])
                continue
            compared += 1
            if ours["figure"] is not None or claim["metric"] == "pay":
                assert shown == [ours[n] for n in ("figure", "low", "high", "p25", "p75", "n")], claim["claim_id"]
    assert compared > 60


def test_a_rank_is_by_premium_and_as_wide_as_intervals_allow(tmp_path: Path) -> None:
    groups = [
        {"view": "v", "group_id": name, "leaves": name}
        for name in ("top", "mid", "near", "low", "unknown", "all", "ml_generalist", "adjacent")
    ]
    nothing = (None, None, None)
    known = {"top": (0.5, 0.4, 0.6), "mid": (0.2, 0.1, 0.3), "near": (0.15, 0.05, 0.25), "low": (-0.1, -0.2, 0.0)}
    known |= {"unknown": nothing, "all": (0.3, 0.2, 0.4), "ml_generalist": nothing}
    key = {"view": "v", "baseline": "ml_generalist", "metric": "total", "tier": "all", "level": "senior"}
    names = ("premium", "premium_low", "premium_high")
    rows = [
        {**key, "group_id": group, **dict(zip(names, figures, strict=True)), "identified": figures != nothing}
        for group, figures in known.items()
    ]
    pq.write_table(pyarrow.Table.from_pylist(rows, arrow_schema("premiums")), tmp_path / "premiums.parquet")
    found = group_ranks(groups, tmp_path / "premiums.parquet")
    assert {group: ranks["senior"] for (_, group), ranks in found.items()} == {
        "top": [1, 1, 2, 5],
        "mid": [2, 2, 4, 5],
        "near": [3, 2, 4, 5],
        "low": [4, 4, 5, 5],
        "unknown": [None, None, None, 5],
    }
    assert {tuple(ranks["all"]) for ranks in found.values()} == {(None, None, None, 5)}  # of no premium at this level


def test_a_view_is_small(sample_release: Path) -> None:
    sizes = {p.name: p.stat().st_size for p in (sample_release / "views").glob("*.json")}
    assert max(sizes.values()) < LIMIT, sizes


def test_a_view_is_small_when_every_cell_has_its_figures(sample_release: Path, tmp_path: Path) -> None:
    """The longest figures in each cell, in the widest view of each kind that is."""
    assert len([g for g in table(sample_release, "cards") if g["view"] == "leaf"]) > FULL_UP_TO
    cards = table(sample_release, "cards")
    widest = [c for c in cards if c["view"] == "cards"]
    more = [{**widest[n % len(widest)], "view": "ten", "group_id": f"a_long_group_name_{n}"} for n in range(FULL_UP_TO)]
    shares = {n: 0.1234 for n in arrow_schema("cards").names if n.startswith(("demand", "share"))}
    cards = [{**c, **shares} for c in (*cards, *more)]
    bands = [
        longest_band(view=c["view"], group_id=c["group_id"], evidence=evidence, tier=tier, level=level, metric=metric)
        for c in cards
        for evidence in ("reported", "advertised")
        for metric in (*METRICS, "base_min", "base_max")
        for tier in ("all", "T1")
        for level in ("all", "early", "senior", *LEVELS)
    ]  # fmt: skip
    alike = [r for r in table(sample_release, "premiums") if (r["view"], r["group_id"]) == ("leaf", "agentic")]
    premiums = [
        {**row, "view": c["view"], "group_id": c["group_id"], "premium": -0.1234, "premium_low": -0.1234,
         "premium_high": -0.1234, "range_low": -0.1234, "range_high": -0.1234, "n_group": 98_765}
        for c in cards
        if c["group_id"] != "all"
        for row in alike
    ]  # fmt: skip
    for name, rows in (("cards", cards), ("bands", bands), ("premiums", premiums)):
        pq.write_table(pyarrow.Table.from_pylist(rows, arrow_schema(name)), tmp_path / f"{name}.parquet")
    sizes = {}
    for path, document in view_documents(HEAD, tmp_path):
        sizes[path] = len(rows_text(document, "groups").encode())
        detail = FULL if len(document["groups"]) <= FULL_UP_TO else BRIEF
        assert document["columns"]["bands"] == list(detail.band_columns)
    assert set(sizes) == {
        f"views/{v}.json" for v in ("career_paths", "cards", "leaf", "llm_roles", "specialties", "ten")
    }
    assert max(sizes.values()) < LIMIT, sizes


@cache
def filled(pay: int) -> Row:
    """A row of bands with that pay in every figure, and words and numbers of their full length."""
    fill: Row = {"int64": pay, "double": 12_345.67, "bool": False, "string": "reasonably_precise"}
    return {f.name: fill.get(str(f.type), date(2026, 6, 30)) for f in arrow_schema("bands")}


def longest_band(**key: str) -> Row:
    """A cell of many people, paid in millions in total, whose every figure is shown."""
    row = filled(1_234_500 if key["metric"] == "total" else 987_500)
    counts = {"n_reports": 98_765, "n_employers": 9_876, "median_age_days": 365}
    return {**row, **counts, "basis": "direct", "suppression_reason": None, "market": "US", **key}


@pytest.mark.parametrize("columns", [FULL.band_columns, BRIEF.band_columns])
def test_every_shown_percentile_that_has_room_has_its_interval(columns: tuple[str, ...]) -> None:
    assert {"p50_low", "p50_high", "p50_precision"} <= set(columns)
    assert FULL.band_columns[: len(BRIEF.band_columns)] == BRIEF.band_columns  # so that one schema has both
