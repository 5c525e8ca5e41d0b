"""The same publication in an object store: nothing is lost, overwritten or named before it is whole."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from salary_bands.cli.commands import app
from salary_bands.distribute import object_store
from salary_bands.distribute.mirror import Mirrored, mirror, union
from salary_bands.errors import RefreshError, UsageError
from salary_bands.orchestration.refresh import refresh
from salary_bands.publish.pointers import write_pointers
from salary_bands.releases.documents import sha256
from salary_bands.releases.manifest import File
from salary_bands.releases.marts import Marts
from salary_bands.releases.pointers import Entry
from salary_bands.settings import Settings
from salary_bands.storage.files import json_text
from tests.builders.exports import native_row, write_native
from tests.builders.manifests import entry_of, manifest_of
from tests.builders.s3 import SECRET, Asked, Server, refusal, serving

ROWS = [native_row(n) for n in range(30)]
FILES = ("CHANGES.md", "bands.csv", "bands.parquet", "datapackage.json", "bands/cards/llm/US.json", "views/cards.json")
PUTS = 2 * (len(FILES) + 2) + 4  # of two releases: claims, files and manifests, and what lies beside them
URL = "s3://{}/salaries/v1"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as found:
        yield found


@pytest.fixture
def bucket(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty bucket of the test's own, and the environment of a publisher."""
    name = f"bucket-{uuid.uuid4().hex}"
    server.client.create_bucket(Bucket=name)
    server.log.clear()
    server.before, server.conditions = lambda asked: None, True
    server.after = lambda asked: (
        assert_sound(server, name) if asked.path.endswith(("latest.json", "releases.json")) else None
    )
    for variable, value in server.environment().items():
        monkeypatch.setenv(variable, value)
    return name


def publication(folder: Path, **releases: str) -> Marts:
    """A marts folder with small releases: v2026_06_30="a" is 2026.06.30, and its files are of the content `a`."""
    marts = Marts(folder)
    entries = []
    for name, content in releases.items():
        version = name.removeprefix("v").replace("_", ".")
        files = {path: f"{content} {path}".encode() for path in FILES}
        listing = [File(path=p, bytes=len(d), sha256=sha256(d), rows=None) for p, d in files.items()]
        files["manifest.json"] = manifest_of(version, listing).text().encode()
        for path, data in files.items():
            (marts.release(version) / path).parent.mkdir(parents=True, exist_ok=True)
            (marts.release(version) / path).write_bytes(data)
        entries.append(marts.entry(version))
    marts.mart.write_bytes(f"mart of {releases}".encode())
    write_pointers(marts, entries)
    return marts


@pytest.fixture
def one(tmp_path: Path) -> Marts:
    """A publisher with two releases of one day."""
    return publication(tmp_path / "one", v2026_06_30="a", v2026_06_30_1="b")


def local(marts: Marts) -> dict[str, bytes]:
    """Everything that is published in the folder."""
    paths = [p for p in marts.folder.rglob("*") if p.is_file() and not p.name.startswith(".")]
    return {p.relative_to(marts.folder).as_posix(): p.read_bytes() for p in paths}


def stored(server: Server, bucket: str) -> dict[str, bytes]:
    """Everything in the store but the claims, under the names of the folder."""
    found = {name.removeprefix("salaries/v1/"): data for name, data in server.objects(bucket).items()}
    return {name: data for name, data in found.items() if not name.startswith("claims/")}


def pointers(server: Server, bucket: str) -> tuple[str, list[tuple[str, str]]]:
    """What latest.json names, and the versions of releases.json with what became of them."""
    found = stored(server, bucket)
    listed = [(e["version"], e["status"]) for e in json.loads(found["releases.json"])]
    return json.loads(found["latest.json"])["version"], listed


def assert_sound(server: Server, bucket: str) -> None:
    """Whatever a pointer in the store names is there to the last byte."""
    found = stored(server, bucket)
    named = [json.loads(found["latest.json"])] if "latest.json" in found else []
    for entry in [*named, *json.loads(found.get("releases.json", b"[]"))]:
        manifest = found[entry["manifest"]["path"]]
        assert sha256(manifest) == entry["manifest"]["sha256"]
        for file in json.loads(manifest)["files"]:
            assert sha256(found[f"releases/{entry['version']}/{file['path']}"]) == file["sha256"]


