"""A table of hostile inputs, and what happens to each: held with a reason, or every row accepted or rejected once.

After a change, write it to tests/golden/hostile_inputs.txt with `python -m tests.ingest.test_hostile_inputs`, and look
at each line that differs.
"""

import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from salary_bands.settings import Settings
from tests.builders import GOLDEN
from tests.builders.candidates import settings_at
from tests.builders.intake import intake
from tests.hostile.inputs import CELLS, cells, inputs

pytestmark = pytest.mark.slow
TABLE = GOLDEN / "hostile_inputs.txt"
INPUTS = inputs()
SECRETS = ("Engineer", "Seattle", "passwd", "Please sign in", "123-45-6789", "money", "ssn", "second", "\x1b")


def outcome(settings: Settings, name: str) -> str:
    """What becomes of an input, in a line."""
    suffix, content = INPUTS[name]
    found = intake(settings, content, f"source/x{suffix}")
    if found.held:
        assert "; " in found.line and "\n" not in found.line and len(found.line) < 400
        assert not [secret for secret in SECRETS if secret in found.line], found.line
        return f"held {found.held}, {found.rows} rows"
    accepted, rejected = found.table("accepted_reports"), found.rejected
    numbers = [*accepted["row"], *(row for row, _, _ in rejected)]
    assert found.rows == len(numbers) == len(set(numbers))
    reasons = Counter(f"{column or 'row'} {reason}" for _, column, reason in rejected)
    return ", ".join([f"{len(accepted)} accepted", *(f"{n} rejected ({what})" for what, n in sorted(reasons.items()))])


def outcomes_of_cells(settings: Settings) -> dict[str, str]:
    """What becomes of the row of each odd cell; they are in one export, so that none may stop the others."""
    found = intake(settings, cells(), "source/cells.csv", max_rejected_share=1)
    rejected = {row: f"rejected ({column or 'row'} {reason})" for row, column, reason in found.rejected}
    accepted = dict.fromkeys(found.table("pay_reports")["row"], "accepted")
    assert found.held is None and not rejected.keys() & accepted.keys()
    by_row = {**rejected, **accepted}
    return {f"cell: {name}": by_row[number] for number, name in enumerate(CELLS, start=2)}


def table() -> str:
    with TemporaryDirectory() as folder:
        outcomes = {name: outcome(settings_at(Path(folder) / str(n)), name) for n, name in enumerate(INPUTS)}
        outcomes |= outcomes_of_cells(settings_at(Path(folder) / "cells"))
    return "".join(f"{name}: {what}\n" for name, what in outcomes.items())


LINES = TABLE.read_text(encoding="utf-8").splitlines() if TABLE.exists() else []
EXPECTED = dict(line.rsplit(": ", 1) for line in LINES)


@pytest.fixture(scope="module")
def of_cells(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return outcomes_of_cells(settings_at(tmp_path_factory.mktemp("cells")))


def test_the_table_has_every_input_and_enough_of_them() -> None:
    assert [*EXPECTED] == [*INPUTS, *(f"cell: {name}" for name in CELLS)] and len(EXPECTED) >= 120


@pytest.mark.parametrize("name", INPUTS)
def test_a_hostile_file_has_the_outcome_of_the_table_in_no_time(settings: Settings, name: str) -> None:
    started = time.process_time()
    assert outcome(settings, name) == EXPECTED[name]
    assert time.process_time() - started < 20


@pytest.mark.parametrize("name", CELLS)
def test_a_hostile_cell_has_the_outcome_of_the_table(of_cells: dict[str, str], name: str) -> None:
    assert of_cells[f"cell: {name}"] == EXPECTED[f"cell: {name}"]


if __name__ == "__main__":
    sys.stdout.write(table())
