"""Cards and claims against the oracle, on reports whose pay is known beforehand and on adverts; every verdict occurs."""

import csv
import math
import random
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from salary_bands.reference import FOLDER
from salary_bands.settings import Settings, load
from tests import oracle_cards
from tests.cases import ADVERT_HEADER, Case, built_case, records, settings_at
from tests.conftest import build, native_row, write_native
from tests.oracle_cards import judged_pay, judged_premium, judged_rank, newcombe, wilson
from tests.oracle_figures import Figure

EMPLOYERS = (
    "Stripe", "Uber", "Airbnb", "Spotify", "Pinterest", "Dropbox", "Adobe", "Adyen", "Affirm", "1Password",
    "Accenture", "3M", "Abbott", "AbbVie", "Adidas", "Aflac", "Agilent", "AES", "Accor", "ABB",
)  # fmt: skip
# Title, factor of pay against the generalist, reports: what the claims come to is seen from these.
PEOPLE = (
    ("Machine Learning Engineer", 1.0, 300),
    ("NLP Engineer", 0.9, 120),
    ("Pretraining Engineer", 1.75, 120),
    ("Generative AI Engineer", 1.3, 200),
    ("AI Agent Engineer", 1.3, 60),
    ("LLM Engineer", 1.32, 60),
    ("Computer Vision Engineer", 1.0, 200),
    ("SLAM Engineer", 0.7, 80),
    ("MLOps Engineer", 1.15, 200),
    ("Reinforcement Learning Engineer", 1.0, 100),
    ("LLM Inference Engineer", 1.2, 160),
    ("AI Safety Researcher", 1.0, 12),
    ("RLHF Engineer", 1.2, 8),
    ("Machine Learning Researcher", 0.8, 60),
    ("Data Scientist", 0.8, 30),
)
SEEN = {
    ("pay", "supported", None, None), ("pay", "contradicted", "below", None), ("pay", "contradicted", "above", None),
    ("pay", "insufficient_data", None, "straddles"), ("pay", "insufficient_data", None, "suppressed"),
    ("pay", "insufficient_data", None, "no_reports"),
    ("premium", "supported", None, None), ("premium", "contradicted", "below", None),
    ("premium", "contradicted", "above", None), ("premium", "insufficient_data", None, "straddles"),
    ("premium", "insufficient_data", None, "not_identified"), ("premium", "insufficient_data", None, "no_reports"),
    ("premium", "insufficient_data", None, "by_definition"),
    ("rank", "supported", None, None), ("rank", "contradicted", "below", None), ("rank", "contradicted", "above", None),
    ("rank", "insufficient_data", None, "straddles"), ("rank", "insufficient_data", None, "not_identified"),
    ("rank", "insufficient_data", None, "no_reports"),
    "demand", "no demand", "no demand of a group", "demand_change", "no demand_change", "share_of_reports",
    "no share_of_reports", "premium", "premium not identified", "no premium", "base_p50", "no base_p50",
    "an advert that is an outlier", "an advert out of scope before", "an advert of a source of one window",
}  # fmt: skip


def people(seed: int) -> list[dict[str, Any]]:
    """Reports that differ by title, level and employer as PEOPLE says, and by a little chance."""
    rng = random.Random(seed)
    rows = []
    for title, factor, count in PEOPLE:
        for _ in range(count):
            level = rng.choice(["L3", "L4", "L5", "L5", "L6"])
            employer = rng.choice(EMPLOYERS[:2] if title == "RLHF Engineer" else EMPLOYERS)
            base = 200_000 * factor * 1.15 ** (int(level[1]) - 5) * math.exp(rng.gauss(0, 0.08))
            rows.append(
                native_row(
                    len(rows),
                    job_title=title,
                    level=level,
                    employer=employer,
                    submitted_at=date(2026, 6, 30) - timedelta(days=rng.randrange(420)),
                    location=rng.choice(["Seattle, WA", "Austin, TX", "Remote, US", "London, UK"]),
                    base=round(base),
                    bonus=round(base * 0.2),
                    equity_annual=round(base * 0.5),
                )
            )
    return rows


def write_board(raw: Path, source: str, years: dict[str, list[str]]) -> None:
    """A snapshot of adverts, by year their titles; some are of contracts, some of twenty times the pay."""
    lines = [ADVERT_HEADER]
    for year, titles in years.items():
        for number, title in enumerate(titles):
            employment = "CT" if number % 10 == 3 else "FT"
            pay = (90_000 + 1_000 * number) * (20 if number % 40 == 7 else 1)
            lines.append(f"{year},SE,{employment},{title},{pay},USD,{pay},US,0,US,M")
    path = raw / source / "salaries_2026-06-28.csv"
    path.parent.mkdir()
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_judged(raw: Path) -> None:
    """People, a board with adverts of two years, and one that has adverts of this year alone."""
    write_native(raw, people(11), "people/all.csv")
    rng = random.Random(12)
    titles = ["LLM Engineer", "MLOps Engineer", "Computer Vision Engineer", "Data Scientist", "Head of Data", "Wizard"]
    board = {
        year: rng.choices(titles, weights, k=150) for year, weights in (
            ("2024", (1, 2, 4, 8, 1, 1)), ("2025", (2, 2, 3, 8, 1, 1)), ("2026", (5, 3, 1, 8, 1, 1))
        )
    }  # fmt: skip
    write_board(raw, "board", board)
    write_board(raw, "newcomer", {"2026": rng.choices(titles, k=60)})


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Case]]:
    """Reports and adverts with known pay, reports of many kinds, adverts alone."""
    settings = settings_at(tmp_path_factory.mktemp("judged"))
    write_judged(settings.raw)
    found = {"judged": Case(build(settings), date(2026, 6, 30), ("US",), set())}
    for name in ("generated", "snapshots"):
        with built_case(name, tmp_path_factory.mktemp(name), lambda: Path()) as case:
            case.markets = ("US",)
            found[name] = case
    yield found


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
