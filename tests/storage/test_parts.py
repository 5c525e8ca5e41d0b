"""Parts of the work folder are checked before they are used, and read again if they are not what their record says."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from salary_bands.exports.stages import BEFORE, STAGE_TABLES, ExportStages
from salary_bands.ingest.raw_folder import scan
from salary_bands.settings import Settings
from salary_bands.storage.files import read_sealed, write_sealed
from tests.builders.candidates import settings_at
from tests.builders.exports import native_row, write_native
from tests.builders.intake import run


def doubled(path: Path) -> None:
    """Other figures, in a file that can be read."""
    table = pq.read_table(path)
    at = next(i for i, field in enumerate(table.schema) if pa.types.is_integer(field.type))
    column = pa.array([None if v is None else 2 * v for v in table.column(at).to_pylist()], table.schema[at].type)
    pq.write_table(table.set_column(at, table.schema[at], column), path)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-60])


def gone(path: Path) -> None:
    path.unlink()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose one export has been through the stages."""
    folder = tmp_path_factory.mktemp("made")
    settings = settings_at(folder)
    write_native(settings.raw, [native_row(n) for n in range(8)] + [native_row(9, base="free")])
    run(scan(settings.raw).exports[0], settings)
    return folder


@pytest.mark.parametrize("table", BEFORE)
@pytest.mark.parametrize("damage", [doubled, cut, gone])
def test_a_damaged_part_is_seen_and_made_again(
    made: Path, tmp_path: Path, table: str, damage: Callable[[Path], None]
) -> None:
    shutil.copytree(made, tmp_path / "copy")
    settings = settings_at(tmp_path / "copy")
    stages, export = ExportStages.of(settings), scan(settings.raw).exports[0]
    before = {name: pd.concat(stages.parts.chunks(name, export.key)) for name in BEFORE}
    assert stages.is_current(export) and not stages.damaged(export)
    damage(stages.parts.path(table, export.key))
    assert not stages.is_current(export)
    assert (stages.damaged(export), stages.is_repaired(export)) == ([table], True)
    for name in STAGE_TABLES:
        stages.make(name, export)
    assert stages.is_current(export)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(pd.concat(stages.parts.chunks(name, export.key)), frame)


def test_a_record_with_another_digit_is_no_record(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "copy")
    settings = settings_at(tmp_path / "copy")
    stages, export = ExportStages.of(settings), scan(settings.raw).exports[0]
    record = stages.parts.path("raw_reports", export.key).with_suffix(".json")
    record.write_text(record.read_text(encoding="utf-8").replace('"rows": 9', '"rows": 8'), encoding="utf-8")
    assert not stages.is_current(export)


def test_a_held_export_has_no_damaged_part(settings: Settings) -> None:
    write_native(settings.raw, [native_row(n) for n in range(9)])
    stages, path = ExportStages.of(settings), settings.raw / "source" / "native.csv"
    run(scan(settings.raw).exports[0], settings)
    path.write_text("who,what\na,b\n", encoding="utf-8")
    export = scan(settings.raw).exports[0]
    run(export, settings)
    assert stages.is_current(export) and not stages.damaged(export)


def test_a_sealed_record_is_read_as_it_was_written_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    write_sealed(path, {"rows": 1, "held": None})
    assert read_sealed(path) == {"rows": 1, "held": None}
    path.write_text(json.dumps({"rows": 1, "held": None}), encoding="utf-8")
    assert read_sealed(path) is None
