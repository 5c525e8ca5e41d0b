"""List the releases, without what reads their tables."""

from dataclasses import dataclass

from salary_bands.releases.marts import Marts
from salary_bands.releases.pointers import newest


@dataclass(frozen=True)
class ReleaseRow:
    """A release and what became of it. contains_synthetic: None if its folder is gone."""

    version: str
    as_of: str
    status: str
    reason: str | None
    latest: bool
    rolled_back: bool
    pruned: bool
    contains_synthetic: bool | None
    manifest_sha256: str


def release_rows(marts: Marts) -> list[ReleaseRow]:
    """Return every release with its status; `contains_synthetic` is None if the release is pruned.

    Raises:
        RefreshError: Nothing is published.
    """
    entries = marts.listed()
    latest = newest(entries)
    return [
        ReleaseRow(
            e.version,
            e.as_of,
            e.status,
            e.reason,
            latest=e is latest,
            rolled_back=e.rolled_back,
            pruned=e.pruned,
            contains_synthetic=None if e.pruned else marts.manifest(e.version).contains_synthetic,
            manifest_sha256=e.manifest.sha256,
        )
        for e in entries
    ]
