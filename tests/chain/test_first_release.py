"""A release that the first version published is still read, and stays as it is under what is published on top of it."""

import hashlib
import json
import tarfile
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pytest
from typer.testing import CliRunner

from salary_bands.cli.commands import app
from salary_bands.publish import mart
from salary_bands.publish.publication import publish, repair
from salary_bands.releases.marts import Marts
from salary_bands.schemas import RELEASE_TABLES, TABLES, arrow_schema
from salary_bands.schemas.bands import Bands
from salary_bands.schemas.columns import column
from salary_bands.settings import Settings
from salary_bands.storage.files import sha256_of
from tests.builders import GOLDEN
from tests.builders.candidates import build
from tests.builders.exports import native_row, write_native
from tests.golden.first_release.make_export import export

pytestmark = pytest.mark.slow

FOLDER = GOLDEN / "first_release"
FIRST, SECOND = "2026.03.31", "2026.06.30"
SERVING = {
    "view": "leaf",
    "group_id": "llm_serving",
    "evidence": "reported",
    "tier": "all",
    "level": "all",
    "market": "US",
    "metric": "base",
}


@pytest.fixture
def first(settings: Settings) -> Marts:
    """The marts folder as it was left."""
    with tarfile.open(FOLDER / "marts.tar.xz") as archive:
        archive.extractall(settings.marts.parent, filter="data")
    return Marts(settings.marts)


def command(marts: Marts, *arguments: str) -> str:
    """What a command prints; it must end with 0."""
    result = CliRunner().invoke(app, [*arguments, "--marts", str(marts.folder)], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.stdout


def serving(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[Any, ...]]:
    """Release, number of reports, and whether P50 has no interval, of one cell."""
    where = " AND ".join(f"{name} = '{value}'" for name, value in SERVING.items())
    return connection.execute(
        f"SELECT release, n_reports, p50_low IS NULL FROM {table} WHERE {where} ORDER BY release"
    ).fetchall()


def medians() -> dict[str, float]:
    """Title to median base, of the export that the release was made of."""
    rows = [line.split(",") for line in export().splitlines()[1:]]
    return {title: float(np.median([int(r[4]) for r in rows if r[2] == title])) for title in {r[2] for r in rows}}


def test_it_is_whole_and_made_of_the_export_that_the_script_makes(first: Marts) -> None:
    latest, manifest = first.latest(), first.manifest(FIRST)
    assert sha256_of(first.folder / latest.manifest.path) == latest.manifest.sha256
    found = {p.relative_to(first.release(FIRST)).as_posix() for p in first.release(FIRST).rglob("*") if p.is_file()}
    assert found - {"manifest.json"} == {f.path for f in manifest.files}
    assert all(sha256_of(first.release(FIRST) / f.path) == f.sha256 for f in manifest.files)
    assert [i.export for i in manifest.inputs] == [hashlib.sha256(export().encode()).hexdigest()[:12]]
    assert manifest.contains_synthetic


def test_commands_read_it(first: Marts) -> None:
    [listed] = json.loads(command(first, "releases", "--json"))
    assert (listed["version"], listed["latest"], listed["status"]) == (FIRST, True, "published")
    shown = {r["group_id"]: r for r in json.loads(command(first, "show", "--view", "leaf", "--json"))["bands"]
             if r["metric"] == "base"}  # fmt: skip
    assert shown["llm_serving"]["p50"] == pytest.approx(medians()["LLM Inference Engineer"], abs=8_000)  # weighted
    table = command(first, "show", "--view", "leaf")
    assert "no interval" in next(line for line in table.splitlines() if "LLM serving" in line)
    assert "few reports" in table
    result = CliRunner().invoke(app, [*"offer --group llm_serving --base 1 --marts".split(), str(first.folder)])
    assert result.exit_code == 1 and result.stderr.startswith("error: release 2026.03.31 has no table `cards`")


def test_a_mart_of_it_has_every_table_of_today(first: Marts) -> None:
    assert repair(first) == [f"rebuilt the mart of {FIRST}"]
    with duckdb.connect(str(first.mart), read_only=True) as connection:
        for table in RELEASE_TABLES:
            names = [d[0] for d in connection.execute(f"SELECT * FROM {table}").description or []]
            assert names == arrow_schema(table).names
        assert connection.execute("SELECT count(*) FROM premiums").fetchall() == [(0,)]
        assert connection.execute("SELECT sum(rows) FROM ledger").fetchall() == [(40,)]
        for table in ("bands", "history_bands"):
            assert serving(connection, table) == [(FIRST, 16, True)]


def test_a_column_that_came_later_is_null_in_its_mart(first: Marts, monkeypatch: pytest.MonkeyPatch) -> None:
    class LaterBands(Bands):
        later: float = column("A column of tomorrow", nullable=True)

    monkeypatch.setitem(TABLES, "bands", LaterBands)
    mart.build_mart(first, FIRST, [FIRST])
    with duckdb.connect(str(first.mart), read_only=True) as connection:
        for table in ("bands", "history_bands"):
            assert connection.execute(f"SELECT DISTINCT later FROM {table}").fetchall() == [(None,)]
            assert serving(connection, table) == [(FIRST, 16, True)]


def test_what_is_published_on_top_leaves_it_as_it_is(first: Marts, settings: Settings) -> None:
    before = {p: p.read_bytes() for p in first.release(FIRST).rglob("*") if p.is_file()}
    write_native(settings.raw, [native_row(n, job_title="LLM Inference Engineer") for n in range(40)],
                 "sample/second.csv")  # fmt: skip
    repair(first)
    assert publish(build(settings).candidate, first) == SECOND
    assert {p: p.read_bytes() for p in first.release(FIRST).rglob("*") if p.is_file()} == before

    assert [r.version for r in first.releases()] == [SECOND, FIRST]
    assert first.manifest(SECOND).previous == FIRST
    changes = (first.release(SECOND) / "CHANGES.md").read_text(encoding="utf-8")
    assert f"Since {FIRST}." in changes and "The method changed" in changes
    with duckdb.connect(str(first.mart), read_only=True) as connection:
        assert serving(connection, "history_bands") == [
            (FIRST, 16, True),
            (SECOND, 40, False),
        ]
        assert [r for r, *_ in serving(connection, "bands")] == [SECOND]
        assert connection.execute("SELECT DISTINCT as_of FROM history_bands ORDER BY 1").fetchall() == [
            (date(2026, 3, 31),),
            (date(2026, 6, 30),),
        ]
    assert f"{FIRST}: " in command(first, "show", "--release", FIRST)
    assert [r["version"] for r in json.loads(command(first, "releases", "--json"))] == [SECOND, FIRST]
    assert json.loads(command(first, "diff", FIRST, SECOND, "--json"))
