"""What DuckDB may take: under a limit of memory it spills and no figure changes; of threads few reports take one."""

import shutil
from pathlib import Path

import pytest

from salary_bands.aggregate import workspace
from salary_bands.publish.figures import figures_digest
from salary_bands.releases.marts import Marts
from salary_bands.storage.duck import in_memory
from tests.builders import SAMPLE
from tests.builders.candidates import build, settings_at
from tests.builders.exports import native_row, write_native

pytestmark = pytest.mark.whole_grid


def test_the_sample_has_the_same_figures_within_a_limit(sample_marts: Marts, tmp_path: Path) -> None:
    settings = settings_at(tmp_path, memory_limit="160MB")  # which makes DuckDB spill
    shutil.copytree(SAMPLE, settings.raw / "sample")
    candidate = build(settings).candidate
    assert figures_digest(candidate) == sample_marts.manifest(sample_marts.latest().version).figures


@pytest.mark.parametrize(("few", "threads"), [(60, 1), (59, None)])
def test_few_reports_are_aggregated_on_one_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int, threads: int | None
) -> None:
    monkeypatch.setattr(workspace, "_FEW_ROWS", few)
    settings = settings_at(tmp_path)
    write_native(settings.raw, [native_row(n) for n in range(60)])
    asked = "SELECT current_setting('threads')"
    with build(settings, tables=()).candidate.connection() as connection:
        found = connection.execute(asked).fetchall()
    with in_memory(threads=threads) as connection:
        assert found == connection.execute(asked).fetchall()


@pytest.mark.slow
def test_a_limit_changes_no_fingerprint(tmp_path: Path) -> None:
    """It is of the machine: parts and tables stay, and nothing is published anew."""
    shutil.copytree(SAMPLE, tmp_path / "raw" / "sample")
    plans = [build(settings_at(tmp_path, memory_limit=limit), tables=()).candidate.plan() for limit in (None, "1GB")]
    assert plans[0] == plans[1]
