"""Bring a publisher's releases into a marts folder here: only what changed, every byte checked, all or nothing.

What comes is put together under `.pull/`, where an interrupted pull goes on; a release is moved into place whole, then
the mart is built from its Parquet, then releases.json, and last latest.json. Releases that are not held here are
listed as `pruned`.
"""

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from salary_bands.distribute.remote import Limits, Remote
from salary_bands.errors import RefreshError, UsageError
from salary_bands.publish.pointers import clear_leftovers, remove_releases, settle
from salary_bands.releases.documents import (
    MANIFEST,
    SIGNATURE,
    Untrue,
    pointer_of,
    read_entries,
    read_manifest,
    read_pointer,
)
from salary_bands.releases.marts import Document, Marts, read_json, stands
from salary_bands.releases.signing import is_signed, public_key
from salary_bands.storage.files import moved_into_place, sha256_of, sync_folder, sync_tree, write_json
from salary_bands.storage.locks import refresh_lock

Signer = Any  # an Ed25519PublicKey, or None
_AT_ONCE = 4  # requests
_STATE = "state.json"  # the URL, and what the server said of its pointers
_POINTERS = ("latest.json", "releases.json")


@dataclass
class Pulled:
    """What a pull did. fetched and reused: files; bytes: fetched. removed: releases no longer held here."""

    url: str
    version: str | None
    changed: bool = False
    fetched: int = 0
    reused: int = 0
    bytes: int = 0
    removed: list[str] = field(default_factory=list)
    signature: str = "none"

    def to_json(self) -> Document:
        return asdict(self)


def pull(
    url: str,
    to: Path,
    release: str | None = None,
    key: Path | None = None,
    keep_history: bool = False,
    wait_seconds: float = 600,
    say: Callable[[str], None] = lambda _: None,
    limits: Limits | None = None,
) -> Pulled:
    """Bring the publisher's latest, or that release, to the folder `to`; others go unless history is kept.

    key: public key that must have signed it. Raises RefreshError where the server or what it sends is not as it must
    be, with what was here before untouched; UsageError for a URL, key, release or folder that cannot be meant.
    """
    signer = public_key(key) if key else None
    remote = Remote(url, limits)
    marts = Marts(to)
    with refresh_lock([to], wait_seconds, say):
        staging = to / ".pull"
        state = _state(marts, remote.url, staging)
        pointer, entries, validators = _pointers(remote, state)
        clear_leftovers(marts)
        held = _held(marts)
        _check_same(marts, held, entries, remote.url)
        entry = _chosen(pointer, entries, release, remote.url)
        pulled = Pulled(remote.url, entry["version"] if entry else None)
        if not state:  # from here on this folder is known to be a copy
            write_json(staging / _STATE, {"url": remote.url})
        if entry and (entry["version"] not in held or (signer and not _is_signed(marts, entry, signer))):
            _bring(remote, marts, entry, staging, signer, pulled, say)
        if entry and (marts.release(entry["version"]) / SIGNATURE).is_file():
            pulled.signature = "valid" if signer else "unchecked"
        keep = {*(held if keep_history else ()), *([entry["version"]] if entry else ())}
        listed = [_as_held(e, e["version"] in keep) for e in entries]
        pulled.removed = sorted(set(held) - keep)
        pulled.changed = bool(pulled.fetched or pulled.reused or pulled.removed or listed != marts.releases())
        settle(marts, listed)
        remove_releases(marts, pulled.removed)
        write_json(staging / _STATE, {"url": remote.url, "known": validators, "latest": pointer, "releases": entries})
        for left in [p for p in staging.iterdir() if p.name != _STATE]:
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    return pulled


def _state(marts: Marts, url: str, staging: Path) -> Document:
    """What the last pull left; raises UsageError where the folder holds releases that no pull brought."""
    state = read_json(staging / _STATE) or {}
    if not state and marts.releases():
        raise UsageError(f"{marts.folder}: holds releases that were published here; pull into a folder of its own")
    return dict(state) if state.get("url") == url else {"url": url}


