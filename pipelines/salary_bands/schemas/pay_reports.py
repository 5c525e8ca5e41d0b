"""pay_reports: leaf and tier beside the pay; titles and skills end here."""

from salary_bands.schemas.columns import TIERS, column
from salary_bands.schemas.report_columns import AnnualPay


class PayReports(AnnualPay):
    """One row per accepted row; no text that a person wrote but the employer's folded name."""

    leaf: str = column("Finest specialisation")
    leaf_rule: str = column("Rule that gave the leaf")
    tier: str = column("Tier of the employer at that date", isin=TIERS)
