"""A small version of the lies, what honest worlds lose by the defence, and that the page says both of this method."""

from pathlib import Path

import pandas as pd
import pytest

from tests.liars import report
from tests.liars.honest import moved
from tests.liars.lies import FORMS, lied

PAGE = Path(__file__).parents[2] / "docs/method.md"


@pytest.fixture(scope="module")
def lies() -> pd.DataFrame:
    return lied(0, (16,), tuple(FORMS)[:1])


def test_sixteen_lies_on_forty_reports_are_withheld(lies: pd.DataFrame) -> None:
    targets = lies[lies["is_target"]]
    assert targets["move"].abs().mean() > report.LIMIT, "without the defence they would move P50"
    assert targets["is_withheld"].mean() >= 0.6
    assert report.is_missed(targets).sum() <= 1


def test_larger_cells_move_less(lies: pd.DataFrame) -> None:
    larger = lies[~lies["is_target"]]
    assert larger["move"].abs().mean() < lies.loc[lies["is_target"], "move"].abs().mean()
    assert report.is_missed(larger).mean() <= 0.1


def test_a_true_move_is_shown() -> None:
    assert moved(0, (3,))["is_withheld"].mean() <= 0.05


def test_the_page_has_one_section_and_takes_a_new_one() -> None:
    page = f"# Method\n\n{report._BEFORE}\n"
    part = f"<!-- lied about: method 1, settings x -->\nfirst\n{report.CLOSE}"
    once = report.inserted(page, part)
    assert once.index(report.HEADING) < once.index(report._BEFORE)
    assert report.inserted(once, part.replace("first", "second")) == once.replace("first", "second")


def test_the_section_is_of_this_method() -> None:
    assert report.mark() in PAGE.read_text(encoding="utf-8"), "run: python -m tests.liars --out docs/method.md"
