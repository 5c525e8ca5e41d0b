"""The small input tables that SQL joins with reports: settings, taxonomy, metrics, files."""

import math
from datetime import date

import duckdb
import pandas as pd

from salary_bands.aggregate.plan import Plan
from salary_bands.fingerprint import digest
from salary_bands.reference.formats import format_named, formats
from salary_bands.schemas.bands import PERCENTILES
from salary_bands.schemas.columns import LEVELS, STAGES, TIERS
from salary_bands.settings import Settings
from salary_bands.storage.duck import share
from salary_bands.vocabulary.dates import months_before
from salary_bands.vocabulary.levels import stage_of
from salary_bands.vocabulary.taxonomy import group_names, view_groups

METRICS_OF = {
    "reported": ("base", "bonus", "equity", "total", "total_liquid"),
    "advertised": ("base", "base_min", "base_max"),
}


def recency_weight(age_months: int, half_life_months: int) -> int:
    """Return round(2^20 * 0.5^(age / half life)), rounded half up."""
    return math.floor((1 << 20) * 0.5 ** (age_months / half_life_months) + 0.5)


def add_inputs(connection: duckdb.DuckDBPyConnection, plan: Plan, settings: Settings) -> None:
    """Let a connection read the input tables: those of the plan, and those that are the same for every plan.

    distinct_groups has the groups of group_names that are the first of their leaves, in layers of groups that have no
    leaf in common. exports has the files that count, export_files all of them.
    """

    def of_plan() -> dict[str, pd.DataFrame]:
        return {
            "refresh": _refresh(plan, settings),
            "recency": _recency(settings),
            "exports": _exports(plan),
            "export_files": _export_files(plan),
        }

    # when reference data changes, the engine is forgotten with all other caches
    share(connection, {digest([plan.to_json(), settings.method()]): of_plan, "reference": _reference_tables})


def _reference_tables() -> dict[str, pd.DataFrame]:
    groups, names = view_groups(), group_names()
    first = names[["first_view", "first_group_id"]].drop_duplicates().set_axis(["view", "group_id"], axis=1)
    licences = [(f.name, f.licence, f.attribution) for f in formats()]
    return {
        "percentile_points": pd.DataFrame({"percentile": PERCENTILES}),
        "metrics": _metrics(),
        "view_groups": groups[["view", "group_id", "leaf"]],
        "group_names": names,
        "distinct_groups": _in_layers(first.merge(groups[["view", "group_id", "leaf"]])),
        "group_labels": groups[["view", "group_id", "group_label"]].drop_duplicates(ignore_index=True),
        "tiers": pd.DataFrame({"tier": [*TIERS, "all"]}),
        "level_parents": _level_parents(),
        "formats": pd.DataFrame(licences, columns=["format", "licence", "attribution"]),
    }


def _in_layers(groups: pd.DataFrame) -> pd.DataFrame:
    """Add the layer of each group: the first in which none of its leaves is taken."""
    taken: list[set[str]] = []
    layer_of = {}
    for group, leaves in groups.groupby(["view", "group_id"])["leaf"]:
        own = set(leaves)
        layer = next((n for n, others in enumerate(taken) if not others & own), len(taken))
        if layer == len(taken):
            taken.append(set())
        taken[layer] |= own
        layer_of[group] = layer
    keys = groups[["view", "group_id"]].itertuples(index=False, name=None)
    return groups.assign(layer=[layer_of[key] for key in keys])


def _refresh(plan: Plan, settings: Settings) -> pd.DataFrame:
    """Return one row: the settings of the method, and the dates and versions of the release."""
    as_of = date.fromisoformat(plan.as_of)
    refresh = {
        **settings.method(),
        "as_of": as_of,
        "window_start": months_before(as_of, settings.window_months),
        "release": plan.version,
        "method_version": plan.method_version,
    }
    return pd.DataFrame([refresh])


def _recency(settings: Settings) -> pd.DataFrame:
    """Return the weight of a report by its age in months."""
    ages = range(settings.window_months + 100 * 12)  # an expired report may stay in a cell for as long as it takes
    weights = [max(1, recency_weight(age, settings.half_life_months)) for age in ages]
    return pd.DataFrame({"age_months": list(ages), "weight": weights})


def _metrics() -> pd.DataFrame:
    """Return evidence, metric and a number for each such pair."""
    metrics = [(evidence, metric) for evidence, names in METRICS_OF.items() for metric in names]
    return pd.DataFrame(metrics, columns=["evidence", "metric"]).assign(metric_number=range(len(metrics)))


def _level_parents() -> pd.DataFrame:
    """Return the stage of each level, and `all` as a parent of every level and stage."""
    levels = [(level, stage_of(level)) for level in LEVELS] + [(name, "all") for name in (*LEVELS, *STAGES)]
    return pd.DataFrame(levels, columns=["level", "parent"])


def _exports(plan: Plan) -> pd.DataFrame:
    """Return the exports that count, numbered in the order of their files."""
    newest = plan.newest_snapshots
    rows = []
    for s in plan.counted:
        fmt = format_named(s.format)
        rows.append((s.key, s.source, s.file, s.sha256, s.format, fmt.delivery, fmt.repeats, s.key in newest))
    columns = ["export_key", "source", "file", "export_sha256", "format", "delivery", "repeats", "is_newest"]
    frame = pd.DataFrame(rows, columns=columns)
    exported = [date.fromisoformat(s.exported_on or plan.as_of) for s in plan.counted]
    return frame.assign(exported_on=exported, export_number=range(len(frame)))


def _export_files(plan: Plan) -> pd.DataFrame:
    """Return every file, whether it counts or not."""
    rows = [
        (s.key, s.source, s.file, s.sha256, s.export, s.format, s.counted, s.held_reason, s.rows) for s in plan.files
    ]
    columns = ["export_key", "source", "file", "export_sha256", "export", "format", "counted"]
    columns += ["held_reason", "export_rows"]
    return pd.DataFrame(rows, columns=columns).astype({"held_reason": "str"})
