"""Format tables for a terminal."""

from rich import box
from rich.table import Table


def plain_table(*names: str, title: str | None = None) -> Table:
    """Return a table with these columns of text."""
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", padding=(0, 1, 0, 0))
    for name in names:
        table.add_column(name, overflow="fold")
    return table
