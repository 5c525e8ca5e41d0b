"""What the commands print: results of a refresh, bands, releases, titles."""

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from rich import box
from rich.console import Console
from rich.table import Table

from salary_bands.errors import RefreshError, UsageError
from salary_bands.publish.releases import Marts, newest
from salary_bands.records import records

if TYPE_CHECKING:
    from salary_bands.orchestration.refresh import Outcome

SYNTHETIC = "synthetic data: nobody earns these figures"


def band_rows(
    marts: Marts,
    release: str | None,
    *,
    view: str,
    group: str | None,
    tier: str,
    level: str,
    market: str,
    metrics: list[str],
    evidence: str,
) -> dict[str, Any]:
    """Bands of a release as one document; `each` asks for every tier or level.

    Raises UsageError naming what there is where a filter's value is in no band.
    """
    version = marts.chosen(release)
    manifest = marts.manifest(version)
    path = str(marts.release(version) / "bands.parquet")
    asked = {
        "view": view,
        "group_id": group,
        "tier": tier,
        "level": level,
        "market": market,
        "evidence": evidence,
    }
    wanted = {k: v for k, v in asked.items() if v not in (None, "each")}
    with duckdb.connect(":memory:") as connection:
        bands = connection.read_parquet(path)
        for name, value in [*wanted.items(), *(("metric", m) for m in metrics)]:
            known = [r[0] for r in bands.project(name).distinct().order(name).fetchall()]
            if value not in known:
                raise UsageError(
                    f"--{name.removesuffix('_id')} {value}: not in release {version}; there are {', '.join(known)}"
                )
        conditions = " AND ".join([*(f'"{name}" = ?' for name in wanted), "list_contains(?, metric)"])
        cursor = connection.execute(
            f"SELECT * FROM read_parquet(?) WHERE {conditions} ORDER BY view, group_id, tier, level, metric",
            [path, *wanted.values(), metrics],
        )
        rows = records(cursor)
    if not rows:
        raise UsageError(f"no cell of release {version} has all of {', '.join(f'{k} {v}' for k, v in wanted.items())}")
    return {"release": version, "contains_synthetic": manifest["contains_synthetic"], "bands": rows}


def print_bands(out: Console, err: Console, found: dict[str, Any]) -> None:
    """A row a cell in thousands of USD, with the 95 % interval of the median; what all rows share is the title."""
    rows = found["bands"]
    keys = ("group_label", "evidence", "market", "tier", "level", "metric")
    same = [k for k in keys if len({row[k] for row in rows}) == 1]
    shared = ", ".join(f"{k.removesuffix('_label')} {rows[0][k]}" for k in same)
    differing = [k for k in keys if k not in same]
    table = plain_table(
        *(k.removesuffix("_label") for k in differing), title=f"{found['release']}: {shared}; thousand USD"
    )
    wide = out.width >= 110  # a narrow terminal has room for the middle half
    for name in ("n", *(["P10"] if wide else []), "P25", "P50", "95 % of P50", "P75", *(["P90"] if wide else [])):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("precision", overflow="fold")
    for row in rows:
        p10, p25, p50, low, high, p75, p90 = (
            "" if row[p] is None else f"{row[p] / 1000:,.1f}"
            for p in ("p10", "p25", "p50", "p50_low", "p50_high", "p75", "p90")
        )
        middle = [p25, p50, f"{low} to {high}" if low else "", p75]
        n = "<10" if row["n_reports"] is None else f"{row['n_reports']:,}"
        note = (row["suppression_reason"] or row["p50_precision"] or "no interval").replace("_", " ")
        table.add_row(*(row[k] for k in differing), n, *([p10, *middle, p90] if wide else middle), note)
    out.print(table)
    if found["contains_synthetic"]:
        err.print(SYNTHETIC, style="yellow")


