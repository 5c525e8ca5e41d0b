"""What moved since the release before, and why: each part recomputed the slow way, each reason seen where it is due."""

import json
import math
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pyarrow
import pyarrow.parquet as pq
import pytest
from scipy.stats import t as student

from salary_bands.aggregate.checks import contract_faults, offending_rows
from salary_bands.aggregate.former import Former, previous_release
from salary_bands.aggregate.registry import restate
from salary_bands.aggregate.workspace import Workspace
from salary_bands.gates.judge import judged
from salary_bands.releases.marts import Marts
from salary_bands.schemas.bands import KEY
from salary_bands.settings import Settings
from salary_bands.vocabulary.rates import fetched_rates_path
from tests.builders.candidates import BANDS, JUDGED, build, published, settings_at
from tests.builders.cases import groups, records
from tests.builders.exports import native_row, write_native
from tests.builders.people import Rows, people
from tests.builders.thin_cells import write_thin
from tests.builders.worlds import ROWS
from tests.oracle.bands import in_fives
from tests.oracle.differences import slow
from tests.oracle.figures import moves, percentile, rounded

pytestmark = pytest.mark.slow

FIRST, LATER = "2026-05-31", "2026-06-30"
GROUPS = {(g.view, g.group_id): g.leaves for g in groups()}
Cell = tuple[str, ...]


def shown(settings: Settings, version: str) -> pd.DataFrame:
    return shown_in(Marts(settings.marts).release(version))


def shown_in(folder: Path) -> pd.DataFrame:
    bands = pd.read_parquet(folder / "bands.parquet")
    return bands[bands["basis"].ne("suppressed")].set_index(list(KEY))


def moved(settings: Settings, as_of: str) -> pd.DataFrame:
    """The changes of a candidate, checked against the bands of both: every cell whose median differs, and no other."""
    candidate = build(settings, as_of, (*BANDS, "changes")).candidate
    found = pd.read_parquet(candidate.path("changes")).set_index(list(KEY))
    previous = candidate.plan().previous
    assert previous
    new, old = shown_in(candidate.folder)["p50"], shown(settings, previous)["p50"]
    both = pd.concat({"new": new, "old": old}, axis=1)
    differ = both[both["new"].ne(both["old"])]
    assert sorted(found.index) == sorted(differ.index)
    pd.testing.assert_frame_equal(
        found[["old", "new"]].astype(float), differ[["old", "new"]].loc[found.index].astype(float), check_names=False
    )
    came, went = found["old"].isna(), found["new"].isna()
    assert found.loc[came, "change"].eq("added").all() and found.loc[went, "change"].eq("removed").all()
    assert found.loc[~came & ~went, "change"].eq("changed").all()
    bounds = found.loc[~came & ~went, ["difference_low", "difference_high", "restated", "old", "new"]].dropna()
    since = bounds["new"] - bounds["old"] - bounds["restated"]
    assert bounds["difference_low"].le(since).all() and bounds["difference_high"].ge(since).all()
    assert found["difference_low"].notna().eq(found["distinguishable"].notna()).all()
    excludes = found["difference_low"].gt(0) | found["difference_high"].lt(0)
    assert excludes[found["distinguishable"].eq(True)].all()
    assert found.loc[came | went, "distinguishable"].isna().all()
    parts = found.loc[~came & ~went, ["old", "restated", "pay", "mix", "new"]].dropna().astype("int64")
    assert parts["new"].eq(parts[["old", "restated", "pay", "mix"]].sum(axis=1)).all()
    return found


@pytest.fixture
def folder(year_world: Path, tmp_path: Path) -> Path:
    shutil.copytree(year_world, tmp_path / "shelf")
    return tmp_path / "shelf"


@pytest.fixture
def world(folder: Path) -> Settings:
    return settings_at(folder)


def test_a_first_release_has_no_changes(year_world: Path) -> None:
    assert pd.read_parquet(Marts(year_world / "marts").release("2026.05.31") / "changes.parquet").empty


