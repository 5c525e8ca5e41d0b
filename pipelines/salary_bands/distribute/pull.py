"""Pull a publisher's releases into a local folder: only what changed, every byte checked, all or nothing.

A release is assembled under `.pull/`, where an interrupted pull continues, and moved into place as a whole. Then the
mart is built from its Parquet files, then releases.json is written, and last latest.json. Releases that are not held
locally are listed as `pruned`.
"""

import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from salary_bands.distribute.assembly import Assembly
from salary_bands.distribute.remote import Limits, Remote
from salary_bands.distribute.trust import check_only_forward, signed_state
from salary_bands.errors import RefreshError, UsageError
from salary_bands.publish.pointers import clear_leftovers, remove_releases, settle
from salary_bands.releases.documents import MANIFEST, SIGNATURE, Model, read_file
from salary_bands.releases.marts import Marts
from salary_bands.releases.pointers import LATEST, RELEASES, Entry, Pointers, read_pointers
from salary_bands.releases.signing import public_key
from salary_bands.releases.statement import POINTERS, hash_of
from salary_bands.storage.files import sha256_of, write_json
from salary_bands.storage.locks import refresh_lock

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_STATE = "state.json"
_PATIENCE = 3  # times that pointers are read which a publication is just changing


@dataclass(frozen=True)
class PullRequest:
    """What to pull, and where to.

    url: of the publisher's marts folder. folder: the local copy. release: a version, None for the latest.
    public_key: PEM file of the key that must have signed it. keep_history: keep the releases of earlier pulls. max_age:
    days since the pointers were signed, at most.
    """

    url: str
    folder: Path
    release: str | None = None
    public_key: Path | None = None
    keep_history: bool = False
    max_age: int | None = None


@dataclass
class Pulled:
    """What a pull did. fetched, reused: files; bytes: of the fetched ones; removed: releases no longer held."""

    url: str
    version: str | None
    changed: bool = False
    fetched: int = 0
    reused: int = 0
    bytes: int = 0
    removed: list[str] = field(default_factory=list)
    signature: str = "none"


class Kept(Model):
    """A pointer as it was last fetched, and the validators of the answer."""

    content: str
    validators: dict[str, str]


class PullState(Model):
    """What a pull remembers in the folder: the publisher, the pointers by file name, and the last signed state."""

    url: str
    kept: dict[str, Kept] = Field(default_factory=dict)
    sequence: int = 0


def pull(
    request: PullRequest,
    wait_seconds: float = 600,
    say: Callable[[str], None] = lambda _: None,
    limits: Limits | None = None,
) -> Pulled:
    """Pull the release that is asked for; remove other releases from the folder unless history is kept.

    Raises RefreshError if the server fails or sends something invalid, and leaves the folder as it was; UsageError
    for a URL, key, release or folder that cannot be used.
    """
    signer = public_key(request.public_key) if request.public_key else None
    if request.max_age is not None and signer is None:
        raise UsageError("--max-age is of the signed pointers; give the publisher's key with --public-key")
    remote, marts = Remote(request.url, limits), Marts(request.folder)
    staging = marts.folder / ".pull"
    with refresh_lock([marts.folder], wait_seconds, say):
        state = _state(marts, remote.url, staging / _STATE)
        fetched = _Conditional(remote, state)
        found, sequence = _pointers(fetched, signer, state, request.max_age)
        entries = _checked(found, remote.url)
        clear_leftovers(marts)
        held = _held(marts)
        _check_same(marts, held, entries, remote.url)
        may_remove = signer is None or sequence > 0
        if not may_remove:
            check_only_forward(marts, held, entries, found.latest, remote.url)
            say(f"{remote.url}: its pointers are not signed, so nothing is removed on their word")
        version = request.release or (found.latest.version if found.latest else None)
        entry = _chosen(entries, version, remote.url) if version else None
        pulled = Pulled(remote.url, version)
        if not (staging / _STATE).is_file():  # from here on this folder is known to be a copy
            _write_state(staging, state)
        if entry:
            assembly = Assembly(remote, marts, staging, signer, say)
            if entry.version not in held or not assembly.is_signed(entry.version):
                pulled.fetched, pulled.reused, pulled.bytes = assembly.bring(entry)
            if (marts.release(entry.version) / SIGNATURE).is_file():
                pulled.signature = "valid" if signer else "unchecked"
        keep = {*(held if request.keep_history or not may_remove else ()), *([entry.version] if entry else ())}
        listed = [e.model_copy(update={"pruned": e.version not in keep}) for e in entries]
        pulled.removed = sorted(set(held) - keep)
        pulled.changed = bool(pulled.fetched or pulled.reused or pulled.removed or listed != marts.releases())
        settle(marts, listed)
        remove_releases(marts, pulled.removed)
        _write_state(staging, PullState(url=remote.url, kept=fetched.kept, sequence=max(sequence, state.sequence)))
        for left in [p for p in staging.iterdir() if p.name != _STATE]:
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    return pulled


