"""A web server of a marts folder that can misbehave, and says what it was asked."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from salary_bands.releases.marts import sha256_of
from tests.builders.servers import serving

Trick = Callable[["_Handler", bytes], None]


class Publisher(ThreadingHTTPServer):
    """log: (path, status) of each request. tricks: by path, one a request, before it behaves again."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.log: list[tuple[str, int]] = []
        self.tricks: dict[str, list[Trick]] = defaultdict(list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def asked(self) -> list[tuple[str, int]]:
        """What was asked since the last time."""
        log, self.log = self.log, []
        return log

    def handle_error(self, *_: Any) -> None:
        """A reader that was killed."""


class _Handler(BaseHTTPRequestHandler):
    server: Publisher
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        name = unquote(self.path).removeprefix("/")
        path = self.server.folder / name
        if not path.is_file():
            self.send(404)
            return
        content = path.read_bytes()
        if self.server.tricks[name]:
            self.server.tricks[name].pop(0)(self, content)
            return
        tag = f'"{sha256_of(path)}"'
        if self.headers.get("If-None-Match") == tag:
            self.send(304)
        elif asked := self.headers.get("Range"):
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            part = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.send(206, content[start:], {"Content-Range": part})
        else:
            self.send(200, content, {"ETag": tag})

    def send(
        self, status: int, content: bytes = b"", headers: dict[str, str] | None = None, length: int | None = None
    ) -> None:
        self.server.log.append((unquote(self.path).removeprefix("/"), status))
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if length != -1:
            self.send_header("Content-Length", str(len(content) if length is None else length))
        else:
            self.close_connection = True
        self.end_headers()
        self.wfile.write(content)


def status(code: int, **headers: str) -> Trick:
    return lambda handler, _: handler.send(code, b"", {n.replace("_", "-"): v for n, v in headers.items()})


def truncated(handler: _Handler, content: bytes) -> None:
    """Half of it, and the connection closed."""
    handler.send(200, content[: len(content) // 2], length=len(content))
    handler.close_connection = True


def truncated_silently(handler: _Handler, content: bytes) -> None:
    """Half of it, without a length to know it by."""
    handler.send(200, content[: len(content) // 2], length=-1)


def flipped(handler: _Handler, content: bytes) -> None:
    """As long as it should be, and one bit is another."""
    handler.send(200, content[:-1] + bytes([content[-1] ^ 1]))


def dripped(handler: _Handler, content: bytes) -> None:
    """All of it, a byte at a time."""
    handler.send(200, b"", length=len(content))
    for byte in content:
        handler.wfile.write(bytes([byte]))


def endless(handler: _Handler, _: bytes) -> None:
    """Zeros until nobody listens."""
    handler.send(200, b"", length=-1)
    while True:
        handler.wfile.write(b"\0" * 65536)


def boasting(handler: _Handler, _: bytes) -> None:
    """A length beyond all limits, and not a byte."""
    handler.send(200, b"", length=1 << 50)


def replaced(content: bytes) -> Trick:
    return lambda handler, _: handler.send(200, content)


@contextmanager
def publisher(folder: Path) -> Iterator[Publisher]:
    with serving(server := Publisher(folder)):
        yield server
