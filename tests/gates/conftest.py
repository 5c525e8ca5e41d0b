"""The world that gates are tried in."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders.candidates import settings_at
from tests.builders.weeks import World, publish_week


@pytest.fixture
def world(once: Callable[..., Path], tmp_path: Path) -> World:
    """A copy of what `publish_week` fills."""
    shutil.copytree(once("week", publish_week), tmp_path / "world")
    return World(settings_at(tmp_path / "world"))
