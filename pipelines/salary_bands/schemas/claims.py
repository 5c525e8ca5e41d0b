"""claims: statements of public pages about pay, judged on this release."""

import pandas as pd

from salary_bands.schemas.columns import Table, column

VERDICTS = ("supported", "contradicted", "insufficient_data")
WHY = ("suppressed", "straddles", "not_identified", "no_reports", "by_definition")
_UNIT = "whole USD a year, a ratio, or a rank"


class Claims(Table):
    """Statements of public pages about pay, judged on this release's reported figures. Key: claim_id, pay_metric."""

    claim_id: str = column("Id of the claim in `reference/claims.csv`")
    pay_metric: str = column("Kind of pay on which it is judged", isin=("base", "total"))
    verdict: str = column(
        "supported: our interval is inside the claimed range; contradicted: it is wholly outside; insufficient_data",
        isin=VERDICTS,
    )
    direction: str = column(
        "If contradicted: whether our figure is below or above", nullable=True, isin=("below", "above")
    )
    why: str = column(
        "If data are insufficient: suppressed, straddles (the interval crosses an end of the range), "
        "not_identified, no_reports, by_definition",
        nullable=True,
        isin=WHY,
    )
    figure: float = column("Our figure: median, premium or rank", _UNIT, nullable=True)
    low: float = column("Lower bound of its 95 % interval; for a rank, the best possible rank", _UNIT, nullable=True)
    high: float = column("Upper bound of its 95 % interval; for a rank, the worst possible rank", _UNIT, nullable=True)
    n: pd.Int64Dtype = column(
        "Reports behind the figure; null below 10 if the figure is withheld", "reports", nullable=True, ge=0
    )
    p25: pd.Int64Dtype = column("25th percentile of pay", "whole USD a year", nullable=True)
    p75: pd.Int64Dtype = column("75th percentile of pay", "whole USD a year", nullable=True)
    share_inside: float = column(
        "Share of the weight of the cell's reports inside the claimed range", "share, 0 to 1", nullable=True
    )

    class Config:
        unique = ("claim_id", "pay_metric")
