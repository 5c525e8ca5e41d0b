"""The difference of two releases in the shares below the middle of their medians, a pair of reports at a time."""

from fractions import Fraction
from typing import Any

FACTOR = 2.0  # the setting max_unknown_factor


def slow(rows: list[tuple[Any, ...]], medians: tuple[int, int], correlation: float) -> tuple[float, float]:
    """The formula of the docstring, a pair of reports at a time. rows: pay, now, then, employer, cluster."""
    now, then = (sum(row[n] for row in rows) for n in (1, 2))
    middle = Fraction(sum(medians), 2)
    moved, own, usual, seen = (Fraction(0) for _ in range(4))
    for one, (pay, w, v, employer, cluster) in enumerate(rows):
        c, half = Fraction(w, now) - Fraction(v, then), Fraction((middle > pay) - (middle < pay), 2)
        own += c * c / 4
        moved += c * half
        for other, (pay2, w2, v2, employer2, cluster2) in enumerate(rows):
            if one == other or employer is None or employer != employer2:
                continue
            d, half2 = Fraction(w2, now) - Fraction(v2, then), Fraction((middle > pay2) - (middle < pay2), 2)
            seen += c * half * d * half2
            if cluster and cluster2:
                usual += c * d / 4
    known = Fraction(sum(row[1] for row in rows if row[3] is not None), now)
    factor = 1.0 if not known else min(float(1 / known**2), FACTOR)
    return float(moved), float(own) + factor * max(correlation * float(usual), float(seen), 0.0)
