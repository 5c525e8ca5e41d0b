"""The oracle's influence: what one export, employer or day moves of a cell, each left out and all computed again."""

from fractions import Fraction
from typing import Any

from tests.oracle.figures import percentile
from tests.oracle.rows import Report, by

KINDS = {"export": "file", "employer": "employer", "day": "report_date"}  # in the order in which ties are told


def influence(members: list[Report], metric: str, percents: set[int], settings: Any) -> Report:
    """max_shift_p50, max_shift_p90 (exact, None where not shown or nothing can be left out), shift_by, fragile."""
    largest: dict[int, Fraction] = {}
    by_kind: dict[str, Fraction] = {}
    shown = sorted({50, 90} & percents)
    whole = {percent: _percentile(members, metric, percent) for percent in shown}
    for kind, name in KINDS.items():
        for unit, left_out in by(members, lambda r, name=name: r[name]).items():
            if unit is None or len(left_out) == len(members):
                continue
            rest = [r for r in members if r[name] != unit]
            for percent in shown:
                shift = abs(_percentile(rest, metric, percent) / whole[percent] - 1)
                largest[percent] = max(shift, largest.get(percent, shift))
                by_kind[kind] = max(shift, by_kind.get(kind, shift))
    return {
        "max_shift_p50": largest.get(50),
        "max_shift_p90": largest.get(90),
        "shift_by": max(by_kind, key=lambda kind: by_kind[kind], default=None),  # the first of equal ones
        "fragile": any(shift > Fraction(str(settings.fragile_shift)) for shift in largest.values()),
    }


def _percentile(members: list[Report], metric: str, percent: int) -> Fraction:
    return percentile([(r[metric], r["weight"]) for r in members], percent)
