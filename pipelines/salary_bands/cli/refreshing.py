"""For those who schedule refreshes: exports in, a release out, and what to mend."""

from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from salary_bands.cli.common import AsJson, MartsFolder, WorkFolder, out, print_json, say
from salary_bands.errors import UsageError


def refresh(
    raw: Annotated[Path | None, typer.Option(help="Folder of exports, RAW/<source>/<file> (data/raw).")] = None,
    marts: MartsFolder = None,
    work: WorkFolder = None,
    as_of: Annotated[str | None, typer.Option(help="Last day of the window, YYYY-MM-DD (today in UTC).")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything but publish.")] = False,
    wait: Annotated[float | None, typer.Option(help="Seconds to wait for another refresh (600).")] = None,
    accept: Annotated[
        list[str] | None, typer.Option(help="Gate that does not hold this release; may be given several times.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why; it stands in the release's manifest.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read what is new, build the bands, check them and publish a release."""
    from salary_bands.settings import load

    settings = load(raw=raw, marts=marts, work=work, lock_wait_seconds=wait)
    today = datetime.now(UTC).date()
    day = _date(as_of) if as_of else today
    if day > today:
        raise UsageError(f"--as-of {day}: is in the future; a release is of a day that was")
    from salary_bands.gates.accept import Accepted

    accepted = Accepted.of(accept or [], reason)
    from salary_bands.orchestration.refresh import refresh as run

    outcome = run(settings, day, dry_run, say, accepted)
    if as_json:
        print_json(outcome.to_json())
        return
    from salary_bands.cli.printing.refreshing import print_outcome

    print_outcome(out, outcome)


def inspect(file: Annotated[Path, typer.Argument(help="An export.")], as_json: AsJson = False) -> None:
    """Show how a file would be read and what would be rejected; draft a format for an unknown header."""
    from salary_bands.cli.printing.inspection import print_inspection
    from salary_bands.exports.inspect import inspect_file
    from salary_bands.settings import load

    found = inspect_file(file, load())
    if as_json:
        print_json(found)
    else:
        print_inspection(out, found)
    if found["held"] or found["would_be_held"]:
        raise typer.Exit(1)


def coverage(
    work: WorkFolder = None,
    most: Annotated[int, typer.Option(help="Unmatched texts of each kind.")] = 15,
    as_json: AsJson = False,
) -> None:
    """Show what the last refresh did not know: shares per source, and the unmatched texts that cost most reports."""
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
        str | None, typer.Option(help="s3://BUCKET/PREFIX, gs://... or az://...; the setting store_url.")
    ] = None,
    marts: MartsFolder = None,
    as_json: AsJson = False,
) -> None:
    """Put what is published into an object store: what it lacks, then the pointers. A refresh does it by itself."""
    from salary_bands.distribute.mirror import mirror as put
    from salary_bands.releases.marts import Marts
    from salary_bands.settings import load
    from salary_bands.storage.locks import refresh_lock

    settings = load(marts=marts, store_url=to)
    if not settings.store_url:
        raise UsageError("no store to mirror to; give --to s3://BUCKET/PREFIX or the setting store_url")
    with refresh_lock([settings.marts], settings.lock_wait_seconds, say):
        done = put(Marts(settings.marts), settings.store_url, say)
    if as_json:
        print_json(asdict(done))
    else:
        out.print(done.line(), highlight=False, markup=False)


def sample(
    to: Annotated[Path, typer.Option(help="Raw folder to put the source `sample` into.")] = Path("data/raw"),
) -> None:
    """Write the synthetic sample, to try the pipeline without data of your own."""
    from salary_bands.sample import AS_OF, write_sample

    for path in write_sample(to / "sample"):
        out.print(str(path), highlight=False)
    say(f"synthetic data; try: salary-bands refresh --raw {to} --as-of {AS_OF}")


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--as-of {text}: not a date; write YYYY-MM-DD") from None
