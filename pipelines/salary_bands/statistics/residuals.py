"""Compare the pay of a new export with its source's other reports, all else equal."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from salary_bands.statistics.model import FACTORS, LOG_UNIT, WEIGHT_UNIT, Fit

Floats = NDArray[np.float64]
_COLUMNS = ("file", "source", "metric", "reports", "others", "difference", "error")


def export_residuals(cells: pd.DataFrame) -> pd.DataFrame:
    """Compare each new export with the other reports of its source, by residuals of the model.

    The model is fitted to the reports that are neither new nor withdrawn. An export is compared with the reports of its
    source in that fit, or with the source's withdrawn reports if the fit has none. An export without either has no row.

    Args:
        cells: the rows of `modelled_exports`. `new_file` is empty if the reports are not new; `is_former` marks reports
            that the source no longer delivers.

    Returns:
        file, source, metric, reports, others, difference (log pay), error; a row per new export and metric.
    """
    rows = []
    for metric, of_metric in cells.groupby("metric"):
        withdrawn = of_metric["is_former"].astype(bool)
        known = of_metric[of_metric["new_file"].eq("") & ~withdrawn]
        new = of_metric[of_metric["new_file"].ne("")]
        if known.empty or new.empty:
            continue
        fit = Fit(known)
        rows += [{"metric": metric, **row} for row in _differences(fit, new, of_metric[withdrawn])]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _differences(fit: Fit, new: pd.DataFrame, withdrawn: pd.DataFrame) -> Iterator[dict[str, object]]:
    known = fit.cells.assign(fitted=fit.fitted)
    previous = _predicted(fit, withdrawn)
    for file, export in _predicted(fit, new).groupby("new_file"):
        source = str(export["source"].iloc[0])
        others = known[known["source"].eq(source)]
        if others.empty:
            others = previous[previous["source"].eq(source)]
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


def _predicted(fit: Fit, cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells that the fit can predict, with the prediction as `fitted`.

    A month that the fit lacks takes the effect of the nearest month. A source that it lacks gets the effect 0, which
    cancels because only differences within one source are used. Cells with another value that it lacks are dropped.
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
    """Return the nearest of some ascending months, YYYY-MM; ties go to the earlier month."""
    return min(months, key=lambda other: abs(_months(month) - _months(other)))


def _months(month: str) -> int:
    return 12 * int(month[:4]) + int(month[5:])


def _difference(export: pd.DataFrame, others: pd.DataFrame) -> tuple[float, float]:
    """Return the difference of weighted mean residuals and its standard error, the larger of two.

    The error by employer allows for similar pay within an employer and cancels what an employer adds to both sides.
    The error by report is larger if there are too few employers to estimate the first.
    """
    means, parts, by_report = [], [], 0.0
    for sign, side in ((1, export), (-1, others)):
        n, weight = side["n"].to_numpy(float), side["weight"].to_numpy(float) / WEIGHT_UNIT
        sum_y, sum_yy = side["sum_y"].to_numpy(float) / LOG_UNIT, side["sum_yy"].to_numpy(float) / LOG_UNIT**2
        total = float(weight @ n)
        mean = float(weight @ (sum_y - n * side["fitted"].to_numpy(float))) / total
        centre = side["fitted"].to_numpy(float) + mean
        means.append(mean)
        pull = sign * weight * (sum_y - n * centre) / total
        parts.append(pd.Series(pull).groupby(side["employer"].to_numpy()).sum())
        squares = np.maximum(sum_yy - 2 * centre * sum_y + n * centre**2, 0.0)
        by_report += float(weight**2 @ squares) / total**2
    by_employer = float((pd.concat(parts).groupby(level=0).sum() ** 2).sum())
    return means[0] - means[1], float(np.sqrt(max(by_employer, by_report)))
