"""What is known of the reports that were delivered lately; a step of cell_figures."""

import math

import numpy as np
import pandas as pd

from salary_bands.aggregate.rollups import Columns
from salary_bands.settings import Settings
from salary_bands.statistics.recent import Delivered, Moves, Recent
from salary_bands.statistics.reference_pay import residuals


def recent_of(columns: Columns, profiles: pd.DataFrame, correlation: int, settings: Settings) -> Recent | None:
    """Return the recent reports of a metric, None if everything was delivered at once and nothing is news.

    correlation: by employer at P50, in millionths.
    """
    is_recent, is_counted = columns["is_recent"], ~columns["is_expired"]
    if not (is_recent & is_counted).any() or is_recent.all():
        return None
    names = ("profile", "is_inferred", "log_pay", "weight")
    reports = pd.DataFrame({name: columns[name] for name in names}).assign(is_counted=is_counted)
    rest, variance = residuals(reports, profiles, settings.min_effect_reports, settings.variance_prior)
    delivered = Delivered(
        residual=rest,
        variance=variance,
        is_recent=is_recent,
        is_counted=is_counted,
        source=np.unique(columns["source"], return_inverse=True)[1].astype(np.int32),
        employer=columns["employer"],
        arrival=columns["arrival"],
    )
    return Recent(delivered, _of_logs(correlation), settings)


def columns_of(moves: Moves) -> Columns:
    """Return the columns of the table `recent_moves` but the number of the cell."""
    names = ("recent_move", "recent_errors", "recent_shift", "is_unsettled")
    return dict(zip(names, (moves.move, moves.errors, moves.shift, moves.is_unsettled), strict=True))


def _of_logs(millionths: int) -> float:
    """Return the correlation of log pay from that of being below the median, as in a normal distribution."""
    return math.sin(math.pi / 2 * millionths / 1_000_000)
