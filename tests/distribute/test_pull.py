"""pull: only what changed, every byte checked, all or nothing, whatever the server does."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from typer.testing import CliRunner

from salary_bands.cli.commands import app
from salary_bands.distribute import assembly
from salary_bands.distribute.pull import Pulled, PullRequest, pull
from salary_bands.distribute.remote import Limits
from salary_bands.distribute.verify import verify
from salary_bands.errors import RefreshError, UsageError
from salary_bands.publish.pointers import list_release, prune, rollback, withdraw
from salary_bands.publish.publication import repair
from salary_bands.releases.manifest import is_safe
from salary_bands.releases.marts import Marts
from salary_bands.releases.signing import sign_manifest
from salary_bands.storage.files import json_text, sha256_of
from tests.builders.shelves import latest, listed, put_release, quick_marts, shelf, snapshot
from tests.hostile import publisher as tricks
from tests.hostile.crashes import dies, writes
from tests.hostile.publisher import Publisher, publisher

OLD, NEW, NEXT = "2026.01.31", "2026.02.28", "2026.03.31"
LIMITS = Limits(connect=2, silence=5, tries=2, backoff=0)
SAME = f"releases/{NEW}/same.txt"
OWN = f"releases/{NEW}/bands/leaf/all/US.json"  # no other release has it


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_marts(monkeypatch)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shelf(tmp_path_factory.mktemp("two") / "marts", OLD, NEW).folder


@pytest.fixture
def server(two: Path, tmp_path: Path) -> Iterator[Publisher]:
    shutil.copytree(two, tmp_path / "published")
    with publisher(tmp_path / "published") as running:
        yield running


@pytest.fixture
def site(tmp_path: Path) -> Marts:
    return Marts(tmp_path / "site")


def bring(server: Publisher, site: Marts, **options: Any) -> Pulled:
    limits = options.pop("limits", LIMITS)
    return pull(PullRequest(server.url, site.folder, **options), limits=limits)


def theirs(server: Publisher) -> Marts:
    return Marts(server.folder)


def files(server: Publisher, version: str) -> list[str]:
    return [f"releases/{version}/{f.path}" for f in theirs(server).manifest(version).files]


def publish(server: Publisher, version: str) -> None:
    put_release(theirs(server), version)
    list_release(theirs(server), version)


def assert_sound(site: Marts, named: str | None, held: set[str]) -> None:
    assert latest(site) == named
    assert [f.line() for f in verify(site.folder, all_releases=True).faults] == []
    assert {v for v, e in listed(site).items() if not e.get("pruned")} == held
    assert {p.name for p in (site.folder / "releases").glob("*")} == held


def test_a_pulled_folder_is_a_marts_folder_of_the_latest(server: Publisher, site: Marts) -> None:
    found = bring(server, site)
    assert (found.version, found.changed, found.fetched, found.reused) == (NEW, True, len(files(server, NEW)), 0)
    assert found.bytes == sum(f.bytes for f in theirs(server).manifest(NEW).files)
    assert_sound(site, NEW, {NEW})
    assert snapshot(site.release(NEW)) == snapshot(theirs(server).release(NEW))
    assert site.latest() == theirs(server).latest()
    assert site.mart_state() == (NEW, [NEW])
    asked = [path for path, _ in server.asked()]
    pointers = ["latest.json", "releases.json", f"releases/{NEW}/manifest.json", f"releases/{NEW}/manifest.json.sig"]
    assert sorted(asked) == sorted([*pointers, *files(server, NEW)])
    assert repair(site) == []


def test_only_what_changed_is_asked_for(server: Publisher, site: Marts) -> None:
    bring(server, site)
    server.asked()
    before = snapshot(site.folder)
    assert bring(server, site).changed is False
    assert server.asked() == [("latest.json", 304), ("releases.json", 304)]
    assert snapshot(site.folder) == before
    publish(server, NEXT)
    found = bring(server, site)
    held = {f.sha256 for f in theirs(server).manifest(NEW).files}
    fresh = [f.path for f in theirs(server).manifest(NEXT).files if f.sha256 not in held]
    fetched = [path for path, status in server.asked() if status == 200 and path in files(server, NEXT)]
    assert sorted(fetched) == sorted(f"releases/{NEXT}/{path}" for path in fresh)
    assert (found.fetched, found.reused) == (len(fresh), len(files(server, NEXT)) - len(fresh))
    assert found.reused > 0
    assert_sound(site, NEXT, {NEXT})
    assert found.removed == [NEW]


def test_history_is_kept_where_it_is_asked_for(server: Publisher, site: Marts) -> None:
    bring(server, site, release=OLD)
    assert_sound(site, OLD, {OLD})
    assert bring(server, site, keep_history=True).removed == []
    assert_sound(site, NEW, {OLD, NEW})
    assert site.mart_state() == (NEW, [OLD, NEW])
    with pytest.raises(UsageError, match=rf"2030\.01\.01: not at http.*there are {NEW}, {OLD}"):
        bring(server, site, release="2030.01.01")


def test_rollbacks_withdrawals_and_prunes_are_followed(server: Publisher, site: Marts) -> None:
    bring(server, site, keep_history=True)
    rollback(theirs(server), None, "wrong rates")
    assert bring(server, site, keep_history=True).changed
    assert_sound(site, OLD, {OLD, NEW})
    assert listed(site)[NEW]["rolled_back"] is True and listed(site)[NEW]["reason"] == "wrong rates"
    rollback(theirs(server), NEW, None)
    withdraw(theirs(server), OLD, "one person was named")
    bring(server, site, keep_history=True)
    assert_sound(site, NEW, {OLD, NEW})
    assert (listed(site)[OLD]["status"], listed(site)[OLD]["reason"]) == ("withdrawn", "one person was named")
    assert site.mart_state() == (NEW, [NEW])
    with pytest.raises(RefreshError, match="withdrawn by the publisher: one person was named"):
        bring(server, site, release=OLD)
    prune(theirs(server), 1)
    bring(server, site, keep_history=True)  # what is held here stays
    assert_sound(site, NEW, {OLD, NEW})
    withdraw(theirs(server), NEW, "legal")
    found = bring(server, site)
    assert (found.version, found.changed) == (None, True)
    assert_sound(site, None, set())
    assert not site.mart.exists()


def test_a_release_that_is_pruned_there_cannot_be_had(server: Publisher, site: Marts) -> None:
    prune(theirs(server), 1)
    with pytest.raises(RefreshError, match=f"{OLD}: is no longer at"):
        bring(server, site, release=OLD)


PATIENT: list[tuple[str, list[tricks.Trick]]] = [
    ("latest.json", [tricks.status(429, Retry_After="0")]),
    ("releases.json", [tricks.status(503), tricks.status(503)]),
    ("releases.json", [tricks.truncated]),
    (f"releases/{NEW}/manifest.json", [tricks.truncated]),
    (SAME, [tricks.status(429, Retry_After="0"), tricks.status(503)]),
    (SAME, [tricks.truncated]),
    (SAME, [tricks.truncated, tricks.status(416)]),
    (SAME, [tricks.truncated_silently]),
    (SAME, [tricks.truncated, tricks.truncated]),
    (SAME, [tricks.dripped]),
    (SAME, [tricks.status(302, Location=f"/{SAME}")]),
]


@pytest.mark.parametrize(("path", "played"), PATIENT)
def test_what_passes_is_waited_for(server: Publisher, site: Marts, path: str, played: list[tricks.Trick]) -> None:
    server.tricks[path] = [*played]
    bring(server, site)
    assert_sound(site, NEW, {NEW})
    assert server.tricks[path] == []
    assert not list(site.folder.rglob(f"*{SAME.rpartition('/')[2]}.*"))


def outside(document: dict, path: str) -> dict:
    document["files"][0]["path"] = path
    return document


HOSTILE: list[tuple[str, list[tricks.Trick], str]] = [
    (OWN, [tricks.flipped], "differs from what the manifest says"),
    (OWN, [tricks.truncated, tricks.flipped, tricks.flipped], "differs from what|another range|was incomplete"),
    (OWN, [tricks.status(404)], "is missing, but the manifest lists it"),
    (OWN, [tricks.status(403)], "answered 403"),
    (OWN, [tricks.status(503)] * 3, "answered 503 after all tries"),
    (OWN, [tricks.status(429, Retry_After="0")] * 3, "answered 429 after all tries"),
    (OWN, [tricks.truncated_silently] * 3, "was incomplete in 3 tries"),
    (OWN, [tricks.endless], "is larger than the [0-9,]+ bytes it may have"),
    (OWN, [tricks.boasting], "is larger than the [0-9,]+ bytes it may have"),
    (OWN, [tricks.status(206, Content_Range="bytes 5-9/10")], "another range"),
    (OWN, [tricks.status(302, Location="http://127.0.0.2/US.json")], "redirects to http://127.0.0.2.*another host"),
    (OWN, [tricks.status(302, Location="file:///etc/passwd")], "redirects to file:///etc/passwd, another host"),
    (OWN, [tricks.status(302, Location=f"/{OWN}")] * 9, "redirects in a circle"),
    ("latest.json", [tricks.endless], "latest.json: is larger than the 100,000 bytes it may have"),
    ("latest.json", [tricks.replaced(b"<html>")] * 2, "latest.json: is not JSON"),
    ("latest.json", [tricks.replaced(b"[" * 50_000)] * 2, "latest.json: is not JSON"),
    ("latest.json", [tricks.status(404)] * 2, "latest.json: is missing, but releases.json does not agree"),
    ("releases.json", [tricks.status(404)] * 2, "has no releases.json"),
    ("releases.json", [tricks.replaced(b"[]")] * 2, f"names {NEW}, but releases.json does not agree"),
    (f"releases/{NEW}/manifest.json", [tricks.replaced(b"{}")], "another sha256 than latest.json and releases.json"),
]


@pytest.mark.parametrize(("path", "played", "said"), HOSTILE, ids=[f"{p.split('/')[-1]} {s}" for p, _, s in HOSTILE])
def test_what_does_not_pass_is_one_line_and_changes_nothing(
    server: Publisher, site: Marts, path: str, played: list[tricks.Trick], said: str
) -> None:
    limits = Limits(connect=2, silence=5, tries=2, backoff=0, document=100_000)
    bring(server, site, release=OLD)
    before = snapshot(site.folder)
    server.tricks[path] = [*played]
    with pytest.raises(RefreshError, match=said) as caught:
        bring(server, site, limits=limits)
    assert "\n" not in str(caught.value)
    assert snapshot(site.folder) == before
    assert_sound(site, OLD, {OLD})
    server.tricks.clear()
    bring(server, site)
    assert_sound(site, NEW, {NEW})


def test_a_body_that_comes_too_slowly_is_given_up(server: Publisher, site: Marts) -> None:
    server.tricks[SAME] = [tricks.dripped]
    with pytest.raises(RefreshError, match="is slower than"):
        bring(server, site, limits=Limits(patience=-1e9, slowest=1, tries=0))
    stop = Event()
    server.tricks["latest.json"] = [lambda *_: stop.wait(5)]
    with pytest.raises(RefreshError, match="timed out"):
        bring(server, site, limits=Limits(silence=0.1, tries=0))
    stop.set()
    assert not (site.folder / "releases").exists()


def forged(server: Publisher, change: Callable[[dict], dict]) -> None:
    """Another manifest, and pointers that agree with it."""
    manifest = theirs(server).release(NEW) / "manifest.json"
    old = sha256_of(manifest)
    manifest.write_text(json_text(change(json.loads(manifest.read_text(encoding="utf-8")))), encoding="utf-8")
    for name in ("latest.json", "releases.json"):
        path = server.folder / name
        path.write_text(path.read_text(encoding="utf-8").replace(old, sha256_of(manifest)), encoding="utf-8")


FORGED: list[tuple[Callable[[dict], dict], str]] = [
    (partial(outside, path="../../../outside.txt"), "may be outside the release"),
    (partial(outside, path="/tmp/outside.txt"), "may be outside the release"),
    (partial(outside, path="..\\outside.txt"), "may be outside the release"),
    (partial(outside, path="manifest.json"), r"files\[0\].path: manifest.json cannot list itself"),
    (partial(outside, path="bands"), "files lists 'bands' both as a file and as a folder"),
    (lambda m: {**m, "version": OLD, "as_of": "2026-01-31"}, f"has version {OLD}, not {NEW}"),
    (lambda m: {**m, "as_of": "2026-01-31"}, "as_of '2026-01-31' is not the date of version"),
    (lambda m: {**m, "files": "all"}, "files: input should be a valid array, not 'all'"),
    (
        lambda m: {**m, "files": [{**m["files"][0], "bytes": -1}]},
        r"files\[0\].bytes: input should be greater than or equal to 0, not -1",
    ),
    (lambda m: {**m, "files": [{**m["files"][0], "bytes": 1 << 60}]}, "are free"),
    (
        lambda m: {**m, "files": [{**m["files"][0], "sha256": None}]},
        r"files\[0\].sha256: input should be a valid string, not None",
    ),
    (lambda m: {**m, "files": [m["files"][0]] * 2}, "files lists a file twice"),
]


@pytest.mark.parametrize(("change", "said"), FORGED, ids=[s for _, s in FORGED])
def test_a_forged_manifest_writes_nowhere(
    server: Publisher, site: Marts, tmp_path: Path, change: Callable[[dict], dict], said: str
) -> None:
    forged(server, change)
    before = {p for p in tmp_path.rglob("*") if site.folder not in p.parents and p != site.folder}
    with pytest.raises(RefreshError, match=said):
        bring(server, site)
    assert {p for p in tmp_path.rglob("*") if site.folder not in p.parents and p != site.folder} == before
    assert not (site.folder / "releases").exists()


@pytest.mark.parametrize("path", ["a.json", "bands/leaf/all/us-sf-bay.json", "a..b", "ünicode.csv"])
def test_plain_paths_are_safe(path: str) -> None:
    assert is_safe(path)


def test_a_published_release_that_changes_there_is_not_taken(server: Publisher, site: Marts) -> None:
    bring(server, site)
    before = snapshot(site.folder)
    forged(server, lambda m: {**m, "contains_synthetic": False})
    with pytest.raises(RefreshError, match=r"has another manifest there.*published files never change"):
        bring(server, site)
    assert snapshot(site.folder) == before


def test_a_folder_with_releases_of_its_own_is_left_alone(server: Publisher, two: Path, site: Marts) -> None:
    shutil.copytree(two, site.folder)
    before = snapshot(site.folder)
    with pytest.raises(UsageError, match="holds releases that were published here"):
        bring(server, site)
    assert snapshot(site.folder) == before


@pytest.mark.parametrize("url", ["ftp://host/", "file:///etc", "host/folder", "http://", "http://host/?a=1"])
def test_what_is_no_url_of_a_folder_is_wrong_usage(site: Marts, url: str) -> None:
    result = CliRunner().invoke(app, ["pull", url, "--to", str(site.folder)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert not site.folder.exists()


def test_a_signature_is_demanded_where_there_is_a_key(server: Publisher, site: Marts, tmp_path: Path) -> None:
    key, public = tmp_path / "key.pem", tmp_path / "key.pub"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", str(key)], check=True)
    subprocess.run(["openssl", "pkey", "-in", str(key), "-pubout", "-out", str(public)], check=True)
    with pytest.raises(RefreshError, match=r"manifest\.json\.sig: is missing; do not use this release"):
        bring(server, site, public_key=public)
    assert not (site.folder / "releases").exists()
    bring(server, site)
    sign_manifest(theirs(server).release(NEW), key)
    assert bring(server, site, public_key=public).signature == "valid"  # what is here unsigned is replaced, and reused
    assert (site.release(NEW) / "manifest.json.sig").is_file()
    assert verify(site.folder, key=public).ok
    assert_sound(site, NEW, {NEW})
    forged(server, lambda m: {**m, "contains_synthetic": False})
    other = Marts(tmp_path / "other")
    with pytest.raises(RefreshError, match="is not the signature of this key"):
        bring(server, other, public_key=public)
    assert latest(other) is None


@pytest.mark.slow
def test_killed_at_any_write_the_old_release_stays_or_the_new_is_whole(
    server: Publisher, site: Marts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How often several transfers at once write is not fixed, so the last writes are met with one at a time."""
    publish(server, NEXT)
    bring(server, site, release=OLD)
    at_once = assembly._AT_ONCE
    assert at_once > 1
    monkeypatch.setattr(assembly, "_AT_ONCE", 1)
    total = writes_of_a_pull(server, site, tmp_path)
    before = snapshot(site.folder)
    moved = False
    for step in [*range(0, total - 12, 9), *range(total - 12, total)]:
        here = Marts(tmp_path / f"killed{step}")
        shutil.copytree(site.folder, here.folder)
        server.asked()
        monkeypatch.setattr(assembly, "_AT_ONCE", at_once if step < total - 12 else 1)
        died = dies(here.folder, step, partial(bring, server, here))
        assert died or (step < total - 12 and latest(here) == NEXT), step
        seen = latest(here)
        assert seen in (OLD, NEXT) and (not moved or seen == NEXT)
        moved = died and seen == NEXT
        whole = verify(here.folder, release=seen)
        assert [f for f in whole.faults if f.file.startswith(f"releases/{seen}/")] == []
        if not moved and not (here.release(NEXT)).exists() and "pruned" not in listed(here)[OLD]:
            assert snapshot(here.folder) == before
        bring(server, here)
        assert_sound(here, NEXT, {NEXT})
        fetched = [path for path, status in server.asked() if path in files(server, NEXT) and status == 200]
        assert len(fetched) <= len(files(server, NEXT)) + 4  # those that were under way
        assert not list((here.folder / "releases").glob(".*"))
        assert {p.name for p in here.folder.glob(".*")} == {".lock", ".lock.pid", ".pull"}
        assert [p.name for p in (here.folder / ".pull").iterdir()] == ["state.json"]
    assert moved


