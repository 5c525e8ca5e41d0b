"""estimates: what the model says of cells, whether or not reports can show them."""

import numpy as np

from salary_bands.schemas.columns import METRICS, Table, column
from salary_bands.schemas.report_columns import USD

_PERSON = "of the pay of one more person who reports from such a cell"


class Estimates(Table):
    """Modelled medians, and the range of one person's pay, of every cell whose parts the model identifies.

    The cells are those of `bands`: where it has a direct figure, that one is the better answer. Figures are rounded as
    there, or to 1,000 to 10,000 USD if that is at most a quarter of the width of the interval and a tenth of the
    median. Key: view, group_id, evidence, tier, level, market, metric.
    """

    release: str = column("Version of the release")
    as_of: np.dtype("datetime64[us]") = column("Last day of the window")  # type: ignore[valid-type]
    evidence: str = column("reported: people's pay", isin=["reported"])
    view: str = column("Published taxonomy: leaf, cards, llm_roles, career_paths, specialties")
    group_id: str = column("Group of leaves in that view")
    tier: str = column("T1 to T5, or all, mixed as the reports of the country are")
    level: str = column("L3 to L7; early, senior and all are mixed as the reports of the country are")
    market: str = column("A country (ISO 3166 alpha-2) or a metro")
    metric: str = column("base or total", isin=METRICS)
    p50: int = column("Modelled median: what group, tier, level and market add up to", USD)
    p50_low: int = column(
        "Lower bound of its 95 % interval, which allows for cells that are not what their parts add up to", USD
    )
    p50_high: int = column("Upper bound of its 95 % interval", USD)
    person_p10: int = column(
        f"10th percentile {_PERSON}. The range holds 80 % over all cells of a kind of tiers, not in each cell", USD
    )
    person_p25: int = column(f"25th percentile {_PERSON}", USD)
    person_p75: int = column(f"75th percentile {_PERSON}", USD)
    person_p90: int = column(f"90th percentile {_PERSON}", USD)
    n_near: float = column("Number of independent reports of the cell that would say its median as surely", "reports")
    basis: str = column("modelled", isin=["modelled"])
    distance: float = column(
        "How far the nearest direct cell is: the sum of |log of the multiplier| between their groups, tiers, levels "
        "and markets. 0 if the cell itself is direct; null if none is",
        "log pay, 0.1 is about 10 %",
        nullable=True,
        ge=0,
    )
    method_version: str = column("Version of the formulas and settings")

    class Config:
        unique = ("view", "group_id", "evidence", "tier", "level", "market", "metric")
