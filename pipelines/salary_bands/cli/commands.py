"""`salary-bands`: results on standard output, progress and messages on standard error."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from salary_bands.cli import reading, refreshing, releasing
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
    """Exit 2 for wrong usage or configuration, 1 for what could not be done, each with its line and no traceback."""

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
            say("interrupted; the published release is as it was")
            raise typer.Exit(130) from None
        except OSError as error:  # a full disk, no permission, a folder that is a file
            say(f"error: {error}")
            raise typer.Exit(1) from None
        except Exception as error:
            if "duckdb" not in type(error).__module__:
                raise
            say(f"error: a file of the release is missing or damaged: {str(error).splitlines()[0]}")
            raise typer.Exit(1) from None

    return guarded


for command in COMMANDS:
    app.command()(reports_errors(command))


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