def _pointers(remote: Remote, state: Document) -> tuple[Document | None, list[Document], Document]:
    """latest.json, None where no release stands, releases.json, and their validators for the next time."""
    for attempt in range(2):  # a release may have been published between the two
        found: Document = {}
        validators: Document = {}
        for name, read in zip(_POINTERS, (read_pointer, read_entries), strict=True):
            kept = name.partition(".")[0]
            known = state.get("known", {}).get(name) if kept in state and not attempt else None
            answer = remote.document(name, known)
            if answer and answer.content is None:
                found[name] = state[kept]
            elif answer and answer.content is not None:
                try:
                    found[name] = read(answer.content)
                except Untrue as untrue:
                    raise RefreshError(f"{remote.url}{name}: {untrue}; ask the publisher") from None
            if answer:
                validators[name] = answer.validators
        pointer, entries = found.get("latest.json"), found.get("releases.json")
        if entries is None:
            raise RefreshError(f"{remote.url}: has no releases.json; give the URL of a published marts folder")
        standing = [pointer_of(e) for e in entries if stands(e)]
        if (pointer is None and not standing) or (pointer and pointer_of(pointer) in standing):
            return pointer, entries, validators
    named = f"names {pointer['version']}" if pointer else "is missing"
    raise RefreshError(f"{remote.url}latest.json: {named}, which releases.json does not bear out; ask the publisher")


def _chosen(pointer: Document | None, entries: list[Document], release: str | None, url: str) -> Document | None:
    """The entry that is asked for, None where no release stands and none was named."""
    version = release or (pointer["version"] if pointer else None)
    if version is None:
        return None
    entry = next((e for e in entries if e["version"] == version), None)
    if entry is None:
        known = ", ".join(e["version"] for e in entries[:5])
        raise UsageError(f"--release {version}: not at {url}; there are {known}")
    if entry["status"] == "withdrawn":
        raise RefreshError(f"{version}: was withdrawn by the publisher: {entry['reason']}")
    if entry.get("pruned"):
        raise RefreshError(f"{version}: is no longer at {url}; choose another")
    return entry


def _held(marts: Marts) -> dict[str, str]:
    """Releases that lie here, each moved into place whole, and the hashes of their manifests."""
    manifests = (marts.folder / "releases").glob(f"*/{MANIFEST}")
    return {manifest.parent.name: sha256_of(manifest) for manifest in manifests}


def _as_held(entry: Document, is_held: bool) -> Document:
    rest = {name: value for name, value in entry.items() if name != "pruned"}
    return rest if is_held else {**rest, "pruned": True}


def _check_same(marts: Marts, held: dict[str, str], entries: list[Document], url: str) -> None:
    """Raise RefreshError where a release held here is another one there: published files never change."""
    there = {e["version"]: e["manifest"]["sha256"] for e in entries}
    for version, sha256 in held.items():
        if there.get(version) != sha256:
            what = "has another manifest there" if version in there else "is not there"
            mend = "published files never change; ask the publisher, or remove the folder and pull again"
            raise RefreshError(f"{marts.release(version)}: {what} ({url}); {mend}")


