"""How much values differ beyond what sampling explains."""

from scipy.optimize import brentq

from salary_bands.statistics.model import Floats


def paule_mandel(values: Floats, variances: Floats, centre: float | None = None) -> float:
    """The variance between values beyond that of each (Paule and Mandel 1982), around their mean or a known centre."""
    freedom = len(values) - (centre is None)

    def surplus(between: float) -> float:
        weight = 1 / (variances + between)
        middle = (weight @ values) / weight.sum() if centre is None else centre
        return float(weight @ (values - middle) ** 2) - freedom

    if surplus(0.0) <= 0:
        return 0.0
    highest = float(((values - (values.mean() if centre is None else centre)) ** 2).sum()) + 1.0
    return float(brentq(surplus, 0.0, highest, xtol=1e-14, rtol=1e-12))
