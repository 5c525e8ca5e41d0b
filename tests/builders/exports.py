"""Native exports in a few lines."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

OPTIONAL = (
    "employer specialisation skills level years_experience location remote employment pay_period bonus equity_grant "
    "vesting_years equity_annual equity_type equity_liquid sign_on total verified hours_per_week"
).split()


def native_row(number: int, **cells: Any) -> dict[str, Any]:
    """One row of a native export; what is not given is plain."""
    row: dict[str, Any] = {
        "submission_id": f"s{number}",
        "submitted_at": "2026-05-10",
        "job_title": "Machine Learning Engineer",
        "currency": "USD",
        "base": 150_000 + 1_000 * number,
        **dict.fromkeys(OPTIONAL, ""),
        "employer": f"Employer {number % 5}",
        "level": "L4",
        "location": "Seattle, WA",
    }
    return {**row, **cells}


MODEL_EMPLOYERS = ("Stripe", "Uber", "Airbnb", "Spotify", "Pinterest", "Dropbox")


def model_rows(count: int = 60, names: Sequence[str] = MODEL_EMPLOYERS) -> list[dict[str, Any]]:
    """Rows that the model can tell premiums, levels and the multipliers' baseline from."""
    titles = ["Senior Machine Learning Engineer", "Senior NLP Engineer", "Staff Machine Learning Engineer"]
    return [
        native_row(
            number,
            job_title=titles[number % 3],
            employer=names[number // 3 % len(names)],
            level="",
            bonus=0,
            equity_annual=1_000 * (number * 7 % 50),
            base=150_000 + 1_000 * (number * 37 % 60),
        )
        for number in range(count)
    ]


def write_native(raw: Path, rows: list[dict[str, Any]], file: str = "source/native.csv") -> Path:
    """Write rows as RAW/<source>/<file>, with every column that a row has."""
    path = raw / file
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path
