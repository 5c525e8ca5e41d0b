"""`salary-bands`: results on standard output, progress and messages on standard error.

Commands import what they need when they run: those that only read answer in under a second, without dagster.
"""

import json
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from salary_bands.errors import RefreshError, UsageError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Compensation bands in machine learning: exports in, versioned percentile bands out.",
)
out = Console(soft_wrap=True, width=None if sys.stdout.isatty() else 140)
err = Console(stderr=True, soft_wrap=True)

MartsFolder = Annotated[Path | None, typer.Option("--marts", help="Folder of releases (data/marts).")]
ReleaseVersion = Annotated[str | None, typer.Option("--release", help="Version of a release; the latest without it.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")]


def reports_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Exit 2 for wrong usage or configuration, 1 for what could not be done, each with its line and no traceback."""

    @wraps(command)
    def guarded(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except UsageError as error:
            _say(f"error: {error}")
            raise typer.Exit(2) from None
        except RefreshError as error:
            _say(f"error: {error}")
            raise typer.Exit(1) from None
        except BrokenPipeError:  # `| head` had enough
            sys.stderr.close()
            raise typer.Exit(0) from None
        except KeyboardInterrupt:
            _say("interrupted; the published release is as it was")
            raise typer.Exit(130) from None
        except OSError as error:  # a full disk, no permission, a folder that is a file
            _say(f"error: {error}")
            raise typer.Exit(1) from None
        except Exception as error:
            if "duckdb" not in type(error).__module__:
                raise
            _say(f"error: a file of the release is missing or damaged: {str(error).splitlines()[0]}")
            raise typer.Exit(1) from None

    return guarded


@app.command()
@reports_errors
def refresh(
    raw: Annotated[Path | None, typer.Option(help="Folder of exports, RAW/<source>/<file> (data/raw).")] = None,
    marts: MartsFolder = None,
    work: Annotated[Path | None, typer.Option(help="Folder of intermediate parts (data/work).")] = None,
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

    outcome = run(settings, day, dry_run, _say, accepted)
    if as_json:
        _print_json(outcome.to_json())
        return
    from salary_bands.show import print_outcome

    print_outcome(out, outcome)


@app.command()
@reports_errors
def inspect(file: Annotated[Path, typer.Argument(help="An export.")], as_json: AsJson = False) -> None:
    """Show how a file would be read and what would be rejected; draft a format for an unknown header."""
    from salary_bands.inspect_file import inspect_file, print_inspection
    from salary_bands.settings import load

    found = inspect_file(file, load())
    if as_json:
        _print_json(found)
    else:
        print_inspection(out, found)
    if found["held"] or found["would_be_held"]:
        raise typer.Exit(1)


@app.command()
@reports_errors
def classify(
    titles: Annotated[list[str] | None, typer.Argument(help="Job titles; standard input without any.")] = None,
    file: Annotated[Path | None, typer.Option("--in", help="CSV with title, specialisation, skills.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say which leaf a job title is, by which rule and on what evidence. With --json one object a line."""
    from salary_bands.show import classified, print_classified

    found = classified(titles or [], file)
    if as_json:
        for row in found:
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
    else:
        print_classified(out, found)


@app.command()
@reports_errors
def show(
    marts: MartsFolder = None,
    release: ReleaseVersion = None,
    view: Annotated[str, typer.Option(help="leaf, cards, llm_roles, career_paths, specialties.")] = "cards",
    group: Annotated[str | None, typer.Option(help="Group of the view; all groups without it.")] = None,
    tier: Annotated[str, typer.Option(help="T1 to T5, unknown, all, or `each`.")] = "all",
    level: Annotated[str, typer.Option(help="L3 to L7, early, senior, all, or `each`.")] = "all",
    market: Annotated[str, typer.Option(help="global, a country such as US, or a metro such as us-sf-bay.")] = "US",
    metric: Annotated[
        str | None, typer.Option(help="base, bonus, equity, total, ...; base and total without it.")
    ] = None,
    evidence: Annotated[str, typer.Option(help="reported or advertised.")] = "reported",
    as_json: AsJson = False,
) -> None:
    """Show bands of a release: base and total of the cards in the US without filters."""
    from salary_bands.show import band_rows, print_bands

    metrics = [metric] if metric else ["base", "total"]
    found = band_rows(
        _marts(marts), release, view=view, group=group, tier=tier, level=level, market=market, metrics=metrics,
        evidence=evidence,
    )  # fmt: skip
    if as_json:
        _print_json(found)
    else:
        print_bands(out, err, found)


