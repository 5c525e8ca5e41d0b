"""The method written a second time: slow, obvious, over lists of dicts, from the method's text alone.

`oracle_rows.window_reports` says what became of every accepted row, `bands` what every cell shows by itself, with the
figures of `oracle_figures`; `oracle_pooled` draws the thin ones towards the model. Nothing is shared with the package,
so that both are wrong in the same way only where both misread the method.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tests.oracle.figures import PERCENTILES, correlation, effective_size, figures, likeness_seen, moves, points
from tests.oracle.rows import Report, by

Correlations = dict[str, dict[int, Fraction]]  # by metric and percentile
METRICS = {
    "reported": ("base", "bonus", "equity", "total", "total_liquid"),
    "advertised": ("base", "base_min", "base_max"),
}


@dataclass(frozen=True)
class Group:
    """One group of one view."""

    view: str
    group_id: str
    leaves: frozenset[str]


def groups_of(leaves: Iterable[dict[str, str]], views: Iterable[dict[str, str]]) -> list[Group]:
    """The groups of all views, from the rows of leaves.csv and views.csv."""
    kinds = {row["leaf"]: row["kind"] for row in leaves if row["kind"] != "none"}
    groups = [Group("leaf", leaf, frozenset([leaf])) for leaf in kinds]
    groups.append(Group("leaf", "all", frozenset(leaf for leaf, kind in kinds.items() if kind == "core")))
    for (view, group_id), rows in by(views, lambda r: (r["view"], r["group_id"])).items():
        groups.append(Group(view, group_id, frozenset(row["leaf"] for row in rows)))
    return groups


def correlations_by_employer(reports: Iterable[Report], groups: list[Group], settings: Any) -> Correlations:
    """How alike pay is inside employers, over the cells of all machine learning by level, tier and country."""
    leaves = next(g.leaves for g in groups if (g.view, g.group_id) == ("leaf", "all"))
    placed = [
        r
        for r in reports
        if is_counted(r)
        and r["evidence"] == "reported"
        and r["leaf"] in leaves
        and r["tier"] not in ("T1", "T2")
        and r["level"]
        and r["country"]
    ]
    p50, p25_p75, p10_p90 = (
        settings.correlation_p50,
        settings.correlation_p25_p75,
        settings.correlation_p10_p90,
    )
    found: Correlations = {}
    for metric in METRICS["reported"]:
        paid = [r for r in placed if r[metric] is not None]
        cells = [in_fives(rows) for rows in by(paid, lambda r: (r["level"], r["tier"], r["country"])).values()]
        cells = [rows for rows in cells if rows]
        pays = [[(r["employer"], r[metric], r["weight"]) for r in cell] for cell in cells]
        found[metric] = {}
        for percents, default in (((50,), p50), ((25, 75), p25_p75), ((10, 90), p10_p90)):
            value = correlation(pays, percents, settings.min_correlation_employers)
            told = Fraction(str(default)) if value is None else value
            found[metric] |= dict.fromkeys(percents, round(told, 6))  # figures rest on it as it is published
    return found


def bands(
    reports: Iterable[Report],
    groups: list[Group],
    settings: Any,
    correlations: Correlations,
    secret: bytes,
    wanted: Callable[[tuple[str, ...]], bool] = lambda key: True,
) -> dict[tuple[str, ...], Report]:
    """Every wanted cell with a report, by key: view, group_id, evidence, tier, level, market, metric.

    Direct or suppressed, as it would be if there were no pooling.
    """
    members: dict[tuple[str, ...], list[Report]] = defaultdict(list)
    for report in reports:
        if is_counted(report):
            for key in _cells(report, groups):
                members[key].append(report)
    cells, of_rows = {}, dict[Any, Report]()
    for key, counted in members.items():
        if not wanted(key):
            continue
        rows = in_fives(counted) if key[2] == "reported" else counted
        if not rows:
            continue
        same = (*key[2::4], *map(id, rows))  # many groups and markets have the same people
        if same not in of_rows:
            of_rows[same] = _cell(key, rows, correlations, settings, secret)
        cells[key] = {**of_rows[same], "counted": counted}
    return cells


def _cell(key: tuple[str, ...], rows: list[Report], correlations: Correlations, settings: Any, secret: bytes) -> Report:
    """What a cell of these rows says: of its key, the evidence and the metric alone count."""
    cell = _facts(key[-1], rows, settings)
    reason = _why_suppressed(key[2], cell, settings)
    if not reason:
        cell.update(_shown(key, rows, correlations, settings, secret))
        reason = None if 50 in cell["figures"] else "low_effective_n"
    return {**cell, "basis": "suppressed" if reason else "direct", "suppression_reason": reason}


def settled(cell: Report, is_unsettled: bool) -> Report:
    """The cell, withheld if it is unsettled and was not withheld for a reason that comes before."""
    withheld = is_unsettled and cell["suppression_reason"] in (None, "low_effective_n")
    reason = {"basis": "suppressed", "suppression_reason": "unsettled"} if withheld else {}
    return {**cell, **reason, "is_unsettled": is_unsettled}


def _cells(report: Report, groups: list[Group]) -> Iterator[tuple[str, ...]]:
    for group in groups:
        if report["leaf"] in group.leaves:
            for tier in ("all", report["tier"]):
                for level in {"all", report["level"], report["stage"]} - {None}:
                    for market in {"global", report["country"], report["metro"]} - {None}:
                        for metric in METRICS[report["evidence"]]:
                            if report[metric] is not None:
                                key = (group.view, group.group_id, report["evidence"], tier, level, market)
                                yield *key, metric


def _facts(metric: str, rows: list[Report], settings: Any) -> Report:
    whole = sum(r["weight"] for r in rows)

    def share(matching: Iterable[Report]) -> float:
        return sum(r["weight"] for r in matching) / whole

    employers = by((r for r in rows if r["employer"] is not None), lambda r: r["employer"])
    top = max(map(share, employers.values()), default=0.0)
    ages = sorted(r["age_days"] for r in rows)
    return {
        "n_reports": len(rows),
        "n_employers": len(employers),
        "employers_known_share": share(r for r in rows if r["employer"] is not None),
        "top_employer_share": top,
        "concentrated": top > settings.concentrated_share,
        "top_source_share": max(map(share, by(rows, lambda r: r["source"]).values())),
        "verified_share": share(r for r in rows if r["verified"] != "none"),
        "level_inferred_share": share(r for r in rows if r["level_basis"] == "experience"),
        "median_age_days": ages[(len(ages) - 1) // 2],
        "members": rows,
        "pay": [(r[metric], r["weight"]) for r in rows],
    }


def is_counted(report: Report) -> bool:
    """Whether a cell may have the report: it is used, or expired and may have to wait until it can leave."""
    return report["disposition"] == "used" or report.get("expired_on") is not None


def in_fives(rows: list[Report]) -> list[Report]:
    """Those that have entered, in fives, in the order in which they were delivered, less those that have left."""

    def then(report: Report) -> tuple[Any, ...]:
        sha256 = report["export"].sha256 if "export" in report else report["export_sha256"]
        return report["report_date"], report["row_hash"], sha256, report["row"]

    arrived = sorted(rows, key=lambda r: (r["delivered_on"], *then(r)))
    entered = arrived[: len(rows) // 5 * 5]
    expired = sorted((r for r in entered if r["expired_on"]), key=lambda r: (r["expired_on"], *then(r)))
    left = expired[: len(expired) // 5 * 5]
    gone = set(map(id, left))
    return [r for r in entered if id(r) not in gone]


def _shown(
    key: tuple[str, ...], rows: list[Report], correlations: Correlations, settings: Any, secret: bytes
) -> Report:
    """The effective number of reports of P50, and what each percentile shows; adverts have no employers."""
    metric = key[-1]
    rows = sorted(rows, key=lambda r: (r[metric], r["weight"]))  # what sorts them again takes no time
    likeness = correlations[metric] if key[2] == "reported" else dict.fromkeys(PERCENTILES, Fraction(0))
    sizes = {}
    for percent, value in likeness.items():
        seen, listed = likeness_seen(rows, metric, percent)
        mix = Fraction(str(settings.mix_variance)) * max(listed, 0)
        sizes[percent] = effective_size(rows, value, seen, settings.max_unknown_factor, mix)
    pay = [(r[metric], r["weight"]) for r in rows]
    moved = moves([r["row_hash"] for r in rows], secret, sizes) if key[2] == "reported" else {}
    return {
        "n_effective": sizes[50],
        "sizes": sizes,
        "figures": figures(pay, sizes, moved),
        "points": points(pay, moved),
    }


def _why_suppressed(evidence: str, cell: Report, settings: Any) -> str | None:
    if cell["n_reports"] < settings.min_reports:
        return "few_reports"
    if evidence == "advertised":
        return None
    if cell["employers_known_share"] < settings.min_known_employer_share:
        if cell["n_reports"] < settings.min_reports_unknown_employers:
            return "few_reports"
    elif cell["n_employers"] < settings.min_employers:
        return "few_employers"
    return "dominated" if cell["top_employer_share"] > settings.max_employer_share else None
