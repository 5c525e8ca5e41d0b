"""Fixtures that several packages of tests share."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from salary_bands.publish.publication import publish
from salary_bands.releases.marts import Marts
from salary_bands.settings import Settings
from tests.builders import REAL_DATA, SAMPLE
from tests.builders.candidates import Built, build, defaults
from tests.builders.exports import write_native


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The real exports beside the checkout; they are not part of it."""
    if not REAL_DATA.is_dir():
        pytest.skip("the real exports are not here: no ../shared/data beside the checkout")
    return REAL_DATA


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Defaults over empty folders, whatever the environment says."""
    (tmp_path / "raw").mkdir()
    return defaults(tmp_path, monkeypatch)


@pytest.fixture
def built(settings: Settings) -> Iterator[Callable[..., Built]]:
    """build(rows, ...) in one call: `built(rows)` or `built({file: rows, ...})`."""

    def make(
        exports: list[dict[str, Any]] | dict[str, list[dict[str, Any]]], as_of: str = "2026-06-30", **changed: Any
    ) -> Built:
        for file, rows in (exports if isinstance(exports, dict) else {"source/native.csv": exports}).items():
            write_native(settings.raw, rows, file)
        return build(settings.model_copy(update=changed), as_of)

    yield make


@pytest.fixture(scope="session")
def sample_marts(tmp_path_factory: pytest.TempPathFactory) -> Marts:
    """A marts folder with a release of the bundled sample, built once for all processes: read it, change a copy."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "sample"
    with FileLock(f"{folder}.lock"), pytest.MonkeyPatch.context() as monkeypatch:
        settings = defaults(folder, monkeypatch)
        marts = Marts(settings.marts)
        if not (marts.folder / "latest.json").is_file():
            shutil.copytree(SAMPLE, settings.raw / "sample", dirs_exist_ok=True)
            publish(build(settings).candidate, marts)
    return marts


@pytest.fixture(scope="session")
def sample_release(sample_marts: Marts) -> Path:
    """The folder of that release, MARTS/releases/<version>."""
    return sample_marts.release(sample_marts.latest().version)
