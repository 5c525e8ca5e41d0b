"""What public pages claim, as the questions that a release answers."""

from pathlib import Path

import pandas as pd

from salary_bands.reference import FOLDER

PAY_METRICS = {"base": ("base",), "total": ("total",), "both": ("base", "total")}
CLAIM_KINDS = ("pay", "premium", "rank")
# comparator of a claim to baseline of premiums; a claim of rank has none and is compared with the generalist
COMPARATORS = {"nlp_pre_llm": "nlp_classical", "ml_generalist": "ml_generalist"}


def asked_claims(path: Path = FOLDER / "claims.csv") -> pd.DataFrame:
    """claim_id, source, view, group_id, kind, pay_metric, market, tier, level, baseline, low, high, open_ended.

    One row per claim and pay metric, in the order of the file: `both` asks twice. kind: pay, premium or rank; level: a
    level, else a stage, else `all`; baseline: null for pay; low, high: text in the claim's unit (USD a year, percent,
    rank), high null where the range has no upper end. Raises ValueError naming a claim that cannot be asked.
    """
    claims = pd.read_csv(path, dtype="str")
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
        "is of no known kind": ~asked["kind"].isin(CLAIM_KINDS),
        "names no pay that we know": asked["pay_metric"].isna(),
        "compares with no baseline": asked["kind"].ne("pay") & asked["baseline"].isna(),
        "has no range": asked["low"].isna() | (asked["high"].isna() & ~asked["open_ended"]),
        "stands twice": asked["claim_id"].duplicated(),
    }
    for fault, rows in faults.items():
        if rows.any():
            raise ValueError(f"{path.name}: claim {asked.loc[rows, 'claim_id'].iloc[0]} {fault}")
    return asked.explode("pay_metric", ignore_index=True).astype({"pay_metric": "str"})
