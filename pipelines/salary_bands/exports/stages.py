"""The stages over one export: the chain with files around it, parts in and out and a record of each."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from salary_bands.errors import HeldExport, RefreshError, UsageError
from salary_bands.exports.chain import Chain, malformed_rows
from salary_bands.exports.reading import CHANGED, Reader, read_here
from salary_bands.fingerprint import OURS, digest, made_from
from salary_bands.ingest.containers.common import Malformed, container_of
from salary_bands.ingest.raw_folder import ExportFile, open_export
from salary_bands.ingest.read import OpenExport, recognised_format, way_of
from salary_bands.ingest.recognise import exported_on_from_name
from salary_bands.reference.formats import broken_formats, format_named, formats
from salary_bands.settings import Settings
from salary_bands.storage.files import private_folder, read_record, write_json
from salary_bands.storage.parts import Parts
from salary_bands.vocabulary.rates import Rates, current_rates

STAGE_TABLES = ("raw_reports", "accepted_reports", "normalised_reports", "pay_reports")
BEFORE = {  # the parts whose rows and facts a part is made from
    "raw_reports": (),
    "accepted_reports": ("raw_reports",),
    "rejected_reports": ("raw_reports",),
    "normalised_reports": ("raw_reports", "accepted_reports"),
    "pay_reports": ("accepted_reports", "normalised_reports"),
}
READ_LIMITS = ("max_read_seconds", "max_read_memory")  # where they are raised, an export may be read after all
_NOTHING = {
    "format": "",
    "columns": [],
    "absent": [],
    "malformed": [],
}  # what is known of an export that cannot be read
Record = dict[str, Any]


@dataclass(frozen=True)
class ExportStages:
    """Runs the stages for exports, in one work folder with one set of settings.

    A stage that holds its export writes a record with the reason and no part; later stages pass that on. read: reads
    the file into raw_reports.
    """

    parts: Parts
    settings: Settings
    rates: Rates
    read: Reader = read_here

    @classmethod
    def of(cls, settings: Settings, read: Reader = read_here) -> "ExportStages":
        private_folder(settings.work)
        return cls(Parts(settings.work), settings, current_rates(settings.work), read)

    def by_content(self, exports: Iterable[ExportFile]) -> dict[str, ExportFile]:
        """Map each content to the file that counts, by key: of several, the first that is of a format under its name.

        Names of one container open the same bytes alike, so that only others are looked at.
        """
        copies: dict[str, list[ExportFile]] = {}
        for export in exports:
            copies.setdefault(export.key, []).append(export)
        return {key: self._readable(files) for key, files in copies.items()}

    def _readable(self, files: list[ExportFile]) -> ExportFile:
        if len({container_of(export.file) for export in files}) == 1:
            return files[0]
        return next(filter(self._recognised, files), files[0])

    def made_from(self, table: str, export: ExportFile) -> str:
        """Hash what makes a part: its stage, the parts before it, the file's bytes and the format that reads them."""
        return self._made_from(table, export, self.format_facts(export))

    def _made_from(self, table: str, export: ExportFile, format_facts: list[Any]) -> str:
        facts = [self.parts.record(before, export.key) or {} for before in BEFORE[table]]
        inputs = [{name: fact for name, fact in record.items() if name != "made_from"} for record in facts]
        limits = [getattr(self.settings, name) for name in READ_LIMITS] if table == "raw_reports" else []
        return self._hash(table, format_facts, export.sha256, inputs, limits)

    def rules(self, export: ExportFile) -> str:
        """Hash what the export is read by, whatever has been made of it: the stages and its format."""
        format_facts = self.format_facts(export)
        return digest([self._hash(table, format_facts) for table in STAGE_TABLES])

    def _hash(self, table: str, *inputs: Any) -> str:
        rates = self.rates.sha256
        return made_from(OURS.stage_code(table), self.settings, rates, *inputs, without=("formats",))

    def format_facts(self, export: ExportFile) -> list[Any]:
        """Return the format that reads an export, and what it takes from the file's name.

        An export that no format reads depends on all of them.
        """
        name, container = self._recognised(export), container_of(export.file)
        if name not in {f.name for f in formats()}:
            return [container, _readings(), [[b.faults, way_of(b)] for b in broken_formats()]]
        fmt = format_named(name)
        dated = exported_on_from_name(fmt.exported_on, export.file) if fmt.exported_on else None
        in_name = [c.file_name for c in fmt.columns.values() if c.file_name]
        return [container, _readings()[name], dated, export.file.rpartition("/")[2] if in_name else None]

    def _recognised(self, export: ExportFile) -> str:
        """Return the format of an export, "" for none.

        It is found again only if a format is recognised by something else than before, or the file's name says another
        container. The header alone is read for this. An export that has broken its reader is not opened here.
        """
        if (known := self._known_formats(export).get(container_of(export.file))) is not None:
            return known
        held = (self.parts.record("raw_reports", export.key) or {}).get("held")
        if held and held["reason"] in ("too_costly", "unreadable"):
            return ""
        try:
            with open_export(export.path) as stream:
                name = recognised_format(stream, export.file, self.settings)
        except (HeldExport, OSError):
            name = ""
        self._remember(export, name)
        return name

    def _remember(self, export: ExportFile, name: str) -> None:
        """Keep the format that an export was recognised to be of under the container that its name says."""
        found = {**self._known_formats(export), container_of(export.file): name}
        write_json(self._recognised_path(export), {"formats": _ways(), "found": found})

    def _known_formats(self, export: ExportFile) -> dict[str, str]:
        """Return the format by container of content that was recognised before, by what formats are recognised now."""
        record = read_record(self._recognised_path(export)) or {}
        return record.get("found", {}) if record.get("formats") == _ways() else {}

    def _recognised_path(self, export: ExportFile) -> Path:
        return self.parts.work / "recognised" / f"{export.key}.json"

    def is_current(self, export: ExportFile) -> bool:
        """True if every part of the export is there, whole, and made by this code, rules and settings."""
        return self._is_made(export) and not self.damaged(export)

    def damaged(self, export: ExportFile) -> list[str]:
        """Name the tables whose part is not what its record says; a disk, a crash or a person has changed it."""
        return [table for table in BEFORE if self.parts.is_damaged(table, export.key)]

    def is_repaired(self, export: ExportFile) -> bool:
        """True if nothing but damaged parts is a reason to read the export again."""
        return self._is_made(export) and bool(self.damaged(export))

    def _is_made(self, export: ExportFile) -> bool:
        records = {table: self.parts.record(table, export.key) or {} for table in STAGE_TABLES}
        format_facts = self.format_facts(export)
        return all(
            record.get("made_from") == self._made_from(table, export, format_facts) for table, record in records.items()
        )

    def checksums(self, export: ExportFile) -> dict[str, str]:
        """Return the checksum of each part of the export, by table."""
        records = {table: self.parts.record(table, export.key) or {} for table in BEFORE}
        return {table: str(record.get("checksum", "")) for table, record in records.items()}

    def make(self, table: str, export: ExportFile) -> Record:
        """Make the part of a table of STAGE_TABLES; `accepted_reports` makes `rejected_reports` too.

        Whatever error an export causes holds that export alone.
        """
        stages = {
            "raw_reports": self.raw_reports,
            "accepted_reports": self.accepted_reports,
            "normalised_reports": self.normalised_reports,
            "pay_reports": self.pay_reports,
        }
        try:
            return stages[table](export)
        except (HeldExport, OSError, MemoryError, UsageError, RefreshError):  # no fault of the export
            raise
        except Exception as error:  # its words may quote cells, so only its kind is named
            self.parts.remove(table, export.key)
            if table == "accepted_reports":
                self.parts.remove("rejected_reports", export.key)
                self._record("rejected_reports", export, rows=0)
            held = HeldExport(
                "unreadable",
                f"breaks the program at {table} ({type(error).__name__})",
                "report it with the file, or remove the file",
            )
            return self._record(table, export, held=_held(held), rows=0, **(_NOTHING if table == "raw_reports" else {}))

    def raw_reports(self, export: ExportFile) -> Record:
        """Read the export's mapped columns."""
        try:
            facts = self.read(export, self.settings)
        except HeldExport as held:
            self.parts.remove("raw_reports", export.key)
            return self._record("raw_reports", export, held=_held(held), rows=held.rows, **_NOTHING)
        self._remember(export, facts["format"])
        return self._record("raw_reports", export, **facts)

    def accepted_reports(self, export: ExportFile) -> Record:
        """Split into accepted_reports and rejected_reports; hold the export if too much is rejected."""
        if held := self._needed("raw_reports", export)["held"]:
            self.parts.remove("accepted_reports", export.key)
            self.parts.remove("rejected_reports", export.key)
            self._record("rejected_reports", export, rows=0)
            return self._record("accepted_reports", export, held=held, rows=0, rejected={}, noted={})
        chain = self._chain(export)
        try:
            chain.check_supported()
        except HeldExport as error:
            self.parts.remove("accepted_reports", export.key)
            self.parts.remove("rejected_reports", export.key)
            return self._record("accepted_reports", export, held=_held(error), rows=0, rejected={}, noted={})
        rejected = [malformed_rows(chain.opened.malformed)]

        def accepted() -> Iterator[pd.DataFrame]:
            is_held = False  # then rejected_reports need not be complete, and memory is bounded
            for _, kept, refused in chain.validate():
                if not is_held:
                    rejected.append(refused)
                is_held = chain.is_mostly_rejected
                yield kept

        rows = 0
        try:
            rows = self.parts.write("accepted_reports", export.key, accepted())
        except HeldExport as error:
            held = _held(error)
            self.parts.remove("accepted_reports", export.key)
        rejected_rows = pd.concat(rejected).sort_values("row", ignore_index=True)
        self.parts.write("rejected_reports", export.key, [rejected_rows])
        self._record("rejected_reports", export, rows=len(rejected_rows))
        return self._record(
            "accepted_reports",
            export,
            held=held,
            rows=rows,
            exported_on=chain.exported_on.isoformat() if chain.exported_on and not held else None,
            newest_report=chain.newest.isoformat() if chain.newest and not held else None,
            rejected={f"{column or 'row'}: {reason}": n for (column, reason), n in sorted(chain.rejected.items())},
            noted=dict(chain.noted),
            warnings=chain.warnings,
        )

    def normalised_reports(self, export: ExportFile) -> Record:
        """Add annual USD, employers, levels and markets."""
        return self._stage("accepted_reports", "normalised_reports", export)

    def pay_reports(self, export: ExportFile) -> Record:
        """Add leaf and tier."""
        return self._stage("normalised_reports", "pay_reports", export)

    def _stage(self, before: str, after: str, export: ExportFile) -> Record:
        accepted = self._needed("accepted_reports", export)
        if held := self._needed(before, export)["held"]:
            self.parts.remove(after, export.key)
            return self._record(after, export, held=held, rows=0)
        chain = self._chain(export, date.fromisoformat(accepted["exported_on"]))
        step = chain.normalise if after == "normalised_reports" else chain.classify
        rows = self.parts.write(after, export.key, map(step, self.parts.chunks(before, export.key)))
        try:
            chain.check_pay()
        except HeldExport as error:
            self.parts.remove(after, export.key)
            return self._record(after, export, held=_held(error), rows=0)
        pay = chain.plausibility.document  # empty before pay_reports
        return self._record(after, export, rows=rows, warnings=chain.warnings, pay=pay)

    def _chain(self, export: ExportFile, exported_on: date | None = None) -> Chain:
        """Take up the chain of an export whose raw_reports are a part."""
        record = self._needed("raw_reports", export)
        chunks: Iterator[pd.DataFrame] = self.parts.chunks("raw_reports", export.key)
        malformed = [Malformed(row, reason) for row, reason in record["malformed"]]
        opened = OpenExport(format_named(record["format"]), record["columns"], chunks, malformed, record["rows"])
        return Chain(opened, export.file, self.rates, self.settings, exported_on)

    def _needed(self, table: str, export: ExportFile) -> Record:
        record = self.parts.record(table, export.key)
        if record is None:
            raise FileNotFoundError(f"{export.file} has no {table} yet; materialise that first")
        return record

    def _record(self, table: str, export: ExportFile, held: Record | None = None, **facts: Any) -> Record:
        is_over = held is None or held["reason"] != CHANGED  # else the next refresh reads it again
        origin = self.made_from(table, export) if is_over else ""
        return self.parts.write_record(table, export.key, origin, sha256=export.sha256, held=held, **facts)


def _held(held: HeldExport) -> Record:
    return {"reason": held.reason, "line": str(held)}


@cache
def _readings() -> dict[str, str]:
    """Hash, by format, what the rows of its exports depend on."""
    return {fmt.name: digest(fmt.reading()) for fmt in formats()}


@cache
def _ways() -> str:
    """Hash how headers are recognised."""
    known = [[f.name, f.recognise, way_of(f)] for f in formats()]
    return digest([known, [[b.file, b.recognise, way_of(b)] for b in broken_formats()]])
