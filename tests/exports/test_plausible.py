"""An export is compared with the average wages of its countries before it is believed."""

import pandas as pd
import pytest

from salary_bands.classify.plausible import Plausibility
from salary_bands.settings import Settings
from tests.builders.exports import native_row
from tests.builders.intake import Intake, csv_text, intake


def finnish(settings: Settings, base: int, rows: int = 40, **cells: object) -> Intake:
    """Software engineers in Helsinki with pay around a figure in euros, read as a year's."""
    plain = {"location": "Helsinki, Finland", "currency": "EUR", "job_title": "Software Engineer", "level": "L4"}
    made = [native_row(n, base=base + 10 * n, employer="", **{**plain, **cells}) for n in range(rows)]
    return intake(settings, csv_text(made))


def test_monthly_pay_read_as_a_years_is_held_with_factor_and_cause(settings: Settings) -> None:
    found = finnish(settings, 4_800)
    record = found.records["pay_reports"]
    assert record["held"]["reason"] == "implausible"
    assert "pay in FI in EUR (40 reports) is 1/1" in record["held"]["line"]
    assert "as if months were read as years" in record["held"]["line"]
    assert "implausible_factor" in record["held"]["line"]


def test_pay_that_is_usual_passes_without_a_word(settings: Settings) -> None:
    record = finnish(settings, 62_000).records["pay_reports"]
    assert record["held"] is None and record["warnings"] == []


def test_pay_that_may_be_net_is_a_warning(settings: Settings) -> None:
    record = finnish(settings, 38_000).records["pay_reports"]
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
    assert finnish(settings, 4_800, rows, **cells).records["pay_reports"]["held"] is None


def test_levels_are_taken_out() -> None:
    plausibility = Plausibility()
    columns = {"country": "US", "scope_reason": None, "leaf": "ml_generalist", "stage": None}
    for level, base in (("L3", 93_000), ("L5", 128_000), ("L7", 186_000)):
        frame = pd.DataFrame({**columns, "level": [level] * 20, "base": pd.array([base] * 20, dtype="Int64")})
        plausibility.add(frame, pd.Series("USD", index=frame.index))
    (difference,) = plausibility.differences()
    assert difference.reports == 60 and difference.factor == pytest.approx(1, abs=0.03)
