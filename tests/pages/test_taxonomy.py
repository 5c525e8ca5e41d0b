"""The taxonomy page is current, and titles are placed as well as it says."""

from collections import Counter

import pytest

from salary_bands.pages import taxonomy as report
from salary_bands.reference import read_csv
from tests.builders import ROOT

GOLDEN = ROOT / "tests" / "golden" / "titles.csv"


def test_held_out_titles_are_placed_well() -> None:
    counts = report.confusion(report.read_golden(GOLDEN, report.HELD_OUT))
    # No rows in the message: rules are not tuned on held-out titles.
    assert report.macro_f1(counts) >= 0.95


@pytest.mark.parametrize(("file", "least"), [("titles_2024_2026.csv", 0.95), ("titles_frontier.csv", 0.93)])
def test_titles_of_real_sources_are_placed_well(file: str, least: float) -> None:
    rows = report.read_golden(GOLDEN.parent / file)
    assert report.macro_f1(report.confusion(rows)) >= least
    assert report.macro_f1(report.lenient_confusion(rows)) >= least


def test_agreement_by_hand() -> None:
    rows = [{"label_a": a, "label_b": b} for a, b in ("xx", "xx", "xy", "yy")]
    alike, kappa = report.agreement(rows)
    assert (alike, kappa) == (0.75, pytest.approx((0.75 - 0.5) / 0.5))


def test_the_page_needs_every_leaf_held_out() -> None:
    held_out = {row["leaf"] for row in report.read_golden(GOLDEN, report.HELD_OUT)}
    assert held_out == {row["leaf"] for row in read_csv("leaves.csv")}


def test_scores_by_hand() -> None:
    counts = Counter({("agentic", "agentic"): 3, ("agentic", "llm_general"): 1, ("llm_general", "llm_general"): 1})
    agentic, general = report.scores(counts)
    assert (agentic.leaf, agentic.golden, agentic.placed, agentic.agreed) == ("agentic", 4, 3, 3)
    assert (agentic.precision, agentic.recall) == (1.0, 0.75)
    assert (general.precision, general.recall) == (0.5, 1.0)
    assert report.macro_f1(counts) == pytest.approx((6 / 7 + 2 / 3) / 2)
    assert report.macro_f1({}) == 0.0
