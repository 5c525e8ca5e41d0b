"""`salary-bands coverage`: what is not known yet, and what it costs: a worklist that is fixed in CSV or YAML."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from salary_bands.aggregate.plan import SAMPLE
from salary_bands.aggregate.workspace import Workspace
from salary_bands.settings import Settings
from salary_bands.storage.sql import read_sql
from salary_bands.vocabulary.employers import suggested_employer

FIXED_IN = {
    "title": "leaf_rules.yaml",
    "employer": "employers.csv",
    "level": "ladders.csv",
    "place": "place_names.csv or markets.csv",
}
_FEW_IDS = 10  # of fewer, most may be other people's by chance


def coverage(settings: Settings, most: int) -> dict[str, Any]:
    """Return shares per source and the `most` costly unmatched texts of each kind, of the last candidate.

    The costliest are those of the most reports that are or may be machine learning. An employer that is one edit away
    from a listed one has it as a suggestion. Raises RefreshError if nothing was refreshed yet.
    """
    workspace = Workspace(settings)
    costly = _found(workspace, "unmatched").groupby("what", sort=False).head(most)
    return {
        "as_of": workspace.plan().as_of,
        "sources": _found(workspace, "shares").to_dict("records"),
        "noted": noted(workspace),
        "unmatched": [
            {**row, "fixed_in": FIXED_IN[row["what"]], "suggestion": _suggestion(row)}
            for row in costly.to_dict("records")
        ],
    }


def _suggestion(row: Mapping[Hashable, Any]) -> str | None:
    return suggested_employer(row["unknown_text"]) if row["what"] == "employer" else None


def too_little_known(settings: Settings) -> list[str]:
    """Return a line for each source of which too much is unknown, and for each export that its stages or others doubt.

    The synthetic sample is not doubted: nobody earns its figures.
    """
    workspace = Workspace(settings)
    exports = [state for state in workspace.plan().counted if state.source != SAMPLE]
    shares = _found(workspace, "shares")
    ceilings = {"leaf": settings.max_unclassified_share, "country": settings.max_unplaced_share}
    return (
        [
            f"{row['source']}: {1 - row[what]:.1%} of {row['reports']:,} reports without {what}, "
            f"the ceiling is {ceiling:.0%}; see `salary-bands coverage`"
            for row in shares.to_dict("records")
            for what, ceiling in ceilings.items()
            if 1 - row[what] > ceiling
        ]
        + [
            f"{export.file}: {line}"
            for export in exports
            for table in ("accepted_reports", "pay_reports")
            for line in (workspace.parts.record(table, export.key) or {}).get("warnings", [])
        ]
        + [f"{export.file}: {line}" for export in exports for line in export.warnings]
        + _reused_ids(workspace)
    )


def _reused_ids(workspace: Workspace) -> list[str]:
    """Return a line for each export whose ids mostly mean other people in an earlier one, such as numbers of rows."""
    return [
        f"{row['file']}: of {row['reports']:,} reports whose ids are in {row['replaced_file']} too and which replace "
        f"those there, {row['other_people']:,} are other people's by employer, title and place; if ids begin anew in "
        "each export, map no `submission_id` in the format"
        for row in _found(workspace, "reused_ids").to_dict("records")
        if row["source"] != SAMPLE and row["reports"] >= _FEW_IDS and row["other_people"] > row["reports"] / 2
    ]


def noted(workspace: Workspace) -> list[dict[str, Any]]:
    """file, what, count: cells read as unknown, by column and reason, and conversions that differ."""
    stages = [(s.file, workspace.parts.record("accepted_reports", s.key) or {}) for s in workspace.plan().counted]
    return [
        {"file": file, "what": what, "count": count}
        for file, record in stages
        for what, count in sorted(record.get("noted", {}).items())
    ]


def _found(workspace: Workspace, name: str) -> pd.DataFrame:
    """What `sql/coverage/<name>.sql` selects."""
    with workspace.connection("window_reports", "accepted_reports") as connection:
        return connection.execute(read_sql(f"coverage/{name}")).df()
