"""Exports to compare the pipeline and the oracle on: generated, adverts in three snapshots, a survey, the real ones."""

import csv
import gzip
import math
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from salary_bands.aggregate.registry import RECIPES
from salary_bands.aggregate.workspace import Workspace
from salary_bands.ingest.raw_folder import scan
from salary_bands.reference import FOLDER, lay_over
from salary_bands.reference.formats import format_named
from salary_bands.schemas.bands import KEY
from salary_bands.settings import Settings
from tests.builders.candidates import BANDS, Built, build, settings_at
from tests.builders.exports import native_row, write_native
from tests.builders.thin_cells import write_thin
from tests.oracle import bands as oracle
from tests.oracle.figures import PERCENTILES
from tests.oracle.pooled import is_shape_cell, with_pooled
from tests.oracle.recent import unsettled_places
from tests.oracle.rows import Export, Report, window_reports

DATING = ("report_date", "date_basis", "age_months", "weight", "delivered_on", "expired_on")
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
        "few_reports", "few_employers", "dominated", "low_effective_n", None,
        "unreliable", "acceptable", "reasonably_precise", "precise", 10, 25, 50, 75, 90,
        "moved by export", "moved by employer", "moved by day", "fragile", "firm", "P90 moved",
    },
    "employers": {
        "low_effective_n", "precise", "reasonably_precise", 10, 25, 50, 75, 90,
        ("base", "told"), ("total", "told"), ("bonus", "default"),
    },
    "snapshots": {
        ("superseded", "newer_snapshot"), ("folded", "range_pair"), ("folded", "same_advert"), "midway", "spread",
    },
    "survey": {("folded", "repeat"), "spread", "stated"},
    "thin": {
        "pooled by level", "pooled by stage", "pooled in a tier", "pooled over tiers", "pooled under 10 reports",
        "pooled instead of P50 alone", "kept by dominated", "kept by unmodelled",
        "kept with P50 alone by unmodelled", ("base", "apart from the model"),
    },
    "thin and alike": {
        "pooled by level", "pooled by stage", ("base", "as the model says"), ("total", "as the model says"),
    },
    "adverts": {("outlier", "base_fence"), "midway", "spread"},
    "self-reports": {("outlier", "base_fence"), ("outlier", "total_fence"), "export", "few_employers", "dominated"},
}  # fmt: skip
REAL = {
    "adverts": (("aijobs",), "2024-07-07", ("US", "GB")),
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
                    [
                        "ML Engineer",
                        "NLP Engineer",
                        "LLM Engineer",
                        "Data Scientist",
                        "Recruiter",
                        "Specialist",
                    ],
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


def write_employers(raw: Path) -> None:
    """Sixty employers outside T1 and T2 that pay apart, and a few large ones, at three levels in two places."""
    rng = random.Random(9)
    names = [f"Employer {number}" for number in range(60)]
    pays = {name: rng.gauss(0, 0.15) for name in names}
    people = rng.choices(names, [1 / (3 + n) for n in range(60)], k=1_100)
    people += rng.choices(["OpenAI", "Google", "Amazon", ""], k=400)
    rows = []
    for number, name in enumerate(people):
        level = rng.choice(["L3", "L4", "L4", "L5"])
        base = round(60_000 * 1.3 ** int(level[1]) * math.exp(pays.get(name, 0.1) + rng.gauss(0, 0.2)), -3)
        place = rng.choice(["Austin, TX", "Austin, TX", "London, UK"])
        day = date(2026, 6, 30) - timedelta(days=rng.randrange(300))
        facts = {"employer": name, "level": level, "location": place, "submitted_at": day, "base": int(base)}
        parts = {
            "bonus": 10_000 if number % 16 == 0 else "",
            "equity_annual": "",
            "total": int(base) + 20_000,
        }
        rows.append(native_row(number, **facts, **parts))
    write_native(raw, rows, "north/all.csv")


WRITERS: dict[str, tuple[Callable[[Path], None], str, tuple[str, ...] | None]] = {  # and markets, None for all
    "generated": (write_generated, "2026-06-30", None),
    "employers": (write_employers, "2026-06-30", None),
    "snapshots": (write_adverts, "2024-07-15", None),
    "survey": (write_survey, "2026-06-30", None),
    "thin": (lambda raw: write_thin(raw, 1, 0.12, 0.08), "2026-06-30", None),
    "thin and alike": (lambda raw: write_thin(raw, 2, 0.0, 0.9), "2026-06-30", ("US",)),
}


@dataclass
class Case:
    """A built candidate, and what the oracle makes of the same parts. asks: for a cell, by its key."""

    built: Built
    as_of: date
    asks: Callable[[tuple[str, ...]], bool]
    rules: set[Any]

    @cached_property
    def rows(self) -> list[tuple[Report, Report]]:
        """Every row of window_reports as the pipeline and as the oracle has it."""
        frame = self.built.table("window_reports")
        for name in ("report_date", "delivered_on", "expired_on"):
            frame[name] = frame[name].dt.date
        names = ["file", "row", "disposition", "reason", *DATING, *ADVERT]
        ours = {(r["file"], r["row"]): r for r in records(frame[names])}
        theirs = {(r["file"], r["row"]): {name: r[name] for name in names} for r in self.reports}
        assert ours.keys() == theirs.keys()
        return [(ours[key], theirs[key]) for key in theirs]

    @cached_property
    def reports(self) -> list[Report]:
        return window_reports(exports_of(self.built), self.as_of, self.built.settings)

    @cached_property
    def correlations(self) -> oracle.Correlations:
        return oracle.correlations_by_employer(self.reports, groups(), self.built.settings)

    @cached_property
    def cells(self) -> dict[tuple[str, ...], Report]:
        """The cells that are asked for."""
        told = self.reports, groups(), self.built.settings, self.correlations, self.built.candidate.secret()
        alone = oracle.bands(*told, lambda key: self.asks(key) or is_shape_cell(key))
        told_of = [r for r in self.reports if oracle.is_counted(r)]
        unsettled = unsettled_places(alone, told_of, self.built.settings, self.correlations, self.as_of)
        alone = {key: oracle.settled(cell, key[:-1] in unsettled) for key, cell in alone.items()}
        pooled = with_pooled(alone, self.reports, self.built.settings, self.correlations, self.as_of)
        return {key: cell for key, cell in pooled.items() if self.asks(key)}

    @cached_property
    def published(self) -> dict[tuple[str, ...], Report]:
        return {tuple(r[name] for name in KEY): r for r in records(self.built.table("bands"))}


def records(frame: pd.DataFrame) -> list[Report]:
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def exports_of(built: Built) -> list[Export]:
    """The exports that were not held, bytes that lie there twice once, with their rows of pay_reports."""
    exports: dict[str, Export] = {}
    parts = built.stages.parts
    for file in scan(built.settings.raw).exports:
        raw, accepted = parts.record("raw_reports", file.key), parts.record("accepted_reports", file.key)
        if not accepted["held"] and file.sha256 not in exports:
            fmt = format_named(raw["format"])
            day = date.fromisoformat(accepted["exported_on"])
            rows = records(pd.concat(parts.chunks("pay_reports", file.key), ignore_index=True))
            facts = (file.source, file.file, file.sha256, fmt.name, day, fmt.delivery, fmt.repeats)
            exports[file.sha256] = Export(*facts, rows)
    return list(exports.values())


def groups() -> list[oracle.Group]:
    texts = [(FOLDER / name).read_text(encoding="utf-8").splitlines() for name in ("leaves.csv", "views.csv")]
    return oracle.groups_of(*map(csv.DictReader, texts))


@dataclass(frozen=True)
class Unrounded(Workspace):
    """The candidate, and its bands before rounding, by key and percentile: pay where disclosed, bounds where shown."""

    pay: dict[tuple[Any, ...], float] = field(default_factory=dict)
    bounds: dict[tuple[Any, ...], tuple[int, int]] = field(default_factory=dict)

    def write(self, connection: duckdb.DuckDBPyConnection, table: str) -> int:
        names = ", ".join(f"{'n' if name in ('view', 'group_id') else 'd'}.{name}" for name in KEY)
        figures = [f"d.p{percent}{end}" for percent in PERCENTILES for end in ("", "_low", "_high")]
        rows = connection.execute(
            f"SELECT {names}, {', '.join(figures)} FROM disclosed_cells AS d JOIN group_names AS n "
            "ON d.view = n.first_view AND d.group_id = n.first_group_id WHERE d.suppression_reason IS NULL"
        ).fetchall()
        for row in rows:
            key, found = row[: len(KEY)], row[len(KEY) :]
            for percent, pay, low, high in zip(PERCENTILES, found[::3], found[1::3], found[2::3], strict=True):
                if pay is not None:
                    self.pay[*key, percent] = pay
                if low is not None:
                    self.bounds[*key, percent] = (low, high)
        return len(self.pay)

    @classmethod
    def of(cls, settings: Settings) -> "Unrounded":
        """Build bands of a candidate whose other tables are there; what is there of bands stays as it is."""
        candidate = cls(settings)
        recipe = RECIPES["bands"]
        with candidate.connection(*recipe.inputs) as connection:
            recipe.build(candidate, connection)
        return candidate


def unrounded(built: Built) -> dict[tuple[Any, ...], float]:
    return Unrounded.of(built.settings).pay


def copy_real(name: str, real: Path, raw: Path) -> None:
    """Copy the real exports of a case into a raw folder, of adverts, which say nearly the same again, every second."""
    for source in REAL[name][0]:
        shutil.copytree(real / source, raw / source, ignore=shutil.ignore_patterns("*.txt"))
        for path in sorted((raw / source).glob("salaries_*.csv.gz"))[::2]:
            path.unlink()
        for path in (raw / source).glob("levels_fyi_*.csv.gz"):
            _thin_out(path)


def _thin_out(path: Path) -> None:
    """Keep every fifth row: of sixty thousand, the oracle's fractions take minutes."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    path.unlink()  # which may be read-only
    with gzip.open(path, "wt", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows[::5]])


@contextmanager
def built_case(name: str, folder: Path, real: Callable[[], Path], tables: Sequence[str] = BANDS) -> Iterator[Case]:
    """A case by its name in RULES, built in a folder of its own."""
    (folder / "reference" / "formats").mkdir(parents=True)
    (folder / "reference" / "formats" / "survey.yaml").write_text(SURVEY, encoding="utf-8")
    settings = settings_at(folder, **({"reference": folder / "reference"} if name == "survey" else {}))
    if name in WRITERS:
        write, as_of, markets = WRITERS[name]
        write(settings.raw)
    else:
        _, as_of, markets = REAL[name]
        copy_real(name, real(), settings.raw)
    built = build(settings, as_of, tables)
    yield Case(built, date.fromisoformat(as_of), lambda key: not markets or key[5] in markets, RULES[name])
    lay_over(None)
