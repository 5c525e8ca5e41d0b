"""Which worlds are drawn, in which order the work is done, and where the results go."""

import time
from dataclasses import asdict, dataclass
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any

import pandas as pd

from salary_bands.fingerprint import digest
from tests.simulate import plots, report
from tests.simulate.faults import SHARES, shifts
from tests.simulate.gates import CASES, held
from tests.simulate.pipeline import settings_at
from tests.simulate.population import SMALL_COUNTRIES
from tests.simulate.readings import (  # fmt: skip
    Reading,
    coverage,
    joined,
    judged_bands,
    judged_multipliers,
    judged_premiums,
    reading,
    sampled,
    truth_of,
)
from tests.simulate.work import Piece, Say, finished

JUDGED = 3  # one cell in so many


@dataclass(frozen=True)
class Size:
    """How much is simulated. worlds: how many, by their reports; the largest are those of premiums."""

    worlds: dict[int, int]
    faulty: int  # reports of the worlds that faults are put into
    gate_worlds: int
    ordinary: int  # draws in each of them
    faults: int  # draws of each fault in each of them
    flooded: int  # worlds into which fabricated rows are put
    shares: tuple[float, ...] = SHARES  # of these, among all rows
    cases: tuple[str, ...] = tuple(CASES)
    rounded: int = 2  # worlds of the fewest reports in which people round their pay

    def name(self) -> str:
        """What distinguishes the results of one size from those of another."""
        return digest(asdict(self))[:8]


USUAL = Size(
    {5_000: 8, report.MODEL_SIZE: 2}, 2_500, gate_worlds=2, ordinary=16, faults=1, flooded=1, shares=(0.05, 0.10)
)
SMALLEST = Size(
    {1_000: 2},
    350,
    gate_worlds=1,
    ordinary=1,
    faults=1,
    flooded=1,
    shares=(0.05,),
    cases=("ordinary", "flood"),
    rounded=1,
)


@dataclass(frozen=True)
class Found:
    """bands, premiums, multipliers: judged; cells: what became of them; shifts and refreshes: of faults.

    seconds: of processor time that it took.
    """

    bands: pd.DataFrame
    premiums: pd.DataFrame
    multipliers: pd.DataFrame
    cells: pd.DataFrame
    correlation: pd.DataFrame
    shifts: pd.DataFrame
    refreshes: pd.DataFrame
    seconds: float


def simulated(size: Size, folder: Path, pool: Pool, say: Say) -> Found:
    """Run it all; the same for the same size, whatever the number of workers, and if it goes on after a stop."""
    results = finished(pieces(size), folder, pool, say)

    def of(start: str) -> list[Any]:
        return [result.value for name, result in results.items() if name.startswith(start)]

    readings: list[Reading] = of("world")
    started = time.process_time()
    truth = truth_of(settings_at(Path()))
    bands = sampled(joined(readings, "bands"), JUDGED)
    say(f"{len(bands)} cells are compared with the truth")
    return Found(
        bands=judged_bands(bands, truth),
        premiums=judged_premiums(joined(readings, "premiums"), truth),
        multipliers=judged_multipliers(joined(readings, "multipliers"), truth),
        cells=joined(readings, "cells"),
        correlation=joined(readings, "correlation"),
        shifts=pd.concat(of("flooded"), ignore_index=True),
        refreshes=pd.concat(of("refreshes"), ignore_index=True),
        seconds=sum(result.seconds for result in results.values()) + time.process_time() - started,
    )


def pieces(size: Size) -> list[Piece]:
    """The work, the longest first."""
    largest = max(size.worlds)
    worlds = [
        Piece(f"world-{reports}-{n}", reading, (reports + n, reports, reports == largest))
        for reports in sorted(size.worlds, reverse=True)
        for n in range(size.worlds[reports])
    ]
    draws = {case: size.ordinary if case == "ordinary" else size.faults for case in size.cases}
    gates = [Piece(f"refreshes-{n}", held, (900 + n, size.faulty, draws)) for n in range(size.gate_worlds)]
    flooded = [Piece(f"flooded-{n}", shifts, (800 + n, size.faulty, size.shares)) for n in range(size.flooded)]
    return [*gates, *worlds, *flooded]


def write(found: Found, page: Path, size: Size) -> None:
    """The generated part of the page, and the plots beside it."""
    folder = page.parent / "simulation"
    for name, chart in charts(found).items():
        plots.write(chart, folder / f"{name}.svg")
    page.write_text(report.inserted(page.read_text(encoding="utf-8"), text(found, size)), encoding="utf-8")


def charts(found: Found) -> dict[str, plots.alt.TopLevelMixin]:
    whole = found.premiums[found.premiums["tier"].eq("all") & found.premiums["level"].eq("all")]
    whole = whole[whole["metric"].eq("base") & whole["baseline"].eq("ml_generalist") & whole["view"].eq("leaf")]
    means = whole.groupby("group_id")[["figure", "low", "high", "true"]].mean().reset_index(names="group")
    held_share = found.refreshes.groupby("case")["held"].mean()
    refreshes = [
        {"what": what, "share": float(held_share[c]), "ordinary": c == "ordinary"}
        for c, (what, _) in CASES.items()
        if c in held_share
    ]
    medians = found.shifts.groupby(["kind", "share", "fenced", "percentile"])["shift"].median().reset_index()
    shares = direct_shares(found)
    return {
        "coverage": plots.coverage_chart(shares[shares["intervals"].ge(report.FEWEST)], list(report.CLASSES)),
        "premiums": plots.premiums_chart(means),
        "shifts": plots.shifts_chart(medians),
        "gates": plots.gates_chart(pd.DataFrame(refreshes)),
    }


