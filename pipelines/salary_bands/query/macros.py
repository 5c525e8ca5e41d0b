"""The macros of the mart: the mart holds them, and commands run them over a release's Parquet, so both say the same.

A macro is the SELECT of `sql/macros/<name>.sql` and the parameters here. They read the tables `bands` and `cards` of
the database in use: who attaches a mart under another name says `USE` before.
"""

import duckdb

from salary_bands.storage.sql import read_sql

# name: parameters and what it is, in the order in which they build on each other
MACROS: dict[str, tuple[str, str]] = {
    "group_parents": (
        '"group", view := NULL',
        "The group in the first view that has it (leaf, cards, llm_roles, career_paths, specialties), and what holds "
        "it: its card, and all core leaves",
    ),
    "fallback_cells": (
        '"group", tier, level, market, view := NULL',
        "The cells in which a figure is looked for, in order, with the steps taken by name",
    ),
    "band": (
        "\"group\", tier, level, market, metric, view := NULL, evidence := 'reported'",
        "The band of exactly this cell, shown or withheld with its reason",
    ),
    "answering_band": (
        "\"group\", tier, level, market, metric, view := NULL, evidence := 'reported'",
        "The band of the first of fallback_cells that is shown; `fallback` names the steps, none where it is the cell "
        "asked for",
    ),
    "offer_percentile": (
        "\"group\", tier, level, market, metric, amount, view := NULL, evidence := 'reported'",
        "Where an amount in annual USD lies in that band, with a 95 % interval; `reading` also where it lies beyond "
        "the shown percentiles",
    ),
    "comparable_cells": (
        "\"group\", tier, level, market, metric, view := NULL, evidence := 'reported'",
        "Shown cells that differ from the one asked for in one way: level, tier, market or group",
    ),
}


def add_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the macros in the database in use, which has or will have the tables `bands` and `cards`."""
    for name, (parameters, _) in MACROS.items():
        connection.execute(f"CREATE OR REPLACE MACRO {name}({parameters}) AS TABLE " + read_sql(f"macros/{name}"))
