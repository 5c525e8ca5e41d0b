"""What lies in the marts folder: releases, their manifests, the pointers."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from salary_bands.errors import RefreshError, UsageError
from salary_bands.files import moved_into_place, write_json
from salary_bands.publish.feed import FeedEntry, feed_text

SCHEMA_VERSION = "1.1.0"
Document = dict[str, Any]


@dataclass(frozen=True)
class Marts:
    """A marts folder. Reading needs no lock: what is published is whole, and never changes."""

    folder: Path

    @property
    def mart(self) -> Path:
        return self.folder / "salary_bands.duckdb"

    def release(self, version: str) -> Path:
        return self.folder / "releases" / version

    def releases(self) -> list[Document]:
        """The entries of releases.json, newest first; none where nothing is published."""
        return list(_read(self.folder / "releases.json") or [])

    def latest(self) -> Document:
        """latest.json; raises RefreshError where nothing is published yet."""
        found = _read(self.folder / "latest.json")
        if found is None:
            raise RefreshError(f"nothing is published in {self.folder} yet; run `salary-bands refresh`")
        return dict(found)

    def manifest(self, version: str) -> Document:
        """The manifest of a release; raises RefreshError naming the releases there are."""
        found = _read(self.release(version) / "manifest.json")
        if found is None:
            known = ", ".join(r["version"] for r in self.releases()[:5]) or "none"
            raise RefreshError(f"no release {version} in {self.folder}; there are: {known}")
        return dict(found)

    def chosen(self, version: str | None) -> str:
        """The version asked for, else the latest.

        Raises RefreshError where nothing is published yet, UsageError naming the releases there are.
        """
        latest = str(self.latest()["version"])
        known = [str(r["version"]) for r in self.releases()]
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

    def write_pointers(self, entries: list[Document]) -> None:
        """feed.xml, releases.json, then latest.json: the newest published as_of, then the highest suffix."""
        ordered = sorted(entries, key=release_order, reverse=True)
        with moved_into_place(self.folder / "feed.xml") as aside:
            aside.write_text(feed_text(self._fed(e) for e in ordered), encoding="utf-8")
        write_json(self.folder / "releases.json", ordered)
        published = [e for e in ordered if e["status"] == "published"]
        if published:
            pointer = {k: v for k, v in published[0].items() if k not in ("status", "reason")}
            if _read(self.folder / "latest.json") != pointer:
                write_json(self.folder / "latest.json", pointer)

    def _fed(self, entry: Document) -> FeedEntry:
        folder = self.release(entry["version"])
        manifest = _read(folder / "manifest.json") or {}
        path = "index.html" if (folder / "index.html").is_file() else "manifest.json"
        return FeedEntry(entry, f"releases/{entry['version']}/{path}", bool(manifest.get("contains_synthetic")))


def release_order(entry: Document) -> tuple[str, int]:
    """Releases by date, then suffix: 2026.11.22 before 2026.11.22.1."""
    parts = entry["version"].split(".")
    return entry["as_of"], int(parts[3]) if len(parts) > 3 else 0


def sha256_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        raise RefreshError(f"{path} is not readable as JSON; restore it or remove it") from None
