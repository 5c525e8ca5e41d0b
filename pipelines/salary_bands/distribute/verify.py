"""Whether a marts folder, here or behind a URL, is what its manifests say: every byte, the pointers, the mart.

What is wrong is a list of faults, each with the file, what it is, and how to mend it.
"""

import csv
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salary_bands.errors import RefreshError, UsageError
from salary_bands.releases.documents import (
    MANIFEST,
    SIGNATURE,
    Untrue,
    pointer_of,
    read_entries,
    read_manifest,
    read_pointer,
)
from salary_bands.releases.marts import Document, Marts, history, newest, release_order
from salary_bands.releases.signing import is_signed, public_key
from salary_bands.storage.files import sha256_of

if TYPE_CHECKING:
    from salary_bands.distribute.remote import Limits

RESTORE = "restore it from a copy"
REFRESH = "run `salary-bands refresh`, or pull again: both repair what a crash left"


@dataclass(frozen=True)
class Fault:
    """file: relative to the marts folder or URL."""

    file: str
    what: str
    mend: str

    def line(self) -> str:
        return f"{self.file}: {self.what}; {self.mend}"


@dataclass
class Verified:
    """What was looked at. signatures: by release, `valid`, `unchecked` (there is one and no key was given), `none`."""

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

    def to_json(self) -> Document:
        return {"ok": self.ok, **asdict(self)}


def verify(
    where: Path | str,
    release: str | None = None,
    all_releases: bool = False,
    key: Path | None = None,
    limits: "Limits | None" = None,
) -> Verified:
    """Check the pointers, every manifest's hash, and every file of the latest, the named, or all releases.

    key: public key that must have signed them. Raises RefreshError where nothing is published, or the server fails;
    UsageError for a release that is not listed.
    """
    signer = public_key(key) if key else None
    remote = isinstance(where, str) and "://" in where
    source: _Folder | _Url = _Url(str(where), limits) if remote else _Folder(Path(where))
    found = Verified(source.name)
    entries = _pointers(source, found)
    chosen = _chosen(entries, release, all_releases, found)
    for entry in entries:
        if entry.get("pruned") and entry not in chosen:
            continue
        manifest = _manifest(source, entry, found)
        if manifest and entry in chosen:
            _release(source, entry, manifest, signer, found)
    if isinstance(source, _Folder):
        _folder(source, entries, found)
    return found


def _pointers(source: "_Folder | _Url", found: Verified) -> list[Document]:
    """The entries of releases.json; none where it is no such list."""
    for _ in range(2):  # a release may have been published between the two
        pointer = _read(source, "latest.json", read_pointer, found)
        entries = _read(source, "releases.json", read_entries, found)
        if entries is None and pointer is None and not found.faults:
            raise RefreshError(f"nothing is published in {source.name}")
        latest = newest(entries or [])
        if entries is not None and (pointer_of(latest) if latest else None) == pointer:
            break
        found.faults, faults = [], found.faults
    else:
        named = latest["version"] if latest else "none"
        found.faults = faults
        if entries is None and not any(f.file == "releases.json" for f in faults):
            found.faults.append(Fault("releases.json", "is missing", f"{RESTORE}, or {REFRESH}"))
        elif entries is not None and not any(f.file == "latest.json" for f in faults):
            what = f"names {pointer['version']}" if pointer else "is missing"
            what = "differs from its entry in releases.json" if pointer and pointer["version"] == named else what
            found.faults.append(Fault("latest.json", f"{what}; by releases.json the latest is {named}", REFRESH))
    if entries and entries != sorted(entries, key=release_order, reverse=True):
        found.faults.append(Fault("releases.json", "is not in order, newest first", REFRESH))
    found.latest = str(pointer["version"]) if pointer else None
    return entries or []


def _chosen(entries: list[Document], release: str | None, all_releases: bool, found: Verified) -> list[Document]:
    there = [e for e in entries if not e.get("pruned") or e["version"] == found.latest]
    if all_releases:
        return there
    chosen = [e for e in there if e["version"] == (release or found.latest)]
    if release and not chosen:
        known = ", ".join(e["version"] for e in there[:5]) or "none"
        raise UsageError(f"--release {release}: not in {found.where}; there are {known}")
    return chosen


