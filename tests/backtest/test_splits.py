"""`make backtest` counts right, sees what halves have in common, and docs/method.md says what it found."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from salary_bands.settings import Settings
from tests.backtest import report
from tests.backtest.judged import interval, judged, kind_of, outside, spread
from tests.backtest.splits import months_after
from tests.builders import ROOT


def rows(differences: list[float], error: float = 0.1, metric: str = "base") -> pd.DataFrame:
    """Figures that much above the later ones, whose intervals have equal errors on both sides."""
    figure = 100_000 * np.exp(differences)
    reach = np.exp(1.96 * error / np.sqrt(2))
    ends = {"figure": figure, "low": figure / reach, "high": figure * reach}
    ends |= {f"{name}_after": 100_000 * by for name, by in {"figure": 1, "low": 1 / reach, "high": reach}.items()}
    frame = pd.DataFrame({**ends, "metric": metric, "percentile": 50, "until": "2020-06-30", "market": "US"})
    return frame.assign(tier="T4", level="L5", basis="pooled", source="levels_fyi", evidence="reported")


def test_z_is_the_difference_without_what_all_have_in_common() -> None:
    found = judged(rows([0.05, 0.25, -0.15, 0.05]))
    assert found["drift"].tolist() == pytest.approx([0.05] * 4)
    assert found["z"].tolist() == pytest.approx([0, 2, -2, 0])
    assert outside(found["z"].to_numpy()) == 50
    assert spread(found["z"].to_numpy()) == pytest.approx(np.sqrt(2))


def test_the_drift_is_of_one_metric_percentile_and_day_and_sure_figures_count_more() -> None:
    two = pd.concat([rows([0.1, 0.1]), rows([0.5, 0.5], metric="total")])
    assert judged(two)["z"].abs().max() == pytest.approx(0, abs=1e-9)
    unequal = pd.concat([rows([0.0], 0.1), rows([0.5], 0.2)])
    assert judged(unequal)["drift"].iloc[0] == pytest.approx(0.1)


def test_what_a_country_has_in_common_is_counted_once() -> None:
    rng = np.random.default_rng(3)
    alike = pd.DataFrame({"market": np.repeat(range(8), 50), "z": np.repeat(rng.normal(0, 1, 8), 50)})
    single = pd.DataFrame({"market": range(400), "z": rng.normal(0, 1, 400)})
    wide, narrow = (interval(frame, "market", spread) for frame in (alike, single))
    assert wide[1] - wide[0] > 3 * (narrow[1] - narrow[0])
    assert narrow[0] < 1 < narrow[1]


def test_kinds_are_those_of_the_manifest() -> None:
    cells = pd.DataFrame({"tier": ["T1", "T5", "all"], "level": ["L5", "senior", "early"]})
    assert kind_of(cells).tolist() == ["listed_level", "other_stage", "all_stage"]


def test_half_a_year_after_the_end_of_a_month_is_the_end_of_a_month() -> None:
    assert months_after(date(2019, 12, 31), 6) == date(2020, 6, 30)
    assert months_after(date(2020, 6, 30), 6) == date(2020, 12, 31)
    assert months_after(date(2020, 8, 31), 6) == date(2021, 2, 28)


def band(**changed: object) -> dict[str, object]:
    key = {"group_id": "ml_generalist", "market": "US", "evidence": "reported", "tier": "T2", "level": "L5"}
    figures = {"metric": "base", "basis": "direct", "p50": 176_000, "p50_low": 172_000, "p50_high": 181_000}
    return {**key, **figures, **changed}


def test_the_part_shows_kinds_countries_and_machine_learning() -> None:
    many = pd.concat([rows([0.02, -0.02, 0.3] * 10), rows([0.01, -0.01] * 12, metric="total")])
    many["market"] = [["US", "IN", "GB"][n % 3] for n in range(len(many))]
    shown = pd.DataFrame([band(), band(metric="total", basis="pooled"), band(level="L6", basis="suppressed")])
    text = report.text(judged(many), {"2020-12-31": shown}, 253)
    assert text.startswith(report.mark()) and text.endswith(report.CLOSE)
    assert "| other_level | 30 / 24 | " in text and "\n| IN | " not in text, "10 differences of a country are too few"
    assert "| 2020-12-31 | L5 | · / · | 176 (172 to 181) / *176 (172 to 181)* |" in text
    assert "| 2020-12-31 | L6 | · / · | · / · |" in text


def test_the_page_says_what_was_found_by_this_method_with_these_settings() -> None:
    """Where this fails, `make backtest` writes it anew."""
    part = report.generated((ROOT / "docs" / "method.md").read_text(encoding="utf-8"))
    assert part.splitlines()[0] == report.mark()


def test_other_settings_are_another_back_test(monkeypatch: pytest.MonkeyPatch) -> None:
    known = report.mark()
    monkeypatch.setattr(Settings.model_fields["variance_prior"], "default", 11)
    assert report.mark() != known
    monkeypatch.undo()
    monkeypatch.setattr(report, "METHOD", 99)
    assert report.mark() != known


def test_only_its_part_of_the_page_is_replaced() -> None:
    part = f"{report.mark()}\n\ntext\n\n{report.CLOSE}"
    page = "# The method\n\nby hand\n\n## What the figures are not\n\nby hand too\n"
    once = report.inserted(page, part)
    assert once.replace(f"{report.HEADING}\n\n{part}\n\n", "") == page
    assert report.inserted(once, part.replace("text", "other \\1")) == once.replace("text", "other \\1")
    with pytest.raises(ValueError, match="0 generated parts"):
        report.generated(page)


def test_without_the_real_exports_nothing_is_measured_and_a_line_says_so(tmp_path: Path) -> None:
    page = tmp_path / "method.md"
    page.write_text("as it was", encoding="utf-8")
    command = [sys.executable, "-m", "tests.backtest", "--out", str(page), "--data", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, page.read_text(encoding="utf-8")) == (0, "as it was")
    assert done.stderr.startswith("nothing measured: ") and "levels_fyi" in done.stderr