def test_the_server_lets_exactly_one_of_many_writers_win(server: Server, bucket: str) -> None:
    """Of the server, not of ours: without it the tests below would tell nothing."""
    client = server.client

    def won(condition: dict[str, str], writer: int) -> bool:
        try:
            client.put_object(Bucket=bucket, Key="raced", Body=b"%d" % writer, **condition)
        except ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 412
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        for _ in range(5):
            created = list(pool.map(lambda n: won({"IfNoneMatch": "*"}, n), range(16)))
            tag = client.head_object(Bucket=bucket, Key="raced")["ETag"]
            swapped = list(pool.map(lambda n, tag=tag: won({"IfMatch": tag}, n + 100), range(16)))
            assert (sum(created), sum(swapped)) == (1, 1)
            client.delete_object(Bucket=bucket, Key="raced")


def test_every_byte_of_the_folder_is_in_the_store_and_nothing_else(server: Server, bucket: str, one: Marts) -> None:
    (one.release("2026.06.30") / "manifest.json.sig").write_bytes(b"signed")
    before = local(one)
    said: list[str] = []
    done = mirror(one, URL.format(bucket), said.append)
    assert stored(server, bucket) == before == local(one)
    assert set(server.objects(bucket)) - {f"salaries/v1/{name}" for name in before} == {
        "salaries/v1/claims/2026.06.30.json",
        "salaries/v1/claims/2026.06.30.1.json",
    }
    assert done == Mirrored(URL.format(bucket), ["2026.06.30", "2026.06.30.1"], len(before) + 2, "2026.06.30.1")
    assert said == ["mirroring 2026.06.30, 8 files", "mirroring 2026.06.30.1, 7 files"]
    order = [a.path.removeprefix(f"/{bucket}/salaries/v1/") for a in server.puts()]
    assert order[-4:] == ["releases.json", "salary_bands.duckdb", "feed.xml", "latest.json"]
    first = [path for path in order if "2026.06.30/" in path or path == "claims/2026.06.30.json"]
    assert (first[0], first[-1]) == ("claims/2026.06.30.json", "releases/2026.06.30/manifest.json")


def test_release_files_may_be_kept_for_ever_and_pointers_for_a_minute(server: Server, bucket: str, one: Marts) -> None:
    mirror(one, URL.format(bucket))
    media = {
        "json": "application/json",
        "csv": "text/csv; charset=utf-8",
        "parquet": "application/vnd.apache.parquet",
        "md": "text/markdown; charset=utf-8",
        "xml": "application/atom+xml; charset=utf-8",
        "duckdb": "application/octet-stream",
    }
    seen = set()
    for name in stored(server, bucket):
        answer = server.client.head_object(Bucket=bucket, Key=f"salaries/v1/{name}")
        headers = answer["ResponseMetadata"]["HTTPHeaders"]
        kept = "public, max-age=31536000, immutable" if name.startswith("releases/") else "public, max-age=60"
        kind = name.rsplit(".", 1)[1]
        assert (headers["cache-control"], headers["content-type"]) == (kept, media[kind]), name
        seen.add(kind)
    assert seen == set(media)


def test_a_second_mirror_writes_nothing(server: Server, bucket: str, one: Marts) -> None:
    mirror(one, URL.format(bucket))
    server.log.clear()
    assert mirror(one, URL.format(bucket)).objects == 0
    assert {asked.method for asked in server.log} == {"GET", "HEAD"} and len(server.log) <= 6


class Killed(BaseException):
    """What no `except Exception` catches."""


