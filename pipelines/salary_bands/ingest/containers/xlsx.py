"""XLSX as blocks of text cells."""

import itertools
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any, BinaryIO

import pandas as pd

from salary_bands.errors import HeldExport
from salary_bands.ingest.containers.common import (
    MAX_BLOCK_CELLS,
    MAX_BLOCK_ROWS,
    Container,
    Malformed,
    Way,
    cell_text,
    checked_header,
    damaged,
)
from salary_bands.ingest.containers.limits import check_xlsx
from salary_bands.settings import Settings
from salary_bands.storage.frames import TEXT
from salary_bands.vocabulary.money_text import currencies_of

_LITERAL = re.compile(r"\"([^\"]*)\"|\[\$([^\]-]*)[^\]]*\]|\\(.)|([$€£¥])")  # "kr", [$€-407], \$, £

warnings.filterwarnings("ignore", module="openpyxl")  # they quote cells and names


def open_xlsx(stream: BinaryIO, size: int, way: Way, settings: Settings) -> Container:
    """Open a sheet of a workbook; its header is the row that the way says, else the first that is not blank.

    Without a sheet's name, hidden sheets and sheets of notes in one column are passed over, and two sheets with data
    hold the export.
    """
    import openpyxl  # a tenth of a second, which a refresh without such an export need not spend

    try:
        with zipfile.ZipFile(stream) as archive:
            formulas = check_xlsx(archive, size, settings)
        stream.seek(0)
        sheet = _sheet(openpyxl.load_workbook(stream, read_only=True, data_only=True).worksheets, way.sheet)
        rows = enumerate(sheet.iter_rows(), start=1)
        top = way.header_row or 1
        first = next(((n, r) for n, r in rows if n >= top and any(c.value is not None for c in r)), None)
    except HeldExport:
        raise
    except Exception as error:  # openpyxl raises what its parsers raise
        raise damaged("XLSX", error) from None
    container = Container(checked_header([cell_text(c.value) or "" for c in first[1]] if first else None, settings))
    container.formulas = formulas.get(sheet._worksheet_path, Counter())
    width = len(container.header)

    def full_rows() -> Iterator[tuple[int, list[str | None]]]:
        for number, row in rows:
            cells = [_shown(cell) for cell in row]
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


def _shown(cell: Any) -> str | None:
    """Write a cell as a CSV would hold it, with the percent or the currency that its number format shows."""
    value = cell.value
    if type(value) not in (int, float) or not cell.has_style:
        return cell_text(value)
    mark = _mark(cell.number_format)
    if mark == "%":
        return f"{cell_text(round(value * 100, 10))}%"
    return f"{mark} {cell_text(value)}" if mark else cell_text(value)


@cache
def _mark(number_format: str) -> str:
    """Return the percent or the currency that a number format shows, "" if it shows neither.

    What a built-in format shows as currency is that of the country of whoever opens the file, so that it says nothing.
    """
    from openpyxl.styles.numbers import BUILTIN_FORMATS_REVERSE

    positive = number_format.partition(";")[0]
    if "%" in _LITERAL.sub("", positive):
        return "%"
    if number_format in BUILTIN_FORMATS_REVERSE:
        return ""
    literals = (next(filter(None, found), "").strip() for found in _LITERAL.findall(positive))
    return next((text for text in literals if text and currencies_of(text)), "")


def _sheet(sheets: list[Any], name: str) -> Any:
    """Return the sheet of that name; without one, the visible sheet with data, else the first visible one.

    Raises HeldExport if there is no such sheet, or several have data.
    """
    for sheet in sheets:
        sheet.reset_dimensions()  # a sheet may claim a million columns that it does not have
    if name:
        named = [sheet for sheet in sheets if " ".join(sheet.title.split()).casefold() == name.casefold()]
        if not named:
            raise HeldExport("no_sheet", "has no sheet of the name that its format says", "see `sheet` in its YAML")
        return named[0]
    visible = [sheet for sheet in sheets if sheet.sheet_state == "visible"]
    with_data = [sheet for sheet in visible if _has_data(sheet)]
    if len(with_data) > 1:
        raise HeldExport(
            "several_sheets",
            f"has data in {len(with_data)} sheets",
            "name one with `sheet` in its format, or deliver it alone",
        )
    if not with_data and any(map(_has_data, sheets)):
        raise HeldExport("hidden_sheet", "has data in a hidden sheet only", "show the sheet, or deliver it as CSV")
    return (with_data or visible or sheets)[0]


def _has_data(sheet: Any) -> bool:
    """True if a header and a row below it have two cells or more."""
    wide = (row for row in sheet.iter_rows(values_only=True) if sum(value is not None for value in row) > 1)
    return len(list(itertools.islice(wide, 2))) > 1
