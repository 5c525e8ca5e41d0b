"""Commands that operate refreshes: read exports, publish a release, and list what to fix."""

from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from salary_bands.cli.common import AsJson, MartsFolder, ReferenceFolder, WorkFolder, marts_in, out, print_json, say
from salary_bands.errors import RefreshError, UsageError

if TYPE_CHECKING:
    from salary_bands.gates.accept import Accepted
    from salary_bands.refresh.run import Jobs
    from salary_bands.settings import Settings


def refresh(
    raw: Annotated[
        Path | None, typer.Option(help="Folder of exports, RAW/<source>/<file>.", show_default="data/raw")
    ] = None,
    marts: MartsFolder = None,
    work: WorkFolder = None,
    as_of: Annotated[
        str | None, typer.Option(help="Last day of the window, YYYY-MM-DD.", show_default="today in UTC")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything except publish.")] = False,
    wait: Annotated[float | None, typer.Option(help="Seconds to wait for another refresh.", show_default="600")] = None,
    accept: Annotated[list[str] | None, typer.Option(help="Gate that must not hold this release; repeatable.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why the gates are accepted; recorded in the manifest.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if any export is held.")] = False,
    reference: ReferenceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Read new exports, build the bands, check them and publish a release."""
    from salary_bands.settings import load

    settings = load(raw=raw, marts=marts, work=work, lock_wait_seconds=wait, reference=reference)
    _check_reference(settings.reference)
    today = datetime.now(UTC).date()
    day = _date(as_of) if as_of else today
    if day > today:
        raise UsageError(f"--as-of {day} is in the future; use today's date or an earlier one")
    accepted = _accepted(accept, reason)
    from salary_bands.refresh.run import refresh as run

    outcome = run(settings, day, dry_run, say, lambda: _jobs(settings), accepted, is_dated=as_of is not None)
    if as_json:
        print_json(outcome.to_json())
    else:
        from salary_bands.cli.printing.refreshing import print_outcome

        print_outcome(out, outcome)
    if strict and outcome.held:
        raise RefreshError(f"--strict: {len(outcome.held)} of the exports are held; fix or remove them")


def status(
    export: Annotated[
        str | None, typer.Argument(help="An export as a release names it (12 digits), its SHA-256, or its file.")
    ] = None,
    raw: Annotated[Path | None, typer.Option(help="Folder of exports.", show_default="data/raw")] = None,
    marts: MartsFolder = None,
    work: WorkFolder = None,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 if something needs a person.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show how the last refresh ended, what is held since when, and how fresh each source is."""
    from salary_bands.refresh.status import export_status
    from salary_bands.refresh.status import status as read
    from salary_bands.settings import load

    settings = load(raw=raw, marts=marts, work=work)
    if export:
        one = export_status(settings, export)
        if as_json:
            print_json(one)
        else:
            from salary_bands.cli.printing.refreshing import print_export

            print_export(out, one)
        needs_somebody = bool(one["held"])
    else:
        found = read(settings)
        if as_json:
            print_json(found.to_json())
        else:
            from salary_bands.cli.printing.refreshing import print_status

            print_status(out, found)
        needs_somebody = bool(found.to_do)
    if check and needs_somebody:
        raise typer.Exit(1)


def _accepted(gates: list[str] | None, reason: str | None) -> "Accepted | None":
    """Validate which gates are accepted; None if nothing was asked for, so that nothing is imported for it."""
    if not gates and reason is None:
        return None
    from salary_bands.gates.accept import Accepted

    return Accepted.of(gates or [], reason)


def _check_reference(folder: Path | None) -> None:
    """Say what is wrong in the reference folder; a broken format holds only its exports, another file everything."""
    if folder is None:
        return
    from salary_bands.reference.own_folder import faults

    wrong = faults(folder)
    of_formats = [line for line in wrong if "/formats/" in line.partition(":")[0]]
    for line in of_formats:
        say(f"warning: {line}")
    if others := [line for line in wrong if line not in of_formats]:
        raise UsageError("\n".join(others))


def _jobs(settings: "Settings") -> "Jobs":
    """Build Dagster's definitions, which a refresh with nothing to do never needs."""
    from salary_bands.orchestration.refresh import InProcess

    return InProcess(settings, say)


def inspect(
    file: Annotated[Path, typer.Argument(help="An export.")],
    write: Annotated[
        bool, typer.Option("--write", help="Write the drafted format into the reference folder, and inspect again.")
    ] = False,
    reference: ReferenceFolder = None,
    as_json: AsJson = False,
) -> None:
    """Show how a file would be read and what would be rejected; draft a format if its header is unknown."""
    from salary_bands.cli.printing.inspection import print_inspection
    from salary_bands.exports.warden import warden
    from salary_bands.settings import load

    settings = load(reference=reference)
    if not file.is_file():
        raise UsageError(f"{file}: no such file")
    if write and settings.reference is None:
        raise UsageError("--write needs a reference folder; begin one with `salary-bands reference init`, and set it")
    found = warden.inspect(file, settings)
    warden.close()
    if write and "draft" in found:
        path = _write_draft(settings.reference, found)
        say(f"wrote {path}; answer its questions, then run `salary-bands inspect {file}` again")
    if as_json:
        print_json(found)
    else:
        print_inspection(out, found)
    if found["held"] or found["would_be_held"]:
        raise typer.Exit(1)


def _write_draft(folder: Path | None, found: dict[str, Any]) -> Path:
    """Write a drafted format as a new file of the reference folder."""
    assert folder
    path = folder / "formats" / f"{found['draft_name']}.yaml"
    if path.exists():
        raise UsageError(f"{path} is there already; edit it, or rename it and try again")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(found["draft"], encoding="utf-8")
    return path


def coverage(
    work: WorkFolder = None,
    most: Annotated[int, typer.Option(help="Number of unmatched texts of each kind.")] = 15,
    as_json: AsJson = False,
) -> None:
    """Show what the last refresh could not match: shares by source, and the texts that affect most reports."""
    from salary_bands.aggregate.coverage import coverage as cover
    from salary_bands.cli.printing.refreshing import print_coverage
    from salary_bands.settings import load

    found = cover(load(work=work), most)
    if as_json:
        print_json(found)
    else:
        print_coverage(out, found)


def mirror(
    to: Annotated[
        str | None, typer.Option(help="s3://BUCKET/PREFIX, gs://... or az://...", show_default="the setting store_url")
    ] = None,
    marts: MartsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Upload missing files of the releases to an object store, then the pointers. A refresh does this automatically."""
    from salary_bands.distribute.mirror import mirror as upload
    from salary_bands.settings import load
    from salary_bands.storage.locks import refresh_lock

    settings = load(marts=marts, store_url=to)
    if not settings.store_url:
        raise UsageError("no object store is set; give --to s3://BUCKET/PREFIX or the setting store_url")
    with refresh_lock([settings.marts], settings.lock_wait_seconds, say):
        done = upload(marts_in(settings.marts), settings.store_url, say, settings.signing_key)
    if as_json:
        print_json(asdict(done))
    else:
        out.print(done.line(), highlight=False, markup=False)


def sample(
    to: Annotated[Path, typer.Option(help="Raw folder in which to write the source `sample`.")] = Path("data/raw"),
) -> None:
    """Write the synthetic sample, for trying the pipeline without data of your own."""
    from salary_bands.sample import AS_OF, SYNTHETIC, write_sample

    for path in write_sample(to / "sample"):
        out.print(str(path), highlight=False)
    say(f"{SYNTHETIC} Next: salary-bands refresh --raw {to} --as-of {AS_OF}")


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--as-of {text} is not a date; use YYYY-MM-DD") from None
