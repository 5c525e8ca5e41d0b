"""No text of an export leaves the raw folder but for cells of mapped columns, in parts of the work folder.

What is searched, and what may be where, is data: KINDS by path in WORK, MARTS and DAGSTER, and PRINTED.
"""

import gzip
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from salary_bands.aggregate.disclosure_key import FILE
from salary_bands.cli.commands import app
from salary_bands.schemas import SchemaBroken, validated
from tests.builders.candidates import settings_at
from tests.builders.jobs import Jobs
from tests.hostile.leaks import exports, leaks, leaks_in

pytestmark = pytest.mark.slow

SOURCE = "zqsourceqfolder"
# kinds of markers that may be in a file, by its path; the first pattern that matches counts
WORK = {
    "raw_reports/*.parquet": ("mapped",),
    "accepted_reports/*.parquet": ("mapped",),
    "normalised_reports/*.parquet": ("mapped",),
    "pay_reports/*.parquet": ("mapped",),
    "candidate/window_reports.parquet": ("mapped", "file", "source"),
    "candidate/plan.json": ("file", "source"),
    "status.json": ("file", "source"),
    "candidate/full_ledger.parquet": ("file", "source"),
    "candidate/*": ("source",),
}
MARTS = {"*": ("source",)}
DAGSTER = {"*": ("file", "source")}
PRINTED = ("file", "source")
AS_OF = {"ops": {"window_reports": {"config": {"as_of": "2026-06-30"}}}}


def refresh(folder: Path) -> list[str]:
    """The arguments of a refresh over the folder's raw, marts and work."""
    folders = [text for name in ("raw", "marts", "work") for text in (f"--{name}", str(folder / name))]
    return ["refresh", "--as-of", "2026-06-30", *folders]


