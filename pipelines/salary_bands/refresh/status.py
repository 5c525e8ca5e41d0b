"""What a person must know after a night: how the last refresh ended, and what is held since when.

It is kept at WORK/status.json. Nothing that is published or compared reads it: it has file names, and the time.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salary_bands.errors import RefreshError, UsageError
from salary_bands.ingest.raw_folder import list_files
from salary_bands.releases.marts import Marts
from salary_bands.settings import Settings
from salary_bands.storage.files import read_sealed, write_sealed

if TYPE_CHECKING:
    from salary_bands.aggregate.plan import ExportState
    from salary_bands.exports.stages import ExportStages

STATUS = "status.json"
RUNNING, FAILED, HELD, INTERRUPTED = "running", "failed", "held by a check", "interrupted"
_SKIPPED = "row: skipped"  # beside the rejected rows of a record; out of scope
_ENDED_WELL = ("published", "unchanged", "dry run")
Document = dict[str, Any]


class Notes:
    """What is noted in the work folder while a refresh runs. A full disk is no reason to fail one that can publish."""

    def __init__(self, work: Path) -> None:
        self.path = work / STATUS
        self.document: Document = read_sealed(self.path) or {}

    def start(self) -> None:
        self._write(refresh={"started": _now(), "ended": None, "result": RUNNING, "process": os.getpid(), "lines": []})

    def end(self, result: str, version: str | None = None, lines: str = "") -> None:
        """Note how the refresh ended."""
        before = self.document.get("refresh", {})
        ended = {"ended": _now(), "result": result, "version": version, "lines": lines.splitlines()}
        self._write(refresh={**before, **ended})

    def exports(self, files: "list[ExportState]", refused: list[str], stages: "ExportStages") -> None:
        """Note the exports as they are planned; an export that was held before keeps the time since when."""
        noted = self.document
        since = {e["file"]: e["held"]["since"] for e in noted.get("exports", []) if e["held"]}
        rows = [_export(state, stages, since.get(state.file) or _now()) for state in files]
        names = {**noted.get("names", {}), **{state.export: state.file for state in files}}
        self._write(exports=rows, refused=refused, names=names)

    def held(self) -> list[Document]:
        """Return file, reason, line and since of each export that is held."""
        return [{"file": e["file"], **e["held"]} for e in self.document.get("exports", []) if e["held"]]

    def _write(self, **changed: Any) -> None:
        self.document = {**self.document, **changed}
        with suppress(OSError):
            write_sealed(self.path, self.document)


def _export(state: "ExportState", stages: "ExportStages", since: str) -> Document:
    accepted = stages.parts.record("accepted_reports", state.key) or {}
    held = {"reason": state.held_reason, "line": state.held_line, "since": since} if state.held_reason else None
    return {
        "source": state.source,
        "file": state.file,
        "export": state.export,
        "sha256": state.sha256,
        "format": state.format,
        "rows": state.rows,
        "rejected": sum(n for what, n in accepted.get("rejected", {}).items() if what != _SKIPPED),
        "exported_on": state.exported_on,
        "newest_report": accepted.get("newest_report"),
        "counted": state.counted,
        "held": held,
        "warnings": [*accepted.get("warnings", []), *state.warnings],
    }


@contextmanager
def noted(work: Path, stages: "ExportStages", refused: tuple[str, ...] = ()) -> Iterator[Notes]:
    """Note how the block ends, whatever ends it."""
    from salary_bands.aggregate.plan import EveryExportHeld

    notes = Notes(work)
    notes.start()
    try:
        yield notes
    except EveryExportHeld as error:
        notes.exports(error.files, list(refused), stages)
        notes.end(FAILED, lines=str(error))
        raise
    except (RefreshError, UsageError, OSError) as error:
        notes.end(FAILED, lines=str(error))
        raise
    except KeyboardInterrupt:
        notes.end(INTERRUPTED)
        raise
    except Exception as error:
        notes.end(FAILED, lines=type(error).__name__)
        raise


def held_line(held: Document) -> str:
    """Say of an export that is held: which, since when, why, and what to do."""
    return f"{held['file']} since {held['since'][:10]} ({held['reason']}): {held['line']}"


@dataclass(frozen=True)
class SourceStatus:
    """The exports of one source. newest_report: of its accepted rows; age_days: of the newest report or export."""

    source: str
    exports: int
    held: int
    rows: int
    rejected: int
    last_export: str | None
    newest_report: str | None
    age_days: int | None


@dataclass
class Status:
    """What `salary-bands status` prints. to_do: a line for each thing that needs a person."""

    refresh: Document | None
    release: Document | None
    sources: list[SourceStatus]
    held: list[Document]
    refused: list[str]
    not_read_yet: list[str]
    to_do: list[str] = field(default_factory=list)

    def to_json(self) -> Document:
        return asdict(self)


def status(settings: Settings) -> Status:
    """Read how the pipeline is, from the work folder and the marts folder; write nothing."""
    notes = Notes(settings.work)
    document, today = notes.document, datetime.now(UTC).date()
    exports: list[Document] = document.get("exports", [])
    refresh = document.get("refresh")
    known = {e["file"] for e in exports}
    files = list_files(settings.raw)[0] if settings.raw.is_dir() else []
    found = Status(
        refresh=refresh and {**refresh, "result": _result(refresh)},
        release=_release(Marts(settings.marts), today),
        sources=[_source(name, exports, today) for name in sorted({e["source"] for e in exports})],
        held=notes.held(),
        refused=document.get("refused", []),
        not_read_yet=[name for name in (f"{source}/{path.name}" for source, path, _ in files) if name not in known],
    )
    found.to_do = list(_to_do(found, settings, today))
    return found


def _to_do(found: Status, settings: Settings, today: date) -> Iterator[str]:
    refresh = found.refresh
    if refresh is None:
        yield f"no refresh has run with the work folder {settings.work}; run `salary-bands refresh`"
    elif refresh["result"] not in (*_ENDED_WELL, RUNNING):
        what = refresh["lines"][0] if refresh["lines"] else "run `salary-bands refresh` again"
        yield f"the refresh of {refresh['started'][:16]} ended as {refresh['result']}: {what}"
        yield from (f"  {line}" for line in refresh["lines"][1:])
    elif (age := (today - date.fromisoformat(refresh["started"][:10])).days) > settings.idle_days:
        yield f"no refresh has run for {age} days; check what should start it"
    for held in found.held:
        yield f"held {held_line(held)}"
    yield from found.refused
    if found.release is None:
        yield f"nothing is published in {settings.marts}"


def _result(refresh: Document) -> str:
    """Return how a refresh ended; a process that is gone has not ended by itself."""
    if refresh["result"] != RUNNING:
        return str(refresh["result"])
    try:
        os.kill(int(refresh["process"]), 0)
    except ProcessLookupError:
        return "killed"
    except OSError:  # it is there, and another user's
        pass
    return RUNNING


def _release(marts: Marts, today: date) -> Document | None:
    latest = marts.pointer()
    if latest is None:
        return None
    manifest = marts.manifest(latest.version)
    return {
        "version": latest.version,
        "as_of": latest.as_of,
        "age_days": (today - date.fromisoformat(latest.as_of)).days,
        "contains_synthetic": manifest.contains_synthetic,
        "accepted_gates": [{"gate": gate.gate, "reason": gate.reason} for gate in manifest.accepted],
    }


def _source(name: str, exports: list[Document], today: date) -> SourceStatus:
    own = [e for e in exports if e["source"] == name]
    read = [e for e in own if not e["held"]]
    last, newest = (max((e[key] for e in read if e[key]), default=None) for key in ("exported_on", "newest_report"))
    fresh = newest or last
    return SourceStatus(
        source=name,
        exports=len(own),
        held=len(own) - len(read),
        rows=sum(e["rows"] for e in own),
        rejected=sum(e["rejected"] for e in read),
        last_export=last,
        newest_report=newest,
        age_days=(today - date.fromisoformat(fresh)).days if fresh else None,
    )


def export_status(settings: Settings, name: str) -> Document:
    """Turn the name that a release has for an export, a hash or a file name into the file, and what became of it.

    Raises UsageError if no refresh with this work folder has seen it.
    """
    document = Notes(settings.work).document
    wanted = name.rpartition("/")[2] if len(name.rpartition("/")[2]) >= 12 else name
    for export in document.get("exports", []):
        if name in (export["file"], export["sha256"]) or wanted in (export["export"], export["sha256"][:12]):
            return {**export, "rows_by_reason": _dispositions(settings.work, export["file"])}
    if wanted in document.get("names", {}):
        return {"export": wanted, "file": document["names"][wanted], "counted": False, "held": None, "is_gone": True}
    raise UsageError(f"{name}: no refresh with the work folder {settings.work} has seen such an export")


def _dispositions(work: Path, file: str) -> list[Document]:
    """Read how many rows of the file have each disposition and reason; nothing if there is no ledger yet."""
    import pyarrow.parquet as pq

    ledger = work / "candidate" / "full_ledger.parquet"
    if not ledger.is_file():
        return []
    rows = pq.read_table(ledger, columns=["file", "disposition", "reason", "rows"]).to_pylist()
    return [{key: row[key] for key in ("disposition", "reason", "rows")} for row in rows if row["file"] == file]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
