"""Check that a marts folder, here or behind a URL, is what its manifests say: every byte, the pointers, the mart.

Whatever is wrong becomes a fault, which names the file, what is wrong, and how to fix it.
"""

import csv
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from salary_bands.errors import RefreshError, UsageError
from salary_bands.releases.documents import MANIFEST, SIGNATURE, DocumentError
from salary_bands.releases.manifest import File, Manifest, read_manifest
from salary_bands.releases.marts import Marts
from salary_bands.releases.pointers import (
    LATEST,
    RELEASES,
    Entry,
    Pointers,
    history,
    newest,
    newest_first,
    read_pointers,
)
from salary_bands.releases.signing import is_signed, public_key
from salary_bands.releases.statement import POINTERS, hash_of, read_statement
from salary_bands.storage.files import sha256_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from salary_bands.distribute.remote import Limits

RESTORE = "restore it from a copy"
REFRESH = "run `salary-bands refresh`, or pull again: both repair what a crash left"


@dataclass(frozen=True)
class Fault:
    """Something wrong. file: relative to the marts folder or URL; mend: how to fix it."""

    file: str
    what: str
    mend: str

    def line(self) -> str:
        return f"{self.file}: {self.what}; {self.mend}"


@dataclass
class Verified:
    """What was checked. signatures: by release, `valid`, `not valid`, `unchecked` (no key was given) or `none`."""

    where: str
    latest: str | None = None
    releases: list[str] = field(default_factory=list)
    files: int = 0
    bytes: int = 0
    signatures: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.faults


def verify(
    where: Path | str,
    release: str | None = None,
    all_releases: bool = False,
    key: Path | None = None,
    limits: "Limits | None" = None,
) -> Verified:
    """Check the pointers, every manifest's hash, and every file of the latest, the named, or all releases.

    key: PEM file of the public key that must have signed them. Raises RefreshError if nothing is published or the
    server fails, UsageError for a release that is not listed.
    """
    signer = public_key(key) if key else None
    remote = isinstance(where, str) and "://" in where
    source: _Folder | _Url = _Url(str(where), limits) if remote else _Folder(Path(where))
    pointers = read_pointers(source.read)
    if pointers == Pointers(None, None):
        raise RefreshError(f"nothing is published in {source.name}")
    entries = pointers.entries or []
    found = Verified(
        source.name, pointers.latest.version if pointers.latest else None, faults=list(_pointer_faults(pointers))
    )
    chosen = _chosen(entries, release, all_releases, found)
    for entry in entries:
        if entry.pruned and entry not in chosen:
            continue
        manifest = _manifest(source, entry, found)
        if manifest and entry in chosen:
            _release(source, manifest, signer, found)
    if signer:
        found.faults += _statement_faults(source, signer)
    if isinstance(source, _Folder):
        _folder(source, entries, found)
    return found


def _statement_faults(source: "_Folder | _Url", signer: "Ed25519PublicKey") -> list[Fault]:
    """Check what the publisher has signed of the pointers; a copy that was pulled has no such statement."""
    content = source.read(POINTERS)
    if content is None:
        return []
    try:
        statement = read_statement(content, signer)
    except DocumentError as error:
        return [Fault(POINTERS, str(error), "ask the publisher, and do not use the pointers")]
    if not statement.says(hash_of(source.read(LATEST)), hash_of(source.read(RELEASES))):
        return [Fault(POINTERS, "is of other pointers than are there", REFRESH)]
    return []


def _pointer_faults(pointers: Pointers) -> Iterator[Fault]:
    """Compare latest.json with releases.json, as far as both can be read."""
    for name, what in pointers.faults.items():
        yield Fault(name, what, f"{RESTORE}, or remove it and run `salary-bands refresh`")
    entries, latest = pointers.entries, pointers.latest
    if entries is None:
        if RELEASES not in pointers.faults:
            yield Fault(RELEASES, "is missing", f"{RESTORE}, or {REFRESH}")
        return
    due = newest(entries)
    if LATEST not in pointers.faults and latest != (due.pointer if due else None):
        what = f"names {latest.version}" if latest else "is missing"
        if latest and due and latest.version == due.version:
            what = "differs from its entry in releases.json"
        yield Fault(LATEST, f"{what}; by releases.json the latest is {due.version if due else 'none'}", REFRESH)
    if entries != newest_first(entries):
        yield Fault(RELEASES, "is not in order, newest first", REFRESH)


def _chosen(entries: list[Entry], release: str | None, all_releases: bool, found: Verified) -> list[Entry]:
    there = [e for e in entries if not e.pruned or e.version == found.latest]
    if all_releases:
        return there
    chosen = [e for e in there if e.version == (release or found.latest)]
    if release and not chosen:
        known = ", ".join(e.version for e in there[:5]) or "none"
        raise UsageError(f"--release {release}: not in {found.where}; there are {known}")
    return chosen


