"""multipliers: the factors by which specialisation, tier, level, market and month multiply pay."""

import pandas as pd

from salary_bands.schemas.columns import METRICS, MIN_COUNT, Table, column
from salary_bands.schemas.report_columns import USD

FACTORS = ("baseline", "specialisation", "tier", "level", "market", "month")
_RATIO = "ratio to the baseline's"


class Multipliers(Table):
    """Factors on modelled pay relative to ml_generalist, T4, L5, US. Factors of different kinds multiply.

    Key: factor, value, metric.
    """

    factor: str = column("baseline, specialisation, tier, level, market, month", isin=FACTORS)
    value: str = column(
        "Leaf, tier, level, market or month (YYYY-MM); for the baseline its four values. `rest_of_world` is all "
        "countries with too few reports of their own"
    )
    metric: str = column("base or total", isin=METRICS)
    multiplier: float = column("Multiplier; null if it rests on too few employers", _RATIO, nullable=True)
    low: float = column("Lower bound of its 95 % interval; null for baseline values", _RATIO, nullable=True)
    high: float = column("Upper bound of its 95 % interval", _RATIO, nullable=True)
    usd: pd.Int64Dtype = column("Modelled median: that of the baseline times the multiplier", USD, nullable=True)
    usd_low: pd.Int64Dtype = column(
        "For the baseline, the lower bound of its 95 % interval; else usd at `low`", USD, nullable=True
    )
    usd_high: pd.Int64Dtype = column(
        "For the baseline, the upper bound of its 95 % interval; else usd at `high`", USD, nullable=True
    )
    n: pd.Int64Dtype = column(
        "Reports with that value in the fit; null below 10", "reports", nullable=True, ge=MIN_COUNT
    )

    class Config:
        unique = ("factor", "value", "metric")
