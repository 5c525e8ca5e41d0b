"""Two made-up populations of reports in the native format, of any size.

`varied`: 747 employers, 1,503 spellings of titles, 35 places, 14 months, 3 sources, pay rounded as people round it.
`alike`: 40 employers of nearly unique pay, so that no two reports share a cell and a figure.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from salary_bands.reference import read_csv

AS_OF = date(2026, 6, 30)
GOLDEN = Path(__file__).parents[1] / "golden/titles.csv"
SOURCES = ("north", "south", "west")
_PLACES = (
    "San Francisco, CA", "Seattle, WA", "New York, NY", "Austin, TX", "Boston, MA", "Los Angeles, CA", "Chicago, IL",
    "Denver, CO", "Pittsburgh, PA", "Remote, US", "London, United Kingdom", "Paris, France", "Berlin, Germany",
    "Toronto, Canada", "Zurich, Switzerland", "Bengaluru, India", "Tel Aviv, Israel", "Singapore", "Munich, Germany",
    "Amsterdam, Netherlands", "Dublin, Ireland", "Madrid, Spain", "Warsaw, Poland", "Sydney, Australia",
    "Tokyo, Japan", "Seoul, South Korea", "Hyderabad, India", "Vancouver, Canada", "Stockholm, Sweden",
    "Copenhagen, Denmark", "Milan, Italy", "Lisbon, Portugal", "Vienna, Austria", "Brussels, Belgium",
    "Mexico City, Mexico",
)  # fmt: skip
_LEVEL_PAY = {"L3": -0.35, "L4": -0.15, "L5": 0.0, "L6": 0.18, "L7": 0.35, "": -0.05}
_LEVEL_SHARES = (0.13, 0.25, 0.30, 0.15, 0.07, 0.10)
_TITLE_WORDS = ("", "Senior ", "Staff ", "Principal ", "Lead ", "Sr. ")


@dataclass(frozen=True)
class Population:
    """How varied the reports of a population are."""

    name: str
    employers: int
    titles: int
    places: int
    months: int
    unknown_employers: float
    rounded_to: int


POPULATIONS = {
    "varied": Population("varied", 747, 1503, 35, 14, 0.12, 1000),
    "alike": Population("alike", 40, 300, 12, 12, 0.05, 1),
}


def write_exports(population: Population, rows: int, raw: Path, seed: int = 0, files: int = 1, start: int = 0) -> None:
    """Write `rows` reports as `files` exports for each source. `start` numbers the first submission."""
    names = [(source, n) for n in range(files) for source in SOURCES]
    edges = np.linspace(0, rows, len(names) + 1).astype(int)
    for (source, n), low, high in zip(names, edges[:-1], edges[1:], strict=True):
        folder = raw / source
        folder.mkdir(parents=True, exist_ok=True)
        chunks = (
            _reports(population, min(250_000, high - at), np.random.default_rng([seed, n, at, len(source)]), start + at)
            for at in range(low, high, 250_000)
        )
        path = folder / f"{population.name}-{seed}-{n}.csv"
        first = next(chunks, None)
        if first is None:
            continue
        with pyarrow.csv.CSVWriter(path, first.schema) as writer:
            writer.write_table(first)
            for chunk in chunks:
                writer.write_table(chunk)


def _reports(population: Population, rows: int, rng: np.random.Generator, start: int) -> pa.Table:
    employers, employer_pay = _employers(population.employers)
    titles, title_pay = _titles(population.titles)
    own = _zipf(rng, len(employers), rows)
    title = _zipf(rng, len(titles), rows)
    place = _zipf(rng, population.places, rows)
    level = rng.choice(len(_LEVEL_PAY), rows, p=_LEVEL_SHARES)
    place_pay = np.where(np.arange(population.places) < 10, 0.0, -0.35)
    log = 12.0 + employer_pay[own] + title_pay[title] + np.array([*_LEVEL_PAY.values()])[level] + place_pay[place]
    base = _rounded(np.exp(log + rng.normal(0, 0.2, rows)), population)
    equity = _rounded(base * np.exp(rng.normal(-1.2, 0.7, rows)), population)
    bonus = _rounded(base * rng.uniform(0, 0.25, rows), population)
    days = rng.integers(0, population.months * 30, rows)
    dates = np.array([(AS_OF - timedelta(days=n)).isoformat() for n in range(population.months * 30)], dtype=object)
    named = np.array([*employers, ""], dtype=object)
    frame = pd.DataFrame(
        {
            "submission_id": np.char.add("r", np.arange(start, start + rows).astype(str)),
            "submitted_at": dates[days],
            "job_title": titles[title],
            "employer": named[np.where(rng.random(rows) < population.unknown_employers, len(employers), own)],
            "level": np.array([*_LEVEL_PAY], dtype=object)[level],
            "location": np.array(_PLACES, dtype=object)[place],
            "currency": np.array(["USD"] * rows, dtype=object),
            "base": base,
            "bonus": bonus,
            "equity_annual": equity,
            "verified": np.array(["none", "email", "document"], dtype=object)[rng.integers(0, 3, rows)],
        }
    )
    return pa.Table.from_pandas(frame, preserve_index=False)


def _rounded(usd: np.ndarray, population: Population) -> np.ndarray:
    return (usd // population.rounded_to * population.rounded_to).astype(np.int64)


def _zipf(rng: np.random.Generator, count: int, rows: int) -> np.ndarray:
    shares = 1 / np.arange(1, count + 1) ** 0.7
    return np.asarray(rng.choice(count, rows, p=shares / shares.sum()))


def _employers(count: int) -> tuple[list[str], np.ndarray]:
    names = sorted({row["employer"] for row in read_csv("employers.csv") if row["tier"]})
    rng = np.random.default_rng(1)
    drawn = [str(n) for n in rng.permutation(names)]
    known = ["Google", "Microsoft", "Amazon", "Meta", "Apple", "OpenAI", "Anthropic", "Databricks", "Stripe", "Uber"]
    chosen = [*known, *(n for n in drawn if n not in known)][:count]
    return chosen, rng.normal(0, 0.12, len(chosen))


def _titles(count: int) -> tuple[np.ndarray, np.ndarray]:
    golden = sorted(pd.read_csv(GOLDEN)["title"].drop_duplicates())
    rng = np.random.default_rng(2)
    spellings = [f"{word}{title}" for word in _TITLE_WORDS for title in golden]
    chosen = np.array(sorted(rng.permutation(spellings)[:count].tolist()), dtype=object)
    chosen = chosen[rng.permutation(len(chosen))]
    return chosen, rng.normal(0, 0.15, len(chosen))
