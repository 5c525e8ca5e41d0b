"""The commands of `salary-bands`: results on standard output, progress and messages on standard error.

Belongs here: the options of each command, and how its result is printed. Does not belong here: how a command finds its
result. Only this package imports typer and rich. Commands import what they need when they run, so that commands that
only read releases do not import dagster.
"""

from salary_bands.cli.commands import main

__all__ = ["main"]
