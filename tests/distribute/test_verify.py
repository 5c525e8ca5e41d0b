"""verify finds every fault that a folder or a server can have, says where, and finds none where there is none."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from salary_bands.cli.commands import app
from salary_bands.distribute.verify import verify
from salary_bands.errors import RefreshError, UsageError
from salary_bands.publish.pointers import list_release
from salary_bands.releases.marts import Marts
from salary_bands.releases.signing import private_key, sign_manifest
from salary_bands.storage.files import json_text, sha256_of
from tests.builders.servers import refusing, serving
from tests.builders.shelves import put_release, shelf

OLD, NEW = "2026.01.31", "2026.02.28"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shelf(tmp_path_factory.mktemp("two") / "marts", OLD, NEW).folder


@pytest.fixture
def marts(two: Path, tmp_path: Path) -> Marts:
    shutil.copytree(two, tmp_path / "marts")
    return Marts(tmp_path / "marts")


@pytest.fixture
def url(marts: Marts) -> Iterator[str]:
    """The folder behind Python's own static server."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(marts.folder)))) as address:
        yield address


def lines(marts: Marts | str, **options: object) -> list[str]:
    found = verify(marts.folder if isinstance(marts, Marts) else marts, **options)
    assert all(fault.mend for fault in found.faults)
    return [f"{fault.file}: {fault.what}" for fault in found.faults]


def edit(path: Path, change: Callable[[object], object]) -> None:
    path.write_text(json_text(change(json.loads(path.read_text(encoding="utf-8")))), encoding="utf-8")


def rehashed(marts: Marts, version: str, change: Callable[[object], object]) -> None:
    """Change a manifest, and every pointer's hash of it, as somebody would who covers their tracks."""
    manifest = marts.release(version) / "manifest.json"
    old = sha256_of(manifest)
    edit(manifest, change)
    for name in ("latest.json", "releases.json"):
        path = marts.folder / name
        path.write_text(path.read_text(encoding="utf-8").replace(old, sha256_of(manifest)), encoding="utf-8")


def test_a_sound_folder_and_server_are_ok(marts: Marts, url: str) -> None:
    assert lines(marts) == lines(marts, all_releases=True) == lines(url, all_releases=True) == []
    one, both = verify(marts.folder), verify(marts.folder, all_releases=True)
    assert (one.releases, both.releases, one.latest) == ([NEW], [NEW, OLD], NEW)
    files = [p for p in marts.release(NEW).rglob("*") if p.is_file() and p.name != "manifest.json"]
    assert (one.files, one.bytes) == (len(files), sum(p.stat().st_size for p in files))
    assert verify(url, release=OLD).releases == [OLD]


