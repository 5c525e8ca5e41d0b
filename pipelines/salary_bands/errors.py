"""What can go wrong through no fault of the code: each says what, where, and how to mend it."""


class UsageError(Exception):
    """Wrong usage or configuration, or an empty or missing raw folder: exit code 2."""


class RefreshError(Exception):
    """A refresh that could not publish: held by a gate, failed, locked, or nothing published: exit code 1."""


class HeldExport(Exception):  # noqa: N818 - a verdict on one export, not an error of the program
    """An export that is not read into the bands.

    reason: a short code that stands in the ledger. cause: what is wrong, naming the column where there is one.
    mend: what the user can do. rows: how many rows the export has, 0 where it cannot be read.
    """

    def __init__(self, reason: str, cause: str, mend: str, rows: int = 0) -> None:
        super().__init__(f"{cause}; {mend}")
        self.reason = reason
        self.rows = rows
