"""The gates: how often an ordinary refresh is held, and how often a faulty one."""

import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pandas as pd

from salary_bands.gates.judge import judged
from salary_bands.publish.pointers import write_pointers
from salary_bands.releases.manifest import Input, Method
from salary_bands.releases.marts import Marts
from salary_bands.settings import Settings
from tests.builders.manifests import manifest_of
from tests.simulate.faults import UNPOOLED, flood, scaled
from tests.simulate.pipeline import Watched, by_source, candidate_of, settings_at
from tests.simulate.population import AS_OF, SOURCES, Population, World

BEFORE = AS_OF - timedelta(days=7)
NEW_SHARE = 0.03
Exports = dict[str, pd.DataFrame]


def _sent(factor: float, share: float, source: str = SOURCES[0]) -> Callable[[Exports, Exports, World], Exports]:
    """One source's new export is that share of all reports and has that many times the pay."""

    def spoil(old: Exports, new: Exports, world: World) -> Exports:
        rows = round(share * sum(map(len, old.values())))
        drawn = world.reports(4 * rows, 98, (BEFORE, AS_OF))
        drawn = drawn[drawn["source"].eq(source)].head(rows).reset_index(drop=True)
        return old | new | {f"{source}/new.csv": scaled(drawn, factor)}

    return spoil


def _whole(factor: float, source: str = SOURCES[0]) -> Callable[[Exports, Exports, World], Exports]:
    """One source delivers everything again, with that many times the pay."""

    def spoil(old: Exports, new: Exports, world: World) -> Exports:
        again = pd.concat([old[f"{source}/old.csv"], new[f"{source}/new.csv"]], ignore_index=True)
        rest = {file: rows for file, rows in (old | new).items() if not file.startswith(f"{source}/")}
        return rest | {f"{source}/again.csv": scaled(again, factor)}

    return spoil


def _flooded(old: Exports, new: Exports, world: World) -> Exports:
    rows = round(0.05 * sum(map(len, (old | new).values())) / 0.95)
    return old | new | {f"{SOURCES[0]}/flood.csv": flood(world, rows, 99)}


def _smaller(old: Exports, new: Exports, world: World) -> Exports:
    """A source ten times smaller."""
    whole = old[f"{SOURCES[1]}/old.csv"]
    left = whole.sample(len(whole) // 10, random_state=0).reset_index(drop=True)
    rest = {file: rows for file, rows in (old | new).items() if not file.startswith(f"{SOURCES[1]}/")}
    return rest | {f"{SOURCES[1]}/old.csv": left}


CASES: dict[str, tuple[str, Callable[[Exports, Exports, World], Exports]]] = {
    "ordinary": ("3 % new reports of the same population", lambda old, new, world: old | new),
    "again_large": ("a source of half of all reports, delivered anew: pay 1.12 times", _whole(1.12)),
    "again_small": ("a source of a fifth of all reports, delivered anew: pay 1.12 times", _whole(1.12, SOURCES[2])),
    "again_months": ("a source of a fifth, delivered anew: months read as years", _whole(1 / 12, SOURCES[2])),
    "new_large": ("a source's new export of 10 % of all reports: pay 1.12 times", _sent(1.12, 0.10)),
    "new_small": ("a source's new export of 2.5 % of all reports: pay 1.12 times", _sent(1.12, 0.025)),
    "new_currency": ("the same: pay 1.3 times, as pounds read as dollars", _sent(1.3, 0.025)),
    "new_months": ("the same: months read as years", _sent(1 / 12, 0.025)),
    "flood": ("made-up reports, 5 % of all, one source and week: 1.5 times the pay", _flooded),
    "smaller": ("a source ten times smaller", _smaller),
}


def held(seed: int, size: int, cases: dict[str, int]) -> pd.DataFrame:
    """case, draw, gates that held: refreshes of one world after one reference; cases: draws of each."""
    world = World(Population(), seed)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_at(Path(folder), **UNPOOLED)
        old = by_source(world.reports(size, 0, (AS_OF.replace(year=AS_OF.year - 1), BEFORE)), "old.csv")
        publish(_tables(candidate_of(old, settings, BEFORE, narrow=True)), settings)
        for case, draws in cases.items():
            for draw in range(1, draws + 1):
                new = by_source(world.reports(round(size * NEW_SHARE), draw, (BEFORE, AS_OF)), "new.csv")
                candidate = _tables(candidate_of(CASES[case][1](old, new, world), settings, narrow=True))
                gates = [v.gate for v in judged(candidate, Marts(settings.marts)) if v.held]
                found.append((seed, size, case, draw, " ".join(gates), bool(gates)))
    return pd.DataFrame(found, columns=["world", "size", "case", "draw", "gates", "held"])


def _tables(candidate: Watched) -> Watched:
    """The tables that gates look at; the others are there and empty."""
    for table in ("model_cells", "cell_figures", "bands", "full_ledger", "ledger", "sources"):
        candidate.make(table)
    for table in ("premiums", "multipliers", "cards", "claims"):
        candidate.write_nothing(table)
    return candidate


def publish(candidate: Watched, settings: Settings) -> None:
    """As much of a release as gates compare with."""
    plan, marts = candidate.plan(), Marts(settings.marts)
    folder = marts.release(plan.version)
    folder.mkdir(parents=True)
    for table in ("bands", "ledger"):
        (folder / f"{table}.parquet").write_bytes(candidate.path(table).read_bytes())
    manifest = manifest_of(
        plan.version,
        method_version=plan.method_version,
        contains_synthetic=plan.contains_synthetic,
        inputs=[Input(source=s.source, file=s.file, sha256=s.sha256, rows=s.rows) for s in plan.counted],
        method=Method(version=plan.method_version, coverage=candidate.facts("coverage")),
    )
    (folder / "manifest.json").write_text(manifest.text(), encoding="utf-8")
    write_pointers(marts, [marts.entry(plan.version)])