def _manifest(source: "_Folder | _Url", entry: Document, found: Verified) -> Document | None:
    path = entry["manifest"]["path"]
    content = source.read(path)
    if content is None:
        found.faults.append(Fault(path, "is missing, and releases.json names it", f"{RESTORE}, or {REFRESH}"))
        return None
    try:
        return read_manifest(content, entry)
    except Untrue as untrue:
        found.faults.append(Fault(path, str(untrue), f"{RESTORE}; published files never change"))
        return None


def _release(source: "_Folder | _Url", entry: Document, manifest: Document, signer: Any, found: Verified) -> None:
    """Every file of a release, its signature, and that nothing else lies there."""
    folder = f"releases/{entry['version']}"
    found.releases.append(entry["version"])
    for file in manifest["files"]:
        path = f"{folder}/{file['path']}"
        with source.file(path, file["bytes"]) as local:
            what = local if isinstance(local, str) else _difference(local, file)
        if what:
            found.faults.append(Fault(path, what, RESTORE))
        found.files += 1
        found.bytes += file["bytes"]
    signature = source.read(f"{folder}/{SIGNATURE}")
    state = "none" if signature is None else "unchecked"
    if signer:
        content = source.read(f"{folder}/{MANIFEST}") or b""
        state = "valid" if signature and is_signed(content, signature, signer) else "not valid"
        if state != "valid":
            what = "is not the key's signature of manifest.json" if signature else "is missing"
            found.faults.append(Fault(f"{folder}/{SIGNATURE}", what, "ask the publisher, and do not use the release"))
    found.signatures[entry["version"]] = state
    expected = {MANIFEST, SIGNATURE, *(file["path"] for file in manifest["files"])}
    for path in sorted(set(source.files(entry["version"])) - expected):
        found.faults.append(Fault(f"{folder}/{path}", "is not in the manifest", "take it away from there"))


def _difference(path: Path, file: Document) -> str | None:
    """How a file differs from what the manifest says of it."""
    if (size := path.stat().st_size) != file["bytes"]:
        return f"has {size:,} bytes, not {file['bytes']:,}"
    if sha256_of(path) != file["sha256"]:
        return "has another sha256 than the manifest says"
    kind = file["path"].rpartition(".")[2]
    if file.get("rows") is None or kind not in ("csv", "parquet"):
        return None
    rows = _parquet_rows(path) if kind == "parquet" else _csv_rows(path)
    return f"has {rows:,} rows, not {file['rows']:,}" if rows != file["rows"] else None


def _parquet_rows(path: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)


def _csv_rows(path: Path) -> int:
    with path.open(encoding="utf-8", newline="") as stream:
        return sum(1 for _ in csv.reader(stream)) - 1


def _folder(source: "_Folder", entries: list[Document], found: Verified) -> None:
    """What a folder has beside its releases: none that is not listed, and a mart of the latest."""
    known = {e["version"]: e for e in entries}
    for name in source.versions():
        if name not in known:
            found.faults.append(Fault(f"releases/{name}", "is not in releases.json", REFRESH))
        elif known[name].get("pruned"):
            found.faults.append(Fault(f"releases/{name}", "is there, and marked as pruned", REFRESH))
    latest = newest(entries)
    expected = (latest["version"], history(entries)) if latest else None
    state = source.marts.mart_state()
    if state != expected:
        of = f"is of {state[0]} with the history of {len(state[1])}" if state else "is missing or damaged"
        wanted = f"{expected[0]} with the history of {len(expected[1])}" if expected else "none"
        found.faults.append(Fault(source.marts.mart.name, f"{of}; it should be of {wanted}", REFRESH))


def _read(source: "_Folder | _Url", path: str, parse: Any, found: Verified) -> Any:
    content = source.read(path)
    if content is None:
        return None
    try:
        return parse(content)
    except Untrue as untrue:
        found.faults.append(Fault(path, str(untrue), f"{RESTORE}, or remove it and run `salary-bands refresh`"))
        return None


class _Folder:
    """A marts folder here."""

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
    """A marts folder behind a URL; what else lies there cannot be seen."""

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
