"""Several publishers of one store: each is listed, none puts back what another put, and of one version one wins."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from salary_bands.distribute.mirror import mirror, union
from salary_bands.releases.marts import Marts
from salary_bands.releases.pointers import Entry
from tests.builders.manifests import entry_of
from tests.builders.s3 import Asked, Server
from tests.builders.stores import URL, local, mark, pointers, publication, stored


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


PATIENCE = 300  # seconds, before a test that waits for another process fails


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
            both.wait(timeout=PATIENCE)

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
    said = [child.communicate(timeout=PATIENCE) for child in children]
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
            assert go.wait(timeout=PATIENCE)

    server.before = hold
    held = publisher(server, bucket, one, "AKIDONE")
    assert come.wait(timeout=PATIENCE)
    quick = publisher(server, bucket, later, "AKIDLATER")
    assert quick.communicate(timeout=PATIENCE)[1] == "mirroring 2026.07.31, 7 files\n"
    go.set()
    assert held.communicate(timeout=PATIENCE)[1].count("error") == held.returncode == 0
    assert [a.status for a in server.log if a.who == "AKIDONE" and a.path.endswith(name) and a.method == "PUT"] == [412]
    assert_all_of(server, bucket, *earlier, one, later)


@pytest.mark.slow
def test_of_two_publishers_of_one_version_exactly_one_wins(server: Server, bucket: str, tmp_path: Path) -> None:
    both = {who: publication(tmp_path / who, v2026_06_30=who) for who in ("AKIDONE", "AKIDTWO")}
    server.before = meet("claims/2026.06.30.json")
    children = {who: publisher(server, bucket, marts, who) for who, marts in both.items()}
    said = {who: child.communicate(timeout=PATIENCE) for who, child in children.items()}
    (winner,) = [who for who, child in children.items() if child.returncode == 0]
    (loser,) = [who for who, child in children.items() if child.returncode == 1]
    assert said[loser][1].startswith("error: release 2026.06.30 in the store is not the one here")
    assert len(said[loser][1].splitlines()) == 1 and said[loser][0] == ""
    assert stored(server, bucket) == local(both[winner])
    assert server.puts(loser) == []


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
