"""Undoing a release: what readers are pointed at after a rollback, a withdrawal, a prune, or a crash in one."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from salary_bands.distribute.verify import verify
from salary_bands.errors import RefreshError, UsageError
from salary_bands.publish.pointers import list_release, pointer_notes, prune, reinstate, rollback, withdraw
from salary_bands.publish.publication import repair
from salary_bands.query.releases import release_rows
from salary_bands.releases.documents import SCHEMA_VERSION
from salary_bands.releases.marts import Marts
from tests.builders.shelves import latest, listed, put_release, quick_marts, shelf, snapshot
from tests.hostile.crashes import dies

A, B, C, D = "2026.01.31", "2026.02.28", "2026.02.28.1", "2026.03.31"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_marts(monkeypatch)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shelf(tmp_path_factory.mktemp("three") / "marts", (A, "a"), (B, "b"), (C, "c")).folder


@pytest.fixture
def marts(three: Path, tmp_path: Path) -> Marts:
    shutil.copytree(three, tmp_path / "marts")
    return Marts(tmp_path / "marts")


def publish(marts: Marts, version: str, content: str) -> None:
    put_release(marts, version, content)
    list_release(marts, version)


def assert_sound(marts: Marts, named: str | None) -> None:
    assert latest(marts) == named
    assert [f.line() for f in verify(marts.folder, all_releases=True).faults] == []


def test_a_rollback_goes_one_back_or_to_the_release_named(marts: Marts) -> None:
    before = snapshot(marts.folder / "releases")
    assert rollback(marts, None, "wrong rates") == B
    assert_sound(marts, B)
    assert marts.mart_state() == (B, [A, B, C])
    assert listed(marts)[C] | {"manifest": None} == {
        "version": C, "as_of": "2026-02-28", "schema_version": SCHEMA_VERSION, "manifest": None,
        "status": "published", "reason": "wrong rates", "rolled_back": True,
    }  # fmt: skip
    assert rollback(marts, A, "worse") == A
    assert_sound(marts, A)
    assert rollback(marts, C, None) == C  # forward again
    assert_sound(marts, C)
    assert listed(marts)[C]["reason"] is None and "rolled_back" not in listed(marts)[C]
    assert "rolled_back" in listed(marts)[B]
    assert snapshot(marts.folder / "releases") == before


def test_a_rollback_holds_until_a_newer_release_of_other_content(marts: Marts) -> None:
    rollback(marts, None, "wrong")
    assert repair(marts) == []
    assert_sound(marts, B)
    publish(marts, "2025.12.31", "older")  # a backfill
    assert_sound(marts, B)
    publish(marts, D, "c")  # the next night, from what was rolled back
    assert_sound(marts, B)
    assert listed(marts)[D]["reason"] == f"the same content as {C}, rolled back: wrong"
    assert "rolls forward" in pointer_notes(marts, D)[0]
    publish(marts, "2026.04.30", "b")  # from what stands
    assert_sound(marts, "2026.04.30")
    assert pointer_notes(marts, "2026.04.30") == []
    publish(marts, "2026.05.31", "mended")
    assert_sound(marts, "2026.05.31")


def test_there_must_be_something_to_roll_back_to(marts: Marts) -> None:
    with pytest.raises(UsageError, match=rf"2030\.01\.01: no such release; there are {C}, {B}, {A}"):
        rollback(marts, "2030.01.01", None)
    withdraw(marts, B, "legal")
    with pytest.raises(UsageError, match="it is withdrawn: legal"):
        rollback(marts, B, None)
    assert rollback(marts, None, None) == A
    with pytest.raises(RefreshError, match=f"no release before {A}"):
        rollback(marts, None, None)
    assert_sound(marts, A)


def test_a_withdrawal_marks_deletes_nothing_and_moves_the_pointer(marts: Marts) -> None:
    before = snapshot(marts.folder / "releases")
    withdraw(marts, A, "an old one")
    assert_sound(marts, C)
    withdraw(marts, C, "one person was named")
    assert_sound(marts, B)
    assert marts.mart_state() == (B, [B])
    assert [(v, e["status"], e["reason"]) for v, e in listed(marts).items()] == [
        (C, "withdrawn", "one person was named"), (B, "published", None), (A, "withdrawn", "an old one"),
    ]  # fmt: skip
    assert snapshot(marts.folder / "releases") == before
    publish(marts, D, "c")
    assert_sound(marts, B)
    assert "withdrawn: one person was named" in listed(marts)[D]["reason"]
    reinstate(marts, C)
    assert_sound(marts, C)
    with pytest.raises(UsageError, match="is not withdrawn"):
        reinstate(marts, C)


def test_where_the_last_release_is_withdrawn_nothing_is_published(tmp_path: Path) -> None:
    marts = shelf(tmp_path / "marts", A)
    withdraw(marts, A, "legal")
    assert_sound(marts, None)
    assert not marts.mart.exists()
    assert [(r.version, r.status, r.latest) for r in release_rows(marts)] == [(A, "withdrawn", False)]
    with pytest.raises(RefreshError, match="nothing is published"):
        marts.latest()
    assert repair(marts) == []
    publish(marts, B, "")
    assert_sound(marts, B)


def test_a_prune_removes_old_folders_and_keeps_them_listed(marts: Marts) -> None:
    assert prune(marts, 1, dry_run=True) == [B, A]
    assert_sound(marts, C)
    assert prune(marts, 2) == [A]
    assert_sound(marts, C)
    assert marts.mart_state() == (C, [B, C])
    assert [e.get("pruned") for e in listed(marts).values()] == [None, None, True]
    assert listed(marts)[A]["status"] == "published"
    assert prune(marts, 2) == []
    assert sorted(p.name for p in (marts.folder / "releases").iterdir()) == [B, C]
    with pytest.raises(UsageError, match="its folder is no longer"):
        marts.chosen(A)
    with pytest.raises(UsageError, match="its folder is missing"):
        rollback(marts, A, None)
    with pytest.raises(UsageError, match="at least one"):
        prune(marts, 0)


def test_a_prune_never_takes_what_latest_names_nor_what_is_newer(marts: Marts) -> None:
    rollback(marts, A, "all wrong since")
    assert prune(marts, 1) == []
    assert_sound(marts, A)
    publish(marts, D, "d")
    assert prune(marts, 1) == [C, B, A]
    assert_sound(marts, D)


@pytest.mark.parametrize(("gone", "named"), [(A, C), (C, B)])
def test_a_folder_that_somebody_removed_is_said_and_mended(marts: Marts, gone: str, named: str) -> None:
    aside = marts.folder.parent / "aside"
    marts.release(gone).rename(aside)
    lines = repair(marts)
    assert f"{marts.release(gone)} is missing: it is marked as pruned" in lines[0]
    assert_sound(marts, named)
    assert gone not in (marts.mart_state() or ("", []))[1]
    assert repair(marts) == []
    aside.rename(marts.release(gone))
    assert "there again" in repair(marts)[0]
    assert_sound(marts, C)


def test_a_publication_does_not_stumble_over_a_folder_that_is_gone(marts: Marts) -> None:
    shutil.rmtree(marts.release(A))
    publish(marts, D, "d")
    assert_sound(marts, D)
    assert marts.mart_state() == (D, [B, C, D])


def test_what_is_no_release_is_said_and_left(marts: Marts) -> None:
    shutil.copytree(marts.release(A), marts.folder / "releases" / "copy of mine")
    (marts.folder / "releases" / "empty").mkdir()
    assert [line.partition(" is not a release of that name")[1] != "" for line in repair(marts)] == [True, True]
    assert set(listed(marts)) == {A, B, C}


ACTS: dict[str, tuple[Callable[[Marts], object], str, str]] = {
    "rollback": (lambda m: rollback(m, A, "wrong"), C, A),
    "withdraw": (lambda m: withdraw(m, C, "wrong"), C, B),
    "prune": (lambda m: prune(m, 1), C, C),
    "publish": (lambda m: list_release(m, D), C, D),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ACTS)
def test_killed_at_any_write_the_folder_is_as_before_or_after_and_repair_ends_it(
    three: Path, tmp_path: Path, name: str
) -> None:
    act, old, new = ACTS[name]
    ends: list[str | None] = []
    for step in [*range(12), *range(12, 200, 15)]:  # from there on one file of a pruned folder after the other
        marts = Marts(tmp_path / str(step))
        shutil.copytree(three, marts.folder)
        if name == "publish":
            put_release(marts, D, "d")
        died = dies(marts.folder, step, lambda marts=marts: act(marts))
        if not died:
            break
        seen = latest(marts)
        assert seen in (old, new)
        pointed = [f for f in verify(marts.folder, seen).faults if f.file.endswith("json") or seen in f.file]
        # between releases.json and latest.json the pointer still names the old one, which is whole
        assert all(f.file == "latest.json" for f in pointed), (step, pointed)
        repair(marts)
        assert_sound(marts, latest(marts))
        ends.append(latest(marts))
        act(marts) if name != "publish" else list_release(marts, D)
        assert_sound(marts, new)
        assert not list(marts.folder.glob(".*")) + list((marts.folder / "releases").glob(".*"))
    assert step > 3
    assert ends == sorted(ends, key=[old, new].index)  # once moved, it stays moved
