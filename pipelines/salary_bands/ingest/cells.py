"""Take our columns out of blocks of an export's cells, as its format says."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from salary_bands.errors import HeldExport
from salary_bands.reference.formats import Column, Condition, Format, places_of
from salary_bands.reference.patterns import first_groups, matches
from salary_bands.schemas.raw_reports import TEXT_COLUMNS
from salary_bands.storage.frames import TEXT, map_distinct


class MappedColumns:
    """Our columns of one format, read from blocks of cells. file: the export's name, which may hold texts."""

    def __init__(self, fmt: Format, file: str) -> None:
        self._format = fmt
        self._file = file.rpartition("/")[2]

    def present(self, keys: Sequence[str]) -> list[str]:
        """Return which of our columns a header of these folded names has."""
        return [
            name
            for name, column in self._format.columns.items()
            if column.constant or column.file_name or any(places_of(h, keys) for h in column.headers)
        ]

    def check_formulas(self, keys: Sequence[str], formulas: Counter[int]) -> None:
        """Hold an export in which cells that are read are formulas without a value. formulas: by place, how many."""
        found = {
            name: count
            for name, column in self._format.columns.items()
            if (count := sum(formulas[place] for place in _places(column, keys)))
        }
        if found:
            raise HeldExport(
                "formulas_without_values",
                f"{sum(found.values()):,} cells of {', '.join(found)} are formulas whose values are not in the file",
                "open it in a spreadsheet and save it, or deliver it as CSV",
            )

    def check_repeated(self, keys: Sequence[str]) -> None:
        """Hold an export in which several columns fit a header that is read: which one is meant would be a guess."""
        several = [
            name
            for name, column in self._format.columns.items()
            if "place" not in column.model_fields_set and _is_guess(column, keys)
        ]
        if several:
            raise HeldExport(
                "repeated_header",
                f"several columns fit the header of {', '.join(several)}",
                "rename or remove all but one, name it in full in the format's YAML, or say `place` there",
            )

    def read(self, block: pd.DataFrame, keys: Sequence[str]) -> tuple[pd.DataFrame, pd.Series]:
        """Return our columns of the rows that are not blank, and which of these rows the format skips."""
        mapped = [str(place) for place in sorted(self._places(keys))]
        blank = blank_rows(block[mapped])
        if blank.any():  # a row with a cell only in columns that are not mapped is still a row
            blank[blank] = blank_rows(block[blank])
        rows = block.loc[~blank, mapped]
        skipped = pd.Series(False, index=rows.index)
        for condition in self._format.skip_where:
            skipped |= self._holds(rows, condition, keys)
        texts = {name: self._column(rows, name, keys) for name in TEXT_COLUMNS}
        return pd.DataFrame(texts, index=rows.index, dtype=TEXT), skipped

    def _places(self, keys: Sequence[str]) -> set[int]:
        columns = self._format.columns.values()
        conditions = [*self._format.skip_where, *(c.when for c in columns if c.when)]
        headers = [h for column in columns for h in column.headers] + [c.header for c in conditions]
        return {place for header in headers for place in places_of(header, keys)}

    def _column(self, rows: pd.DataFrame, name: str, keys: Sequence[str]) -> pd.Series:
        """Take one of our columns, as text; blank is missing."""
        column = self._format.columns.get(name)
        if column is None:
            return pd.Series(np.nan, index=rows.index, dtype=TEXT)
        if column.constant:
            text = pd.Series(column.constant, index=rows.index, dtype=TEXT)
        elif column.file_name:
            text = pd.Series(first_groups([self._file], column.file_name)[0], index=rows.index, dtype=TEXT)
        else:
            text = self._cells(rows, column, keys)
        if column.when:
            text = text.where(self._holds(rows, column.when, keys))
        return _rewritten(text, column)

    def _cells(self, rows: pd.DataFrame, column: Column, keys: Sequence[str]) -> pd.Series:
        blanks = {b.casefold() for b in self._format.blank + column.blank}
        cells = [_cleaned(rows[str(place)], blanks) for place in _places(column, keys)]
        if not cells:
            return pd.Series(np.nan, index=rows.index, dtype=TEXT)
        text = cells[0]
        for other in cells[1:]:
            text = (text + ", " + other).fillna(text).fillna(other) if column.join else text.fillna(other)
        return text

    def _holds(self, rows: pd.DataFrame, condition: Condition, keys: Sequence[str]) -> pd.Series:
        """Tell of each row whether a condition holds; one on a header that the export lacks finds blank cells."""
        places = places_of(condition.header, keys)
        if not places:
            return pd.Series(condition.blank is True, index=rows.index)
        cells = _cleaned(rows[str(places[0])], {b.casefold() for b in self._format.blank})
        if condition.blank is not None:
            return cells.isna() == condition.blank
        if condition.pattern:
            return _of_distinct(cells, lambda texts: matches(texts, condition.pattern))
        listed = {text.casefold() for text in condition.is_ or condition.is_not}
        return _of_distinct(cells, lambda texts: [(t.casefold() in listed) == bool(condition.is_) for t in texts])


def _places(column: Column, keys: Sequence[str]) -> list[int]:
    """Return where the cells of a column of ours are."""
    return [place for h in column.headers for place in places_of(h, keys)[column.place - 1 :][:1]]


def _is_guess(column: Column, keys: Sequence[str]) -> bool:
    """True if several columns fit a header, and the first of them is not taken by a header before it anyway."""
    taken = set[int]()
    for header in column.headers:
        fitting = places_of(header, keys)
        if len(fitting) > 1 and fitting[0] not in taken:
            return True
        taken.update(fitting[:1])
    return False


def blank_rows(block: pd.DataFrame) -> pd.Series:
    """True for rows without a cell that is not blank."""
    blank = pd.Series(True, index=block.index)
    for _, cells in block.items():
        if not blank.any():
            break
        blank &= cells.isna() | cells.str.strip().eq("")
    return blank


def _cleaned(cells: pd.Series, blanks: set[str]) -> pd.Series:
    """Fold white space of every kind, no-break spaces and newlines too; blank cells are missing."""

    def clean(cell: str) -> str | None:
        text = " ".join(cell.split())
        return text if text and text.casefold() not in blanks else None

    return map_distinct(cells, clean)


def _rewritten(text: pd.Series, column: Column) -> pd.Series:
    if column.pattern:
        codes, distinct = pd.factorize(text)
        found = first_groups(distinct, column.pattern)
        missed = [column.default or cell for cell in distinct]
        parts = [m if part is None else part for part, m in zip(found, missed, strict=True)]
        text = pd.Series(pd.array([*parts, None], dtype=TEXT).take(codes), index=text.index)
    if column.values:
        values = {k.casefold(): v for k, v in column.values.items()}
        text = map_distinct(text, lambda cell: values.get(cell.casefold(), cell))
    return text.fillna(column.default) if column.default else text


def _of_distinct(cells: pd.Series, answer: Callable[[Sequence[str]], Sequence[bool]]) -> pd.Series:
    """Ask once for each distinct text; a blank cell is False."""
    codes, distinct = pd.factorize(cells)
    answers = np.array([*answer([*distinct]), False], dtype=bool)
    return pd.Series(answers[codes], index=cells.index)
