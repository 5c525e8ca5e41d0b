"""serve: what is published with tags for caches, and nothing else that lies on the machine."""

import gzip
import http.client
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from salary_bands.distribute.pull import PullRequest, pull
from salary_bands.distribute.serve import Server, server
from salary_bands.distribute.verify import verify
from salary_bands.errors import UsageError
from salary_bands.releases.marts import Marts
from tests.builders.servers import serving
from tests.builders.shelves import shelf

VERSION = "2026.02.28"
BANDS = f"/releases/{VERSION}/bands.csv"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("served")
    marts = shelf(folder / "marts", VERSION)
    (folder / "secret.txt").write_text("secret", encoding="utf-8")
    for name in (".lock", ".lock.pid", ".disclosure_key", ".pull/state.json", "releases/.half/manifest.json"):
        path = marts.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("secret", encoding="utf-8")
    (marts.folder / "link.txt").symlink_to(folder / "secret.txt")
    (marts.folder / "out").symlink_to(folder)
    os.mkfifo(marts.folder / "pipe.json")
    with serving(found := server(marts.folder)):
        yield found


def ask(running: Server, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", running.server_port, timeout=10)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, {name.casefold(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("path", "kind", "cache"),
    [
        ("/latest.json", "application/json", "public, max-age=60"),
        ("/releases.json", "application/json", "public, max-age=60"),
        ("/salary_bands.duckdb", "application/octet-stream", "public, max-age=60"),
        (BANDS, "text/csv; charset=utf-8", "public, max-age=31536000, immutable"),
        (f"/releases/{VERSION}/bands.parquet", "application/vnd.apache.parquet", "public, max-age=31536000, immutable"),
        (f"/releases/{VERSION}/README.md", "text/markdown; charset=utf-8", "public, max-age=31536000, immutable"),
        (f"/releases/{VERSION}/bands/leaf/all/US.json?x=1", "application/json", "public, max-age=31536000, immutable"),
    ],
)
def test_a_published_file_comes_with_what_caches_and_browsers_need(
    running: Server, path: str, kind: str, cache: str
) -> None:
    status, headers, body = ask(running, path)
    content = (running.folder / path.partition("?")[0][1:]).read_bytes()
    assert (status, body) == (200, content)
    assert (headers["content-type"], headers["cache-control"]) == (kind, cache)
    assert (headers["access-control-allow-origin"], headers["x-content-type-options"]) == ("*", "nosniff")
    assert headers["content-length"] == str(len(content))
    again = ask(running, path, If_None_Match=headers["etag"])
    assert (again[0], again[2], again[1]["etag"]) == (304, b"", headers["etag"])
    assert ask(running, path, If_None_Match='"other"')[0] == 200
    head = ask(running, path, "HEAD")
    assert (head[0], head[2]) == (200, b"")
    assert {k: v for k, v in head[1].items() if k != "date"} == {k: v for k, v in headers.items() if k != "date"}


def test_a_browser_may_ask_with_conditions(running: Server) -> None:
    status, headers, body = ask(
        running,
        "/latest.json",
        "OPTIONS",
        Origin="https://site.example",
        Access_Control_Request_Method="GET",
        Access_Control_Request_Headers="if-none-match, range",
    )
    assert (status, body, headers["access-control-allow-origin"]) == (204, b"", "*")
    assert {"Range", "If-None-Match"} <= set(headers["access-control-allow-headers"].split(", "))
    assert headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS"


def test_text_is_compressed_for_who_accepts_it(running: Server) -> None:
    whole = b"a text of many bytes\n" * 10_000
    (running.folder / "long.csv").write_bytes(whole)
    status, headers, body = ask(running, "/long.csv", Accept_Encoding="br, gzip;q=0.5")
    assert (status, gzip.decompress(body), headers["content-encoding"]) == (200, whole, "gzip")
    assert len(body) < len(whole) / 2 and headers["vary"] == "Accept-Encoding"
    assert ask(running, "/long.csv", Accept_Encoding="gzip", If_None_Match=headers["etag"])[0] == 304
    for accepted in ("gzip;q=0", "br", "identity"):
        status, headers, body = ask(running, "/long.csv", Accept_Encoding=accepted)
        assert (status, body, headers["vary"]) == (200, whole, "Accept-Encoding")
    part = ask(running, "/long.csv", Accept_Encoding="gzip", Range="bytes=5-9")
    assert (part[0], part[2]) == (206, whole[5:10])
    parquet = f"/releases/{VERSION}/bands.parquet"
    assert "content-encoding" not in ask(running, parquet, Accept_Encoding="gzip")[1]
    assert ask(running, "/long.csv", "HEAD", Accept_Encoding="gzip")[2] == b""


@pytest.mark.parametrize(
    "asked",
    ["bytes=0-" + "9" * 5_000, "bytes=" + "9" * 5_000 + "-", "bytes=-" + "9" * 5_000, "bytes=٣-", "bytes=--1", "x=1-2"],
)
def test_an_absurd_range_is_no_range(running: Server, asked: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", running.server_port, timeout=10)
    connection.putrequest("GET", "/latest.json")
    connection.putheader("Range", asked.encode())
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, (running.folder / "latest.json").read_bytes())
    connection.close()


