"""estimates: what the model says of every cell that it identifies, whether or not reports can show the cell."""

import duckdb
import numpy as np
import pandas as pd

from salary_bands.aggregate.tables.fits import predictive_parts
from salary_bands.aggregate.workspace import Workspace
from salary_bands.statistics.country_levels import country_levels
from salary_bands.statistics.estimates import CELL, FIGURES, Model, estimated_cells, facts_of
from salary_bands.statistics.interactions import interactions
from salary_bands.statistics.mixes import mixes_of
from salary_bands.statistics.model import Fit
from salary_bands.statistics.nearest import effects_of, nearest_cells
from salary_bands.statistics.person_ranges import Residuals, residuals, shapes
from salary_bands.statistics.pooling import mean_correlation
from salary_bands.statistics.premiums import MODEL_METRICS
from salary_bands.storage.duck import add_table, add_view, run_step
from salary_bands.vocabulary.taxonomy import modelled_groups

_KEYS = ["metric", "leaf", "tier", "level", "is_inferred", "is_modelled", "country", "market", "month", "source"]
_TEXTS = ["metric", "leaf", "tier", "level", "country", "market", "month", "source", "employer", "kind"]


def estimates(workspace: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
    """Estimate the median and the range of one person's pay of every cell whose parts the model identifies."""
    add_view(connection, "window_reports/counted_reports")
    run_step(connection, "model_cells/model_reports")
    groups, settings = modelled_groups(), workspace.settings
    parts = predictive_parts(workspace)
    fits = {metric: of.fit for metric, of in parts.items()}
    least = settings.min_effective_employers
    published = workspace.facts("employer_correlation")
    correlations = {metric: mean_correlation(published[metric]["p50"]) for metric in fits}
    levels = {metric: country_levels(fit, correlations[metric], settings) for metric, fit in fits.items()}
    found = {
        metric: residuals(of, levels[metric].predicted - of.fit.fitted, settings.variance_prior)
        for metric, of in parts.items()
    }
    people = _people(connection, found)
    models = {
        metric: Model(
            of,
            levels[metric],
            mixes_of(of.fit, groups, settings.variance_prior),
            found[metric],
            shapes(people[people["metric"].eq(metric)], settings.part_step),
            interactions(found[metric], correlations[metric]),
        )
        for metric, of in parts.items()
    }
    run_step(connection, "estimates/direct_cells")
    direct = connection.table("direct_cells").df()
    cells = [empty_cells()]
    for metric, model in models.items():
        of_metric = estimated_cells(model, [*groups], settings).assign(metric=metric)
        near = nearest_cells(direct[direct["metric"].eq(metric)], _named(of_metric), effects_of(model.parts, least))
        cells.append(of_metric.assign(distance=near["distance"].to_numpy()))
    add_table(connection, "estimated_cells", pd.concat(cells, ignore_index=True))
    facts = {metric: facts_of(models[metric]) if metric in models else None for metric in MODEL_METRICS}
    workspace.write_facts("estimates", facts)
    return workspace.write(connection, "estimates")


def empty_cells() -> pd.DataFrame:
    """Return the frame of estimated_cells without rows."""
    texts, floats = (*CELL, "metric"), (*FIGURES, "n_near", "distance")
    return pd.DataFrame(
        {**dict.fromkeys(texts, pd.Series(dtype="str")), **dict.fromkeys(floats, pd.Series(dtype=float))}
    )


def _named(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the cells with the name of their group in one column."""
    return cells.assign(group=cells["view"] + " " + cells["group_id"])


def _people(connection: duckdb.DuckDBPyConnection, found: dict[str, Residuals]) -> pd.DataFrame:
    """Return the scaled residuals of single reports; see `shapes`."""
    rows = [_as_stored(of.fit, of.rows()) for of in found.values()]
    columns = [*_KEYS, "employer", "weight", "kind", "centre", "unseen", "scale"]
    frame = pd.concat([pd.DataFrame(columns=columns), *rows], ignore_index=True)[columns]
    floats = dict.fromkeys(("centre", "unseen", "scale"), "float64")
    flags = dict.fromkeys(("is_inferred", "is_modelled"), "bool")
    add_table(connection, "fitted_cells", frame.astype({**dict.fromkeys(_TEXTS, "str"), **floats, **flags}))
    run_step(connection, "estimates/scaled_residuals")
    return connection.table("scaled_residuals").df()


def _as_stored(fit: Fit, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of a predictive fit with level and employer as model_cells has them."""
    named = np.asarray(fit.cells["is_named"], bool)
    return rows.assign(level=rows["rank"].astype(str), employer=rows["employer"].astype(object).where(named, None))
