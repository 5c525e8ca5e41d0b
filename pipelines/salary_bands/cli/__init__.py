"""The commands of `salary-bands`: results on standard output, progress and messages on standard error.

Belongs here: what each command takes, and how its result is printed. The only package that imports typer and rich.
Commands import what they need when they run, so that reading ones answer without dagster. Does not belong here: what a
command finds out.
"""

from salary_bands.cli.commands import main

__all__ = ["main"]
