"""A marts folder: its releases, their manifests, the pointers and the mart."""

from dataclasses import dataclass
from pathlib import Path

from salary_bands.errors import RefreshError, UsageError
from salary_bands.releases.documents import MANIFEST, read_file
from salary_bands.releases.manifest import Manifest
from salary_bands.releases.pointers import LATEST, RELEASES, Entry, ManifestLink, Pointer, read_entries
from salary_bands.storage.files import sha256_of


@dataclass(frozen=True)
class Marts:
    """A marts folder. Reading needs no lock: a published release is complete and never changes.

    A document that is invalid raises RefreshError, which names the file and the fault.
    """

    folder: Path

    @property
    def mart(self) -> Path:
        return self.folder / "salary_bands.duckdb"

    def mart_state(self) -> tuple[str, list[str]] | None:
        """Return the release that the mart holds and those in `history_bands`, None if it is missing or damaged."""
        import duckdb

        from salary_bands.storage.duck import in_memory, quoted

        if not self.mart.is_file():
            return None
        try:
            with in_memory() as connection:
                connection.execute(f"ATTACH {quoted(str(self.mart))} AS mart (READ_ONLY)")
                row = connection.execute("SELECT version, history FROM mart.release").fetchone()
                connection.execute("DETACH mart")
        except duckdb.Error:
            return None
        return (str(row[0]), list(row[1])) if row else None

    def release(self, version: str) -> Path:
        return self.folder / "releases" / version

    def releases(self) -> list[Entry]:
        """Read releases.json, newest first; an empty list if nothing is published."""
        return read_file(self.folder / RELEASES, read_entries) or []

    def listed(self) -> list[Entry]:
        """Read releases.json; raise RefreshError if nothing is published yet."""
        found = self.releases()
        if not found:
            raise self._nothing_published()
        return found

    def pointer(self) -> Pointer | None:
        """Read latest.json; None if it is missing."""
        return read_file(self.folder / LATEST, Pointer.read)

    def latest(self) -> Pointer:
        """Read latest.json; raise RefreshError if nothing is published yet."""
        found = self.pointer()
        if found is None:
            raise self._nothing_published()
        return found

    def _nothing_published(self) -> RefreshError:
        return RefreshError(f"nothing is published in {self.folder} yet; run `salary-bands refresh`")

    def has(self, version: str) -> bool:
        """True if the folder of the release is there, with its manifest."""
        return (self.release(version) / MANIFEST).is_file()

    def manifest(self, version: str) -> Manifest:
        """Read the manifest of a release; raise RefreshError, naming the known releases, if it is missing."""
        found = read_file(self.release(version) / MANIFEST, Manifest.read)
        if found is None:
            known = ", ".join(r.version for r in self.releases() if not r.pruned) or "none"
            raise RefreshError(f"the folder of release {version} is missing in {self.folder}; known releases: {known}")
        return found

    def chosen(self, version: str | None, option: str = "--release ") -> str:
        """Return the version asked for, else the latest. option: what is before the version on the command line.

        Raises RefreshError if nothing is published yet, UsageError, naming the known releases, for an unknown version.
        """
        latest = self.latest().version
        known = [r.version for r in self.releases()]
        if version and version in known and not self.release(version).is_dir():
            raise UsageError(f"{option}{version}: its folder is no longer in {self.folder}; choose another")
        if version and version not in known:
            raise UsageError(f"{option}{version}: not in {self.folder}; there are {', '.join(known[:5])}")
        return version or latest

    def entry(self, version: str) -> Entry:
        """Make the entry of a release folder for releases.json, as published."""
        manifest, path = self.manifest(version), f"releases/{version}/{MANIFEST}"
        return Entry(
            version=version,
            as_of=manifest.as_of,
            schema_version=manifest.schema_version,
            manifest=ManifestLink(path=path, sha256=sha256_of(self.folder / path)),
            status="published",
            reason=None,
        )