def use_own_key(patch: pytest.MonkeyPatch) -> None:
    patch.delenv("SALARY_BANDS_DISCLOSURE_KEY")
    patch.setenv("SALARY_BANDS_SETTLE_SECONDS", "0")


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with raw, work and marts after refreshes of exports full of markers, and what they printed.

    The first one is a process of its own.
    """
    folder = tmp_path_factory.mktemp("marked")
    (folder / "raw" / SOURCE).mkdir(parents=True)
    for name, content in exports().items():
        (folder / "raw" / SOURCE / name).write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        use_own_key(patch)
        command = [sys.executable, "-m", "salary_bands", *refresh(folder)]
        first = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
        again = CliRunner().invoke(app, [*refresh(folder), "--json"])
    assert (first.returncode, again.exit_code) == (0, 0), first.stderr
    return folder, first.stdout + first.stderr + again.stdout + again.stderr


def test_every_case_is_met(marked: tuple[Path, str]) -> None:
    plan = json.loads((marked[0] / "work" / "candidate" / "plan.json").read_text(encoding="utf-8"))
    assert {f["held_reason"] for f in plan["files"]} == {
        None, "bad_gzip", "damaged_csv", "damaged_jsonl", "damaged_parquet", "damaged_xlsx",
        "missing_required_column", "no_rows", "nul_bytes", "too_many_rejected", "truncated_gzip", "unclosed_quote",
        "unknown_header", "unreadable_encoding",
    }  # fmt: skip
    assert sum(f["counted"] for f in plan["files"]) == 6


def test_the_work_folder_has_only_cells_of_mapped_columns(marked: tuple[Path, str]) -> None:
    assert leaks(marked[0] / "work", WORK) == []
    everywhere = {path for path, _ in leaks(marked[0] / "work", {})}
    assert {path.partition("/")[0] for path in everywhere} >= {"raw_reports", "accepted_reports", "candidate"}


def test_the_marts_folder_names_sources_alone(marked: tuple[Path, str]) -> None:
    assert leaks(marked[0] / "marts", MARTS) == []
    assert {path.rpartition(".")[2] for path, _ in leaks(marked[0] / "marts", {})} >= {"duckdb", "parquet", "json"}


def test_the_disclosure_key_is_in_its_file_alone(marked: tuple[Path, str]) -> None:
    folder, printed = marked
    path = folder / "marts" / FILE
    key = path.read_text(encoding="ascii").strip()
    secret = hashlib.blake2b(key.encode()).digest()
    files = [file for file in folder.rglob("*") if file.is_file() and file != path]
    parts = (key.encode(), secret, secret.hex().encode())
    found = [str(file) for file in files if any(part in file.read_bytes() for part in parts)]
    assert found == []
    assert key not in printed
    assert printed.count("the key that protects people") == 1
    manifest = json.loads(next((folder / "marts" / "releases").glob("*/manifest.json")).read_text(encoding="utf-8"))
    assert manifest["method"]["disclosure_key"] == hashlib.blake2b(secret, digest_size=6).hexdigest()


def test_the_work_folder_is_open_to_its_owner_alone(marked: tuple[Path, str]) -> None:
    assert (marked[0] / "work").stat().st_mode & 0o777 == 0o700


def test_dagsters_event_log_names_files_and_sources_alone(tmp_path: Path) -> None:
    few = {name: content for name, content in exports().items() if re.search("q0(bad|toobad|unknown)|q5bad", name)}
    (tmp_path / "raw" / SOURCE).mkdir(parents=True)
    for name, content in few.items():
        (tmp_path / "raw" / SOURCE / name).write_bytes(content)
    (tmp_path / "home").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "home")) as instance:
        jobs = Jobs(settings_at(tmp_path), instance)
        jobs.export()
        assert jobs.run("publish", run_config=AS_OF).success
    assert leaks(tmp_path / "home", DAGSTER) == []
    assert "file" in {marker[2:6] for _, marker in leaks(tmp_path / "home", {})}


def test_a_refresh_prints_names_of_files_alone(marked: tuple[Path, str]) -> None:
    assert leaks_in(marked[1], PRINTED) == []
    assert "zqfileq" in marked[1]


def test_a_refresh_that_fails_prints_names_of_files_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    held = {name: content for name, content in exports().items() if "0unknown" in name or "0toobad" in name}
    (tmp_path / "raw" / SOURCE).mkdir(parents=True)
    for name, content in held.items():
        (tmp_path / "raw" / SOURCE / name).write_bytes(content)
    use_own_key(monkeypatch)
    failed = CliRunner().invoke(app, refresh(tmp_path))
    assert failed.exit_code == 1 and "every export is held" in failed.stderr
    assert leaks_in("".join([failed.stdout, failed.stderr, *capfd.readouterr()]), PRINTED) == []


def test_a_broken_contract_of_an_export_quotes_no_cell() -> None:
    wrong = pd.DataFrame({"row": [1], "column": ["zqmappedqcolumn"], "reason": ["ZQMAPPEDQreason"]})
    with pytest.raises(SchemaBroken, match="column reason: ") as broken:
        validated(wrong, "rejected_reports")
    assert leaks_in(str(broken.value)) == []


def test_markers_are_found_wherever_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"x": "ZQUNMAPPEDqa"}', encoding="utf-8")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"zqheaderqb"))
    column = pa.DictionaryArray.from_arrays(pa.array([0], pa.int32()), pa.array(["x", "zqmappedqunused" * 50]))
    pq.write_table(pa.table({"a": column, "b": ["zqsheetqc"]}), tmp_path / "c.parquet", compression="zstd")
    pq.write_table(pa.table({"a": [1]}).replace_schema_metadata({"k": "zqfileqd"}), tmp_path / "d.parquet")
    (tmp_path / "zqfileqname").write_text("998877665544", encoding="utf-8")
    found = {marker[:11].lower() for _, marker in leaks(tmp_path, {})}
    assert found == {
        "zqunmappedq", "zqheaderqb", "zqmappedqun", "zqsheetqc", "zqfileqd", "zqfileqname", "99887766554",
    }  # fmt: skip
    assert [path for path, _ in leaks(tmp_path, {"*.json": ("unmapped",), "*": ("mapped", "header", "file")})] == [
        "c.parquet",
        "zqfileqname",
    ]
