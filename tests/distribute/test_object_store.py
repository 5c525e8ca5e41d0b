"""Stores that refuse, are not there, or hold what is not ours: one line each, without their text or a secret."""

import socket
import sys
from datetime import date

import pytest

from salary_bands.distribute import object_store
from salary_bands.distribute.mirror import mirror
from salary_bands.errors import RefreshError, UsageError
from salary_bands.orchestration.refresh import refresh
from salary_bands.releases.marts import Marts
from salary_bands.settings import Settings
from tests.builders.exports import write_native
from tests.builders.s3 import SECRET, Server, refusal
from tests.builders.stores import URL, local, stored
from tests.builders.worlds import ROWS


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
    monkeypatch.setitem(object_store.RETRY, "max_retries", 0)  # between which obstore sleeps
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
