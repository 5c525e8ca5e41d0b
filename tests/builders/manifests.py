"""Manifests and entries that say as little as they may."""

from collections.abc import Sequence
from typing import Any

from salary_bands.releases.documents import SCHEMA_VERSION, sha256
from salary_bands.releases.manifest import File, Manifest, Method
from salary_bands.releases.pointers import Entry, ManifestLink


def manifest_of(version: str, files: Sequence[File] = (), content: str = "", **facts: Any) -> Manifest:
    """Make the manifest of a release of no exports; equal `content` has equal fingerprints."""
    fingerprint = sha256(content.encode())
    return Manifest(
        **{
            "version": version,
            "as_of": version[:10].replace(".", "-"),
            "schema_version": SCHEMA_VERSION,
            "method_version": "m",
            "code_version": "c",
            "contains_synthetic": True,
            "previous": None,
            "inputs": [],
            "settings": {"window_months": 12},
            "method": Method(version="m"),
            "fingerprint": fingerprint,
            "content_fingerprint": fingerprint,
            "figures": fingerprint,
            "files": list(files),
            **facts,
        }
    )


def entry_of(version: str, sha256: str = "0" * 64) -> Entry:
    """Make an entry of releases.json, as published."""
    return Entry(
        version=version,
        as_of=version[:10].replace(".", "-"),
        schema_version=SCHEMA_VERSION,
        manifest=ManifestLink(path=f"releases/{version}/manifest.json", sha256=sha256),
        status="published",
        reason=None,
    )
