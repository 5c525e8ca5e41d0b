"""Folders and settings as a resource, and the exports found through it."""

from dataclasses import replace
from typing import Any

import dagster as dg

from salary_bands.aggregate.workspace import Workspace
from salary_bands.exports.stages import ExportStages
from salary_bands.ingest.raw_folder import ExportFile, RawFolder, scan, unsettled
from salary_bands.releases.marts import Marts
from salary_bands.settings import Settings, load

_hashes: dict[tuple[str, str, int, int], str] = {}  # what a file hashed to, while this process lives


class Pipeline(dg.ConfigurableResource):
    """Folders of a refresh; empty is what the settings say. `others`: further settings by name."""

    raw: str = ""
    marts: str = ""
    work: str = ""
    others: dict[str, Any] = {}  # noqa: RUF012 - a field of the resource

    @classmethod
    def of(cls, settings: Settings) -> "Pipeline":
        """The pipeline with exactly these settings."""
        folders = {name: str(getattr(settings, name)) for name in ("raw", "marts", "work")}
        return cls(**folders, others=settings.model_dump(mode="json", exclude=set(folders), exclude_none=True))

    def settings(self) -> Settings:
        return load(raw=self.raw or None, marts=self.marts or None, work=self.work or None, **self.others)

    def stages(self) -> ExportStages:
        return ExportStages.of(self.settings())

    def candidate(self) -> Workspace:
        return Workspace(self.settings())

    def published(self) -> Marts:
        return Marts(self.settings().marts)

    def scan(self) -> RawFolder:
        """The raw folder without what is still being written; a file is hashed once while its size and time stay."""
        settings = self.settings()
        raw = settings.raw
        known = {(file, size, time): sha for (root, file, size, time), sha in _hashes.items() if root == str(raw)}
        folder = scan(raw, known)
        _hashes.update({(str(raw), e.file, e.size, e.modified_ns): e.sha256 for e in folder.exports})
        moving = self.moving()
        return replace(folder, exports=tuple(e for e in folder.exports if e.file not in moving))

    def moving(self) -> list[str]:
        """Files that may still be being written."""
        settings = self.settings()
        return unsettled(settings.raw, settings.settle_seconds)

    def export(self, key: str) -> ExportFile:
        """The export of a partition; a dagster Failure where the raw folder no longer has its content."""
        if export := by_key(self.scan()).get(key):
            return export
        raise dg.Failure(
            f"no file in the raw folder has the content of partition {key}; it was removed or overwritten, "
            "and no longer counts",
            allow_retries=False,
        )


def by_key(folder: RawFolder) -> dict[str, ExportFile]:
    """Each content once, as the file in which it lies first."""
    found: dict[str, ExportFile] = {}
    for export in folder.exports:
        found.setdefault(export.key, export)
    return found
