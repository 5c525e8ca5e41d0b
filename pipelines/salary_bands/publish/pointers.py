"""Which release readers are pointed at, and how that changes: publish, roll back, withdraw, prune.

releases.json holds all of it; latest.json, the feed and the mart follow from it. The mart is written first, then
releases.json, and last latest.json. A crash leaves the old pointer or the new one; `repair` rebuilds the mart.
"""

import shutil
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from salary_bands.errors import RefreshError, UsageError
from salary_bands.publish.feed import FeedEntry, feed_text
from salary_bands.publish.mart import build_mart
from salary_bands.query.changes import news_text
from salary_bands.releases.documents import DocumentError
from salary_bands.releases.marts import Marts
from salary_bands.releases.pointers import LATEST, RELEASES, Entry, entries_text, history, newest, newest_first
from salary_bands.releases.statement import POINTERS, hash_of, next_statement, read_statement
from salary_bands.storage.files import moved_into_place, sha256_of, sync_folder

FEED = "feed.xml"


def list_release(marts: Marts, version: str) -> None:
    """Add the folder of a release to releases.json, and point at it if it is the newest.

    Content that was rolled back or withdrawn does not return under another date: such a release is listed as rolled
    back too, until its content differs or somebody rolls forward to it.
    """
    entries = [e for e in as_on_disk(marts)[0] if e.version != version]
    entry = marts.entry(version)
    if found := _taken_back(marts, version, entries):
        what = "withdrawn" if found.is_withdrawn else "rolled back"
        reason = f"the same content as {found.version}, {what}: {found.reason}"
        entry = entry.model_copy(update={"rolled_back": True, "reason": reason})
    settle(marts, [*entries, entry])


def build_mart_of(marts: Marts, entries: Sequence[Entry]) -> str | None:
    """Build the mart that belongs to the entries; return its release, None if the mart was up to date."""
    latest = newest(entries)
    if latest is None:
        marts.mart.unlink(missing_ok=True)
        return None
    if marts.mart_state() == (latest.version, history(entries)):
        return None
    build_mart(marts, latest.version, history(entries))
    return latest.version


def settle(marts: Marts, entries: Sequence[Entry]) -> None:
    """Write the mart, releases.json and latest.json that belong to the entries."""
    build_mart_of(marts, entries)
    write_pointers(marts, entries)


def write_pointers(marts: Marts, entries: Sequence[Entry]) -> None:
    """Write feed.xml, releases.json, then latest.json, each if it differs; remove latest.json if none is available."""
    ordered = newest_first(entries)
    latest = newest(ordered)
    _write(marts.folder / FEED, feed_text(_fed(marts, e) for e in ordered if not e.pruned))
    _write(marts.folder / RELEASES, entries_text(ordered))
    if latest:
        _write(marts.folder / LATEST, latest.pointer.text())
    else:
        (marts.folder / LATEST).unlink(missing_ok=True)


def sign_pointers(marts: Marts, key: Path | None) -> None:
    """Sign the pointers as they are, with the day on which that is done; nothing without a key. Needs the lock.

    Readers who ask for a signature refuse pointers whose statement is of others, until a crash here is repaired.
    """
    if key is None or not (marts.folder / RELEASES).is_file():
        return
    path, latest = marts.folder / POINTERS, marts.folder / LATEST
    try:
        before = read_statement(path.read_bytes())
    except (FileNotFoundError, DocumentError):
        before = None
    now = datetime.now(UTC)
    hashes = hash_of(latest.read_bytes() if latest.is_file() else None), sha256_of(marts.folder / RELEASES)
    if statement := next_statement(before, *hashes, now.date(), int(now.timestamp()), key):
        _write(path, statement.text())


def _fed(marts: Marts, entry: Entry) -> FeedEntry:
    page = f"releases/{entry.version}/index.html"
    synthetic = marts.has(entry.version) and marts.manifest(entry.version).contains_synthetic
    news = news_text(marts.release(entry.version) / "changes.parquet")
    return FeedEntry(entry, page if (marts.folder / page).is_file() else entry.manifest.path, synthetic, news)


def as_on_disk(marts: Marts) -> tuple[list[Entry], list[str]]:
    """Return the entries, marked as pruned if and only if the folder is missing, and a line for each that changed."""
    entries, lines = [], []
    for entry in marts.releases():
        folder, is_missing = marts.release(entry.version), not marts.has(entry.version)
        entries.append(entry.model_copy(update={"pruned": is_missing}))
        if is_missing and not entry.pruned:
            lines.append(f"{folder} is missing: it is marked as pruned, and history_bands no longer has it")
        elif entry.pruned and not is_missing:
            lines.append(f"{folder} is there again: it is no longer marked as pruned")
    return entries, lines


