"""What the levels of each country add to the model's prediction, shrunk towards it.

The model gives a level one effect in the whole world. Where a level adds more or less to pay, the mean residual of its
reports in a country says so, as far as there are reports (Fay and Herriot 1979, as for cells).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from salary_bands.settings import Settings
from salary_bands.statistics.heterogeneity import paule_mandel
from salary_bands.statistics.model import BY_EXPERIENCE, Fit, Floats
from salary_bands.statistics.modelled_cells import ModelledCells

_KEY = ["country", "rank"]


@dataclass(frozen=True)
class CountryLevels:
    """The effects of levels in countries, in log units.

    predicted: for each row of the fit, with the effect of its level in its country. effects: country, rank, effect,
    error2 (the variance of what the shrunk effect misses), overlap (how much of that goes with a report's own error).
    between: the variance of effects, in units of the variance within cells of the country.
    """

    predicted: Floats
    effects: pd.DataFrame
    between: float

    def within(self, country: str, levels: Sequence[str]) -> tuple[Floats, Floats]:
        """Return the effects of levels in a country and their squared errors, 0 without reports."""
        own = self.effects[self.effects["country"].eq(country)].set_index("rank").reindex(list(levels))
        return own["effect"].fillna(0.0).to_numpy(float), own["error2"].fillna(0.0).to_numpy(float)

    def of(self, cells: pd.DataFrame, mixes: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
        """Return the mean effect, its squared error and its overlap for each cell.

        Args:
            cells: cell, country.
            mixes: cell, factor, value, weight of the cells' reports in the model.
        """
        levels = mixes[mixes["factor"].eq("level")].merge(cells[["cell", "country"]], on="cell")
        levels = levels.assign(rank=levels["value"].str.removesuffix(BY_EXPERIENCE))
        weight = levels.groupby(["cell", *_KEY], as_index=False)["weight"].sum()
        shares = weight["weight"] / weight.groupby("cell")["weight"].transform("sum")
        known = weight[["cell", *_KEY]].assign(share=shares.astype(float)).merge(self.effects, on=_KEY)
        means = pd.DataFrame(
            {
                "cell": known["cell"],
                "effect": known["share"] * known["effect"],
                "error2": known["share"] ** 2 * known["error2"],
                "overlap": known["share"] ** 2 * known["overlap"],
            }
        )
        of_cell = means.groupby("cell").sum().reindex(cells["cell"], fill_value=0.0)
        effect, error2, overlap = (of_cell[name].to_numpy(float) for name in ("effect", "error2", "overlap"))
        return effect, error2, overlap


def country_levels(fit: Fit, correlation: float, settings: Settings) -> CountryLevels:
    """Estimate what each level adds in each country, given the intraclass correlation of log pay."""
    everybody = np.ones(len(fit.n), bool)
    within = ModelledCells(fit, ("leaf", "rank", "country"), everybody, correlation, settings)
    spreads = within.residual_variances(fit.fitted)
    found = ModelledCells(fit, ("country", "rank"), everybody, correlation, settings).distances(fit.fitted)
    spread = spreads.of(found.countries)
    between = 0.0
    if spreads.usual > 0 and found.filled.sum() > 1:
        standard = found.residual[found.filled] / np.sqrt(spread[found.filled])
        between = paule_mandel(standard, 1 / found.effective[found.filled], centre=0.0)
    share = between / (between + 1 / found.effective)
    effect = share * found.residual
    first = np.unique(found.number, return_index=True)[1]
    effects = fit.cells.iloc[first][_KEY].astype(str).reset_index(drop=True)
    effects = effects.assign(
        effect=effect, error2=between * (1 - share) * spread, overlap=share * spread / found.effective
    )
    return CountryLevels(fit.fitted + effect[found.number], effects, between)
