"""Containers of rows: CSV, JSON lines, Parquet and XLSX as blocks of text cells with their row numbers.

Belongs here: one module per container, and what they share. Does not belong here: which format a header is, or what a
cell's text means.
"""

from typing import BinaryIO

from salary_bands.errors import HeldExport
from salary_bands.ingest.containers.common import Container
from salary_bands.ingest.containers.delimited import open_csv
from salary_bands.ingest.containers.json_lines import open_json_lines
from salary_bands.ingest.containers.parquet import open_parquet
from salary_bands.ingest.containers.xlsx import open_xlsx
from salary_bands.ingest.streams import TextBytes
from salary_bands.settings import Settings


def open_container(
    name: str, stream: BinaryIO, size: int, encoding: str, delimiter: str, settings: Settings
) -> Container:
    """Open the container that the file's name says it is.

    Raises HeldExport if the name is not one of a container, or the file is empty or damaged at its start. The blocks
    of the container raise it for what comes later.
    """
    lower = name.lower()
    if lower.endswith((".csv", ".csv.gz")):
        return open_csv(TextBytes(stream, size, lower.endswith(".gz"), encoding, settings), delimiter, settings)
    if lower.endswith((".jsonl", ".jsonl.gz")):
        return open_json_lines(TextBytes(stream, size, lower.endswith(".gz"), encoding, settings), settings)
    if lower.endswith(".parquet"):
        return open_parquet(stream, size, settings)
    if lower.endswith(".xlsx"):
        return open_xlsx(stream, size, settings)
    raise HeldExport(
        "unknown_container",
        "its name does not end in .csv, .csv.gz, .jsonl, .jsonl.gz, .parquet or .xlsx",
        "deliver it as one of these",
    )
