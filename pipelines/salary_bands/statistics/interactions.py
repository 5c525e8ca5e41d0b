"""Estimate how far cells of one leaf, tier and level are from what their parts add up to.

From products of residuals of reports of different employers in one cell, whose mean is the variance between cells: what
one employer's people share is in none of them. A fit also draws residuals of one cell apart; what it does so under no
interactions is taken off, given how alike the pay at one employer is.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from salary_bands.statistics.model import Floats, numbered
from salary_bands.statistics.modelled_cells import COMPLETE_LISTS
from salary_bands.statistics.person_ranges import Residuals

CELL = ["leaf", "tier", "rank"]
FEWEST = 0.04  # share of a person's variance: a smaller one is not detectable without thousands of reports


def interactions(found: Residuals, correlation: float) -> float:
    """Return the variance between cells as a share of the variance of one person's pay, at least FEWEST.

    correlation: of log pay by employer, where employers are a sample.
    """
    fit = found.fit
    cell, count = numbered(fit.cells[CELL]), int(fit.employers.max()) + 1
    pairs, pair = np.unique(cell * count + fit.employers, return_inverse=True)
    of_cell, of_employer = pairs // count, pairs % count
    mass = fit.n * fit.weight
    clustered = fit.cells["is_named"].to_numpy(bool) & ~fit.cells["tier"].isin(COMPLETE_LISTS).to_numpy()
    shared = np.sqrt(correlation * clustered)
    sums = np.bincount(pair, fit.weight * (fit.sum_y - fit.n * fit.fitted))
    weights = np.bincount(pair, mass)
    products = _between(sums * sums, sums, of_cell)
    chances = _between(weights * weights, weights, of_cell)
    variance = fit.variance()
    rows = csr_array((np.ones(len(pair)), (pair, np.arange(len(pair)))))
    apart = variance * (1 - correlation * clustered) * mass * fit.weight
    design = (rows @ fit.design.multiply(mass[:, None])).toarray()
    together = np.zeros((count, len(fit.columns)))
    np.add.at(together, of_employer, (rows @ fit.design.multiply((mass * shared)[:, None])).toarray())
    covariances = (rows @ fit.design.multiply(apart[:, None])).toarray()
    covariances += variance * np.bincount(pair, mass * shared)[:, None] * together[of_employer]
    meat = (fit.design.T @ fit.design.multiply(apart[:, None])).toarray() + variance * together.T @ together
    bread = fit.inverse

    def drawn(of_design: Floats, of_covariances: Floats) -> Floats:
        own = -2 * ((of_design @ bread) * of_covariances).sum(axis=1)
        return np.asarray(own + ((of_design @ bread @ meat @ bread) * of_design).sum(axis=1))

    by_cell = csr_array((np.ones(len(pairs)), (of_cell, np.arange(len(pairs)))))
    expected = drawn(by_cell @ design, by_cell @ covariances) - np.bincount(of_cell, drawn(design, covariances))
    told = chances > 0
    if not told.any() or not variance > 0:
        return FEWEST
    scale = np.sqrt(chances[told])
    between = float(((products - expected)[told] / scale).sum() / scale.sum())
    return max(between / found.usual, FEWEST)


def _between(own: NDArray[Any], sums: NDArray[Any], cell: NDArray[Any]) -> Floats:
    """Return the square of the sum of each cell less those of its employers: products across employers."""
    return np.asarray(np.bincount(cell, sums) ** 2 - np.bincount(cell, own))
