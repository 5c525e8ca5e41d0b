"""The effective number of reports behind a percentile, allowing for employers."""

from dataclasses import dataclass

import numpy as np

from salary_bands.statistics.batches import Integers
from salary_bands.statistics.cells import Cells, Exact, Floats
from salary_bands.statistics.clusters import Employers

MILLION = 1_000_000


@dataclass(frozen=True)
class Sizes:
    """Effective sizes of each cell and percentile, as whole numbers and unrounded.

    unknown_factor: by how much reports without an employer raise the clustering of each cell.
    """

    whole: Integers
    effective: Floats
    unknown_factor: Floats


def effective_sizes(
    cells: Cells,
    employers: Employers,
    observed: Exact,
    mixed: tuple[Exact, ...],
    correlations: dict[int, int],
    max_unknown_factor: float,
    mix_variance: float,
) -> Sizes:
    """Allow for employers in the number of reports of each cell.

    effective = W^2 / (S + factor * greatest(usual, seen) + mix). W is the sum of weights and S the sum of squared
    weights; usual is the correlation times the products of weights within employers, seen is the same sum as observed
    in the cell, and factor allows for reports without an employer. mix is the variance of who answers at the employers
    of a complete list and at which levels, times the same sums over these employers and levels. Integers, so that a
    whole size does not come out one lower.

    Args:
        observed, mixed: of `observed_clustering` of clusters, and of listed employers and of their people's levels,
            (cells, percentiles).
        correlations: percentile to correlation in millionths, as published; in the order of `observed`.
        mix_variance: the squared coefficient of variation of an employer's or a level's share of reports between
            periods.
    """
    weight, squared = cells.total.astype(object)[:, None], cells.squared.astype(object)[:, None]
    points = np.array(list(correlations), dtype=object)
    usual = np.array(list(correlations.values()), dtype=object) * employers.clustered[:, None]
    seen = MILLION * (observed // (points * (100 - points)))
    clustering = np.maximum(usual, seen)
    factor = _unknown_factors(cells, employers, max_unknown_factor)
    widened = factor > 1
    clustering[widened] = _rounded(factor[widened, None] * clustering[widened].astype(float))
    varied = sum(np.maximum(of // (points * (100 - points)), 0) for of in mixed)
    mix = round(MILLION * mix_variance) * varied
    numerator, denominator = MILLION * weight * weight, MILLION * squared + clustering + mix
    return Sizes((numerator // denominator).astype(np.int64), (numerator / denominator).astype(float), factor)


def _unknown_factors(cells: Cells, employers: Employers, most: float) -> Floats:
    """Return by how much reports without an employer raise the clustering: they are assumed to be of the known ones."""
    some = (employers.clustered > 0) & (employers.known_weight < cells.total)
    ratio = cells.total / np.where(some, employers.known_weight, cells.total)
    return np.where(some, np.minimum(ratio * ratio, most), 1.0)


def _rounded(values: Floats) -> Exact:
    """Round halves up; the values are not negative."""
    whole = np.floor(values)
    rounded = whole + (values - whole >= 0.5)
    return np.array([int(value) for value in rounded.ravel()], dtype=object).reshape(values.shape)
