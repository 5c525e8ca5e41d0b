"""The key that moves the ranks of published figures: a setting, else a hidden file of the marts folder.

Whoever knows the key can undo the moves, so it is in no release, part, manifest or message; its id is.
"""

import hashlib
import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from salary_bands.errors import RefreshError, UsageError
from salary_bands.releases.manifest import Manifest
from salary_bands.settings import Settings

FILE = ".disclosure_key"
PUBLIC = "public"  # the id of the key of synthetic releases, which anybody can build to the byte
_SHORTEST = 16  # bytes
_OTHERS = 0o077  # what a group and others may do with a file


@dataclass(frozen=True)
class DisclosureKey:
    """A key of up to 64 bytes, its id, and what its owner should know of it."""

    secret: bytes
    id: str
    notes: tuple[str, ...] = ()


def disclosure_key(settings: Settings, contains_synthetic: bool) -> DisclosureKey:
    """Return the key of a release; make one if there is none yet.

    Raises:
        UsageError: The key of the settings is missing, unreadable or short.
        RefreshError: The key of the marts folder is unreadable or short, or cannot be made.
    """
    if contains_synthetic:
        return DisclosureKey(b"synthetic data: nobody's pay", PUBLIC)
    path = settings.disclosure_key or settings.marts / FILE
    notes = []
    try:
        if not settings.disclosure_key and not path.exists():
            _make(path)
            notes.append(f"made {path}, the key that protects people in published figures; keep it, and keep it secret")
        text = path.read_bytes().strip()
        if path.stat().st_mode & _OTHERS:
            notes.append(f"warning: {path} can be read by others, who could undo what it protects; chmod 600 {path}")
    except OSError as error:
        raise _fault(settings, path, f"cannot be read or made ({error.strerror})") from None
    if len(text) < _SHORTEST:
        raise _fault(settings, path, f"has fewer than {_SHORTEST} bytes")
    secret = hashlib.blake2b(text).digest()
    return DisclosureKey(secret, hashlib.blake2b(secret, digest_size=6).hexdigest(), tuple(notes))


def notes_since(newest: Manifest | None, key: DisclosureKey) -> list[str]:
    """Say what a key means for those who compare a new release with the newest one."""
    if newest is None or PUBLIC in (key.id, newest.method.disclosure_key):
        return []
    if not newest.method.disclosure_key:
        return [
            f"release {newest.version} withheld cells that are too near to larger ones; cells now take in reports five "
            "at a time, and CHANGES.md calls what moved for that reason a change of method"
        ]
    if newest.method.disclosure_key != key.id:
        return [
            f"warning: release {newest.version} was made with the disclosure key {newest.method.disclosure_key}, and "
            f"this one is {key.id}: every figure moves a little, the two releases together say more of a person than "
            "one, and exports are recognised only by source and number of rows; put the former key back if you have it"
        ]
    return []


def _make(path: Path) -> None:
    """Write a key whole or not at all; if two processes make one at once, the first stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="ascii", dir=path.parent, prefix=path.name) as stream:
        stream.write(secrets.token_hex(32) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
        with suppress(FileExistsError):
            os.link(stream.name, path)


def _fault(settings: Settings, path: Path, what: str) -> Exception:
    fix = "put back the key that the newest release was made with, or remove the file to have a new one made"
    if settings.disclosure_key:
        return UsageError(f"disclosure_key {path}: {what}; name a file of at least {_SHORTEST} random bytes")
    return RefreshError(f"{path}: {what}; {fix}")
