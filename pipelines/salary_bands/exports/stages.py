"""The stages over one export: parts in, parts out, a record of each. The edge around the pure stages."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from salary_bands import schemas
from salary_bands.classify.reports import classify_reports
from salary_bands.errors import HeldExport
from salary_bands.fingerprint import OURS, made_from
from salary_bands.ingest.containers import Malformed
from salary_bands.ingest.raw_folder import ExportFile
from salary_bands.ingest.read import count_rows, exported_on, open_rows
from salary_bands.ingest.recognise import exported_on_from_name
from salary_bands.normalise.reports import normalise
from salary_bands.reference.formats import format_named, formats
from salary_bands.settings import Settings
from salary_bands.storage.frames import TEXT
from salary_bands.storage.parts import Parts
from salary_bands.validate.split import split
from salary_bands.vocabulary.rates import Rates, current_rates

STAGE_TABLES = ("raw_reports", "accepted_reports", "normalised_reports", "pay_reports")
BEFORE = dict(zip(STAGE_TABLES[1:], STAGE_TABLES, strict=False))
Record = dict[str, Any]


@dataclass(frozen=True)
class ExportStages:
    """Runs the stages for exports, in one work folder with one set of settings."""

    parts: Parts
    settings: Settings
    rates: Rates

    @classmethod
    def of(cls, settings: Settings) -> "ExportStages":
        return cls(Parts(settings.work), settings, current_rates(settings.work))

    def is_current(self, export: ExportFile) -> bool:
        """Whether every part of the export is there, and was made by this code and these settings."""
        records = {table: self.parts.record(table, export.key) or {} for table in STAGE_TABLES}
        return all(
            record.get("made_from") == self.made_from(table, export)
            and (record["held"] or self.parts.path(table, export.key).is_file())
            for table, record in records.items()
        )

    def made_from(self, table: str, export: ExportFile) -> str:
        """What makes a part: its stage, and the rows of the part before; the file's bytes and the date in its name."""
        named = {f.name: exported_on_from_name(f.exported_on, export.file) for f in formats() if f.exported_on}
        before = BEFORE.get(table)
        rows = (self.parts.record(before, export.key) or {}).get("checksum") if before else export.sha256
        return made_from(OURS.stage_code(table), self.settings, self.rates.sha256, named, rows)

    def checksums(self, export: ExportFile) -> dict[str, str]:
        """The checksum of each part of the export."""
        records = {table: self.parts.record(table, export.key) or {} for table in (*STAGE_TABLES, "rejected_reports")}
        return {table: str(record.get("checksum", "")) for table, record in records.items()}

    def make(self, table: str, export: ExportFile) -> Record:
        """Make the part of a table of STAGE_TABLES; `accepted_reports` makes `rejected_reports` too."""
        stages = {
            "raw_reports": self.raw_reports,
            "accepted_reports": self.accepted_reports,
            "normalised_reports": self.normalised_reports,
            "pay_reports": self.pay_reports,
        }
        return stages[table](export)

    def raw_reports(self, export: ExportFile) -> Record:
        """Read the export's mapped columns. A held export has a record with the reason and no part."""
        try:
            opened = open_rows(export.path, self.settings)
            self.parts.write("raw_reports", export.key, opened.chunks)
            malformed = [[m.row, m.reason, m.text] for m in opened.malformed]
            rows = opened.rows + len(malformed)
            if rows == 0:
                raise HeldExport("no_rows", "has a header and no rows", "deliver it again or remove it")
            return self._record(
                "raw_reports",
                export,
                format=opened.format.name,
                columns=opened.columns,
                rows=rows,
                malformed=malformed,
            )
        except HeldExport as held:
            self.parts.remove("raw_reports", export.key)
            unknown = held.reason in ("unknown_header", "missing_required_column", "ambiguous_header")
            rows = count_rows(export.path, self.settings) if unknown else held.rows
            return self._record("raw_reports", export, format="", columns=[], rows=rows, malformed=[], held=_held(held))

    def accepted_reports(self, export: ExportFile) -> Record:
        """Split into accepted_reports and rejected_reports; hold the export where too much is rejected."""
        raw = self._needed("raw_reports", export)
        if raw["held"]:
            self.parts.remove("accepted_reports", export.key)
            self.parts.remove("rejected_reports", export.key)
            return self._record("accepted_reports", export, held=raw["held"], rows=0, rejected={}, noted={})
        fmt = format_named(raw["format"])
        named = exported_on_from_name(fmt.exported_on, export.file) if fmt.exported_on else None
        rejected: list[pd.DataFrame] = [malformed_rows([Malformed(*record) for record in raw["malformed"]])]
        noted: Counter[str] = Counter()
        latest: list[pd.Timestamp] = []
        exported: list[date] = []
        held: Record | None = None
        rows = 0

        def accepted() -> Iterator[pd.DataFrame]:
            day = date.fromisoformat(named) if named else date.min.replace(year=1900)
            for chunk in self.parts.chunks("raw_reports", export.key):
                part = split(chunk, fmt, raw["columns"], day, self.rates, self.settings)
                rejected.append(part.rejected)
                noted.update(part.noted)
                latest.extend(part.accepted["submitted_at"].dropna().nlargest(1))
                _hold_where_too_many(rejected, raw["rows"], self.settings)
                yield part.accepted
            exported.append(exported_on(fmt, export.file, max(latest).date() if latest else None))

        try:
            _hold_where_too_many(rejected, raw["rows"], self.settings)
            rows = self.parts.write("accepted_reports", export.key, accepted())
        except HeldExport as error:
            held = _held(error)
            self.parts.remove("accepted_reports", export.key)
        refused = pd.concat(rejected, ignore_index=True).sort_values("row", ignore_index=True)
        self.parts.write("rejected_reports", export.key, [refused])
        self._record("rejected_reports", export, rows=len(refused))
        return self._record(
            "accepted_reports",
            export,
            held=held,
            rows=rows,
            exported_on=exported[0].isoformat() if exported else None,
            rejected={str(k): int(v) for k, v in refused["reason"].value_counts().items()},
            noted=dict(noted),
        )

    def normalised_reports(self, export: ExportFile) -> Record:
        """Annual USD, employers, levels and markets."""
        return self._stage("accepted_reports", "normalised_reports", export)

    def pay_reports(self, export: ExportFile) -> Record:
        """Leaf and tier."""
        return self._stage("normalised_reports", "pay_reports", export)

    def _stage(self, before: str, after: str, export: ExportFile) -> Record:
        accepted = self._needed("accepted_reports", export)
        if accepted["held"]:
            self.parts.remove(after, export.key)
            return self._record(after, export, held=accepted["held"], rows=0)
        fmt = format_named(self._needed("raw_reports", export)["format"])
        day = date.fromisoformat(accepted["exported_on"])

        def made(chunk: pd.DataFrame) -> pd.DataFrame:
            if after == "normalised_reports":
                return normalise(chunk, fmt, day, self.rates, self.settings)
            return classify_reports(chunk, day)

        rows = self.parts.write(after, export.key, map(made, self.parts.chunks(before, export.key)))
        return self._record(after, export, rows=rows)

    def _needed(self, table: str, export: ExportFile) -> Record:
        record = self.parts.record(table, export.key)
        if record is None:
            raise FileNotFoundError(f"{export.file} has no {table} yet; materialise that first")
        return record

    def _record(self, table: str, export: ExportFile, held: Record | None = None, **facts: Any) -> Record:
        origin = self.made_from(table, export)
        return self.parts.write_record(table, export.key, origin, sha256=export.sha256, held=held, **facts)


