"""pointers.json: what the publisher says of latest.json and releases.json, signed, with a number that only rises.

A signature of a release says whose it is, not that it is the newest one or still stands. The statement has the hashes
of both pointers, so that nobody else can withdraw a release, go back to an older state, or hide a newer one for long.
The signature is of the other fields in one line of JSON with sorted names, without spaces.
"""

import datetime
import json
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from salary_bands.releases.documents import DocumentError, Model, Sha256, sha256
from salary_bands.releases.signing import is_signed, private_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

POINTERS = "pointers.json"


class Statement(Model):
    """The state of a publication."""

    sequence: int = Field(ge=1, description="A number that rises with every statement")
    date: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$", description="Day in UTC on which it was signed")
    latest: Sha256 | None = Field(description="SHA-256 of latest.json; null if there is none")
    releases: Sha256 = Field(description="SHA-256 of releases.json")
    signature: str = Field(pattern="^([0-9a-f]{128})?$", description="Ed25519 signature, hexadecimal")

    @property
    def signed(self) -> bytes:
        """The bytes that are signed."""
        fields = {name: value for name, value in self.model_dump().items() if name != "signature"}
        return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()

    def age_days(self, today: datetime.date) -> int:
        return (today - datetime.date.fromisoformat(self.date)).days

    def says(self, latest: str | None, releases: str | None) -> bool:
        """True if these are the hashes of the pointers."""
        return (self.latest, self.releases) == (latest, releases)


def hash_of(content: bytes | None) -> str | None:
    return None if content is None else sha256(content)


def next_statement(
    before: Statement | None, latest: str | None, releases: str, today: datetime.date, moment: int, key: Path
) -> Statement | None:
    """Sign the state of a publication; None if the statement before says the same and is of today.

    moment: seconds since 1970, below which the number does not start again if the statement before is lost.
    """
    if before and before.says(latest, releases) and before.date == today.isoformat():
        return None
    sequence = max(before.sequence + 1 if before else 1, moment)
    said = Statement(sequence=sequence, date=today.isoformat(), latest=latest, releases=releases, signature="")
    return said.model_copy(update={"signature": private_key(key).sign(said.signed).hex()})


def read_statement(content: bytes, key: "Ed25519PublicKey | None" = None) -> Statement:
    """Parse a statement; raise DocumentError if it is invalid, or not signed by the key."""
    found = Statement.read(content)
    try:
        datetime.date.fromisoformat(found.date)
    except ValueError:
        raise DocumentError(f"date: {found.date!r} is not a date") from None
    if key and not is_signed(found.signed, bytes.fromhex(found.signature), key):
        raise DocumentError("is not signed by this key")
    return found
