"""The order of a refresh. What executes jobs is asked for only if there is one to execute: Dagster takes seconds."""

from collections.abc import Callable
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Protocol

from salary_bands.aggregate.plan import Plan, plan_release
from salary_bands.aggregate.workspace import Workspace
from salary_bands.distribute.mirror import mirror_published
from salary_bands.distribute.object_store import open_store
from salary_bands.errors import RefreshError
from salary_bands.exports.stages import ExportStages
from salary_bands.exports.warden import warden
from salary_bands.ingest.raw_folder import ExportFile, scan_settled, settle
from salary_bands.publish.figures import figures_digest, known_figures
from salary_bands.publish.pointers import pointer_notes, sign_pointers
from salary_bands.publish.publication import already_published, repair, still_current
from salary_bands.refresh.outcome import Outcome, outcome_of
from salary_bands.refresh.status import Notes, held_line, noted
from salary_bands.releases.marts import Marts
from salary_bands.settings import Settings
from salary_bands.storage.locks import refresh_lock

if TYPE_CHECKING:
    from salary_bands.gates.accept import Accepted

Say = Callable[[str], None]


class Jobs(Protocol):
    """What a refresh has executed."""

    def exports(self, new: list[ExportFile]) -> None:
        """Put exports through the stages."""

    def release(self, as_of: date, dry_run: bool, accepted: "Accepted | None") -> list[str]:
        """Build the candidate, check it and, unless dry, publish it; return the gates that had to be accepted."""


def refresh(
    settings: Settings,
    as_of: date,
    dry_run: bool,
    say: Say,
    jobs: Callable[[], Jobs],
    accepted: "Accepted | None" = None,
    is_dated: bool = True,
) -> Outcome:
    """Read what is new, build the candidate, check it and publish it; accepted gates do not hold it.

    jobs: makes what executes, called once at most. is_dated: False if nobody asked for this date; then unchanged
    exports are published again only after `idle_days`.
    Raises UsageError if the raw folder is empty or missing, RefreshError if nothing could be published.
    """
    if settings.store_url:
        open_store(settings.store_url)  # a wrong address fails before anything is published
    settle(settings.raw, settings.settle_seconds, settings.settle_timeout_seconds, say)
    jobs = cache(jobs)
    with refresh_lock([settings.marts, settings.work], settings.lock_wait_seconds, say):
        marts, candidate, stages = Marts(settings.marts), Workspace(settings), ExportStages.of(settings)
        for line in repair(marts):
            say(line)
        sign_pointers(marts, settings.signing_key)
        folder = scan_settled(settings.raw, settings.settle_seconds)
        with noted(settings.work, stages, folder.refused) as notes:
            new = [export for export in stages.by_content(folder.exports).values() if not stages.is_current(export)]
            for export in new:
                if stages.is_repaired(export):
                    tables = ", ".join(stages.damaged(export))
                    say(f"{export.file}: its {tables} in the work folder are damaged, reading it again")
            if new:
                warden.start()  # while Dagster is imported
                jobs().exports(new)
                warden.close()
            plan = plan_release(folder, stages, as_of, marts.releases())
            notes.exports(plan.files, plan.refused, stages)
            for line in plan.notes:
                say(line)
            same = already_published(marts, plan, known_figures(candidate, plan))
            if same := same or (None if is_dated else still_current(marts, plan, settings.idle_days)):
                if not candidate.path("bands").is_file():  # a new work folder; `coverage` reads the candidate
                    jobs().release(as_of, dry_run=True, accepted=None)
                for gate in accepted.gates if accepted else ():
                    say(f"{gate}: nothing new to publish; --accept was not needed")
                return _unchanged(settings, plan, same, len(new), dry_run, say, notes)
            try:
                needed = jobs().release(as_of, dry_run, accepted)
            except RefreshError:
                for held in notes.held():
                    say(f"held {held_line(held)}")
                raise
            same = already_published(marts, plan, known_figures(candidate, plan) or figures_digest(candidate))
            if same and same != plan.version:
                return _unchanged(settings, plan, same, len(new), dry_run, say, notes)
            for line in _warnings(settings, plan, dry_run):
                say(f"warning: {line}")
            notes.end("dry run" if dry_run else "published", plan.version)
            done = {"published": not dry_run, "accepted": needed, "held": notes.held()}
            return outcome_of(settings, plan, plan.version, len(new), **done)


def _unchanged(
    settings: Settings, plan: Plan, version: str, new: int, dry_run: bool, say: Say, notes: Notes
) -> Outcome:
    """Say what is to be said of a release that is there already, and mirror it if the last mirror failed half way."""
    for line in pointer_notes(Marts(settings.marts), version):
        say(line)
    if not dry_run and (done := mirror_published(settings, version)):
        say(done)
    notes.end("unchanged", version)
    return outcome_of(settings, plan, version, new, unchanged=True, held=notes.held())


def _warnings(settings: Settings, plan: Plan, dry_run: bool) -> list[str]:
    from salary_bands.aggregate.coverage import too_little_known

    return [*too_little_known(settings), *([] if dry_run else pointer_notes(Marts(settings.marts), plan.version))]
