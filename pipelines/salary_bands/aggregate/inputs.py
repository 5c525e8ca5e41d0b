"""The small tables that the SQL takes beside the reports: settings, taxonomy, markets, the files."""

import itertools
import math
from datetime import date
from functools import cache

import duckdb
import pandas as pd

from salary_bands.aggregate.plan import Plan
from salary_bands.reference.formats import format_named, formats
from salary_bands.schemas.bands import PERCENTILES
from salary_bands.schemas.columns import LEVELS, STAGES, TIERS
from salary_bands.settings import Settings
from salary_bands.storage.duck import add_table
from salary_bands.vocabulary.dates import months_before
from salary_bands.vocabulary.levels import stage_of
from salary_bands.vocabulary.taxonomy import group_names, view_groups

METRICS_OF = {
    "reported": ("base", "bonus", "equity", "total", "total_liquid"),
    "advertised": ("base", "base_min", "base_max"),
}


def recency_weight(age_months: int, half_life_months: int) -> int:
    """round(2^20 * 0.5^(age / half life)), half up."""
    return math.floor((1 << 20) * 0.5 ** (age_months / half_life_months) + 0.5)


def add_inputs(connection: duckdb.DuckDBPyConnection, plan: Plan, settings: Settings) -> None:
    """Add refresh, recency, percentile_points, metrics, view_groups, group_labels, grid and level_parents.

    Also group_names, distinct_groups with the leaves of the first of each name, and the files of the plan: `exports`
    (those that count), `export_files` (all) and `formats`.
    """
    as_of = date.fromisoformat(plan.as_of)
    refresh = {
        **settings.method(),
        "as_of": pd.Timestamp(as_of),
        "window_start": pd.Timestamp(months_before(as_of, settings.window_months)),
        "release": plan.version,
        "method_version": plan.method_version,
    }
    add_table(connection, "refresh_values", pd.DataFrame([refresh]))
    connection.execute(
        "CREATE OR REPLACE TABLE refresh AS SELECT * REPLACE "
        "(CAST(as_of AS DATE) AS as_of, CAST(window_start AS DATE) AS window_start) FROM refresh_values"
    )
    ages = range(settings.window_months + 1)
    weights = [recency_weight(age, settings.half_life_months) for age in ages]
    add_table(connection, "recency", pd.DataFrame({"age_months": list(ages), "weight": weights}))
    add_table(connection, "percentile_points", pd.DataFrame({"percentile": PERCENTILES}))
    metrics = [(e, m) for e, names in METRICS_OF.items() for m in names]
    numbered = pd.DataFrame(metrics, columns=["evidence", "metric"])
    add_table(connection, "metrics", numbered.assign(metric_number=range(len(numbered))))
    groups = view_groups()
    add_table(connection, "view_groups", groups[["view", "group_id", "leaf"]])
    names = group_names()
    add_table(connection, "group_names", names)
    first = names[["first_view", "first_group_id"]].drop_duplicates().set_axis(["view", "group_id"], axis=1)
    add_table(connection, "distinct_groups", first.merge(groups[["view", "group_id", "leaf"]]))
    labels = groups[["view", "group_id", "group_label"]].drop_duplicates(ignore_index=True)
    add_table(connection, "group_labels", labels)
    add_table(connection, "grid", _grid())
    levels = [(level, stage_of(level)) for level in LEVELS] + [(name, "all") for name in (*LEVELS, *STAGES)]
    add_table(connection, "level_parents", pd.DataFrame(levels, columns=["level", "parent"]))
    add_table(connection, "exports", _exports(plan))
    add_table(connection, "export_files", _export_files(plan))
    rows = [(f.name, f.licence, f.attribution) for f in formats()]
    add_table(connection, "formats", pd.DataFrame(rows, columns=["format", "licence", "attribution"]))


def add_markets(connection: duckdb.DuckDBPyConnection) -> None:
    """market_parents: of every market in profiles, the larger ones."""
    connection.execute(
        "CREATE OR REPLACE TABLE market_parents AS "
        "SELECT DISTINCT metro AS market, country AS parent FROM profiles WHERE metro <> '' "
        "UNION SELECT DISTINCT metro, 'global' FROM profiles WHERE metro <> '' "
        "UNION SELECT DISTINCT country, 'global' FROM profiles WHERE country <> ''"
    )


def _exports(plan: Plan) -> pd.DataFrame:
    """The exports that count, numbered in the order of their files."""
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
    """Every file, whether it counts or not."""
    rows = [(s.key, s.source, s.file, s.sha256, s.format, s.counted, s.held_reason, s.rows) for s in plan.files]
    columns = ["export_key", "source", "file", "export_sha256", "format", "counted", "held_reason", "export_rows"]
    return pd.DataFrame(rows, columns=columns).astype({"held_reason": "str"})


@cache
def _grid() -> pd.DataFrame:
    """The cells that are published even where suppressed: every group, tier and level in US."""
    groups = group_names()[["view", "group_id"]].itertuples(index=False, name=None)
    kinds = [(evidence, metric) for evidence, metrics in METRICS_OF.items() for metric in metrics]
    rows = [
        (view, group, evidence, tier, level, "US", metric)
        for (view, group), (evidence, metric), tier, level in itertools.product(
            groups, kinds, (*TIERS, "all"), (*LEVELS, *STAGES, "all")
        )
    ]
    return pd.DataFrame(rows, columns=["view", "group_id", "evidence", "tier", "level", "market", "metric"])
