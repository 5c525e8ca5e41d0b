"""Bytes into the stages: what becomes of one export, without a release."""

import csv
import gzip
import io
import json
from dataclasses import dataclass
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
    """One export after all stages: the records of the stages, and their tables."""

    export: ExportFile
    stages: ExportStages
    records: dict[str, dict[str, Any]]

    @property
    def held(self) -> str | None:
        """Why the export is held, None where it is not."""
        held = self.records["pay_reports"]["held"]
        return held["reason"] if held else None

    @property
    def line(self) -> str:
        return self.records["pay_reports"]["held"]["line"]

    @property
    def rows(self) -> int:
        return self.records["raw_reports"]["rows"]

    def table(self, name: str) -> pd.DataFrame:
        return pd.concat(self.stages.parts.chunks(name, self.export.key), ignore_index=True)

    @property
    def rejected(self) -> list[tuple[int, str, str]]:
        """(row, column, reason), in the order of rows."""
        return list(self.table("rejected_reports")[["row", "column", "reason"]].itertuples(index=False, name=None))


def run(export: ExportFile, settings: Settings) -> Intake:
    stages = ExportStages.of(settings)
    return Intake(export, stages, {table: stages.make(table, export) for table in STAGE_TABLES})


def intake(settings: Settings, content: bytes | str, file: str = "source/export.csv", **changed: Any) -> Intake:
    """Put the content into the raw folder and through the stages."""
    path = settings.raw / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    export = next(e for e in scan(settings.raw).exports if e.file == file)
    return run(export, settings.model_copy(update=changed))


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
