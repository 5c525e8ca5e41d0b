"""Tables on narrow and wide terminals: each row has its key, its figure and its interval at any width."""

import io
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from salary_bands.cli.printing.diff import print_diff
from salary_bands.cli.printing.reading import print_bands, print_leading
from salary_bands.cli.printing.tables import Column, print_fitted

FIGURES = {"p10": 98_000, "p25": 121_000, "p50": 160_000, "p50_low": 156_000, "p50_high": 167_000, "p75": 195_000,
           "p90": 210_500}  # fmt: skip
LABEL = "ML engineer (generalist)"
WHY = "the nearest shown cell; how much it differs is not known, and the cell has too few reports"


def band(**changed: Any) -> dict[str, Any]:
    place = {
        "group_label": LABEL,
        "evidence": "reported",
        "market": "US",
        "tier": "T3",
        "level": "L5",
        "metric": "base",
    }
    said = {"n_reports": 840, "basis": "direct", "suppression_reason": None, "p50_precision": "reasonably_precise"}
    return {**place, **FIGURES, **said, "answer": None, **changed}


def withheld(**changed: Any) -> dict[str, Any]:
    fallback = ["tier T3 to all", "market us-boston to US"]
    answer = {"basis": "direct", "fallback": fallback, "why": WHY, **FIGURES, "p50_precision": "precise"}
    nothing = dict.fromkeys((*FIGURES, "n_reports", "p50_precision"))
    return {
        **band(),
        **nothing,
        "basis": "suppressed",
        "suppression_reason": "few_reports",
        "answer": answer,
        **changed,
    }


def console(width: int) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, width=width, soft_wrap=True), file


def lines_of(width: int, *bands: dict[str, Any]) -> list[str]:
    """The lines under the title."""
    out, file = console(width)
    print_bands(out, out, {"release": "2026.06.30", "bands": [*bands], "contains_synthetic": False})
    return file.getvalue().splitlines()[1:]


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_what_a_release_shows_best_is_whole_at_any_width(width: int) -> None:
    out, file = console(width)
    rows = [band(group_label=g, level=level, tier="all", market=market, metric=metric)
            for g in ("All machine learning", LABEL) for level, market in (("all", "us-new-york"), ("senior", "US"))
            for metric in ("base", "total")]  # fmt: skip
    print_leading(out, rows)
    lines = file.getvalue().splitlines()[3:]
    assert max(map(len, lines)) <= width
    heads = [line for line in lines if line.strip() in ("All machine learning", LABEL)]
    assert len(heads) == (2 if width < 100 else 0)  # a group is a heading over its rows if it does not fit beside them
    text = " ".join(" ".join(lines).split())
    figures = "840 160.0 156.0 to 167.0"
    for place in ("all all us-new-york", "senior all US"):
        assert text.count(f"{place} {figures}") == 2
    assert len(re.findall(r"160\.0(?:, 95 %)? 156\.0 to 167\.0", text)) == 8
    assert len([line for line in lines if line]) == {60: 12, 80: 8, 100: 6, 160: 6}[width]


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_a_row_has_its_group_figure_and_interval_at_any_width(width: int) -> None:
    rows = [band(group_label=g, metric=m) for g in (LABEL, "Multi-modal / vision-language") for m in ("base", "total")]
    lines = lines_of(width, *rows)
    text = "\n".join(lines)
    assert max(map(len, lines)) <= width
    assert LABEL in text and "Multi-modal / vision-language" in text
    for metric in ("base", "total"):
        assert len(re.findall(rf"{metric} +840 .*121\.0 +160\.0 +156\.0 to 167\.0 +195\.0", text)) == 2
    assert ("98.0" in text, "210.5" in text) == ((False, False) if width < 100 else (True, True))
    assert "in every row: precision reasonably precise" in text and text.count("reasonably") == 1


@pytest.mark.parametrize("width", [60, 80, 160])
def test_why_a_cell_is_withheld_is_said_once_in_whole_words(width: int) -> None:
    lines = lines_of(width, withheld(market="us-boston"), withheld(market="us-boston", metric="total"))
    assert max(map(len, lines)) <= width
    text = " ".join(" ".join(lines).split())
    assert text.count(f"instead tier T3 to all, market us-boston to US: {WHY}") == 1
    assert text.count("few reports") == 1 + WHY.count("few reports")
    assert text.index(WHY) < text.index("metric") < text.index("base <10") < text.index("total <10")


def test_a_note_that_some_rows_share_is_under_the_last_of_them() -> None:
    lines = lines_of(60, band(level="L3"), withheld(level="L4"), withheld(level="L5"), band(level="L6"))
    marks = re.findall(r"\b(L\d|instead)\b", "\n".join(lines))
    assert marks == ["L3", "L4", "L5", "instead", "L6"]


@pytest.mark.parametrize("width", [60, 80, 160])
def test_a_move_has_its_cell_figures_and_interval_at_any_width(width: int) -> None:
    place = {"view": "leaf", "evidence": "reported", "tier": "all", "level": "all", "market": "us-new-york"}
    figures = {"old": 186_000, "new": 175_000, "difference_low": -15_900, "difference_high": -6_100}
    rows = [{"group_id": g, **place, "metric": "total", **figures, "cells": 1} for g in ("ml_generalist", "mlops")]
    counts = [{"reason": "window", "changed": 9, "distinguishable": 3, "added": 0, "removed": 0, "median_move": 0.055}]
    found = {"exports": [], "method": [], "headline_changes": [], "contains_synthetic": False}
    out, file = console(width)
    versions = {"from": "1", "to": "2"}
    print_diff(out, out, {**found, **versions, "change_counts": counts, "largest_changes": rows})
    lines = file.getvalue().split("cells: with the same move")[1].splitlines()
    assert max(map(len, lines)) <= width
    text = " ".join(" ".join(lines).split())
    assert "in every row: view leaf, evidence reported, tier all, level all, market us-new-york, metric total" in text
    for group in ("ml_generalist", "mlops"):
        assert re.search(rf" {group} .*186,000.*175,000.*-15,900.*-6,100", text)
    assert text.endswith("1 more move can be told from noise. --json has them all.")


@given(
    rows=st.lists(st.tuples(*(st.text("ab", min_size=1, max_size=12) for _ in range(5))), min_size=1, max_size=5),
    width=st.integers(60, 120),
)
def test_no_text_of_a_table_is_lost_or_broken(rows: list[tuple[str, ...]], width: int) -> None:
    columns = [
        Column(f"c{n}", [row[n] for row in rows], is_key=n < 2, is_bound=n == 3, is_shared=n == 4) for n in range(5)
    ]
    out, file = console(width)
    print_fitted(out, "title", columns, [""] * len(rows))
    lines = file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    told = re.findall(r"[ab]+", "".join(lines).replace("title", "").replace("in every row", ""))
    assert set(told) == {text for row in rows for text in row}
    for row in rows:
        assert any(row[2] in line and row[3] in line for line in lines)
