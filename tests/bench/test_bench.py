"""The populations of `make bench` have the variety that its page states, and its table says what was measured."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.bench import report
from tests.bench.population import POPULATIONS, write_exports


def reports(name: str, folder: Path, rows: int = 90_000) -> pd.DataFrame:
    write_exports(POPULATIONS[name], rows, folder)
    return pd.concat([pd.read_csv(path).assign(source=path.parent.name) for path in sorted(folder.glob("*/*.csv"))])


def test_the_varied_population_has_the_variety_that_the_page_states(tmp_path: Path) -> None:
    found = reports("varied", tmp_path)
    distinct = {name: found[name].nunique() for name in ("employer", "job_title", "location", "source")}
    assert distinct == {"employer": 747, "job_title": 1503, "location": 35, "source": 3}
    assert found["submission_id"].is_unique
    assert found["submitted_at"].str[:7].nunique() in (14, 15)  # 420 days


def test_pay_is_nearly_unique_in_the_other(tmp_path: Path) -> None:
    found = reports("alike", tmp_path)
    assert found["employer"].nunique() == 40
    assert found["base"].nunique() > 0.75 * len(found)


def test_more_reports_have_other_numbers(tmp_path: Path) -> None:
    first = reports("varied", tmp_path / "a", 300)
    write_exports(POPULATIONS["varied"], 3, tmp_path / "b", seed=1, start=300)
    later = pd.concat(map(pd.read_csv, (tmp_path / "b").glob("*/*.csv")))
    assert not set(first["submission_id"]) & set(later["submission_id"])


def test_the_table_relates_each_work_to_the_floor_and_to_a_cold_refresh(tmp_path: Path) -> None:
    costs = {"peer duckdb": 2.0, "cold": 8.0, "nothing new": 1.0}
    rows = [
        {"population": "varied", "rows": 1000, "work": work, "cost": {"cpu": cpu, "wall": cpu, "peak": 0.5}}
        for work, cpu in costs.items()
    ]
    results, page = tmp_path / "results.json", tmp_path / "page.md"
    results.write_text(json.dumps({"machine": "a machine", "rows": rows}), encoding="utf-8")
    page.write_text("before\n<!-- measured -->\nstale\n<!-- end -->\nafter\n", encoding="utf-8")
    report.write(results, page)
    text = page.read_text(encoding="utf-8")
    assert "| nothing new | 1.00 | 1.00 | 0.50 | 0.50 | 0.125 |" in text
    assert "stale" not in text and text.startswith("before") and text.endswith("after\n")


def test_a_command_that_fails_is_no_measurement() -> None:
    from tests.bench.measure import cost

    with pytest.raises(RuntimeError, match="ended with 1"):
        cost(("false",))