def test_hundreds_of_silent_connections_keep_nobody_out(running: Server, capfd: pytest.CaptureFixture[str]) -> None:
    before = threading.active_count()
    silent = [socket.create_connection(("127.0.0.1", running.server_port)) for _ in range(300)]
    for number, connection in enumerate(silent):
        with suppress(OSError):
            connection.send(b"GET /latest.json HT" if number % 2 else b"")
    for _ in range(3):
        assert ask(running, "/latest.json")[0] == 200
    assert threading.active_count() - before <= 70
    for connection in silent:
        connection.close()
    assert "Traceback" not in capfd.readouterr().err


def test_a_pointer_that_moves_gets_another_tag(running: Server) -> None:
    path = running.folder / "moves.json"
    tags = []
    for text in ("1", "2"):
        aside = path.with_name("aside")
        aside.write_text(text, encoding="utf-8")
        aside.replace(path)
        tags.append(ask(running, "/moves.json")[1]["etag"])
    assert tags[0] != tags[1]


SECRETS = ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/releases/../../secret.txt", "//etc/passwd",
           "/.lock", "/.lock.pid", "/.disclosure_key", "/%2Edisclosure_key", "/releases/../.disclosure_key",
           "/.pull/state.json", "/releases/.half/manifest.json", "/link.txt", "/out/secret.txt", "/pipe.json",
           "/releases", "/releases/", f"/releases/{VERSION}", "/latest.json/", "/latest.json%00.csv", "/none.json",
           "/\\..\\secret.txt", "/" + "a" * 3_000, "/%ff"]  # fmt: skip


@pytest.mark.parametrize("path", SECRETS, ids=lambda p: p[:40])
def test_nothing_else_is_served_and_nothing_is_listed(running: Server, path: str) -> None:
    for method in ("GET", "HEAD"):
        status, _, body = ask(running, path, method)
        assert status == 404 and b"secret" not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
def test_it_only_reads(running: Server, method: str) -> None:
    assert ask(running, "/latest.json", method)[0] in (405, 501)
    assert ask(running, "/latest.json")[0] == 200


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [
        ("bytes=0-3", 206, 0, 4),
        ("bytes=5-", 206, 5, None),
        ("bytes=-7", 206, -7, None),
        ("bytes=3-999999999", 206, 3, None),
        ("bytes=999999999-", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
        ("bytes=5-2", 416, 0, 0),
        ("bytes=-", 200, 0, None),
        ("bytes=0-1,3-4", 200, 0, None),
        ("rows=0-1", 200, 0, None),
    ],
)
def test_a_part_of_a_file_can_be_had(running: Server, asked: str, status: int, first: int, last: int | None) -> None:
    content = (running.folder / BANDS[1:]).read_bytes()
    found = ask(running, BANDS, Range=asked)
    assert (found[0], found[2]) == (status, content[first:last])
    if status == 206:
        start = first if first >= 0 else len(content) + first
        assert found[1]["content-range"] == f"bytes {start}-{start + len(found[2]) - 1}/{len(content)}"
    assert ask(running, BANDS, Range=asked, If_Range='"other"')[0] == 200


def test_the_root_leads_to_the_page_of_the_latest(running: Server) -> None:
    page = running.folder / "releases" / VERSION / "index.html"
    status, _, body = ask(running, "/")
    assert status == 404 and b"latest.json" in body
    page.write_text("<!doctype html>", encoding="utf-8")
    status, headers, _ = ask(running, "/")
    assert (status, headers["location"]) == (302, f"/releases/{VERSION}/index.html")
    assert headers["cache-control"] == "public, max-age=60"
    assert ask(running, headers["location"])[1]["content-type"] == "text/html; charset=utf-8"
    page.unlink()


def test_a_reader_who_hangs_up_or_writes_nonsense_disturbs_nobody(
    running: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    for said in (b"", b"GET /latest.json HTTP/1.1\r\n", b"\x00\xff\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", running.server_port)) as reader:
            reader.sendall(said)
    assert ask(running, "/latest.json")[0] == 200
    assert "Traceback" not in capfd.readouterr().err


def test_what_is_served_can_be_pulled_and_verified(running: Server, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{running.server_port}"
    found = pull(PullRequest(url, tmp_path / "site"))
    assert found.version == VERSION and verify(tmp_path / "site").ok and verify(url).ok
    assert pull(PullRequest(url, tmp_path / "site")).changed is False


def test_a_folder_or_port_that_cannot_be_is_wrong_usage(running: Server, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        server(tmp_path / "none")
    with pytest.raises(UsageError, match=f"--port {running.server_port}"):
        server(tmp_path, port=running.server_port)


def test_the_command_serves_until_it_is_stopped(running: Server) -> None:
    command = [sys.executable, "-m", "salary_bands", "serve", "--port", "0", "--marts", str(running.folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr
        line = child.stderr.readline()
        assert line.startswith(f"serving {running.folder} at http://127.0.0.1:")
        port = int(line.rpartition("127.0.0.1:")[2].partition("/")[0])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/latest.json")
        assert connection.getresponse().status == 200
        connection.close()
        child.terminate()
    assert Marts(running.folder).latest().version == VERSION
