"""The oracle's premiums: what a group pays over a baseline leaf, and how that differs between tiers and levels."""

import math
from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np

from tests.oracle.bands import Group
from tests.oracle.model import METRICS, Contrast, Estimate, Fit, core_leaves, fit_rows, is_told, weights_by
from tests.oracle.rounding import rounded_up
from tests.oracle.rows import Report, by

BASELINES = ("nlp_classical", "ml_generalist")
STAGE = {"L3": "early", "L4": "early", "L5": "senior", "L6": "senior", "L7": "senior"}
SUBSETS = [
    ("all", "all"),
    *(("all", level) for level in (*STAGE, "early", "senior")),
    *((f"T{n}", "all") for n in range(1, 6)),
]
QUARTILE = 0.674  # of a standard normal


def premiums(
    reports: Iterable[Report], groups: Iterable[Group], settings: Any, as_of: date
) -> dict[tuple[str, ...], Report]:
    """By (view, group_id, baseline, metric, tier, level): the columns of the table, ratios unrounded."""
    reports, core = list(reports), core_leaves()
    groups = [(g, g.leaves & core) for g in groups if g.leaves & core]
    found = {}
    for metric in METRICS:
        whole = fit_rows(reports, metric, settings)
        for tier, level in SUBSETS:
            rows = [r for r in whole if tier in ("all", r["tier"]) and level in ("all", r["level"], STAGE[r["level"]])]
            fit = Fit(rows, as_of) if rows else None
            for group, leaves in groups:
                for baseline in BASELINES:
                    row = _premium(rows, fit, leaves - {baseline}, baseline, settings)
                    row["baseline_in_group"] = baseline in leaves
                    found[group.view, group.group_id, baseline, metric, tier, level] = row
    return found


def _premium(rows: list[Report], fit: Fit | None, leaves: Iterable[str], baseline: str, settings: Any) -> Report:
    ours = [r for r in rows if r["leaf"] in leaves]
    theirs = [r for r in rows if r["leaf"] == baseline]
    cells = _comparable(ours, theirs, ("tier", "level"), settings)
    row: Report = {
        **dict.fromkeys(("premium", "premium_low", "premium_high", "range_low", "range_high")),
        "n_group": len(ours),
        "n_baseline": len(theirs),
        "n_cells": len(cells),
        "identified": False,
    }
    if fit is None or not ours or not theirs:
        return row
    sides: Contrast = [(1, "leaf", weights_by(ours, "leaf")), (-1, "leaf", {baseline: 1})]
    estimate = fit.estimate(sides, multiple=settings.part_step)
    if not is_told(estimate, settings) or _share_beside(ours, theirs, settings) < settings.min_overlap_share:
        return row
    low, high = estimate.interval()
    row |= {"premium": math.expm1(estimate.log), "premium_low": math.expm1(low), "premium_high": math.expm1(high)}
    if len(cells) >= settings.min_range_cells:
        row |= _range(fit, estimate, leaves, baseline, cells)
    return row | {"identified": True}


def _comparable(ours: list[Report], theirs: list[Report], names: tuple[str, ...], settings: Any) -> list[tuple]:
    """The cells in which both sides have enough reports."""
    counts = [Counter(tuple(r[name] for name in names) for r in rows) for rows in (ours, theirs)]
    return sorted(c for c in counts[0] if all(n[c] >= settings.min_overlap_reports for n in counts))


def _share_beside(ours: list[Report], theirs: list[Report], settings: Any) -> float:
    """The share of the group's weight in (tier, level, country) cells in which the baseline has enough reports."""
    counts = Counter((r["tier"], r["level"], r["country"]) for r in theirs)
    beside = [r for r in ours if counts[r["tier"], r["level"], r["country"]] >= settings.min_overlap_reports]
    return sum(r["weight"] for r in beside) / sum(r["weight"] for r in ours)


