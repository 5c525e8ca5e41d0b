"""A small version of the attacks, and that they are real: they win where the defence is off."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.attack import judge, report
from tests.attack.cells import FIGURES, bound_ranks, read
from tests.attack.filling import filled
from tests.attack.likelihood import GRID, Guess, answer, log_likelihood, without_defence
from tests.attack.worlds import Try, chain

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tries() -> list[Try]:
    return chain("thin", 904, 5)


def test_bounds_are_where_the_method_says() -> None:
    """The example of docs/method.md: of ten, the second lowest and the second highest."""
    assert bound_ranks(10, 0.5) == (0.15, 0.85)
    assert np.isnan(bound_ranks(8, 0.5)[0])


def test_a_cell_whose_figures_rose_points_above_them() -> None:
    before = pd.DataFrame(
        {
            "view": "leaf", "group_id": "all", "tier": "all", "level": "all", "market": "US", "n_reports": 100,
            "n_effective": 60.0, "shrinkage_weight": np.nan, "median_age_days": 10,
            **{name: 100_000.0 * (1 + i / 20) for i, name in enumerate(_in_order())},
        },
        index=[0],
    )  # fmt: skip
    after = before.assign(n_reports=105, **{name: before[name] * 1.01 for name in FIGURES})
    guess = Guess(float(np.log(130_000)), 0.2)
    found = log_likelihood(read(before, after), guess, judge.ONE)
    assert found[GRID > 0.5].mean() > found[GRID < -0.5].mean() + 1
    assert answer(guess, found, 1.0, 0.1) > guess.mean
    assert answer(guess, None, 1.0, 0.1) == pytest.approx(guess.mean, abs=0.01)


def _in_order() -> list[str]:
    return [f"p{p}{side}" for p in (10, 25, 50, 75, 90) for side in ("_low", "", "_high")]


def test_a_score_counts_both_amounts_of_a_person_once() -> None:
    one = pd.DataFrame(
        {
            "world": "thin",
            "person": [str(i // 2) for i in range(40)],
            "guess_0.1": False,
            "attack_0.1": [True] * 4 + [False] * 36,
        }
    )
    found = judge.score(one, 0.10)
    assert (found.tries, found.guess, found.attack) == (40, 0.0, 0.1)
    assert found.upper == pytest.approx(0.1 + judge.Z * np.sqrt(2 * 1.8**2 + 18 * 0.2**2) / 40)
    assert not found.met


def test_the_attack_wins_without_the_defence(tries: list[Try]) -> None:
    results = judge.judged(tries, judge.ONE, opened=True)
    assert results["attack_0.1"].mean() >= 0.8
    assert results["attack_0.02"].mean() >= 0.5
    assert not without_defence(judge.ONE).moved


def test_the_attack_gains_little_from_one_report(tries: list[Try]) -> None:
    results = judge.judged(tries, judge.ONE)
    assert results["attack_0.1"].mean() <= results["guess_0.1"].mean() + judge.LIMITS[0.10]


def test_rows_of_the_attackers_own_are_in_the_cells_of_the_person() -> None:
    """How often they give the person away is in docs/method.md."""
    tries = filled("thin", 904, 1)
    assert len(tries) == 2
    for one in tries:
        grown = one.seen[1]["n_reports"].max() - one.seen[0]["n_reports"].max()
        assert grown in (0, 5)
    assert not judge.judged(tries, judge.FILLED, filled=True).isna().any(axis=None)


def test_the_page_has_one_section_and_takes_a_new_one() -> None:
    page = f"# Method\n\n{report._BEFORE}\n"
    part = "<!-- attacked: method 1, settings x -->\nfirst\n<!-- end of what was attacked -->"
    once = report.inserted(page, part)
    assert once.index(report.HEADING) < once.index(report._BEFORE)
    assert report.inserted(once, part.replace("first", "second")) == once.replace("first", "second")


def test_the_section_is_of_this_method() -> None:
    page = (ROOT / "docs/method.md").read_text(encoding="utf-8")
    assert report.OPEN.format(method=report.METHOD, digest=report.settings_digest()) in page, "run: make attack"


def test_the_plain_words_of_the_page_say_what_its_table_says() -> None:
    """If this fails after `make attack`, write the figures of the table into the text below it."""
    page = (ROOT / "docs/method.md").read_text(encoding="utf-8")
    part = page[page.index("<!-- attacked: ") :]
    table, words = (
        part[: part.index(report.CLOSE)],
        part[part.index("**In plain words.**") : part.index(report._BEFORE)],
    )
    rows = {
        cells[0]: cells
        for cells in ([c.strip() for c in line.split("|")[1:-1]] for line in table.splitlines())
        if cells
    }
    said = " ".join(words.split())
    for attack in ("one", "months", "filled", "premiums"):
        near, nearer = (rows[report.ATTACKS[attack]][column].removesuffix(" %") for column in (3, 6))
        assert re.search(rf"place[s]? {near} .{{0,40}}to 10 % and {nearer} to 2 %", said), attack
    without = rows[report.ATTACKS["open"]]
    assert f"would be {without[3].removesuffix(' %')} and {without[6].removesuffix(' %')}" in said
    assert all(rows[report.ATTACKS[attack]][8] == "yes" for attack in ("pairs", "sums"))
