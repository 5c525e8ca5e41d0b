"""Which release readers are pointed at, and how that moves: publish, roll back, withdraw, prune.

All of it stands in releases.json, and latest.json and the mart follow from it. They are written in this order: the
mart, releases.json, and last latest.json. A crash leaves the pointer as it was, or moved; `repair` mends the mart.
"""

import shutil
import uuid
from pathlib import Path

from salary_bands.errors import RefreshError, UsageError
from salary_bands.publish.feed import FeedEntry, feed_text
from salary_bands.publish.mart import build_mart
from salary_bands.releases.documents import pointer_of
from salary_bands.releases.marts import Document, Marts, history, newest, read_json, release_order, stands
from salary_bands.storage.files import json_text, moved_into_place, sync_folder


def list_release(marts: Marts, version: str) -> None:
    """List a release that lies there, and point at it where it is the newest.

    Content that was rolled back or withdrawn does not come back under another date: such a release is listed as
    rolled back too, until the content differs or somebody rolls forward to it.
    """
    entries = [e for e in as_on_disk(marts)[0] if e["version"] != version]
    entry: Document = {**marts.entry(version), "status": "published", "reason": None}
    if found := _taken_back(marts, version, entries):
        what = "withdrawn" if found["status"] == "withdrawn" else "rolled back"
        why = f"the same content as {found['version']}, {what}: {found['reason']}"
        entry |= {"rolled_back": True, "reason": why}
    settle(marts, [*entries, entry])


def build_mart_of(marts: Marts, entries: list[Document]) -> str | None:
    """Build the mart that belongs to the entries; the release it is of, None where nothing had to be built."""
    latest = newest(entries)
    if latest is None:
        marts.mart.unlink(missing_ok=True)
        return None
    version = str(latest["version"])
    if marts.mart_state() == (version, history(entries)):
        return None
    build_mart(marts, version, history(entries))
    return version


def settle(marts: Marts, entries: list[Document]) -> None:
    """Let the folder say what the entries say: mart, releases.json, latest.json."""
    build_mart_of(marts, entries)
    write_pointers(marts, entries)


def write_pointers(marts: Marts, entries: list[Document]) -> None:
    """feed.xml, releases.json, then latest.json, each where it differs; no latest.json where no release stands."""
    ordered = sorted(entries, key=release_order, reverse=True)
    latest = newest(ordered)
    _write(marts.folder / "feed.xml", feed_text(_fed(marts, e) for e in ordered if not e.get("pruned")))
    _write(marts.folder / "releases.json", json_text(ordered))
    if latest:
        _write(marts.folder / "latest.json", json_text(pointer_of(latest)))
    else:
        (marts.folder / "latest.json").unlink(missing_ok=True)


def _fed(marts: Marts, entry: Document) -> FeedEntry:
    folder = marts.release(entry["version"])
    manifest = read_json(folder / "manifest.json") or {}
    path = "index.html" if (folder / "index.html").is_file() else "manifest.json"
    return FeedEntry(entry, f"releases/{entry['version']}/{path}", bool(manifest.get("contains_synthetic")))


def as_on_disk(marts: Marts) -> tuple[list[Document], list[str]]:
    """The entries with `pruned` where the folder is gone and without it where it is back, and a line for each."""
    entries, lines = [], []
    for entry in marts.releases():
        folder = marts.release(entry["version"])
        gone, known = not (folder / "manifest.json").is_file(), bool(entry.get("pruned"))
        rest = {name: value for name, value in entry.items() if name != "pruned"}
        entries.append({**rest, "pruned": True} if gone else rest)
        if gone and not known:
            lines.append(f"{folder} is gone: it is marked as pruned, and history_bands no longer has it")
        elif known and not gone:
            lines.append(f"{folder} is there again: it is no longer marked as pruned")
    return entries, lines


def rollback(marts: Marts, version: str | None, reason: str | None) -> str:
    """Point at an earlier release, the one before the latest where none is named; its version. Needs the lock.

    What is newer is marked `rolled_back`, so a newer release with other content moves the pointer as ever, and nothing
    else does. Naming a newer release than the latest rolls forward.
    """
    entries, _ = as_on_disk(marts)
    if version is None:
        latest = release_order(marts.latest())
        before = newest([e for e in entries if release_order(e) < latest])
        if before is None:
            raise RefreshError(f"{marts.folder} has no release before {marts.latest()['version']} to roll back to")
        version = str(before["version"])
    target = _named(entries, version)
    if target["status"] != "published" or target.get("pruned"):
        why = "its folder is gone" if target.get("pruned") else f"it is withdrawn: {target['reason']}"
        raise UsageError(f"{version}: {why}; roll back to another, `salary-bands releases` lists them")
    for entry in entries:
        if entry is target and entry.pop("rolled_back", False):
            entry["reason"] = None
        elif release_order(entry) > release_order(target) and stands(entry):
            entry |= {"rolled_back": True, "reason": reason or f"rolled back to {version}"}
    settle(marts, entries)
    return version