def test_where_only_the_date_moved_on_the_window_is_the_reason(world: Settings) -> None:
    found = moved(world, LATER)
    assert len(found) > 100 and found["reason"].eq("window").all()
    assert found.loc[found["change"].eq("changed"), "restated"].eq(0).all()


def test_on_one_date_what_came_is_the_reason(world: Settings) -> None:
    write_native(world.raw, people(4, 60, FIRST, 30), "north/2.csv")
    found = moved(world, FIRST)
    assert len(found) > 100 and found["reason"].eq("data").all()


def of_level(rows: Rows, *words: str) -> Rows:
    return [row for row in rows if row["job_title"].startswith(words)]


def members(reports: pd.DataFrame, cell: Cell) -> pd.DataFrame:
    """The reports that a cell has, in fives."""
    rows = records(placed(reports[reports["disposition"].eq("used") | reports["expired_on"].notna()], cell))
    for row in rows:
        row["expired_on"] = None if pd.isna(row["expired_on"]) else row["expired_on"]
    keys = [(r["export_sha256"], r["row"]) for r in in_fives(rows)]
    by_key = reports.set_index(["export_sha256", "row"], drop=False)
    return by_key.loc[keys].reset_index(drop=True)


def placed(reports: pd.DataFrame, cell: Cell) -> pd.DataFrame:
    """The reports that are where a cell is, from its key."""
    view, group, evidence, tier, level, market, metric = cell
    used = reports[reports["evidence"].eq(evidence) & reports[metric].notna()]
    used = used[used["leaf"].isin(GROUPS[view, group])]
    if tier != "all":
        used = used[used["tier"].eq(tier)]
    if level != "all":
        used = used[used["level"].eq(level) | used["stage"].eq(level)]
    return used if market == "global" else used[used["country"].eq(market) | used["metro"].eq(market)]


def window(settings: Settings, name: str = "candidate") -> pd.DataFrame:
    return pd.read_parquet(settings.work / name / "window_reports.parquet")


@dataclass
class Later:
    """A month later, with an export more of people at two levels."""

    settings: Settings
    before: pd.DataFrame
    found: pd.DataFrame