def _manifest(source: "_Folder | _Url", entry: Entry, found: Verified) -> Manifest | None:
    path = entry.manifest.path
    content = source.read(path)
    if content is None:
        found.faults.append(Fault(path, "is missing, but releases.json names it", f"{RESTORE}, or {REFRESH}"))
        return None
    try:
        return read_manifest(content, entry)
    except DocumentError as error:
        found.faults.append(Fault(path, str(error), f"{RESTORE}; published files never change"))
        return None


def _release(source: "_Folder | _Url", manifest: Manifest, signer: "Ed25519PublicKey | None", found: Verified) -> None:
    """Check every file of a release, its signature, and that the folder has no other files."""
    folder = f"releases/{manifest.version}"
    found.releases.append(manifest.version)
    for file in manifest.files:
        path = f"{folder}/{file.path}"
        with source.file(path, file.bytes) as local:
            what = local if isinstance(local, str) else _difference(local, file)
        if what:
            found.faults.append(Fault(path, what, RESTORE))
        found.files += 1
        found.bytes += file.bytes
    signature = source.read(f"{folder}/{SIGNATURE}")
    state = "none" if signature is None else "unchecked"
    if signer:
        content = source.read(f"{folder}/{MANIFEST}") or b""
        state = "valid" if signature and is_signed(content, signature, signer) else "not valid"
        if state != "valid":
            what = "is not the signature of manifest.json by this key" if signature else "is missing"
            found.faults.append(Fault(f"{folder}/{SIGNATURE}", what, "ask the publisher, and do not use the release"))
    found.signatures[manifest.version] = state
    expected = {MANIFEST, SIGNATURE, *(file.path for file in manifest.files)}
    for path in sorted(set(source.files(manifest.version)) - expected):
        found.faults.append(Fault(f"{folder}/{path}", "is not in the manifest", "move it elsewhere"))


def _difference(path: Path, file: File) -> str | None:
    """Say how a file differs from what the manifest says; None if it does not."""
    if (size := path.stat().st_size) != file.bytes:
        return f"has {size:,} bytes, not {file.bytes:,}"
    if sha256_of(path) != file.sha256:
        return "has another sha256 than the manifest says"
    kind = file.path.rpartition(".")[2]
    if file.rows is None or kind not in ("csv", "parquet"):
        return None
    rows = _parquet_rows(path) if kind == "parquet" else _csv_rows(path)
    return f"has {rows:,} rows, not {file.rows:,}" if rows != file.rows else None


def _parquet_rows(path: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)


def _csv_rows(path: Path) -> int:
    with path.open(encoding="utf-8", newline="") as stream:
        return sum(1 for _ in csv.reader(stream)) - 1


def _folder(source: "_Folder", entries: list[Entry], found: Verified) -> None:
    """Check what a folder has beside its releases: no unlisted ones, and a mart of the latest."""
    known = {e.version: e for e in entries}
    for name in source.versions():
        if name not in known:
            found.faults.append(Fault(f"releases/{name}", "is not in releases.json", REFRESH))
        elif known[name].pruned:
            found.faults.append(Fault(f"releases/{name}", "is there, but marked as pruned", REFRESH))
    latest = newest(entries)
    expected = (latest.version, history(entries)) if latest else None
    state = source.marts.mart_state()
    if state != expected:
        of = f"is of {state[0]} with the history of {len(state[1])}" if state else "is missing or damaged"
        wanted = f"{expected[0]} with the history of {len(expected[1])}" if expected else "none"
        found.faults.append(Fault(source.marts.mart.name, f"{of}; it should be of {wanted}", REFRESH))


class _Folder:
    """A local marts folder."""

    def __init__(self, folder: Path) -> None:
        self.marts, self.name = Marts(folder), str(folder)

    def read(self, path: str) -> bytes | None:
        try:
            return (self.marts.folder / path).read_bytes()
        except FileNotFoundError:
            return None

    @contextmanager
    def file(self, path: str, size: int) -> Iterator[Path | str]:
        local = self.marts.folder / path
        yield "is a link" if local.is_symlink() else local if local.is_file() else "is missing"

    def files(self, version: str) -> list[str]:
        folder = self.marts.release(version)
        return [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_symlink() or not p.is_dir()]

    def versions(self) -> list[str]:
        return sorted(p.name for p in (self.marts.folder / "releases").glob("[!.]*"))


class _Url:
    """A marts folder behind a URL. A server lists no files, so that unlisted ones are not found."""

    def __init__(self, url: str, limits: "Limits | None") -> None:
        from salary_bands.distribute.remote import Remote

        self._remote = Remote(url, limits)
        self.name = self._remote.url

    def read(self, path: str) -> bytes | None:
        answer = self._remote.document(path)
        return answer.content if answer else None

    @contextmanager
    def file(self, path: str, size: int) -> Iterator[Path | str]:
        from salary_bands.distribute.remote import BadAnswerError

        with tempfile.TemporaryDirectory() as folder:
            local = Path(folder) / "file"
            try:
                there = self._remote.download(path, local, size)
            except BadAnswerError as error:
                yield str(error).removeprefix(f"{self.name}{path}: ").partition(";")[0]
                return
            yield local if there else "is missing"

    def files(self, version: str) -> list[str]:
        return []