def test_a_first_pull_that_was_killed_is_continued(
    server: Publisher, site: Marts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assembly, "_AT_ONCE", 1)  # so that the number of writes is fixed
    total = writes_of_a_pull(server, site, tmp_path)
    for step in [*range(0, total - 12, 40), *range(total - 12, total)]:
        here = Marts(tmp_path / f"killed{step}")
        assert dies(here.folder, step, partial(bring, server, here)), step
        bring(server, here)
        assert_sound(here, NEW, {NEW})


def writes_of_a_pull(server: Publisher, site: Marts, tmp_path: Path) -> int:
    if site.folder.exists():
        shutil.copytree(site.folder, tmp_path / "counted")
    return writes(tmp_path / "counted", partial(bring, server, Marts(tmp_path / "counted")))


@pytest.mark.slow
def test_a_killed_process_goes_on_where_it_was(server: Publisher, site: Marts) -> None:
    reached, go_on = Event(), Event()

    def halted(handler: Any, content: bytes) -> None:
        """Half of the file, then nothing until the reader is dead."""
        handler.send(200, content[: len(content) // 2], length=len(content))
        reached.set()
        go_on.wait(300)

    server.tricks[SAME] = [halted]
    command = [sys.executable, "-m", "salary_bands", "pull", server.url, "--to", str(site.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert reached.wait(300)
        child.kill()
    go_on.set()
    assert latest(site) is None and not (site.folder / "releases").exists()
    kept = {p.relative_to(next((site.folder / ".pull").glob("*/whole"))).as_posix()
            for p in (site.folder / ".pull").glob("*/whole/**/*") if p.is_file()}  # fmt: skip
    server.asked()
    bring(server, site)
    assert_sound(site, NEW, {NEW})
    asked = {path.removeprefix(f"releases/{NEW}/") for path, _ in server.asked()}
    assert kept and not kept & asked
    assert "same.txt" in asked


def test_the_command_says_what_it_did(server: Publisher, site: Marts) -> None:
    arguments = ["pull", server.url, "--to", str(site.folder)]
    first = CliRunner().invoke(app, arguments)
    assert first.exit_code == 0 and first.stdout.startswith(f"{NEW}  {len(files(server, NEW))} files fetched")
    again = CliRunner().invoke(app, [*arguments, "--json"])
    assert json.loads(again.stdout)["changed"] is False
    assert CliRunner().invoke(app, ["verify", "--marts", str(site.folder)]).exit_code == 0
    assert CliRunner().invoke(app, ["releases", "--marts", str(site.folder)]).exit_code == 0
