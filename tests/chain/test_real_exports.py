"""The real exports beside the checkout: each recognised, every row of each accounted for, few rejected."""

import csv
import gzip
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from salary_bands.aggregate.checks import offending_rows
from salary_bands.ingest.raw_folder import scan
from salary_bands.publish.publication import publish
from salary_bands.releases.marts import Marts
from salary_bands.settings import Settings
from tests.builders import REAL_FILES
from tests.builders.candidates import Built, build, settings_at
from tests.builders.fence import fenced_rows
from tests.builders.intake import Intake, run
from tests.builders.json_files import faults, json_files, kind_of, read

pytestmark = pytest.mark.slow

FORMATS = {"aijobs": 9, "ask_a_manager": 1, "eu_it_survey": 4, "levels_fyi": 1}


@pytest.fixture(scope="module")
def real_settings(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = settings_at(tmp_path_factory.mktemp("real"))
    for path in real_data.glob("*/*.csv.gz"):
        (settings.raw / path.parent.name).mkdir(exist_ok=True)
        shutil.copyfile(path, settings.raw / path.parent.name / path.name)
    return settings


@pytest.fixture(scope="module")
def exports(real_settings: Settings) -> dict[str, Intake]:
    """Every real file after all stages."""
    return {export.file: run(export, real_settings) for export in scan(real_settings.raw).exports}


@pytest.fixture(scope="module", params=["2020-12-31", "2024-10-06"])
def release(request: pytest.FixtureRequest, real_settings: Settings, exports: dict[str, Intake]) -> Iterator[Built]:
    yield build(real_settings, request.param)


def records(path: Path) -> int:
    """Records after the header with a cell that is not blank, as the csv module reads them."""
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as stream:
        return sum(any(cell.strip() for cell in record) for record in csv.reader(stream)) - 1


def test_every_real_file_is_recognised_by_its_header(exports: dict[str, Intake]) -> None:
    found = [intake.record("raw_reports")["format"] for intake in exports.values()]
    assert {name: found.count(name) for name in sorted(set(found))} == FORMATS
    assert all(file.startswith(intake.record("raw_reports")["format"]) for file, intake in exports.items())
    assert {file: intake.held for file, intake in exports.items() if intake.held} == {}


@pytest.mark.parametrize("file", REAL_FILES)
def test_the_rows_of_a_real_file_are_those_of_the_csv_module(
    exports: dict[str, Intake], real_data: Path, file: str
) -> None:
    found = exports[file]
    assert found.rows == records(real_data / file) > 100
    numbers = [*found.table("pay_reports")["row"], *(row for row, _, _ in found.rejected)]
    assert found.rows == len(numbers) == len(set(numbers))


@pytest.mark.parametrize("file", REAL_FILES)
def test_less_than_a_tenth_of_a_real_file_is_rejected(exports: dict[str, Intake], file: str) -> None:
    found = exports[file]
    assert len(found.rejected) < 0.1 * found.rows, found.record("accepted_reports")["rejected"]


def test_real_exports_have_the_date_of_their_names_or_their_last_report(exports: dict[str, Intake]) -> None:
    dates = {file.partition("/")[2]: i.record("accepted_reports")["exported_on"] for file, i in exports.items()}
    assert dates["salaries_2024-10-06.csv.gz"] == "2024-10-06"
    assert dates["levels_fyi_to_2020-12-31.csv.gz"] == "2020-12-31"
    assert dates["IT_Salary_Survey_EU_2021.csv.gz"] == "2021-12-31"
    assert dates["ask_a_manager_2023.csv.gz"].startswith("2023-")


def test_no_real_export_is_held_and_its_ledger_adds_up(release: Built, exports: dict[str, Intake]) -> None:
    ledger = release.table("full_ledger")
    assert not ledger["disposition"].eq("held").any()
    assert ledger.groupby("file")["rows"].sum().to_dict() == {file: intake.rows for file, intake in exports.items()}
    assert offending_rows(release.candidate, "assert_every_row_is_accounted_for").empty
    assert ledger.loc[ledger["disposition"].eq("used"), "rows"].sum() > 1_000


def test_a_newer_snapshot_supersedes_the_older_ones(release: Built) -> None:
    ledger = release.table("full_ledger")
    newest = ledger[ledger["file"].eq("aijobs/salaries_2024-10-06.csv.gz")]
    older = ledger[ledger["file"].str.startswith("aijobs/") & ~ledger["file"].eq("aijobs/salaries_2024-10-06.csv.gz")]
    assert not newest["disposition"].eq("superseded").any()
    assert set(older["disposition"]) <= {"superseded", "rejected"}


def test_a_release_of_real_exports_has_small_views_a_page_and_valid_files(
    release: Built, real_settings: Settings
) -> None:
    marts = Marts(real_settings.marts)
    folder = marts.release(publish(release.candidate, marts))
    assert max(path.stat().st_size for path in (folder / "views").iterdir()) < 64_000
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert "ynthetic" not in text and "too few people reported" in text
    for name, path in json_files(folder).items():
        if kind_of(name) != "schemas":
            assert faults(folder, kind_of(name), read(path)) == [], name


def test_the_fence_takes_out_no_country_and_finds_wrong_units_in_all(release: Built, real_settings: Settings) -> None:
    reports = release.table("window_reports")
    tested = reports[reports["disposition"].isin(["used", "outlier"]) & reports["source"].eq("levels_fyi")]
    tested = tested.assign(row=range(len(tested)), abroad=tested["country"].ne("US"))
    if tested["abroad"].sum() < 500:
        return
    out = tested.groupby("abroad")["disposition"].agg(lambda of: of.eq("outlier").mean())
    assert 0 < out[True] <= 2 * out[False] < 0.01
    netflix = tested[tested["employer"].eq("Netflix") & tested["level"].eq("L5")]
    assert len(netflix) > 50 and netflix["disposition"].eq("outlier").mean() < 0.05

    keys = ["row", "evidence", "tier", "level", "country", "employer", "leaf"]
    used = tested[tested["disposition"].eq("used")].fillna({"level": "unknown", "country": "unknown"})
    pays = (
        used.melt([*keys, "abroad"], ["base", "total"], "metric", "pay").dropna(subset="pay").astype({"pay": "float64"})
    )
    for factor in (12, 1 / 12, 1000):
        wrong = pays["row"] % 50 == 0
        found = fenced_rows(
            pays.assign(pay=pays["pay"].where(~wrong, pays["pay"] * factor))[[*keys, "metric", "pay"]], real_settings
        )
        caught = pays[wrong].drop_duplicates("row").set_index("row")["abroad"].to_frame()
        shares = caught.assign(found=caught.index.isin(found)).groupby("abroad")["found"].mean()
        assert shares[False] >= 0.95 and shares[True] >= 0.80, (factor, shares.to_dict())
