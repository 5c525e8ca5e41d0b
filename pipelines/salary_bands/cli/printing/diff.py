"""Print the differences between two releases."""

from typing import Any

from rich.console import Console

from salary_bands.cli.printing.tables import Column, print_fitted
from salary_bands.query.changes import cell_text, more_line, noise_line
from salary_bands.sample import SYNTHETIC


def print_diff(out: Console, err: Console, found: dict[str, Any]) -> None:
    """Print changes of exports and method, the number of changed cells by reason, and the largest changes."""
    out.print(f"{found['from']} to {found['to']}", highlight=False)
    for name in ("exports", "method"):
        for line in found[name] or ["unchanged"]:
            out.print(f"{name:<9} {line}", highlight=False, markup=False)
    if found["change_counts"]:
        out.print(noise_line(found["change_counts"]), highlight=False)
    for summary, title in (
        ("change_counts", "medians changed, added and removed, by reason"),
        ("headline_changes", "all machine learning, US, reported, all tiers: moves beyond noise; USD"),
        ("largest_changes", "largest moves beyond noise; USD; cells: with the same move"),
    ):
        rows = found[summary]
        if not rows:
            continue
        columns = []
        for name in rows[0]:
            is_text = not any(isinstance(row[name], int | float) for row in rows)
            columns.append(
                Column(name, [cell_text(name, row[name]) for row in rows], is_key=is_text, is_shared=is_text)
            )
        print_fitted(out, title, columns, [""] * len(rows))
    if more := more_line(found):
        out.print(f"{more} --json has them all.", highlight=False)
    if not found["change_counts"]:
        out.print("no median changed", highlight=False)
    if found["contains_synthetic"]:
        err.print(SYNTHETIC, style="yellow")
