"""The oracle of cards and claims, slow and obvious, from the method's text: shares, intervals, verdicts.

Premiums are taken as published, keyed (view, group_id, baseline, metric, tier, level). Pay is rounded as published,
`share_inside` is an exact fraction and the shares of cards are doubles, both unrounded.

Where the method is silent: `leaves` stand in the order of leaves.csv, as tooling does; a pay claim on a cell without
a report has no n, as bands has none there, while claims on premiums have the n of premiums, 0 too.
"""

import math
from collections import Counter
from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Any

from tests.oracle.bands import groups_of
from tests.oracle.figures import rounded
from tests.oracle.rows import Report, months_before

Row = dict[str, Any]
Premiums = dict[tuple[str, ...], Row]
Z = 1.959963984540054  # of a 95 % interval
MIN_COUNT = 10
BASELINES = ("nlp_classical", "ml_generalist")
LEAF_OF_COMPARATOR = {"nlp_pre_llm": "nlp_classical", "ml_generalist": "ml_generalist"}
LABEL_OF_ALL = "All machine learning"


def cards(
    reports: Iterable[Report],
    cells: dict[tuple[str, ...], Report],
    premiums: Premiums,
    leaves: Iterable[dict[str, str]],
    views: Iterable[dict[str, str]],
    settings: Any,
    as_of: date,
) -> dict[tuple[str, str], Row]:
    """What the card of each group says, by (view, group_id); leaves and views are rows of the reference files."""
    reports, leaves, views = list(reports), list(leaves), list(views)
    labels = {("leaf", row["leaf"]): row["label"] for row in leaves} | {("leaf", "all"): LABEL_OF_ALL}
    labels |= {(row["view"], row["group_id"]): row["group_label"] for row in views}
    adverts = [r for r in reports if r["evidence"] == "advertised"]
    people = [r for r in reports if r["evidence"] == "reported"]
    known = {row["leaf"] for row in leaves if row["kind"] != "none"}
    llm = {row["leaf"] for row in views if row["view"] == "llm_roles"}
    adverts_now = [r for r in adverts if counts_now(r)]
    now = telling(adverts_now, llm, settings)
    before = telling([r for r in adverts if counts_before(r, known, settings, as_of)], llm, settings)
    shared = {r["source"] for r in now} & {r["source"] for r in before}
    found = {}
    for group in groups_of(leaves, views):
        named = [row for row in leaves if row["leaf"] in group.leaves]
        tools = [tool.strip() for row in named for tool in row["tooling"].split(";") if tool.strip()]
        row: Row = {
            "view": group.view,
            "group_id": group.group_id,
            "label": labels[group.view, group.group_id],
            "leaves": ";".join(row["leaf"] for row in named),
            "tooling": ";".join(dict.fromkeys(tools)),
        }
        for baseline in BASELINES:
            premium = premiums.get((group.view, group.group_id, baseline, "base", "all", "all"), {})
            row[f"premium_{baseline}"] = premium.get("premium")
            for end in ("low", "high"):
                row[f"premium_{baseline}_{end}"] = premium.get(f"premium_{end}")
            row[f"premium_{baseline}_identified"] = premium.get("identified")
        for metric in ("base", "total"):
            cell = cells.get((group.view, group.group_id, "reported", "all", "all", "US", metric))
            row |= {f"{metric}_{name}": value for name, value in published(cell).items()}
        row["demand"], row["demand_low"], row["demand_high"] = wilson(*tally(now, group.leaves))
        row["why"] = None if now else "coarse_titles" if adverts_now else "no_adverts"
        row["demand_change"], row["demand_change_low"], row["demand_change_high"] = newcombe(
            tally([r for r in now if r["source"] in shared], group.leaves),
            tally([r for r in before if r["source"] in shared], group.leaves),
        )
        share = wilson(*tally([r for r in people if counts_now(r)], group.leaves))
        row["share_of_reports"], row["share_of_reports_low"], row["share_of_reports_high"] = share
        found[group.view, group.group_id] = row
    return found


def telling(adverts: list[Report], llm: set[str], settings: Any) -> list[Report]:
    """Without those of sources that have many adverts, none of them of LLM work."""
    many = {source for source, n in Counter(r["source"] for r in adverts).items() if n >= settings.coarse_adverts}
    coarse = many - {r["source"] for r in adverts if r["leaf"] in llm}
    return [r for r in adverts if r["source"] not in coarse]