def withdraw(marts: Marts, version: str, reason: str) -> None:
    """Mark a release as withdrawn; nothing is deleted. The pointer moves where it was the latest. Needs the lock."""
    entries, _ = as_on_disk(marts)
    _named(entries, version).update(status="withdrawn", reason=reason)
    settle(marts, entries)


def reinstate(marts: Marts, version: str) -> None:
    """Take a withdrawal back. Needs the lock; raises UsageError where there is none."""
    entries, _ = as_on_disk(marts)
    entry = _named(entries, version)
    if entry["status"] != "withdrawn":
        raise UsageError(f"{version}: is not withdrawn")
    entry.update(status="published", reason=None)
    settle(marts, entries)


def prune(marts: Marts, keep: int, dry_run: bool = False) -> list[str]:
    """Remove the folders of what is older than the newest `keep` releases that stand; their versions. Needs the lock.

    They stay listed in releases.json, marked `pruned`. The latest always stays.
    """
    if keep < 1:
        raise UsageError(f"--keep {keep}: keep at least one release")
    entries, _ = as_on_disk(marts)
    kept = sorted(filter(stands, entries), key=release_order)[-keep:]
    old = [e for e in entries if kept and release_order(e) < release_order(kept[0]) and not e.get("pruned")]
    versions = [str(e["version"]) for e in old]
    if versions and not dry_run:
        for entry in old:
            entry["pruned"] = True
        settle(marts, entries)
        remove_releases(marts, versions)
    return versions


def remove_releases(marts: Marts, versions: list[str]) -> None:
    """Remove folders that releases.json already calls pruned; each is out of sight at once, or still whole."""
    for version in versions:
        aside = marts.release(version).with_name(f".{version}.{uuid.uuid4().hex}")
        marts.release(version).replace(aside)
        sync_folder(aside.parent)
        shutil.rmtree(aside, ignore_errors=True)


def clear_leftovers(marts: Marts) -> list[str]:
    """Remove what a crashed command left half done; a line for each. Needs the lock."""
    written = (marts.mart.name, "feed.xml", "releases.json", "latest.json")
    asides = [*(marts.folder / "releases").glob(".*"), *(p for n in written for p in marts.folder.glob(f".{n}.*"))]
    for aside in asides:
        if aside.is_dir():
            shutil.rmtree(aside, ignore_errors=True)
        else:
            aside.unlink(missing_ok=True)
    return [f"removed {aside.name}, which a crashed command left half done" for aside in sorted(asides)]


def pointer_notes(marts: Marts, version: str) -> list[str]:
    """A line where readers are not pointed at that release because it, or its content, was taken back."""
    entry = next(e for e in marts.releases() if e["version"] == version)
    if entry["status"] == "withdrawn":
        return [f"{version} is withdrawn ({entry['reason']}); mend the raw folder, or `withdraw {version} --undo`"]
    if entry.get("rolled_back"):
        return [f"latest.json does not name {version}, it is rolled back ({entry['reason']}); "
                f"`salary-bands rollback {version}` rolls forward to it"]  # fmt: skip
    return []


def _named(entries: list[Document], version: str) -> Document:
    for entry in entries:
        if entry["version"] == version:
            return entry
    known = ", ".join(e["version"] for e in entries[:5]) or "none"
    raise UsageError(f"{version}: no such release; there are {known}")


def _taken_back(marts: Marts, version: str, entries: list[Document]) -> Document | None:
    """The newest release of the same content, where it was taken back and no other of that content stands."""
    content = marts.manifest(version).get("content_fingerprint")
    there = [e for e in entries if not e.get("pruned")]
    same = [e for e in there if content and marts.manifest(e["version"]).get("content_fingerprint") == content]
    if any(map(stands, same)):
        return None
    return max(same, key=release_order, default=None)


def _write(path: Path, text: str) -> None:
    """A file that does not change keeps its time, and so its tag on a web server."""
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        with moved_into_place(path) as aside:
            aside.write_text(text, encoding="utf-8")
