"""`salary-bands refresh`: the same definitions, executed in process."""

import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow.parquet as pq

from salary_bands.aggregate.coverage import too_little_known
from salary_bands.aggregate.plan import Plan, plan_release
from salary_bands.aggregate.workspace import Workspace
from salary_bands.distribute.object_store import open_store
from salary_bands.errors import RefreshError
from salary_bands.exports.stages import ExportStages
from salary_bands.gates.accept import Accepted
from salary_bands.ingest.raw_folder import ExportFile, RawFolder, settle
from salary_bands.orchestration.definitions import definitions
from salary_bands.orchestration.release import MIRRORED, mirror_published
from salary_bands.orchestration.resources import Pipeline, by_key
from salary_bands.publish.pointers import pointer_notes
from salary_bands.publish.publication import already_published, repair
from salary_bands.releases.marts import Marts
from salary_bands.schemas import CANDIDATE_TABLES, RELEASE_TABLES, to_pandas
from salary_bands.settings import Settings
from salary_bands.storage.locks import refresh_lock

Say = Callable[[str], None]
NOTHING_ACCEPTED = Accepted()
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass
class Outcome:
    """What a refresh did. rows: of all exports, by disposition. unchanged: the same is published already."""

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


def refresh(settings: Settings, as_of: date, dry_run: bool, say: Say, accepted: Accepted = NOTHING_ACCEPTED) -> Outcome:
    """Read what is new, build the candidate, check it, publish it; gates that are accepted do not hold it.

    Raises UsageError for an empty or missing raw folder, RefreshError where nothing could be published.
    """
    if settings.store_url:
        open_store(settings.store_url)  # a wrong address shows before anything is published
    settle(settings.raw, settings.settle_seconds, settings.settle_timeout_seconds, say)
    with refresh_lock([settings.marts, settings.work], settings.lock_wait_seconds, say):
        marts = Marts(settings.marts)
        for line in repair(marts):
            say(line)
        pipeline = Pipeline.of(settings)
        run = _Run(settings, pipeline, say)
        folder = pipeline.scan()
        new = run.exports(folder)
        plan = plan_release(folder, run.stages, as_of, marts.releases())
        if same := already_published(marts, plan):
            if not Workspace(settings).path("bands").is_file():  # a new work folder; `coverage` reads the candidate
                run.release(as_of, dry_run=True)
            for line in pointer_notes(marts, same):
                say(line)
            for gate in accepted.gates:
                say(f"{gate}: nothing new to publish; --accept was not needed")
            if not dry_run and (done := mirror_published(settings, same)):  # what a mirror that failed did not put
                say(done)
            return _outcome(plan, same, marts.release(same) / "ledger.parquet", len(new), folder, unchanged=True)
        needed = run.release(as_of, dry_run, accepted)
        for line in [*too_little_known(settings), *([] if dry_run else pointer_notes(marts, plan.version))]:
            say(f"warning: {line}")
        return _outcome(
            plan, plan.version, Workspace(settings).path("ledger"), len(new), folder, not dry_run, accepted=needed
        )


class _Run:
    """Executes jobs of the definitions on an instance of their own."""

    def __init__(self, settings: Settings, pipeline: Pipeline, say: Say) -> None:
        self.settings = settings
        self.stages = ExportStages.of(settings)
        self._definitions = definitions(pipeline)
        self._instance = dg.DagsterInstance.ephemeral()
        self._say = say

    def exports(self, folder: RawFolder) -> list[ExportFile]:
        """Put every export that is new, or was made by other rules, through the stages."""
        new = [e for e in by_key(folder).values() if not self.stages.is_current(e)]
        if new:
            self._instance.add_dynamic_partitions("exports", [e.key for e in new])
        for number, export in enumerate(new, start=1):
            self._say(f"reading {number}/{len(new)} {export.file}")
            self._execute("export", partition_key=export.key, run_config=_QUIET)
        return new

    def release(self, as_of: date, dry_run: bool, accepted: Accepted = NOTHING_ACCEPTED) -> list[str]:
        """Build the candidate, check it and, unless dry, publish it; the gates that had to be accepted.

        Raises RefreshError where a check fails.
        """
        self._say("aggregating" if dry_run else "aggregating and publishing")
        acceptance = {"accept": list(accepted.gates), "reason": accepted.reason}
        ops = {"window_reports": {"as_of": as_of.isoformat()}, "candidate_checks": acceptance}
        config = {**_QUIET, "ops": {op: {"config": values} for op, values in ops.items()}}
        without = [dg.AssetKey(name) for name in (*CANDIDATE_TABLES, *RELEASE_TABLES, "candidate")] if dry_run else None
        result = self._execute("publish", run_config=config, asset_selection=without)
        gates = {
            c.check_name.removeprefix("gate_"): c.description
            for c in result.get_asset_check_evaluations()
            if c.check_name.startswith("gate_") and c.description
        }
        for gate, note in gates.items():
            self._say(f"{gate}: {note}")
        for event in result.get_asset_materialization_events():
            if MIRRORED in event.materialization.metadata:
                self._say(str(event.materialization.metadata[MIRRORED].value))
        return [gate for gate, note in gates.items() if note.startswith("accepted")]

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
        """One line on a fault of ours, and the whole story in a file."""
        steps = [(e.step_key, e.step_failure_data.error) for e in result.all_events if e.is_step_failure]
        story = "\n\n".join(f"{step}\n{error.to_string() if error else ''}" for step, error in steps)
        path = self.settings.work / "last_failure.txt"
        path.write_text(story or traceback.format_exc(), encoding="utf-8")
        root = steps[0][1] if steps else None
        if "DagsterExecutionInterruptedError" in story or "Query interrupted" in story:
            raise KeyboardInterrupt
        while root and root.cause:
            root = root.cause
        reason = root.message.strip().splitlines()[0] if root else "failed"
        if root and root.cls_name == RefreshError.__name__:
            return reason.split(": ", 1)[1]  # says it all: what, where, and how to mend it
        return f"{steps[0][0] if steps else 'run'} failed: {reason}; the whole story is in {path}"


def _outcome(
    plan: Plan,
    version: str,
    ledger: Path,
    new: int,
    folder: RawFolder,
    published: bool = False,
    unchanged: bool = False,
    accepted: list[str] | None = None,
) -> Outcome:
    table = to_pandas(pq.read_table(ledger).replace_schema_metadata(None), "ledger")
    return Outcome(
        version=version,
        as_of=plan.as_of,
        published=published,
        unchanged=unchanged,
        contains_synthetic=plan.contains_synthetic,
        exports_read=len(plan.counted),
        exports_new=new,
        rows={str(k): int(v) for k, v in table.groupby("disposition")["rows"].sum().items()},
        held=[
            {"file": s.file, "reason": s.held_reason or "", "line": s.held_line or ""}
            for s in plan.files
            if s.held_line
        ],
        refused=list(folder.refused),
        accepted=accepted or [],
    )
