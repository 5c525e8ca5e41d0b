"""Fetch from a published marts folder at an http(s) URL, within limits and from no other host.

Bodies are requested without compression: the bytes received are the bytes hashed, a download can be resumed, and
nothing can inflate.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util.retry import Retry

from salary_bands.errors import RefreshError, UsageError, escaped

_CHUNK = 1 << 16
_VALIDATORS = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
_GONE = (404, 410)
_BUSY = (429, 500, 502, 503, 504)


class BadAnswerError(RefreshError):
    """The server answered with something else than what was asked for."""


class _BrokenError(RefreshError):
    """The connection broke; what was received is kept, and the rest is requested again."""


@dataclass(frozen=True)
class Limits:
    """What a server may use: seconds, bytes, tries."""

    connect: float = 10
    silence: float = 30  # without a byte
    patience: float = 60  # for an answer of any size, plus what `slowest` needs for its bytes
    slowest: int = 8 << 10  # bytes a second
    tries: int = 5
    backoff: float = 0.5  # seconds, doubled with each try
    longest_wait: int = 120  # seconds of a Retry-After that are heeded
    document: int = 64 << 20  # bytes of latest.json, releases.json or a manifest
    redirects: int = 5


@dataclass(frozen=True)
class Answer:
    """A document that was fetched. content: None if it has not changed; validators: for the next request."""

    content: bytes | None
    validators: dict[str, str]


class Remote:
    """A marts folder at a URL."""

    def __init__(self, url: str, limits: Limits | None = None) -> None:
        """Raise UsageError if the URL is not the http(s) URL of a folder."""
        parts = urlsplit(url)
        if parts.username or parts.password:  # it would be stored and printed
            raise UsageError("the URL has a user name or password; put them into a .netrc file, which is read")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise UsageError(f"{url}: is not the http(s) URL of a folder; give one such as https://example.org/bands/")
        self.url = url.rstrip("/") + "/"
        self.limits = limits or Limits()
        self._session = requests.Session()
        retry = Retry(
            total=self.limits.tries,
            connect=min(3, self.limits.tries),
            backoff_factor=self.limits.backoff,
            status_forcelist=_BUSY,
            retry_after_max=self.limits.longest_wait,
            raise_on_status=False,
            redirect=False,
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))
        self._session.headers.update({"User-Agent": "salary-bands", "Accept-Encoding": "identity"})

    def document(self, path: str, known: dict[str, str] | None = None) -> Answer | None:
        """Fetch a small file; None if it is missing. known: validators of the local copy.

        Raises RefreshError if the server fails.
        """
        for attempt in range(self.limits.tries + 1):
            self._pause(attempt)
            with suppress(_BrokenError):
                return self._document(path, known or {})
        raise self._not_whole(path)

    def download(self, path: str, to: Path, size: int) -> bool:
        """Fetch a file of a known size, continuing an earlier download to `to`; False if the file is missing.

        The caller checks the bytes. Raises RefreshError if the file is larger or incomplete.
        """
        for attempt in range(self.limits.tries + 1):
            self._pause(attempt)
            with suppress(_BrokenError):
                if not self._continue(path, to, size):
                    return False
            if to.is_file() and to.stat().st_size == size:
                return True
        raise self._not_whole(path)

    def _continue(self, path: str, to: Path, size: int) -> bool:
        """Request the rest of a file once; False if the file is missing."""
        had = to.stat().st_size if to.is_file() else 0
        if had > size:
            to.unlink()
            had = 0
        if had and had == size:
            return True
        with self._get(path, {"Range": f"bytes={had}-"} if had else {}) as answer:
            if answer.status_code in _GONE:
                return False
            if answer.status_code == 416:  # the local part belongs to another file
                to.unlink()
                return True
            self._expect(path, answer, 200, 206)
            resumed = had and answer.headers.get("Content-Range", "").startswith(f"bytes {had}-")
            if answer.status_code == 206 and not resumed:
                raise BadAnswerError(f"{self.url}{path}: answered with another range than requested")
            with to.open("ab" if resumed else "wb") as stream:
                for chunk in self._chunks(path, answer, size - (had if resumed else 0)):
                    stream.write(chunk)
        return True

    def _document(self, path: str, known: dict[str, str]) -> Answer | None:
        asked = {_VALIDATORS[name]: value for name, value in known.items() if name in _VALIDATORS}
        with self._get(path, asked) as answer:
            if answer.status_code in _GONE:
                return None
            if answer.status_code == 304 and asked:
                return Answer(None, known)
            self._expect(path, answer, 200)
            content = b"".join(self._chunks(path, answer, self.limits.document))
            if len(content) < (_length(answer) or 0):
                raise _BrokenError(path)
            return Answer(content, {name: answer.headers[name] for name in _VALIDATORS if name in answer.headers})

    def _pause(self, attempt: int) -> None:
        if attempt:
            time.sleep(self.limits.backoff * 2 ** (attempt - 1))

    def _not_whole(self, path: str) -> BadAnswerError:
        return BadAnswerError(f"{self.url}{path}: was incomplete in {self.limits.tries + 1} tries; try again later")

    @contextmanager
    def _get(self, path: str, headers: dict[str, str]) -> Iterator[requests.Response]:
        """Request a file, following redirects on the same host."""
        url = urljoin(self.url, quote(path))
        timeout = (self.limits.connect, self.limits.silence)
        for _ in range(self.limits.redirects + 1):
            try:
                answer = self._session.get(url, headers=headers, timeout=timeout, stream=True, allow_redirects=False)
            except (requests.RequestException, HTTPError, ValueError) as error:  # numbers without end are ValueErrors
                raise RefreshError(f"{url}: {_reason(error)[:200]}; check the URL, or try again later") from None
            with answer:
                if not answer.is_redirect:
                    yield answer
                    return
                target = _target(url, answer.headers["Location"])
            if target is None or not _same_host(url, target):
                where = f"{escaped((target or 'no URL')[:200])}, another host"
                raise BadAnswerError(f"{url}: redirects to {where}; use that URL if you trust it")
            url = target
        raise BadAnswerError(f"{self.url}{path}: redirects in a circle; ask the publisher")

    def _expect(self, path: str, answer: requests.Response, *codes: int) -> None:
        if answer.status_code not in codes:
            busy = " after all tries" if answer.status_code in _BUSY else ""
            raise BadAnswerError(
                f"{self.url}{path}: answered {answer.status_code}{busy}; check the URL, or try again later"
            )

    def _chunks(self, path: str, answer: requests.Response, most: int) -> Iterator[bytes]:
        """Yield the body as it arrives.

        Raises BadAnswerError if it is too large or too slow, _BrokenError if the connection breaks.
        """
        length = _length(answer)
        too_large = BadAnswerError(
            f"{self.url}{path}: is larger than the {most:,} bytes it may have; none of it is kept"
        )
        if length is not None and length > most:
            raise too_large
        began, received = time.monotonic(), 0
        while True:
            try:
                chunk = answer.raw.read1(_CHUNK, decode_content=True)  # not read(): that waits for a full chunk
            except (HTTPError, OSError, ValueError) as error:
                raise _BrokenError(f"{self.url}{path}: {_reason(error)}; try again") from None
            if not chunk:
                return
            received += len(chunk)
            if received > most:
                raise too_large
            if time.monotonic() - began > self.limits.patience + received / self.limits.slowest:
                raise BadAnswerError(
                    f"{self.url}{path}: is slower than {self.limits.slowest:,} bytes a second; try again later"
                )
            yield chunk


def _same_host(one: str, other: str) -> bool:
    """True for equal hosts and ports, and for an upgrade from http to https of one host."""
    a, b = urlsplit(one), urlsplit(other)
    upgraded = (
        (a.scheme, b.scheme) == ("http", "https") and a.hostname == b.hostname and (a.port, b.port) == (None,) * 2
    )
    return upgraded or (a.scheme, a.hostname, a.port) == (b.scheme, b.hostname, b.port)


def _length(answer: requests.Response) -> int | None:
    """Return the length that an answer states; None if that is no number."""
    stated = answer.headers.get("Content-Length", "")
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 19 else None


def _target(url: str, location: str) -> str | None:
    """Return the URL that a redirect leads to; None if it is none."""
    try:
        target = urljoin(url, location)
        parts = urlsplit(target)
        return target if parts.port is None or parts.port >= 0 else None
    except ValueError:
        return None


def _reason(error: Any) -> str:
    """Return the innermost cause in one line."""
    while getattr(error, "reason", None) or (error.args and isinstance(error.args[0], Exception)):
        error = getattr(error, "reason", None) or error.args[0]
        if not isinstance(error, Exception):
            break
    return str(error).splitlines()[0] if str(error) else type(error).__name__
