"""Exports read in processes of their own: what a hostile file does to its reader, and that nothing else notices."""

import io
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from salary_bands.errors import HeldExport
from salary_bands.exports import warden as warden_module
from salary_bands.exports.inspect import inspect_file
from salary_bands.exports.reading import Facts, read_here
from salary_bands.exports.stages import ExportStages
from salary_bands.exports.warden import Warden
from salary_bands.ingest.raw_folder import ExportFile, scan
from salary_bands.settings import Settings
from tests.builders.exports import native_row, write_native
from tests.builders.intake import csv_text
from tests.hostile.bombs import far_cells_book


@pytest.fixture(scope="module")
def warden() -> Iterator[Warden]:
    found = Warden()
    yield found
    found.close()


def export_of(settings: Settings, content: bytes | str, name: str = "a.csv") -> ExportFile:
    path = settings.raw / "s" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return next(e for e in scan(settings.raw).exports if e.file == f"s/{name}")


ROWS = csv_text([native_row(n) for n in range(9)] + [native_row(10, base="free")])


def test_a_process_of_its_own_reads_what_we_would(settings: Settings, warden: Warden) -> None:
    export = export_of(settings, ROWS + "torn,row\n")
    stages = ExportStages.of(settings)
    path = stages.parts.path("raw_reports", export.key)
    here: tuple[Facts, bytes] = (read_here(export, settings), path.read_bytes())
    path.unlink()
    assert (warden.read(export, settings), path.read_bytes()) == here
    assert here[0]["rows"] == 11 and here[0]["malformed"]