def direct_shares(found: Found) -> pd.DataFrame:
    direct = found.bands[found.bands["basis"].eq("direct")]
    return coverage(
        direct.assign(size_class=report.size_class(direct["n_effective"])), ["metric", "size_class", "percentile"]
    )


def text(found: Found, size: Size) -> str:
    """The generated part, between its markers."""
    shares = direct_shares(found)
    direct, pooled = (found.bands[found.bands["basis"].eq(basis)] for basis in ("direct", "pooled"))
    axes = _by_kind(direct)
    kinds = _by_kind(pooled) if len(pooled) else pooled
    bars = [
        *report.direct_bars(shares), *report.model_bars(found.premiums, found.multipliers),
        *report.pooled_bars(pooled), *report.gate_bars(found.refreshes),
    ]  # fmt: skip
    worlds = found.bands.groupby("size")["world"].nunique()
    drawn = " and ".join(f"{count} of {size:,} reports" for size, count in worlds.items())
    likeness = found.correlation.groupby("metric")[["p10", "p50"]].mean()
    mark = report.mark()
    factors = coverage(found.multipliers[found.multipliers["factor"].ne("baseline")], ["metric", "factor"])
    return f"""{mark}

Pay was made up after a known law, so that the truth is known, and put through the same code as real exports: worlds of
their own, {drawn}, with 18 specialisations, five tiers, ten places, three sources and employers of very unequal size;
12 % of reports without an employer, others at employers not on our list, 12 % with a level from experience, 10 % with
none. `base` has normal residuals and employers little alike (correlation {likeness.loc["base", "p50"]:.2f} for P50,
{likeness.loc["base", "p10"]:.2f} for P10), `total` heavy tails and employers very alike
({likeness.loc["total", "p50"]:.2f}, {likeness.loc["total", "p10"]:.2f}). `make simulate` makes this section in
{found.seconds / 60:.0f} minutes of processor time; a test fails if the settings or the declared method are others.

{report.bars_table(bars)}

A figure after ± is two standard errors over worlds: what all cells of a world have in common counts once. The run is
cut to a quarter of an hour, and pays for it: {worlds.min()} to {worlds.max()} worlds of a size tell these errors
themselves to a third or so, and if none of {size.gate_worlds * size.ordinary} ordinary refreshes is held, one in
{size.gate_worlds * size.ordinary // 3} may still be.

**Direct intervals.** Share that holds the truth, in %, base / total, by effective reports and by kind of cell; a dot is
fewer than {report.FEWEST} intervals.

{report.coverage_table(shares, "size_class", list(report.CLASSES))}

{report.coverage_table(axes, "kind", list(dict.fromkeys(axes["kind"])))}

![Share of direct intervals that hold the truth, by effective reports](simulation/coverage.svg)

**Thin cells, pooled with the model.** The same of pooled cells.

{report.coverage_table(kinds, "kind", list(dict.fromkeys(kinds["kind"]))) if len(pooled) else "There was none."}

{report.pooled_errors(pooled)} 

**Premiums** at {report.MODEL_SIZE:,} reports, and the range across tiers and levels beside the true one.

{report.premiums_table(found.premiums)}

Multipliers hold the truth in {report._per(factors["share"].min())} of cases
(`{factors.loc[factors["share"].idxmin(), "factor"]}`) to {report._per(factors["share"].max())}, by factor and metric.

![Premiums over ml_generalist with the mean interval, the true ones in red](simulation/premiums.svg)

**What is withheld.** Of the cells that have a report, in %, by what became of them.

{report.fates_table(found.cells)}

**Fabricated rows.** How far they move a cell that shows both: the median cell (and one in ten more than). The fence of
outliers takes out what is in the wrong unit, not lies; those are for the gates.

{report.shifts_table(found.shifts)}

![Shift of P50 and P90 by share of fabricated rows](simulation/shifts.svg)

**Gates.** Refreshes a week after a release of {size.faulty:,} reports. Pay a thousand times too high or too low does
not get this far: its rows are rejected, and with them the export.

{report.gates_table(found.refreshes)}

![Share of refreshes that the gates held](simulation/gates.svg)

{report.CLOSE}"""


def _by_kind(bands: pd.DataFrame) -> pd.DataFrame:
    """Coverage by what kind of cell it is: tier, level, market, group."""
    kinds = {
        "T1, T2": bands["tier"].isin(["T1", "T2"]),
        "T3 to T5": bands["tier"].isin(["T3", "T4", "T5"]),
        "tier unknown": bands["tier"].eq("unknown"),
        "all tiers": bands["tier"].eq("all"),
        "a level": bands["level"].str.startswith("L"),
        "a stage": bands["level"].isin(["early", "senior"]),
        "all levels": bands["level"].eq("all"),
        "a metro": bands["market"].str.contains("-"),
        "a country": bands["market"].str.len().eq(2),
        "a small country": bands["market"].isin(SMALL_COUNTRIES),
        "the world": bands["market"].eq("global"),
        "one specialisation": bands["view"].eq("leaf") & bands["group_id"].ne("all"),
        "several": bands["view"].ne("leaf") | bands["group_id"].eq("all"),
    }
    parts = [
        coverage(bands[chosen].assign(kind=kind), ["metric", "kind", "percentile"])
        for kind, chosen in kinds.items()
        if chosen.any()
    ]
    return pd.concat(parts, ignore_index=True)
