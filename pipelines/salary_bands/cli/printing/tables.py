"""Format tables for a terminal."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from operator import eq
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from salary_bands.errors import escaped

_INDENT = 4  # of what is under a row


def cell(text: str) -> Text:
    """Show text from outside in a table: neither markup nor control characters count."""
    return Text(escaped(text))


def plain_table(*names: str, title: str | None = None) -> Table:
    """Return a table with these columns of text."""
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", padding=(0, 1, 0, 0))
    for name in names:
        table.add_column(name, overflow="fold")
    return table


def thousands(usd: float | None) -> str:
    """Format USD in thousands, unknown as an empty text."""
    return "" if usd is None else f"{usd / 1000:,.1f}"


def interval(band: dict[str, Any]) -> str:
    """Return the interval of the median in thousand USD, empty if there is none."""
    low, high = thousands(band["p50_low"]), thousands(band["p50_high"])
    return f"{low} to {high}" if low else ""


@dataclass(frozen=True)
class Column:
    """A column of a table that fits the terminal.

    cells: a text per row. is_key: it says which row this is, so text and not a figure. is_spare: left out first if the
    width is short. is_shared: said once above the table if it is the same in all of several rows. is_bound: an
    interval, which stays in one line with the figure before it.
    """

    name: str
    cells: Sequence[str]
    is_key: bool = False
    is_spare: bool = False
    is_shared: bool = False
    is_bound: bool = False

    @property
    def width(self) -> int:
        return max(map(cell_len, (self.name, *self.cells)))

    def padded(self, text: str) -> str:
        space = " " * (self.width - cell_len(text))
        return text + space if self.is_key else space + text


@dataclass(frozen=True)
class Layout:
    """Which columns are where: in a heading over rows that share it, in the line of a row, and under that line."""

    heading: Column | None
    line: tuple[Column, ...]
    under: tuple[Column, ...]
    gap: str

    def text(self, row: int | None) -> str:
        """Return the line of a row, or of the names of its columns for None."""
        cells = (column.padded(column.name if row is None else column.cells[row]) for column in self.line)
        return " " + self.gap.join(cells).rstrip()

    def said_under(self, row: int) -> str:
        """Return what is under the line of a row: names and values."""
        return ", ".join(f"{c.name} {c.cells[row]}" for c in self.under if c.cells[row])

    @property
    def width(self) -> int:
        return 1 + sum(column.width for column in self.line) + len(self.gap) * (len(self.line) - 1)


def print_fitted(out: Console, title: str, columns: Sequence[Column], notes: Sequence[str]) -> None:
    """Print a table with which no row loses a key, a figure or an interval, however narrow the terminal is.

    Empty columns are left out. A note is in the line of its row if it fits, else under the last of consecutive rows
    with the same note. Notes and shared columns that are the same in all of several rows are above the table.
    """
    columns = [column for column in columns if any(column.cells)]
    same = [column for column in columns if column.is_shared and _is_same(column.cells)]
    out.print(title, style="italic", markup=False, highlight=False)
    if same:
        said = ", ".join(f"{column.name} {column.cells[0]}" for column in same)
        _print_wrapped(out, f"in every row: {said}", indent=0)
    if _is_same(notes):
        _print_wrapped(out, notes[0], indent=0)
        notes = [""] * len(notes)
    layout = layout_of([column for column in columns if column not in same], out.width)
    names = layout.text(None)
    out.print(names, style="bold", markup=False, highlight=False)
    out.print(" " + "─" * (cell_len(names) - 1), highlight=False)
    for row, note in enumerate(notes):
        if layout.heading and (row == 0 or layout.heading.cells[row] != layout.heading.cells[row - 1]):
            out.print(f" {layout.heading.cells[row]}", style="bold", markup=False, highlight=False)
        line, under = layout.text(row), layout.said_under(row)
        if note and not under and cell_len(line) + 2 + cell_len(note) <= out.width:
            line, note = f"{line}  {note}", ""
        elif note in notes[row + 1 : row + 2]:
            note = ""  # it is said once, under the last of the rows that it is about
        out.print(line, markup=False, highlight=False)
        if said := "; ".join(filter(None, (under, note))):
            _print_wrapped(out, said, indent=_INDENT)
    out.print()


def layout_of(columns: Sequence[Column], width: int) -> Layout:
    """Return the layout that fits a width and takes the fewest lines.

    If the width is short, spare columns are left out first. Then a first key that rows share is a heading over them,
    and the last columns go under the line of each row.
    """
    head = columns[0]
    kept = [column for column in columns if not column.is_spare]
    tries: list[tuple[Column | None, Sequence[Column], Sequence[Column]]] = [(None, columns, ()), (None, kept, ())]
    heading = None
    if head.is_key and any(map(eq, head.cells, head.cells[1:])):
        heading, kept = head, kept[1:]
        tries.append((heading, kept, ()))
    splits = (count for count in range(len(kept) - 1, 0, -1) if not kept[count].is_bound)
    tries += [(heading, kept[:count], kept[count:]) for count in splits]
    layouts = [Layout(over, tuple(line), tuple(under), gap) for over, line, under in tries for gap in ("  ", " ")]
    return next((layout for layout in layouts if layout.width <= width), layouts[-1])


def _is_same(texts: Sequence[str]) -> bool:
    return len(texts) > 1 and bool(texts[0]) and len(set(texts)) == 1


def _print_wrapped(out: Console, text: str, indent: int) -> None:
    """Print text in lines that fit, all of them indented."""
    space = " " * indent
    width = max(out.width, 20)
    lines = textwrap.wrap(text, width, initial_indent=space, subsequent_indent=space, break_on_hyphens=False)
    out.print("\n".join(lines), markup=False, highlight=False)
