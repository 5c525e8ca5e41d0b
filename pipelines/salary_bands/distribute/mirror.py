"""Mirror a marts folder to an object store: release files are created once, pointers are compared and swapped.

A pointer in the store never names an incomplete release, and no publisher overwrites what another one published.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from salary_bands.distribute.object_store import Bucket, explained, open_store
from salary_bands.errors import RefreshError
from salary_bands.releases.documents import MANIFEST, SIGNATURE, parsed, read_file
from salary_bands.releases.marts import Marts
from salary_bands.releases.media import SHORT
from salary_bands.releases.pointers import (
    LATEST,
    RELEASES,
    Entry,
    Pointer,
    State,
    entries_text,
    newest,
    newest_first,
    read_entries,
)
from salary_bands.releases.statement import POINTERS, next_statement, read_statement
from salary_bands.settings import Settings
from salary_bands.storage.files import write_json

if TYPE_CHECKING:
    from obstore import PutMode

BESIDE = ("salary_bands.duckdb", "feed.xml")  # they belong to the release that latest.json names
SEEN = ".mirrored.json"  # in the marts folder, by address: the state of its releases when it was mirrored last
WORKERS = 16
ROUNDS = 50  # swaps that may fail because others swap at the same time
_SEEN = TypeAdapter(dict[str, dict[str, State]])


@dataclass(frozen=True)
class Mirrored:
    """What a mirror did. releases: put by this one, oldest first. objects: written. latest: named in the store now."""

    to: str
    releases: list[str]
    objects: int
    latest: str | None

    def line(self) -> str:
        put = ", ".join(self.releases) or ("pointers only" if self.objects else "everything is there")
        return f"mirrored to {self.to}: {put} ({self.objects:,} objects); latest there is {self.latest or 'none'}"


def mirror(marts: Marts, url: str, say: Callable[[str], None] = lambda _: None, key: Path | None = None) -> Mirrored:
    """Put every release of the folder that the store lacks, then the pointers. Needs the lock of the folder.

    key: signs the pointers as they are in the store, which may have releases of others.

    Raises UsageError for an invalid address, RefreshError if the store cannot be used or has another release under
    one of our versions.
    """
    bucket = Bucket(open_store(url))
    releases = marts.listed()
    with explained(url):
        listed, _ = _listed(bucket)
        there = {entry.version for entry in listed}
        ours = [e for e in releases if e.version in there or not e.pruned]
        seen = _seen(marts)
        before = seen.get(url, {})
        union(listed, ours, before)  # report a conflict before anything is put
        new = [entry for entry in reversed(ours) if entry.version not in there]
        for entry in new:
            _put_release(bucket, marts, entry, say)
        latest = _settle(bucket, marts, ours, before)
        if key:
            _sign(bucket, key)
    states = {**seen, url: {e.version: e.state for e in ours}}
    write_json(marts.folder / SEEN, _SEEN.dump_python(states, exclude_defaults=True))
    return Mirrored(url, [entry.version for entry in new], bucket.puts, latest)


def mirror_published(settings: Settings, version: str) -> str | None:
    """Mirror the releases if the settings name a store; return a line on it.

    Raises RefreshError, which also says what is published here.
    """
    if not settings.store_url:
        return None
    try:
        return mirror(Marts(settings.marts), settings.store_url, key=settings.signing_key).line()
    except RefreshError as error:
        raise RefreshError(f"{version} is published in {settings.marts}, but not mirrored: {error}") from None


def union(listed: Iterable[Entry], ours: Iterable[Entry], before: Mapping[str, State]) -> list[Entry]:
    """Combine the entries of the store and of the folder, newest first.

    The state of a release (withdrawn, rolled back, reinstated) is the folder's if it changed since the last mirror,
    `before`, and the store's otherwise. A release that is new in both is taken back if either took it back.
    Raises RefreshError if one version is two releases.
    """
    found = {entry.version: entry for entry in listed}
    for entry in ours:
        there = found.get(entry.version, entry)
        if there.manifest.sha256 != entry.manifest.sha256:
            raise RefreshError(_taken(entry.version))
        if entry.version in before:
            is_changed = before[entry.version] != entry.state
        else:
            is_changed = not _is_available(entry) and _is_available(there)
        state = entry.state if is_changed else there.state
        found[entry.version] = there.model_copy(update={**dict(state), "pruned": False})
    return newest_first(found.values())


def _put_release(bucket: Bucket, marts: Marts, entry: Entry, say: Callable[[str], None]) -> None:
    """Claim the version, put the files, and last the manifest.

    Without the claim two publishers of one version could each create some of its files, and neither all of them.
    """
    version, folder = entry.version, marts.release(entry.version)
    claim, manifest = f"claims/{version}.json", entry.manifest.text().encode()
    if not bucket.create(claim, manifest, SHORT):
        raise RefreshError(_taken(version))
    if bucket.put(claim, manifest, "create"):
        raise RefreshError("the store does not honour conditional puts (If-None-Match), so that publishers could clash")
    hashes = {file.path: file.sha256 for file in marts.manifest(version).files}
    last = [name for name in (SIGNATURE, MANIFEST) if (folder / name).is_file()]
    say(f"mirroring {version}, {len(hashes) + len(last):,} files")

    def put(path: str, expected: str | None) -> None:
        name = f"releases/{version}/{path}"
        if not bucket.create(name, _bytes(folder / path, expected)):
            raise RefreshError(f"{name} in the store differs from the local file; somebody else put it there")

    with ThreadPoolExecutor(WORKERS) as pool:
        try:
            for done in [pool.submit(put, *file) for file in hashes.items()]:
                done.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    for name in last:
        put(name, entry.manifest.sha256 if name == MANIFEST else None)


def _settle(bucket: Bucket, marts: Marts, ours: Sequence[Entry], before: Mapping[str, State]) -> str | None:
    """Update the list, then what is beside it, then latest.json, until nothing is due; return what latest.json names.

    The list is read last and swapped first, so that a swap based on an older list fails. Whoever lists a release or
    changes its state also does what follows from that.
    """
    for _ in range(ROUNDS):
        beside = {name: bucket.sha256(name) for name in BESIDE}
        named, as_named = bucket.document(LATEST, Pointer.read)
        listed, as_listed = _listed(bucket)
        entries = union(listed, ours, before)
        found = newest(entries)
        due = found.pointer if found else None
        if entries != listed:
            bucket.put(RELEASES, entries_text(entries).encode(), as_listed)
        elif due is None and (named or any(there for there, _ in beside.values())):
            for name in (LATEST, *BESIDE):
                bucket.remove(name)
        elif due is None:
            return None
        elif stale := _stale(marts, due, {name: there for name, (there, _) in beside.items()}):
            bucket.put(stale, (marts.folder / stale).read_bytes(), beside[stale][1])
        elif due != named:
            bucket.put(LATEST, due.text().encode(), as_named)
        else:
            return due.version
    raise RefreshError("other publishers kept swapping the pointers of the store; try again")


def _sign(bucket: Bucket, key: Path) -> None:
    """Sign the pointers of the store; whoever changes them afterwards signs them again."""
    for _ in range(ROUNDS):
        (latest, _), (releases, _) = bucket.sha256(LATEST), bucket.sha256(RELEASES)
        before, mode = bucket.document(POINTERS, read_statement)
        now = datetime.now(UTC)
        assert releases, "the pointers are written first"
        statement = next_statement(before, latest, releases, now.date(), int(now.timestamp()), key)
        if statement is None or bucket.put(POINTERS, statement.text().encode(), mode):
            return
    raise RefreshError("other publishers kept signing the pointers of the store; try again")


def _listed(bucket: Bucket) -> tuple[list[Entry], "PutMode"]:
    """Read releases.json of the store, and the mode that swaps it."""
    found, mode = bucket.document(RELEASES, read_entries)
    return found or [], mode


def _stale(marts: Marts, due: Pointer, hashes: Mapping[str, str | None]) -> str | None:
    """Return a file beside the pointers that differs in the store, if the folder's are of the release that is due."""
    if marts.pointer() != due:
        return None
    files = (name for name in hashes if (marts.folder / name).is_file())
    return next(
        (name for name in files if sha256((marts.folder / name).read_bytes()).hexdigest() != hashes[name]), None
    )


def _is_available(entry: Entry) -> bool:
    """True if latest.json of the store may name it: the store keeps what is pruned here."""
    return entry.model_copy(update={"pruned": False}).is_available


def _seen(marts: Marts) -> dict[str, dict[str, State]]:
    return read_file(marts.folder / SEEN, lambda content: parsed(_SEEN.validate_json, content)) or {}


def _bytes(path: Path, expected: str | None) -> bytes:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise RefreshError(f"{path} is missing, so that its release cannot be mirrored; restore it") from None
    if expected and sha256(data).hexdigest() != expected:
        raise RefreshError(f"{path} is not what its manifest says, so that its release cannot be mirrored; restore it")
    return data


def _taken(version: str) -> str:
    return (
        f"release {version} in the store is not the one here, and published files never change; "
        "publish from one folder only, or mirror to another prefix"
    )
