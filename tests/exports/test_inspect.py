"""`inspect` says what a refresh does: held reason and line, rows, and every disposition that one export decides."""

import csv
import gzip
import io
import shutil
from pathlib import Path
from typing import Any

import pytest

from salary_bands.exports.inspect import inspect_file
from salary_bands.settings import Settings
from tests.builders import REAL_FILES, SAMPLE
from tests.builders.candidates import build, settings_at
from tests.builders.exports import native_row
from tests.builders.intake import csv_text, intake
from tests.ingest.test_bad_input import HELD
from tests.validate.test_split import BAD, GOOD

EVERYTHING = {"window_months": 12 * 290}  # to the year 1910: no report of an export is outside
AS_OF = "2200-01-01"
ROWS = [native_row(n) for n in range(30)]
DATES = [row | {"submitted_at": "30.06.2026"} for row in ROWS]
JOBS = "work_year,experience_level,employment_type,job_title,salary,salary_currency,employee_residence,remote_ratio,"
JOBS += "company_location,company_size\n" + "2023,SE,FT,ML Engineer,100000,USD,US,0,US,M\n" * 5
MADE = {
    "dates.csv": csv_text(DATES),
    "titles.csv": csv_text([*ROWS, native_row(98, job_title="Recruiter"), native_row(99, job_title="Specialist")]),
    "again.csv": csv_text([*ROWS, *ROWS[:3]]),
    "no_pay.csv": csv_text([row | {"base": ""} for row in ROWS]),
    "split.csv": csv_text([native_row(n, **c) for n, c in enumerate(g for g, _ in [*GOOD, *GOOD, *GOOD, *GOOD])]),
    "bad.csv": csv_text([native_row(n, **cells) for n, (cells, _, _) in enumerate(BAD)]),
    "few_bad.csv": csv_text([*ROWS * 6, *(native_row(n, **cells) for n, (cells, _, _) in enumerate(BAD[:30]))]),
    "salaries_2024-01-07.csv": JOBS,
    "salaries.csv": JOBS,
}  # fmt: skip
Said = dict[str, Any]


def by_inspect(path: Path, settings: Settings) -> Said:
    found = inspect_file(path, settings)
    return {
        "held": found["held"] and (found["held"]["reason"], found["held"]["line"]),
        "rows": found["rows"],
        "format": found["format"],
        "exported_on": found.get("exported_on"),
        "rejected": {f"{r['column'] or 'row'}: {r['reason']}": r["rows"] for r in found.get("rejected", [])},
        "noted": found.get("noted", {}),
        "not_used": {(r["disposition"], r["reason"]): r["rows"] for r in found.get("not_used", [])},
        "leaves": found.get("leaves", {}),
    }


def by_refresh(content: bytes, file: str, settings: Settings) -> Said:
    """The records and tables of the stages as far as they come, and window_reports of this export alone."""
    found = intake(settings, content, file)
    raw, accepted = found.record("raw_reports"), found.record("accepted_reports")
    said: Said = {
        "held": accepted["held"] and (accepted["held"]["reason"], accepted["held"]["line"]),
        "rows": raw["rows"],
        "exported_on": accepted.get("exported_on"),
    }
    if not raw["held"]:
        said |= {"format": raw["format"], "noted": accepted["noted"], "rejected": accepted["rejected"]}
    if not accepted["held"]:
        assert sum(accepted["rejected"].values()) == len(found.rejected)
        reports = build(settings, AS_OF, ("window_reports",)).table("window_reports")
        counts = reports.groupby(["disposition", "reason"]).size().to_dict()
        said["not_used"] = {key: n for key, n in counts.items() if key[0] not in ("used", "outlier")}
        said["leaves"] = reports["leaf"].value_counts().to_dict()
    return said


def thinned(content: bytes) -> bytes:
    """Every third row of a CSV that has very many."""
    header, *rows = csv.reader(io.StringIO(gzip.decompress(content).decode("utf-8-sig"), newline=""))
    if len(rows) < 10_000:
        return content
    stream = io.StringIO()
    csv.writer(stream).writerows([header, *rows[::3]])
    return gzip.compress(stream.getvalue().encode("utf-8"), 1)


def agreed(content: bytes, file: str, folder: Path) -> Said:
    settings = settings_at(folder, **EVERYTHING)
    expected = by_refresh(content, file, settings)
    found = by_inspect(settings.raw / file, settings)
    assert {name: found[name] for name in expected} == expected
    return expected


@pytest.mark.parametrize(("number", "file"), [(n, case[0]) for n, case in enumerate(HELD)])
def test_inspect_and_a_refresh_agree_on_bad_input(tmp_path: Path, number: int, file: str) -> None:
    _, content, reason, _ = HELD[number]
    assert agreed(content, f"source/{file}", tmp_path)["held"][0] == reason


def test_inspect_shows_cells_malformed_rows_and_what_a_parser_said(settings: Settings) -> None:
    rows = [*ROWS, *(row | {"base": f"free{n}"} for n, row in enumerate(ROWS[:4]))]
    path = settings.raw / "export.csv"
    path.write_text(csv_text(rows) + "torn,line\n", encoding="utf-8")
    rejected = {(r["column"], r["reason"]): r["examples"] for r in inspect_file(path, settings)["rejected"]}
    assert rejected == {
        ("", "wrong_number_of_cells"): [{"row": 36, "value": "2 cells, the header has 24"}],
        ("base", "not_a_number"): [{"row": 32 + n, "value": f"free{n}"} for n in range(3)],
    }
    damaged = settings.raw / "export.parquet"
    damaged.write_bytes(b"PAR1 no parquet PAR1")
    held = inspect_file(damaged, settings)["held"]
    assert "magic" in held["parser"] or "Parquet" in held["parser"]
    assert held["parser"] not in held["line"]


@pytest.mark.slow
def test_inspect_and_a_refresh_agree_on_all_that_one_export_can_decide(tmp_path: Path) -> None:
    met: set[str] = set()
    for file, text in MADE.items():
        said = agreed(text.encode("utf-8"), f"source/{file}", tmp_path / file)
        met |= {said["held"][0]} if said["held"] else {"/".join(key) for key in said["not_used"]}
    assert met == {
        "too_many_rejected", "no_export_date", "no_pay", "folded/range_pair", "folded/same_advert",
        "superseded/newer_submission", "out_of_scope/other_job", "unclassified/no_rule", "out_of_scope/part_time",
        "out_of_scope/contract", "out_of_scope/freelance", "out_of_scope/intern_or_student",
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(SAMPLE.iterdir()), ids=lambda p: p.name)
def test_inspect_and_a_refresh_agree_on_the_sample(tmp_path: Path, path: Path) -> None:
    assert agreed(path.read_bytes(), f"sample/{path.name}", tmp_path)["held"] is None


# snapshots of one source are alike
@pytest.mark.parametrize("file", [f for f in REAL_FILES if not f.startswith("aijobs") or "2024-10" in f])
def test_inspect_and_a_refresh_agree_on_real_exports(real_data: Path, tmp_path: Path, file: str) -> None:
    found = agreed(thinned((real_data / file).read_bytes()), file, tmp_path)
    assert found["held"] is None and found["rows"] > 500
    shutil.rmtree(tmp_path)
