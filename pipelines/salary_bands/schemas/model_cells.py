"""model_cells: sufficient statistics of the reports that the model is fitted to."""

import pandas as pd

from salary_bands.schemas.columns import Table, column

_LOG = "log pay over 100,000 USD, 1 / 2^16"


class ModelCells(Table):
    """Counts and sums of log pay of the reports in the model or in its predictions, by all factors. Not published.

    Key: metric, leaf, tier, level, is_inferred, country, market, month, source, employer, weight.
    """

    metric: str = column("base or total")
    leaf: str = column("Core leaf")
    tier: str = column("T1 to T5, or unknown")
    level: str = column("L3 to L7")
    is_inferred: pd.BooleanDtype = column("The level is from years of experience")
    is_modelled: pd.BooleanDtype = column("The reports are in the model; the others are in predictions alone")
    country: str = column("ISO 3166 alpha-2")
    market: str = column(
        "The smallest place with enough reports: a metro, a country, or global for the rest of the world"
    )
    month: str = column("Calendar month, YYYY-MM")
    source: str = column("Source")
    employer: str = column("Employer; null if it is not known, which only predictions allow", nullable=True)
    weight: int = column("Recency weight of each report", "1 / 2^20", ge=1)
    n: int = column("Reports", "reports", ge=1)
    sum_y: int = column("Sum of log pay", _LOG)
    sum_yy: int = column("Sum of squared log pay", "the square of that unit", ge=0)
