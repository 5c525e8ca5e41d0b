"""An object store for publishing: objects are created once or swapped, and errors are one line."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

from salary_bands.errors import RefreshError, UsageError
from salary_bands.releases.documents import DocumentError
from salary_bands.releases.media import FOR_EVER, SHORT, media_type

if TYPE_CHECKING:
    from obstore import ObjectMeta, PutMode
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

SCHEMES = ("s3", "gs", "az")
CLIENT: "ClientConfig" = {"connect_timeout": "10s", "timeout": "120s", "allow_http": True}
RETRY: "RetryConfig" = {"max_retries": 3, "retry_timeout": timedelta(seconds=60)}
_TRIES = 5
T = TypeVar("T")


def open_store(url: str) -> "ObjectStore":
    """Open the store at s3://BUCKET/PREFIX, gs://... or az://...; credentials and endpoint come from the environment.

    Raises UsageError for any other address, or if the extra is not installed.
    """
    parts = urlsplit(url)
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise UsageError("store_url holds more than bucket and prefix; credentials belong in the environment")
    if parts.scheme not in SCHEMES or not parts.netloc:
        raise UsageError(f"store_url {url}: not an object store; write s3://BUCKET/PREFIX, gs://... or az://...")
    try:
        from obstore.exceptions import BaseError
        from obstore.store import from_url
    except ImportError:
        raise UsageError(f"store_url {url}: needs obstore; pip install 'salary-bands[cloud]'") from None
    try:
        return from_url(url, client_options=CLIENT, retry_config=RETRY)
    except (BaseError, ValueError) as error:
        raise UsageError(f"store_url {url}: {_first_line(error)}; see docs/operations.md") from None


class Bucket:
    """The calls that publishing makes. Paths are below the store's prefix; puts counts the objects written."""

    def __init__(self, store: "ObjectStore") -> None:
        self._store = store
        self.puts = 0

    def read(self, path: str) -> tuple[bytes | None, "PutMode"]:
        """Read an object, None if it is missing, and the mode in which `put` replaces exactly this one."""
        import obstore

        try:
            found = obstore.get(self._store, path)
        except FileNotFoundError:
            return None, "create"
        return bytes(found.bytes()), _replacing(found.meta)

    def document(self, path: str, parse: Callable[[bytes], T]) -> tuple[T | None, "PutMode"]:
        """Read and parse an object; raise RefreshError if it is invalid."""
        data, mode = self.read(path)
        try:
            return (None if data is None else parse(data)), mode
        except DocumentError as error:
            advice = "mirror to another prefix, or restore or remove it"
            raise RefreshError(f"{path} in the store: {error}; {advice}") from None

    def sha256(self, path: str) -> tuple[str | None, "PutMode"]:
        """Read the hash that `put` noted on the object, without reading the object."""
        import obstore

        try:
            found = obstore.get(self._store, path, options={"head": True})
        except FileNotFoundError:
            return None, "create"
        return found.attributes.get("sha256"), _replacing(found.meta)

    def put(self, path: str, data: bytes, mode: "PutMode", cache: str = SHORT) -> bool:
        """Put an object in one request; False if it changed since the mode was read, or exists already."""
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        attributes = {"Content-Type": media_type(path), "Cache-Control": cache, "sha256": sha256(data).hexdigest()}
        try:
            obstore.put(self._store, path, data, mode=mode, attributes=attributes, use_multipart=False)
        except (AlreadyExistsError, PreconditionError):
            return False
        self.puts += 1
        return True

    def create(self, path: str, data: bytes, cache: str = FOR_EVER) -> bool:
        """Put an object that never changes; False if it exists with other bytes."""
        for _ in range(_TRIES):
            if self.put(path, data, "create", cache):
                return True
            there, _ = self.read(path)
            if there is not None:  # else S3 answered 409: two puts collided, and neither was kept
                return there == data
        raise RefreshError(f"{path}: the store says that it exists, but does not return it; try again")

    def remove(self, path: str) -> None:
        import obstore

        with suppress(FileNotFoundError):
            obstore.delete(self._store, path)


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Turn what a store answers into one line. Its own texts are not shown: they may contain key ids and signatures."""
    from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

    again = "fix it; then the next refresh or `salary-bands mirror` continues from there"
    try:
        yield
    except FileNotFoundError:
        raise RefreshError(f"{url}: no such bucket; {again}") from None
    except (PermissionDeniedError, UnauthenticatedError) as error:
        why = (
            f"refused ({_code(error) or 'access denied'}): the credentials are wrong, or do not allow get, put and list"
        )
        raise RefreshError(f"{url}: {why}; {again}") from None
    except BaseError as error:
        raise RefreshError(f"{url}: {_cause(str(error))}; {again}") from None


def _cause(text: str) -> str:
    if any(asked in text for asked in ("/latest/api/token", "/latest/meta-data", "metadata.google.internal")):
        return "no credentials in the environment"
    if "kind: Timeout" in text:
        return "the store did not answer in time"
    if "kind: Connect" in text:
        return "the store cannot be reached"
    status = re.search(r"status code: (\d+[ \w]*)", text)
    return f"the store answers {_code(text) or (status.group(1) if status else _first_line(text))}"


def _code(error: Any) -> str | None:
    """Find the code in a store's error document."""
    found = re.search(r"<Code>(\w+)</Code>", str(error))
    return found.group(1) if found else None


def _first_line(error: Any) -> str:
    return str(error).split("\n", 1)[0][:200]


def _replacing(meta: "ObjectMeta") -> "PutMode":
    """Return the mode that replaces this object: S3 and Azure identify it by e_tag, GCS by version."""
    known = {"e_tag": meta["e_tag"], "version": meta["version"]}
    return cast("PutMode", {name: value for name, value in known.items() if value})