def _bring(
    remote: Remote,
    marts: Marts,
    entry: Document,
    staging: Path,
    signer: Signer,
    pulled: Pulled,
    say: Callable[[str], None],
) -> None:
    """Put a release together beside, and move it into place."""
    version, source = entry["version"], f"releases/{entry['version']}/"
    aside = staging / f"{version}-{entry['manifest']['sha256'][:16]}"
    (aside / "whole").mkdir(parents=True, exist_ok=True)
    content = _document(remote, entry["manifest"]["path"])
    try:
        manifest = read_manifest(content, entry)
    except Untrue as untrue:
        raise RefreshError(f"{remote.url}{entry['manifest']['path']}: {untrue}; ask the publisher") from None
    signature = remote.document(source + SIGNATURE)
    if signer and not (signature and signature.content and is_signed(content, signature.content, signer)):
        what = "is not the key's signature" if signature else "is missing"
        raise RefreshError(f"{remote.url}{source}{SIGNATURE}: {what}; do not use this release, ask the publisher")
    files = sorted(manifest["files"], key=lambda f: str(f["path"]))
    _check_space(marts, sum(f["bytes"] for f in files))
    here = _held_files(marts)
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        ways = threads.map(lambda file: _file(remote, source, file, aside, here), files)
        try:
            for number, (file, way) in enumerate(zip(files, ways, strict=True), start=1):
                pulled.reused += way == "reused"
                pulled.fetched += way == "fetched"
                pulled.bytes += file["bytes"] if way == "fetched" else 0
                if number % 100 == 0:
                    say(f"{version}: {number:,} of {len(files):,} files")
        except BaseException:
            threads.shutdown(cancel_futures=True)
            raise
    whole = aside / "whole"
    for path in [p for p in whole.rglob("*") if p.is_file()]:
        if path.relative_to(whole).as_posix() not in {f["path"] for f in files}:
            path.unlink()  # of an interrupted pull that was tampered with
    (whole / MANIFEST).write_bytes(content)
    if signature and signature.content:
        (whole / SIGNATURE).write_bytes(signature.content)
    sync_tree(whole)
    target = marts.release(version)
    target.parent.mkdir(exist_ok=True)
    if target.exists():  # not signed by the key, or broken
        remove_releases(marts, [version])
    whole.replace(target)
    sync_folder(target.parent)


def _file(remote: Remote, source: str, file: Document, aside: Path, here: dict[str, list[Path]]) -> str:
    """One file of a release: `kept` of an interrupted pull, `reused` from a release held here, or `fetched`."""
    path, part = (aside / kind / file["path"] for kind in ("whole", "parts"))
    if path.is_file() and _is(path, file):
        return "kept"
    path.parent.mkdir(parents=True, exist_ok=True)
    for held in here.get(file["sha256"], []):
        if _is(held, file):
            with moved_into_place(path) as beside:
                try:
                    os.link(held, beside)
                except OSError:  # a file system without links
                    shutil.copyfile(held, beside)
            return "reused"
    part.parent.mkdir(parents=True, exist_ok=True)
    for again in (part.is_file(), False):  # once more where it began with what an interrupted pull left
        if not remote.download(source + file["path"], part, file["bytes"]):
            raise RefreshError(f"{remote.url}{source}{file['path']}: is missing, and the manifest names it")
        if _is(part, file):
            break
        part.unlink()
        if not again:
            raise RefreshError(f"{remote.url}{source}{file['path']}: has other bytes than the manifest says")
    part.replace(path)
    return "fetched"


def _is(path: Path, file: Document) -> bool:
    return path.stat().st_size == file["bytes"] and sha256_of(path) == file["sha256"]


def _held_files(marts: Marts) -> dict[str, list[Path]]:
    """Files of the releases held here, by hash."""
    found: dict[str, list[Path]] = {}
    for version in _held(marts):
        folder = marts.release(version)
        for file in marts.manifest(version)["files"]:
            path = folder / file["path"]
            if path.is_file() and not path.is_symlink():
                found.setdefault(file["sha256"], []).append(path)
    return found


def _is_signed(marts: Marts, entry: Document, signer: Signer) -> bool:
    folder = marts.release(entry["version"])
    signature = folder / SIGNATURE
    return signature.is_file() and is_signed((folder / MANIFEST).read_bytes(), signature.read_bytes(), signer)


def _document(remote: Remote, path: str) -> bytes:
    answer = remote.document(path)
    if answer is None or answer.content is None:
        raise RefreshError(f"{remote.url}{path}: is missing, and releases.json names it")
    return answer.content


def _check_space(marts: Marts, needed: int) -> None:
    free = shutil.disk_usage(marts.folder).free
    if needed > free:
        raise RefreshError(f"{marts.folder}: the release has {needed:,} bytes, and {free:,} are free")
