"""The stages with files around them: an error that one export causes holds that export alone."""

import pytest

from salary_bands.exports import chain
from salary_bands.exports.stages import STAGE_TABLES, ExportStages
from salary_bands.ingest.raw_folder import scan
from salary_bands.settings import Settings
from tests.builders.exports import native_row, write_native


def broken(*_: object, **__: object) -> None:
    raise KeyError("a cell of the export")


@pytest.mark.parametrize(
    ("function", "table"),
    [("split", "accepted_reports"), ("normalise", "normalised_reports"), ("classify_reports", "pay_reports")],
)
def test_an_error_of_a_stage_holds_the_export_without_its_words(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, function: str, table: str
) -> None:
    write_native(settings.raw, [native_row(n) for n in range(9)])
    stages, export = ExportStages.of(settings), scan(settings.raw).exports[0]
    monkeypatch.setattr(chain, function, broken)
    records = {name: stages.make(name, export) for name in STAGE_TABLES}
    after = STAGE_TABLES[STAGE_TABLES.index(table) :]
    assert [name for name, record in records.items() if record["held"]] == list(after)
    line = records["pay_reports"]["held"]["line"]
    assert line == f"breaks the program at {table} (KeyError); report it with the file, or remove the file"
    assert stages.is_current(export)  # it is not tried again until code, rules or file change


def test_a_full_disk_is_no_fault_of_the_export(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    write_native(settings.raw, [native_row(0)])
    stages, export = ExportStages.of(settings), scan(settings.raw).exports[0]
    stages.make("raw_reports", export)
    monkeypatch.setattr(chain, "split", full)
    with pytest.raises(OSError, match="No space"):
        stages.make("accepted_reports", export)