def _state(marts: Marts, url: str, path: Path) -> PullState:
    """Read what the last pull left; raise UsageError if the folder holds releases that no pull brought."""
    state = read_file(path, PullState.read)
    if state is None and marts.releases():
        raise UsageError(f"{marts.folder}: holds releases that were published here; pull into another folder")
    return state if state and state.url == url else PullState(url=url)


def _write_state(staging: Path, state: PullState) -> None:
    write_json(staging / _STATE, state.model_dump())


class _Conditional:
    """Reads documents of a publisher, the first time only if they changed since the last pull."""

    def __init__(self, remote: Remote, state: PullState) -> None:
        self.kept: dict[str, Kept] = {}
        self.contents: dict[str, bytes | None] = {}
        self.url = remote.url
        self._remote = remote
        self._known = dict(state.kept)

    def read(self, name: str) -> bytes | None:
        known = self._known.pop(name, None)
        answer = self._remote.document(name, known.validators if known else None)
        self.kept.pop(name, None)
        content = answer.content if answer else None
        if answer and content is None and known:  # not modified
            content = known.content.encode()
        if answer and content is not None:
            self.kept[name] = Kept(content=content.decode(errors="replace"), validators=answer.validators)
        self.contents[name] = content
        return content


def _pointers(
    fetched: _Conditional, signer: "Ed25519PublicKey | None", state: PullState, max_age: int | None
) -> tuple[Pointers, int]:
    """Read the pointers and, if there is a key, what the publisher has signed of them; return its number, else 0.

    They are files of their own, so a publication may come in between: then they are read again.
    """
    for attempt in range(_PATIENCE):
        if attempt:
            time.sleep(attempt)
        found = read_pointers(fetched.read)
        if signer is None:
            return found, 0
        content = fetched.read(POINTERS)
        latest, releases = (hash_of(fetched.contents.get(name)) for name in (LATEST, RELEASES))
        statement = signed_state(content, signer, state.sequence, max_age, f"{fetched.url}{POINTERS}")
        if statement is None:
            return found, 0
        if statement.says(latest, releases):
            return found, statement.sequence
    raise RefreshError(f"{fetched.url}{POINTERS}: is of other pointers than are there; try again later")


def _checked(found: Pointers, url: str) -> list[Entry]:
    """Return the entries of releases.json; raise RefreshError unless latest.json names an available one of them.

    It may be an older one: latest.json is written last, and caches may hold it back.
    """
    for name, fault in found.faults.items():
        raise RefreshError(f"{url}{name}: {fault}; ask the publisher")
    if found.entries is None:
        raise RefreshError(f"{url}: has no releases.json; give the URL of a published marts folder")
    available = [e.pointer for e in found.entries if e.is_available]
    if found.latest not in available if found.latest else available:
        names = f"names {found.latest.version}" if found.latest else "is missing"
        raise RefreshError(f"{url}latest.json: {names}, but releases.json does not agree; ask the publisher")
    return found.entries


def _chosen(entries: Iterable[Entry], version: str, url: str) -> Entry:
    known = {e.version: e for e in entries}
    entry = known.get(version)
    if entry is None:
        raise UsageError(f"--release {version}: not at {url}; there are {', '.join(list(known)[:5])}")
    if entry.is_withdrawn:
        raise RefreshError(f"{version}: was withdrawn by the publisher: {entry.reason}")
    if entry.pruned:
        raise RefreshError(f"{version}: is no longer at {url}; choose another")
    return entry


def _held(marts: Marts) -> dict[str, str]:
    """Return the hash of the manifest of each release in the folder."""
    manifests = (marts.folder / "releases").glob(f"*/{MANIFEST}")
    return {manifest.parent.name: sha256_of(manifest) for manifest in manifests}


def _check_same(marts: Marts, held: dict[str, str], entries: Iterable[Entry], url: str) -> None:
    """Raise RefreshError if a release of the folder is missing or differs at the publisher."""
    there = {e.version: e.manifest.sha256 for e in entries}
    for version, sha256 in held.items():
        if there.get(version) != sha256:
            what = "has another manifest there" if version in there else "is not there"
            advice = "published files never change; ask the publisher, or remove the folder and pull again"
            raise RefreshError(f"{marts.release(version)}: {what} ({url}); {advice}")
