"""Each gate holds on bad data and lets an ordinary refresh pass; what a candidate is compared with, and how."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import pytest

from salary_bands.gates import judge
from salary_bands.gates.judge import judged, reference_release
from salary_bands.gates.rules import ABOUT, GATES, Verdict
from salary_bands.releases.pointers import entries_text
from tests.builders.people import Rows, people
from tests.builders.weeks import EAST, EXPORTS, NOW, World, new_people, vague
from tests.oracle.figures import percentile

# what passes


def test_an_ordinary_refresh_with_3_percent_of_new_reports_passes(world: World) -> None:
    world.write("north/3.csv", new_people(16, 5))
    world.write("south/2.csv", new_people(16, 15))
    assert world.held() == {}


def test_a_file_that_grew_is_judged_by_what_it_has_more(world: World) -> None:
    """An export overwritten with all that it had and 3 % more is no flood, though all of it is a new export."""
    world.write("south/1.csv", EXPORTS["south/1.csv"] + new_people(30))
    assert world.held() == {}
    world.write("south/1.csv", EXPORTS["south/1.csv"] + new_people(60, pay=1.5))
    assert "residuals" in world.held()


def test_a_first_release_has_nothing_to_be_compared_with(world: World) -> None:
    shutil.rmtree(world.settings.marts)
    (world.settings.raw / "north" / "1.csv").unlink()
    assert world.held() == {}


# what holds


def paid_otherwise(rows: Rows, title: str, pay: float) -> Rows:
    return [{**r, "base": int(r["base"] * (pay if r["job_title"].endswith(title) else 1))} for r in rows]


def made_up(count: int) -> Rows:
    """Reports of one title in one week, at nearly twice the pay."""
    return [{**r, "job_title": "Senior LLM Engineer", "base": 360_000} for r in new_people(count)]


@dataclass
class Bad:
    """Exports as they come, an empty one being removed, and of each gate that must hold what its message must say."""

    exports: dict[str, Rows]
    says: dict[str, tuple[str, ...]]


UPSIDE_DOWN = {"Junior ": 0.2, "Senior ": 0.0, "Staff ": -0.35}
BAD = {
    "new exports, each wrong in its way": Bad(
        {
            "north/months.csv": new_people(60, 11, pay=12) + new_people(200, 21),
            "north/euros.csv": new_people(90, 12, pay=1 / 1.16),
            "south/made_up.csv": new_people(60, 13, pay=1.5),
            "east/1.csv": [{**r, "base": int(r["base"] * 1.12)} for r in EAST],
            "north/titles.csv": vague(new_people(220, 14)),
        },
        {
            "outliers": ("north/months.csv: 60 of 260 reports are outliers",),
            "residuals": (
                "north/euros.csv: pays 0.", "north's other reports", "(base, 90 reports", "standard errors",
                "south/made_up.csv: pays 1.", "east/1.csv: pays 1.12 times",
            ),
            "unknown_share": (
                "titles of 1", "% of reports are not known, 0.0% before", "new: east/1.csv, north/euros.csv",
                "salary-bands coverage",
            ),
        },
    ),
    "a flood of one title in one week": Bad(
        {"far/1.csv": made_up(120)},
        {
            "one_export": (
                "without far/1.csv", "what far newly reports of 2026-W23", "llm_general/",
                "cells of base (reported) move",
            )
        },
    ),
    "sources that shrank, vanished, changed": Bad(
        {
            "south/1.csv": EXPORTS["south/1.csv"][:34],
            "west/1.csv": [],
            "north/1.csv": [],
            "north/2.csv": [{"who": "me", "pay": "much"}],
        },
        {
            "volume": (
                "source north: 700 rows in 2026.05.31, none now (north/2.csv held: unknown_header)",
                "source south: 350 rows in 2026.05.31, 34 now (south/1.csv 34 rows)",
                "source west: 40 rows in 2026.05.31, none now (no export)",
            )
        },
    ),
    "one title paid otherwise": Bad(
        {file: paid_otherwise(rows, "NLP Engineer", 1.5) for file, rows in EXPORTS.items()},
        {
            "cells_moved": (
                "since 2026.05.31", "nlp_classical base (reported)", "nlp_classical/", "new: north/1.csv",
                "gone: north/",
            )
        },
    ),
    "all pay up by 8 %": Bad(
        {file: people(seed, 350, pay=1.08) for seed, file in enumerate(EXPORTS, start=1)},
        {"pay_drift": ("since 2026.05.31", "base (reported) moved by 6.", "all/", "new: north/1.csv")},
    ),
    "levels upside down": Bad(
        {file: people(seed, 350, raises=UPSIDE_DOWN) for seed, file in enumerate(EXPORTS, start=1)},
        {"level_order": ("a level is paid more than the next", "above L6", "/L5/us-")},
    ),
}  # fmt: skip


def test_every_gate_is_seen_to_hold() -> None:
    assert {gate for bad in BAD.values() for gate in bad.says} == set(GATES) == set(ABOUT)


@pytest.mark.parametrize("case", BAD)
def test_a_gate_holds_bad_data_and_names_cells_and_exports(world: World, case: str) -> None:
    for file, rows in BAD[case].exports.items():
        if rows:
            world.write(file, rows)
        else:
            (world.settings.raw / file).unlink()
    held = world.held()
    for gate, words in BAD[case].says.items():
        line = held[gate]
        assert [word for word in words if word not in line] == [], line
        assert line.endswith(f'accept with: salary-bands refresh ... --accept {gate} --reason "..."')
        assert "\n" not in line and len(line) < 1_200


# what is compared, and with what


def entries(world: World, **changed: Any) -> None:
    """releases.json with other facts of the one release."""
    [entry] = world.marts.releases()
    text = entries_text([entry.model_copy(update=changed)])
    (world.settings.marts / "releases.json").write_text(text, encoding="utf-8")


def manifest(world: World, **changed: Any) -> None:
    path = world.marts.release("2026.05.31") / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changed}), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "as_of"),
    [
        (lambda world: entries(world, status="withdrawn"), NOW),
        (lambda world: manifest(world, method_version="another"), NOW),
        (lambda world: manifest(world, contains_synthetic=True), NOW),
        (lambda world: None, "2026-05-30"),
    ],
    ids=["withdrawn", "another method", "synthetic", "a later date"],
)
def test_some_releases_are_not_compared_with(world: World, change: Callable[[World], None], as_of: str) -> None:
    plan = world.plan()
    found = reference_release(world.marts, plan)
    assert found and found.version == "2026.05.31"
    change(world)
    assert reference_release(world.marts, replace(plan, as_of=as_of)) is None


def test_of_one_date_the_highest_suffix_is_compared_with(world: World) -> None:
    [entry] = world.marts.releases()
    for suffix in (2, 10):
        shutil.copytree(world.marts.release("2026.05.31"), world.marts.release(f"2026.05.31.{suffix}"))
        version = f"2026.05.31.{suffix}"
        path = world.marts.release(version) / "manifest.json"
        path.write_text(
            json.dumps({**json.loads(path.read_text(encoding="utf-8")), "version": version}), encoding="utf-8"
        )
    entries = [entry, *(world.marts.entry(f"2026.05.31.{suffix}") for suffix in (2, 10))]
    (world.settings.marts / "releases.json").write_text(entries_text(entries), encoding="utf-8")
    found = reference_release(world.marts, world.plan())
    assert found and found.version == "2026.05.31.10"


def test_p50_without_a_unit_is_that_of_the_reports_that_remain(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against exact fractions; what is left alone could not have moved so far."""
    world.write("north/3.csv", new_people(40, pay=1.2))
    built = world.built()
    seen: list[pd.DataFrame] = []
    monkeypatch.setattr(judge.rules, "one_export", lambda moves, *_: seen.append(moves) or Verdict("one_export"))
    for move in (0.0001, 0.02):
        changed = {"gate_left_out_move": move, "gate_left_out_share": 0.0}
        candidate = type(built.candidate)(world.settings.model_copy(update=changed))
        judged(candidate, world.marts)
    close, far = ({(m.cell, m.unit): m for m in moves.itertuples()} for moves in seen)
    assert len(far) >= 3 and far.keys() < close.keys()
    assert {key for key, m in close.items() if abs(m.without / m.p50 - 1) > 0.02} <= far.keys()
    reports = built.table("window_reports")
    reports = reports[reports["disposition"].eq("used")]
    for m in list(close.values())[::7]:
        inside = reports[m.metric].notna() & reports["leaf"].map(lambda leaf, m=m: m.group_id in ("all", leaf))
        for column, wanted in (("tier", m.tier), ("market", m.market), ("level", m.level)):
            names = {"market": ("country", "metro"), "level": ("level", "stage")}.get(column, (column,))
            inside &= (wanted == "all") | pd.concat([reports[n].eq(wanted).fillna(False) for n in names], axis=1).any(
                axis=1
            )
        unit = reports["file"].eq("north/3.csv")
        if m.kind == "week":
            unit &= reports["report_date"].dt.strftime("%G-W%V").eq(m.unit_name)
        for rows, found in ((reports[inside], m.p50), (reports[inside & ~unit], m.without)):
            pay = list(zip(rows[m.metric].astype(int), rows["weight"].astype(int), strict=True))
            assert float(percentile(pay, 50)) == pytest.approx(found, rel=1e-12)
