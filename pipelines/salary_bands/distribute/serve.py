"""Serve a marts folder over HTTP, for trials and small sites: published files only, with tags for caches.

Each connection has a thread, of which there are so many and no more: a new connection takes the place of the one that
has waited longest without a request, so that hundreds of silent ones keep nobody out. Any static server can do the
same; docs/operations.md lists what it must send.
"""

import os
import re
import socket
import stat
import sys
import threading
import zlib
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedReader
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from salary_bands.errors import RefreshError, UsageError
from salary_bands.releases.manifest import is_safe
from salary_bands.releases.marts import Marts
from salary_bands.releases.media import FOR_EVER, SHORT, media_type

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
_CHUNK = 1 << 16
_CONNECTIONS = 64
_COMPRESSED = ("text/", "application/json", "application/atom+xml", "image/svg")  # media types; the others are already
_WORTH = 1_000  # bytes from which compression is worth it
_MAY_ASK = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "Range, If-Range, If-None-Match, If-Modified-Since, Accept-Encoding",
    "Access-Control-Max-Age": "86400",
}


class Server(ThreadingHTTPServer):
    """Serves one folder, each connection in its own thread."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, folder: Path, host: str, port: int) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._open: dict[socket.socket, bool] = {}  # in the order of their last request; whether one is being answered
        super().__init__((host, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a thread for a connection; end the one that has been silent longest if there are too many."""
        with self._lock:
            silent = next((one for one, is_busy in self._open.items() if not is_busy), None)
            if len(self._open) >= _CONNECTIONS:
                if silent is None:  # all are being answered
                    self.shutdown_request(request)
                    return
                del self._open[silent]
                _hang_up(silent)
            self._open[request] = False
        super().process_request(request, client_address)

    def note(self, request: socket.socket, is_busy: bool) -> None:
        """Note that a connection has a request, or waits for the next."""
        with self._lock:
            if self._open.pop(request, None) is not None:
                self._open[request] = is_busy

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a reader who hangs up, or who is hung up on."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def _hang_up(connection: socket.socket) -> None:
    """End a connection that another thread reads from: it reads the end."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def server(folder: Path, host: str = "127.0.0.1", port: int = 0) -> Server:
    """Return a server that listens, ready for `serve_forever`; raise UsageError if it cannot listen."""
    if not folder.is_dir():
        raise UsageError(f"--marts {folder}: no such folder")
    try:
        return Server(folder, host, port)
    except (OSError, OverflowError) as error:
        raise UsageError(f"--host {host} --port {port}: {error}") from None


class _Handler(BaseHTTPRequestHandler):
    server: Server
    server_version = "salary-bands"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = 30  # seconds of silence
    disable_nagle_algorithm = True  # head and body are two writes: the second would wait for the first's answer

    def parse_request(self) -> bool:
        self.server.note(self.connection, is_busy=True)
        return super().parse_request()

    def handle_one_request(self) -> None:
        super().handle_one_request()
        self.server.note(self.connection, is_busy=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_POST(self) -> None:
        self.close_connection = True  # its body is not read
        self._short(405, "this server only reads", {"Allow": "GET, HEAD, OPTIONS"})

    do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815 - names of the library

    def do_OPTIONS(self) -> None:
        """Answer a browser that asks whether a page of another site may send these headers."""
        self.send_response(204)
        self.send_header("Access-Control-Allow-Origin", "*")
        for name, value in {"Allow": "GET, HEAD, OPTIONS", "Content-Length": "0", **_MAY_ASK}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Log no requests on standard error."""

    def _answer(self, with_body: bool) -> None:
        path = unquote(urlsplit(self.path).path).removeprefix("/")
        if not path:
            self._to_page()
            return
        found = open_published(self.server.folder, path)
        if found is None:
            self._short(404, "no such file")
            return
        with found as stream:
            self._send(path, stream, with_body)

    def _send(self, path: str, stream: BufferedReader, with_body: bool) -> None:
        status = os.fstat(stream.fileno())
        tag = f'"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"'
        is_text = media_type(path).startswith(_COMPRESSED) and status.st_size >= _WORTH
        if _matches(self.headers.get("If-None-Match"), tag):
            self._head(304, path, {"ETag": tag, **({"Vary": "Accept-Encoding"} if is_text else {})})
            return
        if is_text and "Range" not in self.headers and _accepts_gzip(self.headers.get("Accept-Encoding")):
            self._compressed(path, stream, tag, with_body)
            return
        first, last = 0, status.st_size - 1
        asked = _RANGE.fullmatch(self.headers.get("Range", "")) if self.headers.get("If-Range", tag) == tag else None
        if asked and any(asked.groups()):
            first, last = _span(asked, status.st_size)
            if first > last:
                self._head(416, path, {"Content-Range": f"bytes */{status.st_size}", "Content-Length": "0"})
                return
        headers = {"ETag": tag, "Content-Length": str(last - first + 1)}
        if is_text:
            headers["Vary"] = "Accept-Encoding"
        if asked and any(asked.groups()):
            self._head(206, path, {**headers, "Content-Range": f"bytes {first}-{last}/{status.st_size}"})
        else:
            self._head(200, path, headers)
        if with_body:
            self._copy(stream, first, last - first + 1)

    def _copy(self, stream: BufferedReader, first: int, length: int) -> None:
        stream.seek(first)
        try:
            while length and (chunk := stream.read(min(_CHUNK, length))):
                self.wfile.write(chunk)
                length -= len(chunk)
        except (ConnectionError, TimeoutError):  # the reader hung up
            self.close_connection = True

    def _compressed(self, path: str, stream: BufferedReader, tag: str, with_body: bool) -> None:
        """Send a text compressed as it is read; its size is not known before, so it comes in chunks."""
        is_chunked = self.request_version >= "HTTP/1.1"
        headers = {"ETag": f"W/{tag}", "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        if is_chunked:
            headers["Transfer-Encoding"] = "chunked"
        else:
            headers["Connection"] = "close"  # which ends it
            self.close_connection = True
        self._head(200, path, headers)
        if not with_body:
            return
        packer = zlib.compressobj(wbits=31)
        try:
            while block := stream.read(_CHUNK):
                self._chunk(packer.compress(block), is_chunked)
            self._chunk(packer.flush(), is_chunked)
            if is_chunked:
                self.wfile.write(b"0\r\n\r\n")
        except (ConnectionError, TimeoutError):  # the reader hung up
            self.close_connection = True

    def _chunk(self, content: bytes, is_chunked: bool) -> None:
        if content:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content) if is_chunked else content)

    def _to_page(self) -> None:
        """Redirect to the page of the latest release."""
        try:
            version = Marts(self.server.folder).latest().version
        except RefreshError:
            self._short(404, "nothing is published yet")
            return
        page = f"releases/{version}/index.html"
        if (self.server.folder / page).is_file():
            self._head(302, "latest.json", {"Location": f"/{page}", "Content-Length": "0"})
        else:
            self._short(404, f"release {version} has no page; see /latest.json")

    def _short(self, code: int, text: str, headers: dict[str, str] | None = None) -> None:
        body = f"{text}\n".encode()
        self.send_response(code)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Cache-Control", "no-store")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _head(self, code: int, path: str, headers: dict[str, str]) -> None:
        self.send_response(code)
        self.send_header("Content-Type", media_type(path))
        self.send_header("Cache-Control", FOR_EVER if path.startswith("releases/") else SHORT)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Expose-Headers", "ETag, Content-Length, Content-Range")
        self.send_header("X-Content-Type-Options", "nosniff")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


