"""Each gate holds on bad data and lets an ordinary refresh pass; what is accepted is published and says so."""

import json
import math
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest
from typer.testing import CliRunner

from salary_bands.aggregate.plan import Plan
from salary_bands.cli.commands import app
from salary_bands.errors import UsageError
from salary_bands.gates import judge, rules
from salary_bands.gates.accept import STRUCTURAL, Accepted
from salary_bands.gates.judge import judged, reference_release
from salary_bands.gates.rules import ABOUT, GATES, Verdict
from salary_bands.orchestration import definitions, defs
from salary_bands.orchestration.resources import Pipeline
from salary_bands.releases.manifest import Gate
from salary_bands.releases.marts import Marts, sha256_of
from salary_bands.releases.pointers import entries_text
from salary_bands.settings import Settings
from salary_bands.statistics.residuals import export_residuals
from tests.builders.candidates import JUDGED, Built, build, keep_tables, published, settings_at
from tests.builders.exports import write_native
from tests.builders.people import Rows, people
from tests.oracle.figures import percentile

BEFORE, NOW = "2026-05-31", "2026-06-07"
EXPORTS = {"north/1.csv": people(1, 350), "north/2.csv": people(2, 350), "south/1.csv": people(3, 350)}
EAST = people(8, 100)
SMALL = {"west/1.csv": people(7, 40), "east/1.csv": EAST}


def new_people(count: int, seed: int = 4, pay: float = 1.0) -> Rows:
    """Reports of the week after."""
    return people(seed, count, NOW, 7, pay)


@dataclass
class World:
    """Folders with a release of the week before."""

    settings: Settings

    @property
    def marts(self) -> Marts:
        return Marts(self.settings.marts)

    def write(self, file: str, rows: Rows) -> None:
        write_native(self.settings.raw, rows, file)

    def plan(self) -> Plan:
        return build(self.settings, NOW, ()).candidate.plan()

    def built(self) -> Built:
        return build(self.settings, NOW, JUDGED)

    def held(self) -> dict[str, str]:
        """Gates that hold a refresh, with their messages."""
        verdicts = judged(self.built().candidate, self.marts)
        assert [v.gate for v in verdicts] == list(GATES)
        return {v.gate: v.line() for v in verdicts if v.held}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gates")
    world = World(settings_at(folder))
    for file, rows in {**EXPORTS, **SMALL}.items():
        world.write(file, rows)
    published(world.settings, BEFORE)
    return folder


@pytest.fixture
def world(shelf: Path, tmp_path: Path) -> World:
    folder = tmp_path / "world"
    shutil.copytree(shelf, folder)
    return World(settings_at(folder))


# what passes


@pytest.mark.parametrize("seed", [5, 6])
def test_an_ordinary_refresh_with_3_percent_of_new_reports_passes(world: World, seed: int) -> None:
    world.write("north/3.csv", new_people(16, seed))
    world.write("south/2.csv", new_people(16, seed + 10))
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


def vague(rows: Rows) -> Rows:
    return [{**row, "job_title": "AI Wizard"} for row in rows]


def paid_otherwise(rows: Rows, title: str, pay: float) -> Rows:
    return [{**r, "base": int(r["base"] * (pay if r["job_title"].endswith(title) else 1))} for r in rows]


def made_up(count: int) -> Rows:
    """Reports of one title in one week, at twice the pay."""
    return [{**r, "job_title": "Senior LLM Engineer", "base": 420_000} for r in new_people(count)]


@dataclass
class Bad:
    """Exports as they come, an empty one being removed, and of each gate that must hold what its message must say."""

    exports: dict[str, Rows]
    says: dict[str, tuple[str, ...]]


