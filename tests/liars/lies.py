"""Made-up reports in cells of some forty honest ones."""

from datetime import timedelta

import numpy as np
import pandas as pd

from tests.liars.releases import KEY, delivered
from tests.simulate.population import AS_OF, SOURCES, Population, World

SIZE = 3_000  # honest reports of a year
COUNTS = (4, 8, 16, 24, 32)
HONEST = (35, 45)  # reports of the cells that are lied about
FACTORS = (1.35, 1.6)
FORMS = {  # weeks over which the lies come, and the sources that deliver them
    "one week, a new source": (1, ("east",)),
    "one week, a known source": (1, SOURCES[:1]),
    "twelve weeks, three new sources": (12, ("east", "midlands", "coast")),
    "twelve weeks, three known sources": (12, SOURCES),
}
TARGETS = 3  # cells of a world that are lied about at once
YEAR = (AS_OF - timedelta(days=364), AS_OF)


def world_of(number: int) -> World:
    return World(Population(20260630 + number), 9_000 + number)


def lied(number: int, counts: tuple[int, ...] = COUNTS, forms: tuple[str, ...] = tuple(FORMS)) -> pd.DataFrame:
    """Return how far each number of lies moves P50, and what becomes of the cell.

    Columns: form, count, is_target (the others contain a target), KEY, n_honest, move, is_withheld.
    """
    honest = world_of(number).reports(SIZE, 0, YEAR)
    found = []
    with delivered(honest) as deliveries:
        before = deliveries.cells(AS_OF)
        targets = targets_of(honest, before, number)
        for form in forms:
            for count in counts:
                rng = np.random.default_rng([number, count, list(FORMS).index(form)])
                lies = pd.concat([made_up(honest, t, count, form, rng) for t in targets], ignore_index=True)
                known = len(deliveries.states)
                deliveries.deliver(lies)
                after = deliveries.cells(AS_OF)
                deliveries.without_last(len(deliveries.states) - known)
                found.append(compared(before, after, targets).assign(form=form, count=count))
    return pd.concat(found, ignore_index=True)


def targets_of(honest: pd.DataFrame, cells: pd.DataFrame, number: int) -> list[tuple[str, str, str]]:
    """Return (leaf, tier, level) of cells of the United States with some forty reports, of different leaves."""
    rows = cells.reset_index()
    rows = rows[
        rows["metric"].eq("base") & rows["market"].eq("US") & rows["n_reports"].between(*HONEST)
        & rows["group_id"].ne("all") & rows["tier"].ne("unknown") & rows["level"].str.startswith("L")
        & rows["p50"].notna() & ~rows["is_unsettled"]
    ]  # fmt: skip
    shuffled = rows.sample(frac=1, random_state=number).drop_duplicates("group_id").head(TARGETS)
    return [tuple(row) for row in shuffled[["group_id", "tier", "level"]].itertuples(index=False)]


def made_up(
    honest: pd.DataFrame, target: tuple[str, str, str], count: int, form: str, rng: np.random.Generator
) -> pd.DataFrame:
    """Return lies: 1.35 to 1.6 times the pay of honest people, at the employers and places that these name."""
    leaf, tier, level = target
    peers = honest[honest["level"].eq(level) & honest["country"].eq("US")]
    peers = peers if tier == "all" else peers[peers["tier"].eq(tier)]
    named = peers[peers["employer"].notna()]
    lies = named.iloc[rng.integers(0, len(named), count)].reset_index(drop=True)
    weeks, sources = FORMS[form]
    factor = rng.uniform(*FACTORS, count)
    back = np.sort(rng.integers(0, weeks, count))[::-1]
    return lies.assign(
        leaf=leaf,
        level_basis="title",
        source=[sources[n % len(sources)] for n in range(count)],
        day=[AS_OF - timedelta(days=int(7 * n)) for n in back],
        delivered=[AS_OF - timedelta(days=int(7 * n)) for n in back],
        **{m: np.round(lies[m] * factor, -2).astype("int64") for m in ("base", "total")},
    )


def compared(before: pd.DataFrame, after: pd.DataFrame, targets: list[tuple[str, str, str]]) -> pd.DataFrame:
    """Return the cells of the targets, and those that contain one, which showed a median before the lies."""
    both = before.add_suffix("_before").join(after.add_suffix("_after"), how="inner").reset_index()
    both = both[both["p50_before"].notna() & both["p50_after"].notna() & ~both["is_unsettled_before"]]
    both = both[both["market"].eq("US") & both["metric"].isin(["base", "total"])]
    is_target = pd.Series(False, both.index)
    contains = pd.Series(False, both.index)
    for leaf, tier, level in targets:
        stage = "early" if level in ("L3", "L4") else "senior"
        own = both["group_id"].eq(leaf) & both["tier"].eq(tier) & both["level"].eq(level)
        is_target |= own
        contains |= (
            both["group_id"].isin([leaf, "all"]) & both["tier"].isin([tier, "all"])
            & both["level"].isin([level, stage, "all"]) & ~own
        )  # fmt: skip
    both = both.assign(is_target=is_target, move=both["p50_after"] / both["p50_before"] - 1)
    both = both.assign(is_withheld=both["is_unsettled_after"], n_honest=both["n_reports_before"])
    return both.loc[is_target | contains, [*KEY, "is_target", "n_honest", "move", "is_withheld"]]
