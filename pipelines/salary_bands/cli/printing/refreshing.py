"""Print the outcome of a refresh, and what it could not match."""

from typing import TYPE_CHECKING, Any

from rich.console import Console

from salary_bands.cli.printing.tables import cell, plain_table
from salary_bands.sample import SYNTHETIC

if TYPE_CHECKING:
    from salary_bands.refresh.outcome import Outcome


def print_outcome(out: Console, outcome: "Outcome") -> None:
    """Print what was read, used, held, rejected and published."""
    total = sum(outcome.rows.values())
    out.print(
        f"read      {outcome.exports_read} exports ({outcome.exports_new} new), {total:,} rows",
        highlight=False,
    )
    order = (
        "used",
        "rejected",
        "held",
        "superseded",
        "folded",
        "duplicate",
        "outside_window",
        "out_of_scope",
    )
    for name in (*order, "unclassified", "outlier"):
        if name in outcome.rows or name in ("used", "rejected", "held"):
            out.print(f"{name:<14} {outcome.rows.get(name, 0):>11,}", highlight=False)
    for held in outcome.held:
        out.print(f"held      {held['file']} ({held['reason']}): {held['line']}", highlight=False, markup=False)
    for line in outcome.refused:
        out.print(f"refused   {line}", highlight=False, markup=False)
    done = "published" if outcome.published else "nothing changed since" if outcome.unchanged else "would publish"
    out.print(f"{done} {outcome.version}", highlight=False)
    if outcome.contains_synthetic:
        out.print(SYNTHETIC, style="yellow", highlight=False)


def print_coverage(out: Console, found: dict[str, Any]) -> None:
    """Print the shares of matched reports, then which texts to add to which file."""
    shares = plain_table("source", title=f"share of in-scope reports that is known, window to {found['as_of']}")
    for name in ("reports", "leaf", "tier", "level", "stage", "country", "metro"):
        shares.add_column(name, justify="right", no_wrap=True)
    for row in found["sources"]:
        known = (f"{row[k]:.1%}" for k in ("leaf", "tier", "level", "stage", "country", "metro"))
        shares.add_row(row["source"], f"{row['reports']:,}", *known)
    out.print(shares)
    for note in found["noted"]:
        out.print(f"noted  {note['file']}  {note['what']}: {note['count']:,}", highlight=False, markup=False)
    worklist = plain_table("what", "text", title="unknown texts, by number of reports that may be machine learning")
    for name in ("of ML", "reports", "share"):
        worklist.add_column(name, justify="right", no_wrap=True)
    for name in ("source", "fix in", "did they mean"):
        worklist.add_column(name)
    for row in found["unmatched"]:
        costs = (f"{row['core_reports']:,}", f"{row['reports']:,}", f"{row['share']:.1%}")
        text, suggestion = cell(row["unknown_text"]), row["suggestion"] or ""
        worklist.add_row(row["what"], text, *costs, row["source"], row["fixed_in"], suggestion)
    out.print(worklist)
