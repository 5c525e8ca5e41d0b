"""What a reader with the publisher's key believes: the signed state, and without one only what goes forward."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from salary_bands.errors import RefreshError
from salary_bands.releases.documents import DocumentError
from salary_bands.releases.marts import Marts
from salary_bands.releases.pointers import Entry, Pointer
from salary_bands.releases.statement import Statement, read_statement

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def signed_state(
    content: bytes | None, key: "Ed25519PublicKey", seen: int, max_age: int | None, name: str
) -> Statement | None:
    """Return the signed state of a publisher; None if the publisher does not sign pointers, and never did.

    seen: number of the last one that was followed. Raises RefreshError if it is missing, not of this key, older than
    one that was seen, or too old.
    """
    if content is None:
        if seen:
            raise RefreshError(f"{name}: is missing, but was there before; ask the publisher, nothing was changed")
        if max_age is not None:
            raise RefreshError(f"{name}: is missing, so that nobody can say how old the pointers are; omit --max-age")
        return None
    try:
        found = read_statement(content, key)
    except DocumentError as error:
        raise RefreshError(f"{name}: {error}; ask the publisher, nothing was changed") from None
    if found.sequence < seen:
        raise RefreshError(
            f"{name}: goes back from number {seen} to {found.sequence}, so the server shows an old state; try again "
            "later, or ask the publisher"
        )
    age = found.age_days(datetime.now(UTC).date())
    if max_age is not None and age > max_age:
        raise RefreshError(
            f"{name}: was signed {age} days ago, on {found.date}, and --max-age allows {max_age}; ask the publisher"
        )
    return found


def check_only_forward(
    marts: Marts, held: Mapping[str, str], entries: Iterable[Entry], latest: Pointer | None, url: str
) -> None:
    """Raise RefreshError if unsigned pointers take back a release that is held here, or name an older one."""
    known = {entry.version: entry for entry in marts.releases()}
    for entry in entries:
        before = known.get(entry.version)
        if entry.version in held and before and entry.state != before.state:
            what = "withdrawn" if entry.is_withdrawn else "rolled back" if entry.rolled_back else "there again"
            raise RefreshError(
                f"{url}: says that {entry.version} is {what}, and that is not signed; ask the publisher to sign the "
                "pointers, or pull without --public-key"
            )
    here = marts.pointer()
    if here and (latest is None or latest.order < here.order):
        names = f"names {latest.version}" if latest else "is missing"
        raise RefreshError(
            f"{url}: latest.json {names}, older than {here.version} here, and that is not signed; ask the publisher to "
            "sign the pointers, or pull without --public-key"
        )