def counts_now(report: Report) -> bool:
    """In the window, in scope and of a known leaf; an outlier is one in kind, if not in pay."""
    return report["disposition"] in ("used", "outlier")


def counts_before(report: Report, known: set[str], settings: Any, as_of: date) -> bool:
    """The same in the window before."""
    end = months_before(as_of, settings.window_months)
    start = months_before(end, settings.window_months)
    return (
        (report["disposition"], report["reason"]) == ("outside_window", "before_window")
        and start < report["report_date"] <= end
        and report["scope_reason"] is None
        and report["leaf"] in known
    )


def tally(reports: list[Report], leaves: Iterable[str]) -> tuple[int, int]:
    """(reports of these leaves, all reports); rows, not weights and not openings."""
    by_leaf = Counter(r["leaf"] for r in reports)
    return sum(by_leaf[leaf] for leaf in leaves), len(reports)


def wilson(hits: int, count: int) -> tuple[float | None, float | None, float | None]:
    """The share and its 95 % interval: the shares p with |share - p| <= z sqrt(p (1 - p) / n)."""
    if not count:
        return None, None, None
    share = hits / count
    middle = (hits + Z**2 / 2) / (count + Z**2)
    reach = Z * math.sqrt(hits * (count - hits) / count + Z**2 / 4) / (count + Z**2)
    return share, max(middle - reach, 0.0), min(middle + reach, 1.0)


def newcombe(now: tuple[int, int], before: tuple[int, int]) -> tuple[float | None, float | None, float | None]:
    """The change of a share and its interval by Newcombe's method 10 (Statistics in Medicine 17, 1998, 873-890)."""
    share, low, high = wilson(*now)
    share_before, low_before, high_before = wilson(*before)
    if share is None or share_before is None:
        return None, None, None
    change = share - share_before
    below = math.hypot(share - low, high_before - share_before)
    above = math.hypot(high - share, share_before - low_before)
    return change, change - below, change + above


def published(cell: Report | None) -> Row:
    """p25, p50, p75, p50_low, p50_high and n_reports as bands has them; all null where nobody reported."""
    row: Row = dict.fromkeys(("p25", "p50", "p75", "p50_low", "p50_high", "n_reports"))
    if cell is None:
        return row
    if cell["n_reports"] >= MIN_COUNT:
        row["n_reports"] = cell["n_reports"]
    if cell["basis"] != "suppressed":
        row |= {f"p{p}": rounded(figure.pay) for p, figure in cell["figures"].items() if p in (25, 50, 75)}
        for end in ("low", "high"):
            row[f"p50_{end}"] = rounded(Fraction(getattr(cell["figures"][50], end)))
    return row


def claims(
    cells: dict[tuple[str, ...], Report],
    premiums: Premiums,
    claimed: Iterable[dict[str, str]],
    leaves: Iterable[dict[str, str]],
    views: Iterable[dict[str, str]],
    settings: Any,
) -> dict[tuple[str, str], Row]:
    """The verdict on every claim, by (claim_id, pay_metric); claimed are rows of claims.csv."""
    claimed = list(claimed)
    members = {(g.view, g.group_id): g.leaves for g in groups_of(leaves, views)}
    tolerance = Fraction(str(settings.claim_tolerance))
    found = {}
    for claim in claimed:
        for metric in ("base", "total") if claim["pay_metric"] == "both" else (claim["pay_metric"],):
            if claim["metric"] == "pay":
                verdict = judged_pay(claim, metric, cells, tolerance)
            elif claim["metric"] == "premium":
                verdict = judged_premium(claim, metric, premiums, members, tolerance)
            else:
                verdict = judged_rank(claim, premiums, claimed)
            row: Row = dict.fromkeys(("direction", "why", "figure", "low", "high", "n", "p25", "p75", "share_inside"))
            found[claim["claim_id"], metric] = row | verdict
    return found


