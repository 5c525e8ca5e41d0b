"""A store, a bucket in it, and a publisher."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from salary_bands.releases.marts import Marts
from tests.builders.s3 import Server, serving
from tests.builders.stores import assert_sound, publication


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as found:
        yield found


@pytest.fixture
def bucket(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty bucket of the test's own, and the environment of a publisher."""
    name = f"bucket-{uuid.uuid4().hex}"
    server.client.create_bucket(Bucket=name)
    server.log.clear()
    server.before, server.conditions = lambda asked: None, True
    server.after = lambda asked: (
        assert_sound(server, name) if asked.path.endswith(("latest.json", "releases.json")) else None
    )
    for variable, value in server.environment().items():
        monkeypatch.setenv(variable, value)
    return name


@pytest.fixture
def one(tmp_path: Path) -> Marts:
    """A publisher with two releases of one day."""
    return publication(tmp_path / "one", v2026_06_30="a", v2026_06_30_1="b")
