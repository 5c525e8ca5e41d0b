"""What answers for a cell that shows nothing: the model's estimate of it, else the nearest shown cell.

For a metro that the model does not identify and without a shown cell nearer than its country: the estimate of that.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from salary_bands.settings import Settings
from salary_bands.statistics.estimates import identified_cells
from salary_bands.statistics.nearest import UNKNOWN_AT_HOME, Effects, effects_of, nearest_cells
from salary_bands.statistics.parts import AXES, Parts
from salary_bands.vocabulary.markets import country_of_market

_USED = {
    "use_view": "view",
    "use_group_id": "group_id",
    "use_tier": "tier",
    "use_level": "level",
    "use_market": "market",
    "use_basis": "basis",
}


def instead_of(
    withheld: pd.DataFrame, shown: pd.DataFrame, parts: Mapping[str, Parts], settings: Settings
) -> pd.DataFrame:
    """Return the withheld cells with the view, group_id, tier, level, market, basis and distance of what to use.

    Args:
        withheld: the columns of shown but the basis.
        shown: view, group_id, group (`view group_id`), tier, level, market, evidence, metric, basis.
        parts: of the fit of each modelled metric.
    """
    row, distance = np.full(len(withheld), -1), np.full(len(withheld), np.nan)
    kinds = withheld[["evidence", "metric"]].drop_duplicates()
    for evidence, metric in kinds.itertuples(index=False, name=None):
        at, own = (np.flatnonzero(of["evidence"].eq(evidence) & of["metric"].eq(metric)) for of in (withheld, shown))
        wanted = withheld.iloc[at]
        near = nearest_cells(shown.iloc[own], wanted, _effects(evidence, metric, parts, settings))
        modelled, at_home = (
            _modelled(cells, parts.get(metric) if evidence == "reported" else None, settings)
            for cells in (wanted, _of_countries(wanted))
        )
        at_home &= ~(near["distance"].to_numpy() <= UNKNOWN_AT_HOME + 1e-9)
        # the estimates of cells and of their countries come after the shown cells
        estimated = np.select([modelled, at_home], [len(shown) + at, len(shown) + len(withheld) + at], -1)
        row[at] = np.where(estimated < 0, np.append(own, -1)[near["row"]], estimated)
        distance[at] = np.select([modelled, at_home], [0.0, UNKNOWN_AT_HOME], near["distance"].round(2))
    estimates = pd.concat([withheld, _of_countries(withheld)]).assign(basis="modelled")
    answers = pd.concat([shown, estimates], ignore_index=True)[[*_USED.values()]]
    used = answers.reindex(np.where(row < 0, len(answers), row)).set_axis([*_USED], axis=1).set_axis(withheld.index)
    return pd.concat([withheld, used.astype("str").assign(use_distance=distance)], axis=1)


def _of_countries(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the same cells of the country of their market."""
    countries = {market: country_of_market(market) for market in cells["market"].unique()}
    return cells.assign(market=cells["market"].map(countries))


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
