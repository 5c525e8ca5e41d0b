"""What is measured: a refresh from nothing and after each kind of change, the commands that read, the floor, peers."""

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.measure import Cost, cost, median
from tests.bench.peers import PEERS
from tests.bench.population import AS_OF, POPULATIONS, Population, write_exports

Say = Callable[[str], None]
COMMAND = (sys.executable, "-m", "salary_bands")
READING = {
    "show": ("show",),
    "offer": ("offer", *"--group ml_generalist --tier T4 --level L5 --market US --base 180000".split()),
    "releases": ("releases",),
    "--help": ("--help",),
}


@dataclass(frozen=True)
class Row:
    """The cost of one piece of work on one population of so many rows."""

    population: str
    rows: int
    work: str
    cost: Cost


@dataclass(frozen=True)
class Bench:
    """Folders of one population, and the commands over them."""

    population: Population
    rows: int
    folder: Path
    times: int
    say: Say

    @property
    def raw(self) -> Path:
        return self.folder / "raw"

    def refresh(self, **settings: object) -> Cost:
        """Refresh the folder; settings go into the environment."""
        where = {name: self.folder / name for name in ("raw", "marts", "work")}
        given = {**where, "settle_seconds": 0, **settings}
        environment = {f"SALARY_BANDS_{name.upper()}": str(value) for name, value in given.items()}
        return cost((*COMMAND, "refresh", "--as-of", AS_OF.isoformat()), environment)

    def cold(self) -> Cost:
        """Refresh from nothing."""
        for name in ("marts", "work"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        return self.refresh()

    def row(self, work: str, run: Callable[[], Cost], times: int | None = None) -> Row:
        found = Row(self.population.name, self.rows, work, median(run, times or self.times))
        self.say(f"{found.population} {found.rows:,} {work}: {found.cost.cpu:.2f} CPU s, {found.cost.peak:.2f} GB")
        return found


def measured(bench: Bench) -> Iterator[Row]:
    """Measure every kind of work on one population, the floor and the peers in between."""
    write_exports(bench.population, bench.rows, bench.raw)
    for peer in PEERS:
        command = (sys.executable, "-m", "tests.bench.peers", peer, str(bench.raw))
        yield bench.row(f"peer {peer}", lambda command=command: cost(command))
    yield bench.row("cold", bench.cold)
    yield bench.row("nothing new", bench.refresh)
    for name, arguments in READING.items():
        where = {"SALARY_BANDS_MARTS": str(bench.folder / "marts")}
        yield bench.row(name, lambda a=arguments, w=where: cost((*COMMAND, *a), w))
    yield bench.row("min_reports 12", lambda: bench.refresh(min_reports=12), times=1)
    write_exports(bench.population, bench.rows // 100, bench.raw, seed=1, start=bench.rows)
    yield bench.row("1 % new rows", lambda: bench.refresh(min_reports=12), times=1)


def grown(folder: Path, say: Say, most_rows: int) -> Iterator[Row]:
    """Measure cold refreshes over numbers of rows and of exports."""
    population = POPULATIONS["varied"]
    for rows in (30_000, 100_000, 300_000):
        if rows < most_rows:
            bench = Bench(population, rows, folder / f"rows-{rows}", 1, say)
            write_exports(population, rows, bench.raw)
            yield bench.row("cold", bench.cold)
    for files in (1, 10, 100):
        bench = Bench(population, 30_000, folder / f"exports-{files}", 1, say)
        write_exports(population, 30_000, bench.raw, files=files)
        yield bench.row(f"cold, {3 * files} exports", bench.cold)
