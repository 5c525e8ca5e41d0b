"""What a release is to be made from: the files, their state, the date, and what they all hash to."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from salary_bands import __version__
from salary_bands.aggregate.disclosure_key import PUBLIC, disclosure_key, notes_since
from salary_bands.aggregate.world import Delivery, doubts, implausible_export
from salary_bands.classify.plausible import FIX
from salary_bands.errors import RefreshError, UsageError
from salary_bands.exports.reading import CHANGED
from salary_bands.exports.stages import ExportStages
from salary_bands.fingerprint import OURS, STAGES, digest, made_from, method_version
from salary_bands.ingest.raw_folder import ExportFile, RawFolder
from salary_bands.reference.formats import format_named, formats
from salary_bands.releases.manifest import export_name
from salary_bands.releases.marts import Marts
from salary_bands.releases.pointers import Entry, newest
from salary_bands.schemas.columns import MIN_COUNT
from salary_bands.settings import Settings
from salary_bands.vocabulary.rates import rates_of_window

SAMPLE = "sample"  # the source whose exports are synthetic


class EveryExportHeld(RefreshError):  # noqa: N818 - what is the case, as in HeldExport
    """There is nothing to publish. files: the exports, and why each is held."""

    def __init__(self, files: "list[ExportState]") -> None:
        lines = "\n".join(f"{f.file}: {f.held_line}" for f in files if f.held_line)
        super().__init__(f"every export is held, nothing to publish\n{lines}")
        self.files = files


@dataclass(frozen=True)
class ExportState:
    """One file in the raw folder and what becomes of it.

    counted: its rows go through the stages. checksums: of its parts, by table. warnings: beside the
    other exports. name: under which a release knows it; empty until a release is planned.
    """

    source: str
    file: str
    sha256: str
    key: str
    format: str
    rows: int
    counted: bool
    held_reason: str | None = None
    held_line: str | None = None
    exported_on: str | None = None
    checksums: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    name: str = ""

    @property
    def export(self) -> str:
        """The name under which a release knows the export."""
        return self.name or export_name(self.sha256)

    @property
    def published_rows(self) -> int | None:
        """Its rows as a release says them: None below 10."""
        return self.rows if self.rows >= MIN_COUNT else None


@dataclass(frozen=True)
class Plan:
    """The inputs of one release.

    content_fingerprint: of the rows of counted exports, and of the code, settings and reference data that make tables
    of them; fingerprint: of these and as_of. disclosure_key: its id. notes: what an operator should know.
    """

    as_of: str
    version: str
    previous: str | None
    fingerprint: str
    content_fingerprint: str
    method_version: str
    code_version: str
    reference_version: str
    settings: dict[str, float]
    fx: dict[str, Any]
    files: list[ExportState]
    refused: list[str] = field(default_factory=list)
    disclosure_key: str = PUBLIC
    notes: list[str] = field(default_factory=list)

    @property
    def counted(self) -> list[ExportState]:
        return [f for f in self.files if f.counted]

    @property
    def export_names(self) -> str:
        """Id of the key that exports are named with, empty if anybody can compute their names."""
        return "" if self.disclosure_key == PUBLIC else self.disclosure_key

    @property
    def contains_synthetic(self) -> bool:
        return any(f.source == SAMPLE for f in self.counted)

    @property
    def newest_snapshots(self) -> set[str]:
        """Keys of the exports whose rows are not superseded by a later snapshot of their source and format."""
        return newest_snapshots(self.counted)

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "files": [vars(state) for state in self.files]}  # asdict would copy every rate

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> "Plan":
        return cls(**{**document, "files": [ExportState(**f) for f in document["files"]]})


def newest_snapshots(counted: list[ExportState]) -> set[str]:
    """Return the keys of exports that are appended to, and of the newest snapshot of each source and format."""
    newest: dict[tuple[str, str], ExportState] = {}
    keys = set()
    for state in counted:
        if format_named(state.format).delivery == "append":
            keys.add(state.key)
            continue
        group = (state.source, state.format)
        if group not in newest or (state.exported_on, state.file) > (newest[group].exported_on, newest[group].file):
            newest[group] = state
    return keys | {state.key for state in newest.values()}


def plan_release(folder: RawFolder, stages: ExportStages, as_of: date, releases: list[Entry]) -> Plan:
    """Plan the release of that date from the exports as they stand; releases as in `releases.json`.

    Raises UsageError where there is no export, RefreshError where every export is held.
    """
    if not folder.exports:
        raise UsageError("the raw folder has no export; put files at <raw folder>/<source>/<file>")
    files = believed(export_states(folder.exports, stages), stages)
    if not any(f.counted for f in files):
        raise EveryExportHeld(files)
    settings = stages.settings.method()
    key = disclosure_key(stages.settings, any(f.counted and f.source == SAMPLE for f in files))
    content = content_fingerprint(files, stages.settings, key.id)
    version, previous = next_version(as_of, releases)
    marts = Marts(stages.settings.marts)
    former = marts.manifest(previous) if previous and marts.has(previous) else None
    return Plan(
        as_of=as_of.isoformat(),
        version=version,
        previous=previous,
        fingerprint=digest([content, as_of.isoformat()]),
        content_fingerprint=content,
        method_version=method_version(stages.settings, key.id),
        code_version=code_version(),
        reference_version=OURS.reference_version(),
        settings=settings,
        fx=rates_of_window(stages.rates, as_of.isoformat()),
        files=files if key.id == PUBLIC else [replace(f, name=export_name(f.sha256, key.secret)) for f in files],
        refused=list(folder.refused),
        disclosure_key=key.id,
        notes=[*key.notes, *notes_since(former, key)],
    )


def content_fingerprint(files: list[ExportState], settings: Settings, disclosure_key: str) -> str:
    """What the tables are built from, whatever the date. Held and refused files do not count."""
    counted = [[f.source, f.file, f.format, f.exported_on, f.checksums] for f in files if f.counted]
    used = [fmt.model_dump(mode="json") for fmt in formats() if fmt.name in {f.format for f in files if f.counted}]
    method = method_version(settings, disclosure_key)
    return made_from(OURS.figures_code(), settings, sorted(counted), used, method, without=("formats",))


def code_version() -> str:
    """The version of the program, and a short hash of the code that can change a figure."""
    codes = [OURS.stage_code(table).digest for table in STAGES]
    return f"{__version__}+{digest([*codes, OURS.figures_code().digest])[:16]}"


def next_version(as_of: date, releases: list[Entry]) -> tuple[str, str | None]:
    """(version of a new release of that date, the release it follows).

    It follows the newest one that stands and whose as_of is not later.
    """
    base = as_of.strftime("%Y.%m.%d")
    same_date = [r.version for r in releases if r.as_of == as_of.isoformat()]
    suffixes = [int(v.removeprefix(base).lstrip(".") or 0) for v in same_date]
    version = base if not suffixes else f"{base}.{max(suffixes) + 1}"
    earlier = newest(r for r in releases if r.as_of <= as_of.isoformat())
    return version, earlier.version if earlier else None


def export_states(exports: tuple[ExportFile, ...], stages: ExportStages) -> list[ExportState]:
    """Every file in the order of its path; of equal bytes, the first file is counted that can be read by its name."""
    counting = stages.by_content(exports)
    states = []
    for export in exports:
        raw = stages.parts.record("raw_reports", export.key) or {}
        accepted = stages.parts.record("accepted_reports", export.key) or {}
        pay = stages.parts.record("pay_reports", export.key) or {}
        held = accepted.get("held") or raw.get("held") or pay.get("held")
        is_changed = held is not None and held["reason"] == CHANGED
        is_counting = counting[export.key] is export
        if not raw or not accepted or (not is_changed and is_counting and not stages.is_current(export)):
            held = {
                "reason": "not_processed",
                "line": "has not been through the stages yet; materialise its partition",
            }
        states.append(
            ExportState(
                source=export.source,
                file=export.file,
                sha256=export.sha256,
                key=export.key,
                format=raw.get("format", ""),
                rows=raw.get("rows", 0),
                counted=held is None and is_counting,
                held_reason=held["reason"] if held else None,
                held_line=held["line"] if held else None,
                exported_on=accepted.get("exported_on"),
                checksums=stages.checksums(export),
            )
        )
    real = any(s.counted and s.source != SAMPLE for s in states)
    return [_beside_real(s) if real and s.source == SAMPLE and not s.held_reason else s for s in states]


def _beside_real(state: ExportState) -> ExportState:
    line = "is synthetic and other sources have exports; remove the folder `sample` to be rid of this line"
    return replace(state, counted=False, held_reason="synthetic_beside_real", held_line=line)


def believed(states: list[ExportState], stages: ExportStages) -> list[ExportState]:
    """Hold each export whose pay other sources contradict, one after the other, and warn of those in doubt."""
    counted = [s for s in states if s.counted]
    if len({s.source for s in counted}) < 2:
        return states
    pay = {s.key: (stages.parts.record("pay_reports", s.key) or {}).get("pay", {}) for s in counted}
    held: dict[str, str] = {}
    while found := implausible_export(_deliveries(counted, pay), stages.settings):
        key, why = found
        held[key] = f"{why}; {FIX}"
        counted = [s for s in counted if s.key != key]
    doubtful = doubts(_deliveries(counted, pay), stages.settings)
    return [
        replace(s, counted=False, held_reason="implausible", held_line=held[s.key])
        if s.key in held
        else replace(s, warnings=doubtful.get(s.key, []) if s.counted else [])
        for s in states
    ]


def _deliveries(counted: list[ExportState], pay: dict[str, Any]) -> list[Delivery]:
    newest = newest_snapshots(counted)
    return [Delivery(s.key, s.source, s.exported_on or "", s.key not in newest, pay[s.key]) for s in counted]
