"""How often the range of one person's pay holds the people who report next.

A release as of a split date is compared with the reports of the months after it: `share` inside P10 to P90 and inside
P25 to P75 of the estimate of the person's own cell. The market of a person is the metro if there is an estimate, else
the country. Intervals of shares are by employer, as clusters.
"""

from pathlib import Path

import numpy as np
import pandas as pd

CELL = ["tier", "level", "market", "metric"]
GROUP = "group_id"
Z = 1.96


def compared(estimates: pd.DataFrame, later: pd.DataFrame, known: set[str]) -> pd.DataFrame:
    """Return a row per later report and metric that an estimate is of.

    estimates: the table as of the split. later: window_reports, of the months after it. known: employers at the split.
    """
    of_leaf = estimates[estimates["view"].eq("leaf")]
    return pd.concat(
        [_of_metric(of_leaf[of_leaf["metric"].eq(m)], later, m) for m in ("base", "total")], ignore_index=True
    ).assign(seen=lambda rows: np.where(rows["employer"].isin(known), "seen", "unseen"))


def _of_metric(estimates: pd.DataFrame, later: pd.DataFrame, metric: str) -> pd.DataFrame:
    paid = later[later[metric].notna()].assign(metric=metric, group_id=later["leaf"])
    metros = paid.assign(market=paid["metro"]).merge(estimates, "inner", [GROUP, *CELL])
    rest = paid[~paid["row_hash"].isin(metros["row_hash"])]
    found = pd.concat([metros, rest.assign(market=rest["country"]).merge(estimates, "inner", [GROUP, *CELL])])
    pay = found[metric].astype(float)
    return found.assign(
        place=np.where(found["country"].eq("US"), "US", "outside the US"),
        within_80=pay.between(found["person_p10"], found["person_p90"]),
        within_50=pay.between(found["person_p25"], found["person_p75"]),
        width=np.log(found["person_p90"] / found["person_p10"]),
        error=np.log(pay / found["p50"]),
    )


def share(rows: pd.DataFrame) -> tuple[int, int, float, float, float, float]:
    """Return reports, employers, the share within 80 %, its interval, and the share within 50 %."""
    inside = rows["within_80"].to_numpy(float)
    mean = inside.mean()
    moves = pd.Series(inside - mean).groupby(rows["employer"].fillna("unknown").to_numpy()).sum()
    count = len(moves)
    error = float(np.sqrt((moves**2).sum() * count / max(count - 1, 1))) / len(rows)
    return len(rows), count, mean, mean - Z * error, mean + Z * error, float(rows["within_50"].mean())


def later_reports(reports: Path, first: str, last: str) -> pd.DataFrame:
    """Return the used reports of people after one date and up to another.

    reports: window_reports of a release as of the last date or later.
    """
    found = pd.read_parquet(reports)
    ours = found["evidence"].eq("reported") & found["disposition"].isin(("used", "outside_window"))
    return found[ours & found["report_date"].gt(first) & found["report_date"].le(last) & found["level"].notna()]
