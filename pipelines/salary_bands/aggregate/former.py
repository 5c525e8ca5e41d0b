"""The release before, from those of its exports that are still there, as they are read and computed today.

What differs between it and what was published is not pay: it is the method, the reference data, or an export that was
corrected. METHOD, method changes.
"""

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from salary_bands.aggregate.plan import ExportState, Plan
from salary_bands.aggregate.recognised import recognised
from salary_bands.aggregate.workspace import Workspace
from salary_bands.fingerprint import digest
from salary_bands.releases.manifest import Manifest
from salary_bands.releases.marts import Marts
from salary_bands.settings import Settings
from salary_bands.vocabulary.rates import current_rates, rates_of_window


@dataclass(frozen=True)
class Former:
    """The release that a plan follows, and what of it can be made again."""

    manifest: Manifest
    folder: Path
    plan: Plan
    settings: Settings

    @classmethod
    def of(cls, plan: Plan, marts: Marts, settings: Settings) -> "Former | None":
        """None where the plan follows no release, or one of synthetic data is followed by real ones or the reverse."""
        if plan.previous is None:
            return None
        manifest = marts.manifest(plan.previous)
        if manifest.contains_synthetic != plan.contains_synthetic:
            return None
        return cls(manifest, marts.release(plan.previous), plan, settings)

    @property
    def as_of(self) -> date:
        return date.fromisoformat(self.manifest.as_of)

    @cached_property
    def kept(self) -> list[ExportState]:
        """Its exports that still count."""
        return list(recognised(self.plan, self.manifest).values())

    @property
    def came(self) -> list[ExportState]:
        """Exports that it did not have."""
        kept = {s.file for s in self.kept}
        return [s for s in self.plan.counted if s.file not in kept]

    @property
    def exports_gone(self) -> bool:
        return len(self.kept) < len(self.manifest.inputs)

    @property
    def method_changed(self) -> bool:
        return bool(self.manifest.method_version != self.plan.method_version)

    @property
    def reference_changed(self) -> bool:
        """Whether code, reference data or the rates of its window are not what they were."""
        was = self.manifest
        if (was.code_version, was.reference_version) != (self.plan.code_version, self.plan.reference_version):
            return True
        rates = rates_of_window(current_rates(self.settings.work), self.manifest.as_of)
        return bool(rates["usd"] != self.manifest.method.fx["usd"])

    @property
    def differs(self) -> bool:
        """Whether it would not read today as it was published."""
        return self.exports_gone or self.method_changed or self.reference_changed

    def restated(self) -> Plan:
        """The plan of the release before, made today of what is still there."""
        return replace(
            self.plan,
            as_of=self.manifest.as_of,
            version=self.manifest.version,
            previous=None,
            fingerprint=digest([self.plan.fingerprint, self.manifest.version]),
            files=self.kept,
            refused=[],
        )

    def circumstances(self) -> dict[str, Any]:
        """What may have moved a figure, for `sql/marts/changes.sql`."""
        return {
            "method_changed": self.method_changed,
            "exports_gone": self.exports_gone,
            "date_moved": self.manifest.as_of != self.plan.as_of,
            "exports_came": bool(self.came),
        }


def previous_release(workspace: Workspace) -> Former | None:
    """The release that the workspace's plan follows, None if it follows none that it can be compared with."""
    return Former.of(workspace.plan(), Marts(workspace.settings.marts), workspace.settings)
