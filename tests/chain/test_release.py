"""The life of releases: versions, pointers, what never changes, crashes, and the same bytes everywhere."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from salary_bands.aggregate import workspace
from salary_bands.aggregate.workspace import Workspace
from salary_bands.errors import RefreshError
from salary_bands.orchestration.refresh import refresh
from salary_bands.publish import pointers
from salary_bands.publish.publication import publish, repair
from salary_bands.releases import documents as releases
from salary_bands.releases.marts import Marts
from salary_bands.schemas.columns import TIERS
from salary_bands.settings import Settings
from salary_bands.storage.files import sha256_of
from salary_bands.storage.locks import refresh_lock
from tests.builders.breaks import spoil
from tests.builders.candidates import BANDS, build, grid_of, published, settings_at
from tests.builders.exports import model_rows, native_row, write_native
from tests.builders.shelves import quick_marts
from tests.builders.worlds import MORE, ROWS
from tests.hostile.crashes import dies, writes

pytestmark = pytest.mark.slow


def hashes(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): sha256_of(p) for p in sorted(folder.rglob("*")) if p.is_file()}


def changes(settings: Settings, version: str) -> str:
    return (Marts(settings.marts).release(version) / "CHANGES.md").read_text(encoding="utf-8")


def assert_sound(marts: Marts) -> None:
    """The pointer names a release that is whole, and so does everything in the list."""
    for pointer in [marts.latest(), *marts.releases()]:
        assert sha256_of(marts.folder / pointer.manifest.path) == pointer.manifest.sha256
        folder = marts.release(pointer.version)
        listed = {f.path: f.sha256 for f in marts.manifest(pointer.version).files}
        assert {k: v for k, v in hashes(folder).items() if k != "manifest.json"} == listed


def assert_mart_is_of(marts: Marts, version: str, history: set[str]) -> None:
    assert (marts.mart_state() or (None,))[0] == version
    with duckdb.connect(str(marts.mart), read_only=True) as connection:
        assert connection.execute("SELECT DISTINCT release FROM bands").fetchall() == [(version,)]
        assert {r for (r,) in connection.execute("SELECT DISTINCT release FROM history_bands").fetchall()} == history


def assert_pointers(marts: Path) -> None:
    """latest.json and releases.json of a first release, to the letter."""
    latest = json.loads((marts / "latest.json").read_text(encoding="utf-8"))
    manifest = marts / "releases" / "2026.06.30" / "manifest.json"
    assert latest == {
        "version": "2026.06.30",
        "as_of": "2026-06-30",
        "schema_version": releases.SCHEMA_VERSION,
        "manifest": {"path": "releases/2026.06.30/manifest.json", "sha256": sha256_of(manifest)},
    }
    listed = json.loads((marts / "releases.json").read_text(encoding="utf-8"))
    assert listed == [{**latest, "status": "published", "reason": None}]


def test_what_is_published_twice_is_published_once(ready: Settings) -> None:
    before = hashes(ready.marts)
    assert_pointers(ready.marts)
    write_native(ready.raw, ROWS)
    assert published(ready) == "2026.06.30"
    assert hashes(ready.marts) == before


def test_new_content_of_a_date_is_numbered_and_nothing_published_ever_changes(ready: Settings) -> None:
    marts = Marts(ready.marts)
    seen = {"2026.06.30": hashes(marts.release("2026.06.30"))}
    steps = [("2026-06-30", 36, "2026.06.30.2"), ("2026-05-31", 36, "2026.05.31")]
    for as_of, count, version in [("2026-06-30", 35, "2026.06.30.1"), *steps]:
        write_native(ready.raw, [native_row(n) for n in range(count)])
        assert (publish(Workspace(ready), marts) if count == 35 else published(ready, as_of)) == version
        assert {v: hashes(marts.release(v)) for v in seen} == seen
        seen[version] = hashes(marts.release(version))
        newest = max(seen, key=lambda v: v.split("."))
        assert marts.latest().version == newest
        assert_mart_is_of(marts, newest, set(seen))
    assert_sound(marts)
    order = ["2026.06.30.2", "2026.06.30.1", "2026.06.30", "2026.05.31"]
    assert [r.version for r in marts.releases()] == order
    previous = {v: marts.manifest(v).previous for v in order}
    assert previous == dict(zip(order, ["2026.06.30.1", "2026.06.30", None, None], strict=True))


def test_an_export_that_is_removed_or_overwritten_no_longer_counts(settings: Settings) -> None:
    for file in ("a/one.csv", "b/two.csv", "c/three.csv"):
        write_native(settings.raw, [native_row(n, submission_id=f"{file}{n}") for n in range(30)], file)
    published(settings)
    (settings.raw / "b" / "two.csv").unlink()
    write_native(settings.raw, MORE, "c/three.csv")
    version = published(settings)
    text = changes(settings, version)
    assert re.findall(r"- no longer used: ([bc])/[0-9a-f]{12}, 30 rows", text) == ["b", "c"]
    assert re.findall(r"- added: (\w)/[0-9a-f]{12}, (\d+) rows", text) == [("c", "35")]
    assert "a/" not in text and ".csv" not in text
    rows = {i.source: i.rows for i in Marts(settings.marts).manifest(version).inputs}
    assert rows == {"a": 30, "c": 35}


def test_without_the_former_key_exports_have_other_names_and_are_recognised(
    built_first: Settings, tmp_path: Path
) -> None:
    settings = built_first
    first = published(settings)
    other = tmp_path / "other.key"
    other.write_text("another key of at least 16 bytes", encoding="ascii")
    other.chmod(0o600)
    second = published(settings.model_copy(update={"disclosure_key": other}))
    [was], [now] = (Marts(settings.marts).manifest(version).inputs for version in (first, second))
    plain = sha256_of(settings.raw / "source" / "native.csv")[:12]
    assert len({was.export, now.export, plain}) == 3 and was.rows == now.rows
    text = changes(settings, second)
    assert "## Exports\n\n- no changes\n" in text and "The method changed" in text
    moved = duckdb.sql(f"SELECT DISTINCT reason FROM '{Marts(settings.marts).release(second) / 'changes.parquet'}'")
    assert moved.fetchall() in ([], [("method",)])


def test_synthetic_exports_never_stand_beside_real_ones(sample_marts: Marts, tmp_path: Path) -> None:
    shutil.copytree(sample_marts.folder.parent, tmp_path / "shelf")
    settings = settings_at(tmp_path / "shelf")
    marts = Marts(settings.marts)
    first = marts.latest().version
    assert marts.manifest(first).contains_synthetic is True
    for name in ("CHANGES.md", "README.md", "datapackage.json"):
        assert "synthetic" in (marts.release(first) / name).read_text(encoding="utf-8").casefold(), name
    write_native(settings.raw, MORE, "real/native.csv")
    built = build(settings)
    ledger = built.table("full_ledger")
    assert set(ledger.loc[ledger["source"].eq("sample"), "reason"]) == {"synthetic_beside_real"}
    second = publish(built.candidate, marts)
    assert marts.manifest(second).contains_synthetic is False
    assert "- no longer used: sample/" in changes(settings, second)


def test_an_analyst_with_the_mart_open_neither_blocks_nor_is_blocked(ready: Settings) -> None:
    marts = Marts(ready.marts)
    script = (
        "import duckdb, sys\n"
        "c = duckdb.connect(sys.argv[1], read_only=True)\n"
        "for line in sys.stdin: print(c.execute('SELECT version FROM release').fetchall()[0][0], flush=True)\n"
    )
    child = [sys.executable, "-c", script, str(marts.mart)]
    with subprocess.Popen(child, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as analyst:
        answers = [asked(analyst)]
        assert publish(Workspace(ready), marts) == "2026.06.30.1"
        answers.append(asked(analyst))
    assert answers == ["2026.06.30", "2026.06.30"]
    assert_mart_is_of(marts, "2026.06.30.1", {"2026.06.30", "2026.06.30.1"})


def asked(analyst: subprocess.Popen[str]) -> str:
    assert analyst.stdin and analyst.stdout
    analyst.stdin.write("?\n")
    analyst.stdin.flush()
    return analyst.stdout.readline().strip()


def spoil_missing(path: Path) -> None:
    path.unlink()


def spoil_garbage(path: Path) -> None:
    path.write_bytes(b"not a database" * 1000)


def spoil_truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def spoil_empty(path: Path) -> None:
    path.write_bytes(b"")


def spoil_other_tables(path: Path) -> None:
    path.unlink()
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE mine AS SELECT 1 AS one")


SPOILS = [spoil_missing, spoil_garbage, spoil_truncated, spoil_empty, spoil_other_tables]


@pytest.mark.parametrize("spoil", SPOILS)
def test_a_spoilt_mart_is_mended_by_the_next_refresh(ready: Settings, spoil: Callable[[Path], None]) -> None:
    marts = Marts(ready.marts)
    spoil(marts.mart)
    assert repair(marts) == ["rebuilt the mart of 2026.06.30"]
    assert_mart_is_of(marts, "2026.06.30", {"2026.06.30"})
    assert repair(marts) == []


def test_what_somebody_wrote_to_the_mart_does_not_spoil_the_next_one(ready: Settings) -> None:
    marts = Marts(ready.marts)
    write = "import duckdb, os, sys\nc = duckdb.connect(sys.argv[1])\nc.execute('CREATE TABLE t (a INT)')\nos._exit(0)"
    subprocess.run([sys.executable, "-c", write, str(marts.mart)], check=True)
    log = marts.mart.with_name(f"{marts.mart.name}.wal")
    assert log.exists()
    assert publish(Workspace(ready), marts) == "2026.06.30.1"
    assert not log.exists()
    assert_mart_is_of(marts, "2026.06.30.1", {"2026.06.30", "2026.06.30.1"})


def test_killed_at_any_write_the_old_release_stays_or_the_new_is_whole(
    small_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    thin = tmp_path / "thin"
    shutil.copytree(small_world, thin)  # without the rows of empty cells, which take most of the time
    spoil(Workspace(settings_at(thin)), "bands", lambda bands: bands[bands["basis"].ne("suppressed")])

    def ready_in(name: str) -> Settings:
        shutil.copytree(thin, tmp_path / name)
        return settings_at(tmp_path / name)

    quick_marts(monkeypatch)
    counted = ready_in("counted")
    total = writes(counted.marts, lambda: publish(Workspace(counted), Marts(counted.marts)))
    old = hashes(counted.marts / "releases" / "2026.06.30")
    new = hashes(counted.marts / "releases" / "2026.06.30.1")
    # while a release is written aside one step is as the next; from then on each is another
    steps = [*range(0, total - 12, max(1, total // 4)), *range(total - 12, total)]
    moved = False
    for step in steps:
        settings = ready_in(str(step))
        marts = Marts(settings.marts)
        assert dies(marts.folder, step, lambda marts=marts, own=settings: publish(Workspace(own), marts))
        assert_sound(marts)
        named = marts.latest().version
        assert named == "2026.06.30.1" or (named == "2026.06.30" and not moved)
        moved = named == "2026.06.30.1"
        assert hashes(marts.release("2026.06.30")) == old
        repair(marts)
        assert publish(Workspace(settings), marts) == "2026.06.30.1"
        assert_sound(marts)
        assert marts.latest().version == "2026.06.30.1"
        assert marts.mart_state() == ("2026.06.30.1", ["2026.06.30", "2026.06.30.1"])
        assert hashes(marts.release("2026.06.30.1")) == new
        assert sorted(p.name for p in (settings.marts / "releases").iterdir()) == ["2026.06.30", "2026.06.30.1"]
        assert {p.name for p in settings.marts.glob(".*")} <= {".lock", ".lock.pid"}
        assert repair(marts) == []
        shutil.rmtree(tmp_path / str(step))


HOLD = "import sys, pathlib\nfrom salary_bands.storage.locks import refresh_lock\n" + (
    "with refresh_lock([pathlib.Path(sys.argv[1])], 0):\n    print('held', flush=True)\n    sys.stdin.read()\n"
)


@pytest.mark.parametrize("folder", ["marts", "work"])
def test_a_refresh_beside_another_says_who_holds_the_lock(settings: Settings, folder: str) -> None:
    write_native(settings.raw, ROWS)
    child = [sys.executable, "-c", HOLD, str(getattr(settings, folder))]
    impatient = settings.model_copy(update={"lock_wait_seconds": 0})
    with subprocess.Popen(child, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout and holder.stdout.readline() == "held\n"
        with pytest.raises(RefreshError, match=f"locked by process {holder.pid}"):
            refresh(impatient, date(2026, 6, 30), False, lambda _: None)
        assert not (settings.marts / "releases").exists()
        holder.kill()
    with refresh_lock([settings.marts, settings.work], 0), refresh_lock([settings.work], 0):
        pass  # the killed process holds nothing, and one process may take it twice


def test_a_refresh_finishes_what_a_crash_left_and_then_has_nothing_to_do(ready: Settings) -> None:
    marts = Marts(ready.marts)

    def until_it_lies_there() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pointers, "build_mart", lambda *_: (marts.folder / "died").touch())
            publish(Workspace(ready), marts)

    total = writes(ready.marts, lambda: None)
    assert total == 0
    assert dies(ready.marts / "died", 0, until_it_lies_there)
    assert (marts.release("2026.06.30.1")).is_dir() and marts.latest().version == "2026.06.30"
    said: list[str] = []
    outcome = refresh(ready, date(2026, 6, 30), False, said.append)
    assert said[0] == "finished publishing 2026.06.30.1"
    assert (outcome.version, outcome.published) == ("2026.06.30.1", False)
    assert_sound(marts)


def test_a_refresh_with_nothing_new_does_not_undo_a_rollback_or_a_withdrawal(ready: Settings) -> None:
    marts = Marts(ready.marts)
    publish(Workspace(ready), marts)

    def published_bytes() -> dict[str, str]:
        return {name: sha256 for name, sha256 in hashes(ready.marts).items() if not name.startswith(".lock")}

    for take_back, word in (
        (lambda: pointers.rollback(marts, None, "wrong rates"), "rolled back"),
        (lambda: pointers.withdraw(marts, "2026.06.30.1", "wrong rates"), "withdrawn"),
    ):
        take_back()
        before = published_bytes()
        said: list[str] = []
        outcome = refresh(ready, date(2026, 6, 30), False, said.append)
        assert (outcome.version, outcome.published, outcome.unchanged) == ("2026.06.30.1", False, True)
        assert any(word in line and "wrong rates" in line for line in said)
        assert marts.latest().version == "2026.06.30"
        assert published_bytes() == before


COMMAND = [sys.executable, "-m", "salary_bands", *"refresh --raw raw --marts marts --work work --json --as-of".split()]


def test_two_refreshes_at_once_on_one_marts_folder_both_end_well(
    built_first: Settings, small_world: Path, tmp_path: Path
) -> None:
    """One by the command in a process of its own; the other one here, which has the lock before that one asks."""
    settings = built_first
    for name in ("raw", "work"):
        shutil.copytree(small_world / name, tmp_path / "other" / name)
    command = [*COMMAND[:-1], "--marts", str(settings.marts), "--as-of", "2026-06-30"]
    with refresh_lock([settings.marts], 0):
        child = subprocess.Popen(
            command, cwd=tmp_path / "other", stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        ours = refresh(settings, date(2026, 6, 30), False, lambda _: None)
        assert child.stderr
        waits = next(line for line in child.stderr if "locked" in line)
    out, err = child.communicate()
    assert child.returncode == 0, err
    assert f"is locked by process {os.getpid()}" in waits and "is locked by process" not in err
    versions = [ours.version, json.loads(out)["version"]]
    assert versions == ["2026.06.30", "2026.06.30.1"]
    marts = Marts(settings.marts)
    assert_sound(marts)
    assert marts.latest().version == "2026.06.30.1"
    assert_mart_is_of(marts, "2026.06.30.1", set(versions))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a release of two exports and one that is held."""
    settings = settings_at(tmp_path_factory.mktemp("home"))
    write_native(settings.raw, model_rows(60), "b/one.csv")
    write_native(settings.raw, [native_row(n, currency="EUR", location="İstanbul") for n in range(20)], "a/İki ı.csv")
    (settings.raw / "a" / "héld.csv").write_text("who,what\na,b\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch, grid_of(*TIERS):
        patch.setattr(workspace, "_FEW_ROWS", 0)  # on all threads
        published(settings)
    return settings.raw.parent


def test_the_same_inputs_are_the_same_bytes_by_the_command_whatever_folder_zone_locale_hash_seed_and_threads(
    home: Path, tmp_path: Path
) -> None:
    other = tmp_path / "elsewhere" / "deep"
    shutil.copytree(home / "raw", other / "raw")
    os.utime(other / "raw" / "b" / "one.csv", (1, 1))
    turkish = {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR", "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7"}
    done = subprocess.run(
        [*COMMAND, "2026-06-30"], cwd=other, env={**os.environ, **turkish}, capture_output=True, text=True, check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["version"] == "2026.06.30"  # one document; progress is on the other stream
    assert "reading 3/3 b/one.csv" in done.stderr
    here, there = (hashes(folder / "marts" / "releases") for folder in (home, other))
    assert here == there
    for pointer in ("latest.json", "releases.json"):
        assert sha256_of(home / "marts" / pointer) == sha256_of(other / "marts" / pointer)


def test_the_order_of_rows_and_files_makes_no_difference_to_the_bands(settings: Settings) -> None:
    write_native(settings.raw, MORE[::2], "source/a.csv")
    write_native(settings.raw, MORE[1::2], "source/b.csv")
    first = build(settings, tables=BANDS).table("bands")
    write_native(settings.raw, MORE[1::2][::-1], "source/a.csv")
    write_native(settings.raw, MORE[::2][::-1], "source/b.csv")
    assert build(settings, tables=BANDS).table("bands").equals(first)
