"""The stages with files around them: an error that one export causes holds that export alone."""

import pytest

from salary_bands.aggregate.plan import export_states
from salary_bands.exports import chain
from salary_bands.exports.stages import STAGE_TABLES, ExportStages
from salary_bands.ingest.raw_folder import ExportFile, scan
from salary_bands.settings import Settings
from tests.builders.exports import native_row, write_native
from tests.builders.intake import csv_text


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


def put(settings: Settings, content: bytes, *names: str) -> tuple[ExportFile, ...]:
    """Leave nothing but the content under these names; return it as exports."""
    folder = settings.raw / "source"
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for name in names:
        (folder / name).write_bytes(content)
    return scan(settings.raw).exports


def refreshed(stages: ExportStages, exports: tuple[ExportFile, ...]) -> dict[str, tuple[bool, str | None]]:
    """Make what is not current, as a refresh does; return whether each file counts, and why it is held."""
    for export in stages.by_content(exports).values():
        for table in STAGE_TABLES if not stages.is_current(export) else ():
            stages.make(table, export)
    return {s.file.partition("/")[2]: (s.counted, s.held_reason) for s in export_states(exports, stages)}


@pytest.mark.parametrize(("wrong", "reason"), [("survey.txt", "unknown_container"), ("survey.csv.gz", "bad_gzip")])
def test_a_held_file_is_read_again_under_a_name_that_says_another_container(
    settings: Settings, wrong: str, reason: str
) -> None:
    content = csv_text([native_row(n) for n in range(9)]).encode()
    stages = ExportStages.of(settings)
    assert refreshed(stages, put(settings, content, wrong))[wrong] == (False, reason)
    right = put(settings, content, "survey.csv")
    assert not stages.is_current(right[0])
    assert refreshed(stages, right) == {"survey.csv": (True, None)}
    assert stages.is_current(put(settings, content, "another.csv")[0])  # a name of the same container is nothing new


def test_of_equal_bytes_the_copy_counts_that_can_be_read(settings: Settings) -> None:
    content = csv_text([native_row(n) for n in range(9)]).encode()
    exports = put(settings, content, "export.csv.gz", "export_fixed.csv", "later.csv")
    found = refreshed(ExportStages.of(settings), exports)
    assert found == {"export.csv.gz": (False, None), "export_fixed.csv": (True, None), "later.csv": (False, None)}
