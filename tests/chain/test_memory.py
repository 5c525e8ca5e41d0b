"""The whole way under a memory limit of DuckDB: what does not fit is spilled, and no figure changes."""

import shutil
from pathlib import Path

import pytest

from salary_bands.publish.figures import figures_digest
from salary_bands.releases.marts import Marts
from tests.builders import SAMPLE
from tests.builders.candidates import build, settings_at

pytestmark = pytest.mark.whole_grid


def test_the_sample_has_the_same_figures_within_a_limit(sample_marts: Marts, tmp_path: Path) -> None:
    settings = settings_at(tmp_path, memory_limit="160MB")  # which makes DuckDB spill
    shutil.copytree(SAMPLE, settings.raw / "sample")
    candidate = build(settings).candidate
    assert figures_digest(candidate) == sample_marts.manifest(sample_marts.latest().version).figures


@pytest.mark.slow
def test_a_limit_changes_no_fingerprint(tmp_path: Path) -> None:
    """It is of the machine: parts and tables stay, and nothing is published anew."""
    shutil.copytree(SAMPLE, tmp_path / "raw" / "sample")
    plans = [build(settings_at(tmp_path, memory_limit=limit), tables=()).candidate.plan() for limit in (None, "1GB")]
    assert plans[0] == plans[1]
