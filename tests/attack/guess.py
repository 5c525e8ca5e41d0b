"""The guess: the best prediction of a person's pay from one release, before the person has reported."""

from typing import Any

import numpy as np
import pandas as pd

from tests.attack.cells import Floats

FACTORS = ("group_id", "tier", "level", "market")
RIDGE = 2.0  # effective reports that say that a value has no effect


def fitted(people: pd.DataFrame, metric: str, bands: pd.DataFrame) -> Floats:
    """The log pay that all medians of the release say of people: a ridge regression on leaf, tier, level, market.

    people: leaf, tier, level, stage, country, metro.
    """
    leaves = bands["view"].eq("leaf") & bands["evidence"].eq("reported") & bands["metric"].eq(metric)
    rows = bands[leaves & bands["p50"].notna()]
    weights = np.sqrt(rows["n_effective"].to_numpy(float))
    codes, columns = _dummies(rows)
    y = np.log(rows["p50"].to_numpy(float))
    mean = float(np.average(y, weights=weights))
    x = codes * weights[:, None]
    beta = np.linalg.solve(x.T @ codes + RIDGE * np.eye(codes.shape[1]), x.T @ (y - mean))
    effects = dict(zip(columns, beta, strict=True))
    found = [mean + _effect(person, effects) for _, person in people.iterrows()]
    return np.asarray(found)


def _dummies(rows: pd.DataFrame) -> tuple[Floats, list[tuple[str, str]]]:
    parts = [pd.get_dummies(rows[factor], dtype=float) for factor in FACTORS]
    columns = [(factor, str(value)) for factor, part in zip(FACTORS, parts, strict=True) for value in part.columns]
    return np.hstack([part.to_numpy() for part in parts]), columns


def _effect(person: "pd.Series[Any]", effects: dict[tuple[str, str], float]) -> float:
    """The sum of effects of the finest value that is shown of each factor."""
    finest = {
        "group_id": (person["leaf"], "all"),
        "tier": (person["tier"], "all"),
        "level": (person["level"], person["stage"], "all"),
        "market": (person["metro"], person["country"], "global"),
    }
    total = 0.0
    for factor, values in finest.items():
        total += next((effects[factor, str(value)] for value in values if (factor, str(value)) in effects), 0.0)
    return total