def rollback(marts: Marts, version: str | None, reason: str | None) -> str:
    """Point at an earlier release, by default the one before the latest; return its version. Needs the lock.

    Newer releases are marked `rolled_back`, so that only a newer release with other content moves the pointer again.
    Naming a release newer than the latest rolls forward.
    """
    entries, _ = as_on_disk(marts)
    if version is None:
        latest = marts.latest()
        before = newest(e for e in entries if e.order < latest.order)
        if before is None:
            raise RefreshError(f"{marts.folder} has no release before {latest.version} to roll back to")
        version = before.version
    target = _named(entries, version)
    if target.is_withdrawn or target.pruned:
        why = "its folder is missing" if target.pruned else f"it is withdrawn: {target.reason}"
        raise UsageError(f"{version}: {why}; roll back to another, `salary-bands releases` lists them")
    taken_back = {"rolled_back": True, "reason": reason or f"rolled back to {version}"}
    newer = [e.version for e in entries if e.order > target.order and e.is_available]
    entries = [e.model_copy(update=taken_back) if e.version in newer else e for e in entries]
    if target.rolled_back:
        entries = _changed(entries, target, rolled_back=False, reason=None)
    settle(marts, entries)
    return version


def withdraw(marts: Marts, version: str, reason: str) -> None:
    """Mark a release as withdrawn, and point at another if it was the latest; delete nothing. Needs the lock."""
    entries, _ = as_on_disk(marts)
    settle(marts, _changed(entries, _named(entries, version), status="withdrawn", reason=reason))


def reinstate(marts: Marts, version: str) -> None:
    """Undo a withdrawal; raise UsageError if there is none. Needs the lock."""
    entries, _ = as_on_disk(marts)
    entry = _named(entries, version)
    if not entry.is_withdrawn:
        raise UsageError(f"{version}: is not withdrawn")
    settle(marts, _changed(entries, entry, status="published", reason=None))


def prune(marts: Marts, keep: int, dry_run: bool = False) -> list[str]:
    """Remove the folders of releases older than the newest `keep` available ones; return their versions.

    They stay listed in releases.json, marked as pruned. The latest is never removed. Needs the lock.
    """
    if keep < 1:
        raise UsageError(f"--keep {keep}: keep at least one release")
    entries, _ = as_on_disk(marts)
    kept = newest_first(e for e in entries if e.is_available)[:keep]
    old = [e.version for e in entries if kept and e.order < kept[-1].order and not e.pruned]
    if old and not dry_run:
        settle(marts, [e.model_copy(update={"pruned": e.pruned or e.version in old}) for e in entries])
        remove_releases(marts, old)
    return old


def remove_releases(marts: Marts, versions: Sequence[str]) -> None:
    """Remove folders that releases.json marks as pruned; a crash leaves each whole or hidden."""
    for version in versions:
        aside = marts.release(version).with_name(f".{version}.{uuid.uuid4().hex}")
        marts.release(version).replace(aside)
        sync_folder(aside.parent)
        shutil.rmtree(aside, ignore_errors=True)


def clear_leftovers(marts: Marts) -> list[str]:
    """Remove what a crashed command left half written; return a line for each. Needs the lock."""
    written = (marts.mart.name, FEED, RELEASES, LATEST, POINTERS)
    asides = [*(marts.folder / "releases").glob(".*"), *(p for n in written for p in marts.folder.glob(f".{n}.*"))]
    for aside in asides:
        if aside.is_dir():
            shutil.rmtree(aside, ignore_errors=True)
        else:
            aside.unlink(missing_ok=True)
    return [f"removed {aside.name}, which a crashed command left half written" for aside in sorted(asides)]


def pointer_notes(marts: Marts, version: str) -> list[str]:
    """Return a line if latest.json does not name the release because it, or its content, was taken back."""
    entry = _named(marts.releases(), version)
    if entry.is_withdrawn:
        return [f"{version} is withdrawn ({entry.reason}); fix the raw folder, or run `withdraw {version} --undo`"]
    if entry.rolled_back:
        return [f"latest.json does not name {version}: it is rolled back ({entry.reason}); "
                f"`salary-bands rollback {version}` rolls forward to it"]  # fmt: skip
    return []


def _named(entries: Sequence[Entry], version: str) -> Entry:
    for entry in entries:
        if entry.version == version:
            return entry
    known = ", ".join(e.version for e in entries[:5]) or "none"
    raise UsageError(f"{version}: no such release; there are {known}")


def _changed(entries: Sequence[Entry], entry: Entry, **fields: bool | str | None) -> list[Entry]:
    return [e.model_copy(update=fields) if e is entry else e for e in entries]


def _taken_back(marts: Marts, version: str, entries: Sequence[Entry]) -> Entry | None:
    """Return the newest release of the same content if it was taken back and no other of that content is available."""
    content = marts.manifest(version).content_fingerprint
    there = [e for e in entries if not e.pruned]
    same = [e for e in there if content and marts.manifest(e.version).content_fingerprint == content]
    return None if newest(same) else next(iter(newest_first(same)), None)


def _write(path: Path, text: str) -> None:
    """Write a file if its content differs, so that an equal one keeps its time and its tag on a web server."""
    if not path.is_file() or path.read_bytes() != text.encode():
        with moved_into_place(path) as aside:
            aside.write_text(text, encoding="utf-8")