@pytest.fixture(scope="module")
def later(year_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Later:
    folder = tmp_path_factory.mktemp("later") / "shelf"
    shutil.copytree(year_world, folder)
    world = settings_at(folder)
    before = window(world)
    write_native(world.raw, of_level(people(4, 240, LATER, 20), "Staff", "Senior"), "north/2.csv")
    return Later(world, before, moved(world, LATER))


def test_new_reports_in_their_old_tiers_and_levels_are_the_part_of_pay(later: Later) -> None:
    """Slow and exact: every report's weight times what its tier and level had of the cell, over what it has now."""
    world, before, found = later.settings, later.before, later.found
    now, bands = window(world), (shown(world, "2026.05.31"), shown_in(world.work / "candidate"))
    new_file = now["file"].eq("north/2.csv")
    changed = found[found["change"].eq("changed")]
    split, differing = 0, 0
    for cell, row in changed.sample(120, random_state=1).iterrows():
        old, new = (placed(of[of["disposition"].eq("used")], cell) for of in (before, now))
        assert row["reason"] == ("data" if new_file[new.index].any() else "window"), cell
        if cell[3] != "all" and cell[4].startswith("L"):
            assert (row["pay"], row["mix"]) == (row["new"] - row["old"], 0), cell
            continue
        if any(b.loc[cell, "basis"] == "pooled" for b in bands):
            assert pd.isna(row["pay"]) and pd.isna(row["mix"]), cell
            continue
        strata = [part.fillna({"level": ""}).groupby(["tier", "level"])["weight"].sum() for part in (old, new)]
        then, today = (s.to_dict() for s in strata)
        ratios = {key: Fraction(int(then.get(key, 0)), int(weight)) for key, weight in today.items()}
        there = members(now, cell)
        keys = zip(there["tier"], there["level"].fillna(""), there[cell[6]], there["weight"], strict=True)
        pays = [(int(p), int(w) * ratios.get((tier, level), Fraction(0))) for tier, level, p, w in keys]
        by = moves([int(h) for h in there["row_hash"]], Workspace(world).secret())[50, 0]
        expected = rounded(percentile([p for p in pays if p[1]], 50, by))
        differing += row["old"] + row["pay"] != expected
        assert abs(row["old"] + row["pay"] - expected) <= 500, cell
        split += 1
    assert split > 60 and differing <= 1  # weights are whole: half a step may fall on the other side


def test_what_was_pooled_is_not_split(settings: Settings) -> None:
    write_thin(settings.raw, 3, 0.1, 0.5)
    first = published(settings, LATER)
    write_native(settings.raw, people(4, 120, LATER, 20), "north/2.csv")
    found = moved(settings, LATER)
    rolled_up = (found.index.get_level_values("tier") == "all") | ~found.index.get_level_values("level").str.match("L")
    both = (shown(settings, first), shown_in(settings.work / "candidate"))
    pooled = [bands["basis"].reindex(found.index).eq("pooled") for bands in both]
    found = found[rolled_up & found["change"].eq("changed") & (pooled[0] | pooled[1])]
    assert len(found) > 10 and found[["pay", "mix"]].isna().all(axis=None) and found["restated"].eq(0).all()


def test_who_reports_is_told_from_what_they_earn(world: Settings) -> None:
    """Many more staff engineers of the same pay: the roll-ups rise by mix, the levels stay."""
    write_native(world.raw, of_level(people(4, 1_500, FIRST, 60), "Staff"), "north/2.csv")
    found = moved(world, FIRST).reset_index()
    top = found[found["group_id"].eq("all") & found["view"].eq("leaf") & found["tier"].eq("all")]
    top = top[top["market"].eq("US") & top["metric"].eq("base") & top["level"].eq("all")]
    [cell] = top.itertuples()
    assert cell.mix > 5 * abs(cell.pay) and cell.mix > 8_000
    assert cell.difference_low > 0


def test_the_interval_is_that_of_the_formula(later: Later) -> None:
    """A pair of reports at a time, from the reports of both releases and what they published; METHOD, noise."""
    world, before, found = later.settings, later.before, later.found
    now, then = shown_in(world.work / "candidate"), shown(world, "2026.05.31")
    both = now.add_suffix("_now").join(then.add_suffix("_then"), how="inner")
    correlations = json.loads((world.work / "candidate" / "employer_correlation.json").read_text(encoding="utf-8"))
    changed = found[found["change"].eq("changed")]
    # the largest are seen by the statistics' own test
    direct = both["basis_now"].eq("direct") & both["basis_then"].eq("direct") & both["n_reports_now"].lt(60)
    small = changed[direct.reindex(changed.index)].sample(12, random_state=2)
    for cell, row in small.iterrows():
        released = both.loc[cell]
        pays, medians = [], (int(row["new"]), int(row["old"]))
        ours, theirs = members(window(world), cell), members(before, cell)
        ours, theirs = (of.set_index(["export_sha256", "row"], drop=False) for of in (ours, theirs))
        for key in ours.index.union(theirs.index):
            one = [of.loc[of.index.intersection([key])] for of in (ours, theirs)]
            known = one[0] if len(one[0]) else one[1]
            weights = [int(of["weight"].iloc[0]) if len(of) else 0 for of in one]
            employer, tier = known["employer"].iloc[0], known["tier"].iloc[0]
            named = None if pd.isna(employer) else employer
            pays.append((int(known[cell[6]].iloc[0]), *weights, named, tier not in ("T1", "T2")))
        _, variance = slow(pays, medians, correlations[cell[6]]["p50"])
        widths = [float(released[f"p50_high_{n}"] - released[f"p50_low_{n}"]) for n in ("now", "then")]
        sizes = [float(released[f"n_effective_{n}"]) for n in ("now", "then")]
        usd = sum(w * s**0.5 for w, s in zip(widths, sizes, strict=True)) / (2 * 1.96)
        step = 500 if row["new"] >= 50_000 else 100
        for of in (ours, theirs):  # ranks move by up to half the root of n, at least 1.5, by 1 under 20
            count, weight = len(of), of["weight"].astype(float)
            most = 1 if count < 20 else max(150, math.isqrt(2_500 * count)) / 100
            variance += (most * (weight**2).sum() / weight.sum() ** 2) ** 2 / 3
        error = (usd**2 * variance + step**2 / 6) ** 0.5
        half = error * student.ppf(0.975, (min(sizes) - 1) / 2)
        middle = row["new"] - row["old"]
        assert row["difference_low"] == pytest.approx(middle - half, abs=101 + 0.006 * half), cell
        assert row["difference_high"] == pytest.approx(middle + half, abs=101 + 0.006 * half), cell


@pytest.fixture(scope="module")
def slower(year_world: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, pd.DataFrame]:
    """The same exports under another method, and what moved."""
    folder = tmp_path_factory.mktemp("slower") / "shelf"
    shutil.copytree(year_world, folder)
    world = settings_at(folder, half_life_months=2)
    return world, moved(world, FIRST)


def test_a_new_method_moves_figures_by_itself(slower: tuple[Settings, pd.DataFrame]) -> None:
    _, found = slower
    assert len(found) > 100 and found["reason"].eq("method").all()
    changed = found[found["change"].eq("changed")]
    assert changed["restated"].eq(changed["new"] - changed["old"]).all()
    assert changed["pay"].eq(0).all() and changed["mix"].eq(0).all()
    assert changed["distinguishable"].eq(False).all()  # what the method moved is no news of pay


def test_a_new_method_and_new_reports_are_told_apart(folder: Path, slower: tuple[Settings, pd.DataFrame]) -> None:
    """The part of the method is what a candidate of the old exports says under it."""
    world = settings_at(folder, half_life_months=2)
    write_native(world.raw, people(4, 160, FIRST, 20), "north/2.csv")
    found = moved(world, FIRST)
    restated = shown_in(slower[0].work / "candidate")["p50"]
    changed = found[found["change"].eq("changed")]
    known = changed[changed["restated"].notna()]
    assert (known["old"] + known["restated"]).eq(restated.reindex(known.index)).all()
    assert set(found["reason"]) == {"method", "method_and_data", "data"}
    both = known[known["restated"].ne(0) & (known["pay"].ne(0) | known["mix"].ne(0))]
    assert len(both) > 50 and both["reason"].eq("method_and_data").all()
    assert known.loc[known["restated"].eq(0), "reason"].eq("data").all()


def test_under_a_new_method_the_gates_compare_with_the_release_before_as_it_reads_under_it(folder: Path) -> None:
    world = settings_at(folder, half_life_months=2)
    write_native(world.raw, people(5, 400, FIRST, 25, pay=1.5), "north/2.csv")
    verdicts = {v.gate: v.held for v in judged(build(world, FIRST, JUDGED).candidate, Marts(world.marts))}
    assert verdicts["cells_moved"] and "2026.05.31 as recomputed under this method" in verdicts["cells_moved"]
    (world.raw / "north" / "2.csv").unlink()
    assert not any(v.held for v in judged(build(world, FIRST, JUDGED).candidate, Marts(world.marts)))


def test_an_export_that_is_gone_is_a_correction(world: Settings) -> None:
    (world.raw / "south" / "1.csv").unlink()
    found = moved(world, FIRST)
    assert len(found) > 100 and found["reason"].eq("correction").all()
    changed = found[found["change"].eq("changed")]
    assert changed["restated"].eq(changed["new"] - changed["old"]).all()


def test_a_correction_of_one_source_leaves_the_reasons_of_the_others(world: Settings) -> None:
    """South's engineers in Seattle are removed; what Austin shows moves with the date alone."""
    rows = [row for row in people(3, 300, days=390) if row["location"] != "Seattle, WA"]
    write_native(world.raw, rows, "south/1.csv")
    found = moved(world, LATER).reset_index()
    assert {"correction", "window"} <= set(found["reason"])
    # an overwritten file is another export: what it still says counts as data, what it no longer says as corrected
    assert set(found["reason"]) <= {"correction", "window", "data"}


def test_where_nothing_of_the_release_before_is_left_no_part_is_told(folder: Path) -> None:
    world = settings_at(folder)
    for source in ("north", "south"):
        shutil.rmtree(world.raw / source)
    write_native(world.raw, people(6, 500), "west/1.csv")
    found = moved(world, FIRST)
    changed = found[found["change"].eq("changed")]
    assert len(changed) > 100 and changed[["restated", "pay", "mix"]].isna().all(axis=None)
    assert changed["reason"].eq("correction").all() and changed["distinguishable"].isna().all()
    again = settings_at(folder, half_life_months=2)
    (again.raw / "west" / "1.csv").unlink()
    write_native(again.raw, people(7, 500), "west/2.csv")
    found = moved(again, FIRST)
    assert found.loc[found["change"].eq("changed"), "reason"].eq("method_and_data").all()


def rates(settings: Settings, usd: float) -> None:
    """Exchange rates that are newer than the shipped ones, all of a kind."""
    days = [date(2025, 1, 1) + timedelta(days=7 * n) for n in range(120)]
    path = fetched_rates_path(settings.work)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["Date,USD,GBP", *(f"{day},{usd},0.85" for day in days)]) + "\n", encoding="utf-8")


