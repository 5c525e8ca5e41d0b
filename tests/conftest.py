"""Fixtures that several packages of tests share, and what every test may rely on."""

import gc
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import hypothesis
import pytest
from filelock import FileLock
from hypothesis import HealthCheck

from salary_bands.exports import warden as warden_module
from salary_bands.exports.warden import warden
from salary_bands.refresh import run
from salary_bands.releases.marts import Marts
from salary_bands.schemas.columns import TIERS
from salary_bands.settings import Settings
from salary_bands.storage import duck
from tests.builders import REAL_DATA
from tests.builders.candidates import TABLES, Built, OneEngine, build, grid_of, settings_at
from tests.builders.exports import write_native
from tests.builders.keys import write_key
from tests.builders.worlds import build_first, publish_modelled, publish_sample, publish_small, publish_year

# Fixtures that take seconds, here and in modules of tests: what needs one is slow.
SLOW_FIXTURES = {
    *("built", "built_first", "model_world", "real_data", "sample_marts", "small_world", "year_world"),
    *("bombed", "case", "cases", "other_case", "small", "truth", "world"),
}

# The same examples in every run, however long each takes; `--hypothesis-profile=default` draws others.
hypothesis.settings.register_profile(
    "suite",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("suite")


# a test leaves little for the collector to find, and what it looks through is large: 3 % of the suite
gc.set_threshold(50_000, 20, 20)


def pytest_configure(config: pytest.Config) -> None:
    """Let xdist hand out files in our order; its own is by the number of tests, whatever these take."""
    config.option.loadscopereorder = False


@pytest.hookimpl(tryfirst=True)  # before pytest leaves out what `-m` does not want
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a slow fixture or is in slow.txt; put files with slow tests first: workers then end together."""
    named = set((Path(__file__).parent / "slow.txt").read_text(encoding="utf-8").split())
    for item in items:
        if SLOW_FIXTURES & set(getattr(item, "fixturenames", ())) or item.nodeid.partition("[")[0] in named:
            item.add_marker("slow")
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session", autouse=True)
def _alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what the developer has set out of the tests: variables, and the settings file of the current folder.

    No test cuts the power, so none waits for the disk.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        patch.setattr(duck, "_engine", OneEngine())
        # the server that reads exports is started once for all refreshes, not by each: a start takes a second
        used = {name: getattr(warden, name) for name in ("start", "read", "inspect")}
        kept = SimpleNamespace(**used, close=lambda: None)
        for module in (run, warden_module):
            patch.setattr(module, "warden", kept)
        for name in [n for n in os.environ if n.startswith("SALARY_BANDS_")]:
            patch.delenv(name)
        patch.setenv("SALARY_BANDS_DISCLOSURE_KEY", str(write_key(tmp_path_factory.mktemp("key"))))
        patch.chdir(tmp_path_factory.mktemp("cwd"))
        yield
        warden.close()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The real exports beside the checkout; they are not part of it."""
    if not REAL_DATA.is_dir():
        pytest.skip("the real exports are not here: no ../shared/data beside the checkout")
    return REAL_DATA


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Defaults over empty folders."""
    return settings_at(tmp_path)


@pytest.fixture
def built(settings: Settings) -> Callable[..., Built]:
    """Write and build in one call: `built(rows)` or `built({file: rows, ...})`, and tables where not all are needed."""

    def make(exports: list[dict[str, Any]] | dict[str, list[dict[str, Any]]], tables: Sequence[str] = TABLES) -> Built:
        for file, rows in (exports if isinstance(exports, dict) else {"source/native.csv": exports}).items():
            write_native(settings.raw, rows, file)
        return build(settings, tables=tables)

    return make


@pytest.fixture(scope="module", autouse=True)
def _grid(request: pytest.FixtureRequest) -> Iterator[None]:
    """Build with a small grid of withheld cells, unless a module is marked `whole_grid`."""
    with nullcontext() if request.node.get_closest_marker("whole_grid") else grid_of():
        yield


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], None]], Path]:
    """Return the folder that `make(folder)` fills, made once for all processes: read it, change a copy.

    Which module asks first makes no difference: the grid is whole unless `make` says otherwise.
    """
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def folder(name: str, make: Callable[[Path], None]) -> Path:
        path, half = base / name, base / f"{name}.half"
        with FileLock(f"{path}.lock"):
            if not path.exists():
                shutil.rmtree(half, ignore_errors=True)
                with grid_of(*TIERS):
                    make(half)
                half.rename(path)
        return path

    return folder


@pytest.fixture(scope="session")
def sample_marts(once: Callable[..., Path]) -> Marts:
    """A marts folder with a release of the bundled sample."""
    return Marts(once("sample", publish_sample) / "marts")


@pytest.fixture(scope="session")
def sample_release(sample_marts: Marts) -> Path:
    """The folder of that release, MARTS/releases/<version>."""
    [folder] = (sample_marts.folder / "releases").iterdir()
    return folder


@pytest.fixture
def built_first(once: Callable[..., Path], settings: Settings) -> Settings:
    """Settings over a copy of what `build_first` fills: a refresh of it reads nothing and soon publishes."""
    shutil.copytree(once("first", build_first), settings.raw.parent, dirs_exist_ok=True)
    return settings


@pytest.fixture(scope="session")
def small_world(once: Callable[..., Path]) -> Path:
    """What `publish_small` fills: a release, the candidate of the next, and a marts folder with both."""
    return once("small", publish_small)


@pytest.fixture(scope="session")
def year_world(once: Callable[..., Path]) -> Path:
    """What `publish_year` fills: a release of a year of reports."""
    return once("year", publish_year)


@pytest.fixture(scope="session")
def model_world(once: Callable[..., Path]) -> Path:
    """What `publish_modelled` fills: a release, and the candidate of the next."""
    return once("model", publish_modelled)


@pytest.fixture
def ready(small_world: Path, tmp_path: Path) -> Settings:
    """A copy in which one release is published and the candidate of the next is built: where a refresh may crash."""
    shutil.copytree(small_world, tmp_path / "shelf")
    return settings_at(tmp_path / "shelf")
