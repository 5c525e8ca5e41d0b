"""Bands with the defence off: order statistics of all reports of a cell, to show that the attack wins against them."""

from typing import Any

import numpy as np
import pandas as pd

from tests.attack.cells import CELL, PERCENTILES, bound_ranks, groups_of
from tests.simulate.population import AS_OF, METRICS

FEWEST = 10
HALF_LIFE = 6  # months


def open_bands(person: "pd.Series[Any]", reports: pd.DataFrame) -> pd.DataFrame:
    """The rows of `bands` that the person may be in, with the columns that an attacker reads."""
    days = pd.to_datetime(reports["day"])
    age = 12 * (AS_OF.year - days.dt.year) + AS_OF.month - days.dt.month
    weights = 0.5 ** (age.to_numpy() / HALF_LIFE)
    days_old = (pd.Timestamp(AS_OF) - days).dt.days.to_numpy()
    leaves: dict[tuple[str, str], list[str]] = {}
    for leaf in reports["leaf"].unique():
        for group in groups_of(leaf):
            leaves.setdefault(group, []).append(leaf)
    levels = {"all": np.ones(len(reports), bool)} | {
        person["level"]: reports["level"].eq(person["level"]).to_numpy(),
        person["stage"]: reports["stage"].eq(person["stage"]).to_numpy(),
    }
    tiers = {"all": np.ones(len(reports), bool), person["tier"]: reports["tier"].eq(person["tier"]).to_numpy()}
    markets = {"global": np.ones(len(reports), bool), person["country"]: reports["country"].eq(person["country"])}
    if isinstance(person["metro"], str):
        markets[person["metro"]] = reports["metro"].eq(person["metro"])
    rows = []
    for view, group in groups_of(person["leaf"]):
        in_group = reports["leaf"].isin(leaves[view, group]).to_numpy()
        for tier, of_tier in tiers.items():
            for level, of_level in levels.items():
                for market, of_market in markets.items():
                    chosen = np.flatnonzero(in_group & of_tier & of_level & np.asarray(of_market))
                    if len(chosen) < FEWEST:
                        continue
                    weight = weights[chosen]
                    effective = float(weight.sum() ** 2 / (weight**2).sum())
                    cell = dict(zip(CELL, (view, group, tier, level, market), strict=True))
                    counts = {
                        "n_reports": len(chosen), "n_effective": effective, "shrinkage_weight": np.nan,
                        "median_age_days": float(np.median(days_old[chosen])), "evidence": "reported",
                    }  # fmt: skip
                    for metric in METRICS:
                        pay = reports[metric].to_numpy()[chosen]
                        rows.append({**cell, **counts, "metric": metric, **_figures(pay, weight, effective)})
    return pd.DataFrame(rows, columns=None if rows else ["metric"])


def _figures(pay: "np.ndarray[Any, Any]", weight: "np.ndarray[Any, Any]", effective: float) -> dict[str, float]:
    order = np.argsort(pay, kind="stable")
    pay, cumulated = pay[order].astype(float), np.cumsum(weight[order]) / weight.sum()
    middle = cumulated - weight[order] / weight.sum() / 2
    found = {}
    for q in PERCENTILES:
        low, high = bound_ranks(int(effective), q)
        name = f"p{round(100 * q)}"
        bounded = np.isfinite(low)
        found[name] = _rounded(float(np.interp(q, middle, pay))) if bounded else np.nan
        for side, rank in (("low", low), ("high", high)):
            order_statistic = pay[min(int(np.searchsorted(cumulated, rank)), len(pay) - 1)] if bounded else np.nan
            found[f"{name}_{side}"] = _rounded(order_statistic) if bounded else np.nan
    return found


def _rounded(pay: float) -> float:
    step = 100 if pay < 50_000 else 500
    return step * float(np.floor(pay / step + 0.5))