def test_other_rates_are_a_reason_of_their_own(settings: Settings) -> None:
    rates(settings, 1.10)
    rows = [native_row(n, currency="EUR", location="Berlin, Germany", base=80_000 + 500 * n) for n in range(30)]
    write_native(settings.raw, rows)
    published(settings, LATER)
    rates(settings, 1.21)
    found = moved(settings, LATER)
    assert len(found) and found["reason"].eq("reference").all()
    assert found["restated"].eq(found["new"] - found["old"]).all()


def test_the_sample_and_real_exports_are_not_compared(settings: Settings) -> None:
    write_native(settings.raw, ROWS, "sample/native.csv")
    published(settings, FIRST)
    write_native(settings.raw, [native_row(n, base=120_000 + 1_000 * n) for n in range(40)], "real/native.csv")
    built = build(settings, LATER, (*BANDS, "changes"))
    assert built.candidate.plan().previous and built.table("changes").empty
    assert not built.table("bands")["p50"].dropna().empty


def test_equal_inputs_read_today_as_they_were_published(world: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ground that restating stands on: nothing but its causes makes a release read otherwise."""
    candidate = build(world, LATER, ()).candidate
    former = previous_release(candidate)
    assert former and not former.differs
    monkeypatch.setattr(Former, "exports_gone", True)
    restate(candidate)
    again = candidate.restated
    published = pd.concat(pd.read_parquet(former.folder / f"{stem}.parquet") for stem in ("bands", "suppressed"))
    published = published.sort_values([*KEY], ignore_index=True)
    pd.testing.assert_frame_equal(pd.read_parquet(again.path("bands")), published)


def test_changes_that_do_not_add_up_hold_the_release(later: Later, tmp_path: Path) -> None:
    shutil.copytree(later.settings.raw.parent, tmp_path / "shelf")
    candidate = build(settings_at(tmp_path / "shelf"), LATER).candidate
    assert offending_rows(candidate, "assert_changes_add_up").empty and contract_faults(candidate) == []
    path = candidate.path("changes")
    sound = pd.read_parquet(path)
    row = sound.index[sound["change"].eq("changed") & sound["pay"].notna()][0]
    spoilt = {"pay": sound.loc[row, "pay"] + 1, "new": 123_000, "change": "added", "old": sound.loc[row, "new"]}
    for column, value in [*spoilt.items(), ("new", None)]:
        frame = sound.copy()
        frame.loc[row, column] = value
        rewrite(path, frame)
        assert len(offending_rows(candidate, "assert_changes_add_up")) == 1, column
    path.unlink()
    assert any("changes is missing" in fault for fault in contract_faults(candidate))


def rewrite(path: Path, frame: pd.DataFrame) -> None:
    """The table with other values, made from the same as before."""
    schema = pq.read_schema(path)
    pq.write_table(pyarrow.Table.from_pandas(frame, schema=schema, preserve_index=False), path)
