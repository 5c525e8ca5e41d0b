"""An export is compared with the average wages of its countries before it is believed."""

import pandas as pd
import pytest

from salary_bands.classify.plausible import Plausibility
from salary_bands.settings import Settings
from tests.builders.exports import native_row
from tests.builders.intake import Intake, csv_text, intake


def finnish(settings: Settings, base: int, rows: int = 40, **cells: object) -> Intake:
    """Software engineers in Helsinki with pay around a figure in euros, read as a year's."""
    plain = {
        "location": "Helsinki, Finland",
        "currency": "EUR",
        "job_title": "Software Engineer",
        "level": "L4",
        "employer": "",
    }
    made = [native_row(n, base=base + 10 * n, **{**plain, **cells}) for n in range(rows)]
    return intake(settings, csv_text(made))


def test_monthly_pay_read_as_a_years_is_held_with_factor_and_cause(settings: Settings) -> None:
    found = finnish(settings, 4_800)
    record = found.record("pay_reports")
    assert record["held"]["reason"] == "implausible"
    assert "pay in FI in EUR (40 reports) is 1/1" in record["held"]["line"]
    assert "as if months were read as years" in record["held"]["line"]
    assert "implausible_factor" in record["held"]["line"]


def test_pay_that_is_usual_passes_without_a_word(settings: Settings) -> None:
    record = finnish(settings, 62_000).record("pay_reports")
    assert record["held"] is None and record["warnings"] == []


def test_pay_that_may_be_net_is_a_warning(settings: Settings) -> None:
    record = finnish(settings, 38_000).record("pay_reports")
    assert record["held"] is None
    (line,) = record["warnings"]
    assert line.startswith("pay in FI in EUR (40 reports) is 1/") and line.endswith("as if it were net")


@pytest.mark.parametrize(
    "cells",
    [{"rows": 29}, {"location": "Bengaluru, India"}, {"job_title": "Recruiter"}, {"employment": "intern"}],
    ids=["few", "no wage", "another job", "out of scope"],
)
def test_what_cannot_be_compared_is_not(settings: Settings, cells: dict[str, object]) -> None:
    rows = int(str(cells.pop("rows", 40)))
    assert finnish(settings, 4_800, rows, **cells).record("pay_reports")["held"] is None


def test_a_frontier_lab_that_pays_three_times_what_is_usual_is_not_held(settings: Settings) -> None:
    seattle = {"location": "Seattle, WA", "currency": "USD", "level": "", "years_experience": 6}
    lab = finnish(settings, 400_000, **seattle, employer="Anthropic").record("pay_reports")
    assert lab["held"] is None
    assert finnish(settings, 400_000, **seattle).record("pay_reports")["held"]["reason"] == "implausible"


@pytest.mark.parametrize(
    ("base", "cells", "cause"),
    [
        (300_000_000, {"location": "Mexico City, Mexico", "currency": "MXN"}, "thousands were counted twice"),
        (62_000 * 11, {}, "years were read as months"),
        (62_000 * 11, {"currency": "USD"}, "amounts in EUR were read as USD"),
        (4_800_000, {"location": "Tokyo, Japan", "currency": "USD"}, "amounts in JPY were read as USD"),
    ],
)
def test_the_likely_cause_is_named(settings: Settings, base: int, cells: dict[str, object], cause: str) -> None:
    assert cause in finnish(settings, base, **cells).record("pay_reports")["held"]["line"]


def test_currencies_of_a_country_are_compared_apart(settings: Settings) -> None:
    plain = {"location": "Tokyo, Japan", "job_title": "Software Engineer", "level": "L4", "employer": ""}
    right = [native_row(n, base=7_000_000, currency="JPY", **plain) for n in range(90)]
    wrong = [native_row(100 + n, base=7_000_000, currency="USD", **plain) for n in range(40)]
    record = intake(settings, csv_text(right + wrong)).record("pay_reports")
    assert record["held"]["line"].startswith("pay in JP in USD (40 reports) is ")
    few = intake(settings, csv_text(right + wrong[:20]), "source/few.csv").record("pay_reports")
    assert few["held"] is None


def test_levels_are_taken_out() -> None:
    plausibility = Plausibility()
    columns = {"country": "US", "scope_reason": None, "leaf": "ml_generalist", "stage": None, "tier": "T4"}
    for level, base in (("L3", 93_000), ("L5", 128_000), ("L7", 186_000)):
        frame = pd.DataFrame({**columns, "level": [level] * 20, "base": pd.array([base] * 20, dtype="Int64")})
        plausibility.add(frame, pd.Series("USD", index=frame.index))
    (difference,) = plausibility.differences()
    assert difference.reports == 60 and difference.factor == pytest.approx(1, abs=0.03)
