"""What lies in the marts folder: releases, their manifests, the pointers."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from salary_bands.errors import RefreshError, UsageError
from salary_bands.storage.files import sha256_of

SCHEMA_VERSION = "1.1.0"
POINTER = ("version", "as_of", "schema_version", "manifest")
Document = dict[str, Any]


@dataclass(frozen=True)
class Marts:
    """A marts folder. Reading needs no lock: what is published is whole, and never changes."""

    folder: Path

    @property
    def mart(self) -> Path:
        return self.folder / "salary_bands.duckdb"

    def mart_state(self) -> tuple[str, list[str]] | None:
        """The release that the mart is of and those in `history_bands`, None where there is no sound mart."""
        import duckdb

        if not self.mart.is_file():
            return None
        try:
            with duckdb.connect(str(self.mart), read_only=True) as connection:
                row = connection.execute("SELECT version, history FROM release").fetchone()
        except duckdb.Error:
            return None
        return (str(row[0]), list(row[1])) if row else None

    def release(self, version: str) -> Path:
        return self.folder / "releases" / version

    def releases(self) -> list[Document]:
        """The entries of releases.json, newest first; none where nothing is published."""
        return list(read_json(self.folder / "releases.json") or [])

    def latest(self) -> Document:
        """latest.json; raises RefreshError where nothing is published yet."""
        found = read_json(self.folder / "latest.json")
        if found is None:
            raise RefreshError(f"nothing is published in {self.folder} yet; run `salary-bands refresh`")
        return dict(found)

    def manifest(self, version: str) -> Document:
        """The manifest of a release; raises RefreshError naming the releases there are."""
        found = read_json(self.release(version) / "manifest.json")
        if found is None:
            known = ", ".join(r["version"] for r in self.releases() if not r.get("pruned")) or "none"
            raise RefreshError(f"no folder of release {version} in {self.folder}; there are: {known}")
        return dict(found)

    def chosen(self, version: str | None) -> str:
        """The version asked for, else the latest.

        Raises RefreshError where nothing is published yet, UsageError naming the releases there are.
        """
        latest = str(self.latest()["version"])
        known = [str(r["version"]) for r in self.releases()]
        if version and version in known and not self.release(version).is_dir():
            raise UsageError(f"--release {version}: its folder is no longer in {self.folder}; choose another")
        if version and version not in known:
            raise UsageError(f"--release {version}: not in {self.folder}; there are {', '.join(known[:5])}")
        return version or latest

    def entry(self, version: str) -> Document:
        """A release as latest.json and releases.json name it."""
        manifest = self.manifest(version)
        path = f"releases/{version}/manifest.json"
        return {
            "version": version,
            "as_of": manifest["as_of"],
            "schema_version": manifest["schema_version"],
            "manifest": {"path": path, "sha256": sha256_of(self.folder / path)},
        }


def stands(entry: Document) -> bool:
    """Whether latest.json may name it: published, not rolled back, and its folder is there."""
    return entry["status"] == "published" and not entry.get("rolled_back") and not entry.get("pruned")


def newest(entries: list[Document]) -> Document | None:
    """What latest.json names: of those that stand the newest date, then the highest suffix."""
    return max(filter(stands, entries), key=release_order, default=None)


def history(entries: list[Document]) -> list[str]:
    """Versions in `history_bands`, oldest first: published, and their folders are there."""
    shown = [e for e in entries if e["status"] == "published" and not e.get("pruned")]
    return [e["version"] for e in sorted(shown, key=release_order)]


def release_order(entry: Document) -> tuple[str, int]:
    """Releases by date, then suffix: 2026.11.22 before 2026.11.22.1."""
    parts = entry["version"].split(".")
    return entry["as_of"], int(parts[3]) if len(parts) > 3 else 0


def read_json(path: Path) -> Any:
    """A JSON file, None where there is none; raises RefreshError where it is not readable."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        raise RefreshError(f"{path} is not readable as JSON; restore it or remove it") from None


def export_name(sha256: str) -> str:
    """The name under which a release knows an export: the first 12 digits of the hash of its bytes."""
    return sha256[:12]


def export_of(entry: Document) -> str:
    """The name of an export in a manifest's inputs, which before schema 2.0.0 had its hash."""
    return str(entry.get("export") or export_name(entry["sha256"]))
