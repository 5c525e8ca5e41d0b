"""What can go wrong through no fault of the code, and how text from outside is shown in a message.

Every message says what happened, to which file and column, and what to do.
"""

import difflib
from collections.abc import Mapping


class UsageError(Exception):
    """Wrong usage or configuration, or an empty or missing raw folder: exit code 2."""


class RefreshError(Exception):
    """A refresh that could not publish: held by a gate, failed, locked, or nothing published: exit code 1."""


class HeldExport(Exception):  # noqa: N818 - a verdict on one export, not an error of the program
    """An export that is not read into the bands.

    The message goes into records, logs and Dagster, so it may hold a column of ours, a row number and counts, but no
    text of the export: no cell, no unknown header, no key, no sheet name, nothing that a parser quotes.

    reason: code in the ledger. cause: what is wrong. fix: what to do. rows: rows of the export, 0 if it cannot be read.
    """

    def __init__(self, reason: str, cause: str, fix: str, rows: int = 0) -> None:
        super().__init__(f"{cause}; {fix}")
        self.reason = reason
        self.rows = rows


def escaped(text: str) -> str:
    r"""Show control and other invisible characters as escapes such as \x1b, so that they cannot steer a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def nearest_name(name: str, known: Mapping[str, str]) -> str | None:
    """Return the known name that an unknown one may be a slip of, None if none is near.

    known: names by the form that is compared with the unknown one.
    """
    near = difflib.get_close_matches(name, known, 1)
    return known[near[0]] if near else None
