"""premiums and multipliers: estimates from the model of pay."""

from datetime import date
from typing import Any

import duckdb

from salary_bands.aggregate.workspace import Workspace
from salary_bands.statistics.model import Fit, fits_by_metric, modelled
from salary_bands.statistics.multipliers import estimated_multipliers
from salary_bands.statistics.premiums import MODEL_METRICS, estimated_premiums
from salary_bands.storage.duck import add_file, add_table, add_view
from salary_bands.storage.records import records
from salary_bands.storage.sql import read_sql
from salary_bands.vocabulary.taxonomy import core_groups


def premiums(workspace: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
    """Estimate what groups pay over baselines, all else equal."""
    estimated = estimated_premiums(modelled(workspace.frame("model_cells")), core_groups(), workspace.settings)
    add_table(connection, "estimated_premiums", estimated)
    return workspace.write(connection, "premiums")


def multipliers(workspace: Workspace, connection: duckdb.DuckDBPyConnection) -> int:
    """Estimate what each value of a model factor multiplies pay by, and how well multipliers stack."""
    as_of = date.fromisoformat(workspace.plan().as_of)
    fits = fits_by_metric(modelled(workspace.frame("model_cells")))
    add_table(connection, "estimated_multipliers", estimated_multipliers(fits, as_of, workspace.settings))
    rows = workspace.write(connection, "multipliers")
    add_file(connection, "multipliers", workspace.path("multipliers"))
    workspace.write_facts("model", _model_facts(connection, fits))
    return rows


def _model_facts(connection: duckdb.DuckDBPyConnection, fits: dict[str, Fit]) -> dict[str, Any]:
    """Return facts by metric: modelled reports and their share, dropped columns, residuals, errors of stacking."""
    add_view(connection, "window_reports/counted_reports")
    add_view(connection, "window_reports/used_reports")
    stacking = {row.pop("metric"): row for row in records(connection.execute(read_sql("steps/multipliers/stacking")))}
    possible = dict(connection.execute(read_sql("steps/multipliers/model_candidates")).fetchall())
    facts: dict[str, Any] = {}
    for metric in MODEL_METRICS:
        fit = fits.get(metric)
        n = int(fit.n.sum()) if fit else 0
        facts[metric] = {
            "n_model": n,
            "share_of_reports": round(n / possible[metric], 4) if possible[metric] else None,
            "left_out": fit.left_out if fit else [],
            "residual_sd": fit.residual_sd() if fit else None,
            "stacking": stacking.get(metric),
        }
    return facts