def test_paths_are_those_of_the_folder_in_which_one_asks(
    settings: Settings, warden: Warden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server lives on where its parent goes to another folder, as a test or a Dagster process may."""
    export_of(settings, ROWS)
    for folder in (tmp_path, settings.raw):
        monkeypatch.chdir(folder)
        own = Path(f"own_of_{folder.name}")
        (folder / own).mkdir()
        file = (settings.raw / "s" / "a.csv").relative_to(folder)
        assert warden.inspect(file, settings.model_copy(update={"reference": own}))["held"] is None


@pytest.mark.parametrize(("name", "content"), [("a.csv", b""), ("b.csv", b"x,y\n1,2\n"), ("c.xlsx", b"PK\x03\x04")])
def test_what_is_held_there_is_held_here_in_the_same_words(
    settings: Settings, warden: Warden, name: str, content: bytes
) -> None:
    export = export_of(settings, content, name)
    said = []
    for read in (read_here, warden.read):
        with pytest.raises(HeldExport) as held:
            read(export, settings)
        said.append((held.value.reason, str(held.value), held.value.rows))
    assert said[0] == said[1]


def test_a_file_that_takes_too_much_memory_is_held_and_the_next_is_read(settings: Settings, warden: Warden) -> None:
    small = settings.model_copy(update={"max_read_memory": 1 << 26})
    wide = csv_text([native_row(n, skills="x" * 60_000) for n in range(1_300)])
    with pytest.raises(HeldExport, match="bytes of memory") as held:
        warden.read(export_of(settings, wide), small)
    assert held.value.reason == "too_costly"
    assert warden.read(export_of(settings, ROWS, "b.csv"), settings)["rows"] == 10


def test_a_file_that_takes_too_long_is_held(settings: Settings, warden: Warden) -> None:
    rows = "".join(ROWS.splitlines(True)[1:]) * 60_000
    export = export_of(settings, ROWS.splitlines(True)[0] + rows)
    object.__setattr__(export, "size", 0)
    hasty = settings.model_copy(update={"max_read_seconds": 1})
    with pytest.raises(HeldExport, match="takes more than 1 s") as held:
        warden.read(export, hasty)
    assert held.value.reason == "too_costly"


def test_a_reader_that_waits_for_ever_is_ended(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warden_module, "_limited", lambda _: time.sleep(600))
    monkeypatch.setattr(warden_module, "_PATIENCE", 0.01)
    ours, theirs = os.pipe()
    monkeypatch.setattr(warden_module, "_PARENT", ours)
    answer = warden_module._in_child({"seconds": 30})
    os.close(theirs)
    with pytest.raises(HeldExport, match="takes more than 30 s") as held:
        warden_module._facts(answer, settings)
    assert held.value.reason == "too_costly"


def test_a_file_is_inspected_there_too_and_one_that_costs_too_much_would_be_held(
    settings: Settings, warden: Warden
) -> None:
    export = export_of(settings, ROWS)
    assert warden.inspect(export.path, settings) == inspect_file(export.path, settings)
    small = settings.model_copy(update={"max_read_memory": 1 << 26})
    wide = export_of(settings, csv_text([native_row(n, skills="x" * 60_000) for n in range(1_300)]), "wide.csv")
    found = warden.inspect(wide.path, small)
    assert found["would_be_held"] and found["held"]["reason"] == "too_costly"


def test_a_reader_that_is_killed_holds_its_export_and_the_server_is_started_again(settings: Settings) -> None:
    warden = Warden()
    warden.start()
    assert warden._server
    os.kill(warden._server.pid, signal.SIGKILL)
    warden._server.wait()
    assert warden.read(export_of(settings, ROWS), settings)["rows"] == 10
    server = warden._server
    assert server
    warden.close()
    assert server.poll() is not None


def test_raising_a_limit_reads_the_file_again(settings: Settings) -> None:
    write_native(settings.raw, [native_row(0)])
    export = scan(settings.raw).exports[0]

    def refuse(*_: object) -> Facts:
        raise HeldExport("too_costly", "takes long", "raise max_read_seconds")

    assert ExportStages.of(settings, refuse).raw_reports(export)["held"]["reason"] == "too_costly"
    more = settings.model_copy(update={"max_read_seconds": 99})
    made, wanted = (ExportStages.of(s).made_from("raw_reports", export) for s in (settings, more))
    assert made != wanted


def test_a_file_that_changes_while_it_is_read_is_read_again_next_time(settings: Settings) -> None:
    export = export_of(settings, ROWS)
    export.path.write_text(ROWS.replace("150000", "999999"), encoding="utf-8")
    stages = ExportStages.of(settings)
    for table in ("raw_reports", "accepted_reports", "normalised_reports", "pay_reports"):
        assert stages.make(table, export)["held"]["reason"] == "changed_while_read"
        assert not stages.parts.path(table, export.key).exists()
    export.path.write_text(ROWS, encoding="utf-8")
    assert not stages.is_current(export)


def many_rows(settings: Settings) -> ExportFile:
    names = ["submission_id", "submitted_at", "job_title", "currency", "base"]
    table = pa.table([pa.array([x] * 1_000_000) for x in ("1", "2026-05-10", "MLE", "USD", "150000")], names=names)
    stream = io.BytesIO()
    pq.write_table(table, stream)
    return export_of(settings, stream.getvalue(), "rows.parquet")


def far_cells(settings: Settings) -> ExportFile:
    return export_of(settings, far_cells_book(), "cells.xlsx")


@pytest.mark.parametrize(
    ("make", "reason"), [(many_rows, "too_costly"), (far_cells, "too_many_columns")], ids=["rows", "far cells"]
)
def test_a_small_file_with_very_much_in_it_is_refused_at_once(
    settings: Settings, make: Callable[[Settings], ExportFile], reason: str
) -> None:
    export, started = make(settings), time.process_time()
    with pytest.raises(HeldExport) as held:
        read_here(export, settings)
    assert held.value.reason == reason and time.process_time() - started < 10


def test_the_work_folder_may_be_relative(settings: Settings, warden: Warden, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(settings.raw.parent)
    write_native(Path("raw"), [native_row(0)])
    near = settings.model_copy(update={"raw": Path("raw"), "work": Path("work")})
    assert warden.read(scan(Path("raw")).exports[0], near)["rows"] == 1
    assert list(Path("work/raw_reports").glob("*.parquet"))
