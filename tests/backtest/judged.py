"""How far apart earlier and later figures are, in standard errors, once what all pay did in between is taken out."""

from collections.abc import Callable

import numpy as np
import pandas as pd

Z = 1.96
DRAWS = 400


def judged(splits: pd.DataFrame) -> pd.DataFrame:
    """The rows with `difference` (log), `error`, `drift` and `z`.

    The drift is the mean difference of a metric, percentile and date, weighted by precision: pay rises, and who reports
    changes. The error is that of both figures, each a 95 % interval over twice 1.96.
    """
    own, later = (np.log(splits[f"high{end}"] / splits[f"low{end}"]) / (2 * Z) for end in ("", "_after"))
    rows = splits.assign(difference=np.log(splits["figure"] / splits["figure_after"]), error=np.hypot(own, later))
    rows = rows[rows["error"].gt(0)]
    weight = 1 / rows["error"] ** 2
    keys = [rows[name] for name in ("metric", "percentile", "until")]
    drift = (weight * rows["difference"]).groupby(keys).transform("sum") / weight.groupby(keys).transform("sum")
    return rows.assign(drift=drift, z=(rows["difference"] - drift) / rows["error"])


def kind_of(rows: pd.DataFrame) -> pd.Series:
    """The kind that a cell is pooled with, as the manifest names it."""
    tiers = np.where(rows["tier"].eq("all"), "all", np.where(rows["tier"].isin(["T1", "T2"]), "listed", "other"))
    levels = np.where(rows["level"].isin(["early", "senior"]), "stage", "level")
    return pd.Series([f"{t}_{v}" for t, v in zip(tiers, levels, strict=True)], index=rows.index)


def outside(z: np.ndarray) -> float:
    """The share of differences that chance alone would make in 1 of 20 cases, in %."""
    return float(100 * (np.abs(z) > Z).mean())


def spread(z: np.ndarray) -> float:
    """The root mean square of z: 1 if intervals are as wide as they should be, less if they are cautious."""
    return float(np.sqrt((z**2).mean()))


def interval(rows: pd.DataFrame, cluster: str, of: Callable[[np.ndarray], float]) -> tuple[float, float]:
    """95 % of a figure of z by bootstrap, whole clusters being drawn: what they have in common counts once."""
    groups = [part.to_numpy(float) for _, part in rows.groupby(cluster)["z"]]
    rng = np.random.default_rng(17)
    draws = [of(np.concatenate([groups[n] for n in rng.integers(0, len(groups), len(groups))])) for _ in range(DRAWS)]
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(high)
