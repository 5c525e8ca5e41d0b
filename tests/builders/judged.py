"""Reports whose pay is known beforehand and adverts of two years: what every claim comes to is seen from them."""

import math
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.builders.cases import ADVERT_HEADER
from tests.builders.exports import native_row, write_native

EMPLOYERS = (
    "Stripe", "Uber", "Airbnb", "Spotify", "Pinterest", "Dropbox", "Adobe", "Adyen", "Affirm", "1Password",
    "Accenture", "3M", "Abbott", "AbbVie", "Adidas", "Aflac", "Agilent", "AES", "Accor", "ABB",
)  # fmt: skip
# title, factor of pay against the generalist, reports
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
    rows += [native_row(len(rows) + number, **cells) for number, cells in enumerate(exactly())]
    return rows


def exactly() -> Iterator[dict[str, Any]]:
    """Reports at the very ends of widened ranges, a cell of ten that is withheld, frontier labs beyond open ends."""
    for base in (224_250, 328_000):
        yield {"job_title": "LLM Engineer", "base": base, "employer": "Spotify"}
    for number in range(10):
        employer = EMPLOYERS[number % 2]
        yield {"job_title": "Recommender Systems Engineer", "base": 180_000 + number, "employer": employer, "bonus": 0}
    for number in range(120):
        title = ("Senior Pretraining Engineer", "Senior Machine Learning Researcher")[number % 2]
        facts = {"employer": ("OpenAI", "Anthropic", "Google DeepMind")[number % 3], "level": "", "bonus": 0}
        yield {"job_title": title, "base": 360_000 + number * 500, "equity_annual": 1_300_000, **facts}


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