@app.command()
@reports_errors
def offer(
    group: Annotated[str, typer.Option(help="Specialisation: a leaf, or a group of another view.")],
    tier: Annotated[str, typer.Option(help="Tier of the employer: T1 to T5, unknown, or all.")] = "all",
    level: Annotated[str, typer.Option(help="L3 to L7, early, senior, or all.")] = "all",
    market: Annotated[str, typer.Option(help="A metro such as us-sf-bay, a country such as US, or global.")] = "US",
    base: Annotated[float | None, typer.Option(help="Base pay, USD a year.")] = None,
    equity: Annotated[
        float | None, typer.Option(help="A year's share of the grant at face value, USD; 0: none.")
    ] = None,
    bonus: Annotated[float | None, typer.Option(help="A year's bonus, USD; 0: none.")] = None,
    equity_liquid: Annotated[str | None, typer.Option(help="yes where the equity can be sold, else no (no).")] = None,
    view: Annotated[
        str | None, typer.Option(help="View of the group; the first that has it: leaf, cards, llm_roles, ...")
    ] = None,
    marts: MartsFolder = None,
    release: ReleaseVersion = None,
    as_json: AsJson = False,
) -> None:
    """Say where an offer lies in the bands, with intervals, the cells that answered and those beside them."""
    from salary_bands.offer import Offer, check_offer, print_offer

    asked = Offer(group, tier, level, market, base, bonus, equity, equity_liquid, view)
    found = check_offer(_marts(marts), release, asked)
    if as_json:
        _print_json(found)
    else:
        print_offer(out, err, found)


@app.command()
@reports_errors
def releases(marts: MartsFolder = None, as_json: AsJson = False) -> None:
    """List the releases, newest first."""
    from salary_bands.show import print_releases, release_rows

    found = release_rows(_marts(marts))
    if as_json:
        _print_json(found)
    else:
        print_releases(out, found)


@app.command()
@reports_errors
def coverage(
    work: Annotated[Path | None, typer.Option(help="Folder of intermediate parts (data/work).")] = None,
    most: Annotated[int, typer.Option(help="Unmatched texts of each kind.")] = 15,
    as_json: AsJson = False,
) -> None:
    """Show what the last refresh did not know: shares per source, and the unmatched texts that cost most reports."""
    from salary_bands.coverage import coverage as cover
    from salary_bands.settings import load
    from salary_bands.show import print_coverage

    found = cover(load(work=work), most)
    if as_json:
        _print_json(found)
    else:
        print_coverage(out, found)


@app.command()
@reports_errors
def sample(
    to: Annotated[Path, typer.Option(help="Raw folder to put the source `sample` into.")] = Path("data/raw"),
) -> None:
    """Write the synthetic sample, to try the pipeline without data of your own."""
    from salary_bands.sample import AS_OF, write_sample

    for path in write_sample(to / "sample"):
        out.print(str(path), highlight=False)
    _say(f"synthetic data; try: salary-bands refresh --raw {to} --as-of {AS_OF}")


@app.callback(invoke_without_command=True)
def version(
    show_version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if show_version:
        from salary_bands import __version__

        out.print(f"salary-bands {__version__}", highlight=False)
        raise typer.Exit


def main() -> None:
    app()


def _marts(folder: Path | None) -> Any:
    from salary_bands.publish.releases import Marts
    from salary_bands.settings import load

    return Marts(load(marts=folder).marts)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--as-of {text}: not a date; write YYYY-MM-DD") from None


def _say(line: str) -> None:
    err.print(line, markup=False, highlight=False)


def _print_json(document: Any) -> None:
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n")