def grow(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


SPOILS: list[tuple[Callable[[Path], None], str, list[str]]] = [
    (Path.unlink, "README.md", ["README.md: is missing"]),
    (flip, "bands.parquet", ["bands.parquet: has another sha256 than the manifest says"]),
    (flip, "bands/leaf/all/US.json", ["bands/leaf/all/US.json: has another sha256 than the manifest says"]),
    (link, "same.txt", ["same.txt: is a link", "elsewhere: is not in the manifest"]),
    (Path.touch, "bands/new.json", ["bands/new.json: is not in the manifest"]),
    (Path.touch, ".hidden", [".hidden: is not in the manifest"]),
    (flip, "manifest.json", ["manifest.json: has another sha256 than latest.json and releases.json say"]),
]


@pytest.mark.parametrize(("spoil", "file", "said"), SPOILS, ids=[f"{s.__name__} {f}" for s, f, _ in SPOILS])
def test_each_fault_of_a_file_is_named(marts: Marts, spoil: Callable[[Path], None], file: str, said: list[str]) -> None:
    spoil(marts.release(NEW) / file)
    assert lines(marts) == [f"releases/{NEW}/{line}" for line in said]
    result = CliRunner().invoke(app, ["verify", "--marts", str(marts.folder)])
    assert result.exit_code == 1 and said[0] in result.stdout
    spoil(marts.release(OLD) / file)  # of the release that is not the latest only with --all; manifests always
    if file != "manifest.json":
        assert len(lines(marts)) == len(said)
    assert len(lines(marts, all_releases=True)) == 2 * len(said)
    assert len(lines(marts, release=OLD)) == len(said) * (2 if file == "manifest.json" else 1)


def test_a_size_that_differs_is_said_before_any_hash(marts: Marts, url: str) -> None:
    path = marts.release(NEW) / "cards.csv"
    size = path.stat().st_size
    grow(path)
    assert lines(marts) == [f"releases/{NEW}/cards.csv: has {size + 1:,} bytes, not {size:,}"]
    assert lines(url) == [f"releases/{NEW}/cards.csv: is larger than the {size:,} bytes it may have"]


@pytest.mark.parametrize("table", ["bands.csv", "bands.parquet"])
def test_rows_are_counted(marts: Marts, url: str, table: str) -> None:
    def claim_more(manifest: dict) -> dict:
        next(f for f in manifest["files"] if f["path"] == table)["rows"] = 7
        return manifest

    rehashed(marts, NEW, claim_more)
    assert lines(marts) == lines(url) == [f"releases/{NEW}/{table}: has 1 rows, not 7"]


@pytest.mark.parametrize("path", ["../../latest.json", "/etc/passwd", "a/../b", ".x", "a\\b", "C:x", "", "a//b", "x\n"])
def test_a_manifest_that_leaves_its_folder_is_not_followed(marts: Marts, path: str) -> None:
    def lead_out(manifest: dict) -> dict:
        manifest["files"][0]["path"] = path
        return manifest

    rehashed(marts, NEW, lead_out)
    found = lines(marts)
    assert len(found) == 1 and f"files[0].path: {path!r} may be outside the release" in found[0]


POINTERS: list[tuple[str, Callable, str]] = [
    ("latest.json", lambda p: {**p, "version": OLD, "as_of": "2026-01-31"}, "manifest.path of release 2026.01.31 is "),
    ("latest.json", lambda p: {**p, "as_of": "2026-02-27"}, "as_of '2026-02-27' is not the date of version 2026.02.28"),
    (
        "latest.json",
        lambda p: {**p, "schema_version": "9.0.0"},
        "has schema_version 9.0.0, and this program reads",
    ),
    ("latest.json", lambda p: {**p, "manifest": {**p["manifest"], "sha256": "0" * 64}}, "differs from its entry"),
    (
        "latest.json",
        lambda p: {**p, "manifest": {**p["manifest"], "sha256": "0"}},
        "manifest.sha256: string should match",
    ),
    ("latest.json", lambda _: 3, "latest.json: input should be an object, not 3"),
    ("releases.json", lambda _: {}, "releases.json: input should be a valid array"),
    ("releases.json", lambda p: p[::-1], "is not in order"),
    ("releases.json", lambda p: [*p, p[0]], "lists a release twice"),
    (
        "releases.json",
        lambda p: [{**p[0], "status": "nice"}, p[1]],
        "[0].status: input should be 'published' or 'withdrawn', not 'nice'",
    ),
    ("releases.json", lambda p: [{**p[0], "status": "withdrawn"}, p[1]], "by releases.json the latest is 2026.01.31"),
    ("releases.json", lambda p: [{**p[0], "rolled_back": True}, p[1]], "by releases.json the latest is 2026.01.31"),
    ("releases.json", lambda p: p[:1], "releases/2026.01.31: is not in releases.json"),
    ("releases.json", lambda p: [p[0], {**p[1], "pruned": True}], "is there, but marked as pruned"),
]


@pytest.mark.parametrize(("file", "change", "said"), POINTERS, ids=[s for _, _, s in POINTERS])
def test_pointers_that_are_wrong_or_disagree_are_named(marts: Marts, file: str, change: Callable, said: str) -> None:
    edit(marts.folder / file, change)
    assert said in "\n".join(lines(marts))


def test_pointers_that_are_missing_or_no_json_are_named(marts: Marts) -> None:
    (marts.folder / "latest.json").write_text("{", encoding="utf-8")
    assert lines(marts) == ["latest.json: is not JSON"]
    (marts.folder / "latest.json").unlink()
    assert lines(marts) == [f"latest.json: is missing; by releases.json the latest is {NEW}"]
    (marts.folder / "releases.json").unlink()
    with pytest.raises(RefreshError, match="nothing is published"):
        verify(marts.folder)


def test_a_folder_of_a_release_that_is_gone_is_named(marts: Marts) -> None:
    shutil.rmtree(marts.release(OLD))
    assert lines(marts) == [f"releases/{OLD}/manifest.json: is missing, but releases.json names it"]


def test_a_mart_of_another_release_is_named(marts: Marts) -> None:
    kept = marts.folder.parent / "kept.duckdb"
    shutil.copy(marts.mart, kept)
    put_release(marts, "2026.03.31")
    list_release(marts, "2026.03.31")
    shutil.copy(kept, marts.mart)
    assert lines(marts) == [
        "salary_bands.duckdb: is of 2026.02.28 with the history of 2; it should be of 2026.03.31 with the history of 3"
    ]
    marts.mart.unlink()
    assert "salary_bands.duckdb: is missing or damaged" in lines(marts)[0]
    with duckdb.connect(str(marts.mart)) as connection:
        connection.execute("CREATE TABLE mine AS SELECT 1 AS one")
    assert "salary_bands.duckdb: is missing or damaged" in lines(marts)[0]


def test_a_release_that_is_not_listed_is_wrong_usage(marts: Marts, url: str) -> None:
    for where in (marts.folder, url):
        with pytest.raises(UsageError, match=f"2030.01.01: not in .*there are {NEW}, {OLD}"):
            verify(where, release="2030.01.01")


def test_a_server_that_is_not_there_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)  # between the tries
    with refusing() as address:
        result = CliRunner().invoke(app, ["verify", "--marts", address])
    assert result.exit_code == 1 and "refused" in result.stderr
    assert CliRunner().invoke(app, ["verify", "--marts", "ftp://127.0.0.1/"]).exit_code == 2
    assert CliRunner().invoke(app, ["verify", "--marts", str(tmp_path)]).exit_code == 1


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ours.pem and ours.pub, theirs.pem and theirs.pub, made by openssl as the documentation says."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ours", "theirs"):
        key, public = str(folder / f"{name}.pem"), str(folder / f"{name}.pub")
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True)
        subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True)
    return folder


