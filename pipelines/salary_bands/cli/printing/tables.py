"""Tables on a terminal, and the word that goes with synthetic figures."""

from rich import box
from rich.table import Table

SYNTHETIC = "synthetic data: nobody earns these figures"


def plain_table(*names: str, title: str | None = None) -> Table:
    """A table with these columns of text."""
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", padding=(0, 1, 0, 0))
    for name in names:
        table.add_column(name, overflow="fold")
    return table
