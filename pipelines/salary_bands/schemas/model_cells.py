"""model_cells: sufficient statistics of the reports that the model is fitted to."""

from salary_bands.schemas.columns import Table, column

_LOG = "log pay over 100,000 USD, 1 / 2^16"


class ModelCells(Table):
    """Counts and sums of log pay of the reports in the model, by all factors of the model. Not published.

    Key: metric, leaf, tier, level, country, market, month, source, employer.
    """

    metric: str = column("base or total")
    leaf: str = column("Core leaf")
    tier: str = column("T1 to T5")
    level: str = column("L3 to L7, not from years of experience")
    country: str = column("ISO 3166 alpha-2")
    market: str = column(
        "The smallest place with enough reports: a metro, a country, or global for the rest of the world"
    )
    month: str = column("Calendar month, YYYY-MM")
    source: str = column("Source")
    employer: str = column("Employer")
    weight: int = column("Recency weight of each report", "1 / 2^20", ge=1)
    n: int = column("Reports", "reports", ge=1)
    sum_y: int = column("Sum of log pay", _LOG)
    sum_yy: int = column("Sum of squared log pay", "the square of that unit", ge=0)
