"""The synthetic export that the golden release was made of: `python make_export.py FILE`. Nobody earns its figures."""

import random
import sys
from pathlib import Path

HEADER = "submission_id,submitted_at,job_title,currency,base,employer,level,location,bonus,equity_annual,verified"
EMPLOYERS = ("Stripe", "Uber", "Airbnb", "Spotify", "Pinterest", "Dropbox")
TITLES = {"Machine Learning Engineer": 150_000, "LLM Inference Engineer": 180_000}


def export(rows: int = 40, seed: int = 20260331) -> str:
    """A native export of that many made-up reports of three months, the same everywhere."""
    draw = random.Random(seed)  # random(), unlike choice() and gauss(), is the same in every version of Python
    lines = [HEADER]
    for number in range(rows):
        title = list(TITLES)[number % 5 % 2]
        base = round(TITLES[title] * (0.85 + 0.4 * draw.random()), -3)
        day = 1 + int(28 * draw.random())
        bonus, equity = (round(base * share * draw.random(), -3) for share in (0.2, 0.6))
        lines.append(
            f"first-{number:02},2026-0{1 + number % 3}-{day:02},{title},USD,{base:.0f},"
            f'{EMPLOYERS[number % len(EMPLOYERS)]},L5,"Seattle, WA",{bonus:.0f},{equity:.0f},'
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(export().encode())
