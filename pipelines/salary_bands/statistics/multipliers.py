"""Estimate by how much each specialisation, tier, level, market and month multiplies pay."""

import math
from datetime import date

import pandas as pd

from salary_bands.settings import Settings
from salary_bands.statistics.contrasts import Contrasts, Estimates, estimated
from salary_bands.statistics.model import Fit, Mask
from salary_bands.statistics.rounding import Rounded

BASELINE = {"leaf": "ml_generalist", "tier": "T4", "level": "L5", "country": "US"}
REST = "rest_of_world"  # countries with too few reports for a multiplier
SHARED_MARKET = "global"  # of countries with too few reports for an effect
FACTOR_NAMES = {"leaf": "specialisation", "tier": "tier", "level": "level", "market": "market", "month": "month"}


def estimated_multipliers(fits: dict[str, Fit], as_of: date, settings: Settings) -> pd.DataFrame:
    """Estimate the multiplier of each value of each factor against the baseline, unrounded.

    A metric has no rows if no report has one of the baseline values, or if the baseline country has too few reports.

    Args:
        fits: the fit of each metric on all its model_cells.

    Returns:
        factor, value, metric, multiplier, low, high, usd, usd_low, usd_high, n.
    """
    parts = [pd.DataFrame(_rows(metric, fit, as_of, settings)) for metric, fit in fits.items()]
    columns = ["factor", "value", "metric", "multiplier", "low", "high", "usd", "usd_low", "usd_high", "n"]
    return pd.concat([pd.DataFrame(columns=columns), *parts], ignore_index=True)


def _rows(metric: str, fit: Fit, as_of: date, settings: Settings) -> list[dict[str, object]]:
    cells = fit.cells
    reports = cells.loc[cells["country"].eq(BASELINE["country"]), "n"].sum()
    if reports < settings.min_market_reports or not all(cells[k].eq(v).any() for k, v in BASELINE.items()):
        return []
    month = as_of.strftime("%Y-%m")
    newest = month if cells["month"].eq(month).any() else max(fit.weights_of("month"))
    baseline = {**BASELINE, "market": BASELINE["country"], "month": newest}
    places = _places(fit, settings)
    rounded = Rounded(fit, settings.part_step)
    base = estimated(fit, _baseline_contrast(fit, baseline), rounded)
    is_told = bool(base.rest_on(settings.min_effective_employers)[0])
    dollars = 100_000 * math.exp(base.value[0]) if is_told else math.nan
    rows = [_baseline_row(metric, fit, base, dollars)]
    for factor, name in FACTOR_NAMES.items():
        rows_of = (
            places if factor == "market" else {v: fit.cells[factor].eq(v).to_numpy() for v in fit.weights_of(factor)}
        )
        values = {value: fit.weights_of(factor, of) for value, of in rows_of.items()}
        own = baseline[factor]
        others = [value for value in values if value != own]
        contrasts = (((1, factor, values[value]), (-1, factor, values[own])) for value in others)
        # a market or month that is in one source only may carry that source's habits
        found = estimated(fit, Contrasts.of(fit, contrasts, ignore_sources=factor in ("market", "month")), rounded)
        ratios = dict(zip(others, _ratios(found, settings), strict=True))
        for value in values:
            n = int(cells.loc[rows_of[value], "n"].sum())
            row = {"factor": name, "value": value, "metric": metric, "n": n, "multiplier": None}
            if value == own:
                row |= {"multiplier": 1.0, "usd": dollars}
            elif told := ratios[value]:
                row |= dict(zip(("multiplier", "low", "high"), told, strict=True))
                row |= dict(zip(("usd", "usd_low", "usd_high"), (dollars * r for r in told), strict=True))
            rows.append(row)
    return rows


def _ratios(found: Estimates, settings: Settings) -> list[tuple[float, ...] | None]:
    """Return each multiplier with the ends of its interval, None for those that may not be told."""
    logs = zip(found.value, *found.intervals(), strict=True)
    told = found.rest_on(settings.min_effective_employers)
    return [tuple(math.exp(log) for log in of) if may else None for of, may in zip(logs, told, strict=True)]


def _places(fit: Fit, settings: Settings) -> dict[str, Mask]:
    """Return the rows of each metro and country with enough reports, and of the rest of the world."""
    cells = fit.cells
    reports = {of: cells.groupby(of, observed=True)["n"].sum() for of in ("market", "country")}
    names = {
        of: sorted(str(v) for v, n in of_place.items() if n >= settings.min_market_reports)
        for of, of_place in reports.items()
    }
    metros = {
        metro: cells["market"].eq(metro).to_numpy()
        for metro in names["market"]
        if len(metro) > 2 and metro != SHARED_MARKET
    }
    countries = {country: cells["country"].eq(country).to_numpy() for country in names["country"]}
    rest = ~cells["country"].isin(names["country"]).to_numpy()
    return {**metros, **({REST: rest} if rest.any() else {}), **countries}


def _baseline_contrast(fit: Fit, baseline: dict[str, str]) -> Contrasts:
    """Return the contrast that predicts the baseline, averaged over the sources by weight."""
    own = ((1, factor, {baseline[factor]: 1.0}) for factor in ("leaf", "tier", "level", "month"))
    us = fit.weights_of("market", fit.cells["country"].eq(BASELINE["country"]).to_numpy())
    sources = fit.weights_of("source")
    terms = (*own, (1, "market", us), (1, "source", sources))
    return Contrasts.of(fit, [terms], intercept=True, ignore_sources=True)


def _baseline_row(metric: str, fit: Fit, base: Estimates, dollars: float) -> dict[str, object]:
    cells = fit.cells
    here = pd.concat([cells[name].eq(value) for name, value in BASELINE.items()], axis=1).all(axis=1)
    row = {"factor": "baseline", "value": ", ".join(BASELINE.values()), "metric": metric, "multiplier": 1.0}
    row |= {"usd": dollars, "n": int(cells.loc[here, "n"].sum())}
    if not math.isnan(dollars):
        ends = (100_000 * math.exp(end[0]) for end in base.intervals())
        row |= dict(zip(("usd_low", "usd_high"), ends, strict=True))
    return row
