"""Define what commands share: the two output streams, common options, and JSON output."""

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from salary_bands.errors import escaped

if TYPE_CHECKING:
    from salary_bands.releases.marts import Marts

out = Console(soft_wrap=True, width=None if sys.stdout.isatty() else 140)
err = Console(stderr=True, soft_wrap=True)

MartsFolder = Annotated[Path | None, typer.Option("--marts", help="Folder of releases.", show_default="data/marts")]
WorkFolder = Annotated[
    Path | None, typer.Option("--work", help="Folder of intermediate parts.", show_default="data/work")
]
ReferenceFolder = Annotated[
    Path | None,
    typer.Option("--reference", help="Your own reference folder, laid over the package's.", show_default="none"),
]
ReleaseVersion = Annotated[
    str | None, typer.Option("--release", help="Version of a release.", show_default="the latest")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]


def marts_in(folder: Path | None) -> "Marts":
    """Return the marts folder that is given, else that of the settings."""
    from salary_bands.releases.marts import Marts
    from salary_bands.settings import load

    return Marts(load(marts=folder).marts)


def say(line: str) -> None:
    """Print a line of progress or a message on standard error."""
    err.print("\n".join(map(escaped, line.split("\n"))), markup=False, highlight=False)


def print_json(document: Any) -> None:
    """Print one JSON document on standard output."""
    sys.stdout.write(json_text(document, indent=2) + "\n")


def json_text(document: Any, indent: int | None = None) -> str:
    """Write JSON with an escape for every character that is not printable, which could steer a terminal."""
    text = json.dumps(document, ensure_ascii=False, indent=indent, default=str)
    return re.sub(r"[^\x20-\x7e\n]", lambda c: c[0] if c[0].isprintable() else json.dumps(c[0])[1:-1], text)
