"""The commands of `salary-bands`: results on standard output, progress and messages on standard error."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from salary_bands.cli import reading, reference, refreshing, releasing
from salary_bands.cli.common import out, say
from salary_bands.errors import RefreshError, UsageError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Compensation bands in machine learning: exports in, versioned percentile bands out.",
)

COMMANDS: tuple[Callable[..., None], ...] = (
    refreshing.refresh,
    refreshing.status,
    refreshing.inspect,
    reading.classify,
    reading.show,
    reading.offer,
    reading.releases,
    reading.diff,
    releasing.verify,
    releasing.rollback,
    releasing.withdraw,
    releasing.prune,
    releasing.pull,
    releasing.serve,
    refreshing.coverage,
    refreshing.mirror,
    refreshing.sample,
)


def reports_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Turn an error that is no bug into one line and an exit code: 2 for usage or configuration, 1 for the rest."""

    @wraps(command)
    def guarded(*arguments: Any, **options: Any) -> None:
        try:
            command(*arguments, **options)
        except UsageError as error:
            say(f"error: {error}")
            raise typer.Exit(2) from None
        except RefreshError as error:
            say(f"error: {error}")
            raise typer.Exit(1) from None
        except BrokenPipeError:  # `| head` had enough
            sys.stderr.close()
            raise typer.Exit(0) from None
        except KeyboardInterrupt:
            say("interrupted; the published release is unchanged")
            raise typer.Exit(130) from None
        except OSError as error:  # a full disk, no permission, a folder that is a file
            say(f"error: {error}")
            raise typer.Exit(1) from None

    return guarded


for command in COMMANDS:
    app.command()(reports_errors(command))
for command in (reference.init, reference.check, reference.diff):
    reference.app.command()(reports_errors(command))
app.add_typer(reference.app, name="reference")


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
