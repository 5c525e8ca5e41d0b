"""Honest reports that a defence must not take for lies: ordinary refreshes, growth, a survey, a true move."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from tests.liars.lies import SIZE, YEAR, world_of
from tests.liars.releases import Deliveries, delivered
from tests.simulate.population import AS_OF

GROWTH = 0.03  # in a month
MOVE = 0.25  # of a true move, in logs
MONTHS = 6  # that a true move is followed
TARGETS = 6
LONG = (AS_OF - timedelta(days=364 + 2 * 28), AS_OF)
CASES = {
    "ordinary refreshes": "three releases, four weeks apart, of reports that come every four weeks",
    "growth of 3 % a month": "the same with that growth of all pay",
    "a survey": "a quarter more reports, from a source that was not there before, in one week",
}


def ordinary(number: int, growth: float = 0.0, releases: int = 3) -> pd.DataFrame:
    """Return the shown cells of some releases of a world without lies: n_reports, metric, is_withheld."""
    reports = grown(world_of(number).reports(SIZE * (364 + 56) // 364, 0, LONG), growth)
    with delivered(reports) as deliveries:
        return pd.concat([_shown(deliveries, 28 * n) for n in range(releases)], ignore_index=True)


def surveyed(number: int) -> pd.DataFrame:
    """Return the shown cells of a release in whose last week a survey arrived."""
    world = world_of(number)
    survey = world.reports(SIZE // 4, 1, (AS_OF - timedelta(days=6), AS_OF)).assign(source="survey", delivered=AS_OF)
    with delivered(world.reports(SIZE, 0, YEAR)) as deliveries:
        deliveries.deliver(survey)
        return _shown(deliveries, 0)


def grown(reports: pd.DataFrame, growth: float) -> pd.DataFrame:
    months = (pd.Timestamp(AS_OF) - pd.to_datetime(reports["day"])).dt.days.to_numpy() / 30.4
    factor = np.exp(-growth * months)
    return reports.assign(**{m: np.round(reports[m] * factor, -2).astype("int64") for m in ("base", "total")})


def _shown(deliveries: Deliveries, days: int) -> pd.DataFrame:
    cells = deliveries.cells(AS_OF - timedelta(days=days)).reset_index()
    shown = cells[cells["p50"].notna() & cells["metric"].isin(["base", "total"])]
    return shown[["n_reports", "metric"]].assign(is_withheld=shown["is_unsettled"].to_numpy(bool))


def moved(number: int, months: tuple[int, ...] = tuple(range(1, MONTHS + 1))) -> pd.DataFrame:
    """Return cells whose pay truly moves, at releases so many times four weeks after: month, n_honest, is_withheld.

    All sources and employers of a cell show the move. A cell is a leaf in the United States, of all tiers and levels,
    or of a level.
    """
    start = AS_OF - timedelta(days=28 * MONTHS)
    reports = world_of(number).reports(SIZE * (364 + 28 * MONTHS) // 364, 0, (YEAR[0] - (AS_OF - start), AS_OF))
    leaves = [leaf for leaf, _ in zip(reports["leaf"].value_counts().index, range(TARGETS), strict=False)]
    own = reports["leaf"].isin(leaves) & reports["country"].eq("US") & (reports["day"] > start)
    for metric in ("base", "total"):
        reports.loc[own, metric] = np.round(reports.loc[own, metric] * np.exp(MOVE), -2).astype("int64")
    found = []
    with delivered(reports) as deliveries:
        for month in months:
            cells = deliveries.cells(start + timedelta(days=28 * month)).reset_index()
            cells = cells[
                cells["group_id"].isin(leaves) & cells["market"].eq("US") & cells["tier"].eq("all")
                & cells["p50"].notna() & cells["metric"].isin(["base", "total"]) & cells["n_reports"].ge(30)
            ]  # fmt: skip
            withheld = cells["is_unsettled"].to_numpy(bool)
            names = ["group_id", "level", "metric", "n_reports", "p50"]
            found.append(cells[names].assign(month=month, is_withheld=withheld))
    return pd.concat(found, ignore_index=True)


def real(data: Path, work: Path, say: Callable[[str], None]) -> pd.DataFrame:
    """Return the shown cells of Levels.fyi as if it had been delivered every month.

    Columns: until, n_reports, metric, is_withheld, and the names of the cell.
    """
    from salary_bands.aggregate.registry import make
    from tests.backtest.splits import settings_of
    from tests.builders.candidates import build, replace_table

    settings, found = settings_of("levels_fyi", data, work), []
    for until in REAL_DATES:
        built = build(settings, until, ("window_reports",))
        frame = built.table("window_reports")
        month_end = frame["report_date"] + pd.offsets.MonthEnd(0)
        come = month_end.clip(upper=pd.Timestamp(until)).astype(frame["delivered_on"].dtype)
        replace_table(built.candidate, "window_reports", frame.assign(delivered_on=come))
        make(built.candidate, "cell_figures")
        cells = built.table("cell_figures")
        place = cells["cell"] // 100
        withheld = place.isin(place[cells["is_unsettled"].astype(bool)])
        shown = cells["p50_low"].notna() & cells["n_reports"].ge(10) & cells["evidence"].eq("reported")
        shown &= cells["metric"].isin(["base", "total"])
        cells = cells.assign(until=until, is_withheld=withheld)[shown]
        say(f"levels_fyi, {until}: {cells['is_withheld'].mean():.2%} of {len(cells)} cells withheld")
        found.append(cells)
    return pd.concat(found, ignore_index=True)


REAL_DATES = ("2019-12-31", "2020-06-30", "2020-12-31")
