"""Execute the jobs of the definitions in process, for `salary-bands refresh`."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg
from dagster_shared.error import SerializableErrorInfo as ErrorInfo

from salary_bands.aggregate.workspace import Workspace
from salary_bands.errors import RefreshError
from salary_bands.gates.accept import Accepted
from salary_bands.ingest.raw_folder import ExportFile
from salary_bands.orchestration.definitions import definitions
from salary_bands.orchestration.interrupts import INTERRUPTS, swallowed_interrupts_again
from salary_bands.orchestration.partitions import export_partitions, partition_key
from salary_bands.orchestration.release import MIRRORED, accepted_gates
from salary_bands.orchestration.resources import Pipeline
from salary_bands.refresh import run
from salary_bands.refresh.outcome import Outcome
from salary_bands.schemas import CANDIDATE_TABLES, RELEASE_TABLES
from salary_bands.settings import Settings

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_TRACEBACK = "Traceback (most recent call last):"
_INTERRUPTED_QUERY = ("RuntimeError", "RuntimeError: Query interrupted")  # DuckDB has no type of its own for it


def refresh(
    settings: Settings,
    as_of: date,
    dry_run: bool,
    say: run.Say,
    accepted: Accepted | None = None,
    is_dated: bool = True,
) -> Outcome:
    """Refresh as in `refresh/run.py`, with these jobs."""
    with swallowed_interrupts_again():
        return run.refresh(settings, as_of, dry_run, say, lambda: InProcess(settings, say), accepted, is_dated)


class InProcess:
    """Executes jobs of the definitions on an instance in memory, which sends no telemetry."""

    def __init__(self, settings: Settings, say: run.Say) -> None:
        pipeline = Pipeline.of(settings)
        self.settings = settings
        self._candidate = Workspace(settings)
        self._definitions = definitions(pipeline)
        self._partitions = export_partitions(pipeline)
        self._instance = dg.DagsterInstance.ephemeral()
        self._say = say

    def exports(self, new: list[ExportFile]) -> None:
        """Put exports through the stages."""
        self._instance.add_dynamic_partitions(str(self._partitions.name), [partition_key(e) for e in new])
        for number, export in enumerate(new, start=1):
            self._say(f"reading {number}/{len(new)} {export.file}")
            self._execute("export", partition_key=partition_key(export), run_config=_QUIET)

    def release(self, as_of: date, dry_run: bool, accepted: Accepted | None = None) -> list[str]:
        """Build the candidate, check it and, unless dry, publish it; return the gates that had to be accepted.

        Raises RefreshError if a check fails.
        """
        accepted = accepted or Accepted()
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
        reason = _line(root)
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


def _line(error: ErrorInfo) -> str:
    """Return what an error says, in one line: of a traceback that DuckDB passes on, what it ends with."""
    lines = error.message.strip().splitlines()
    return lines[-1] if lines[0].endswith(_TRACEBACK) else lines[0]


def _is_interrupt(error: ErrorInfo) -> bool:
    """True if the run was interrupted, in Python, in a query, or in Python that a query calls."""
    if error.message.strip().partition("\n")[0].endswith(_TRACEBACK):
        return _line(error).partition(":")[0].rpartition(".")[2] in INTERRUPTS
    return error.cls_name in INTERRUPTS or (error.cls_name, error.message.strip()) == _INTERRUPTED_QUERY
