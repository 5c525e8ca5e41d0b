"""Exports with well-filled cells at big tech, which tell the shape of pay, and thin ones that the model is near to."""

import math
import random
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.builders.exports import native_row, write_native

EMPLOYERS = {
    "T2": ["Google", "Amazon", "Meta", "Samsung", "Tencent", "Microsoft"],
    "T3": ["Adept AI", "AI21 Labs", "Aleph Alpha", "Anyscale", "AssemblyAI", "Baseten", "Cartesia", "Cerebras"],
    "T4": ["Stripe", "Uber", "1Password", "6sense", "Acer", "ADP", "Airbyte", "Addepar", "Agoda", "Acronis"],
    "T5": ["3M", "7-Eleven", "Aetna", "AIG", "JPMorgan Chase", "Airbus"],
}
TITLES = {"ML Engineer": 50, "NLP Engineer": 25, "Computer Vision Engineer": 8, "RLHF Engineer": 5, "LLM Engineer": 4}
LEVELS = {"Junior": 4, "Senior": 10, "Staff": 4, "Principal": 1}
PLACES = {"Austin, TX": 30, "Remote, US": 25, "Seattle, WA": 15, "London, UK": 20, "Leeds, UK": 5, "Berlin, Germany": 2}


class Payers:
    """Draws native rows; `apart` is the standard deviation, in logs, of what cells and employers pay beside the rest.

    `with_total` is the share of rows whose total is known.
    """

    def __init__(self, seed: int, apart: float, with_total: float) -> None:
        self.rng = random.Random(seed)
        self.apart: dict[Any, float] = defaultdict(lambda: self.rng.gauss(0, apart))
        self.with_total = with_total
        self.drawn = 0

    def one_of(self, weights: dict[str, int]) -> str:
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def person(self, **facts: Any) -> dict[str, Any]:
        """One native row, its level in the words of its title unless `years_experience` is given."""
        tier = self.one_of({"T2": 50, "T3": 12, "T4": 25, "T5": 10})
        known = {"employer": self.rng.choice(EMPLOYERS[tier]), "location": self.one_of(PLACES), "years_experience": ""}
        known |= {"kind": self.one_of(TITLES), "seniority": self.one_of(LEVELS)} | facts
        kind, seniority = known.pop("kind"), known.pop("seniority")
        abroad, big = known["location"].endswith("UK"), known["employer"] in EMPLOYERS["T2"]
        log = 0.25 * list(LEVELS).index(seniority) + 0.3 * big - 0.3 * abroad
        log += self.apart[known["employer"]] / 2 + self.apart[kind, seniority, abroad, big]
        base = int(round(90_000 * math.exp(log + self.rng.gauss(0, 0.22)), -2))
        has_total = self.rng.random() < self.with_total
        self.drawn += 1
        return native_row(
            self.drawn,
            **known,
            job_title=kind if known["years_experience"] else f"{seniority} {kind}",
            level="",
            submitted_at=date(2026, 6, 30) - timedelta(days=int(self.rng.random() ** 1.5 * 300)),
            base=base,
            total=int(base * self.rng.uniform(1.05, 1.3)) if has_total else "",
        )


def write_thin(raw: Path, seed: int, apart: float, with_total: float) -> None:
    """Two sources; beside what is drawn, cells of one large employer, of two employers, and with levels by years."""
    payers = Payers(seed, apart, with_total)
    rows = [payers.person() for _ in range(2_000)]
    for employer, count in {"JPMorgan Chase": 12, "3M": 3, "AIG": 3}.items():
        facts = {"employer": employer, "kind": "Recommender Systems Engineer", "location": "Leeds, UK"}
        rows += [payers.person(**facts, seniority="Senior") for _ in range(count)]
    for employer, count in {"Stripe": 5, "Uber": 5, "": 4}.items():
        facts = {"employer": employer, "kind": "Generative AI Engineer", "location": "Austin, TX"}
        rows += [payers.person(**facts, seniority="Staff") for _ in range(count)]
    for employer in EMPLOYERS["T4"]:
        facts = {"employer": employer, "kind": "MLOps Engineer", "location": "Remote, US"}
        rows += [payers.person(**facts, seniority="Senior", years_experience=3) for _ in range(3)]
    write_native(raw, rows[::2], "north/all.csv")
    write_native(raw, rows[1::2], "south/all.csv")