def _range(fit: Fit, estimate: Estimate, leaves: Iterable[str], baseline: str, cells: list[tuple]) -> Report:
    """The middle half of the premiums of the cells; nothing where the fit leaves no residual to judge them by."""
    free = len(fit.rows) - len(fit.kept)
    if free == 0:
        return {}
    squares = sum(w * e**2 for w, e in zip(fit.weights, fit.residuals, strict=True))
    s2 = squares / sum(fit.weights) * len(fit.rows) / free
    rho = likeness_by_employer([(r["employer"], e) for r, e in zip(fit.rows, fit.residuals, strict=True)])
    members = by(fit.rows, lambda r: (r["tier"], r["level"]))
    differences, variances = [], []
    for cell in cells:
        sides = [
            [r for r in members[cell] if r["leaf"] in leaves],
            [r for r in members[cell] if r["leaf"] == baseline],
        ]
        means = [np.average([_adjusted(r, fit) for r in rows], weights=[r["weight"] for r in rows]) for rows in sides]
        differences.append(float(means[0] - means[1]))
        variances.append(s2 * _spread(*sides, rho))
    tau = math.sqrt(paule_mandel(differences, variances))
    low, high = (math.expm1(estimate.log + sign * rounded_up(QUARTILE * tau)) for sign in (-1, 1))
    return {"range_low": low, "range_high": high}


def _adjusted(row: Report, fit: Fit) -> float:
    """Log pay without the fit's market, month and source."""
    return row["y"] - sum(fit.effects[factor, row[factor]] for factor in ("market", "month", "source"))


def _spread(ours: list[Report], theirs: list[Report], rho: float) -> float:
    """The variance of a difference of two weighted means, in variances of one report; employers' people are alike."""
    alone, together = 0.0, Counter[Any]()
    for sign, rows in ((1, ours), (-1, theirs)):
        whole = sum(r["weight"] for r in rows)
        for row in rows:
            alone += (row["weight"] / whole) ** 2
            together[row["employer"]] += sign * row["weight"] / whole
    return (1 - rho) * alone + rho * sum(share**2 for share in together.values())


def likeness_by_employer(residuals: Iterable[tuple[Any, float]]) -> float:
    """The one-way ANOVA intraclass correlation, of (employer, residual), of employers with two or more."""
    known = by([{"employer": g, "e": e} for g, e in residuals], lambda r: r["employer"])
    groups = [[r["e"] for r in rows] for rows in known.values() if len(rows) >= 2]
    if len(groups) < 2:
        return 0.0
    n, k = sum(map(len, groups)), len(groups)
    grand = sum(map(sum, groups)) / n
    means = [sum(group) / len(group) for group in groups]
    between = sum(len(g) * (mean - grand) ** 2 for g, mean in zip(groups, means, strict=True)) / (k - 1)
    within = sum((e - mean) ** 2 for g, mean in zip(groups, means, strict=True) for e in g) / (n - k)
    size = (n - sum(len(g) ** 2 for g in groups) / n) / (k - 1)
    whole = between + (size - 1) * within
    return min(max((between - within) / whole, 0.0), 1.0) if whole else 0.0


def paule_mandel(differences: list[float], variances: list[float], centre: float | None = None) -> float:
    """The variance between cells at which sum (d - centre)^2 / (v + tau2) is the degrees of freedom; 0 or more.

    Around their own weighted mean, which costs one of them, or around a centre that is known.
    """
    freedom = len(differences) - (centre is None)

    def excess(tau2: float) -> float:
        weights = [1 / (v + tau2) for v in variances]
        mean = sum(w * d for w, d in zip(weights, differences, strict=True)) / sum(weights)
        middle = mean if centre is None else centre
        return sum(w * (d - middle) ** 2 for w, d in zip(weights, differences, strict=True)) - freedom

    low, high = 0.0, 1.0
    if excess(low) <= 0:
        return 0.0
    while excess(high) > 0:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return (low + high) / 2
