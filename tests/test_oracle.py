"""The pipeline against the oracle: on generated exports, on adverts in three snapshots, on the real exports."""

import csv
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from salary_bands.aggregate.candidate import Candidate
from salary_bands.aggregate.engine import add_table, run_step
from salary_bands.aggregate.plan import Plan
from salary_bands.exports import format_named
from salary_bands.ingest.formats import formats
from salary_bands.ingest.raw_folder import scan
from salary_bands.reference import FOLDER
from salary_bands.schemas.bands import KEY
from salary_bands.schemas.columns import LEVELS, STAGES, TIERS
from salary_bands.settings import Settings, load
from tests import oracle
from tests.conftest import Built, build, native_row, write_native

SHARES = (
    "employers_known_share",
    "top_employer_share",
    "top_source_share",
    "verified_share",
    "level_inferred_share",
)
COUNTS = ("n_reports", "n_employers", "concentrated", "median_age_days")
DATING = ("report_date", "date_basis", "age_months", "weight")
ADVERT = ("base", "base_min", "base_max", "openings")
ADVERT_HEADER = (
    "work_year,experience_level,employment_type,job_title,salary,salary_currency,salary_in_usd,employee_residence,"
    "remote_ratio,company_location,company_size"
)
SURVEY = """
name: survey
title: A survey without identities
licence: none
attribution: none
recognise: [[when, title, pay, place]]
exported_on: {file_name: '(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})'}
dates: [iso, year]
repeats: fold
columns: {submitted_at: when, job_title: title, base: pay, country: place, currency: {constant: USD}}
"""
RULES: dict[str, set[Any]] = {
    "generated": {
        ("superseded", "newer_submission"), ("duplicate", "other_source"), ("outside_window", "after_as_of"),
        ("outside_window", "before_window"), ("out_of_scope", "other_job"), ("out_of_scope", "contract"),
        ("unclassified", "no_rule"), ("outlier", "base_fence"), ("used", ""),
        "few_reports", "few_employers", "dominated", "too_near", None,
    },
    "snapshots": {
        ("superseded", "newer_snapshot"), ("folded", "range_pair"), ("folded", "same_advert"), "midway", "spread",
    },
    "survey": {("folded", "repeat"), "spread", "stated"},
    "adverts": {("outlier", "base_fence"), "midway", "spread"},
    "self-reports": {("outlier", "base_fence"), ("outlier", "total_fence"), "export", "few_employers", "dominated"},
}  # fmt: skip
REAL = {
    "adverts": (("aijobs",), "2024-10-06", ("US", "GB")),
    "self-reports": (("levels_fyi", "eu_it_survey"), "2020-12-31", ("US", "DE", "us-seattle")),
}


