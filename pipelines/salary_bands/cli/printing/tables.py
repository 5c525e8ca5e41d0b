"""Format tables for a terminal."""

from rich import box
from rich.table import Table
from rich.text import Text

from salary_bands.errors import escaped


def cell(text: str) -> Text:
    """Show text from outside in a table: neither markup nor control characters count."""
    return Text(escaped(text))


def plain_table(*names: str, title: str | None = None) -> Table:
    """Return a table with these columns of text."""
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", padding=(0, 1, 0, 0))
    for name in names:
        table.add_column(name, overflow="fold")
    return table
