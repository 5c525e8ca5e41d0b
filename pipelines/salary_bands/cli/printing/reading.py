"""Print bands, releases and classified titles."""

from typing import TYPE_CHECKING, Any

from rich.console import Console

from salary_bands.cli.printing.tables import cell, plain_table
from salary_bands.sample import SYNTHETIC

if TYPE_CHECKING:
    from salary_bands.query.releases import ReleaseRow


def print_bands(out: Console, err: Console, found: dict[str, Any]) -> None:
    """Print a row per cell in thousand USD, with the 95 % interval of the median; shared values are in the title."""
    rows = found["bands"]
    keys = ("group_label", "evidence", "market", "tier", "level", "metric")
    same = [k for k in keys if len({row[k] for row in rows}) == 1]
    shared = ", ".join(f"{k.removesuffix('_label')} {rows[0][k]}" for k in same)
    differing = [k for k in keys if k not in same]
    table = plain_table(
        *(k.removesuffix("_label") for k in differing), title=f"{found['release']}: {shared}; thousand USD"
    )
    wide = out.width >= 110  # a narrow terminal shows only the middle half
    for name in ("n", *(["P10"] if wide else []), "P25", "P50", "95 % of P50", "P75", *(["P90"] if wide else [])):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("precision", overflow="fold")
    for row in rows:
        answer = row["answer"] or {}
        shown = answer if answer.get("basis") else row
        p10, p25, p50, low, high, p75, p90 = (
            "" if shown[p] is None else f"{shown[p] / 1000:,.1f}"
            for p in ("p10", "p25", "p50", "p50_low", "p50_high", "p75", "p90")
        )
        middle = [p25, p50, f"{low} to {high}" if low else "", p75]
        n = "<10" if row["n_reports"] is None else f"{row['n_reports']:,}"
        own = [str(row[k]) for k in differing]
        table.add_row(*own, n, *([p10, *middle, p90] if wide else middle), _note(row, answer))
    out.print(table)
    if found["contains_synthetic"]:
        err.print(SYNTHETIC, style="yellow")


def _note(row: dict[str, Any], answer: dict[str, Any]) -> str:
    """Return how sure a row is, or why it shows nothing and what it shows instead."""
    note = str(row["suppression_reason"] or row["p50_precision"] or "no interval").replace("_", " ")
    if row["basis"] != "suppressed":
        return note
    if answer["basis"] is None:
        return f"{note}; {answer['why']}"
    if answer["basis"] == "modelled" and not answer["fallback"]:
        return f"{note}; modelled, P25 and P75 of one person's pay"
    return f"{note}; instead {', '.join(answer['fallback'])}: {answer['why']}"


def print_leading(out: Console, rows: list[dict[str, Any]]) -> None:
    """Print the cells that a release can show best, base beside total, in thousand USD."""
    cells: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in rows:
        place = (row["group_label"], row["level"], row["tier"], row["market"])
        cells.setdefault(place, {})[row["metric"]] = row
    if not cells:
        return
    out.print(
        "L3 is entry level, L4 the next, L5 senior (Google L5, Meta E5, Amazon L6), L6 staff, L7 principal and up.\n"
        "T1 frontier labs, T2 hyperscalers and big tech, T3 AI-native, T4 other technology, T5 other industries.",
        highlight=False,
    )
    table = plain_table("group", "level", "tier", "market", title="what this release shows best, thousand USD")
    for name in ("n", "base", "95 %", "total", "95 %"):
        table.add_column(name, justify="right", no_wrap=True)
    for cell_key, metrics in cells.items():
        figures = [text for metric in ("base", "total") for text in _median(metrics.get(metric))]
        counts = [of["n_reports"] for of in metrics.values() if of["n_reports"] is not None]
        table.add_row(*cell_key, f"{max(counts):,}" if counts else "<10", *figures)
    out.print(table)


def _median(band: dict[str, Any] | None) -> tuple[str, str]:
    """Return the median and its interval in thousand USD, empty if there is none; early releases have no intervals."""
    if band is None:
        return "", ""
    low, high = band["p50_low"], band["p50_high"]
    return f"{band['p50'] / 1000:,.1f}", "no interval" if low is None else f"{low / 1000:,.1f} to {high / 1000:,.1f}"


def print_releases(out: Console, rows: "list[ReleaseRow]") -> None:
    """Print a row per release."""
    table = plain_table("version", "as of", "status", "", "manifest")
    for row in rows:
        notes = [
            "latest" if row.latest else "",
            "rolled back" if row.rolled_back else "",
            "pruned" if row.pruned else "",
            "synthetic" if row.contains_synthetic else "",
            row.reason or "",
        ]
        table.add_row(
            row.version,
            row.as_of,
            row.status,
            " ".join(filter(None, notes)),
            row.manifest_sha256[:12],
        )
    out.print(table)


def print_classified(out: Console, found: list[dict[str, str]]) -> None:
    """Print a row per title."""
    table = plain_table("title", "leaf", "rule", "evidence")
    for row in found:
        table.add_row(*map(cell, row.values()))
    out.print(table)