def generated_rows(seed: int, count: int) -> list[dict[str, Any]]:
    """Native rows of many kinds of people over fifteen months, a few paid in another unit."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        unit = rng.choices([1, 12, rng.uniform(1.5, 6)], [0.94, 0.01, 0.05])[0]
        rows.append(
            native_row(
                number,
                submission_id=f"{seed}-{rng.randrange(count * 9 // 10)}",
                submitted_at=date(2026, 7, 3) - timedelta(days=int(rng.random() ** 1.5 * 450)),
                job_title=rng.choices(
                    ["ML Engineer", "NLP Engineer", "LLM Engineer", "Data Scientist", "Recruiter", "Specialist"],
                    [40, 20, 15, 15, 5, 5],
                )[0],
                base=int(rng.randrange(90, 260) * 1_000 * unit),
                bonus=rng.choice(["", 0, 10_000, 25_000]),
                equity_annual=rng.choice(["", 0, 40_000, 90_000]),
                employer=rng.choice(["", "OpenAI", "Google", "Amazon", "Stripe", "JPMorgan Chase", "Nobody Ltd"]),
                level=rng.choice(["", "L3", "L4", "L5", "L6"]),
                years_experience=rng.choice(["", 1, 3, 8]),
                location=rng.choice(["Seattle, WA", "Austin, TX", "Remote, US", "London, UK", "Berlin, Germany", ""]),
                verified=rng.choice(["", "none", "email", "document"]),
                employment=rng.choices(["full_time", "contract"], [19, 1])[0],
            )
        )
    return rows


def elsewhere(rows: list[dict[str, Any]], seed: int, share: float) -> list[dict[str, Any]]:
    """Some of the rows as another source has them: days apart, experience blank now and then."""
    rng = random.Random(seed)
    copies = []
    for number, row in enumerate(rows):
        if rng.random() < share:
            years = rng.choice(["", row["years_experience"]])
            days = timedelta(days=rng.randrange(-35, 36))
            day = row["submitted_at"] + days
            copies.append({**row, "submission_id": f"c{number}", "submitted_at": day, "years_experience": years})
    return copies


def write_generated(raw: Path) -> None:
    """Four exports of three sources that share people."""
    north = generated_rows(1, 900)
    write_native(raw, north, "north/2026-05.csv")
    write_native(raw, elsewhere(north, 2, 0.2) + generated_rows(1, 250)[150:], "north/2026-06.csv")
    write_native(raw, elsewhere(north, 3, 0.3) + generated_rows(4, 500), "south/all.csv")
    write_native(raw, elsewhere(north, 5, 0.3) + elsewhere(north, 6, 0.1), "west/all.csv")


def write_adverts(raw: Path) -> None:
    """Three snapshots, each with the history again: pairs of ends, odd rows, repeats, years of reports before."""
    rng = random.Random(7)
    history: list[str] = []
    for day, count in (("2023-10-01", 500), ("2024-02-01", 250), ("2024-07-01", 250)):
        new = []
        for _ in range(count):
            year = rng.choices(["2024", "2023", "2022", "2021"], [5, 3, 1, 1])[0] if "2023" not in day else "2023"
            title = rng.choice(["Machine Learning Engineer", "AI Engineer", "Data Scientist", "Head of Data"])
            head = f"{year},{rng.choice(['EN', 'MI', 'SE', 'SE'])},FT,{title},"
            place = rng.choice(["US", "US", "GB"])
            low = rng.randrange(80, 200) * 1_001
            ends = [low + rng.randrange(1, 90) * 1_000, low][: rng.choice([1, 2, 2, 2])]
            new += [f"{head}{pay},USD,{pay},{place},0,{place},M" for pay in ends] * rng.choice([1, 1, 1, 3])
        history = new + history
        path = raw / "board" / f"salaries_{day}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join([ADVERT_HEADER, *history]) + "\n", encoding="utf-8")


def write_survey(raw: Path) -> None:
    """Two exports of a survey that overlap; a third of the rows say only the year."""
    rng = random.Random(8)
    rows = [
        f"{rng.choice(['2026', '2026-03-05', '2025-11-30'])},ML Engineer,{rng.randrange(100, 130) * 1_250},US"
        for _ in range(300)
    ]
    for day, part in (("2026-04-30", rows[:200]), ("2026-05-31", rows[150:])):
        path = raw / "survey" / f"survey_{day}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(["when,title,pay,place", *part]) + "\n", encoding="utf-8")


WRITERS = {
    "generated": (write_generated, "2026-06-30"),
    "snapshots": (write_adverts, "2024-07-15"),
    "survey": (write_survey, "2026-06-30"),
}


@dataclass
class Case:
    """A built candidate, and what the oracle makes of the same parts."""

    built: Built
    as_of: date
    markets: tuple[str, ...] | None
    rules: set[Any]

    @cached_property
    def rows(self) -> list[tuple[oracle.Report, oracle.Report]]:
        """Every row of window_reports as the pipeline and as the oracle has it."""
        frame = self.built.table("window_reports")
        frame["report_date"] = frame["report_date"].dt.date
        names = ["file", "row", "disposition", "reason", *DATING, *ADVERT]
        ours = {(r["file"], r["row"]): r for r in records(frame[names])}
        theirs = {(r["file"], r["row"]): {name: r[name] for name in names} for r in self.reports}
        assert ours.keys() == theirs.keys()
        return [(ours[key], theirs[key]) for key in theirs]

    @cached_property
    def reports(self) -> list[oracle.Report]:
        return oracle.window_reports(exports_of(self.built), self.as_of, self.built.settings)

    @cached_property
    def cells(self) -> dict[tuple[str, ...], oracle.Report]:
        return oracle.bands(self.reports, groups(), self.built.settings, self.markets)

    @cached_property
    def published(self) -> dict[tuple[str, ...], oracle.Report]:
        return {tuple(r[name] for name in KEY): r for r in records(self.built.table("bands"))}


def records(frame: pd.DataFrame) -> list[oracle.Report]:
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def exports_of(built: Built) -> list[oracle.Export]:
    """The exports that were not held, bytes that lie there twice once, with their rows of pay_reports."""
    exports: dict[str, oracle.Export] = {}
    parts = built.stages.parts
    for file in scan(built.settings.raw).exports:
        raw, accepted = parts.record("raw_reports", file.key), parts.record("accepted_reports", file.key)
        if not accepted["held"] and file.sha256 not in exports:
            fmt = format_named(raw["format"])
            day = date.fromisoformat(accepted["exported_on"])
            rows = records(pd.concat(parts.chunks("pay_reports", file.key), ignore_index=True))
            facts = (file.source, file.file, file.sha256, fmt.name, day, fmt.delivery, fmt.repeats)
            exports[file.sha256] = oracle.Export(*facts, rows)
    return list(exports.values())


def groups() -> list[oracle.Group]:
    texts = [(FOLDER / name).read_text(encoding="utf-8").splitlines() for name in ("leaves.csv", "views.csv")]
    return oracle.groups_of(*map(csv.DictReader, texts))


def sql_percentiles(cells: dict[int, list[tuple[int, int]]]) -> dict[tuple[int, int], float]:
    """sql/steps/percentiles over cells of (pay, weight): (cell, percentile) to unrounded pay."""
    reports = [(cell, pay, weight) for cell, pays in cells.items() for pay, weight in pays]
    points = pd.DataFrame({"percentile": oracle.PERCENTILES, "p": [p / 100 for p in oracle.PERCENTILES]})
    with duckdb.connect() as connection:
        add_table(connection, "metric_reports", pd.DataFrame(reports, columns=["atom", "pay", "weight"]))
        add_table(connection, "cells", pd.DataFrame({"cell": list(cells), "atom": list(cells)}))
        add_table(connection, "percentile_points", points)
        connection.execute("CREATE TABLE disclosed_cells AS SELECT cell, NULL AS suppression_reason FROM cells")
        run_step(connection, "percentiles")
        rows = connection.execute("SELECT cell, percentile, pay FROM percentiles").fetchall()
    return {(cell, percent): pay for cell, percent, pay in rows}


@dataclass(frozen=True)
class Unrounded(Candidate):
    """The candidate, and what its bands are before they are rounded: key and percentile to pay."""

    pay: dict[tuple[Any, ...], float] = field(default_factory=dict)

    def _write(self, connection: duckdb.DuckDBPyConnection, table: str, plan: Plan) -> int:
        names = ", ".join(f"d.{name}" for name in KEY)
        query = f"SELECT {names}, p.percentile, p.pay FROM percentiles AS p JOIN disclosed_cells AS d USING (cell)"
        self.pay.update((tuple(row[:-1]), row[-1]) for row in connection.execute(query).fetchall())
        return len(self.pay)


def unrounded(built: Built) -> dict[tuple[Any, ...], float]:
    candidate = Unrounded(built.settings)
    candidate.bands()
    return candidate.pay


def settings_at(folder: Path) -> Settings:
    (folder / "raw").mkdir()
    return load(raw=folder / "raw", marts=folder / "marts", work=folder / "work", settle_seconds=0)


@pytest.fixture(scope="module", params=RULES)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    folder = tmp_path_factory.mktemp("oracle")
    settings = settings_at(folder)
    markets = None
    (folder / "formats").mkdir()
    (folder / "formats" / "survey.yaml").write_text(SURVEY, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "survey":
            patch.setattr("salary_bands.ingest.formats.FOLDER", folder)
            formats.cache_clear()
        if request.param in WRITERS:
            write, as_of = WRITERS[request.param]
            write(settings.raw)
        else:
            sources, as_of, markets = REAL[request.param]
            real: Path = request.getfixturevalue("real_data")
            for source in sources:
                shutil.copytree(real / source, settings.raw / source, ignore=shutil.ignore_patterns("*.txt"))
        yield Case(build(settings, as_of), date.fromisoformat(as_of), markets, RULES[request.param])
    if request.param == "survey":
        formats.cache_clear()


def test_every_row_has_the_disposition_and_reason_of_the_oracle(case: Case) -> None:
    names = ("file", "row", "disposition", "reason")
    assert [(a, b) for a, b in case.rows if any(a[name] != b[name] for name in names)] == []


def test_every_row_has_the_date_and_weight_of_the_oracle(case: Case) -> None:
    assert [(a, b) for a, b in case.rows if any(a[name] != b[name] for name in DATING)] == []


def test_every_row_that_counts_has_the_range_and_openings_of_the_oracle(case: Case) -> None:
    counting = [(a, b) for a, b in case.rows if b["disposition"] not in ("superseded", "folded")]
    assert [(a, b) for a, b in counting if any(a[name] != b[name] for name in ADVERT)] == []


def test_the_cells_that_are_shown_are_those_of_the_oracle(case: Case) -> None:
    ours = {
        k for k, r in case.published.items() if r["basis"] == "direct" and (not case.markets or k[5] in case.markets)
    }
    assert ours == {k for k, cell in case.cells.items() if cell["basis"] == "direct"}
    assert ours


def test_suppressed_cells_of_the_us_grid_have_the_reason_of_the_oracle_and_no_figures(case: Case) -> None:
    kinds = [(evidence, metric) for evidence, metrics in oracle.METRICS.items() for metric in metrics]
    grid = {
        (g.view, g.group_id, evidence, tier, level, "US", metric)
        for g in groups()
        for evidence, metric in kinds
        for tier in (*TIERS, "all")
        for level in (*LEVELS, *STAGES, "all")
    }
    shown = {k for k, r in case.published.items() if r["basis"] == "direct"}
    assert set(case.published) - shown == grid - shown
    none = {"suppression_reason": "few_reports", "n_reports": 0, "n_employers": 0}
    for key in grid - shown:
        row, cell = case.published[key], case.cells.get(key, none)
        large = {name: cell[name] if cell[name] >= 10 else None for name in ("n_reports", "n_employers")}
        assert {name: row[name] for name in large} == large, key
        assert row["suppression_reason"] == cell["suppression_reason"], key
        assert {row[name] for name in (*SHARES, "concentrated", "median_age_days", "p10", "p50", "p90")} == {None}, key


def test_shown_cells_rest_on_what_the_oracle_counts(case: Case) -> None:
    for key, cell in case.cells.items():
        if cell["basis"] == "direct":
            row = case.published[key]
            assert [row[name] for name in COUNTS] == [cell[name] for name in COUNTS], key
            assert [row[name] for name in SHARES] == pytest.approx([cell[name] for name in SHARES], abs=5.1e-5), key


def test_percentiles_are_those_of_the_oracle_before_and_after_rounding(case: Case) -> None:
    exact = unrounded(case.built)
    for key, cell in case.cells.items():
        if cell["basis"] == "direct":
            for percent in oracle.PERCENTILES:
                figure = oracle.percentile(cell["pay"], percent)
                assert exact[*key, percent] == pytest.approx(float(figure), abs=0.001), (key, percent)
                assert case.published[key][f"p{percent}"] == oracle.rounded(figure), (key, percent)


def test_the_case_meets_the_rules_it_is_there_for(case: Case) -> None:
    """A rule that nothing meets is not tested."""
    met: set[Any] = {(r["disposition"], r["reason"]) for r in case.reports}
    met |= {r["date_basis"] for r in case.reports} | {cell["suppression_reason"] for cell in case.cells.values()}
    assert case.rules - met == set()


@pytest.mark.parametrize("size", [1, 2, 3, 10, 33])
def test_with_equal_weights_percentiles_are_those_of_quantile_cont(size: int) -> None:
    rng = random.Random(size)
    pays = [rng.randrange(50_000, 400_000) for _ in range(size)]
    points = ", ".join(str(p / 100) for p in oracle.PERCENTILES)
    expected = duckdb.execute(f"SELECT quantile_cont(pay::DOUBLE, [{points}]) FROM (SELECT unnest(?) AS pay)", [pays])
    for percent, pay in zip(oracle.PERCENTILES, expected.fetchone()[0], strict=True):
        weighted = [(p, 934_193) for p in pays]
        assert float(oracle.percentile(weighted, percent)) == pytest.approx(pay, abs=1e-6)
        assert sql_percentiles({0: weighted})[0, percent] == pytest.approx(pay, abs=1e-6)


def test_a_figure_on_half_a_rounding_step_is_rounded_up() -> None:
    """130,250 a hair lower is published as 130,000."""
    weights = [round(2**20 * 0.5 ** (age / 6)) for age in range(13)]
    cells = {n: [(130_250, weights[k * k % 13]) for k in range(n)] for n in range(10, 60)}
    assert {oracle.percentile(cell, percent) for cell in cells.values() for percent in oracle.PERCENTILES} == {130_250}
    figures = sql_percentiles(cells)
    assert {key: pay for key, pay in figures.items() if oracle.rounded(Fraction(pay)) != 130_500} == {}
