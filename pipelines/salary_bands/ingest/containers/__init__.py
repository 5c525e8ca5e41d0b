"""Containers of rows: CSV, JSON, JSON lines, Parquet and XLSX as blocks of text cells with their row numbers.

Belongs here: one module per container, and what they share. Does not belong here: which format a header is, or what a
cell's text means.
"""

from typing import BinaryIO

from salary_bands.errors import HeldExport
from salary_bands.ingest.containers.common import Container, Way, kind_of
from salary_bands.ingest.containers.delimited import open_csv
from salary_bands.ingest.containers.json_document import open_json
from salary_bands.ingest.containers.json_lines import open_json_lines
from salary_bands.ingest.containers.parquet import open_parquet
from salary_bands.ingest.containers.xlsx import open_xlsx
from salary_bands.ingest.streams import TextBytes
from salary_bands.settings import Settings


def open_container(name: str, stream: BinaryIO, size: int, way: Way, settings: Settings) -> Container:
    """Open the container that the file's name says it is.

    Raises HeldExport if the name is not one of a container, or the file is empty or damaged at its start. The blocks
    of the container raise it for what comes later.
    """
    is_gzip = name.lower().endswith(".gz")
    kind = kind_of(name)
    if kind in ("csv", "tsv", "jsonl", "json"):
        text = TextBytes(stream, size, is_gzip, way.encoding, settings)
        if kind == "jsonl":
            return open_json_lines(text, way, settings)
        return open_json(text, way, settings) if kind == "json" else open_csv(text, way, settings)
    if kind == "parquet" and not is_gzip:
        return open_parquet(stream, size, settings)
    if kind == "xlsx" and not is_gzip:
        return open_xlsx(stream, size, way, settings)
    raise HeldExport(
        "unknown_container",
        "its name does not end in .csv, .csv.gz, .tsv, .json, .jsonl, .jsonl.gz, .parquet or .xlsx",
        "deliver it as one of these",
    )