def judged_pay(claim: dict[str, str], metric: str, cells: dict[tuple[str, ...], Report], tolerance: Fraction) -> Row:
    tier, level = tier_and_level(claim)
    cell = cells.get((claim["view"], claim["group"], "reported", tier, level, claim["market"], metric))
    ours = published(cell)
    if cell is None:
        return unknown("no_reports")
    if ours["p50"] is None:
        return unknown("suppressed", n=ours["n_reports"])
    low = Fraction(claim["low"]) * (1 - tolerance)
    high = None if claim["open_ended"] == "yes" else Fraction(claim["high"]) * (1 + tolerance)
    inside = sum(weight for pay, weight in cell["pay"] if low <= pay and (high is None or pay <= high))
    return {
        **judged(ours["p50_low"], ours["p50_high"], low, high),
        "figure": ours["p50"],
        "low": ours["p50_low"],
        "high": ours["p50_high"],
        "n": ours["n_reports"],
        "p25": ours["p25"],
        "p75": ours["p75"],
        # the reports of a pooled cell are not all that its figures rest on
        "share_inside": Fraction(inside, sum(w for _, w in cell["pay"])) if cell["basis"] == "direct" else None,
    }


def judged_premium(
    claim: dict[str, str],
    metric: str,
    premiums: Premiums,
    members: dict[tuple[str, str], frozenset[str]],
    tolerance: Fraction,
) -> Row:
    baseline = LEAF_OF_COMPARATOR[claim["comparator_group"]]
    ours = premiums.get((claim["view"], claim["group"], baseline, metric, *tier_and_level(claim)))
    n = ours["n_group"] if ours else None
    if members[claim["view"], claim["group"]] == {baseline}:
        return unknown("by_definition", n=n)
    if ours is None or not ours["identified"]:
        return unknown("not_identified", n=n)
    low = Fraction(claim["low"]) / 100 - tolerance
    high = None if claim["open_ended"] == "yes" else Fraction(claim["high"]) / 100 + tolerance
    figure, lower, upper = (ours[name] for name in ("premium", "premium_low", "premium_high"))
    return judged(exact(lower), exact(upper), low, high) | {"figure": figure, "low": lower, "high": upper, "n": n}


def judged_rank(claim: dict[str, str], premiums: Premiums, claimed: list[dict[str, str]]) -> Row:
    """By total premium over the generalist; a ranked group that is not identified may be anywhere."""
    ranked = {(c["view"], c["group"]) for c in claimed if (c["source"], c["metric"]) == (claim["source"], "rank")}
    rows = {group: premiums.get((*group, "ml_generalist", "total", *tier_and_level(claim))) for group in ranked}
    ours = rows.pop((claim["view"], claim["group"]))
    n = ours["n_group"] if ours else None
    if ours is None or not ours["identified"]:
        return unknown("not_identified", n=n)
    others = [row for row in rows.values() if row is not None and row["identified"]]
    higher = sum(row["premium"] > ours["premium"] for row in others)
    surely_above = sum(row["premium_low"] > ours["premium_high"] for row in others)
    surely_below = sum(row["premium_high"] < ours["premium_low"] for row in others)
    low, high = 1 + surely_above, len(ranked) - surely_below
    verdict = judged(low, high, Fraction(claim["low"]), Fraction(claim["high"]))
    return verdict | {"figure": 1 + higher, "low": low, "high": high, "n": n}


def judged(low: Fraction | int, high: Fraction | int, claimed_low: Fraction, claimed_high: Fraction | None) -> Row:
    """Our interval against the claimed range, whose ends belong to it; no upper end where that is None."""
    if high < claimed_low:
        return {"verdict": "contradicted", "direction": "below"}
    if claimed_high is not None and low > claimed_high:
        return {"verdict": "contradicted", "direction": "above"}
    if claimed_low <= low and (claimed_high is None or high <= claimed_high):
        return {"verdict": "supported"}
    return unknown("straddles")


def unknown(why: str, **facts: Any) -> Row:
    return {"verdict": "insufficient_data", "why": why, **facts}


def exact(ratio: float) -> Fraction:
    """A ratio as it is printed: 0.075 is 75 thousandths."""
    return Fraction(str(ratio))


def tier_and_level(claim: dict[str, str]) -> tuple[str, str]:
    return claim["tier"] or "all", claim["level"] or claim["stage"] or "all"
