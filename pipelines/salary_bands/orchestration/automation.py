"""Sensors and the schedule: a run for each new export, and a release when its inputs have changed."""

import json
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from salary_bands.aggregate.plan import plan_release
from salary_bands.errors import RefreshError, UsageError
from salary_bands.gates.accept import Checked
from salary_bands.orchestration.edits import forget_if_edited
from salary_bands.orchestration.partitions import export_key, export_partitions, partition_key
from salary_bands.orchestration.resources import Pipeline
from salary_bands.publish.figures import known_figures
from salary_bands.publish.publication import already_published, still_current

PIPELINE_TAG = "salary_bands/pipeline"  # of every run of a job: the pipeline that it belongs to
_UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]
_DEAD_AFTER = timedelta(hours=1)  # a run whose process was killed stays "started" for ever
_PATIENCE = 10  # ticks that a release waits for a file that keeps changing


@dg.sensor(
    job_name="export",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts a run for each export whose content is new, and again if the rules have changed.",
)
def new_exports(context: dg.SensorEvaluationContext, pipeline: Pipeline) -> dg.SensorResult | dg.SkipReason:
    """Ask for the runs that the cursor does not know; a tick that dies leaves the cursor as it was, and asks again."""
    forget_if_edited()
    settings = pipeline.settings()
    if not settings.raw.is_dir():
        return dg.SkipReason(f"raw folder {settings.raw} does not exist")
    stages = pipeline.stages()
    moving = pipeline.moving()
    folder = pipeline.scan()
    present = stages.by_content(folder.exports)
    rules = {key: stages.rules(export)[:12] for key, export in present.items()}
    asked: dict[str, str] = json.loads(context.cursor or "{}")
    new = {key: export for key, export in present.items() if asked.get(key) != rules[key]}
    run_keys = {key: f"{key}-{rules[key]}-{export.modified_ns}" for key, export in new.items()}
    if not _under_way(context.instance, "export", pipeline):
        # asked for and not made: its run failed, was killed, or the work folder was deleted
        lost = {key: export for key, export in present.items() if key not in new and not stages.is_current(export)}
        run_keys |= {key: f"{key}-{rules[key]}-again-{_quarter_hour()}" for key in lost}
        new |= lost
    partitions = export_partitions(pipeline)
    # a partition stays with its content: the same bytes under another name are nothing new
    existing = partitions.get_partition_keys(dynamic_partitions_store=context.instance)
    known = {export_key(name): name for name in existing}
    names = {key: known.get(key) or partition_key(export) for key, export in present.items()}
    requests: list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest] = []
    if missing := sorted({*names.values()} - {*existing}):
        requests.append(partitions.build_add_request(missing))
    if gone := sorted({*existing} - {*names.values()} if not moving else ()):  # a file that is touched is not gone
        requests.append(partitions.build_delete_request(gone))
    for line in folder.refused:
        context.log.warning(line)
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(run_key=run_keys[key], partition_key=names[key], tags={"export": export.file})
            for key, export in sorted(new.items(), key=lambda item: names[item[0]])
        ],
        dynamic_partitions_requests=requests,
        cursor=json.dumps((asked if moving else {}) | rules),
        skip_reason=None if new else "no new export",
    )


@dg.sensor(
    job_name="publish",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Starts a release if exports, rules, rates or settings differ from those of the newest one.",
)
def stale_bands(context: dg.SensorEvaluationContext, pipeline: Pipeline) -> dg.RunRequest | dg.SkipReason:
    """Ask for one run at a time, and for none while exports are under way: the next tick sees what came meanwhile.

    Do not wait for an export that has not been through the stages, or whose run fails.
    """
    forget_if_edited()
    for job in ("export", "publish"):
        if _under_way(context.instance, job, pipeline):
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
    current = {key for key, export in stages.by_content(folder.exports).items() if stages.is_current(export)}
    ready = replace(folder, exports=tuple(e for e in folder.exports if e.key in current))
    releases = marts.releases()
    newest = date.fromisoformat(releases[0].as_of) if releases else date.min
    try:
        plans = [plan_release(exports_of, stages, newest, releases) for exports_of in (ready, folder)]
    except (UsageError, RefreshError) as error:
        return dg.SkipReason(str(error).splitlines()[0])
    candidate, today = pipeline.candidate(), datetime.now(UTC).date().isoformat()
    if any(
        already_published(marts, plan, known_figures(candidate, plan))
        or still_current(marts, replace(plan, as_of=today), settings.idle_days)
        for plan in plans
    ):
        return dg.SkipReason("the newest release is up to date")
    checked = Checked.read(candidate)
    content = plans[1].content_fingerprint
    if checked and checked.held and checked.content_fingerprint == content:
        return dg.SkipReason("a check holds a release of the current exports; see the checks of the candidate")
    # a run that failed otherwise is asked for again after a quarter of an hour, not every tick
    return dg.RunRequest(run_key=f"{content[:20]}-{_quarter_hour()}")


def _under_way(instance: dg.DagsterInstance, job: str, pipeline: Pipeline) -> bool:
    """True if a run of the job for this pipeline is waiting or running."""
    alive = dg.RunsFilter(
        job_name=job,
        tags={PIPELINE_TAG: pipeline.id()},
        statuses=_UNDER_WAY,
        updated_after=datetime.now(UTC) - _DEAD_AFTER,
    )
    return bool(instance.get_run_records(alive, limit=1))


def _quarter_hour() -> int:
    return int(time.time() // 900)


@dg.schedule(
    job_name="publish",
    cron_schedule="0 6 * * 1",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Starts a release every Monday, since the window moves on even if no export has arrived.",
)
def weekly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    day = (context.scheduled_execution_time or datetime.now(UTC)).date().isoformat()
    return dg.RunRequest(run_key=f"weekly-{day}", run_config={"ops": {"window_reports": {"config": {"as_of": day}}}})
