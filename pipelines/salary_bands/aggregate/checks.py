"""The checks of a candidate: SQL that returns the rows which offend, and the contract of each table."""

from collections.abc import Sequence

import pandas as pd

from salary_bands import schemas
from salary_bands.aggregate.registry import RECIPES
from salary_bands.aggregate.workspace import Workspace
from salary_bands.reference.claims import asked_claims
from salary_bands.storage.duck import add_table
from salary_bands.storage.parquet import read_table
from salary_bands.storage.sql import read_sql

CHECKS = (
    "assert_every_row_is_accounted_for",
    "assert_some_report_is_used",
    "assert_keys_are_unique",
    "assert_percentiles_ascend",
    "assert_evidence_is_not_mixed",
    "assert_suppressed_cells_show_nothing",
    "assert_shown_cells_may_be_disclosed",
    "assert_modelled_figures_are_whole",
    "assert_every_claim_is_judged",
    "assert_changes_add_up",
)


def offending_rows(workspace: Workspace, check: str) -> pd.DataFrame:
    """Return the rows that a check of `sql/checks/` selects; none if it holds."""
    return checked(workspace, [check])[check]


def checked(workspace: Workspace, checks: Sequence[str] = CHECKS) -> dict[str, pd.DataFrame]:
    """Return the offending rows of each check, all from one connection to the candidate."""
    with workspace.connection(*RECIPES) as connection:
        add_table(connection, "asked_claims", asked_claims())
        return {check: connection.execute(read_sql(f"checks/{check}")).df() for check in checks}


def contract_faults(workspace: Workspace) -> list[str]:
    """What is wrong with the tables as files: missing, made from another plan, or breaking their contract."""
    plan = workspace.plan()
    faults = []
    for table in RECIPES:
        if workspace.record(table).get("plan") != plan.fingerprint or not workspace.path(table).is_file():
            faults.append(f"{table} is missing or was made from other inputs; refresh again")
            continue
        try:
            for chunk in read_table(workspace.path(table), table):
                schemas.validated(chunk, table)
        except (schemas.SchemaBroken, ValueError) as broken:
            faults.append(str(broken))
    return faults
