"""Read one export into its part of raw_reports: here, or in a process of its own that has limits (`exports/warden`)."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from salary_bands.errors import HeldExport
from salary_bands.ingest.raw_folder import ExportFile, open_export
from salary_bands.ingest.read import open_rows
from salary_bands.settings import Settings
from salary_bands.storage.parts import Parts

CHANGED = "changed_while_read"
Facts = dict[str, Any]
Reader = Callable[[ExportFile, Settings], Facts]  # writes the part and returns what its record says of it


def read_here(export: ExportFile, settings: Settings) -> Facts:
    """Write the part of raw_reports of an export; return its format, columns, rows and malformed rows.

    Raises HeldExport; `changed_while_read` if the bytes that were read are not those of its hash.
    """
    return read_part(export.path, export.file, export.sha256, Parts(settings.work), export.key, settings)


def read_part(path: Path, file: str, sha256: str, parts: Parts, key: str, settings: Settings) -> Facts:
    with open_export(path) as stream:
        opened = open_rows(stream, file, settings)
        parts.write("raw_reports", key, opened.chunks)
        stream.seek(0)
        if hashlib.file_digest(stream, "sha256").hexdigest() != sha256:
            raise HeldExport(CHANGED, "was changed while it was read", "the next refresh reads it again")
    malformed = [[m.row, m.reason] for m in opened.malformed]
    facts = {"format": opened.format.name, "columns": opened.columns, "absent": opened.absent}
    return {**facts, "rows": opened.rows, "malformed": malformed}
