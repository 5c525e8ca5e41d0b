"""A back-test on real exports: well-filled cells, predicted from a handful of their reports, against the rest.

The model is of machine learning, of which the real exports have few cells of 60 reports. Here software engineers and
data scientists take the place of two leaves of the model: it is their pay, employers, levels and countries that the
method is tried on, not its words. A cell is cut in two by hash; of one half a handful stays, the other is only
compared with. Both halves are of the same employers, so that the other's error is that of its reports alone.
"""

import hashlib
import math
import shutil
from collections.abc import Iterable
from pathlib import Path
from statistics import NormalDist
from typing import Any, NamedTuple

import pandas as pd
import pytest

from salary_bands.aggregate.inputs import METRICS_OF
from salary_bands.aggregate.registry import make
from salary_bands.aggregate.workspace import Workspace
from salary_bands.settings import Settings
from tests.builders.candidates import Built, build, replace_table, settings_at
from tests.builders.cases import records
from tests.oracle.figures import percentile

pytestmark = pytest.mark.slow

LEAVES = {"software_engineering": "llm_general", "data_science": "nlp_classical", "ml_generalist": "ml_generalist"}
FOLDS = 2
MIN_REPORTS = 60
PERCENTS = (25, 50, 75)
KINDS = {"of a tier": ("leaf", "tier", "level", "country"), "of all tiers": ("leaf", "level", "country")}


class Prediction(NamedTuple):
    """A pooled percentile and that of the other half, log units."""

    percent: int
    difference: float
    alone: float  # the difference of the handful's own percentile
    error: float  # of the pooled one, as published
    other_error: float

    def is_held(self, width: float = 1) -> bool:
        """Whether the other half's figure is in the 95 % interval, of that width, allowing for its own error."""
        return abs(self.difference) <= 1.96 * math.hypot(width * self.error, self.other_error)


def hashed(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:8], "big")


@pytest.fixture(scope="module")
def reports(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Built, pd.DataFrame]:
    """The candidate of the real exports, and its used reports that a model rests on: base pay alone, leaves of ours."""
    settings = settings_at(tmp_path_factory.mktemp("backtest"))
    shutil.copytree(real_data / "levels_fyi", settings.raw / "levels_fyi", ignore=shutil.ignore_patterns("*.txt"))
    built = build(settings, "2020-12-31", ("window_reports",))
    frame = built.table("window_reports")
    used = frame["disposition"].eq("used") & frame["leaf"].isin(LEAVES) & frame["base"].notna()
    modelled = frame["tier"].ne("unknown") & frame["level"].notna() & frame["country"].notna()
    frame = frame[used & modelled & frame["level_basis"].ne("experience")]
    frame = frame.assign(leaf=frame["leaf"].map(LEAVES))
    frame.loc[:, [metric for metric in METRICS_OF["reported"] if metric != "base"]] = pd.NA
    return built, frame


def predictions(built: Built, frame: pd.DataFrame, names: tuple[str, ...], folder: Path) -> list[Prediction]:
    """Of every well-filled cell, thinned with those of its fold while the others stay whole."""
    filled = {cell: rows for cell, rows in frame.groupby(list(names)) if len(rows) >= MIN_REPORTS}
    found = []
    for fold in range(FOLDS):
        ours = {cell: rows for cell, rows in filled.items() if hashed("fold", cell) % FOLDS == fold}
        halves = {cell: (rows[~_is_other(rows)], rows[_is_other(rows)]) for cell, rows in ours.items()}
        handfuls = {cell: _handful(cell, half) for cell, (half, _) in halves.items()}
        kept = frame.drop(pd.concat(ours.values()).index.difference(pd.concat(handfuls.values()).index))
        bands = _pooled_bands(built, kept, folder / f"fold{fold}")
        for cell, (_, other) in halves.items():
            facts = dict(zip(names, cell, strict=True))
            row = bands.get((facts["leaf"], facts.get("tier", "all"), facts["level"], facts["country"]))
            if row:
                assert row["n_reports"] == (10 if len(handfuls[cell]) == 10 else None)  # below 10 it is not said
                found += _compared(row, handfuls[cell], other)
    return found


