"""What an export pays apart from the reports that the model knows, with an error that knows employers."""

import math
from typing import Any

import pandas as pd
import pytest

from salary_bands.statistics.residuals import export_residuals


def modelled(**changed: Any) -> dict[str, Any]:
    y = changed.pop("y", 0.0)
    n = changed.setdefault("n", 4)
    sums = {"sum_y": round(n * y * 65536), "sum_yy": round(n * (y * 65536) ** 2 + n * (0.1 * 65536) ** 2)}
    return {
        "metric": "base", "leaf": "ml_generalist", "tier": "T4", "level": "L5", "market": "US", "month": "2026-04",
        "source": "north", "employer": "a", "weight": 1 << 20, "new_file": "", "is_former": False, **sums, **changed,
    }  # fmt: skip


def test_residuals_take_the_nearest_month_and_leave_out_what_the_fit_lacks() -> None:
    known = [modelled(employer=e, month=m, y=0.1 * (m > "2026-02")) for e in "abcd" for m in ("2026-01", "2026-04")]
    fresh = {"new_file": "north/2.csv", "y": 0.35}
    new = [modelled(employer=e, month="2026-06", **fresh) for e in "abcd"] + [modelled(leaf="llm_general", **fresh)]
    alone = [modelled(source="west", **{**fresh, "new_file": "west/1.csv"})]
    [row] = export_residuals(pd.DataFrame(known + new + alone)).to_dict("records")
    assert (row["file"], row["reports"], row["others"]) == ("north/2.csv", 16, 32)
    assert row["difference"] == pytest.approx(0.25, abs=1e-4)
    assert row["error"] == pytest.approx(math.sqrt(0.01 / 16 + 0.01 / 32), rel=1e-3)  # no employer stands out


def test_a_source_that_says_all_anew_is_compared_with_what_it_said_before() -> None:
    known = [modelled(employer=e, source="south") for e in "abcd"]
    former = [modelled(employer=e, source="west", y=0.3, is_former=True) for e in "abcd"]
    new = [modelled(employer=e, source="west", y=0.42, new_file="west/1.csv") for e in "abcd"]
    [row] = export_residuals(pd.DataFrame(known + former + new)).to_dict("records")
    assert (row["file"], row["others"]) == ("west/1.csv", 16)
    assert row["difference"] == pytest.approx(0.12, abs=1e-4)
    assert export_residuals(pd.DataFrame(known + new)).empty
    assert export_residuals(pd.DataFrame(former + new)).empty


def test_people_of_one_employer_tell_less_than_as_many_of_several() -> None:
    def error(pays: dict[str, float]) -> float:
        known = [modelled(employer=e, n=25) for e in "abcdefgh"]
        new = [modelled(employer=e, n=10, y=y, new_file="north/2.csv") for e, y in pays.items()]
        return float(export_residuals(pd.DataFrame(known + new))["error"].iloc[0])

    assert error({"a": 0.4, "b": -0.4, "c": 0.4, "d": -0.4}) > 2.5 * error(dict.fromkeys("abcd", 0.0))
