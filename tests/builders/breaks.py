"""What each check of a candidate must find: a sound table with one thing wrong."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from salary_bands.aggregate.workspace import Workspace
from salary_bands.gates.accept import CONTRACT
from tests.builders.candidates import replace_table

Change = Callable[[pd.DataFrame], pd.DataFrame]


def with_cell(basis: str, **cells: Any) -> Change:
    """The table with other values in the first row of that basis."""
    return with_row("basis", basis, **cells)


def with_row(column: str, wanted: Any, **cells: Any) -> Change:
    """The table with other values in the first row that has this one."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        row = frame.index[frame[column].eq(wanted)][0]
        for name, value in cells.items():
            frame.loc[row, name] = value
        return frame

    return change


def one_row_more(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(rows=frame["rows"] + 1)


def first_row_twice(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame.head(1), frame], ignore_index=True)


BREAKS: list[tuple[str, str, Change]] = [
    ("assert_every_row_is_accounted_for", "full_ledger", one_row_more),
    ("assert_some_report_is_used", "full_ledger", lambda frame: frame.assign(disposition="outlier")),
    ("assert_keys_are_unique", "bands", first_row_twice),
    ("assert_keys_are_unique", "estimates", first_row_twice),
    ("assert_keys_are_unique", "premiums", first_row_twice),
    ("assert_keys_are_unique", "multipliers", first_row_twice),
    ("assert_keys_are_unique", "cards", first_row_twice),
    ("assert_keys_are_unique", "changes", first_row_twice),
    ("assert_changes_add_up", "changes", with_row("change", "changed", new=123_456)),
    ("assert_modelled_figures_are_whole", "premiums", with_row("identified", False, premium=0.1)),
    ("assert_modelled_figures_are_whole", "premiums", with_row("identified", True, premium_low=9.0)),
    ("assert_modelled_figures_are_whole", "premiums", with_row("identified", True, premium=None)),
    ("assert_modelled_figures_are_whole", "premiums", with_row("identified", True, range_low=9.0)),
    ("assert_modelled_figures_are_whole", "multipliers", with_row("factor", "level", low=9.0)),
    ("assert_modelled_figures_are_whole", "estimates", with_row("basis", "modelled", p50_low=9_000_000)),
    ("assert_modelled_figures_are_whole", "estimates", with_row("basis", "modelled", person_p10=9_000_000)),
    ("assert_modelled_figures_are_whole", "estimates", with_row("basis", "modelled", person_p75=1)),
    ("assert_modelled_figures_are_whole", "cards", with_row("view", "cards", demand=0.1)),
    ("assert_every_claim_is_judged", "claims", lambda frame: frame.iloc[1:]),
    ("assert_every_claim_is_judged", "claims", first_row_twice),
    ("assert_every_claim_is_judged", "claims", with_row("verdict", "insufficient_data", why=None)),
    ("assert_percentiles_ascend", "bands", with_cell("direct", p25=1_000_000)),
    ("assert_percentiles_ascend", "bands", with_cell("direct", p50_low=1_000_000)),
    ("assert_evidence_is_not_mixed", "bands", with_cell("suppressed", evidence="advertised", metric="bonus")),
    ("assert_suppressed_cells_show_nothing", "bands", with_cell("suppressed", p50=100_000)),
    ("assert_suppressed_cells_show_nothing", "bands", with_cell("suppressed", p50_high=100_000)),
    ("assert_shown_cells_may_be_disclosed", "bands", with_cell("direct", n_reports=5)),
    ("assert_shown_cells_may_be_disclosed", "bands", with_cell("direct", n_reports=12)),
    ("assert_shown_cells_may_be_disclosed", "bands", with_cell("direct", n_employers=4)),
    ("assert_shown_cells_may_be_disclosed", "cell_figures", lambda frame: frame.assign(n_employers=2)),
    (CONTRACT, "bands", with_cell("direct", suppression_reason="because")),
    (CONTRACT, "bands", with_cell("direct", employers_known_share=1.5)),
    (CONTRACT, "sources", lambda frame: frame.assign(exports=-1)),
]


def spoil(candidate: Workspace, table: str, change: Change) -> None:
    """Change a table of the candidate; it stays made from the same plan."""
    replace_table(candidate, table, change(candidate.frame(table)))
