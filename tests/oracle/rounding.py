"""The oracle's rounding of what a fit says: each value beside the mean of its factor, to a power of 2.

Where the method is silent: a source is not rounded, since only the mean of all sources is in what is published; what a
fit of no freedom says stays as it is.
"""

import math
from typing import Any


def step_of(error: float, multiple: float) -> float:
    """The power of 2 next to so many standard errors; 0 if there is no error."""
    wanted = multiple * error
    return float(2 ** round(math.log2(wanted))) if math.isfinite(wanted) and wanted > 0 else 0.0


def to_step(value: float, step: float) -> float:
    return math.floor(value / step + 0.5) * step if step else value


def rounded_up(half: float) -> float:
    """To one of eight sizes between a number and its double."""
    return float(2 ** (math.ceil(8 * math.log2(half) - 1e-9) / 8)) if half > 0 else half


class RoundedEffects:
    """What each value of a fit adds, as (rounded, step), and the same of what all reports have in common."""

    def __init__(self, fit: Any, multiple: float) -> None:
        free, weights = len(fit.rows) - len(fit.kept), [float(w) for w in fit.weights]
        squares = sum(w * e * e for w, e in zip(weights, fit.residuals, strict=True)) / sum(weights)
        person = math.sqrt(squares * len(fit.rows) / free) if free else 0.0

        def rounded(value: float, held: list[float]) -> tuple[float, float]:
            step = step_of(person / math.sqrt(sum(held) ** 2 / sum(w * w for w in held)), multiple)
            return to_step(value, step), step

        self.common = rounded(sum(w * r["y"] for r, w in zip(fit.rows, weights, strict=True)) / sum(weights), weights)
        self.of: dict[tuple[str, str], tuple[float, float]] = {}
        for factor in ("leaf", "tier", "level", "market", "month", "source"):
            held: dict[str, list[float]] = {}
            for row, weight in zip(fit.rows, weights, strict=True):
                held.setdefault(row[factor], []).append(weight)
            mean = sum(sum(of) * fit.effects[factor, v] for v, of in held.items()) / sum(weights)
            for value, of in held.items():
                added = fit.effects[factor, value] - mean
                self.of[factor, value] = (added, 0.0) if factor == "source" else rounded(added, of)

    def value(self, contrast: Any) -> float:
        log = 0.0
        for sign, factor, weights in contrast:
            means = [(w, (self.common if factor == "intercept" else self.of[factor, v])[0]) for v, w in weights.items()]
            log += sign * sum(w * x for w, x in means) / sum(w for w, _ in means)
        return log

    def variance(self, contrast: Any) -> float:
        """An even error of up to half a step has the variance step^2 / 12; values on both sides cancel."""
        shares: dict[tuple[str, str], float] = {}
        for sign, factor, weights in contrast:
            whole = sum(weights.values())
            for value, weight in weights.items():
                shares[factor, value] = shares.get((factor, value), 0.0) + sign * weight / whole
        steps = {key: (self.common if key[0] == "intercept" else self.of[key])[1] for key in shares}
        return sum(share**2 * steps[key] ** 2 / 12 for key, share in shares.items())
