"""Define the macros of the mart.

The mart contains the macros, and commands run the same macros over a release's Parquet, so both give the same answers.
A macro is the SELECT in `sql/macros/<name>.sql` with the parameters below. It reads the tables `bands` and `cards` of
the current database: run `USE` first if the mart is attached under another name.
"""

import duckdb

from salary_bands.storage.sql import read_sql

# name: (parameters, description), each macro after those that it calls
MACROS: dict[str, tuple[str, str]] = {
    "group_parents": (
        '"group", view := NULL',
        "The group in the first view that has it (leaf, cards, llm_roles, career_paths, specialties), and the groups "
        "that contain it: its card, and all core leaves",
    ),
    "fallback_cells": (
        '"group", tier, level, market, view := NULL',
        "The cells in which a figure is looked up, in order, each with the names of the fallbacks up to it",
    ),
    "band": (
        "\"group\", tier, level, market, metric, view := NULL, evidence := 'reported'",
        "The band of exactly this cell, shown, or withheld with the reason",
    ),
    "answering_band": (
        "\"group\", tier, level, market, metric, view := NULL, evidence := 'reported'",
        "The band of the first of fallback_cells that is shown; `fallback` names the fallbacks, none if it is the "
        "requested cell",
    ),
    "offer_percentile": (
        "\"group\", tier, level, market, metric, amount, view := NULL, evidence := 'reported'",
        "The percentile of an amount in annual USD in that band, with a 95 % interval; `reading` also covers amounts "
        "beyond the shown percentiles",
    ),
    "comparable_cells": (
        "\"group\", tier, level, market, metric, view := NULL, evidence := 'reported'",
        "Shown cells that differ from the requested one in level, tier, market or group",
    ),
}


def add_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macros in the current database, which has or will have the tables `bands` and `cards`."""
    for name, (parameters, _) in MACROS.items():
        connection.execute(f"CREATE OR REPLACE MACRO {name}({parameters}) AS TABLE " + read_sql(f"macros/{name}"))
