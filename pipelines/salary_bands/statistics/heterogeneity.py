"""Estimate how much values differ beyond sampling."""

from scipy.optimize import brentq

from salary_bands.statistics.model import Floats


def paule_mandel(values: Floats, variances: Floats, centre: float | None = None) -> float:
    """Estimate the variance between values beyond their sampling variances (Paule and Mandel 1982).

    Values vary around their weighted mean, or around `centre` if it is given. The result is 0 or more.
    """
    freedom = len(values) - (centre is None)

    def surplus(between: float) -> float:
        weight = 1 / (variances + between)
        mean = (weight @ values) / weight.sum() if centre is None else centre
        return float(weight @ (values - mean) ** 2) - freedom

    if surplus(0.0) <= 0:
        return 0.0
    highest = float(((values - (values.mean() if centre is None else centre)) ** 2).sum()) + 1.0
    return float(brentq(surplus, 0.0, highest, xtol=1e-14, rtol=1e-12))
