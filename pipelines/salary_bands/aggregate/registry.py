"""The registry of tables: what each table of a candidate is made from, and by what.

Dagster's dependencies, the order in which tables are made, and the views that each of them reads come from here.
"""

from collections.abc import Callable
from dataclasses import dataclass

import duckdb

from salary_bands.aggregate.former import previous_release
from salary_bands.aggregate.tables.accounts import ledger, sources
from salary_bands.aggregate.tables.bands import bands
from salary_bands.aggregate.tables.cards import cards, claims
from salary_bands.aggregate.tables.changes import changes
from salary_bands.aggregate.tables.premiums import multipliers, premiums
from salary_bands.aggregate.tables.reports import model_cells, window_reports
from salary_bands.aggregate.workspace import Workspace


@dataclass(frozen=True)
class Recipe:
    """How a table is made.

    inputs: tables of the candidate or of the export stages. build: makes the table on a connection with a view of each
    input, and returns the number of rows.
    """

    inputs: tuple[str, ...]
    build: Callable[[Workspace, duckdb.DuckDBPyConnection], int]


def make(workspace: Workspace, table: str) -> int:
    """Make a table whose inputs are there; return the number of rows."""
    recipe = RECIPES[table]
    with workspace.connection(*recipe.inputs) as connection:
        return recipe.build(workspace, connection)


def restated(workspace: Workspace) -> Workspace | None:
    """The previous release as it reads today, None if no export of it is left or it cannot be compared with.

    It has its reports, and also what the gates compare with if it would not read today as it was published.
    """
    former = previous_release(workspace)
    if former is None or not former.kept:
        return None
    again, plan = Workspace(workspace.settings, "restated"), former.restated()
    tables = ("window_reports", *(("model_cells", "bands", "sources") if former.differs else ()))
    if any(not again.is_made_from(table, plan) for table in tables):
        again.start(plan)
        for table in tables:
            make(again, table)
    return again


def _changes(workspace: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
    return changes(workspace, connection, restated(workspace))


# in an order in which every table comes after its inputs
RECIPES: dict[str, Recipe] = {
    "window_reports": Recipe(("pay_reports",), window_reports),
    "model_cells": Recipe(("window_reports",), model_cells),
    "bands": Recipe(("window_reports", "model_cells"), bands),
    "premiums": Recipe(("model_cells",), premiums),
    "multipliers": Recipe(("window_reports", "model_cells", "bands"), multipliers),
    "cards": Recipe(("window_reports", "bands", "premiums"), cards),
    "claims": Recipe(("window_reports", "bands", "premiums"), claims),
    "changes": Recipe(("window_reports", "bands"), _changes),
    "ledger": Recipe(("window_reports", "rejected_reports"), ledger),
    "sources": Recipe(("window_reports", "accepted_reports"), sources),
}
