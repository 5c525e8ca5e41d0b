"""Unsettled cells: lies on top of honest reports, moves that others confirm, and random cells against the oracle."""

import random
from typing import Any

import numpy as np
import pytest

from salary_bands.settings import Settings
from salary_bands.statistics.cells import NOBODY, Reports, Rollup
from salary_bands.statistics.recent import Delivered, Moves, Recent
from tests.oracle.recent import is_unsettled

RHO = 0.4
SPREAD = 0.2
Row = dict[str, Any]


def report(rng: random.Random, days: int, source: str = "north", log: float = 0.0, employer: int = -1) -> Row:
    """A report that was delivered so many days ago; its weight halves in half a year."""
    residual = round(65536 * (log + rng.gauss(0, SPREAD)))
    return {
        "pay": round(150_000 * np.exp(residual / 65536)),
        "weight": round(2**20 * 0.5 ** (days // 30 / 6)),
        "residual": residual / 65536,
        "variance": SPREAD**2,
        "recent": days < 91,
        "used": True,
        "source": source,
        "employer": employer if employer >= 0 else rng.randrange(200),
    }


def honest(rng: random.Random, count: int = 40, log: float = 0.0, since: int = 0) -> list[Row]:
    """Reports of a year; those of the last `since` days have that much more pay."""
    days = [364 * n // count for n in range(count)]
    return [report(rng, d, rng.choice(["north", "south", "west"]), log * (d < since)) for d in days]


def lies(rng: random.Random, count: int, sources: tuple[str, ...], days: int) -> list[Row]:
    """Reports of 1.35 to 1.6 times the pay."""
    return [
        report(rng, n * days // count, sources[n % len(sources)], rng.uniform(np.log(1.35), np.log(1.6)))
        for n in range(count)
    ]


def world(rng: random.Random) -> list[list[Row]]:
    """Other cells of the same sources."""
    return [honest(rng) for _ in range(25)]


def ordered(cells: list[list[Row]]) -> list[Row]:
    """All reports by pay, with the order in which they were delivered and a number of each cell."""
    rows = [{**row, "cell": n} for n, rows in enumerate(cells) for row in rows]
    for number, row in enumerate(rows):
        row["order"] = number
    return sorted(rows, key=lambda r: (r["pay"], r["weight"], r["order"]))


def moves_of(rows: list[Row], settings: Settings) -> Moves:
    """What the package finds of each cell."""

    def of(name: str, kind: Any) -> Any:
        return np.array([row[name] for row in rows], kind)

    sources = sorted({row["source"] for row in rows})
    employer = np.array([NOBODY if row["employer"] is None else row["employer"] for row in rows], np.int32)
    delivered = Delivered(
        residual=np.rint(of("residual", float) * 65536).astype(np.int64),
        variance=of("variance", float),
        is_recent=of("recent", bool),
        is_counted=of("used", bool),
        source=np.array([sources.index(row["source"]) for row in rows], np.int32),
        employer=employer,
        arrival=of("order", np.int64),
    )
    units = {"report": np.arange(len(rows), dtype=np.int32), "employer": employer}
    nobody = np.zeros(len(rows), bool)
    reports = Reports(of("cell", np.int32), of("pay", np.int64), of("weight", np.int64), units, nobody, nobody)
    count = max(row["cell"] for row in rows) + 1
    [(_, cells)] = Rollup(reports, np.arange(count, dtype=np.int32), count).parts()
    return Recent(delivered, RHO, settings).moves(cells, cells.reports.units["report"][cells.row])


def unsettled(first: list[Row], settings: Settings, rng: random.Random) -> bool:
    """Whether a cell of these reports is unsettled in a world of others."""
    return bool(moves_of(ordered([first, *world(rng)]), settings).is_unsettled[0])


FORMS = {
    "one week, a new source": (("east",), 7),
    "one week, a known source": (("north",), 7),
    "twelve weeks, three new sources": (("a", "b", "c"), 84),
    "twelve weeks, three known sources": (("north", "south", "west"), 84),
}


@pytest.mark.parametrize("form", FORMS)
def test_lies_unsettle_a_cell(form: str, settings: Settings) -> None:
    sources, days = FORMS[form]
    found = []
    for seed in range(20):
        rng = random.Random(seed)
        found.append(unsettled(honest(rng) + lies(rng, 16, sources, days), settings, rng))
    assert sum(found) >= 17, found


def test_honest_reports_a_survey_and_a_first_delivery_are_settled(settings: Settings) -> None:
    rng = random.Random(3)
    cells = [honest(rng) for _ in range(200)]
    assert moves_of(ordered(cells), settings).is_unsettled.sum() <= 2
    surveyed = [cell + [report(rng, 5, "survey") for _ in range(20)] for cell in cells]
    assert moves_of(ordered(surveyed), settings).is_unsettled.sum() <= 4
    first = [[{**row, "recent": True} for row in cell] for cell in cells]
    found = moves_of(ordered(first), settings)
    assert not found.is_unsettled.any() and np.isnan(found.move).all()


def test_a_move_counts_if_sources_that_were_there_show_it(settings: Settings) -> None:
    """Of 200 reports those of a quarter of a year have 30 % more pay; if only one of three sources says so, or all of
    them come from a source that was never there, the cell waits."""
    rng = random.Random(4)
    moved = honest(rng, 200, 0.3, since=91)
    assert not unsettled(moved, settings, rng)
    few = [{**row, "employer": row["employer"] % 6} for row in moved]
    assert not unsettled(few, settings, rng), "three sources are enough"
    alone = [{**row, "source": "north" if row["recent"] else row["source"]} for row in few]
    assert unsettled(alone, settings, rng)
    stranger = [{**row, "source": "east" if row["recent"] else row["source"]} for row in moved]
    assert unsettled(stranger, settings, rng)


def test_ten_employers_of_one_source_confirm_a_move(settings: Settings) -> None:
    rng = random.Random(5)
    cells = [[{**row, "source": "north"} for row in cell] for cell in [honest(rng, 200, 0.3, since=91), *world(rng)]]
    assert not moves_of(ordered(cells), settings).is_unsettled[0]


def test_cells_are_those_of_the_oracle(settings: Settings) -> None:
    """Cells of any size, sources, employers and moves, some reports of them expired."""
    rng = random.Random(6)
    cells = []
    for _ in range(150):
        since, log = rng.choice([0, 30, 91, 200]), rng.choice([0.0, 0.2, 0.5, -0.4])
        cell = honest(rng, rng.choice([1, 5, 15, 40, 90]), log, since)
        cell += lies(rng, rng.choice([0, 0, 4, 12]), rng.choice([("north",), ("east",), ("north", "south")]), 80)
        for row in cell:
            row["employer"] = rng.choice([None, row["employer"], row["employer"] % 8])
            row["used"] = rng.random() > 0.03
        cells.append(cell)
    rows = ordered(cells)
    found = moves_of(rows, settings).is_unsettled.tolist()
    theirs = [is_unsettled([r for r in rows if r["cell"] == n], rows, RHO, settings) for n in range(len(cells))]
    assert found == theirs
    assert 10 < sum(found) < 100
