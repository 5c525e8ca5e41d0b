"""Read the claims of public pages as questions that a release answers."""

from pathlib import Path

import numpy as np
import pandas as pd

from salary_bands.reference import read_csv

PAY_METRICS = {"base": ("base",), "total": ("total",), "both": ("base", "total")}
CLAIM_KINDS = ("pay", "premium", "rank")
# The baseline for each comparator of a claim; a ranking has no comparator and is judged against ml_generalist.
COMPARATORS = {"nlp_pre_llm": "nlp_classical", "ml_generalist": "ml_generalist"}


def asked_claims(path: Path | None = None) -> pd.DataFrame:
    """Read the claims of a file, else of the reference, one row per claim and pay metric, in the order of the file.

    Returns:
        claim_id, source, view, group_id, kind, pay_metric, market, tier, level, baseline, low, high, open_ended. `kind`
        is pay, premium or rank. `level` is a level, else a stage, else `all`. `baseline` is null for pay. `low` and
        `high` are text in the claim's unit (USD a year, percent, rank); `high` is null if the range has no upper end.

    Raises:
        ValueError: A claim is incomplete or invalid. The message names it.
    """
    claims = pd.read_csv(path, dtype="str") if path else _listed()
    claims["comparator_group"] = claims["comparator_group"].where(claims["metric"].ne("rank"), "ml_generalist")
    asked = pd.DataFrame(
        {
            "claim_id": claims["claim_id"],
            "source": claims["source"],
            "view": claims["view"],
            "group_id": claims["group"],
            "kind": claims["metric"],
            "pay_metric": claims["pay_metric"].map(PAY_METRICS),
            "market": claims["market"],
            "tier": claims["tier"].fillna("all"),
            "level": claims["level"].fillna(claims["stage"]).fillna("all"),
            "baseline": claims["comparator_group"].map(COMPARATORS).astype("str"),
            "low": claims["low"],
            "high": claims["high"],
            "open_ended": claims["open_ended"].eq("yes"),
        }
    )
    faults = {
        f"metric must be one of {', '.join(CLAIM_KINDS)}": ~asked["kind"].isin(CLAIM_KINDS),
        f"pay_metric must be one of {', '.join(PAY_METRICS)}": asked["pay_metric"].isna(),
        f"comparator_group must be one of {', '.join(COMPARATORS)}": asked["kind"].ne("pay") & asked["baseline"].isna(),
        "low or high is missing": asked["low"].isna() | (asked["high"].isna() & ~asked["open_ended"]),
        "claim_id is a duplicate": asked["claim_id"].duplicated(),
    }
    for fault, rows in faults.items():
        if rows.any():
            raise ValueError(f"claims.csv: claim {asked.loc[rows, 'claim_id'].iloc[0]}: {fault}")
    return asked.explode("pay_metric", ignore_index=True).astype({"pay_metric": "str"})


def _listed() -> pd.DataFrame:
    return pd.DataFrame(read_csv("claims.csv")).replace("", np.nan).astype("str")
