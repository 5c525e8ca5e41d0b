"""cards and claims: the facts for the card of each group, and the verdicts on public claims."""

import duckdb

from salary_bands.aggregate.workspace import Workspace
from salary_bands.reference.claims import asked_claims
from salary_bands.reference.leaves import leaf_tools
from salary_bands.storage.duck import add_table, run_step


def cards(workspace: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
    """Collect the facts that a specialisation card shows for each group."""
    add_table(connection, "leaf_tools", leaf_tools())
    for step in ("scoped_adverts", "coarse_adverts", "demand_counts", "demand_shares", "demand_changes"):
        run_step(connection, f"cards/{step}")
    return workspace.write(connection, "cards")


def claims(workspace: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
    """Judge the claims of public pages by this candidate."""
    add_table(connection, "asked_claims", asked_claims())
    for step in ("claim_ranges", "claim_cells", "ranked_groups", "group_ranks"):
        run_step(connection, f"claims/{step}")
    return workspace.write(connection, "claims")
