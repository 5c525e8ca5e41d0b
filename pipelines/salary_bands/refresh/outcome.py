"""What a refresh did, for people and for scripts."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow.parquet as pq

from salary_bands.aggregate.plan import Plan
from salary_bands.aggregate.workspace import Workspace
from salary_bands.releases.marts import Marts
from salary_bands.settings import Settings


@dataclass
class Outcome:
    """What a refresh did.

    rows: of all exports, by disposition. unchanged: the same release was already published. held: file, reason, line
    and since of each export that is not in the bands.
    """

    version: str
    as_of: str
    published: bool
    unchanged: bool
    contains_synthetic: bool
    exports_read: int
    exports_new: int
    rows: dict[str, int]
    held: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def outcome_of(settings: Settings, plan: Plan, version: str, new: int, **facts: Any) -> Outcome:
    """Make the outcome of a refresh by that plan.

    version: the release that was made or was there. new: the exports that were read. facts: published, unchanged,
    accepted, held.
    """
    return Outcome(
        **{
            "version": version,
            "as_of": plan.as_of,
            "published": False,
            "unchanged": False,
            "contains_synthetic": plan.contains_synthetic,
            "exports_read": len(plan.counted),
            "exports_new": new,
            "rows": _rows(settings, plan, version),
            "refused": list(plan.refused),
            **facts,
        }
    )


def _rows(settings: Settings, plan: Plan, version: str) -> dict[str, int]:
    """Count the rows of all exports by disposition; from the published ledger if the candidate is another one."""
    candidate = Workspace(settings)
    is_built = candidate.record("full_ledger").get("plan") == plan.fingerprint
    ledger = candidate.path("full_ledger") if is_built else Marts(settings.marts).release(version) / "ledger.parquet"
    counts: Counter[str] = Counter()
    for row in pq.read_table(ledger, columns=["disposition", "rows"]).to_pylist():
        counts[row["disposition"]] += row["rows"]
    return dict(sorted(counts.items()))
