"""What several tests need: folders of their own, exports in a few lines, the stages run without dagster."""

import csv
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from filelock import FileLock

from salary_bands.aggregate.candidate import Candidate
from salary_bands.aggregate.plan import plan_release
from salary_bands.exports import STAGE_TABLES, ExportStages
from salary_bands.ingest.raw_folder import scan
from salary_bands.parts import read_table
from salary_bands.publish.publication import publish
from salary_bands.publish.releases import Marts
from salary_bands.schemas import CANDIDATE_TABLES, RELEASE_TABLES, empty
from salary_bands.settings import Settings, load

REAL_DATA = Path(__file__).parents[2] / "shared" / "data"
SAMPLE = Path(__file__).parents[1] / "data" / "raw" / "sample"
OPTIONAL = (
    "employer specialisation skills level years_experience location remote employment pay_period bonus equity_grant "
    "vesting_years equity_annual equity_type equity_liquid sign_on total verified hours_per_week"
).split()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The real exports beside the checkout; they are not part of it."""
    if not REAL_DATA.is_dir():
        pytest.skip("the real exports are not here: no ../shared/data beside the checkout")
    return REAL_DATA


def program(name: str, package: str) -> str:
    """The path of a program of the system's; a test that needs it is skipped where it is not there."""
    found = shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not here: apt-get install {package}")
    return found


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Defaults over empty folders, whatever the environment says."""
    (tmp_path / "raw").mkdir()
    return defaults(tmp_path, monkeypatch)


def defaults(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings over raw, marts and work of a folder, whatever the environment says."""
    for name in [n for n in os.environ if n.startswith("SALARY_BANDS_")]:
        monkeypatch.delenv(name)
    return load(raw=folder / "raw", marts=folder / "marts", work=folder / "work", settle_seconds=0)


def native_row(number: int, **cells: Any) -> dict[str, Any]:
    """One row of a native export; what is not given is plain."""
    row: dict[str, Any] = {
        "submission_id": f"s{number}",
        "submitted_at": "2026-05-10",
        "job_title": "Machine Learning Engineer",
        "currency": "USD",
        "base": 150_000 + 1_000 * number,
        **dict.fromkeys(OPTIONAL, ""),
        "employer": f"Employer {number % 5}",
        "level": "L4",
        "location": "Seattle, WA",
    }
    return {**row, **cells}


def model_rows(count: int = 60) -> list[dict[str, Any]]:
    """Rows that the model can tell premiums, levels and the multipliers' baseline from."""
    titles = ["Senior Machine Learning Engineer", "Senior NLP Engineer", "Staff Machine Learning Engineer"]
    names = ["Stripe", "Uber", "Airbnb", "Spotify", "Pinterest", "Dropbox"]
    return [
        native_row(
            number,
            job_title=titles[number % 3],
            employer=names[number // 3 % 6],
            level="",
            bonus=0,
            equity_annual=1_000 * (number * 7 % 50),
            base=150_000 + 1_000 * (number * 37 % 60),
        )
        for number in range(count)
    ]


def write_native(raw: Path, rows: list[dict[str, Any]], file: str = "source/native.csv") -> Path:
    """Write rows as RAW/<source>/<file>, with every column that a row has."""
    path = raw / file
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


@dataclass
class Built:
    """The tables of a candidate, and of the stages before it."""

    candidate: Candidate
    stages: ExportStages
    settings: Settings

    def table(self, name: str) -> pd.DataFrame:
        """Any table of the candidate."""
        return pd.concat(list(read_table(self.candidate.path(name), name)) or [empty(name)], ignore_index=True)

    def ledger(self, file: str | None = None) -> dict[tuple[str, str], int]:
        """(disposition, reason) to rows, of one file or of all."""
        ledger = self.table("ledger")
        if file:
            ledger = ledger[ledger["file"].eq(file)]
        return {(d, r): int(n) for (d, r), n in ledger.groupby(["disposition", "reason"])["rows"].sum().items()}

    def stage(self, table: str) -> pd.DataFrame:
        """All parts of raw_reports, accepted_reports, rejected_reports, normalised_reports or pay_reports."""
        keys = [e.key for e in scan(self.settings.raw).exports if self.stages.parts.path(table, e.key).is_file()]
        return pd.concat([c for k in keys for c in self.stages.parts.chunks(table, k)], ignore_index=True)


def build(
    settings: Settings, as_of: str = "2026-06-30", tables: Sequence[str] = (*CANDIDATE_TABLES, *RELEASE_TABLES)
) -> Built:
    """Put every export through the stages and build the candidate, or some tables of it, without dagster."""
    stages = ExportStages.of(settings)
    folder = scan(settings.raw)
    first = {e.key: e for e in reversed(folder.exports)}  # bytes that lie there twice go through the stages once
    for export in first.values():
        if not stages.is_current(export):
            for table in STAGE_TABLES:
                getattr(stages, table)(export)
    candidate = Candidate(settings)
    candidate.start(plan_release(folder, stages, date.fromisoformat(as_of), Marts(settings.marts).releases()))
    for table in tables:
        getattr(candidate, table)()
    return Built(candidate, stages, settings)


@pytest.fixture
def built(settings: Settings) -> Iterator[Callable[..., Built]]:
    """build(rows, ...) in one call: `built(rows)` or `built({file: rows, ...})`."""

    def make(
        exports: list[dict[str, Any]] | dict[str, list[dict[str, Any]]], as_of: str = "2026-06-30", **changed: Any
    ) -> Built:
        for file, rows in (exports if isinstance(exports, dict) else {"source/native.csv": exports}).items():
            write_native(settings.raw, rows, file)
        return build(settings.model_copy(update=changed), as_of)

    yield make


@pytest.fixture(scope="session")
def sample_marts(tmp_path_factory: pytest.TempPathFactory) -> Marts:
    """A marts folder with a release of the bundled sample, built once for all processes: read it, change a copy."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "sample"
    with FileLock(f"{folder}.lock"), pytest.MonkeyPatch.context() as monkeypatch:
        settings = defaults(folder, monkeypatch)
        marts = Marts(settings.marts)
        if not (marts.folder / "latest.json").is_file():
            shutil.copytree(SAMPLE, settings.raw / "sample", dirs_exist_ok=True)
            publish(build(settings).candidate, marts)
    return marts


@pytest.fixture(scope="session")
def sample_release(sample_marts: Marts) -> Path:
    """The folder of that release, MARTS/releases/<version>."""
    return sample_marts.release(sample_marts.latest()["version"])