def open_published(folder: Path, path: str) -> BufferedReader | None:
    """Open a regular file of the folder; None if it is missing, hidden, or reached through a link."""
    if not is_safe(path):
        return None
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    *above, name = path.split("/")
    descriptor = -1
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        for part in (*above, name):
            inner = os.open(part, flags, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            stream, descriptor = open(descriptor, "rb"), -1  # noqa: PTH123, SIM115 - a descriptor; the caller closes it
            return stream
    except OSError:
        pass
    finally:
        if descriptor >= 0:
            os.close(descriptor)
    return None


def _matches(header: str | None, tag: str) -> bool:
    asked = [one.strip().removeprefix("W/") for one in (header or "").split(",")]
    return tag in asked or "*" in asked


def _accepts_gzip(header: str | None) -> bool:
    """True if a reader accepts gzip, and has not given it the weight 0."""
    for one in (header or "").lower().split(","):
        name, _, weight = one.replace(" ", "").partition(";")
        if name in ("gzip", "*"):
            return weight not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _span(asked: re.Match[str], size: int) -> tuple[int, int]:
    """Return first and last byte of `bytes=A-B`, `bytes=A-` or `bytes=-N`; first > last if the range is empty."""
    start, end = asked.groups()
    if not start:
        return max(0, size - int(end)), size - 1 if int(end) else -1
    return int(start), min(int(end), size - 1) if end else size - 1
