"""Commands of the user's own reference folder."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from salary_bands.cli.common import AsJson, ReferenceFolder, out, print_json, say
from salary_bands.errors import UsageError, escaped

app = typer.Typer(no_args_is_help=True, help="Begin, check and compare your own reference folder.")


def init(
    folder: Annotated[Path, typer.Argument(help="Folder to begin.")] = Path("reference"), as_json: AsJson = False
) -> None:
    """Begin a reference folder: a readme and the JSON Schema of formats; what is there stays."""
    from salary_bands.reference.own_folder import begin

    written = begin(folder)
    if as_json:
        print_json([str(path) for path in written])
        return
    for path in written:
        out.print(escaped(str(path)), markup=False, highlight=False)
    say(f"Next: export SALARY_BANDS_REFERENCE={folder}, then `salary-bands inspect FILE --write`")


def check(reference: ReferenceFolder = None, as_json: AsJson = False) -> None:
    """List what is wrong in the reference folder, a line each: file, line, key, cause. Exit code 1 if anything is."""
    from salary_bands.reference.own_folder import faults

    folder = _folder(reference)
    found = faults(folder)
    if as_json:
        print_json({"folder": str(folder), "faults": found})
    for line in () if as_json else found:
        out.print(escaped(line), markup=False, highlight=False)
    if found:
        raise typer.Exit(1)
    say(f"{folder}: nothing is wrong")


def diff(reference: ReferenceFolder = None, as_json: AsJson = False) -> None:
    """List what the reference folder changes in the reference data that came with the package."""
    from salary_bands.reference.own_folder import changes

    found = changes(_folder(reference))
    if as_json:
        print_json([asdict(change) for change in found])
        return
    for change in found:
        out.print(escaped(f"{change.kind:<10} {change.file}  {change.what}"), markup=False, highlight=False)
    if not found:
        say("nothing is changed")


def _folder(given: Path | None) -> Path:
    from salary_bands.settings import load

    folder = load(reference=given).reference
    if folder is None:
        raise UsageError("no reference folder is set; give --reference DIR or SALARY_BANDS_REFERENCE=DIR")
    return folder