UPSIDE_DOWN = {"Junior ": 0.2, "Senior ": 0.0, "Staff ": -0.35}
BAD = {
    "new exports, each wrong in its way": Bad(
        {
            "north/months.csv": new_people(60, 11, pay=12),
            "north/euros.csv": new_people(90, 12, pay=1 / 1.16),
            "south/made_up.csv": new_people(60, 13, pay=1.5),
            "east/1.csv": [{**r, "base": int(r["base"] * 1.12)} for r in EAST],
            "north/titles.csv": vague(new_people(180, 14)),
        },
        {
            "outliers": ("north/months.csv: 60 of 60 reports are outliers",),
            "residuals": (
                "north/euros.csv: pays 0.", "north's other reports", "(base, 90 reports", "standard errors",
                "south/made_up.csv: pays 1.", "east/1.csv: pays 1.12 times",
            ),
            "unknown_share": (
                "titles of 11.", "% of reports are not known, 0.0% before", "new: east/1.csv, north/euros.csv",
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
                "gone: north/1.csv",
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


# the command


def hashes(world: World) -> dict[Path, str]:
    """What lies in the marts folder."""
    return {p: sha256_of(p) for p in world.settings.marts.rglob("*") if p.is_file() and ".lock" not in p.name}


@dataclass
class Answer:
    code: int
    out: str
    err: list[str]


@pytest.fixture
def refresh(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    for name in ("raw", "marts", "work", "settle_seconds"):
        monkeypatch.setenv(f"SALARY_BANDS_{name.upper()}", str(getattr(world.settings, name)))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*options: str) -> Answer:
        result = CliRunner().invoke(app, ["refresh", "--as-of", NOW, *options])
        return Answer(result.exit_code, result.stdout, result.stderr.splitlines())

    return run


def test_two_gates_hold_until_both_are_accepted_and_the_manifest_says_why(
    world: World, refresh: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.write("south/1.csv", EXPORTS["south/1.csv"][:34])
    world.write("north/titles.csv", vague(new_people(180)))
    published = hashes(world)
    held = refresh()
    assert held.code == 1
    messages = held.err[held.err.index("error: held by a check, nothing published") + 1 :]
    assert [m.split(":")[0] for m in messages] == ["volume", "unknown_share"]
    assert hashes(world) == published
    keep_tables(monkeypatch)
    both = ("--accept", "volume", "--accept", "unknown_share", "--accept", "pay_drift")
    done = refresh(*both, "--reason", "a new  year of pay")
    assert done.code == 0 and done.out.splitlines()[-1] == "published 2026.06.07"
    assert "pay_drift: did not hold; --accept was not needed" in done.err
    assert any(line.startswith("volume: accepted (a new year of pay): source south") for line in done.err)
    reasons = [Gate(gate=gate, reason="a new year of pay") for gate in ("volume", "unknown_share")]
    assert world.marts.manifest("2026.06.07").accepted == reasons
    again = refresh("--accept", "volume", "--reason", "once more")
    assert again.code == 0 and "volume: nothing new to publish; --accept was not needed" in again.err
    assert len(world.marts.releases()) == 2


def test_a_release_that_no_gate_would_have_held_accepts_nothing(world: World, refresh: Callable[..., Answer]) -> None:
    done = refresh("--accept", "volume", "--reason", "just in case", "--json")
    assert done.code == 0 and "volume: did not hold; --accept was not needed" in done.err
    manifest = world.marts.manifest("2026.06.07")
    assert json.loads(done.out)["accepted"] == manifest.accepted == []
    assert manifest.method.coverage == {"title": 0.0, "employer": 0.0, "level": 0.0, "place": 0.0}
    assert not any(name.startswith("gate_") for name in manifest.settings)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--accept", "volume"), '--accept needs --reason "..."'),
        (("--accept", "volume", "--reason", "  "), '--accept needs --reason "..."'),
        (("--reason", "because"), "name the gate with --accept"),
        (("--accept", "mood", "--reason", "because"), f"no gate of that name; there are {', '.join(GATES)}"),
        (("--accept", "assert_percentiles_ascend", "--reason", "because"), "is structural"),
        (("--accept", "tables_keep_their_contract", "--reason", "because"), "is structural"),
    ],
)
def test_accepting_what_cannot_be_accepted_is_wrong_usage(
    refresh: Callable[..., Answer], options: tuple[str, ...], words: str
) -> None:
    done = refresh(*options)
    assert done.code == 2 and len(done.err) == 1 and words in done.err[0], done


# the same in dagster


def test_every_gate_is_a_blocking_check_of_the_candidate() -> None:
    graph = defs.resolve_asset_graph()
    found = {k.name: k for k in graph.asset_check_keys if k.asset_key == dg.AssetKey("candidate")}
    assert {f"gate_{gate}" for gate in GATES} | set(STRUCTURAL) == set(found)
    assert all(graph.get_check_spec(key).blocking for key in found.values())


def test_a_gate_holds_in_dagster_and_is_accepted_in_the_run_config(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (world.settings.raw / "south" / "1.csv").unlink()
    instance = dg.DagsterInstance.ephemeral()
    job = definitions(Pipeline.of(world.settings)).resolve_job_def("publish")

    def run(**acceptance: Any) -> dg.ExecuteInProcessResult:
        ops = {"window_reports": {"config": {"as_of": NOW}}, "candidate_checks": {"config": acceptance}}
        return job.execute_in_process(instance=instance, raise_on_error=False, run_config={"ops": ops})

    held = run()
    [failed] = [c for c in held.get_asset_check_evaluations() if not c.passed]
    assert not held.success and failed.check_name == "gate_volume" and failed.blocking
    assert "source south: 350 rows" in (failed.description or "") and "--accept volume" in (failed.description or "")
    assert len(world.marts.releases()) == 1
    keep_tables(monkeypatch)
    assert run(accept=["volume"], reason="south is closed").success
    assert world.marts.manifest("2026.06.07").accepted == [Gate(gate="volume", reason="south is closed")]


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


# the rules themselves, at their edges


def cell(number: int, p50: int, old: int = 200_000, half: int = 5_000, **changed: Any) -> dict[str, Any]:
    return {
        "evidence": "reported", "metric": "base", "group_id": "llm_general", "tier": "T4", "level": "L5",
        "market": f"m{number}", "old_n_effective": 50.0, "n_effective": 50.0, "old_p50": old,
        "old_p50_low": old - half, "old_p50_high": old + half, "p50": p50, "p50_low": p50 - half,
        "p50_high": p50 + half, "sizes": str(number), "pays": str(number), **changed,
    }  # fmt: skip


def moved(cells: Iterable[dict[str, Any]]) -> bool:
    frame = rules.comparable(pd.DataFrame(cells), Settings())
    return rules.cells_moved(frame, "before", "exports", Settings()).held is not None


STILL = [cell(n, 200_000) for n in range(10, 22)]


@pytest.mark.parametrize(
    ("cells", "holds"),
    [
        ([cell(n, 221_000) for n in range(3)], True),
        ([cell(n, 180_000, half=4_000) for n in range(3)], False),  # by 10 %, not over
        ([cell(n, 179_000) for n in range(3)], True),
        ([cell(n, 221_000) for n in range(2)], False),
        ([cell(n, 221_000) for n in range(3)] + STILL, False),  # 3 of 15 are 20 %, not over
        ([cell(n, 221_000) for n in range(4)] + STILL, True),
        ([cell(n, 221_000, half=11_000) for n in range(3)], False),  # intervals meet
        ([cell(n, 221_000, n_effective=29.9) for n in range(3)], False),
        ([cell(n, 221_000, old_n_effective=29.9) for n in range(3)], False),
        ([cell(n, 221_000, sizes="1", pays="1") for n in range(3)], False),  # the same reports
        ([cell(n, 221_000, group_id=f"g{n}") for n in range(3)], False),
        ([cell(n, 221_000, metric=("base", "total")[n % 2]) for n in range(4)], False),
        ([cell(n, 221_000, evidence=("reported", "advertised")[n % 2]) for n in range(4)], False),
    ],
)
def test_cells_moved_where_three_and_a_fifth_of_a_group_moved(cells: list[dict[str, Any]], holds: bool) -> None:
    assert moved(cells) is holds


@pytest.mark.parametrize(
    ("cells", "holds"),
    [
        ([cell(0, 210_000)], False),  # ln 1.05 is below 5 %
        ([cell(0, 211_000)], True),
        ([cell(0, 190_000)], True),
        ([cell(0, 222_000), cell(1, 200_000)], True),
        ([cell(0, 222_000, n_effective=40.0), cell(1, 200_000, n_effective=60.0)], False),
        ([cell(0, 230_000, metric="total")] + [cell(n, 200_000) for n in range(1, 9)], True),  # by metric
        ([cell(0, 222_000), cell(1, 200_000), cell(2, 200_000, sizes="1", pays="1")], True),  # the same reports once
    ],
)
def test_pay_drifts_by_more_than_5_percent_in_the_mean(cells: list[dict[str, Any]], holds: bool) -> None:
    verdict = rules.pay_drift(pd.DataFrame(cells), "before", "exports", Settings())
    assert (verdict.held is not None) is holds


@pytest.mark.parametrize(
    ("far", "near", "others", "holds"),
    [
        (3, 11, 0, True),  # of one group: 3 of 14
        (3, 12, 0, True),  # 3 of 15 are 20 %, not over, but over 3 % of all
        (3, 12, 85, False),  # 3 of 100
        (3, 11, 185, True),
        (2, 0, 0, False),
        (20, 200, 300, True),
    ],
)
@pytest.mark.parametrize("kind", ["export", "week"])
def test_one_export_bears_a_fifth_of_a_group_or_some_of_all(
    kind: str, far: int, near: int, others: int, holds: bool
) -> None:
    cells = pd.DataFrame(
        cell(n, 200_000, group_id="llm_general" if n < far + near else "all") for n in range(far + near + others)
    )
    unit = {"kind": kind, "source": "north", "unit_name": "north/3.csv", "reports": 9, "p50": 200_000.0}
    shifts = [{**unit, "without": 200_000.0 * (0.92 if n < far else 0.94)} for n in range(far + near)]
    moves = pd.concat([cells.drop(columns="p50").head(far + near), pd.DataFrame(shifts)], axis=1)
    assert (rules.one_export(moves, cells, Settings()).held is not None) is holds


@pytest.mark.parametrize(
    ("old", "new", "holds"),
    [
        (300, 30, True), (300, 31, False), (30, 300, True), (31, 300, False), (30, 0, True), (29, 0, False),
        (0, 500, False), (2, 29, False), (0, 0, False),
    ],
)  # fmt: skip
def test_a_volume_that_changes_tenfold_holds_unless_it_is_tiny_or_new(old: int, new: int, holds: bool) -> None:
    frame = pd.DataFrame([("north", old, new)], columns=["source", "old_rows", "new_rows"])
    assert (rules.volume(frame, "before", {}, Settings()).held is not None) is holds


@pytest.mark.parametrize(
    ("reports", "others", "difference", "error", "holds"),
    [
        (50, 100, math.log(1.09), 0.02, True),
        (50, 100, -math.log(1.09), 0.02, True),
        (49, 100, math.log(1.09), 0.02, False),
        (50, 100, math.log(1.07), 0.001, False),
        (50, 100, math.log(1.09), 0.03, False),
        (50, 9, math.log(1.09), 0.02, False),
    ],
)
def test_an_export_differs_by_8_percent_and_4_errors(
    reports: int, others: int, difference: float, error: float, holds: bool
) -> None:
    row = {"file": "a/b.csv", "source": "a", "metric": "base", "reports": reports, "others": others}
    frame = pd.DataFrame([{**row, "difference": difference, "error": error}])
    assert (rules.residuals(frame, Settings()).held is not None) is holds


@pytest.mark.parametrize(("reports", "found", "holds"), [(50, 11, True), (50, 10, False), (49, 49, False)])
def test_a_fifth_of_outliers_in_an_export_holds(reports: int, found: int, holds: bool) -> None:
    frame = pd.DataFrame([("a/b.csv", reports, found)], columns=["file", "reports", "outliers"])
    assert (rules.outliers(frame, Settings()).held is not None) is holds


@pytest.mark.parametrize(
    ("wrong", "right", "holds"), [(3, 0, True), (2, 0, False), (3, 57, False), (4, 57, True), (0, 9, False)]
)
def test_levels_hold_where_three_cells_and_5_percent_of_pairs_are_upside_down(
    wrong: int, right: int, holds: bool
) -> None:
    frame = pd.DataFrame(
        {**cell(n, 200_000), "next_level": "L6", "next_p50": 150_000, "is_inverted": n < wrong}
        for n in range(wrong + right)
    )
    assert (rules.level_order(frame, Settings()).held is not None) is holds
    same = frame.assign(sizes="1", pays="1")
    assert rules.level_order(same, Settings()).held is None  # one cell by several names


@pytest.mark.parametrize(
    ("share", "old", "holds", "warns"),
    [
        (0.16, 0.06, True, False), (0.15, 0.06, False, True), (0.16, None, False, True), (0.05, 0.0, False, False),
        (0.9, 0.89, False, True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("what", rules.UNKNOWNS)
def test_what_is_not_known_holds_10_points_above_the_release_before_and_else_warns(
    what: str, share: float, old: float | None, holds: bool, warns: bool
) -> None:
    verdict = rules.unknown_share({what: share}, None if old is None else {what: old}, "before", "", Settings())
    assert (verdict.held is not None, verdict.warning is not None) == (holds, warns)


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


def test_a_gate_is_named_with_or_without_its_prefix_and_once() -> None:
    assert Accepted.of(["gate_volume", "volume"], " it is\nso ") == Accepted(("volume",), "it is so")
    assert Accepted.of([], None) == Accepted()
    with pytest.raises(UsageError, match="no gate of that name"):
        Accepted.of(["volumes"], "because")
