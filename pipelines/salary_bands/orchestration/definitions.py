"""The Definitions: what `dagster dev -w workspace.yaml` shows and `salary-bands refresh` executes."""

import dagster as dg

from salary_bands.orchestration.automation import export_job, new_exports, release_job, stale_bands, weekly
from salary_bands.orchestration.exports import normalised_reports, pay_reports, raw_reports, validated_reports
from salary_bands.orchestration.rates import exchange_rates, rates_job, weekly_rates
from salary_bands.orchestration.release import (
    candidate,
    candidate_checks,
    enough_is_known,
    release,
    tables,
    window_reports,
)
from salary_bands.orchestration.resources import Pipeline


def definitions(pipeline: Pipeline | None = None) -> dg.Definitions:
    """One pipeline, over the folders of the settings or of the given resource."""
    return dg.Definitions(
        assets=[
            raw_reports,
            validated_reports,
            normalised_reports,
            pay_reports,
            window_reports,
            *tables,
            candidate,
            release,
            exchange_rates,
        ],
        asset_checks=[candidate_checks, enough_is_known],
        jobs=[export_job, release_job, rates_job],
        sensors=[new_exports, stale_bands],
        schedules=[weekly, weekly_rates],
        resources={"pipeline": pipeline or Pipeline()},
        executor=dg.in_process_executor,
    )
