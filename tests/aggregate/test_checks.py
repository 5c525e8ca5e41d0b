"""Every check holds on a sound candidate, and is seen to fail on one with a table spoilt."""

import shutil
from pathlib import Path

import pytest

from salary_bands.aggregate.checks import CHECKS, contract_faults, offending_rows
from salary_bands.aggregate.workspace import Workspace
from salary_bands.gates.accept import CONTRACT
from tests.builders.breaks import BREAKS, Change, spoil
from tests.builders.candidates import settings_at


@pytest.fixture
def candidate(model_world: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(model_world / "work" / "candidate", tmp_path / "work" / "candidate")
    return Workspace(settings_at(tmp_path))


def faults(candidate: Workspace, check: str) -> list[object]:
    return list(
        contract_faults(candidate) if check == CONTRACT else offending_rows(candidate, check).to_dict("records")
    )


@pytest.mark.parametrize("check", [*CHECKS, CONTRACT])
def test_every_check_holds_on_a_sound_candidate(model_world: Path, check: str) -> None:
    assert faults(Workspace(settings_at(model_world)), check) == []


def test_every_check_is_seen_to_fail() -> None:
    assert {check for check, _, _ in BREAKS} >= {*CHECKS, CONTRACT}


@pytest.mark.parametrize(("check", "table", "change"), BREAKS, ids=[f"{c} {t}" for c, t, _ in BREAKS])
def test_a_spoilt_table_fails_its_check(candidate: Workspace, check: str, table: str, change: Change) -> None:
    spoil(candidate, table, change)
    assert faults(candidate, check)
