"""Shrink cells with few reports towards the model (Fay and Herriot 1979).

The less cells of a kind vary around the model, the more weight the model has.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from salary_bands.settings import Settings
from salary_bands.statistics.contrasts import Contrasts, critical_values, estimated
from salary_bands.statistics.country_levels import CountryLevels, country_levels
from salary_bands.statistics.heterogeneity import paule_mandel
from salary_bands.statistics.model import FACTORS, Fit, Floats, Mask
from salary_bands.statistics.modelled_cells import COMPLETE_LISTS, ModelledCells, Variances
from salary_bands.statistics.shapes import QUARTILES, Shape, Shapes

# The columns that define a cell of each kind. Kinds are pooled separately because a stage is more mixed than a level,
# all tiers are more mixed than one, and employers differ more in tiers without a complete list of employers.
POOLING_KINDS = {
    "listed_level": ("leaf", "tier", "rank", "country"),
    "listed_stage": ("leaf", "tier", "stage", "country"),
    "other_level": ("leaf", "tier", "rank", "country"),
    "other_stage": ("leaf", "tier", "stage", "country"),
    "all_level": ("leaf", "rank", "country"),
    "all_stage": ("leaf", "stage", "country"),
}

_WIDEST = 10  # times a figure, beyond which its bound says nothing

# why a kind of cells is not pooled
UNPOOLED = {
    "no_model": "No report has this metric, a specialisation of machine learning, a level and a country.",
    "few_cells": "Fewer than two cells of this kind have enough reports and employers to be compared with the model.",
    "no_spread": "Pay does not differ within the cells of this kind, so that nothing says how sure their means are.",
    "few_reports": "Too few reports, or reports of too few employers, show how far quartiles are from the mean.",
}


@dataclass(frozen=True)
class Pooling:
    """The parameters for pooling thin cells of one metric and kind.

    total, within: the variance of log pay in cells of each country, of reports around their mean and around their
    predictions. The others are in units of these, since where people differ more, cells do too. between: variance of
    cell means around the model. shape: how far quartiles are from the mean.
    """

    total: Variances
    within: Variances
    between: float
    shape: Shape


@dataclass(frozen=True)
class Pools:
    """What thin cells of one metric are drawn towards, and how strongly in each kind.

    unpooled: the code of what keeps a kind from being pooled, of those that are not in `kinds`.
    """

    fit: Fit
    levels: CountryLevels
    kinds: dict[str, Pooling]
    unpooled: dict[str, str]


def pools_of(fit: Fit, filled: pd.DataFrame, correlation: float, settings: Settings) -> Pools:
    """Estimate the pooling parameters of each kind from the model and the well-filled cells.

    Args:
        fit: the fit of one metric.
        filled: kind, country, percentile, effective, offset_log of the metric's shape_cells.
        correlation: the metric's intraclass correlation by employer at P50.
    """
    of_means = mean_correlation(correlation)
    levels = country_levels(fit, of_means, settings)
    cells = {
        kind: ModelledCells(fit, columns, _of_kind(fit, kind), of_means, settings)
        for kind, columns in POOLING_KINDS.items()
    }
    totals = {kind: of_kind.pay_variances() for kind, of_kind in cells.items()}
    shapes = Shapes(cells, totals, filled, settings)
    found = {kind: _pooling(of, levels.predicted, totals[kind], shapes.of(kind)) for kind, of in cells.items()}
    kinds = {kind: pool for kind, pool in found.items() if isinstance(pool, Pooling)}
    return Pools(fit, levels, kinds, {kind: code for kind, code in found.items() if isinstance(code, str)})


def _of_kind(fit: Fit, kind: str) -> Mask:
    """Return which rows of a fit are in cells of a kind."""
    listed = fit.cells["tier"].isin(COMPLETE_LISTS).to_numpy(bool)
    known = fit.cells["tier"].ne("unknown").to_numpy(bool)
    return np.asarray({"listed": listed, "other": known & ~listed}.get(kind.split("_")[0], listed | ~listed))


def mean_correlation(correlation: float) -> float:
    """Return the intraclass correlation of log pay, given that of "pay <= the median".

    The conversion is exact for a normal distribution (Sheppard 1899).
    """
    return math.sin(math.pi / 2 * correlation)


def _pooling(cells: ModelledCells, predicted: Floats, total: Variances, shape: Shape | None) -> Pooling | str:
    """Estimate the parameters of one kind, or return the code of what keeps it from being pooled."""
    within, cell = cells.residual_variances(predicted), cells.distances(predicted)
    if cell.filled.sum() < 2:
        return "few_cells"
    if not (total.usual > 0 and within.usual > 0):
        return "no_spread"
    if shape is None:
        return "few_reports"
    standard = cell.residual[cell.filled] / np.sqrt(within.of(cell.countries[cell.filled]))
    between = paule_mandel(standard, 1 / cell.effective[cell.filled], centre=0.0)
    return Pooling(total, within, between, shape)


def pooled_cells(thin: pd.DataFrame, mixes: pd.DataFrame, pools: Mapping[str, Pools]) -> pd.DataFrame:
    """Estimate the quartiles of thin cells, with 95 % intervals, in unrounded USD.

    A cell has no rows if its metric and kind have no pooling, if the model does not identify its prediction, or if that
    rests on so few employers that a quartile may be ten times as high, which tells nobody anything.

    Args:
        thin: cell, metric, kind, country, mean_log, effective, strangers (effective, if nobody shared an employer),
            employers_alike (effective, if people of one employer were all alike).
        mixes: cell, factor, value, weight of the cells' reports in the model.
        pools: by metric.

    Returns:
        cell, percentile, pay, low, high, shrinkage_weight, effective; sorted by cell and percentile.
    """
    columns = ["cell", "percentile", "pay", "low", "high", "shrinkage_weight", "effective"]
    found = [pd.DataFrame(columns=columns)]
    for metric, of_metric in pools.items():
        cells = thin[thin["metric"].eq(metric) & thin["kind"].isin([*of_metric.kinds])].reset_index(drop=True)
        if cells.empty:
            continue
        predicted = _predicted(of_metric, cells, mixes)
        for kind, pool in of_metric.kinds.items():
            chosen = predicted[predicted["kind"].eq(kind) & predicted["is_known"]]
            found += _shrunk(chosen, pool)
    rows = pd.concat(found, ignore_index=True).astype({"cell": "int64", "percentile": "int64"})
    return rows.sort_values(["cell", "percentile"], ignore_index=True)


def _predicted(pools: Pools, cells: pd.DataFrame, mixes: pd.DataFrame) -> pd.DataFrame:
    """Return the cells with what the model predicts.

    Columns: predicted; error, the standard error of that; overlap, the covariance of the effects of levels with the
    means of the cells, which are of the same reports; employers, the effective number that the model rests on;
    is_known, whether the model identifies the prediction.
    """
    model = estimated(pools.fit, _predictions(pools.fit, cells["cell"], mixes))
    effect, error2, overlap = pools.levels.of(cells, mixes)
    return cells.assign(
        predicted=model.value + effect,
        error=np.sqrt(model.error**2 + error2),
        overlap=overlap,
        leaves=_leaf_variances(pools.fit, cells, mixes),
        employers=model.employers,
        is_known=~np.isnan(model.error) & (model.employers > 1),
    )


def _leaf_variances(fit: Fit, cells: pd.DataFrame, mixes: pd.DataFrame) -> Floats:
    """Return the variance of the effects of the leaves that the reports of each cell have.

    It is half the mean square of the difference of two reports; leaves whose difference the model does not identify
    add nothing.
    """
    leaves = [value for factor, value in fit.value_numbers if factor == "leaf"]
    pairs = [((1, "leaf", {one: 1.0}), (-1, "leaf", {other: 1.0})) for one in leaves for other in leaves]
    vectors, _ = Contrasts.of(fit, pairs).vectors(fit, np.zeros(0, np.int64))
    ignored = np.array([factor == "source" for factor, _ in fit.columns])
    squares = np.where(fit.whole.identifies(vectors, ignored), (vectors @ fit.effects) ** 2, 0.0)
    own = mixes[mixes["factor"].eq("leaf") & mixes["cell"].isin(cells["cell"])]
    weight = np.zeros((len(cells), len(leaves)))
    rows = pd.Index(cells["cell"]).get_indexer(pd.Index(own["cell"]))
    columns = pd.Index(leaves).get_indexer(pd.Index(own["value"]))
    weight[rows, columns] = own["weight"].to_numpy(float)
    share = weight / weight.sum(axis=1, keepdims=True)
    variance = np.einsum("cl,lm,cm->c", share, squares.reshape(len(leaves), len(leaves)), share) / 2
    # a mean of few takes some of the variance away
    return np.asarray(variance / (1 - 1 / np.maximum(cells["effective"].to_numpy(float), 2.0)))


def _predictions(fit: Fit, cells: pd.Series, mixes: pd.DataFrame) -> Contrasts:
    """Return the contrasts that predict the mean of each cell, averaged over what its reports are."""
    own = mixes.assign(contrast=mixes["cell"].map(dict(zip(cells, range(len(cells)), strict=True))))
    own = own[own["contrast"].notna()]
    contrast = own["contrast"].to_numpy(np.int64)
    factor = np.asarray(own["factor"].map({name: n for n, name in enumerate(FACTORS)}), np.int64)
    names = pd.MultiIndex.from_tuples([*fit.value_numbers])
    value = names.get_indexer(pd.MultiIndex.from_frame(own[["factor", "value"]]))
    terms = np.repeat(np.arange(len(cells)), len(FACTORS))
    return Contrasts(
        count=len(cells),
        contrast=terms,
        sign=np.ones(len(terms), np.int64),
        term=contrast * len(FACTORS) + factor,
        value=value,
        weight=own["weight"].to_numpy(float),
        intercept=True,
        ignore_sources=True,
    )


def _shrunk(cells: pd.DataFrame, pool: Pooling) -> Iterator[pd.DataFrame]:
    """Shrink the means of cells of one kind towards their predictions; yield a frame for each quartile.

    Cells with a quartile that may be further off than by a factor of 10 are left out.
    """
    mean, effective, strangers = (cells[name].to_numpy(float) for name in ("mean_log", "effective", "strangers"))
    predicted, error, overlap = (cells[name].to_numpy(float) for name in ("predicted", "error", "overlap"))
    within = pool.within.of(cells["country"])
    total = pool.total.of(cells["country"]) + cells["leaves"].to_numpy(float)
    sampling, mixed = within / effective, np.maximum(total - within, 0.0) / cells["employers_alike"].to_numpy(float)
    own = pool.between / (pool.between + 1 / effective)
    centre = own * mean + (1 - own) * predicted
    model_error = (1 - own) * error
    # the cell's employers are in the model too, so the two errors are correlated: this is the largest covariance
    shared = np.sqrt(np.maximum(sampling - within / strangers, 0.0))
    covariance = own * model_error * shared + own * (1 - own) * overlap
    centre_variance = own * sampling + model_error**2 + 2 * covariance + mixed
    variances = {p: centre_variance + pool.shape.variances[p] * total for p in QUARTILES}
    employers = cells["employers"].to_numpy(float)
    halves = {p: critical_values(of, model_error**2, employers) * np.sqrt(of) for p, of in variances.items()}
    told = np.flatnonzero(np.max([*halves.values()], axis=0) <= math.log(_WIDEST))
    for percentile, half in halves.items():
        log = centre + pool.shape.offsets[percentile] * np.sqrt(total)
        pay, low, high = (100_000 * np.exp(x[told]) for x in (log, log - half, log + half))
        figures = {"cell": cells["cell"].to_numpy()[told], "percentile": percentile, "pay": pay, "low": low}
        facts = {"high": high, "shrinkage_weight": 1 - own[told], "effective": effective[told]}
        yield pd.DataFrame({**figures, **facts})


def pooling_facts(pools: Pools | None) -> dict[str, object]:
    """Return the rounded parameters of each kind as the manifest holds them, or why it is not pooled."""
    if pools is None:
        return {kind: _reason("no_model") for kind in POOLING_KINDS}
    return {
        kind: _facts(pools.kinds[kind]) if kind in pools.kinds else _reason(pools.unpooled[kind])
        for kind in POOLING_KINDS
    }


def _reason(code: str) -> dict[str, object]:
    return {"unpooled": code, "reason": UNPOOLED[code]}


def _facts(pool: Pooling) -> dict[str, object]:
    """Return the parameters of a kind, for a country with the usual variance."""
    total, within = pool.total.usual, pool.within.usual
    variances = {"within": within, "mix": max(total - within, 0.0), "between": pool.between * within}
    return {
        **{f"{name}_variance": round(value, 6) for name, value in variances.items()},
        "offsets": {f"p{p}": round(math.sqrt(total) * v, 6) for p, v in pool.shape.offsets.items()},
        "offset_variances": {f"p{p}": round(total * v, 6) for p, v in pool.shape.variances.items()},
        "shape_of": list(pool.shape.kinds),
    }
