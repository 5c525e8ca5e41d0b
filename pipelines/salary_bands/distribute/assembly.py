"""Assemble one release of a publisher aside, check every file, and move the release into place as a whole."""

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from salary_bands.distribute.remote import Remote
from salary_bands.errors import RefreshError
from salary_bands.publish.pointers import remove_releases
from salary_bands.releases.documents import MANIFEST, SIGNATURE, DocumentError
from salary_bands.releases.manifest import File, Manifest, read_manifest
from salary_bands.releases.marts import Marts, sha256_of
from salary_bands.releases.pointers import Entry
from salary_bands.releases.signing import is_signed
from salary_bands.storage.files import moved_into_place, sync_folder, sync_tree

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_AT_ONCE = 4  # requests


@dataclass(frozen=True)
class Assembly:
    """Brings releases of a publisher into a marts folder.

    staging: folder in which an interrupted assembly continues. signer: key that must have signed a release.
    """

    remote: Remote
    marts: Marts
    staging: Path
    signer: "Ed25519PublicKey | None"
    say: Callable[[str], None]

    def is_signed(self, version: str) -> bool:
        """True if a release of the folder has the signature that is asked for."""
        folder = self.marts.release(version)
        manifest, signature = folder / MANIFEST, folder / SIGNATURE
        if self.signer is None:
            return True
        return signature.is_file() and is_signed(manifest.read_bytes(), signature.read_bytes(), self.signer)

    def bring(self, entry: Entry) -> tuple[int, int, int]:
        """Assemble a release and move it into place; return the files fetched and reused, and the bytes fetched."""
        content, manifest, signature = self._manifest(entry)
        aside = self.staging / f"{entry.version}-{entry.manifest.sha256[:16]}"
        whole = aside / "whole"
        whole.mkdir(parents=True, exist_ok=True)
        counts = self._files(f"releases/{entry.version}/", manifest, aside)
        listed = {file.path for file in manifest.files}
        for path in [p for p in whole.rglob("*") if p.is_file()]:
            if path.relative_to(whole).as_posix() not in listed:
                path.unlink()  # somebody changed what an interrupted pull left
        (whole / MANIFEST).write_bytes(content)
        if signature:
            (whole / SIGNATURE).write_bytes(signature)
        sync_tree(whole)
        target = self.marts.release(entry.version)
        target.parent.mkdir(exist_ok=True)
        if target.exists():  # not signed by the key, or without a manifest
            remove_releases(self.marts, [entry.version])
        whole.replace(target)
        sync_folder(target.parent)
        return counts

    def _manifest(self, entry: Entry) -> tuple[bytes, Manifest, bytes | None]:
        """Fetch the manifest and its signature; raise RefreshError if one is missing or invalid."""
        url = f"{self.remote.url}{entry.manifest.path}"
        answer = self.remote.document(entry.manifest.path)
        if answer is None or answer.content is None:
            raise RefreshError(f"{url}: is missing, but releases.json names it")
        try:
            manifest = read_manifest(answer.content, entry)
        except DocumentError as error:
            raise RefreshError(f"{url}: {error}; ask the publisher") from None
        path = f"releases/{entry.version}/{SIGNATURE}"
        signed = self.remote.document(path)
        signature = signed.content if signed else None
        if self.signer and not (signature and is_signed(answer.content, signature, self.signer)):
            what = "is not the signature of this key" if signature else "is missing"
            raise RefreshError(f"{self.remote.url}{path}: {what}; do not use this release, ask the publisher")
        return answer.content, manifest, signature

    def _files(self, source: str, manifest: Manifest, aside: Path) -> tuple[int, int, int]:
        """Put every file of the manifest into `aside`/whole, several at a time."""
        files = sorted(manifest.files, key=lambda f: f.path)
        _check_space(self.marts, sum(f.bytes for f in files))
        here = _held_files(self.marts)
        fetched = reused = size = 0
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            ways = threads.map(lambda file: self._file(source, file, aside, here.get(file.sha256, [])), files)
            try:
                for number, (file, way) in enumerate(zip(files, ways, strict=True), start=1):
                    reused += way == "reused"
                    fetched += way == "fetched"
                    size += file.bytes if way == "fetched" else 0
                    if number % 100 == 0:
                        self.say(f"{manifest.version}: {number:,} of {len(files):,} files")
            except BaseException:
                threads.shutdown(cancel_futures=True)
                raise
        return fetched, reused, size

    def _file(self, source: str, file: File, aside: Path, same: list[Path]) -> str:
        """Get one file: `kept` from an interrupted pull, `reused` from a release of the folder, or `fetched`.

        same: files of the folder that had this hash.
        """
        path, part = (aside / kind / file.path for kind in ("whole", "parts"))
        if path.is_file() and _is(path, file):
            return "kept"
        path.parent.mkdir(parents=True, exist_ok=True)
        for held in same:
            if _is(held, file):
                with moved_into_place(path) as beside:
                    try:
                        os.link(held, beside)
                    except OSError:  # a file system without links
                        shutil.copyfile(held, beside)
                return "reused"
        part.parent.mkdir(parents=True, exist_ok=True)
        for resumed in (part.is_file(), False):  # once more if it began with what an interrupted pull left
            if not self.remote.download(source + file.path, part, file.bytes):
                raise RefreshError(f"{self.remote.url}{source}{file.path}: is missing, but the manifest lists it")
            if _is(part, file):
                break
            part.unlink()
            if not resumed:
                raise RefreshError(f"{self.remote.url}{source}{file.path}: differs from what the manifest says")
        part.replace(path)
        return "fetched"


def _is(path: Path, file: File) -> bool:
    return path.stat().st_size == file.bytes and sha256_of(path) == file.sha256


def _held_files(marts: Marts) -> dict[str, list[Path]]:
    """Return the files of the releases in the folder, by hash."""
    found: dict[str, list[Path]] = {}
    for folder in (marts.folder / "releases").glob("*"):
        for file in marts.manifest(folder.name).files if marts.has(folder.name) else ():
            path = folder / file.path
            if path.is_file() and not path.is_symlink():
                found.setdefault(file.sha256, []).append(path)
    return found


def _check_space(marts: Marts, needed: int) -> None:
    free = shutil.disk_usage(marts.folder).free
    if needed > free:
        raise RefreshError(f"{marts.folder}: the release needs {needed:,} bytes, and {free:,} are free")
