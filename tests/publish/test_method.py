"""The number of the method and the figures change together: tests/golden/method.json keeps both, as of DuckDB 2.

DuckDB 1.5 rounds one of the sample's 37,399 shifts the other way (0.04375).

`python -m tests.publish.test_method` adds today's, after you have raised METHOD in fingerprint.py or changed reference
data.
"""

import json
import os
import shutil
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest

from salary_bands.aggregate.workspace import Workspace
from salary_bands.fingerprint import METHOD, OURS, digest
from salary_bands.publish.figures import figures_digest
from salary_bands.releases.marts import Marts
from salary_bands.settings import Settings
from tests.builders import GOLDEN
from tests.builders.candidates import build, replace_table, settings_at
from tests.builders.exports import model_rows, write_native
from tests.builders.keys import write_key
from tests.builders.worlds import publish_sample

pytestmark = pytest.mark.whole_grid

KEPT = GOLDEN / "method.json"
Entry = dict[str, str | int]


def today(sample: Settings, golden: Settings) -> Entry:
    """The number of the method, the reference data, and the figures of the sample and of a golden case.

    sample: of folders in which the sample is built. golden: of empty ones.
    """
    write_native(golden.raw, model_rows(60))
    digests = [figures_digest(candidate) for candidate in (Workspace(sample), build(golden).candidate)]
    return {"method": METHOD, "reference": OURS.reference_version(), "figures": digest(digests)}


def faults(entries: list[Entry]) -> list[str]:
    """Steps in which figures changed without a reason, or the number without other figures."""
    found = []
    for old, new in pairwise(entries):
        if old["figures"] == new["figures"] and old["method"] != new["method"]:
            found.append(f"method {new['method']} has the figures of {old['method']}")
        if old["figures"] != new["figures"] and (old["method"], old["reference"]) == (new["method"], new["reference"]):
            found.append(f"figures of method {new['method']} changed; raise METHOD")
    return found


@pytest.mark.slow
def test_figures_are_those_that_are_kept_beside_the_number_of_the_method(
    sample_marts: Marts, settings: Settings
) -> None:
    kept: list[Entry] = json.loads(KEPT.read_text(encoding="utf-8"))
    now = today(settings_at(sample_marts.folder.parent), settings)
    assert faults(kept) == [] and faults([kept[-1], now]) == []
    assert kept[-1] == now, "run: python -m tests.publish.test_method"


def test_one_without_the_other_is_seen() -> None:
    first: Entry = {"method": 1, "reference": "a", "figures": "x"}
    assert faults([first, {**first, "figures": "y"}]) == ["figures of method 1 changed; raise METHOD"]
    assert faults([first, {**first, "method": 2}]) == ["method 2 has the figures of 1"]
    assert faults([first, {"method": 2, "reference": "a", "figures": "y"}, {**first, "reference": "b"}]) == []


@pytest.mark.parametrize(("table", "column"), [("bands", "n_reports"), ("claims", "claim_id"), ("premiums", "n_group")])
def test_a_figure_that_changes_is_another_digest(model_world: Path, tmp_path: Path, table: str, column: str) -> None:
    shutil.copytree(model_world / "work" / "candidate", tmp_path / "work" / "candidate")
    candidate = Workspace(settings_at(tmp_path))
    before = figures_digest(candidate)
    frame = candidate.frame(table)
    replace_table(candidate, table, frame)
    assert figures_digest(candidate) == before
    row = frame.index[frame[column].notna()][0]
    frame.loc[row, column] = frame.loc[row, column] + ("x" if column == "claim_id" else 1)
    replace_table(candidate, table, frame)
    assert figures_digest(candidate) != before


if __name__ == "__main__":
    entries: list[Entry] = json.loads(KEPT.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SALARY_BANDS_DISCLOSURE_KEY"] = str(write_key(Path(folder)))
        publish_sample(Path(folder) / "sample")
        entries.append(today(settings_at(Path(folder) / "sample"), settings_at(Path(folder) / "golden")))
    KEPT.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")
