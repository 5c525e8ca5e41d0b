"""Bytes into the stages: what becomes of one export, without a release."""

import csv
import gzip
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd

from salary_bands.exports.stages import STAGE_TABLES, ExportStages
from salary_bands.ingest.raw_folder import ExportFile, scan
from salary_bands.settings import Settings

Row = dict[str, Any]


@dataclass
class Intake:
    """One export in the stages, each of which runs when its record or table is first asked for."""

    export: ExportFile
    stages: ExportStages
    _records: dict[str, dict[str, Any]] = field(default_factory=dict)

    def record(self, table: str) -> dict[str, Any]:
        """The record of a stage, run after those before it."""
        for name in STAGE_TABLES[: STAGE_TABLES.index(table) + 1]:
            if name not in self._records:
                self._records[name] = self.stages.make(name, self.export)
        return self._records[table]

    @property
    def held(self) -> str | None:
        """Why the export is held for its file or its rows, None if it is not."""
        held = self.record("accepted_reports")["held"]
        return held["reason"] if held else None

    @property
    def line(self) -> str:
        return self.record("accepted_reports")["held"]["line"]

    @property
    def rows(self) -> int:
        return self.record("raw_reports")["rows"]

    def table(self, name: str) -> pd.DataFrame:
        self.record("accepted_reports" if name == "rejected_reports" else name)
        return pd.concat(self.stages.parts.chunks(name, self.export.key), ignore_index=True)

    @property
    def rejected(self) -> list[tuple[int, str, str]]:
        """(row, column, reason), in the order of rows."""
        return list(self.table("rejected_reports")[["row", "column", "reason"]].itertuples(index=False, name=None))


def run(export: ExportFile, settings: Settings) -> Intake:
    """Put the export through all stages."""
    found = Intake(export, ExportStages.of(settings))
    found.record("pay_reports")
    return found


def intake(settings: Settings, content: bytes | str, file: str = "source/export.csv", **changed: Any) -> Intake:
    """Put the content into the raw folder, and into the stages as far as it is then asked for."""
    path = settings.raw / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    export = next(e for e in scan(settings.raw).exports if e.file == file)
    return Intake(export, ExportStages.of(settings.model_copy(update=changed)))


def csv_text(rows: list[Row]) -> str:
    """Rows as CSV, with every column that a row has."""
    stream = io.StringIO()
    columns = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def containers(rows: list[Row], folder: Path) -> dict[str, bytes]:
    """The same rows in every container, by the file's name; blank cells are missing in the typed ones."""
    folder.mkdir(exist_ok=True)
    text = csv_text(rows).encode("utf-8")
    typed = [{name: None if cell == "" else cell for name, cell in row.items()} for row in rows]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in typed).encode("utf-8")
    pd.DataFrame(typed).to_parquet(folder / "export.parquet", index=False)
    return {
        "export.csv": text,
        "export.csv.gz": gzip.compress(text),
        "export.jsonl": lines,
        "export.jsonl.gz": gzip.compress(lines),
        "export.parquet": (folder / "export.parquet").read_bytes(),
        "export.xlsx": workbook([list(typed[0]), *(list(row.values()) for row in typed)]),
    }


def workbook(rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