@pytest.mark.parametrize("after", range(PUTS))
def test_a_crash_before_any_put_is_taken_up_by_the_next_mirror(
    server: Server, bucket: str, one: Marts, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, done = object_store.Bucket.put, iter(range(100))

    def dying(found: object_store.Bucket, path: str, *rest: Any) -> bool:
        again = path.startswith("claims/") and any(a.path.endswith(path) for a in server.puts())
        if not again and next(done) >= after:
            raise Killed
        return real(found, path, *rest)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(object_store.Bucket, "put", dying)
        mirror(one, URL.format(bucket))
    assert len(server.puts()) == after
    assert_sound(server, bucket)
    mirror(one, URL.format(bucket))
    assert stored(server, bucket) == local(one)
    assert len(server.puts()) == PUTS  # what was there was not written again


def test_what_somebody_else_put_under_a_name_of_ours_is_not_overwritten(
    server: Server, bucket: str, one: Marts
) -> None:
    name = "releases/2026.06.30/bands/cards/llm/US.json"
    server.client.put_object(Bucket=bucket, Key=f"salaries/v1/{name}", Body=b"{}")
    with pytest.raises(RefreshError, match=f"^{name} in the store differs from the local file"):
        mirror(one, URL.format(bucket))
    assert stored(server, bucket)[name] == b"{}"
    assert not {"releases.json", "latest.json", "releases/2026.06.30/manifest.json"} & set(stored(server, bucket))


def test_another_release_of_a_version_is_refused_before_anything_is_put(
    server: Server, bucket: str, one: Marts, tmp_path: Path
) -> None:
    mirror(one, URL.format(bucket))
    before = server.objects(bucket)
    other = publication(tmp_path / "other", v2026_06_29="x", v2026_06_30="c")
    with pytest.raises(RefreshError, match=r"^release 2026\.06\.30 in the store is not the one here"):
        mirror(other, URL.format(bucket))
    assert server.objects(bucket) == before


def test_a_store_that_does_not_honour_conditions_is_not_published_to(server: Server, bucket: str, one: Marts) -> None:
    server.conditions = False
    with pytest.raises(RefreshError, match=r"does not honour conditional puts \(If-None-Match\)"):
        mirror(one, URL.format(bucket))
    assert list(server.objects(bucket)) == ["salaries/v1/claims/2026.06.30.json"]


def test_a_put_that_met_another_and_was_not_kept_is_tried_again(server: Server, bucket: str, one: Marts) -> None:
    met = {"once"}
    server.before = lambda asked: (
        refusal(409, "ConditionalRequestConflict")
        if asked.method == "PUT" and asked.path.endswith("bands.csv") and met and met.pop()
        else None
    )
    mirror(one, URL.format(bucket))
    assert not met and stored(server, bucket) == local(one)


def test_a_file_that_is_not_what_its_manifest_says_is_not_mirrored(server: Server, bucket: str, one: Marts) -> None:
    spoilt = one.release("2026.06.30") / "bands.csv"
    spoilt.write_bytes(b"spoilt")
    with pytest.raises(RefreshError, match=r"bands.csv is not what its manifest says"):
        mirror(one, URL.format(bucket))
    spoilt.unlink()
    with pytest.raises(RefreshError, match=r"bands.csv is missing"):
        mirror(one, URL.format(bucket))
    assert "releases.json" not in stored(server, bucket)


def publisher(server: Server, bucket: str, marts: Marts, who: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "salary_bands", "mirror", "--to", URL.format(bucket), "--marts", str(marts.folder)]
    environment = {**os.environ, **server.environment(who)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def meet(name: str) -> Callable[[Asked], None]:
    """Hold the first put of that name by each of two publishers until both have come to it."""
    both, come = threading.Barrier(2), set()

    def hold(asked: Asked) -> None:
        if asked.method == "PUT" and asked.path.endswith(name) and asked.who not in come:
            come.add(asked.who)
            both.wait(timeout=60)

    return hold


def assert_all_of(server: Server, bucket: str, *publishers: Marts) -> None:
    """All of theirs is there, oldest first, and what is newest is the latest."""
    found = stored(server, bucket)
    everything = {name: data for marts in publishers for name, data in local(marts).items()}
    assert found == {**everything, "releases.json": found["releases.json"]}
    versions = [e.version for marts in reversed(publishers) for e in marts.releases()]
    assert pointers(server, bucket) == (versions[0], [(version, "published") for version in versions])


@pytest.fixture(params=["an empty store", "a store with a release"])
def earlier(request: pytest.FixtureRequest, server: Server, bucket: str, tmp_path: Path) -> list[Marts]:
    """Who published there before: pointers are created where there was none, else swapped."""
    if request.param == "an empty store":
        return []
    first = publication(tmp_path / "first", v2026_01_31="y")
    mirror(first, URL.format(bucket))
    server.log.clear()
    return [first]


@pytest.mark.slow
def test_two_publishers_at_once_are_both_listed(
    server: Server, bucket: str, earlier: list[Marts], one: Marts, tmp_path: Path
) -> None:
    later = publication(tmp_path / "later", v2026_07_31="z")
    server.before = meet("releases.json")
    children = [publisher(server, bucket, one, "AKIDONE"), publisher(server, bucket, later, "AKIDLATER")]
    said = [child.communicate(timeout=60) for child in children]
    assert [child.returncode for child in children] == [0, 0], said
    lost = [asked for asked in server.log if asked.path.endswith("releases.json") and asked.status == 412]
    assert len(lost) == 1  # they did meet
    assert_all_of(server, bucket, *earlier, one, later)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["latest.json", "salary_bands.duckdb"])
def test_a_publisher_that_comes_late_does_not_put_back_what_a_newer_one_put(
    server: Server, bucket: str, earlier: list[Marts], one: Marts, tmp_path: Path, name: str
) -> None:
    later = publication(tmp_path / "later", v2026_07_31="z")
    come, go = threading.Event(), threading.Event()

    def hold(asked: Asked) -> None:
        if asked.who == "AKIDONE" and asked.method == "PUT" and asked.path.endswith(name) and not come.is_set():
            come.set()
            assert go.wait(timeout=60)

    server.before = hold
    held = publisher(server, bucket, one, "AKIDONE")
    assert come.wait(timeout=60)
    quick = publisher(server, bucket, later, "AKIDLATER")
    assert quick.communicate(timeout=60)[1] == "mirroring 2026.07.31, 7 files\n"
    go.set()
    assert held.communicate(timeout=60)[1].count("error") == held.returncode == 0
    assert [a.status for a in server.log if a.who == "AKIDONE" and a.path.endswith(name) and a.method == "PUT"] == [412]
    assert_all_of(server, bucket, *earlier, one, later)


@pytest.mark.slow
def test_of_two_publishers_of_one_version_exactly_one_wins(server: Server, bucket: str, tmp_path: Path) -> None:
    both = {who: publication(tmp_path / who, v2026_06_30=who) for who in ("AKIDONE", "AKIDTWO")}
    server.before = meet("claims/2026.06.30.json")
    children = {who: publisher(server, bucket, marts, who) for who, marts in both.items()}
    said = {who: child.communicate(timeout=60) for who, child in children.items()}
    (winner,) = [who for who, child in children.items() if child.returncode == 0]
    (loser,) = [who for who, child in children.items() if child.returncode == 1]
    assert said[loser][1].startswith("error: release 2026.06.30 in the store is not the one here")
    assert len(said[loser][1].splitlines()) == 1 and said[loser][0] == ""
    assert stored(server, bucket) == local(both[winner])
    assert server.puts(loser) == []


def mark(marts: Marts, version: str, **became: Any) -> None:
    """What a command says became of a release."""
    write_pointers(marts, [e.model_copy(update=became) if e.version == version else e for e in marts.releases()])


def test_what_became_of_a_release_goes_along_and_another_publisher_does_not_undo_it(
    server: Server, bucket: str, one: Marts, tmp_path: Path
) -> None:
    url = URL.format(bucket)
    twin = publication(tmp_path / "twin", v2026_06_30="a", v2026_06_30_1="b")
    assert [mirror(marts, url).objects > 0 for marts in (one, twin)] == [True, False]
    mark(one, "2026.06.30.1", status="withdrawn", reason="wrong export")
    mirror(one, url)
    withdrawn = ("2026.06.30", [("2026.06.30.1", "withdrawn"), ("2026.06.30", "published")])
    assert pointers(server, bucket) == withdrawn
    for marts in (twin, one, publication(tmp_path / "third", v2026_06_30_1="b")):  # that do not know, or know
        mirror(marts, url)
        assert pointers(server, bucket) == withdrawn
    mark(one, "2026.06.30.1", status="published", reason=None)
    for marts in (one, twin):
        mirror(marts, url)
        assert pointers(server, bucket) == (
            "2026.06.30.1",
            [("2026.06.30.1", "published"), ("2026.06.30", "published")],
        )
    assert stored(server, bucket) == local(one)


def test_a_rollback_moves_the_pointer_there_and_a_pruned_folder_removes_nothing(
    server: Server, bucket: str, one: Marts
) -> None:
    mirror(one, URL.format(bucket))
    kept = {name for name in stored(server, bucket) if name.startswith("releases/")}
    entries = json.loads((one.folder / "releases.json").read_text(encoding="utf-8"))
    entries[0] |= {"rolled_back": True, "reason": "wrong"}
    entries[1] |= {"pruned": True}
    shutil.rmtree(one.release("2026.06.30"))
    (one.folder / "releases.json").write_text(json_text(entries), encoding="utf-8")
    mirror(one, URL.format(bucket))
    found = stored(server, bucket)
    assert json.loads(found["latest.json"])["version"] == "2026.06.30"
    assert [(e.get("rolled_back"), e.get("pruned")) for e in json.loads(found["releases.json"])] == [
        (True, None),
        (None, None),
    ]
    assert kept == {name for name in found if name.startswith("releases/")}
    elsewhere = mirror(one, f"{URL.format(bucket)}/elsewhere")  # where what is pruned never was
    assert (elsewhere.releases, elsewhere.latest) == (["2026.06.30.1"], None)


def test_where_no_release_stands_nothing_is_the_latest(server: Server, bucket: str, one: Marts) -> None:
    mirror(one, URL.format(bucket))
    for version in ("2026.06.30", "2026.06.30.1"):
        mark(one, version, status="withdrawn", reason="wrong")
    assert mirror(one, URL.format(bucket)).latest is None
    found = stored(server, bucket)
    assert {name for name in found if "/" not in name} == {"releases.json"}
    assert mirror(one, URL.format(bucket)).objects == 0


LISTS = st.dictionaries(st.integers(1, 12), st.sampled_from(["published", "withdrawn"]), max_size=6).map(
    lambda found: [entry_of(f"2026.06.30.{n}").model_copy(update={"status": s}) for n, s in found.items()]
)


@given(LISTS, LISTS, LISTS)
def test_lists_come_together_the_same_in_any_order_and_lose_nothing(
    a: list[Entry], b: list[Entry], c: list[Entry]
) -> None:
    whole = union(union(a, b, {}), c, {})
    assert whole == union(union(c, a, {}), b, {}) == union(whole, a, {})
    assert {e.version for e in whole} == {e.version for e in [*a, *b, *c]}
    numbers = [int(e.version.split(".")[3]) for e in whole]
    assert numbers == sorted(set(numbers), reverse=True)
    taken_back = {e.version for e in [*a, *b, *c] if e.is_withdrawn}
    assert {e.version for e in whole if e.is_withdrawn} == taken_back


@pytest.mark.parametrize(
    ("status", "code", "line"),
    [
        (403, "InvalidAccessKeyId", r"refused \(InvalidAccessKeyId\): the credentials are wrong, or do not allow"),
        (403, "AccessDenied", r"refused \(AccessDenied\)"),
        (401, "ExpiredToken", r"refused \(ExpiredToken\)"),
        (501, "NotImplemented", "the store answers NotImplemented"),
        (400, "InvalidRequest", "the store answers InvalidRequest"),
    ],
)
def test_what_a_store_answers_is_one_line_without_its_text(
    server: Server, bucket: str, one: Marts, status: int, code: str, line: str
) -> None:
    server.before = lambda asked: refusal(status, code)
    with pytest.raises(
        RefreshError, match=rf"^{URL.format(bucket)}: {line}.*; fix it; then the next refresh or"
    ) as raised:
        mirror(one, URL.format(bucket))
    assert "AKID" not in str(raised.value) and SECRET not in str(raised.value) and "\n" not in str(raised.value)


def test_a_bucket_or_store_that_is_not_there_is_one_line(
    server: Server, bucket: str, one: Marts, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RefreshError, match=r"^s3://no-such-bucket/x: no such bucket"):
        mirror(one, "s3://no-such-bucket/x")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(RefreshError, match="the store cannot be reached"):
            mirror(one, URL.format(bucket))
        silent.listen()
        monkeypatch.setitem(object_store.CLIENT, "timeout", "100ms")
        with pytest.raises(RefreshError, match="the store did not answer in time"):
            mirror(one, URL.format(bucket))
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", server.url)
    server.before = lambda asked: refusal(404, "NotFound")  # as a machine that has none to give
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(RefreshError, match="no credentials in the environment"):
        mirror(one, URL.format(bucket))


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("bucket", "not an object store; write s3://BUCKET/PREFIX"),
        ("s3://", "not an object store"),
        ("ftp://bucket/x", "not an object store"),
        ("file:///tmp/x", "not an object store"),
        ("s3://key:hidden@bucket/x", "^store_url holds more than bucket and prefix; credentials belong"),
        ("s3://bucket/x?secret=hidden", "^store_url holds more"),
        ("az://container/x", "Account must be specified"),
    ],
)
def test_an_address_that_is_no_store_is_wrong_usage(one: Marts, url: str, line: str) -> None:
    with pytest.raises(UsageError, match=line) as raised:
        mirror(one, url)
    assert "hidden" not in str(raised.value) and "\n" not in str(raised.value)


