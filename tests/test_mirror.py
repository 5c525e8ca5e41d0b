"""The same publication in an object store: nothing is lost, overwritten or named before it is whole."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from salary_bands.errors import RefreshError, UsageError
from salary_bands.files import json_text
from salary_bands.orchestration.refresh import refresh
from salary_bands.publish import mirror as module
from salary_bands.publish import object_store
from salary_bands.publish.mirror import Mirrored, mirror, union
from salary_bands.publish.publication import publish
from salary_bands.publish.releases import Marts, sha256_of
from salary_bands.settings import Settings, load
from tests.conftest import build, native_row, write_native
from tests.s3 import SECRET, Asked, Server, refusal, serving

ROWS = [native_row(n) for n in range(30)]
URL = "s3://{}/salaries/v1"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as found:
        yield found


@pytest.fixture
def bucket(server: Server, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty bucket of the test's own, and the environment of a publisher."""
    name = f"bucket-{abs(hash(request.node.nodeid))}"
    server.client.create_bucket(Bucket=name)
    server.log.clear()
    server.before = lambda asked: None
    server.after = lambda asked: (
        assert_sound(server, name) if asked.path.endswith(("latest.json", "releases.json")) else None
    )
    for variable, value in server.environment().items():
        monkeypatch.setenv(variable, value)
    return name


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Marts of three publishers: `one` has 2026.06.30 and .1, `later` 2026.07.31, `other` another 2026.06.30."""
    folder = tmp_path_factory.mktemp("publishers")
    for name, steps in {
        "one": [("2026-06-30", 30), ("2026-06-30", 31)],
        "later": [("2026-07-31", 30)],
        "other": [("2026-06-30", 32)],
    }.items():
        settings = load(raw=folder / "raw", marts=folder / name, work=folder / "work", settle_seconds=0)
        for as_of, count in steps:
            write_native(settings.raw, [native_row(n) for n in range(count)])
            publish(build(settings, as_of).candidate, Marts(settings.marts))
    return folder


@pytest.fixture
def publishers(shelf: Path, tmp_path: Path) -> Callable[[str], Marts]:
    shutil.copytree(shelf, tmp_path / "publishers")
    return lambda name: Marts(tmp_path / "publishers" / name)


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
        assert _sha256(manifest) == entry["manifest"]["sha256"]
        for file in json.loads(manifest)["files"]:
            assert _sha256(found[f"releases/{entry['version']}/{file['path']}"]) == file["sha256"]


def _sha256(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


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
            swapped = list(pool.map(lambda n: won({"IfMatch": tag}, n + 100), range(16)))
            assert (sum(created), sum(swapped)) == (1, 1)
            client.delete_object(Bucket=bucket, Key="raced")


def test_every_byte_of_the_folder_is_in_the_store_and_nothing_else(
    server: Server, bucket: str, publishers: Callable[[str], Marts]
) -> None:
    marts = publishers("one")
    before = local(marts)
    said: list[str] = []
    done = mirror(marts, URL.format(bucket), said.append)
    assert stored(server, bucket) == before == local(marts)
    assert set(server.objects(bucket)) - {f"salaries/v1/{name}" for name in before} == {
        "salaries/v1/claims/2026.06.30.json",
        "salaries/v1/claims/2026.06.30.1.json",
    }
    assert done == Mirrored(URL.format(bucket), ["2026.06.30", "2026.06.30.1"], len(before) + 2, "2026.06.30.1")
    assert said == [f"mirroring {v}, {len(list(marts.release(v).rglob('*.*')))} files" for v in done.releases]
    order = [a.path.removeprefix(f"/{bucket}/salaries/v1/") for a in server.puts()]
    assert order[-3:] == ["releases.json", "salary_bands.duckdb", "latest.json"]
    first = [path for path in order if "2026.06.30/" in path or path == "claims/2026.06.30.json"]
    assert (first[0], first[-1]) == ("claims/2026.06.30.json", "releases/2026.06.30/manifest.json")


def test_release_files_may_be_kept_for_ever_and_pointers_for_a_minute(
    server: Server, bucket: str, publishers: Callable[[str], Marts]
) -> None:
    mirror(publishers("one"), URL.format(bucket))
    media = {
        "json": "application/json",
        "csv": "text/csv; charset=utf-8",
        "parquet": "application/vnd.apache.parquet",
        "md": "text/markdown; charset=utf-8",
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


def test_a_second_mirror_writes_nothing(server: Server, bucket: str, publishers: Callable[[str], Marts]) -> None:
    marts = publishers("one")
    mirror(marts, URL.format(bucket))
    server.log.clear()
    assert mirror(marts, URL.format(bucket)).objects == 0
    assert {asked.method for asked in server.log} == {"GET", "HEAD"} and len(server.log) <= 6


class Killed(BaseException):
    """What no `except Exception` catches."""


@pytest.mark.parametrize("after", [0, 1, 2, 20, -12, -5, -4, -3, -2, -1])
def test_a_crash_after_any_put_is_taken_up_by_the_next_mirror(
    server: Server, bucket: str, publishers: Callable[[str], Marts], after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    marts = publishers("one")
    puts = len(local(marts)) + 2
    real, left = object_store.Bucket.put, iter(range(after % puts, -1, -1))

    def dying(*arguments: Any, **options: Any) -> bool:
        if arguments[3] != "create" or "claims/" not in arguments[1] or first:
            first.discard(arguments[1])
            if next(left, 0) == 0:
                raise Killed
        return real(*arguments, **options)

    first = {f"claims/{r['version']}.json" for r in marts.releases()}
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(object_store.Bucket, "put", dying)
        mirror(marts, URL.format(bucket))
    assert_sound(server, bucket)
    mirror(marts, URL.format(bucket))
    assert_sound(server, bucket)
    assert stored(server, bucket) == local(marts)
