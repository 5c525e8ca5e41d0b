"""The pipeline as a Dagster resource: its settings and folders, and the exports found in them."""

from typing import Any

import dagster as dg

from salary_bands.aggregate.workspace import Workspace
from salary_bands.exports.stages import ExportStages
from salary_bands.exports.warden import warden
from salary_bands.fingerprint import digest
from salary_bands.ingest.raw_folder import RawFolder, scan_settled, unsettled
from salary_bands.releases.marts import Marts
from salary_bands.settings import Settings, load


class Pipeline(dg.ConfigurableResource):
    """Folders and settings of a pipeline; those that are empty come from the settings' own sources.

    others: further settings by name.
    """

    raw: str = ""
    marts: str = ""
    work: str = ""
    others: dict[str, Any] = {}  # noqa: RUF012 - a field of the resource

    @classmethod
    def of(cls, settings: Settings) -> "Pipeline":
        """Return the pipeline with exactly these settings."""
        folders = {name: str(getattr(settings, name)) for name in ("raw", "marts", "work")}
        return cls(**folders, others=settings.model_dump(mode="json", exclude=set(folders), exclude_none=True))

    def settings(self) -> Settings:
        return load(raw=self.raw or None, marts=self.marts or None, work=self.work or None, **self.others)

    def id(self) -> str:
        """Return a short hash of the three folders, which tells pipelines on one Dagster instance apart."""
        settings = self.settings()
        return digest([str(folder.resolve()) for folder in (settings.raw, settings.marts, settings.work)])[:12]

    def stages(self) -> ExportStages:
        """Return the stages, whose files are read in processes of their own."""
        return ExportStages.of(self.settings(), warden.read)

    def candidate(self) -> Workspace:
        return Workspace(self.settings())

    def published(self) -> Marts:
        return Marts(self.settings().marts)

    def scan(self) -> RawFolder:
        """Scan the raw folder without the files that may still be being written."""
        settings = self.settings()
        return scan_settled(settings.raw, settings.settle_seconds)

    def moving(self) -> list[str]:
        """List the files that may still be being written."""
        settings = self.settings()
        return unsettled(settings.raw, settings.settle_seconds)
