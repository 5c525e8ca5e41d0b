"""Servers that lie in what HTTP itself says: one line, in no time, and nothing is written."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from salary_bands.distribute.pull import PullRequest, pull
from salary_bands.distribute.remote import Limits
from salary_bands.errors import RefreshError

LIMITS = Limits(connect=1, silence=1, patience=1, tries=1, backoff=0, longest_wait=1)
OK = b"HTTP/1.1 200 OK\r\n"
DIGITS = b"9" * 5_000
ANSWERS = {
    "nothing": b"",
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "HTTP of another age": b"<html>hello</html>",
    "half a status": b"HTTP/1.1 20",
    "a status of words": b"HTTP/1.1 fine OK\r\n\r\n",
    "a status beyond all": b"HTTP/1.1 99999 OK\r\n\r\n",
    "a length of words": OK + b"Content-Length: much\r\n\r\n{}",
    "a length of 5,000 figures": OK + b"Content-Length: " + DIGITS + b"\r\n\r\n{}",
    "a length below zero": OK + b"Content-Length: -5\r\n\r\n{}",
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\n{}",
    "a length with a sign of another script": OK + "Content-Length: ٣\r\n\r\n{}".encode(),
    "more than is said": OK + b"Content-Length: 2\r\n\r\n{}" + b"x" * 100_000,
    "chunks of no size": OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "a chunk of 5,000 figures": OK + b"Transfer-Encoding: chunked\r\n\r\n" + DIGITS + b"\r\n{}\r\n0\r\n\r\n",
    "chunks without end": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    "compressed, unasked": OK + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    "100,000 headers": OK + b"X: y\r\n" * 100_000 + b"\r\n",
    "a header of a megabyte": OK + b"X: " + b"y" * 1_000_000 + b"\r\n\r\n",
    "a header that is no text": OK + b"\xff\xfe\x00: \x00\r\nContent-Length: 2\r\n\r\n{}",
    "a tag of a megabyte": OK + b'ETag: "' + b"y" * 60_000 + b'"\r\nContent-Length: 2\r\n\r\n{}',
    "not modified, unasked": b"HTTP/1.1 304 Not Modified\r\n\r\n",
    "a part, unasked": b"HTTP/1.1 206 Partial\r\nContent-Range: bytes 5-6/9\r\nContent-Length: 2\r\n\r\n{}",
    "to another host": b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n",
    "to a file": b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
    "to itself": b"HTTP/1.1 302 Found\r\nLocation: /latest.json\r\nContent-Length: 0\r\n\r\n",
    "to nowhere": b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n",
    "to a port of 5,000 figures": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:" + DIGITS + b"/\r\n\r\n",
    "a redirect without a place": b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
    "busy for 5,000 figures": b"HTTP/1.1 503 Busy\r\nRetry-After: " + DIGITS + b"\r\nContent-Length: 0\r\n\r\n",
    "busy until never": b"HTTP/1.1 429 Busy\r\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\nContent-Length: 0\r\n\r\n",
    "busy until nonsense": b"HTTP/1.1 429 Busy\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n",
    "busy below zero": b"HTTP/1.1 429 Busy\r\nRetry-After: -1\r\nContent-Length: 0\r\n\r\n",
    "switching": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    "continue for ever": b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000,
    "an early hint": b"HTTP/1.1 103 Early Hints\r\n\r\n",
    "JSON without end": OK + b"\r\n" + b"[" * 500_000,
    "no JSON": OK + b"Content-Length: 9\r\n\r\n\xff\xfe\xfd\x00\x01\x02\x03\x04\x05",
}


@pytest.fixture
def answering() -> Iterator[Callable[[bytes], str]]:
    """Start a server that answers every request with these bytes, and hangs up."""
    listening: list[socket.socket] = []

    def start(answer: bytes) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        listening.append(server)

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with suppress(OSError), connection:
                        connection.recv(65_536)
                        connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{server.getsockname()[1]}/"

    yield start
    for server in listening:
        server.close()


@pytest.mark.parametrize("name", ANSWERS)
def test_a_lie_is_one_line_and_nothing_is_written(answering: Callable[[bytes], str], tmp_path: Path, name: str) -> None:
    started = time.monotonic()
    with pytest.raises(RefreshError) as raised:
        pull(PullRequest(answering(ANSWERS[name]), tmp_path / "site"), limits=LIMITS)
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 500
    assert time.monotonic() - started < 20
    assert not [p for p in (tmp_path / "site").rglob("*") if not p.name.startswith(".lock")]
