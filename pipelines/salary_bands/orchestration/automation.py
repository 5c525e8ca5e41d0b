"""Sensors and the schedule: a run for each new export, a release when what it is built from has changed."""

import json
import time
from datetime import UTC, datetime

import dagster as dg

from salary_bands.aggregate.plan import content_fingerprint, export_states
from salary_bands.errors import RefreshError
from salary_bands.fingerprint import stages_fingerprint
from salary_bands.orchestration.exports import exports
from salary_bands.orchestration.resources import Pipeline

EXPORT_ASSETS = ("raw_reports", "accepted_reports", "rejected_reports", "normalised_reports", "pay_reports")
UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]

export_job = dg.define_asset_job("export", selection=dg.AssetSelection.assets(*EXPORT_ASSETS), partitions_def=exports)
release_job = dg.define_asset_job(
    "publish", selection=dg.AssetSelection.all() - dg.AssetSelection.assets(*EXPORT_ASSETS)
)


@dg.sensor(
    job=export_job,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="A partition and a run for each export that is new by content, and again when the rules changed.",
)
def new_exports(context: dg.SensorEvaluationContext, pipeline: Pipeline) -> dg.SensorResult | dg.SkipReason:
    """The cursor, not the partitions, says what was asked for: a tick that dies asks again."""
    settings = pipeline.settings()
    if not settings.raw.is_dir():
        return dg.SkipReason(f"raw folder {settings.raw} does not exist")
    stages = pipeline.stages()
    rules = stages_fingerprint(settings, stages.rates)[:12]
    folder = pipeline.scan()
    asked: dict[str, str] = json.loads(context.cursor or "{}")
    new = {e.key: e for e in folder.exports if asked.get(e.key) != rules}
    present = {e.key for e in folder.exports}
    known = set(context.instance.get_dynamic_partitions("exports"))
    requests: list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest] = []
    if missing := sorted(set(new) - known):
        requests.append(exports.build_add_request(missing))
    if gone := sorted(known - present):
        requests.append(exports.build_delete_request(gone))
    for line in folder.refused:
        context.log.warning(line)
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(
                run_key=f"{key}-{rules}-{export.modified_ns}", partition_key=key, tags={"export": export.file}
            )
            for key, export in sorted(new.items())
        ],
        dynamic_partitions_requests=requests,
        cursor=json.dumps({k: v for k, v in asked.items() if k in present} | dict.fromkeys(new, rules)),
        skip_reason=None if new else "no new export",
    )


@dg.sensor(
    job=release_job,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="A release when exports, rules, rates or settings are not those of the last candidate.",
)
def stale_bands(context: dg.SensorEvaluationContext, pipeline: Pipeline) -> dg.RunRequest | dg.SkipReason:
    """One run at a time, and none while exports are under way: what lands meanwhile is seen by the next tick."""
    for job in ("export", "publish"):
        if context.instance.get_run_records(dg.RunsFilter(job_name=job, statuses=UNDER_WAY), limit=1):
            return dg.SkipReason(f"a run of {job} is under way")
    settings = pipeline.settings()
    if not settings.raw.is_dir():
        return dg.SkipReason(f"raw folder {settings.raw} does not exist")
    states = export_states(pipeline.scan().exports, pipeline.stages())
    if not any(s.counted for s in states):
        return dg.SkipReason("no export has been through the stages yet")
    wanted = content_fingerprint(states, pipeline.stages())
    try:
        built = pipeline.candidate().plan().content_fingerprint
    except RefreshError:
        built = ""
    if wanted == built:
        return dg.SkipReason("the candidate is built from what there is")
    # a run that failed before it planned is asked for again after a quarter of an hour, not every tick
    return dg.RunRequest(run_key=f"{wanted[:20]}-{int(time.time() // 900)}")


@dg.schedule(
    job=release_job,
    cron_schedule="0 6 * * 1",
    execution_timezone="UTC",
    description="Every Monday: the window moves on even where nothing new arrived.",
)
def weekly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    day = (context.scheduled_execution_time or datetime.now(UTC)).date().isoformat()
    return dg.RunRequest(run_key=f"weekly-{day}", run_config={"ops": {"window_reports": {"config": {"as_of": day}}}})