def _is_other(rows: pd.DataFrame) -> pd.Series:
    return rows["row_hash"].map(lambda value: hashed("half", value) % 2 == 1)


def _handful(cell: tuple[str, ...], half: pd.DataFrame) -> pd.DataFrame:
    """Five or ten reports, those first by hash: cells take in five at a time."""
    order = half["row_hash"].map(lambda value: hashed("handful", value))
    return half.loc[order.sort_values().index[: 5 * (1 + hashed("count", cell) % 2)]]


def _pooled_bands(built: Built, frame: pd.DataFrame, work: Path) -> dict[tuple[str, ...], dict[str, Any]]:
    """The pooled cells of single leaves in base pay that the package makes of these reports."""
    settings: Settings = built.settings.model_copy(update={"work": work})
    shutil.copytree(built.settings.work / "candidate", work / "candidate")
    candidate = Workspace(settings)
    replace_table(candidate, "window_reports", frame)
    for table in ("model_cells", "cell_figures", "bands"):
        make(candidate, table)
    bands = candidate.frame("bands")
    pooled = bands["view"].eq("leaf") & bands["basis"].eq("pooled") & bands["metric"].eq("base")
    return {(r["group_id"], r["tier"], r["level"], r["market"]): r for r in records(bands[pooled])}


def _compared(row: dict[str, Any], handful: pd.DataFrame, other: pd.DataFrame) -> Iterable[Prediction]:
    pays, own = ([*zip(map(int, rows["base"]), map(int, rows["weight"]), strict=True)] for rows in (other, handful))
    whole = sum(weight for _, weight in pays)
    size = whole**2 / sum(weight**2 for _, weight in pays)
    mean = sum(weight * math.log(pay) for pay, weight in pays) / whole
    spread = math.sqrt(sum(weight * (math.log(pay) - mean) ** 2 for pay, weight in pays) / whole)
    for percent in PERCENTS:
        p, truth = percent / 100, percentile(pays, percent)
        other_error = spread * math.sqrt(p * (1 - p) / size) / NormalDist().pdf(NormalDist().inv_cdf(p))
        error = math.log(row[f"p{percent}_high"] / row[f"p{percent}_low"]) / (2 * 1.96)
        difference, alone = (math.log(pay / truth) for pay in (row[f"p{percent}"], percentile(own, percent)))
        yield Prediction(percent, difference, alone, error, other_error)


@pytest.fixture(scope="module", params=KINDS)
def found(
    request: pytest.FixtureRequest, reports: tuple[Built, pd.DataFrame], tmp_path_factory: pytest.TempPathFactory
) -> list[Prediction]:
    return predictions(*reports, KINDS[request.param], tmp_path_factory.mktemp("folds"))


def test_intervals_of_pooled_cells_hold_the_other_half_of_the_cell(found: list[Prediction]) -> None:
    """Seen with handfuls of five to twelve: 95 and 96 % of 60 and 45; over five draws 98 and 92 % of 285 and 246."""
    assert len(found) >= 40
    assert share_held(found) >= 0.85


def test_intervals_of_half_the_width_would_be_seen_to_be_too_narrow(found: list[Prediction]) -> None:
    assert share_held(found, width=0.5) < 0.85


def test_pooled_medians_are_about_as_near_to_the_other_half_as_those_of_the_handful(found: list[Prediction]) -> None:
    """Seen with handfuls of five to twelve: 0.67 times in a tier, 1.23 over all, where tiers pay otherwise in India."""
    medians = [p for p in found if p.percent == 50]
    pooled, alone = (math.sqrt(sum(getattr(p, name) ** 2 for p in medians)) for name in ("difference", "alone"))
    assert pooled < 1.3 * alone, (pooled, alone)


def share_held(found: list[Prediction], width: float = 1) -> float:
    return sum(p.is_held(width) for p in found) / len(found)