def test_a_refresh_does_not_begin_where_the_address_is_no_store(settings: Settings) -> None:
    write_native(settings.raw, ROWS)
    with pytest.raises(UsageError, match=r"^store_url bucket: not an object store"):
        refresh(settings.model_copy(update={"store_url": "bucket"}), date(2026, 6, 30), False, lambda _: None)
    assert not settings.marts.exists()


@pytest.mark.parametrize("name", ["releases.json", "latest.json"])
@pytest.mark.parametrize("theirs", [b"not JSON", b'[{"tag": "v1"}]', b'{"tag": "v1"}', b"[5]"])
def test_what_is_not_ours_in_the_store_is_said_and_left(
    server: Server, bucket: str, one: Marts, name: str, theirs: bytes
) -> None:
    server.after = lambda asked: None
    server.client.put_object(Bucket=bucket, Key=f"salaries/v1/{name}", Body=theirs)
    with pytest.raises(RefreshError, match=f"^{name} in the store: .*; mirror to another prefix, or") as raised:
        mirror(one, URL.format(bucket))
    assert "\n" not in str(raised.value) and stored(server, bucket)[name] == theirs


def test_without_the_extra_a_line_says_how_to_get_it(one: Marts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    with pytest.raises(UsageError, match=r"needs obstore; pip install 'salary-bands\[cloud\]'$"):
        mirror(one, "s3://bucket/x")


def test_the_command_says_what_it_put(server: Server, bucket: str, one: Marts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SALARY_BANDS_STORE_URL", raising=False)
    none = CliRunner().invoke(app, ["mirror", "--marts", str(one.folder)])
    assert none.exit_code == 2 and "give --to s3://BUCKET/PREFIX or the setting store_url" in none.stderr
    monkeypatch.setenv("SALARY_BANDS_STORE_URL", URL.format(bucket))
    first = CliRunner().invoke(app, ["mirror", "--marts", str(one.folder), "--json"])
    assert json.loads(first.stdout) == {
        "to": URL.format(bucket), "releases": ["2026.06.30", "2026.06.30.1"], "objects": PUTS, "latest": "2026.06.30.1",
    }  # fmt: skip
    again = CliRunner().invoke(app, ["mirror", "--marts", str(one.folder)])
    assert (
        again.stdout
        == f"mirrored to {URL.format(bucket)}: everything is there (0 objects); latest there is 2026.06.30.1\n"
    )
    empty = CliRunner().invoke(app, ["mirror", "--marts", str(one.folder / "empty")])
    assert empty.exit_code == 1 and "nothing is published in" in empty.stderr


@pytest.mark.slow
def test_a_refresh_mirrors_what_it_publishes_and_the_next_one_what_it_could_not(
    server: Server, bucket: str, settings: Settings
) -> None:
    write_native(settings.raw, ROWS)
    with_store = settings.model_copy(update={"store_url": URL.format(bucket)})
    marts, said = Marts(settings.marts), []
    server.before = lambda asked: refusal(503, "SlowDown") if asked.path.endswith("bands.csv") else None
    with pytest.raises(RefreshError) as raised:
        refresh(with_store, date(2026, 6, 30), False, said.append)
    line = str(raised.value)
    assert line.startswith(f"2026.06.30 is published in {settings.marts}, but not mirrored: {URL.format(bucket)}: ")
    assert "the store answers SlowDown; fix it; then the next refresh" in line and "\n" not in line
    assert marts.latest().version == "2026.06.30" and "latest.json" not in stored(server, bucket)
    server.before = lambda asked: None
    assert refresh(with_store, date(2026, 6, 30), True, said.append).unchanged
    assert "latest.json" not in stored(server, bucket)  # a dry run puts nothing
    assert refresh(with_store, date(2026, 6, 30), False, said.append).unchanged
    assert stored(server, bucket) == local(marts)
    write_native(settings.raw, [native_row(n) for n in range(35)])
    assert refresh(with_store, date(2026, 6, 30), False, said.append).published
    assert stored(server, bucket) == local(marts)
    assert said[-1].startswith(f"mirrored to {URL.format(bucket)}: 2026.06.30.1 (")
    everything = b"".join(data for data in local(marts).values()) + "\n".join(said).encode()
    assert SECRET.encode() not in everything and b"AKID" not in everything
    assert bucket.encode() not in b"".join(local(marts).values())
