"""What each specialisation, tier, level, market and month multiplies pay by: METHOD, multipliers."""

import math
from datetime import date

import pandas as pd

from salary_bands.settings import Settings
from salary_bands.statistics.model import Contrast, Estimate, Fit

BASELINE = {"leaf": "ml_generalist", "tier": "T4", "level": "L5", "country": "US"}
FACTOR_NAMES = {"leaf": "specialisation", "tier": "tier", "level": "level", "market": "market", "month": "month"}


def estimated_multipliers(fits: dict[str, Fit], as_of: date, settings: Settings) -> pd.DataFrame:
    """factor, value, metric, multiplier, low, high, usd, usd_low, usd_high, n: unrounded.

    fits: of each metric, of all its model_cells; a metric without a report of a baseline value has no rows.
    """
    parts = [pd.DataFrame(_rows(metric, fit, as_of, settings)) for metric, fit in fits.items()]
    columns = ["factor", "value", "metric", "multiplier", "low", "high", "usd", "usd_low", "usd_high", "n"]
    return pd.concat([pd.DataFrame(columns=columns), *parts], ignore_index=True)


def _rows(metric: str, fit: Fit, as_of: date, settings: Settings) -> list[dict[str, object]]:
    cells = fit.cells
    american = cells.loc[cells["country"].eq(BASELINE["country"]), "n"].sum()
    if american < settings.min_market_reports or not all(cells[k].eq(v).any() for k, v in BASELINE.items()):
        return []
    month = as_of.strftime("%Y-%m")
    newest = month if cells["month"].eq(month).any() else str(cells["month"].max())
    first = {**BASELINE, "market": BASELINE["country"], "month": newest}
    places = _places(fit, settings)
    usual = _usual(fit, first, places)
    base = fit.estimate(usual)
    dollars = 100_000 * math.exp(base.value) if base.told(settings.min_effective_employers) else math.nan
    rows = [_baseline_row(metric, fit, base, dollars)]
    for factor, name in FACTOR_NAMES.items():
        values = places if factor == "market" else {v: {v: 1.0} for v in sorted(cells[factor].unique())}
        for value, weights in values.items():
            n = int(cells.loc[_of(cells, factor, value), "n"].sum())
            row = {"factor": name, "value": value, "metric": metric, "n": n, "multiplier": None}
            if value == first[factor]:
                rows.append({**row, "multiplier": 1.0, "usd": dollars})
                continue
            against = places[first[factor]] if factor == "market" else {first[factor]: 1.0}
            # a market or month that one source alone tells of carries that source's habits
            beside = factor in ("market", "month")
            found = fit.estimate(Contrast(((1, factor, weights), (-1, factor, against)), beside_sources=beside))
            if found.told(settings.min_effective_employers):
                ratios = [math.exp(log) for log in (found.value, *found.interval())]
                row |= dict(zip(("multiplier", "low", "high"), ratios, strict=True))
                row |= dict(zip(("usd", "usd_low", "usd_high"), (dollars * r for r in ratios), strict=True))
            rows.append(row)
    return rows


def _places(fit: Fit, settings: Settings) -> dict[str, dict[str, float]]:
    """Markets of the fit, and countries with enough reports: each with the weight of its reports' markets."""
    cells = fit.cells
    found = {market: {market: 1.0} for market in sorted(cells["market"].unique())}
    reports = cells.groupby("country")["n"].sum()
    for country in sorted(str(c) for c, n in reports.items() if n >= settings.min_market_reports):
        found[country] = fit.weights_of("market", cells["country"].eq(country).to_numpy())
    return found


def _of(cells: pd.DataFrame, factor: str, value: str) -> pd.Series:
    """The rows of a value: of a country all, whatever their market."""
    is_country = factor == "market" and len(value) == 2
    return cells["country"].eq(value) if is_country else cells[factor].eq(value)


def _usual(fit: Fit, first: dict[str, str], places: dict[str, dict[str, float]]) -> Contrast:
    """The prediction for the baseline, sources being mixed as they are."""
    own = ((1, factor, {first[factor]: 1.0}) for factor in ("leaf", "tier", "level", "month"))
    us, sources = places[BASELINE["country"]], fit.weights_of("source")
    return Contrast((*own, (1, "market", us), (1, "source", sources)), intercept=True, beside_sources=True)


def _baseline_row(metric: str, fit: Fit, base: Estimate, dollars: float) -> dict[str, object]:
    cells = fit.cells
    here = pd.concat([cells[name].eq(value) for name, value in BASELINE.items()], axis=1).all(axis=1)
    row = {"factor": "baseline", "value": ", ".join(BASELINE.values()), "metric": metric, "multiplier": 1.0}
    row |= {"usd": dollars, "n": int(cells.loc[here, "n"].sum())}
    if not math.isnan(dollars):
        row |= dict(zip(("usd_low", "usd_high"), (100_000 * math.exp(log) for log in base.interval()), strict=True))
    return row
