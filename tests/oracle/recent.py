"""The oracle's unsettled cells: earlier and recent reports of a cell compared one by one."""

import math
from collections import Counter
from collections.abc import Iterable
from datetime import date
from statistics import median
from typing import Any

import numpy as np
from scipy.linalg import lstsq

from tests.oracle.rows import Report, by

UNIT = 65536
METRICS = ("base", "total")
Place = tuple[str, ...]  # view, group_id, evidence, tier, level, market


def unsettled_places(
    cells: dict[tuple[str, ...], Report], counted: Iterable[Report], settings: Any, likeness: Any, as_of: date
) -> set[Place]:
    """The places of which base or total is unsettled.

    cells: by key, with `members`. counted: all reports that a cell may have. likeness: metric to percentile to value.
    """
    found = set()
    for metric in METRICS:
        rows = [r for r in counted if r["evidence"] == "reported" and r[metric] is not None]
        judged = judged_reports(rows, metric, settings, as_of)
        if not any(j["recent"] and j["used"] for j in judged.values()) or all(j["recent"] for j in judged.values()):
            continue
        rho = math.sin(math.pi / 2 * float(likeness[metric][50]))
        for key, cell in cells.items():
            if key[2] == "reported" and key[-1] == metric:
                members = [judged[id(r)] for r in cell["members"]]
                if is_unsettled(members, list(judged.values()), rho, settings):
                    found.add(key[:-1])
    return found


def judged_reports(rows: list[Report], metric: str, settings: Any, as_of: date) -> dict[int, Report]:
    """By id of the report: what it is compared on; see is_unsettled."""
    used = [r for r in rows if not r["expired_on"]]
    places = Counter(("metro", r["metro"]) for r in used) + Counter(("country", r["country"]) for r in used)
    oldest = min((r["weight"] for r in used), default=0)

    def values(r: Report) -> list[tuple[str, Any]]:
        market = next(
            (r[n] for n in ("metro", "country") if r[n] and places[n, r[n]] >= settings.min_effect_reports), "global"
        )
        level = (r["level"] or "") + (" by experience" if r["level_basis"] == "experience" else "")
        return [
            ("leaf", r["leaf"]), ("tier", r["tier"]), ("level", level), ("market", market),
            ("month", max(r["weight"], oldest)),
        ]  # fmt: skip

    number = {v: n for n, v in enumerate(dict.fromkeys(v for r in used for v in values(r)), start=1)}

    def row(r: Report) -> np.ndarray:
        made = np.zeros(len(number) + 1)
        made[[0, *(number[v] for v in values(r))]] = 1
        return made

    logs = {id(r): round(UNIT * math.log(r[metric] / 100_000)) if r[metric] else None for r in rows}
    scale = np.sqrt([r["weight"] for r in used])
    design = np.array([row(r) for r in used]).reshape(len(used), len(number) + 1)
    effects = lstsq(design * scale[:, None], scale * [logs[id(r)] for r in used])[0] if used else np.zeros(1)
    rest = {id(r): logs[id(r)] - round(float(row(r) @ effects)) if set(values(r)) <= number.keys() else 0 for r in rows}
    away = {id(r): abs(rest[id(r)]) for r in used}
    usual = 1.4826 * median(away.values()) if away else 0.0
    spread = {None: usual}
    for country, own in by(used, lambda r: r["country"]).items():
        wide, n, prior = 1.4826 * median(away[id(r)] for r in own), len(own), settings.variance_prior
        spread[country] = math.sqrt((n * wide**2 + prior * usual**2) / (n + prior))
    judged = {}
    for r in rows:
        wide = spread.get(r["country"], usual)
        most = round(2.5 * wide)
        judged[id(r)] = {
            "pay": r[metric],
            "weight": r["weight"],
            "residual": max(-most, min(most, rest[id(r)])) / UNIT,
            "variance": (wide / UNIT) ** 2,
            "recent": (as_of - r["delivered_on"]).days < 7 * settings.unsettled_weeks,
            "used": not r["expired_on"],
            "source": r["source"],
            "employer": r["employer"],
            "order": (r["delivered_on"], r["report_date"], r["row_hash"]),
        }
    return judged


