"""XLSX as blocks of text cells."""

import itertools
import warnings
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

import pandas as pd

from salary_bands.errors import HeldExport
from salary_bands.ingest.containers.common import (
    MAX_BLOCK_CELLS,
    MAX_BLOCK_ROWS,
    Container,
    Malformed,
    cell_text,
    checked_header,
    damaged,
)
from salary_bands.ingest.containers.limits import check_xlsx
from salary_bands.settings import Settings
from salary_bands.storage.frames import TEXT

warnings.filterwarnings("ignore", module="openpyxl")  # they quote cells and names


def open_xlsx(stream: BinaryIO, size: int, settings: Settings) -> Container:
    """Open the first sheet of a workbook; its first row that is not blank is the header."""
    import openpyxl  # a tenth of a second, which a refresh without such an export need not spend

    try:
        with zipfile.ZipFile(stream) as archive:
            check_xlsx(archive, size, settings)
        stream.seek(0)
        sheet = openpyxl.load_workbook(stream, read_only=True, data_only=True).worksheets[0]
        sheet.reset_dimensions()  # a sheet may claim a million columns that it does not have
        rows = enumerate(sheet.iter_rows(values_only=True), start=1)
        first = next(((n, r) for n, r in rows if any(v is not None for v in r)), None)
    except HeldExport:
        raise
    except Exception as error:  # openpyxl raises what its parsers raise
        raise damaged("XLSX", error) from None
    container = Container(checked_header([cell_text(v) or "" for v in first[1]] if first else None, settings))
    width = len(container.header)

    def full_rows() -> Iterator[tuple[int, list[str | None]]]:
        for number, values in rows:
            cells = [cell_text(v) for v in values]
            if any(cells[width:]):
                about = f"cells beyond the header's {width}"
                container.add_malformed(Malformed(number, "wrong_number_of_cells", about), settings)
            else:
                yield number, (cells + [None] * width)[:width]

    def blocks() -> Iterator[pd.DataFrame]:
        numbered = full_rows()
        try:
            while chunk := list(itertools.islice(numbered, max(1, min(MAX_BLOCK_ROWS, MAX_BLOCK_CELLS // width)))):
                columns = {str(i): [cells[i] for _, cells in chunk] for i in range(width)}
                yield pd.DataFrame(columns, index=[n for n, _ in chunk], dtype=TEXT)
        except HeldExport:
            raise
        except Exception as error:
            raise damaged("XLSX", error) from None

    container.blocks = blocks()
    return container
