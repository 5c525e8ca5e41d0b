"""Newer exchange rates over HTTP, from a server on this machine; whatever comes, the last good ones stay."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from salary_bands.errors import RefreshError, UsageError
from salary_bands.ingest.exchange_rates import fetch_rates
from salary_bands.vocabulary.rates import SHIPPED_RATES, current_rates, fetched_rates_path
from tests.builders.servers import refusing, serving

# the shipped currencies, a year later
LATER = "Date,USD,JPY,GBP,CHF,SEK,NOK,DKK,PLN,CZK,HUF,AUD,CAD,INR,SGD,ILS,BRL,MXN,CNY,ZAR,TRY,KRW,THB,NZD,HKD\n"
LATER += "2099-01-04," + ",".join(["2.0"] * 23) + "\n"


class _Server(BaseHTTPRequestHandler):
    status = 200
    body = b""
    etag = ""
    asked_for: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        self.asked_for.append(self.headers.get("If-None-Match"))
        unchanged = self.etag and self.headers.get("If-None-Match") == self.etag
        self.send_response(304 if unchanged else self.status)
        self.send_header("ETag", self.etag)
        self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.end_headers()
        if not unchanged:
            self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[tuple[str, type[_Server]]]:
    handler = type("Handler", (_Server,), {"asked_for": []})
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as address:
        yield f"{address}/rates.zip", handler


def test_newer_rates_are_used_from_then_on(server: tuple[str, type[_Server]], tmp_path: Path) -> None:
    url, answers = server
    answers.body = LATER.encode()
    assert fetch_rates(url, tmp_path)["changed"] is True
    assert current_rates(tmp_path).last_day == "2099-01-04"
    assert current_rates(tmp_path).usd[("2099-01", "EUR")] == 2.0


def test_what_has_not_changed_is_not_fetched_again(server: tuple[str, type[_Server]], tmp_path: Path) -> None:
    url, answers = server
    answers.body, answers.etag = LATER.encode(), '"one"'
    fetch_rates(url, tmp_path)
    assert fetch_rates(url, tmp_path)["changed"] is False
    assert answers.asked_for == [None, '"one"']


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (404, b"", "answered 404"),
        (302, b"", "answered 302"),
        (200, b"<html>maintenance</html>", "not a file of ECB rates"),
        (200, b"Date,USD\n2001-01-02,1.0\n", "older than the rates at hand"),
        (200, b"x" * (21 << 20), "over 20,971,520 bytes"),
    ],
)
def test_the_last_good_rates_stay(
    server: tuple[str, type[_Server]], tmp_path: Path, status: int, body: bytes, why: str
) -> None:
    url, answers = server
    answers.body = LATER.encode()
    fetch_rates(url, tmp_path)
    answers.status, answers.body = status, body
    with pytest.raises(RefreshError, match=why):
        fetch_rates(url, tmp_path)
    assert current_rates(tmp_path).last_day == "2099-01-04"
    assert [p.name for p in fetched_rates_path(tmp_path).parent.iterdir() if p.name.startswith(".")] == []


def test_nobody_there_leaves_the_shipped_rates(tmp_path: Path) -> None:
    with refusing() as address, pytest.raises(RefreshError, match="last good rates stay"):
        fetch_rates(f"{address}/rates.zip", tmp_path)
    assert current_rates(tmp_path).sha256 == current_rates(tmp_path / "none").sha256
    assert SHIPPED_RATES.is_file()


def test_an_address_with_a_password_is_refused_without_showing_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.netrc") as raised:
        fetch_rates("https://me:hunter2@example.org/rates.zip", tmp_path)
    assert "hunter2" not in str(raised.value)