def is_unsettled(members: list[Report], everybody: list[Report], rho: float, settings: Any) -> bool:
    """Whether recent reports move a cell and too few confirm it.

    Of each report: pay, weight, residual, variance, recent, used, source, employer, order.
    """
    new, old = ([m for m in members if m["recent"] == lately] for lately in (True, False))
    if not new or not old:
        return False
    total_new, total_old = (sum(m["weight"] for m in part) for part in (new, old))
    mean_old = sum(m["weight"] * m["residual"] for m in old) / total_old
    difference = sum(m["weight"] * m["residual"] for m in new) / total_new - mean_old
    own = sum(m["weight"] * (m["residual"] - mean_old) ** 2 for m in old) / total_old
    usual = sum(m["weight"] * m["variance"] for m in members) / (total_new + total_old)
    prior = settings.variance_prior
    variance = (len(old) * own + prior * usual) / max(len(old) - 1 + prior, prior)
    squares = 0.0
    for employer, people in by(members, lambda m: m["employer"]).items():
        shares = [m["weight"] / total_new if m["recent"] else -m["weight"] / total_old for m in people]
        apart = sum(share**2 for share in shares)
        squares += (1 - rho) * apart + rho * (apart if employer is None else sum(shares) ** 2)
    errors = round(abs(difference) / math.sqrt(variance * squares), 6) if variance * squares > 0 else 0.0
    share = total_new / (total_new + total_old)
    move = round(difference * share, 6)
    shift = round(math.log(half(members) / half(old)), 6)
    strict = abs(move) > settings.unsettled_move and errors > settings.unsettled_surplus_errors
    if not strict and abs(shift) <= settings.unsettled_move:
        return False
    few, surplus = usual_numbers(new, old, everybody, settings)
    has_surplus = surplus > settings.unsettled_surplus
    if not has_surplus and not (abs(move) > settings.unsettled_move and errors > settings.unsettled_errors):
        return False
    claim = (shift if abs(shift) > abs(move) else move) / share
    signed = 0.75 * claim if has_surplus else 0.5 * difference
    sign, enough = (signed > 0) - (signed < 0), round(abs(signed), 6)
    kept = []
    for source, people in by(new, lambda m: m["source"]).items():
        moved = sorted(people, key=lambda m: (round(sign * (m["residual"] - mean_old), 6), m["order"]))
        if has_surplus:
            moved = moved[: max(0, math.floor(few[source] - math.sqrt(few[source]) + 0.5))]
        elif not any(m["source"] == source for m in old):
            moved = []
        kept += moved

    def mean(people: list[Report]) -> float:
        return round(sum(sign * (m["residual"] - mean_old) for m in people) / len(people), 6)

    showing = [s for s, people in by(kept, lambda m: m["source"]).items() if mean(people) > 0]
    if len(showing) >= settings.unsettled_sources and mean(kept) >= enough:
        return False
    known = {m["employer"] for m in everybody if m["used"] and not m["recent"]} - {None}
    means = [mean(p) for e, p in by(kept, lambda m: m["employer"]).items() if e in known]
    confirmed = len(means) >= settings.unsettled_employers and round(sum(means) / len(means), 6) >= enough
    return not confirmed


def usual_numbers(
    new: list[Report], old: list[Report], everybody: list[Report], settings: Any
) -> tuple[dict[str, float], float]:
    """How many recent reports of each source are usual in a cell, and the surplus in standard errors."""
    weeks = settings.unsettled_weeks
    rate = weeks / max(settings.window_months * 52 / 12 - weeks, 1)
    news, olds = Counter(m["source"] for m in new), Counter(m["source"] for m in old)
    all_new, all_old = (
        Counter(m["source"] for m in everybody if m["used"] and m["recent"] == lately) for lately in (True, False)
    )
    sources = sorted({m["source"] for m in everybody})
    rest_old = {s: max(all_old[s] - olds[s], 0) for s in sources}
    rest_new = {s: max(all_new[s] - news[s], 0) for s in sources}
    usual = {s: olds[s] * (rest_new[s] + 5 * rate) / (rest_old[s] + 5) for s in sources}
    share = len(old) / (len(old) + sum(rest_old.values()))
    expected = {s: max(usual[s], rest_new[s] * share) for s in sources}

    def errors(more: float, of: float) -> float:
        return (more - of) / math.sqrt(of * (1 + of / len(old)) + 2)

    each = [errors(news[s], expected[s]) for s in sources]
    return usual, round(max(*each, errors(len(new), sum(expected.values()))), 6)


def half(members: list[Report]) -> int:
    """The pay of the report at which half of the weight is reached."""
    passed, whole = 0, sum(m["weight"] for m in members)
    for member in sorted(members, key=lambda m: m["pay"]):
        passed += member["weight"]
        if 2 * passed >= whole:
            return max(int(member["pay"]), 1)
    raise AssertionError
