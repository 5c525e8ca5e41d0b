"""Fabricated rows and faulty deliveries: what they do to bands."""

import tempfile
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from salary_bands.settings import Settings
from tests.simulate.pipeline import by_source, candidate_of, settings_at, table
from tests.simulate.population import AS_OF, METRICS, SOURCES, Population, World
from tests.simulate.truth import CELL

SHARES = (0.01, 0.05, 0.10)
KINDS = {
    "unit": "12 times the pay, in every source all year",
    "lies": "1.5 times the pay, from one source in one week",
}
UNFENCED = 1e6  # a fence multiple that nothing is outside of
UNPOOLED = {"min_pooled_reports": 10**9}  # what rests on direct cells alone need not wait for pooled ones


def scaled(reports: pd.DataFrame, factor: float) -> pd.DataFrame:
    """The same reports with that many times the pay."""
    return reports.assign(**{m: np.round(reports[m] * factor, -2).astype("int64") for m in METRICS})


def flood(world: World, rows: int, draw: int, factor: float = 1.5) -> pd.DataFrame:
    """Made-up reports of one source and week."""
    week = (AS_OF - timedelta(days=7), AS_OF)
    return scaled(world.reports(rows, draw, week), factor).assign(source=SOURCES[0])


def shifts(seed: int, size: int, shares: tuple[float, ...] = SHARES) -> pd.DataFrame:
    """kind, share, fenced, percentile, shift: of each cell that shows both P50 and P90, against the clean ones."""
    world = World(Population(), seed)
    clean = world.reports(size)
    honest = figures(clean, {})
    found = []
    for share in shares:
        rows = round(size * share / (1 - share))
        made = {"unit": scaled(world.reports(rows, 1), 12.0), "lies": flood(world, rows, 1)}
        for kind, bad in made.items():
            for fenced in (True, False):
                soiled = figures(
                    pd.concat([clean, bad], ignore_index=True), {} if fenced else {"fence_multiple": UNFENCED}
                )
                both = honest.join(soiled, rsuffix="_soiled", how="inner")
                for name in ("p50", "p90"):
                    shift = (both[f"{name}_soiled"] / both[name] - 1).abs()
                    found.append(
                        pd.DataFrame(
                            {
                                "kind": kind,
                                "share": share,
                                "fenced": fenced,
                                "percentile": name,
                                "shift": shift.to_numpy(),
                            }
                        )
                    )
    return pd.concat(found, ignore_index=True).assign(world=seed)


def figures(reports: pd.DataFrame, changed: dict[str, float]) -> pd.DataFrame:
    """P50 and P90 of direct cells of the view `leaf`, by cell and metric."""
    with tempfile.TemporaryDirectory() as folder:
        settings: Settings = settings_at(Path(folder), **UNPOOLED, **changed)
        candidate = candidate_of(by_source(reports), settings, narrow=True)
        for name in ("model_cells", "cell_figures", "bands"):
            candidate.make(name)
        bands = table(candidate, "bands")
    bands = bands[bands["view"].eq("leaf") & bands["basis"].eq("direct") & bands["metric"].isin(METRICS)]
    shown = bands.set_index([*CELL, "metric"])[["p50", "p90"]]
    return shown[shown.notna().all(axis=1)].astype(float)
