"""Execute the definitions in process, for `salary-bands refresh`."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import dagster as dg
import pyarrow.parquet as pq
from dagster_shared.error import SerializableErrorInfo as ErrorInfo

from salary_bands.aggregate.coverage import too_little_known
from salary_bands.aggregate.plan import Plan, plan_release
from salary_bands.aggregate.workspace import Workspace
from salary_bands.distribute.object_store import open_store
from salary_bands.errors import RefreshError
from salary_bands.exports.stages import ExportStages
from salary_bands.gates.accept import Accepted
from salary_bands.ingest.raw_folder import ExportFile, RawFolder, settle
from salary_bands.orchestration.definitions import definitions
from salary_bands.orchestration.partitions import export_partitions, partition_key
from salary_bands.orchestration.release import MIRRORED, accepted_gates, mirror_published
from salary_bands.orchestration.resources import Pipeline, by_key
from salary_bands.publish.figures import figures_digest, known_figures
from salary_bands.publish.pointers import pointer_notes
from salary_bands.publish.publication import already_published, repair, still_current
from salary_bands.releases.marts import Marts
from salary_bands.schemas import CANDIDATE_TABLES, RELEASE_TABLES
from salary_bands.settings import Settings
from salary_bands.storage.locks import refresh_lock

Say = Callable[[str], None]
NOTHING_ACCEPTED = Accepted()
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_INTERRUPTS = ("DagsterExecutionInterruptedError", "KeyboardInterrupt")
_INTERRUPTED_QUERY = ("RuntimeError", "RuntimeError: Query interrupted")  # DuckDB has no type of its own for it


@dataclass
class Outcome:
    """What a refresh did. rows: of all exports, by disposition. unchanged: the same release was already published."""

    version: str
    as_of: str
    published: bool
    unchanged: bool
    contains_synthetic: bool
    exports_read: int
    exports_new: int
    rows: dict[str, int]
    held: list[dict[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def refresh(
    settings: Settings,
    as_of: date,
    dry_run: bool,
    say: Say,
    accepted: Accepted = NOTHING_ACCEPTED,
    is_dated: bool = True,
) -> Outcome:
    """Read what is new, build the candidate, check it and publish it; accepted gates do not hold it.

    is_dated: False if nobody asked for this date; then unchanged exports are published again only after `idle_days`.
    Raises UsageError if the raw folder is empty or missing, RefreshError if nothing could be published.
    """
    if settings.store_url:
        open_store(settings.store_url)  # a wrong address fails before anything is published
    settle(settings.raw, settings.settle_seconds, settings.settle_timeout_seconds, say)
    with refresh_lock([settings.marts, settings.work], settings.lock_wait_seconds, say):
        marts = Marts(settings.marts)
        for line in repair(marts):
            say(line)
        pipeline = Pipeline.of(settings)
        candidate = pipeline.candidate()
        run = _Run(settings, pipeline, say)
        folder = pipeline.scan()
        new = run.exports(folder)
        plan = plan_release(folder, run.stages, as_of, marts.releases())
        same = already_published(marts, plan, known_figures(candidate, plan))
        if same := same or (None if is_dated else still_current(marts, plan, settings.idle_days)):
            if not candidate.path("bands").is_file():  # a new work folder; `coverage` reads the candidate
                run.release(as_of, dry_run=True)
            for gate in accepted.gates:
                say(f"{gate}: nothing new to publish; --accept was not needed")
            return _unchanged(settings, plan, same, len(new), folder, dry_run, say)
        needed = run.release(as_of, dry_run, accepted)
        same = already_published(marts, plan, figures_digest(candidate))
        if same and same != plan.version:
            return _unchanged(settings, plan, same, len(new), folder, dry_run, say)
        for line in [*too_little_known(settings), *([] if dry_run else pointer_notes(marts, plan.version))]:
            say(f"warning: {line}")
        return _outcome(settings, plan, plan.version, len(new), folder, not dry_run, accepted=needed)


def _unchanged(
    settings: Settings, plan: Plan, version: str, new: int, folder: RawFolder, dry_run: bool, say: Say
) -> Outcome:
    """Say what is to be said of a release that is there already, and mirror it if the last mirror failed half way."""
    for line in pointer_notes(Marts(settings.marts), version):
        say(line)
    if not dry_run and (done := mirror_published(settings, version)):
        say(done)
    return _outcome(settings, plan, version, new, folder, unchanged=True)


class _Run:
    """Executes jobs of the definitions on an instance in memory, which sends no telemetry."""

    def __init__(self, settings: Settings, pipeline: Pipeline, say: Say) -> None:
        self.settings = settings
        self.stages = ExportStages.of(settings)
        self._candidate = pipeline.candidate()
        self._definitions = definitions(pipeline)
        self._partitions = export_partitions(pipeline)
        self._instance = dg.DagsterInstance.ephemeral()
        self._say = say

    def exports(self, folder: RawFolder) -> list[ExportFile]:
        """Put every export through the stages that is new or was last read under other rules; return these."""
        new = [e for e in by_key(folder).values() if not self.stages.is_current(e)]
        self._instance.add_dynamic_partitions(str(self._partitions.name), [partition_key(e) for e in new])
        for number, export in enumerate(new, start=1):
            self._say(f"reading {number}/{len(new)} {export.file}")
            self._execute("export", partition_key=partition_key(export), run_config=_QUIET)
        return new

    def release(self, as_of: date, dry_run: bool, accepted: Accepted = NOTHING_ACCEPTED) -> list[str]:
        """Build the candidate, check it and, unless dry, publish it; return the gates that had to be accepted.

        Raises RefreshError if a check fails.
        """
        self._say("aggregating" if dry_run else "aggregating and publishing")
        acceptance = {"accept": list(accepted.gates), "reason": accepted.reason}
        ops = {"window_reports": {"as_of": as_of.isoformat()}, "candidate_checks": acceptance}
        config = {**_QUIET, "ops": {op: {"config": values} for op, values in ops.items()}}
        without = [dg.AssetKey(name) for name in (*CANDIDATE_TABLES, *RELEASE_TABLES, "candidate")] if dry_run else None
        result = self._execute("publish", run_config=config, asset_selection=without)
        for check in result.get_asset_check_evaluations():
            if check.check_name.startswith("gate_") and check.description:
                self._say(f"{check.check_name.removeprefix('gate_')}: {check.description}")
        for event in result.get_asset_materialization_events():
            if MIRRORED in event.materialization.metadata:
                self._say(str(event.materialization.metadata[MIRRORED].value))
        return [gate["gate"] for gate in accepted_gates(self._candidate)]

    def _execute(self, job: str, **arguments: Any) -> dg.ExecuteInProcessResult:
        result = self._definitions.resolve_job_def(job).execute_in_process(
            instance=self._instance, raise_on_error=False, **arguments
        )
        failed = [
            f"{c.check_name.removeprefix('gate_')}: {c.description or 'does not hold'}"
            for c in result.get_asset_check_evaluations()
            if not c.passed and c.blocking
        ]
        if failed:
            raise RefreshError("held by a check, nothing published\n" + "\n".join(failed))
        if not result.success:
            raise RefreshError(self._failure(result))
        return result

    def _failure(self, result: dg.ExecuteInProcessResult) -> str:
        """Write what failed to a file; return one line on it. Raises KeyboardInterrupt if the run was interrupted."""
        failures = [(e.step_key or "run", error) for e in result.all_events if (error := _error(e))]
        if any(_is_interrupt(error) for _, failure in failures for error in _chain(failure)):
            raise KeyboardInterrupt
        path = self.settings.work / "last_failure.txt"
        path.write_text("\n\n".join(f"{step}\n{error.to_string()}" for step, error in failures), encoding="utf-8")
        step, failure = failures[0]
        *_, root = _chain(failure)
        reason = root.message.strip().splitlines()[0]
        if root.cls_name == RefreshError.__name__:
            return reason.split(": ", 1)[1]  # says what happened, where, and what to do
        return f"{step} failed: {reason}; see {path}"


def _error(event: dg.DagsterEvent) -> ErrorInfo | None:
    """Return the error of an event that ended a step or the whole run."""
    if event.is_step_failure:
        return event.step_failure_data.error
    return event.job_failure_data.error if event.is_job_failure else None


def _chain(error: ErrorInfo | None) -> Iterator[ErrorInfo]:
    """Yield an error and its causes, the root last."""
    while error:
        yield error
        error = error.cause


def _is_interrupt(error: ErrorInfo) -> bool:
    return error.cls_name in _INTERRUPTS or (error.cls_name, error.message.strip()) == _INTERRUPTED_QUERY


def _outcome(
    settings: Settings,
    plan: Plan,
    version: str,
    new: int,
    folder: RawFolder,
    published: bool = False,
    unchanged: bool = False,
    accepted: list[str] | None = None,
) -> Outcome:
    candidate = Workspace(settings)
    is_built = candidate.record("full_ledger").get("plan") == plan.fingerprint
    ledger = candidate.path("full_ledger") if is_built else Marts(settings.marts).release(version) / "ledger.parquet"
    rows = pq.read_table(ledger, columns=["disposition", "rows"]).to_pandas().groupby("disposition")["rows"].sum()
    return Outcome(
        version=version,
        as_of=plan.as_of,
        published=published,
        unchanged=unchanged,
        contains_synthetic=plan.contains_synthetic,
        exports_read=len(plan.counted),
        exports_new=new,
        rows={str(disposition): int(count) for disposition, count in rows.items()},
        held=[
            {"file": s.file, "reason": s.held_reason or "", "line": s.held_line or ""}
            for s in plan.files
            if s.held_line
        ],
        refused=list(folder.refused),
        accepted=accepted or [],
    )
