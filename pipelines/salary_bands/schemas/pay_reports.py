"""pay_reports: annual pay with leaf and tier, without titles and skills."""

from salary_bands.schemas.columns import TIERS, column
from salary_bands.schemas.report_columns import AnnualPay


class PayReports(AnnualPay):
    """One row per accepted row; the employer's folded name is the only text written by a person."""

    leaf: str = column("Finest specialisation")
    leaf_rule: str = column("Rule that decided the leaf")
    tier: str = column("Tier of the employer on that date", isin=TIERS)
