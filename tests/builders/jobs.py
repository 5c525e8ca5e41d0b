"""The jobs of the definitions, run in process."""

from typing import Any

import dagster as dg

from salary_bands.ingest.raw_folder import scan
from salary_bands.orchestration import definitions
from salary_bands.orchestration.partitions import export_partitions, partition_key
from salary_bands.orchestration.resources import Pipeline
from salary_bands.releases.marts import Marts
from salary_bands.settings import Settings


class Jobs:
    """The jobs over the folders of some settings, in process."""

    def __init__(self, settings: Settings, instance: dg.DagsterInstance | None = None) -> None:
        self.settings = settings
        self.instance = instance or dg.DagsterInstance.ephemeral()
        self.marts = Marts(settings.marts)
        self._definitions = definitions(Pipeline.of(settings))

    def export(self) -> list[dg.ExecuteInProcessResult]:
        return [self.run("export", partition_key=key) for key in self.add_partitions()]

    def add_partitions(self) -> list[str]:
        keys = [partition_key(export) for export in scan(self.settings.raw).exports]
        self.instance.add_dynamic_partitions(str(export_partitions(Pipeline.of(self.settings)).name), keys)
        return keys

    def run(self, job: str, **arguments: Any) -> dg.ExecuteInProcessResult:
        found = self._definitions.resolve_job_def(job)
        return found.execute_in_process(instance=self.instance, raise_on_error=False, **arguments)
