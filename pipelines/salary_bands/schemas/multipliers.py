"""multipliers: what each specialisation, tier, level, market and month multiplies pay by."""

import pandas as pd

from salary_bands.schemas.columns import METRICS, Table, column
from salary_bands.schemas.report_columns import USD

FACTORS = ("baseline", "specialisation", "tier", "level", "market", "month")
_RATIO = "ratio to the baseline's"


class Multipliers(Table):
    """What each value multiplies modelled pay by, relative to ml_generalist, T4, L5, US; they stack.

    Key: factor, value, metric.
    """

    factor: str = column("baseline, specialisation, tier, level, market, month", isin=FACTORS)
    value: str = column(
        "Leaf, tier, level, market or month (YYYY-MM); of the baseline its four. `global` is the rest of the world: "
        "countries with too few reports to stand alone"
    )
    metric: str = column("base or total", isin=METRICS)
    multiplier: float = column("Null where too few employers tell", _RATIO, nullable=True)
    low: float = column("Lower bound of its 95 % interval; null of a baseline", _RATIO, nullable=True)
    high: float = column("Upper bound of its 95 % interval", _RATIO, nullable=True)
    usd: pd.Int64Dtype = column("Modelled median: the baseline's times the multiplier", USD, nullable=True)
    usd_low: pd.Int64Dtype = column(
        "Of the baseline, the lower bound of its 95 % interval; else usd at low", USD, nullable=True
    )
    usd_high: pd.Int64Dtype = column("The same, upper bound", USD, nullable=True)
    n: int = column("Reports with that value in the fit", "reports", ge=0)

    class Config:
        unique = ("factor", "value", "metric")
