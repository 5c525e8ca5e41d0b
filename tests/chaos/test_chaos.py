"""What the trials of `make chaos` look for is seen to be found. The trials themselves are a step of `.ci/run`."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.__main__ import report
from tests.chaos.world import torn

VERSIONS = ("2026.06.30", "2026.06.30.1")


def nothing(marts: Path) -> None:
    pass


def cut(marts: Path) -> None:
    path = marts / "releases" / VERSIONS[1] / "bands.parquet"
    path.write_bytes(path.read_bytes()[:-1])


def without_a_file(marts: Path) -> None:
    (marts / "releases" / VERSIONS[1] / "views" / "cards.json").unlink()


def without_pointer(marts: Path) -> None:
    (marts / "latest.json").unlink()


def half_a_pointer(marts: Path) -> None:
    path = marts / "latest.json"
    path.write_bytes(path.read_bytes()[:30])


@pytest.mark.parametrize("damage", [nothing, cut, without_a_file, without_pointer, half_a_pointer])
def test_a_torn_release_is_seen(small_world: Path, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    shutil.copytree(small_world / "both", tmp_path / "marts")
    damage(tmp_path / "marts")
    assert bool(torn(tmp_path, VERSIONS)) == (damage is not nothing)
    assert torn(tmp_path, VERSIONS[:1])  # and one that nobody has published


def test_one_failure_is_enough(capsys: pytest.CaptureFixture[str]) -> None:
    well = {"trial": 0, "kind": "kill -9", "wrong": []}
    assert report([well]) == 0
    assert report([well, {"trial": 1, "kind": "races", "wrong": ["torn: x"]}]) == 1
    assert "2 trials, 1 failed: 1 torn releases, 0 with lost rows" in capsys.readouterr().out
