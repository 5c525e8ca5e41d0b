"""Sensors and the schedule: a run for each new export, a release when what it is built from has changed."""

import json
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from salary_bands.aggregate.plan import plan_release
from salary_bands.errors import RefreshError, UsageError
from salary_bands.orchestration.exports import exports
from salary_bands.orchestration.resources import Pipeline, by_key
from salary_bands.publish.publication import already_published

EXPORT_ASSETS = ("raw_reports", "accepted_reports", "rejected_reports", "normalised_reports", "pay_reports")
_UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]
_DEAD_AFTER = timedelta(hours=1)  # a run whose process was killed stays "started" for ever
_PATIENCE = 10  # ticks that a release waits for a file that never stands still

export_job = dg.define_asset_job("export", selection=dg.AssetSelection.assets(*EXPORT_ASSETS))
release_job = dg.define_asset_job(
    "publish", selection=dg.AssetSelection.assets("release").upstream() - dg.AssetSelection.assets(*EXPORT_ASSETS)
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
    moving = pipeline.moving()
    folder = pipeline.scan()
    present = by_key(folder)
    rules = {key: stages.made_from("pay_reports", export)[:12] for key, export in present.items()}
    asked: dict[str, str] = json.loads(context.cursor or "{}")
    new = {key: export for key, export in present.items() if asked.get(key) != rules[key]}
    keys = {key: f"{key}-{rules[key]}-{export.modified_ns}" for key, export in new.items()}
    if not _under_way(context.instance, "export"):
        # asked for and not made: its run failed, was killed, or the work folder was deleted
        lost = {key: export for key, export in present.items() if key not in new and not stages.is_current(export)}
        keys |= {key: f"{key}-{rules[key]}-again-{_quarter_hour()}" for key in lost}
        new |= lost
    known = set(context.instance.get_dynamic_partitions("exports"))
    requests: list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest] = []
    if missing := sorted(set(new) - known):
        requests.append(exports.build_add_request(missing))
    if gone := sorted(known - set(present) if not moving else ()):  # a file that is touched is not gone
        requests.append(exports.build_delete_request(gone))
    for line in folder.refused:
        context.log.warning(line)
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(run_key=keys[key], partition_key=key, tags={"export": export.file})
            for key, export in sorted(new.items())
        ],
        dynamic_partitions_requests=requests,
        cursor=json.dumps((asked if moving else {}) | rules),
        skip_reason=None if new else "no new export",
    )


@dg.sensor(
    job=release_job,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="A release when exports, rules, rates or settings are not those of the newest one.",
)
def stale_bands(context: dg.SensorEvaluationContext, pipeline: Pipeline) -> dg.RunRequest | dg.SkipReason:
    """One run at a time, and none while exports are under way: what lands meanwhile is seen by the next tick.

    An export that has not been through the stages, or whose run fails, is not waited for.
    """
    for job in ("export", "publish"):
        if _under_way(context.instance, job):
            return dg.SkipReason(f"a run of {job} is under way")
    settings = pipeline.settings()
    if not settings.raw.is_dir():
        return dg.SkipReason(f"raw folder {settings.raw} does not exist")
    waited = int(context.cursor or 0)
    moving = pipeline.moving()
    context.update_cursor(str(waited + 1 if moving else 0))
    if moving and waited < _PATIENCE:
        return dg.SkipReason(f"{moving[0]} is still being written")
    folder, stages, marts = pipeline.scan(), pipeline.stages(), pipeline.published()
    current = {key for key, export in by_key(folder).items() if stages.is_current(export)}
    ready = replace(folder, exports=tuple(e for e in folder.exports if e.key in current))
    releases = marts.releases()
    newest = date.fromisoformat(releases[0].as_of) if releases else date.min
    try:
        plans = [plan_release(exports_of, stages, newest, releases) for exports_of in (ready, folder)]
    except (UsageError, RefreshError) as error:
        return dg.SkipReason(str(error).splitlines()[0])
    if any(already_published(marts, plan) for plan in plans):
        return dg.SkipReason("the newest release is made from what there is")
    content = plans[1].content_fingerprint[:20]
    if _held(context.instance, content):
        return dg.SkipReason("a check holds the release of what there is")
    # a run that failed otherwise is asked for again after a quarter of an hour, not every tick
    return dg.RunRequest(run_key=f"{content}-{_quarter_hour()}", tags={"content": content})


def _under_way(instance: dg.DagsterInstance, job: str) -> bool:
    alive = dg.RunsFilter(job_name=job, statuses=_UNDER_WAY, updated_after=datetime.now(UTC) - _DEAD_AFTER)
    return bool(instance.get_run_records(alive, limit=1))


def _held(instance: dg.DagsterInstance, content: str) -> bool:
    """Whether the last run for that content failed because a check did not hold."""
    failed = dg.RunsFilter(job_name="publish", tags={"content": content}, statuses=[dg.DagsterRunStatus.FAILURE])
    steps = [
        s for r in instance.get_run_records(failed, limit=1) for s in instance.get_run_step_stats(r.dagster_run.run_id)
    ]
    return any(s.step_key == "candidate_checks" and s.status and s.status.value == "FAILURE" for s in steps)


def _quarter_hour() -> int:
    return int(time.time() // 900)


@dg.schedule(
    job=release_job,
    cron_schedule="0 6 * * 1",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every Monday: the window moves on even where nothing new arrived.",
)
def weekly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    day = (context.scheduled_execution_time or datetime.now(UTC)).date().isoformat()
    return dg.RunRequest(run_key=f"weekly-{day}", run_config={"ops": {"window_reports": {"config": {"as_of": day}}}})
