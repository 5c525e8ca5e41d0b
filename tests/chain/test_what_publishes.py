"""What makes a release and what does not: equal figures of one date are published once, broken files never."""

import gzip
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from salary_bands.aggregate import registry
from salary_bands.aggregate.workspace import Workspace
from salary_bands.orchestration.refresh import Outcome, refresh
from salary_bands.releases.marts import Marts
from salary_bands.settings import Settings
from tests.builders.candidates import build, keep_tables, settings_at
from tests.builders.exports import native_row, write_native
from tests.builders.worlds import ROWS

pytestmark = pytest.mark.slow
DAY = date(2026, 6, 30)
TORN = gzip.compress(b"submission_id,submitted_at,job_title,currency,base\n" * 50)[:-9]


def run(settings: Settings, day: date = DAY, is_dated: bool = True) -> Outcome:
    return refresh(settings, day, False, lambda _: None, is_dated=is_dated)


def versions(settings: Settings) -> list[str]:
    return [entry.version for entry in Marts(settings.marts).releases()]


def put(settings: Settings, content: bytes, file: str) -> Path:
    path = settings.raw / file
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.fixture
def settings(small_world: Path, tmp_path: Path) -> Settings:
    """Folders with a release of ROWS, which are what is there."""
    shutil.copytree(small_world, tmp_path / "shelf")
    found = settings_at(tmp_path / "shelf")
    write_native(found.raw, ROWS)
    return found


def test_only_other_figures_make_a_release(settings: Settings) -> None:
    path = settings.raw / "source" / "native.csv"
    put(settings, TORN, "source/torn.csv.gz")
    put(settings, path.read_bytes(), "source/again.csv")
    (settings.raw / "other").mkdir()
    (settings.raw / "other" / "link.csv").symlink_to(path)
    broken = run(settings)
    assert (broken.published, broken.unchanged, broken.version) == (False, True, "2026.06.30")
    assert [(h["file"], h["reason"]) for h in broken.held] == [("source/torn.csv.gz", "truncated_gzip")]
    path.rename(settings.raw / "source" / "renamed.csv")
    (settings.raw / "source" / "torn.csv.gz").unlink()
    (settings.raw / "source" / "again.csv").unlink()
    assert run(settings).unchanged
    assert versions(settings) == ["2026.06.30"]
    write_native(settings.raw, [native_row(n) for n in range(31)], "source/renamed.csv")
    assert run(settings).version == "2026.06.30.1"


def test_without_a_date_unchanged_exports_are_published_after_idle_days(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(settings, date(2026, 7, 6), is_dated=False).unchanged
    assert run(settings, date(2026, 7, 7), is_dated=False).version == "2026.07.07"
    keep_tables(monkeypatch)
    assert run(settings, date(2026, 7, 8)).version == "2026.07.08"  # somebody asked for it


def test_reports_of_the_last_refresh_are_those_of_the_release_before_and_are_not_made_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(settings, date(2026, 7, 7)).published
    recipe = registry.RECIPES["window_reports"]
    made: list[str] = []

    def counted(workspace: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
        made.append(workspace.name)
        return recipe.build(workspace, connection)

    monkeypatch.setitem(registry.RECIPES, "window_reports", replace(recipe, build=counted))
    former = (settings.work / "candidate" / "window_reports.parquet").read_bytes()
    write_native(settings.raw, [native_row(1000 + n) for n in range(4)], "source/later.csv")
    assert run(settings, date(2026, 7, 9)).version == "2026.07.09"
    assert made == ["candidate"]
    assert (settings.work / "restated" / "window_reports.parquet").read_bytes() == former


def test_equal_rows_made_by_other_rules_are_not_built_again(settings: Settings) -> None:
    build(settings)
    made = {path: path.stat().st_mtime_ns for path in (settings.work / "candidate").glob("*.parquet")}
    other = settings.model_copy(update={"max_columns": 900})  # raw_reports is read again, and is the same
    again = run(other)
    assert (again.exports_new, again.unchanged) == (1, True)
    assert {path: path.stat().st_mtime_ns for path in made} == made
