"""Round what a fit says of each value of its factors, once, so that one report is seldom seen in anything made of it.

A premium, a multiplier and an estimated cell are sums of such effects. If sums were rounded, the mean over the hundreds
of cells of a specialisation would say what rounding hides in each of them; sums of rounded effects say no more than the
effects do. A step is tied to the standard error of an effect, of which a single report moves it by a few
hundredths to a fifth, and is a power of 2, so that it is the same in the next release.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from salary_bands.statistics.model import FACTORS, Fit, Floats, present

_NOT_SHOWN = "source"  # only its mean is in published figures, as a part of what all cells have in common
_WIDTHS = 8  # of half-widths between a number and its double


def stepped(values: Floats, errors: Floats, multiple: float) -> tuple[Floats, Floats]:
    """Round values to the power of 2 next to so many of their standard errors; return them and the steps.

    What has no error, 0 or NaN, stays as it is; its step is 0.
    """
    wanted = multiple * errors
    some = np.isfinite(wanted) & (wanted > 0)
    step = np.where(some, 2.0 ** np.round(np.log2(np.where(some, wanted, 1.0))), 0.0)
    whole = np.where(some, step, 1.0)
    return np.where(some, np.floor(values / whole + 0.5) * whole, values), step


def widened(half: Floats) -> Floats:
    """Return half-widths rounded up, to one of eight sizes between a number and its double; NaN stays."""
    some = half > 0
    return np.where(some, 2.0 ** (np.ceil(_WIDTHS * np.log2(np.where(some, half, 1.0)) - 1e-9) / _WIDTHS), half)


@dataclass(frozen=True)
class Rounded:
    """What a fit says, rounded: what each value adds beside the mean of its factor, and what is common to all reports.

    multiple: the step in standard errors, of as many unrelated reports as have the value.
    """

    fit: Fit
    multiple: float

    @property
    def added(self) -> Floats:
        """What each value adds, by the number that the fit gives it; that of sources is not rounded."""
        return self._values[0]

    @property
    def variance(self) -> Floats:
        """The variance by rounding of what each value adds: that of an even error of up to half a step."""
        return np.asarray(self._values[1] ** 2 / 12)

    @cached_property
    def common(self) -> tuple[float, float]:
        """The mean of all reports, rounded, and its variance by rounding."""
        fit = self.fit
        mass = fit.n * fit.weight
        size = mass.sum() ** 2 / (fit.n * fit.weight**2).sum()
        mean = np.array([fit.weight @ fit.sum_y / mass.sum()])
        [common], [step] = stepped(mean, np.sqrt(np.array([fit.variance() / size])), self.multiple)
        return float(common), float(step**2 / 12)

    @cached_property
    def _values(self) -> tuple[Floats, Floats]:
        """What each value adds, and its step."""
        found = []
        for factor in FACTORS:
            codes, values = present(self.fit.cells[factor])
            column = self.fit.column_of_value[[self.fit.value_numbers[factor, value] for value in values]]
            effects = np.where(column >= 0, self.fit.effects[column], 0.0)
            mass, squared = (np.bincount(codes, self.fit.n * self.fit.weight**power) for power in (1, 2))
            errors = np.sqrt(self.fit.variance() * squared) / mass * (factor != _NOT_SHOWN)
            found.append(stepped(effects - mass @ effects / mass.sum(), errors, self.multiple))
        return np.concatenate([of for of, _ in found]), np.concatenate([step for _, step in found])
