"""Reports of one population at thirteen employers, a week or a year of them."""

import math
import random
from datetime import date, timedelta
from typing import Any

from tests.builders.exports import native_row

TITLES = {"Machine Learning Engineer": 0.0, "NLP Engineer": -0.05, "LLM Engineer": 0.12}
LEVELS = {"Junior ": -0.35, "Senior ": 0.0, "Staff ": 0.2}
EMPLOYERS = {
    "Stripe": 0.1, "Uber": 0.05, "Airbnb": 0.08, "Spotify": -0.02, "Pinterest": 0.0, "Dropbox": 0.0, "Google": 0.2,
    "Microsoft": 0.12, "Amazon": 0.15, "Meta": 0.2, "Walmart": -0.1, "BMW": -0.1, "Pfizer": -0.1,
}  # fmt: skip
Rows = list[dict[str, Any]]


def people(
    seed: int,
    count: int,
    last: str = "2026-05-31",
    days: int = 300,
    pay: float = 1.0,
    raises: dict[str, float] = LEVELS,
) -> Rows:
    """Native rows of one population over some days; pay: by what all of it is wrong."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        title, level, employer = (rng.choice(list(names)) for names in (TITLES, LEVELS, EMPLOYERS))
        log_pay = TITLES[title] + raises[level] + EMPLOYERS[employer] + rng.gauss(0, 0.18)
        base = int(180_000 * math.exp(log_pay) * pay)
        rows.append(
            native_row(
                number,
                submission_id=f"{seed}-{number}",
                submitted_at=date.fromisoformat(last) - timedelta(days=rng.randrange(days)),
                job_title=level + title,
                employer=employer,
                level="",
                base=base,
                bonus=0,
                equity_annual=base // 5,
                location=rng.choice(["Seattle, WA", "Austin, TX"]),
            )
        )
    return rows
