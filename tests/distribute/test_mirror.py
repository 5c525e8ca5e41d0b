"""The same publication in an object store: nothing is lost, overwritten or named before it is whole."""

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from salary_bands.aggregate.workspace import Workspace
from salary_bands.cli.commands import app
from salary_bands.distribute import object_store
from salary_bands.distribute.mirror import Mirrored, mirror
from salary_bands.errors import RefreshError
from salary_bands.orchestration.refresh import refresh
from salary_bands.releases.marts import Marts
from salary_bands.settings import Settings
from salary_bands.storage.files import json_text
from tests.builders.breaks import spoil
from tests.builders.candidates import keep_tables
from tests.builders.s3 import SECRET, Server, refusal
from tests.builders.stores import PUTS, URL, assert_sound, local, mark, publication, stored


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


def test_a_file_that_is_not_what_its_manifest_says_is_not_mirrored(server: Server, bucket: str, one: Marts) -> None:
    spoilt = one.release("2026.06.30") / "bands.csv"
    spoilt.write_bytes(b"spoilt")
    with pytest.raises(RefreshError, match=r"bands.csv is not what its manifest says"):
        mirror(one, URL.format(bucket))
    spoilt.unlink()
    with pytest.raises(RefreshError, match=r"bands.csv is missing"):
        mirror(one, URL.format(bucket))
    assert "releases.json" not in stored(server, bucket)


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
    server: Server, bucket: str, ready: Settings
) -> None:
    with_store = ready.model_copy(update={"store_url": URL.format(bucket)})
    marts, said = Marts(ready.marts), []
    # without the rows of empty cells, which take most of the time
    spoil(Workspace(ready), "bands", lambda bands: bands[bands["basis"].ne("suppressed")])
    server.before = lambda asked: refusal(503, "SlowDown") if asked.path.endswith("bands.csv") else None
    with pytest.MonkeyPatch.context() as patch, pytest.raises(RefreshError) as raised:
        keep_tables(patch)
        patch.setitem(object_store.RETRY, "max_retries", 0)  # between which obstore sleeps
        refresh(with_store, date(2026, 6, 30), False, said.append)
    line = str(raised.value)
    assert line.startswith(f"2026.06.30.1 is published in {ready.marts}, but not mirrored: {URL.format(bucket)}: ")
    assert "the store answers SlowDown; fix it; then the next refresh" in line and "\n" not in line
    assert marts.latest().version == "2026.06.30.1" and "latest.json" not in stored(server, bucket)
    server.before = lambda asked: None
    assert refresh(with_store, date(2026, 6, 30), True, said.append).unchanged
    assert "latest.json" not in stored(server, bucket)  # a dry run puts nothing
    assert refresh(with_store, date(2026, 6, 30), False, said.append).unchanged
    assert stored(server, bucket) == local(marts)
    with pytest.MonkeyPatch.context() as patch:
        keep_tables(patch)
        assert refresh(with_store, date(2026, 7, 1), False, said.append).published
    assert stored(server, bucket) == local(marts)
    [*_, mirrored] = [line for line in said if line.startswith("mirrored ")]
    assert mirrored.startswith(f"mirrored to {URL.format(bucket)}: 2026.07.01 (")
    everything = b"".join(data for data in local(marts).values()) + "\n".join(said).encode()
    assert SECRET.encode() not in everything and b"AKID" not in everything
    assert bucket.encode() not in b"".join(local(marts).values())
