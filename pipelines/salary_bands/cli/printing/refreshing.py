"""Print the outcome of a refresh, and what it could not match."""

from typing import TYPE_CHECKING, Any

from rich.console import Console

from salary_bands.cli.printing.tables import cell, plain_table
from salary_bands.refresh.status import held_line
from salary_bands.sample import SYNTHETIC

if TYPE_CHECKING:
    from salary_bands.refresh.outcome import Outcome
    from salary_bands.refresh.status import Status


def print_outcome(out: Console, outcome: "Outcome") -> None:
    """Print what is held, then what was read, used, rejected and published."""
    for held in outcome.held:
        out.print(f"held      {held_line(held)}", highlight=False, markup=False)
    for line in outcome.refused:
        out.print(f"refused   {line}", highlight=False, markup=False)
    if outcome.held:
        number = f"{len(outcome.held)} export{'s are' if len(outcome.held) > 1 else ' is'}"
        out.print(f"held      {number} not in the bands; `salary-bands status` says since when", highlight=False)
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
            exports = f" rows of {len(outcome.held)} exports" if name == "held" and outcome.held else ""
            out.print(f"{name:<14} {outcome.rows.get(name, 0):>11,}{exports}", highlight=False)
    done = "published" if outcome.published else "nothing changed since" if outcome.unchanged else "would publish"
    out.print(f"{done} {outcome.version}", highlight=False)
    if outcome.contains_synthetic:
        out.print(SYNTHETIC, style="yellow", highlight=False)


def print_status(out: Console, found: "Status") -> None:
    """Print what needs a person, then the last refresh and release, then the sources."""
    for line in found.to_do:
        out.print(line, highlight=False, markup=False, style="yellow")
    if found.refresh:
        ended = found.refresh["ended"] or "not yet"
        started, result = found.refresh["started"], found.refresh["result"]
        out.print(f"refresh   {result}, started {started}, ended {ended}", highlight=False)
    if found.release:
        days = found.release["age_days"]
        out.print(f"release   {found.release['version']}, {days} days old", highlight=False)
        for gate in found.release["accepted_gates"]:
            out.print(f"accepted  {gate['gate']}: {gate['reason']}", highlight=False, markup=False)
        if found.release["contains_synthetic"]:
            out.print(SYNTHETIC, style="yellow", highlight=False)
    for name in found.not_read_yet:
        out.print(f"new       {name}, not read yet", highlight=False, markup=False)
    table = plain_table("source")
    for name in ("exports", "held", "rows", "rejected", "last export", "newest report", "days old"):
        table.add_column(name, justify="right", no_wrap=True)
    for source in found.sources:
        counts = (f"{n:,}" for n in (source.exports, source.held, source.rows, source.rejected))
        dates = (source.last_export or "", source.newest_report or "")
        table.add_row(cell(source.source), *counts, *dates, "" if source.age_days is None else f"{source.age_days:,}")
    out.print(table)


def print_export(out: Console, found: dict[str, Any]) -> None:
    """Print which file an export is, and what became of its rows."""
    for name in ("file", "export", "sha256", "format", "exported_on", "newest_report"):
        if found.get(name):
            out.print(f"{name:<14} {found[name]}", highlight=False, markup=False)
    if found.get("is_gone"):
        out.print("no longer in the raw folder, or not read by the last refresh", highlight=False)
    if found["held"]:
        out.print(f"{'held':<14} {held_line({**found, **found['held']})}", highlight=False, markup=False)
    for line in found.get("warnings", []):
        out.print(f"{'warning':<14} {line}", highlight=False, markup=False)
    for row in found.get("rows_by_reason", []):
        reason = f"  {row['reason']}" if row["reason"] else ""
        out.print(f"{row['disposition']:<14} {row['rows']:>11,}{reason}", highlight=False, markup=False)


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
