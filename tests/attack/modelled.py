"""How often premiums, multipliers and pooled figures visibly move when one report arrives, and whose report it is."""

import tempfile
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from salary_bands.vocabulary.dates import months_before
from tests.attack.cells import cells_with, groups_of
from tests.attack.releases import Deliveries
from tests.attack.worlds import QUIET, SIZES, newcomers
from tests.simulate.pipeline import by_source, settings_at
from tests.simulate.population import AS_OF, Population, World

KEYS = {
    "premiums": ["view", "group_id", "baseline", "metric", "tier", "level"],
    "multipliers": ["factor", "value", "metric"],
    "pooled figures": ["view", "group_id", "tier", "level", "market", "metric"],
}
FIGURES = {"premiums": "premium", "multipliers": "multiplier", "pooled figures": "p50"}


def moves(size: str, number: int, persons: int) -> pd.DataFrame:
    """Let persons report one after the other; return of each figure and release: table, is_own, moved.

    is_own: the report is one of those that the figure is about; the others are the chance to compare with.
    """
    world = World(Population(20260630 + number), 5_000 + number)
    first = AS_OF - timedelta(days=QUIET)
    reports = world.reports(SIZES[size], 0, (months_before(AS_OF, 12), first))
    people = newcomers(world, persons)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        deliveries = Deliveries(settings_at(Path(folder)))
        for source, part in by_source(reports).items():
            deliveries.deliver(source.split("/")[0], part, first)
        before = _tables(deliveries)
        for place, (_, person) in enumerate(people.iterrows()):
            deliveries.deliver(person["source"], people.iloc[[place]], first + timedelta(days=place + 1))
            after = _tables(deliveries)
            for table, keys in KEYS.items():
                both = before[table].merge(after[table], on=keys, suffixes=("_0", "_1"))
                one, two = (both[f"{FIGURES[table]}_{side}"].to_numpy(float, na_value=np.nan) for side in (0, 1))
                shown = np.isfinite(one) & np.isfinite(two)
                own = _own(table, person, both)
                found.append(pd.DataFrame({"is_own": own, "moved": one != two})[shown].assign(table=table, place=place))
            before = after
    return pd.concat(found, ignore_index=True)


def _tables(deliveries: Deliveries) -> dict[str, pd.DataFrame]:
    tables = deliveries.release(modelled=True)
    bands = tables.pop("bands")
    return {**tables, "pooled figures": bands[bands["basis"].eq("pooled")]}


def _own(table: str, person: "pd.Series[str]", rows: pd.DataFrame) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    if table == "multipliers":
        values = {person["leaf"], person["tier"], person["level"], person["country"], person["metro"]}
        return rows["value"].isin(values).to_numpy()
    if table == "premiums":
        groups = pd.MultiIndex.from_tuples(sorted(groups_of(person["leaf"])))
        is_group = pd.MultiIndex.from_frame(rows[["view", "group_id"]]).isin(groups)
        place = rows["tier"].isin([person["tier"], "all"]) & rows["level"].isin(
            [person["level"], person["stage"], "all"]
        )
        return ((is_group | rows["baseline"].eq(person["leaf"])) & place).to_numpy()
    marked = rows.assign(evidence="reported")
    return marked.index.isin(cells_with(person, marked).index)
