"""A release of one week, and what may come in the next: the world that gates are tried in."""

from dataclasses import dataclass
from pathlib import Path

from salary_bands.aggregate.plan import Plan
from salary_bands.gates.judge import judged
from salary_bands.gates.rules import GATES
from salary_bands.releases.marts import Marts
from salary_bands.settings import Settings
from salary_bands.storage.files import sha256_of
from tests.builders.candidates import JUDGED, Built, build, grid_of, published, settings_at
from tests.builders.exports import write_native
from tests.builders.people import Rows, people

BEFORE, NOW = "2026-05-31", "2026-06-07"
EXPORTS = {"north/1.csv": people(1, 350), "north/2.csv": people(2, 350), "south/1.csv": people(3, 350)}
EAST = people(8, 100)
SMALL = {"west/1.csv": people(7, 40), "east/1.csv": EAST}


def new_people(count: int, seed: int = 4, pay: float = 1.0) -> Rows:
    """Reports of the week after."""
    return people(seed, count, NOW, 7, pay)


def vague(rows: Rows) -> Rows:
    return [{**row, "job_title": "AI Wizard"} for row in rows]


@dataclass
class World:
    """Folders with a release of the week before."""

    settings: Settings

    @property
    def marts(self) -> Marts:
        return Marts(self.settings.marts)

    def write(self, file: str, rows: Rows) -> None:
        write_native(self.settings.raw, rows, file)

    def plan(self) -> Plan:
        return build(self.settings, NOW, ()).candidate.plan()

    def built(self) -> Built:
        return build(self.settings, NOW, JUDGED)

    def held(self) -> dict[str, str]:
        """Gates that hold a refresh, with their messages."""
        verdicts = judged(self.built().candidate, self.marts)
        assert [v.gate for v in verdicts] == list(GATES)
        return {v.gate: v.line() for v in verdicts if v.held}

    def hashes(self) -> dict[Path, str]:
        """What is in the marts folder."""
        return {p: sha256_of(p) for p in self.settings.marts.rglob("*") if p.is_file() and ".lock" not in p.name}


def publish_week(folder: Path) -> None:
    """Publish EXPORTS and SMALL as 2026.05.31 in FOLDER/marts."""
    world = World(settings_at(folder))
    for file, rows in {**EXPORTS, **SMALL}.items():
        world.write(file, rows)
    with grid_of():
        published(world.settings, BEFORE)
