"""The same publication in an object store: release files are created once, pointers are compared and swapped.

A pointer there never names a release that is not whole, and no publisher overwrites what another one published.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salary_bands.distribute.object_store import Bucket, explained, open_store
from salary_bands.errors import RefreshError
from salary_bands.releases.marts import POINTER, Document, Marts, read_json, release_order, stands
from salary_bands.releases.media import SHORT
from salary_bands.storage.files import json_text, write_json

if TYPE_CHECKING:
    from obstore import PutMode

BESIDE = ("salary_bands.duckdb", "feed.xml")  # they go with the release that latest.json names
SEEN = ".mirrored.json"  # in the marts folder, by address: what had become of its releases when it was mirrored last
WORKERS = 16
ROUNDS = 50  # swaps that may fail because others swap at the same time


@dataclass(frozen=True)
class Mirrored:
    """What a mirror did. releases: put by this one, oldest first. objects: written. latest: named there now."""

    to: str
    releases: list[str]
    objects: int
    latest: str | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def line(self) -> str:
        put = ", ".join(self.releases) or ("pointers only" if self.objects else "everything is there")
        return f"mirrored to {self.to}: {put} ({self.objects:,} objects); latest there is {self.latest or 'none'}"


def mirror(marts: Marts, url: str, say: Callable[[str], None] = lambda _: None) -> Mirrored:
    """Put every release of the folder that the store lacks, then the pointers; call it under the lock of the folder.

    Raises UsageError for a wrong address, RefreshError where the store cannot be used, or has another release under
    a version of ours.
    """
    bucket = Bucket(open_store(url))
    if not marts.releases():
        raise RefreshError(f"nothing is published in {marts.folder} yet; run `salary-bands refresh`")
    with explained(url):
        listed, _ = _listed(bucket)
        there = {entry["version"] for entry in listed}
        ours = [e for e in marts.releases() if e["version"] in there or not e.get("pruned")]
        before = _seen(marts).get(url, {})
        union(listed, ours, before)  # a conflict shows before anything is put
        new = [entry for entry in reversed(ours) if entry["version"] not in there]
        for entry in new:
            _put_release(bucket, marts, entry, say)
        latest = _settle(bucket, marts, ours, before)
    write_json(marts.folder / SEEN, {**_seen(marts), url: {e["version"]: _became(e) for e in ours}})
    return Mirrored(url, [entry["version"] for entry in new], bucket.puts, latest)


def union(listed: list[Document], ours: list[Document], before: Document) -> list[Document]:
    """The entries of the store and of the folder, newest first.

    What became of a release here (withdrawn, rolled back, taken up again) counts where it has changed here since the
    last mirror, `before`; else what the store says. A release first seen in both is taken back where either says so.
    Raises RefreshError where one version is two releases.
    """
    found = {entry["version"]: entry for entry in listed}
    for entry in ours:
        version, mine = entry["version"], _became(entry)
        there = found.get(version, entry)
        if there["manifest"]["sha256"] != entry["manifest"]["sha256"]:
            raise RefreshError(_taken(version))
        changed = before[version] != mine if version in before else not _stands(entry) and _stands(there)
        found[version] = {**_pointer(there), **(mine if changed else _became(there))}
    return sorted(found.values(), key=release_order, reverse=True)


def _put_release(bucket: Bucket, marts: Marts, entry: Document, say: Callable[[str], None]) -> None:
    """Claim the version, put the files, and last the manifest.

    Without the claim two publishers of one version could each create some files, and neither ever all.
    """
    version, folder = entry["version"], marts.release(entry["version"])
    claim, manifest = f"claims/{version}.json", json_text(entry["manifest"]).encode()
    if not bucket.create(claim, manifest, SHORT):
        raise RefreshError(_taken(version))
    if bucket.put(claim, manifest, "create"):
        raise RefreshError("the store does not honour conditional puts (If-None-Match), so that publishers could clash")
    hashes = {file["path"]: file["sha256"] for file in marts.manifest(version)["files"]}
    last = [name for name in ("manifest.json.sig", "manifest.json") if (folder / name).is_file()]
    say(f"mirroring {version}, {len(hashes) + len(last):,} files")

    def put(path: str, expected: str | None) -> None:
        name = f"releases/{version}/{path}"
        if not bucket.create(name, _bytes(folder / path, expected)):
            raise RefreshError(f"{name} in the store has other bytes than here; somebody else put it there")

    with ThreadPoolExecutor(WORKERS) as pool:
        try:
            for done in [pool.submit(put, *file) for file in hashes.items()]:
                done.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    for name in last:
        put(name, entry["manifest"]["sha256"] if name == "manifest.json" else None)


def _settle(bucket: Bucket, marts: Marts, ours: list[Document], before: Document) -> str | None:
    """Do the first thing that is due, over and over: the list, what lies beside, latest.json; what it names then.

    The list is read last and swapped first, so a swap on account of an older list fails: who lists a release, or
    changes what became of one, sees to all that follows from it.
    """
    here = marts.folder
    for _ in range(ROUNDS):
        beside = {name: bucket.sha256(name) for name in BESIDE}
        named, as_named = bucket.document("latest.json")
        listed, as_listed = _listed(bucket)
        entries = union(listed, ours, before)
        due = next((_pointer(entry) for entry in entries if _stands(entry)), None)
        if entries != listed:
            bucket.put("releases.json", json_text(entries).encode(), as_listed)
        elif due is None and (named or any(found for found, _ in beside.values())):
            for name in ("latest.json", *BESIDE):
                bucket.remove(name)
        elif due is None:
            return None
        elif stale := _stale(here, due, {name: found for name, (found, _) in beside.items()}):
            bucket.put(stale, (here / stale).read_bytes(), beside[stale][1])
        elif due != named:
            bucket.put("latest.json", json_text(due).encode(), as_named)
        else:
            return str(due["version"])
    raise RefreshError("other publishers kept swapping the pointers of the store; try again")


def _listed(bucket: Bucket) -> tuple[list[Document], "PutMode"]:
    """releases.json of the store, and the mode that swaps it."""
    found, mode = bucket.document("releases.json")
    entries = [] if found is None else found
    if not isinstance(entries, list) or not all(
        isinstance(e, dict) and {*POINTER, "status"} <= set(e) for e in entries
    ):
        raise RefreshError("releases.json in the store lists no releases of salary-bands; mirror to another prefix")
    return entries, mode


def _stale(here: Path, due: Document, hashes: dict[str, str | None]) -> str | None:
    """What lies beside the pointers here and is not the same there, where they are of the release that is due."""
    if read_json(here / "latest.json") != due:
        return None
    files = (name for name in hashes if (here / name).is_file())
    return next((name for name in files if sha256((here / name).read_bytes()).hexdigest() != hashes[name]), None)


def _pointer(entry: Document) -> Document:
    return {name: entry[name] for name in POINTER}


def _became(entry: Document) -> Document:
    """What became of a release since; a folder may be pruned, the store keeps all."""
    return {name: value for name, value in entry.items() if name not in (*POINTER, "pruned")}


def _stands(entry: Document) -> bool:
    """Whether latest.json may name it there: what is pruned here is not pruned in the store."""
    return stands({**entry, "pruned": False})


def _seen(marts: Marts) -> Document:
    return dict(read_json(marts.folder / SEEN) or {})


def _bytes(path: Path, expected: str | None) -> bytes:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise RefreshError(f"{path} is missing, so its release cannot be mirrored; restore it") from None
    if expected and sha256(data).hexdigest() != expected:
        raise RefreshError(f"{path} is not what its manifest says, so its release cannot be mirrored; restore it")
    return data


def _taken(version: str) -> str:
    return (
        f"release {version} in the store is another one than here, and published files never change; "
        "publish from one folder only, or mirror to another prefix"
    )
