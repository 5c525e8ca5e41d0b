"""The registry of tables: what each table of a candidate is made from, and by what.

Dagster's dependencies, the order in which tables are made, and the views that each of them reads come from here.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import duckdb
import pyarrow.parquet as pq

from salary_bands.aggregate.former import Former, previous_release
from salary_bands.aggregate.plan import Plan
from salary_bands.aggregate.tables.accounts import full_ledger, ledger, sources
from salary_bands.aggregate.tables.bands import bands
from salary_bands.aggregate.tables.cards import cards, claims
from salary_bands.aggregate.tables.cell_figures import cell_figures
from salary_bands.aggregate.tables.changes import changes
from salary_bands.aggregate.tables.estimates import estimates
from salary_bands.aggregate.tables.premiums import multipliers, premiums
from salary_bands.aggregate.tables.reports import model_cells, window_reports
from salary_bands.aggregate.workspace import Workspace
from salary_bands.fingerprint import OURS, made_from


@dataclass(frozen=True)
class Recipe:
    """How a table is made.

    inputs: tables of the candidate or of the export stages. build: makes the table on a connection with a view of each
    input, and returns the number of rows. before: what else has to be there; such a table is always made anew. facts:
    those for the manifest that it writes. names_release: it has the release in it, or files that do not count.
    """

    inputs: tuple[str, ...]
    build: Callable[[Workspace, duckdb.DuckDBPyConnection], int]
    before: Callable[[Workspace], None] | None = None
    facts: tuple[str, ...] = ()
    names_release: bool = True


def make(workspace: Workspace, table: str) -> int:
    """Make a table whose inputs are there, unless it is there and nothing that it is made from has changed.

    The previous release as it reads today takes what is the same as in the candidate. Returns the number of rows.
    """
    recipe, plan = RECIPES[table], workspace.plan()
    origin = _made_from(workspace, table, plan)
    if not recipe.before and (workspace.has(table, origin) or workspace.take(table, origin, recipe.facts)):
        workspace.write_record(table, plan, origin)
        return int(pq.read_metadata(workspace.path(table)).num_rows)
    if recipe.before:
        recipe.before(workspace)
    workspace.remove(table)
    with workspace.connection(*recipe.inputs) as connection:
        rows = recipe.build(workspace, connection)
    workspace.write_record(table, plan, origin)
    return rows


def _made_from(workspace: Workspace, table: str, plan: Plan) -> str:
    recipe = RECIPES[table]
    inputs = {name: workspace.checksum(name, plan) for name in recipe.inputs}
    release = [plan.version, plan.method_version] if recipe.names_release else []
    # what the other exports make doubtful in one changes none of its rows
    files = plan.files if recipe.names_release else [replace(state, warnings=[]) for state in plan.counted]
    facts = [plan.as_of, release, plan.disclosure_key, [asdict(state) for state in files]]
    return made_from(OURS.code_of(table, _ROOTS[table]), workspace.settings, inputs, facts)


def restate_reports(workspace: Workspace) -> Former | None:
    """Make the reports of the previous release as they read today, if any export of it is left; return the release.

    Before the candidate has its own reports, those of the last refresh are there, which mostly are the same.
    """
    former = previous_release(workspace)
    if former is None or not former.kept:
        return None
    workspace.restated.start(former.restated())
    make(workspace.restated, "window_reports")
    return former


def restate(workspace: Workspace) -> None:
    """Make what the previous release is compared with, if any export of it is left.

    These are its reports, and what the gates look at if it would not read today as it was published.
    """
    former = restate_reports(workspace)
    if former is not None and former.differs:
        for table in ("model_cells", "cell_figures", "bands", "full_ledger", "ledger", "sources"):
            make(workspace.restated, table)


# in an order in which every table comes after its inputs
RECIPES: dict[str, Recipe] = {
    "window_reports": Recipe(("pay_reports",), window_reports, names_release=False),
    "model_cells": Recipe(("window_reports",), model_cells, names_release=False),
    "cell_figures": Recipe(("window_reports",), cell_figures, facts=("employer_correlation",), names_release=False),
    "bands": Recipe(("window_reports", "model_cells", "cell_figures"), bands),
    "estimates": Recipe(("window_reports", "model_cells", "bands"), estimates),
    "premiums": Recipe(("model_cells",), premiums),
    "multipliers": Recipe(("window_reports", "model_cells", "bands"), multipliers),
    "cards": Recipe(("window_reports", "bands", "premiums"), cards),
    "claims": Recipe(("window_reports", "bands", "premiums"), claims),
    "changes": Recipe(("window_reports", "bands"), changes, before=restate),
    "full_ledger": Recipe(("window_reports", "rejected_reports"), full_ledger),
    "ledger": Recipe(("full_ledger",), ledger),
    "sources": Recipe(("window_reports", "accepted_reports", "ledger"), sources),
}
_ROOTS = {table: recipe.build.__module__.removeprefix("salary_bands.") for table, recipe in RECIPES.items()}
