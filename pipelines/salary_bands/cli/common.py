"""What commands share: their two streams, the options that several take, and the spelling of a document."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

if TYPE_CHECKING:
    from salary_bands.releases.marts import Marts

out = Console(soft_wrap=True, width=None if sys.stdout.isatty() else 140)
err = Console(stderr=True, soft_wrap=True)

MartsFolder = Annotated[Path | None, typer.Option("--marts", help="Folder of releases (data/marts).")]
WorkFolder = Annotated[Path | None, typer.Option("--work", help="Folder of intermediate parts (data/work).")]
ReleaseVersion = Annotated[str | None, typer.Option("--release", help="Version of a release; the latest without it.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]


def marts_in(folder: Path | None) -> "Marts":
    """The marts folder given, else that of the settings."""
    from salary_bands.releases.marts import Marts
    from salary_bands.settings import load

    return Marts(load(marts=folder).marts)


def say(line: str) -> None:
    """A line of progress or a message, on standard error."""
    err.print(line, markup=False, highlight=False)


def print_json(document: Any) -> None:
    """One document on standard output."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n")
