"""What answers for a cell that shows nothing: the model's estimate of it, else the nearest shown cell."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from salary_bands.settings import Settings
from salary_bands.statistics.estimates import identified_cells
from salary_bands.statistics.nearest import Effects, effects_of, nearest_cells
from salary_bands.statistics.parts import AXES, Parts

_USED = ["use_view", "use_group_id", "use_tier", "use_level", "use_market", "use_basis", "use_distance"]


def instead_of(
    withheld: pd.DataFrame, shown: pd.DataFrame, parts: Mapping[str, Parts], settings: Settings
) -> pd.DataFrame:
    """Return the withheld cells with the view, group_id, tier, level, market, basis and distance of what to use.

    Args:
        withheld: view, group_id, and the columns of shown but the basis.
        shown: group (`view group_id`), tier, level, market, evidence, metric, basis.
        parts: of the fit of each modelled metric.
    """
    found = []
    for key, wanted in withheld.groupby(["evidence", "metric"]):
        evidence, metric = map(str, key)
        of_kind = shown[shown["evidence"].eq(evidence) & shown["metric"].eq(metric)].reset_index(drop=True)
        near = nearest_cells(of_kind, wanted, _effects(evidence, metric, parts, settings))
        used = of_kind.reindex(near["row"].where(near["row"] >= 0)).reset_index(drop=True)
        modelled = _modelled(wanted, parts.get(metric) if evidence == "reported" else None, settings)
        own = wanted.reset_index(drop=True)
        used = used.assign(distance=near["distance"].round(2))
        estimated = own.assign(basis="modelled", distance=0.0)
        used = pd.DataFrame({name: used[name].where(~modelled, estimated[name]) for name in used})
        named = used["group"].str.split(" ", n=1, expand=True).reindex(columns=[0, 1])
        values = [named[0], named[1], *(used[name] for name in (*AXES[1:], "basis", "distance"))]
        found.append(own.assign(**dict(zip(_USED, values, strict=True))))
    types = {**dict.fromkeys(_USED[:-1], "str"), "use_distance": "float64"}
    columns = [*withheld.columns, *_USED]
    return pd.concat([pd.DataFrame(columns=columns), *found], ignore_index=True)[columns].astype(types)


def _effects(evidence: str, metric: str, parts: Mapping[str, Parts], settings: Settings) -> Effects:
    """Return the effects that say how near cells are: the metric's own, else those of total, for adverts of base."""
    names = (metric, "base", "total") if evidence == "advertised" else (metric, "total", "base")
    for name in names:
        if name in parts:
            return effects_of(parts[name], settings.min_effective_employers)
    return {axis: {} for axis in AXES}


def _modelled(wanted: pd.DataFrame, parts: Parts | None, settings: Settings) -> np.ndarray:
    """Return which of the cells the model estimates."""
    if parts is None:
        return np.zeros(len(wanted), bool)
    known = identified_cells(parts, sorted({*zip(wanted["view"], wanted["group_id"], strict=True)}), settings)
    return np.array([cell in known for cell in wanted[list(AXES)].itertuples(index=False, name=None)], bool)
