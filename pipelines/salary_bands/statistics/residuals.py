"""How a new export's pay differs from that of its source's other reports, all else equal."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from salary_bands.statistics.model import FACTORS, LOG_UNIT, WEIGHT_UNIT, Fit

Floats = NDArray[np.float64]
_COLUMNS = ("file", "source", "metric", "reports", "others", "difference", "error")


def export_residuals(cells: pd.DataFrame) -> pd.DataFrame:
    """A row per new export and metric: file, source, metric, reports, others, difference (log pay), error.

    cells: of `modelled_exports`, new_file empty where the report is not new, is_former where it is said no more. The
    fit is without what is new, and so are the others; what the source said before is in their place where it has none.
    A month that the fit lacks takes the nearest, the earlier of two; reports with another value that it lacks are left
    out, but for the source. Exports of a source of which nothing else is known are not there.
    """
    rows = []
    for metric, of_metric in cells.groupby("metric"):
        former = of_metric["is_former"].astype(bool)
        known = of_metric[of_metric["new_file"].eq("") & ~former]
        new = of_metric[of_metric["new_file"].ne("")]
        if known.empty or new.empty:
            continue
        fit = Fit(known)
        rows += [{"metric": metric, **row} for row in _differences(fit, new, of_metric[former])]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _differences(fit: Fit, new: pd.DataFrame, former: pd.DataFrame) -> Iterator[dict[str, object]]:
    told = _told(fit, new)
    known = fit.cells.assign(fitted=fit.fitted)
    said = _told(fit, former)
    for file, export in told.groupby("new_file"):
        source = str(export["source"].iloc[0])
        others = known[known["source"].eq(source)]
        if others.empty:
            others = said[said["source"].eq(source)]
        if others.empty:
            continue
        difference, error = _difference(export, others)
        yield {
            "file": file,
            "source": source,
            "reports": int(export["n"].sum()),
            "others": int(others["n"].sum()),
            "difference": difference,
            "error": error,
        }


def _told(fit: Fit, cells: pd.DataFrame) -> pd.DataFrame:
    """The cells that the fit can predict, with what it predicts. A source that it lacks is as any: only differences
    inside one source are asked for.
    """
    effects = dict(zip(fit.columns, fit.effects, strict=True))
    total = np.full(len(cells), effects["intercept", ""])
    for factor in FACTORS:
        values = cells[factor]
        found = sorted(fit.cells[factor].unique())
        if factor == "month":
            values = values.map({month: _nearest(month, found) for month in values.unique()})
        effect = values.map({value: effects.get((factor, value), 0.0) for value in found}).to_numpy(float)
        total += np.nan_to_num(effect) if factor == "source" else effect
    return cells[~np.isnan(total)].assign(fitted=total[~np.isnan(total)])


def _nearest(month: str, months: list[str]) -> str:
    """The nearest of some months, YYYY-MM in order; the earlier of two."""
    return min(months, key=lambda other: abs(_months(month) - _months(other)))


def _months(month: str) -> int:
    return 12 * int(month[:4]) + int(month[5:])


def _difference(export: pd.DataFrame, others: pd.DataFrame) -> tuple[float, float]:
    """Difference of weighted mean residuals, and its standard error: the larger of two.

    By employer, people of one being alike, which also takes out what an employer adds on both sides; and by report,
    which is larger where employers are too few to tell.
    """
    parts, reports = [], 0.0
    means = []
    for sign, side in ((1, export), (-1, others)):
        n, weight = side["n"].to_numpy(float), side["weight"].to_numpy(float) / WEIGHT_UNIT
        sum_y, sum_yy = side["sum_y"].to_numpy(float) / LOG_UNIT, side["sum_yy"].to_numpy(float) / LOG_UNIT**2
        whole = float(weight @ n)
        mean = float(weight @ (sum_y - n * side["fitted"].to_numpy(float))) / whole
        centre = side["fitted"].to_numpy(float) + mean
        means.append(mean)
        pull = sign * weight * (sum_y - n * centre) / whole
        parts.append(pd.Series(pull).groupby(side["employer"].to_numpy()).sum())
        squares = np.maximum(sum_yy - 2 * centre * sum_y + n * centre**2, 0.0)
        reports += float(weight**2 @ squares) / whole**2
    by_employer = float((pd.concat(parts).groupby(level=0).sum() ** 2).sum())
    return means[0] - means[1], float(np.sqrt(max(by_employer, reports)))
