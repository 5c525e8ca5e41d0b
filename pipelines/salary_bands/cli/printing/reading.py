"""Print bands, releases and classified titles."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.console import Console

from salary_bands.cli.printing.tables import Column, cell, interval, plain_table, print_fitted, thousands
from salary_bands.sample import SYNTHETIC

if TYPE_CHECKING:
    from salary_bands.query.releases import ReleaseRow


def print_bands(out: Console, err: Console, found: dict[str, Any]) -> None:
    """Print a row per cell in thousand USD, with the 95 % interval of the median; shared values are in the title."""
    rows = found["bands"]
    keys = ("group_label", "evidence", "market", "tier", "level", "metric")
    same = [k for k in keys if len({row[k] for row in rows}) == 1]
    shared = ", ".join(f"{k.removesuffix('_label')} {rows[0][k]}" for k in same)
    answers = [row["answer"] or {} for row in rows]
    shown = [answer if answer.get("basis") else row for row, answer in zip(rows, answers, strict=True)]

    def pays(name: str) -> list[str]:
        return [thousands(of[name]) for of in shown]

    columns = [
        *(Column(k.removesuffix("_label"), [str(row[k]) for row in rows], is_key=True) for k in keys if k not in same),
        Column("n", ["<10" if row["n_reports"] is None else f"{row['n_reports']:,}" for row in rows]),
        Column("P10", pays("p10"), is_spare=True),
        Column("P25", pays("p25")),
        Column("P50", pays("p50")),
        Column("95 % of P50", [interval(of) for of in shown], is_bound=True),
        Column("P75", pays("p75")),
        Column("P90", pays("p90"), is_spare=True),
        Column("precision", [_precision(row) for row in rows], is_key=True, is_shared=True),
    ]
    notes = [_note(answer) if answer else "" for answer in answers]
    print_fitted(out, f"{found['release']}: {shared}; thousand USD", columns, notes)
    if found["contains_synthetic"]:
        err.print(SYNTHETIC, style="yellow")


def _precision(row: dict[str, Any]) -> str:
    """Return how sure a row is, or why it shows nothing."""
    return str(row["suppression_reason"] or row["p50_precision"] or "no interval").replace("_", " ")


def _note(answer: dict[str, Any]) -> str:
    """Return what a row that is withheld shows instead."""
    if answer["basis"] is None:
        return str(answer["why"])
    if answer["basis"] == "modelled" and not answer["fallback"]:
        return "modelled, P25 and P75 of one person's pay"
    return f"instead {', '.join(answer['fallback'])}: {answer['why']}"


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
    names = ("group", "level", "tier", "market")
    columns = [Column(name, texts, is_key=True) for name, texts in zip(names, zip(*cells, strict=True), strict=True)]
    columns.append(Column("n", [_most_reports(bands.values()) for bands in cells.values()]))
    for metric in ("base", "total"):
        medians = [bands.get(metric) for bands in cells.values()]
        columns += [
            Column(metric, [thousands(of["p50"]) if of else "" for of in medians]),
            # early releases have no intervals
            Column("95 %", [interval(of) or "no interval" if of else "" for of in medians], is_bound=True),
        ]
    print_fitted(out, "what this release shows best, thousand USD", columns, [""] * len(cells))


def _most_reports(bands: Iterable[dict[str, Any]]) -> str:
    counts = [band["n_reports"] for band in bands if band["n_reports"] is not None]
    return f"{max(counts):,}" if counts else "<10"


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
