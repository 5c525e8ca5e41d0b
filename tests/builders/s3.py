"""An S3-speaking server on loopback (moto's), and what can be seen and done from beside it.

Writes are let through one at a time: moto looks and then writes, which two threads could do at once, and S3 cannot.
"""

import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import boto3
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

SECRET = "secret-of-the-tests"
OBSERVER = "AKIDOBSERVER"


@dataclass
class Asked:
    """One request. who: the key id that signed it."""

    method: str
    path: str
    who: str
    status: int = 0


@dataclass
class Server:
    """before: may answer in the server's place. after: called after each write of a publisher, before it is told.

    conditions: whether If-Match and If-None-Match count.
    """

    url: str
    log: list[Asked] = field(default_factory=list)
    before: Callable[[Asked], Response | None] = lambda asked: None
    after: Callable[[Asked], None] = lambda asked: None
    conditions: bool = True

    def environment(self, who: str = "AKIDPUBLISHER") -> dict[str, str]:
        """What a publisher has in its environment."""
        credentials = {"AWS_ACCESS_KEY_ID": who, "AWS_SECRET_ACCESS_KEY": SECRET}
        return {**credentials, "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": self.url}

    @cached_property
    def client(self) -> Any:
        """Somebody else's client, whose requests are neither logged nor interfered with."""
        return boto3.client(
            "s3", endpoint_url=self.url, region_name="us-east-1", aws_access_key_id=OBSERVER,
            aws_secret_access_key=SECRET,
        )  # fmt: skip

    def objects(self, bucket: str) -> dict[str, bytes]:
        """What is in a bucket, read beside the server: it lives in this process."""
        return {name: key.value for name, key in s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[bucket].keys.items()}

    def puts(self, who: str | None = None) -> list[Asked]:
        """Puts that took effect, in order."""
        return [a for a in self.log if a.method == "PUT" and a.status == 200 and who in (None, a.who)]


@contextmanager
def serving() -> Iterator[Server]:
    """A server on a free port of loopback, for as long as the block lasts."""
    moto = DomainDispatcherApplication(create_backend_app)
    writing = threading.Lock()

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Any:
        signed = re.search(r"Credential=([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
        asked = Asked(environ["REQUEST_METHOD"], environ["PATH_INFO"], signed.group(1) if signed else "")
        if asked.who == OBSERVER:
            return moto(environ, start)
        if instead := server.before(asked):
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            asked.status = instead.status_code
            server.log.append(asked)
            return instead(environ, start)

        if not server.conditions:
            environ = {k: v for k, v in environ.items() if k not in ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH")}

        def note(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
            asked.status = int(status.split()[0])
            return start(status, headers, error)

        if asked.method not in ("PUT", "DELETE"):
            body = moto(environ, note)
            server.log.append(asked)
            return body
        with writing:
            body = moto(environ, note)
            server.log.append(asked)
            server.after(asked)
            return body

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    http = make_server("127.0.0.1", 0, answer, threaded=True)
    server = Server(f"http://127.0.0.1:{http.server_port}")
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def refusal(status: int, code: str) -> Response:
    """An error as S3 words it."""
    text = f"<Error><Code>{code}</Code><Message>no</Message><AWSAccessKeyId>AKIDPUBLISHER</AWSAccessKeyId></Error>"
    return Response(text, status, content_type="application/xml")