def _held(held: HeldExport) -> Record:
    return {"reason": held.reason, "line": str(held)}


def malformed_rows(records: list[Malformed]) -> pd.DataFrame:
    """Records that are no rows, as rejected_reports."""
    if not records:
        return schemas.empty("rejected_reports")
    rows = [(m.row, "", m.reason, m.text) for m in records]
    frame = pd.DataFrame(rows, columns=["row", "column", "reason", "value"])
    return frame.astype({"row": "int64", "column": TEXT, "reason": TEXT, "value": TEXT})


def _hold_where_too_many(rejected: list[pd.DataFrame], rows: int, settings: Settings) -> None:
    """Raise HeldExport where more than the allowed share of all rows is rejected already.

    A row without pay is no fault of the export, and does not count.
    """
    faults = sum(int(chunk["reason"].ne("no_pay").sum()) for chunk in rejected)
    if faults <= settings.max_rejected_share * rows:
        return
    faulty = pd.concat(rejected, ignore_index=True)
    faulty = faulty[faulty["reason"].ne("no_pay")]
    column, reason = faulty[["column", "reason"]].value_counts().index[0]
    example = faulty[faulty["column"].eq(column) & faulty["reason"].eq(reason)].iloc[0]
    raise HeldExport(
        "too_many_rejected",
        f"at least {faults:,} of {rows:,} rows would be rejected, most often {column or 'the row'} for {reason} "
        f"(row {example['row']}: {example['value']!r})",
        "mend the export, or raise max_rejected_share",
    )
