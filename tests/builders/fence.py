"""The fence of outliers over a few pays, without the steps before it."""

import pandas as pd

from salary_bands.settings import Settings
from salary_bands.storage.duck import add_table, in_memory, run_step

STEPS = ("fences", "level_effects", "country_fences", "agreed_pays", "fenced_reports")


def fenced_rows(pays: pd.DataFrame, settings: Settings) -> dict[int, str]:
    """Row to base_fence or total_fence, of the rows outside.

    pays: row, evidence, tier, level, country, employer, leaf, metric, pay; several metrics of a row are rows.
    """
    with in_memory() as connection:
        add_table(connection, "pays", pays)
        connection.execute(
            "CREATE TABLE log_pays AS SELECT * EXCLUDE (pay), 1 AS export_number, fixed_log(pay) AS log_pay, "
            "true AS is_reference FROM pays"
        )
        add_table(connection, "refresh", pd.DataFrame([settings.method()]))
        for step in STEPS:
            run_step(connection, f"window_reports/{step}")
        found = connection.execute('SELECT "row", metric FROM fenced_reports').fetchall()
    return {row: f"{metric}_fence" for row, metric in found}
