"""Bands as of a day, from the reports up to it, and bands of the reports after it alone.

The model is of machine learning, of which the real exports have few thin cells that a later half year fills. So
software engineers and data scientists stand in for two leaves of the model, as in tests/chain/test_backtest.py: it is
their pay, employers, levels and countries that the method is tried on, not its words.
"""

import shutil
from datetime import date
from pathlib import Path

import pandas as pd

from salary_bands.aggregate.registry import make
from salary_bands.schemas.bands import PERCENTILES
from salary_bands.settings import Settings
from tests.builders.candidates import Built, build, replace_table
from tests.simulate.pipeline import settings_at

LEAVES = {"software_engineering": "llm_general", "data_science": "nlp_classical"}
METRICS = ("base", "total")
MONTHS_AFTER = 6
DATES = {  # of each source: the last days of what is known; half a year after each is compared with
    "levels_fyi": ("2019-06-30", "2019-12-31", "2020-03-31", "2020-06-30"),
    "aijobs": ("2022-12-31", "2023-06-30", "2023-12-31", "2024-06-30"),
}
CELL = ["group_id", "evidence", "tier", "level", "market", "metric"]


def settings_of(source: str, data: Path, work: Path) -> Settings:
    """Settings with the defaults of the method over the exports of one source."""
    settings = settings_at(work / source)
    shutil.copytree(data / source, settings.raw / source, ignore=shutil.ignore_patterns("*.txt", "*.md"))
    return settings


def bands_as_of(settings: Settings, as_of: str, months: int | None = None, stand_in: bool = True) -> pd.DataFrame:
    """Return the published bands of the view `leaf`, base and total, from a window of that many months."""
    changed = settings.model_copy(update={"window_months": months} if months else {})
    built = build(changed, as_of, ("window_reports",))
    if stand_in:
        put_stand_ins(built)
    for table in ("model_cells", "cell_figures", "bands"):
        make(built.candidate, table)
    bands = built.table("bands")
    return bands[bands["view"].eq("leaf") & bands["metric"].isin(METRICS)].reset_index(drop=True)


def put_stand_ins(built: Built) -> None:
    """Give the leaves of LEAVES to the reports of those that stand in for them."""
    frame = built.table("window_reports")
    replace_table(built.candidate, "window_reports", frame.assign(leaf=stood_in(frame["leaf"])))


def stood_in(leaves: pd.Series) -> pd.Series:
    """Return the leaves with those of LEAVES replaced."""
    return leaves.map(LEAVES).fillna(leaves).astype(leaves.dtype)


def split(settings: Settings, until: str) -> pd.DataFrame:
    """A row per cell and percentile that both halves show: basis, figure, low, high, and these `_after`.

    The later half is of direct cells alone: they are what the earlier figures are held against.
    """
    after = months_after(date.fromisoformat(until), MONTHS_AFTER).isoformat()
    before, later = bands_as_of(settings, until), bands_as_of(settings, after, MONTHS_AFTER)
    joined = before.merge(later[later["basis"].eq("direct")], on=CELL, suffixes=("", "_after"))
    parts = []
    for p in PERCENTILES:
        names = {f"p{p}{end}{when}": f"{name}{when}" for end, name in _ENDS.items() for when in ("", "_after")}
        figures = joined[list(names)].rename(columns=names).astype(float)
        parts.append(joined[[*CELL, "basis"]].assign(percentile=p, until=until, **figures)[figures.notna().all(axis=1)])
    return pd.concat(parts, ignore_index=True)


_ENDS = {"": "figure", "_low": "low", "_high": "high"}


def months_after(day: date, months: int) -> date:
    """The last day of the month so many after, of the last day of a month."""
    year, month = divmod(12 * day.year + day.month + months, 12)  # the first of the month after
    return date.fromordinal(date(year, month + 1, 1).toordinal() - 1)
