"""The small pipeline that every trial starts from, and what must hold of it whatever happens."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
from typer.testing import CliRunner

from salary_bands.cli.commands import app
from salary_bands.distribute.verify import verify
from salary_bands.releases.marts import Marts
from tests.builders.exports import model_rows, native_row, write_native

AS_OF = "2026-06-30"
NEW = "north/2.csv"
HELD = "south/torn.csv"
ROWS = {"north/1.csv": 60, NEW: 41, HELD: 0}  # rows that the ledger must count, by file


def arguments(folder: Path, command: str = "refresh", *others: str) -> list[str]:
    """The command line of a command over a trial's folders."""
    names = {"refresh": ("raw", "marts", "work"), "status": ("raw", "marts", "work")}.get(command, ("marts",))
    folders = [part for name in names for part in (f"--{name}", str(folder / name))]
    dated = ["--as-of", AS_OF] if command == "refresh" else []
    return [command, *folders, *dated, *others]


def make_base(folder: Path) -> None:
    """A release of one export. What a trial adds is `new_export`."""
    write_native(folder / "raw", model_rows(60), "north/1.csv")
    done = CliRunner().invoke(app, arguments(folder))
    assert done.exit_code == 0, done.output


def new_export(folder: Path) -> bytes:
    """Deliver an export of 40 sound rows and one without pay, and a torn one; return the bytes of the first."""
    rows = [{**row, "submission_id": f"n{n}", "base": int(row["base"]) + 500} for n, row in enumerate(model_rows(40))]
    path = write_native(folder / "raw", [*rows, native_row(99, base="free")], NEW)
    torn = folder / "raw" / HELD
    torn.parent.mkdir(exist_ok=True)
    torn.write_bytes(b"")
    return path.read_bytes()


def copied(base: Path, to: Path) -> Path:
    shutil.copytree(base, to, symlinks=True, dirs_exist_ok=True)
    return to


def figures(folder: Path) -> str:
    """The hash of the figures of the latest release."""
    marts = Marts(folder / "marts")
    return marts.manifest(marts.latest().version).figures


def torn(folder: Path, versions: Sequence[str]) -> list[str]:
    """What is wrong right after a fault: latest.json must name a whole release, one of those versions."""
    try:
        latest = Marts(folder / "marts").latest().version
        found = verify(folder / "marts", latest)
    except Exception as error:
        return [f"the pointer cannot be followed: {type(error).__name__}: {error}"]
    wrong = [f.line() for f in found.faults if f.file.startswith(f"releases/{latest}/") or f.file == "latest.json"]
    wrong = [line for line in wrong if "by releases.json the latest is" not in line]  # killed between the two
    return wrong if latest in versions else [f"latest.json names {latest}"]


def lost(folder: Path, expected: str) -> list[str]:
    """What is wrong after the run that follows a fault: every file whole, the figures right, every row counted."""
    wrong = [f.line() for f in verify(folder / "marts", all_releases=True).faults]
    if (found := figures(folder)) != expected:
        wrong.append(f"the figures are {found[:12]}, not {expected[:12]}")
    counts: dict[str, int] = {}
    for row in pq.read_table(folder / "work" / "candidate" / "full_ledger.parquet").to_pylist():
        counts[row["file"]] = counts.get(row["file"], 0) + row["rows"]
    there = {file: rows for file, rows in ROWS.items() if (folder / "raw" / file).is_file() and rows}
    wrong += [f"{file} has {counts.get(file, 0)} rows in the ledger, not {rows}" for file, rows in there.items()
              if counts.get(file, 0) != rows]  # fmt: skip
    with duckdb.connect(str(folder / "marts" / "salary_bands.duckdb"), read_only=True) as mart:
        found_rows = mart.execute("SELECT count(*) FROM bands").fetchone()
    if not found_rows or not found_rows[0]:
        wrong.append("the mart is empty")
    leftovers = [p.name for p in (folder / "marts" / "releases").glob(".*")]
    wrong += [f"{name} was left behind" for name in leftovers]
    return wrong


def document(path: Path) -> dict[str, object]:
    return dict(json.loads(path.read_text(encoding="utf-8")))
