"""Asset and schedule of the exchange rates; if a fetch fails, the last good rates stay in use."""

import dagster as dg

from salary_bands.errors import RefreshError, UsageError
from salary_bands.ingest.exchange_rates import fetch_rates
from salary_bands.orchestration.resources import Pipeline


@dg.asset(
    group_name="reference",
    kinds={"python"},
    description="The European Central Bank's reference rates, if newer than those that came with the installation.",
    retry_policy=dg.RetryPolicy(max_retries=3, delay=60, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS),
)
def exchange_rates(pipeline: Pipeline) -> dg.MaterializeResult:
    settings = pipeline.settings()
    try:
        found = fetch_rates(settings.exchange_rates_url, settings.work)
    except (RefreshError, UsageError) as error:
        raise dg.Failure(str(error)) from None
    return dg.MaterializeResult(metadata=found)


rates_job = dg.define_asset_job("rates", selection=dg.AssetSelection.assets(exchange_rates))
weekly_rates = dg.ScheduleDefinition(
    name="weekly_rates",
    job=rates_job,
    cron_schedule="0 5 * * 1",
    execution_timezone="UTC",
    description="Fetches rates every Monday, an hour before the release. Off by default, as it needs the internet.",
)
