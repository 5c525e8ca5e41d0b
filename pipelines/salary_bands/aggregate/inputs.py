"""The small tables that the SQL takes beside the reports: settings, taxonomy, markets, the files."""

import calendar
import itertools
import math
from datetime import date
from functools import cache

import duckdb
import pandas as pd

from salary_bands.aggregate.engine import add_table
from salary_bands.ingest.formats import formats
from salary_bands.normalise.levels import stage_of
from salary_bands.reference import FOLDER
from salary_bands.schemas.bands import PERCENTILES
from salary_bands.schemas.columns import LEVELS, STAGES, TIERS
from salary_bands.settings import Settings

METRICS_OF = {
    "reported": ("base", "bonus", "equity", "total", "total_liquid"),
    "advertised": ("base", "base_min", "base_max"),
}


def months_before(day: date, months: int) -> date:
    """The same day that many months earlier, clipped to the month's end."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def recency_weight(age_months: int, half_life_months: int) -> int:
    """round(2^20 * 0.5^(age / half life)), half up."""
    return math.floor((1 << 20) * 0.5 ** (age_months / half_life_months) + 0.5)


@cache
def view_groups() -> pd.DataFrame:
    """view, group_id, group_label, leaf: the published taxonomies, and the view `leaf` derived from the leaves."""
    leaves = pd.read_csv(FOLDER / "leaves.csv")
    leaves = leaves[leaves["kind"].isin(("core", "adjacent"))]
    own = pd.DataFrame(
        {"view": "leaf", "group_id": leaves["leaf"], "group_label": leaves["label"], "leaf": leaves["leaf"]}
    )
    core = own[leaves["kind"].eq("core")].assign(group_id="all", group_label="All machine learning")
    return pd.concat([own, core, pd.read_csv(FOLDER / "views.csv")], ignore_index=True)


@cache
def group_names() -> pd.DataFrame:
    """view, group_id, first_view, first_group_id: each group, and the first of those of the same leaves.

    Those of the view `leaf` come first.
    """
    members: dict[tuple[str, str], set[str]] = {}
    for view, group, leaf in view_groups()[["view", "group_id", "leaf"]].itertuples(index=False, name=None):
        members.setdefault((view, group), set()).add(leaf)
    first: dict[frozenset[str], tuple[str, str]] = {}
    for name in sorted(members, key=lambda name: (name[0] != "leaf", name)):
        first.setdefault(frozenset(members[name]), name)
    rows = [(*name, *first[frozenset(leaves)]) for name, leaves in sorted(members.items())]
    return pd.DataFrame(rows, columns=["view", "group_id", "first_view", "first_group_id"])


def core_groups() -> pd.DataFrame:
    """view, group_id, leaf of the leaves that are machine learning, and so in the model."""
    groups = view_groups()
    core = groups.loc[groups["view"].eq("leaf") & groups["group_id"].eq("all"), "leaf"]
    return groups.loc[groups["leaf"].isin(core), ["view", "group_id", "leaf"]]


def add_inputs(
    connection: duckdb.DuckDBPyConnection, settings: Settings, as_of: date, release: str, method_version: str
) -> None:
    """refresh, recency, percentile_points, metrics, view_groups, group_labels, grid and level_parents.

    Also group_names, and distinct_groups with the leaves of the first of each name.
    """
    refresh = {
        **settings.method(),
        "as_of": pd.Timestamp(as_of),
        "window_start": pd.Timestamp(months_before(as_of, settings.window_months)),
        "release": release,
        "method_version": method_version,
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


def add_markets(connection: duckdb.DuckDBPyConnection) -> None:
    """market_parents: of every market in profiles, the larger ones."""
    connection.execute(
        "CREATE OR REPLACE TABLE market_parents AS "
        "SELECT DISTINCT metro AS market, country AS parent FROM profiles WHERE metro <> '' "
        "UNION SELECT DISTINCT metro, 'global' FROM profiles WHERE metro <> '' "
        "UNION SELECT DISTINCT country, 'global' FROM profiles WHERE country <> ''"
    )


def add_formats(connection: duckdb.DuckDBPyConnection) -> None:
    rows = [(f.name, f.licence, f.attribution) for f in formats()]
    add_table(connection, "formats", pd.DataFrame(rows, columns=["format", "licence", "attribution"]))


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