def test_a_signature_is_checked_by_the_key_and_by_openssl(marts: Marts, url: str, keys: Path) -> None:
    ours = keys / "ours.pub"
    missing = f"releases/{NEW}/manifest.json.sig: is missing"
    assert lines(marts, key=ours) == lines(url, key=ours) == [missing]
    before = {p: sha256_of(p) for p in marts.release(NEW).rglob("*") if p.is_file()}
    sign_manifest(marts.release(NEW), keys / "ours.pem")
    assert {p: sha256_of(p) for p in before} == before
    signature = marts.release(NEW) / "manifest.json.sig"
    first = signature.read_bytes()
    assert len(first) == 64
    sign_manifest(marts.release(NEW), keys / "ours.pem")
    assert signature.read_bytes() == first
    for where in (marts.folder, url):
        found = verify(where, key=ours)
        assert (found.faults, found.signatures) == ([], {NEW: "valid"})
        assert verify(where).signatures == {NEW: "unchecked"}
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-rawin", "-inkey", str(ours)]
    command += ["-in", str(marts.release(NEW) / "manifest.json"), "-sigfile", str(signature)]
    subprocess.run(command, check=True, capture_output=True)
    wrong = f"releases/{NEW}/manifest.json.sig: is not the signature of manifest.json by this key"
    assert lines(marts, key=keys / "theirs.pub") == [wrong]
    flip(signature)
    assert lines(marts, key=ours) == lines(url, key=ours) == [wrong]
    signature.write_bytes(first)
    rehashed(marts, NEW, lambda m: {**m, "contains_synthetic": False})  # every hash agrees, and nobody signed it
    assert lines(marts) == []
    assert lines(marts, key=ours) == [wrong]


def test_what_is_no_key_is_wrong_usage(keys: Path, tmp_path: Path) -> None:
    rsa = tmp_path / "rsa.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "rsa", "-out", str(rsa)], check=True, capture_output=True)
    locked = tmp_path / "locked.pem"
    command = ["openssl", "genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:x", "-out", str(locked)]
    subprocess.run(command, check=True)
    for path in (tmp_path / "none", keys / "ours.pub", rsa, locked):
        with pytest.raises(UsageError, match=path.name):
            private_key(path)
    with pytest.raises(UsageError, match=r"ours\.pem: cannot be read as a key"):
        verify(tmp_path, key=keys / "ours.pem")
