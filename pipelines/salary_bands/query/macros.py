"""Define the macros of the mart.

The mart contains the macros, and commands run the same macros over a release's Parquet, so both give the same answers.
A macro is the SELECT in `sql/macros/<name>.sql` with the parameters below. It reads the tables `bands`, `estimates`,
`multipliers` and `cards` of the current database: run `USE` first if the mart is attached under another name.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from salary_bands.releases.manifest import Manifest
from salary_bands.releases.marts import Marts
from salary_bands.releases.tables import table_files
from salary_bands.storage.sql import read_sql

TABLES = ("bands", "cards", "multipliers", "estimates")  # that macros read
# columns of these tables that a release older than they are lacks
_TEXTS = "use_instead_view use_instead_group_id use_instead_tier use_instead_level use_instead_market use_instead_basis"
_LATER = {
    "bands": {**dict.fromkeys(_TEXTS.split(), "VARCHAR"), "use_instead_distance": "DOUBLE"},
    "cards": dict.fromkeys(("view", "group_id", "label", "leaves"), "VARCHAR"),
    "multipliers": {
        **dict.fromkeys(("factor", "value", "metric"), "VARCHAR"),
        "multiplier": "DOUBLE",
        "n": "BIGINT",
    },
    "estimates": {
        "release": "VARCHAR",
        "as_of": "DATE",
        **dict.fromkeys(
            ("evidence", "view", "group_id", "tier", "level", "market", "metric", "basis", "method_version"), "VARCHAR"
        ),
        **dict.fromkeys(
            ("p50", "p50_low", "p50_high", "person_p10", "person_p25", "person_p75", "person_p90"), "BIGINT"
        ),
        **dict.fromkeys(("n_near", "distance"), "DOUBLE"),
    },
}

# name: (parameters, description), each macro after those that it calls
MACROS: dict[str, tuple[str, str]] = {
    "group_parents": (
        '"group", view := NULL',
        "The group in the first view that has it (leaf, cards, llm_roles, career_paths, specialties), and the groups "
        "that contain it: its card, and all core leaves",
    ),
    "fallback_cells": (
        '"group", tier, level, market, view := NULL',
        "The cells that contain the requested one, each wider than the one before, with the names of the steps",
    ),
    "band": (
        "\"group\", tier, level, market, metric, view := NULL, evidence := 'reported'",
        "The band of exactly this cell, shown, or withheld with the reason",
    ),
    "estimate": (
        '"group", tier, level, market, metric, view := NULL',
        "What the model says of exactly this cell: its median, and the range of one person's pay",
    ),
    "nearest_cells": (
        "\"group\", tier, level, market, metric, view := NULL, evidence := 'reported'",
        "Shown cells by their distance in the model: the sum of |log of the multiplier| between groups, tiers, levels "
        "and markets",
    ),
    "answering_band": (
        "\"group\", tier, level, market, metric, view := NULL, evidence := 'reported'",
        "The band of the cell itself if it is shown, else of the nearest shown cell; `fallback` names what differs, "
        "none if it is the requested cell",
    ),
    "answer": (
        "\"group\", tier, level, market, metric, view := NULL, evidence := 'reported'",
        "The best answer: the cell's own band, else what the model says of it, else the nearest shown cell; `why` says "
        "which, and why",
    ),
    "pay_at": (
        "\"group\", tier, level, market, metric, percentile, view := NULL, evidence := 'reported'",
        "The pay at a percentile from 10 to 90 in the best answer, in annual USD",
    ),
    "offer_percentile": (
        "\"group\", tier, level, market, metric, amount, view := NULL, evidence := 'reported'",
        "The percentile of an amount in annual USD in the best answer, with a 95 % interval; `reading` also covers "
        "amounts beyond the shown percentiles, of_modelled_p50 says how far it is from what the model says",
    ),
    "comparable_cells": (
        "\"group\", tier, level, market, metric, view := NULL, evidence := 'reported'",
        "Shown cells that differ from the requested one in level, tier, market or group",
    ),
}


@contextmanager
def reading(marts: Marts, manifest: Manifest) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a connection with the tables of a release; one thread, since more cost more than such small scans."""
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        add_tables(connection, marts, manifest)
        yield connection


def add_tables(connection: duckdb.DuckDBPyConnection, marts: Marts, manifest: Manifest) -> None:
    """Add a view of each table that macros read; what a release is too old for is empty."""
    for table in TABLES:
        wanted, there = _LATER.get(table, {}), list[str]()
        select = "SELECT 1 WHERE false"
        if files := table_files(marts, manifest, table):
            rows = connection.read_parquet([str(path) for path in files])
            rows.create_view(f"published_{table}")
            select, there = f"SELECT * FROM published_{table}", rows.columns
        missing = [f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in wanted.items() if name not in there]
        columns = ", ".join([*(["p.*"] if there else []), *missing])
        connection.execute(f"CREATE VIEW {table} AS SELECT {columns} FROM ({select}) AS p")


def add_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macros in the current database, which has or will have the tables `bands` and `cards`."""
    for name, (parameters, _) in MACROS.items():
        connection.execute(f"CREATE OR REPLACE MACRO {name}({parameters}) AS TABLE " + read_sql(f"macros/{name}"))
