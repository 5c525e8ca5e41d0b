"""premiums and multipliers against the oracle of the model, on generated exports and on the real self-reports."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from salary_bands.schemas.premiums import Premiums
from salary_bands.storage.duck import add_table, in_memory
from salary_bands.storage.sql import read_sql
from tests.builders.candidates import BANDS, Built, build, settings_at
from tests.builders.cases import REAL, copy_real, exports_of, groups, records
from tests.builders.exports import native_row, write_native
from tests.oracle import model as oracle_model
from tests.oracle import premiums as oracle_premiums
from tests.oracle.rows import Report, window_reports

AS_OF = date(2026, 6, 30)
EMPLOYERS = {
    "T1": ["OpenAI", "Anthropic", "xAI", "Google DeepMind"],
    "T2": ["Google", "Amazon", "Meta", "Samsung", "Tencent"],
    "T3": ["Adept AI", "AI21 Labs", "Aleph Alpha", "Anyscale", "AssemblyAI", "Baseten", "Cartesia", "Cerebras"],
    "T4": ["Stripe", "Uber", "1Password", "6sense", "Acer", "ADP", "Airbyte", "Addepar", "Agoda", "Acronis"],
    "T5": ["3M", "7-Eleven", "Aetna", "AIG", "JPMorgan Chase", "Airbus"],
}
TITLES = {
    "ML Engineer": 30, "NLP Engineer": 16, "LLM Engineer": 10, "RLHF Engineer": 8, "Computer Vision Engineer": 8,
    "MLOps Engineer": 6, "Generative AI Engineer": 6, "LLM Inference Engineer": 5, "Perception Engineer": 3,
    "AI Safety Researcher": 1, "Data Scientist": 6,
}  # fmt: skip
PLACES = {
    "Seattle, WA": 25, "New York, NY": 14, "Austin, TX": 4, "Remote, US": 20, "London, UK": 10, "Berlin, Germany": 6,
    "Munich, Germany": 6, "Paris, France": 3, "Toronto, Canada": 2, "Bengaluru, India": 1, "": 3,
}  # fmt: skip
RATIOS = ("premium", "premium_low", "premium_high", "range_low", "range_high")
COUNTS = ("n_group", "n_baseline", "n_cells", "identified", "baseline_in_group")


def drawn(rng: random.Random, weights: dict[str, int]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


def person(rng: random.Random, number: int, pays: dict[str, float], **facts: Any) -> dict[str, Any]:
    """One native row; pay by tier, employer, level, title and place, so that outliers are rare."""
    tier = drawn(rng, {"T1": 3, "T2": 6, "T3": 5, "T4": 9, "T5": 4})
    employer = rng.choices([rng.choice(EMPLOYERS[tier]), "", "Nobody Ltd"], [20, 1, 1])[0]
    level = rng.choices(["L3", "L4", "L5", "L6", "L7", ""], [4, 8, 8, 4, 2, 2])[0]
    row = {
        "submission_id": f"p{number}",
        "submitted_at": AS_OF - timedelta(days=int(rng.random() ** 1.3 * 364)),
        "job_title": drawn(rng, TITLES),
        "employer": employer,
        "level": level,
        "years_experience": "" if level else rng.choice(["", 1, 4, 9]),
        "location": drawn(rng, PLACES),
        **facts,
    }
    log_pay = rng.gauss(0, 0.2) + pays.setdefault(row["employer"], rng.gauss(0, 0.12))
    log_pay += 0.2 * int((row["level"] or "L5")[1]) + 0.2 * (row["employer"] in EMPLOYERS["T1"])
    log_pay += 0.03 * len(row["job_title"]) - 0.4 * (row["location"] == "Bengaluru, India")
    base = int(round(45_000 * math.exp(log_pay), -3))
    bonus, equity = rng.choice(["", 0, 10_000, 20_000]), rng.choice(["", 0, 0, 30_000, 80_000])
    return native_row(number, **{"base": base, "bonus": bonus, "equity_annual": equity, **row})


def write_many(raw: Path) -> None:
    """Three sources over a year: most groups side by side with the baselines at many employers."""
    rng, pays = random.Random(1), dict[str, float]()
    for source, count in (("north", 600), ("south", 350), ("west", 150)):
        write_native(raw, [person(rng, n, pays) for n in range(count)], f"{source}/all.csv")


def write_few(raw: Path) -> None:
    """Few reports of few employers, no market but one alone, nothing of the last month, no total at L5."""
    rng, pays = random.Random(2), dict[str, float]()
    rows = []
    for number in range(170):
        known = {"employer": rng.choice(["Stripe", "Uber", "3M", "Aetna", "OpenAI", "AIG", "Acer"])}
        known |= {"location": drawn(rng, {"Remote, US": 9, "London, UK": 5, "Paris, France": 1})}
        known |= {"job_title": rng.choice(["ML Engineer", "ML Engineer", "NLP Engineer", "LLM Engineer"])}
        known |= {"submitted_at": date(2026, 5, 28) - timedelta(days=rng.randrange(120))}
        row = person(rng, number, pays, **known, level=rng.choice(["L4", "L5"]))
        rows.append({**row, "bonus": "" if row["level"] == "L5" else 0, "equity_annual": 0})
    write_native(raw, rows, "north/all.csv")


def write_tangled(raw: Path) -> None:
    """A source of one leaf, a source that one employer ties to the rest, a month, a tier and a leaf of one employer."""
    rng, pays = random.Random(3), dict[str, float]()
    titles = ["ML Engineer", "ML Engineer", "NLP Engineer", "LLM Engineer"]
    spring = [date(2026, month, 10) for month in (3, 4, 5)]
    places = ["Remote, US", "Seattle, WA", "Berlin, Germany"]

    def rows(count: int, employers: list[str], titles: list[str]) -> list[dict[str, Any]]:
        return [
            person(
                *(rng, number, pays),
                employer=rng.choice(employers),
                job_title=rng.choice(titles),
                submitted_at=rng.choice(spring),
                location=rng.choice(places),
                level=rng.choice(["L3", "L4", "L5"]),
            )
            for number in range(count)
        ]

    crowd = [*EMPLOYERS["T4"], *EMPLOYERS["T5"]]
    north = rows(220, crowd, titles) + rows(20, ["OpenAI"], [*titles, "Generative AI Engineer"])
    north += [{**row, "submitted_at": date(2026, 6, 5)} for row in rows(12, ["Stripe"], titles)]
    write_native(raw, [{**row, "submission_id": f"n{n}"} for n, row in enumerate(north)], "north/all.csv")
    write_native(raw, rows(60, crowd, ["MLOps Engineer"]), "ops/all.csv")
    vision = rows(50, crowd, ["Computer Vision Engineer"]) + rows(10, ["Uber"], ["ML Engineer"])
    write_native(raw, [{**row, "submission_id": f"v{n}"} for n, row in enumerate(vision)], "vision/all.csv")


def write_tied(raw: Path) -> None:
    """One large employer alone ties a source to the rest; without it the source says the same as its leaf."""
    rng, pays = random.Random(4), dict[str, float]()
    crowd, sources = [*EMPLOYERS["T3"], *EMPLOYERS["T4"], *EMPLOYERS["T5"]], dict[str, list[dict[str, Any]]]()
    for source, count, employers, titles in (
        ("north", 260, crowd, ["ML Engineer", "NLP Engineer"]),
        ("vision", 120, crowd, ["Computer Vision Engineer"]),
        ("vision", 240, ["Uber"], ["ML Engineer"]),
    ):
        for _ in range(count):
            facts = {"employer": rng.choice(employers), "job_title": rng.choice(titles), "location": "Remote, US"}
            facts |= {"level": rng.choice(["L4", "L5"]), "submitted_at": rng.choice([date(2026, 5, 1), AS_OF])}
            rows = sources.setdefault(source, [])
            rows.append(person(rng, len(rows), pays, **facts))
    for source, rows in sources.items():
        write_native(raw, rows, f"{source}/all.csv")


def write_abroad(raw: Path) -> None:
    """The United States are too few to stand alone, so that nothing can be relative to them."""
    rng, pays = random.Random(5), dict[str, float]()
    places = {"London, UK": 6, "Berlin, Germany": 6, "Seattle, WA": 1, "Toronto, Canada": 1}
    rows = [person(rng, n, pays, location=drawn(rng, places)) for n in range(300)]
    write_native(raw, rows, "north/all.csv")


def write_apart(raw: Path) -> None:
    """Each source has a country of its own, and one leaf that the other lacks."""
    rng, pays = random.Random(6), dict[str, float]()
    for source, places in {"north": {"Seattle, WA": 1, "Austin, TX": 1}, "west": {"London, UK": 1}}.items():
        rows = [person(rng, n, pays, location=drawn(rng, places)) for n in range(200)]
        write_native(
            raw, [{**row, "submission_id": f"{source}-{n}"} for n, row in enumerate(rows)], f"{source}/all.csv"
        )


WRITERS = {
    "apart": write_apart,
    "many": write_many,
    "other settings": write_many,
    "few": write_few,
    "tangled": write_tangled,
    "tied": write_tied,
    "abroad": write_abroad,
}
OTHER_SETTINGS = {
    "min_market_reports": 60,
    "min_overlap_reports": 3,
    "min_overlap_share": 0.6,
    "min_effective_employers": 9,
    "min_range_cells": 3,
}
MET = {
    "apart": {"identified", "not identified", "column left"},
    "many": {
        *("identified", "not identified", "range", "no range", "baseline in group", "by level", "by stage", "by tier"),
        *("rest of the world", "country in the fit", "country of metros", "metro", "reports outside the model"),
    },
    "other settings": {"identified", "not identified", "range", "no range", "rest of the world"},
    "tied": {"identified", "not identified"},
    "abroad": {"identified", "not identified"},
    "few": {"not identified", "rest of the world", "newest month", "no total", "too few employers"},
    "self-reports": {"not identified", "too few employers", "metro", "rest of the world", "as_of's month"},
    "tangled": {"identified", "not identified", "column left", "too few employers", "as_of's month"},
}


@dataclass
class Case:
    """A built candidate, and the model of the oracle over the same parts."""

    built: Built
    as_of: date
    met: set[str]

    @cached_property
    def reports(self) -> list[Report]:
        return window_reports(exports_of(self.built), self.as_of, self.built.settings)

    @cached_property
    def premiums(self) -> list[tuple[tuple[str, ...], Report, Report]]:
        """Key, the row of the table, the row of the oracle."""
        theirs = oracle_premiums.premiums(self.reports, groups(), self.built.settings, self.as_of)
        return self._pairs("premiums", tuple(Premiums.to_schema().columns)[:6], theirs)

    @cached_property
    def multipliers(self) -> list[tuple[tuple[str, ...], Report, Report]]:
        theirs = oracle_model.multipliers(self.reports, self.built.settings, self.as_of)
        return self._pairs("multipliers", ("factor", "value", "metric"), theirs)

    def _pairs(self, table: str, key: tuple[str, ...], theirs: Any) -> list[tuple[tuple[str, ...], Report, Report]]:
        ours = {tuple(r[name] for name in key): r for r in records(self.built.table(table))}
        assert ours.keys() == theirs.keys()
        return [(k, ours[k], theirs[k]) for k in theirs]


@pytest.fixture(scope="module", params=MET)
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    settings, as_of = settings_at(tmp_path_factory.mktemp("model")), AS_OF
    if request.param in REAL:
        as_of = date.fromisoformat(REAL[request.param][1])
        copy_real(request.param, request.getfixturevalue("real_data"), settings.raw)
    else:
        WRITERS[request.param](settings.raw)
    if request.param == "other settings":
        settings = settings.model_copy(update=OTHER_SETTINGS)
    yield Case(build(settings, as_of.isoformat(), (*BANDS, "premiums", "multipliers")), as_of, MET[request.param])


def is_published_as(ours: float | None, theirs: float | None) -> bool:
    """To 4 decimals; null where the other is null."""
    if ours is None or theirs is None:
        return ours is theirs
    return ours == round(ours, 4) and ours == pytest.approx(theirs, abs=6e-5, rel=1e-9)


def counted(name: str, value: Any) -> Any:
    """A count of reports as published: null below 10."""
    return None if name in ("n_group", "n_baseline", "n") and value < 10 else value


def test_premiums_count_and_identify_what_the_oracle_does(case: Case) -> None:
    wrong = [(k, a, b) for k, a, b in case.premiums if any(a[n] != counted(n, b[n]) for n in COUNTS)]
    assert wrong == []


def test_premiums_are_those_of_the_oracle(case: Case) -> None:
    wrong = [(k, n, a[n], b[n]) for k, a, b in case.premiums for n in RATIOS if not is_published_as(a[n], b[n])]
    assert wrong == []


def test_multipliers_are_those_of_the_oracle(case: Case) -> None:
    names = ("multiplier", "low", "high")
    wrong = [(k, n, a[n], b[n]) for k, a, b in case.multipliers for n in names if not is_published_as(a[n], b[n])]
    assert wrong == []


def test_multiplied_pay_and_counts_are_those_of_the_oracle(case: Case) -> None:
    names = ("usd", "usd_low", "usd_high", "n")
    wrong = [(k, n, a[n], b[n]) for k, a, b in case.multipliers for n in names if a[n] != counted(n, b[n])]
    assert wrong == []


def test_the_models_size_and_the_columns_that_left_are_those_of_the_oracle(case: Case) -> None:
    published = case.built.candidate.facts("model")
    for metric, facts in oracle_model.summary(case.reports, case.built.settings, case.as_of).items():
        assert published[metric]["n_model"] == facts["n_model"]
        assert published[metric]["left_out"] == [f"{factor} {value}" for factor, value in facts["dropped"]]
        assert published[metric]["share_of_reports"] == pytest.approx(facts["share_of_reports"], abs=5.1e-5)


def test_the_case_meets_what_it_is_there_for(case: Case) -> None:
    """A rule that nothing meets is not tested."""
    met = set()
    for (*_, tier, level), row, _ in case.premiums:
        met.add("identified" if row["identified"] else "not identified")
        if row["identified"]:
            met.add("no range" if row["range_low"] is None else "range")
            met |= {"baseline in group"} if row["baseline_in_group"] else set()
            met.add("by tier" if tier != "all" else "by stage" if level in ("early", "senior") else "by level")
    summary = oracle_model.summary(case.reports, case.built.settings, case.as_of)
    met |= {"column left"} if summary["base"]["dropped"] else set()
    met |= {"reports outside the model"} if summary["base"]["share_of_reports"] < 1 else set()
    in_fit = {r["market"] for r in oracle_model.fit_rows(case.reports, "base", case.built.settings)}
    metrics = {key[2] for key, *_ in case.multipliers}
    met |= set() if "total" in metrics else {"no total"}
    for (factor, value, _), row, theirs in case.multipliers:
        met |= {"too few employers"} if row["multiplier"] is None and theirs["n"] else set()
        if factor == "market":
            met.add("metro" if "-" in value else "country of metros" if value not in in_fit else "country in the fit")
            met |= {"rest of the world"} if value == "rest_of_world" else set()
        if factor == "month" and row["multiplier"] == 1 and row["low"] is None:
            met.add("as_of's month" if value == f"{case.as_of:%Y-%m}" else "newest month")
    assert case.met - met == set()


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        (0.1235, 0.12345, True),
        (0.1235, 0.1233, False),
        (0.12345, 0.12345, False),
        (None, 0.1, False),
        (0.1, None, False),
    ],
)
def test_a_figure_that_is_off_or_not_rounded_or_not_null_is_seen(ours: Any, theirs: Any, same: bool) -> None:
    assert is_published_as(ours, theirs) == same


def test_modelled_pay_rounds_as_bands_do() -> None:
    """To 500 USD, below 50,000 to 100, half up."""
    usd = {"A": (43_249, 43_250, 49_949.9), "B": (50_000, 50_249, 50_250)}
    rows = [
        {"factor": "tier", "value": v, "metric": "base", "usd": a, "usd_low": b, "usd_high": c}
        for v, (a, b, c) in usd.items()
    ]
    frame = pd.DataFrame(rows).assign(multiplier=1.0, low=0.9, high=1.1, n=10)
    with in_memory() as connection:
        add_table(connection, "estimated_multipliers", frame)
        found = connection.execute(read_sql("marts/multipliers")).df()
    assert found[["usd", "usd_low", "usd_high"]].values.tolist() == [[43_200, 43_300, 49_900], [50_000, 50_000, 50_500]]
