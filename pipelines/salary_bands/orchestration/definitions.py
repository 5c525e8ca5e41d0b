"""Assemble the Definitions that `dagster dev -w workspace.yaml` serves and `salary-bands refresh` executes."""

import dagster as dg

from salary_bands.orchestration.automation import PIPELINE_TAG, new_exports, stale_bands, weekly
from salary_bands.orchestration.exports import export_assets
from salary_bands.orchestration.rates import exchange_rates, rates_job, weekly_rates
from salary_bands.orchestration.release import (
    candidate,
    candidate_checks,
    enough_is_known,
    no_export_is_held,
    release,
    tables,
    window_reports,
)
from salary_bands.orchestration.resources import Pipeline
from salary_bands.schemas import EXPORT_TABLES


def definitions(pipeline: Pipeline | None = None) -> dg.Definitions:
    """Define one pipeline, over the folders of the settings or of the given resource."""
    pipeline = pipeline or Pipeline()
    exports = dg.AssetSelection.assets(*EXPORT_TABLES)
    tags = {PIPELINE_TAG: pipeline.id()}
    return dg.Definitions(
        assets=[
            *export_assets(pipeline),
            window_reports,
            *tables,
            candidate,
            release,
            exchange_rates,
        ],
        asset_checks=[candidate_checks, enough_is_known, no_export_is_held],
        jobs=[
            dg.define_asset_job("export", selection=exports, tags=tags),
            dg.define_asset_job(
                "publish", selection=dg.AssetSelection.assets("release").upstream() - exports, tags=tags
            ),
            rates_job,
        ],
        sensors=[new_exports, stale_bands],
        schedules=[weekly, weekly_rates],
        resources={"pipeline": pipeline},
        executor=dg.in_process_executor,
    )