def release_rows(marts: Marts) -> list[dict[str, Any]]:
    """Every release with its status, and what became of it; raises RefreshError where there is none.

    contains_synthetic is None where the folder is gone.
    """
    entries = marts.releases()
    if not entries:
        raise RefreshError(f"nothing is published in {marts.folder} yet; run `salary-bands refresh`")
    latest = newest(entries)
    return [
        {
            **{k: e[k] for k in ("version", "as_of", "status", "reason")},
            "latest": e is latest,
            "rolled_back": bool(e.get("rolled_back")),
            "pruned": bool(e.get("pruned")),
            "contains_synthetic": None if e.get("pruned") else marts.manifest(e["version"])["contains_synthetic"],
            "manifest_sha256": e["manifest"]["sha256"],
        }
        for e in entries
    ]


def print_releases(out: Console, rows: list[dict[str, Any]]) -> None:
    table = plain_table("version", "as of", "status", "", "manifest")
    for row in rows:
        notes = [
            "latest" if row["latest"] else "",
            "rolled back" if row["rolled_back"] else "",
            "pruned" if row["pruned"] else "",
            "synthetic" if row["contains_synthetic"] else "",
            row["reason"] or "",
        ]
        table.add_row(
            row["version"],
            row["as_of"],
            row["status"],
            " ".join(filter(None, notes)),
            row["manifest_sha256"][:12],
        )
    out.print(table)


def print_outcome(out: Console, outcome: "Outcome") -> None:
    """What was read, used, held, rejected and published."""
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
    nothing_new = "nothing new, the latest of that date is"
    done = "published" if outcome.published else nothing_new if outcome.unchanged else "would publish"
    out.print(f"{done} {outcome.version}", highlight=False)
    if outcome.contains_synthetic:
        out.print(SYNTHETIC, style="yellow", highlight=False)


def print_coverage(out: Console, found: dict[str, Any]) -> None:
    """Shares of what is known, then what to mend where."""
    shares = plain_table("source", title=f"known of reports in scope, window to {found['as_of']}")
    for name in ("reports", "leaf", "tier", "level", "stage", "country", "metro"):
        shares.add_column(name, justify="right", no_wrap=True)
    for row in found["sources"]:
        known = (f"{row[k]:.1%}" for k in ("leaf", "tier", "level", "stage", "country", "metro"))
        shares.add_row(row["source"], f"{row['reports']:,}", *known)
    out.print(shares)
    for note in found["noted"]:
        out.print(f"noted  {note['file']}  {note['what']}: {note['count']:,}", highlight=False, markup=False)
    worklist = plain_table("what", "text", title="not known, and what it costs")
    worklist.add_column("reports", justify="right", no_wrap=True)
    worklist.add_column("source")
    worklist.add_column("mend in")
    for row in found["unmatched"]:
        worklist.add_row(row["what"], row["unknown_text"], f"{row['reports']:,}", row["source"], row["mend"])
    out.print(worklist)


def classified(titles: list[str], file: Path | None) -> list[dict[str, str]]:
    """title, leaf, rule, evidence of each title of the arguments, the file, or standard input."""
    from salary_bands.classify.titles import classify

    rows = [(title, "", "") for title in titles]
    if file:
        rows += _titles_in(file)
    elif not titles:
        rows = [(line.rstrip("\n"), "", "") for line in sys.stdin]
    found = []
    for title, specialisation, skills in rows:
        answer = classify(title, specialisation, skills)
        found.append({"title": title, "leaf": answer.leaf, "rule": answer.rule, "evidence": answer.evidence})
    return found


def print_classified(out: Console, found: list[dict[str, str]]) -> None:
    table = plain_table("title", "leaf", "rule", "evidence")
    for row in found:
        table.add_row(*row.values())
    out.print(table)


def _titles_in(file: Path) -> list[tuple[str, str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            if "title" not in (reader.fieldnames or []):
                raise UsageError(f"{file}: no column title; it needs title, and may have specialisation and skills")
            return [(r["title"] or "", r.get("specialisation") or "", r.get("skills") or "") for r in reader]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: {error}") from None


def plain_table(*names: str, title: str | None = None) -> Table:
    """A table with these columns of text."""
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", padding=(0, 1, 0, 0))
    for name in names:
        table.add_column(name, overflow="fold")
    return table
