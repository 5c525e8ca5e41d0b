"""The oracle's model of log pay: one row of a matrix per report, and a fresh fit without each employer.

`premiums` stand in `oracle_premiums`. Nothing is shared with the package but the list of leaves. Where the method is
silent: the values left of a market or of the sources, when an employer's reports go, keep their weights as leaves
do. A contrast between leaves, tiers or levels that the reports leave open (another value of it fits them as well) has
no error, and so shows nothing; one between markets or months takes in what only their sources could tell apart.
"""

import csv
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import lstsq
from scipy.stats import t as student_t

from salary_bands.reference import FOLDER
from tests.oracle.bands import in_fives, is_counted
from tests.oracle.rounding import RoundedEffects, rounded_up
from tests.oracle.rows import Report, by

FACTORS = ("leaf", "tier", "level", "market", "month", "source")
INTERCEPT = ("intercept", "")
BASELINE = {"leaf": "ml_generalist", "tier": "T4", "level": "L5", "market": "US"}
METRICS = ("base", "total")

Value = tuple[str, str]  # (factor, value)
Effects = dict[Value, float]  # log units, of every value present; 0 of a reference and of a column that left
Side = tuple[int, str, dict[str, int]]  # sign, factor, weight of each value: a weighted mean of effects
Contrast = list[Side]


class Estimate(NamedTuple):
    """A contrast in log units; no error where reports, or those without one employer, leave it open."""

    log: float
    error: float | None
    employers: float  # G*
    rounding: float = 0.0  # variance

    def interval(self) -> tuple[float, float]:
        """95 %, log units, rounded up: Satterthwaite's degrees of freedom, since rounding is known."""
        assert self.error is not None
        whole = self.error**2 + self.rounding
        free = (self.employers - 1) * (whole / self.error**2) ** 2 if self.error else math.inf
        reach = rounded_up(float(student_t.ppf(0.975, free)) * math.sqrt(whole))
        return self.log - reach, self.log + reach


@cache
def core_leaves() -> frozenset[str]:
    with (FOLDER / "leaves.csv").open(encoding="utf-8") as stream:
        return frozenset(row["leaf"] for row in csv.DictReader(stream) if row["kind"] == "core")


def log_pay(pay: int) -> float:
    """Of 100,000 USD, in steps of 2^-16."""
    return round(2**16 * math.log(pay / 100_000)) / 2**16


def paid_reports(reports: Iterable[Report], metric: str) -> list[Report]:
    """Used reports of core leaves whose metric is known: those that the model could rest on."""
    core = core_leaves()
    return [
        r
        for r in reports
        if (r["disposition"], r["evidence"]) == ("used", "reported") and r["leaf"] in core and r[metric] is not None
    ]


def predicted_reports(reports: Iterable[Report], metric: str) -> list[Report]:
    """Those that predictions rest on: of known level and country, taken in and let go in fives.

    Reports made by hand that were never delivered are all there.
    """
    core = core_leaves()
    known = [
        r
        for r in reports
        if is_counted(r) and r["evidence"] == "reported" and r["leaf"] in core and r[metric] is not None
        if r["level"] and r["country"]
    ]
    return in_fives(known) if all("delivered_on" in r for r in known) else known


def is_strict(report: Report) -> bool:
    """Whether premiums may rest on a report that predictions rest on."""
    return bool(report["tier"] != "unknown" and report["level_basis"] != "experience")


def fit_rows(reports: Iterable[Report], metric: str, settings: Any, predicted: bool = False) -> list[Report]:
    """The reports of one metric's fit, each with y (log units), employer, weight, country and the six factors.

    predicted: those of the fit that predicts thin cells, where unknown tiers and levels by experience are values too,
    and people of unknown employers repeat each other within a month and source.
    """
    known = predicted_reports(reports, metric)
    metros, countries = (Counter(r[place] for r in known) for place in ("metro", "country"))
    rows = []
    for report in known:
        if not predicted and not is_strict(report):
            continue
        month = report["report_date"].strftime("%Y-%m")
        by_years = report["level_basis"] == "experience"
        market = "global"
        if countries[report["country"]] >= settings.min_effect_reports:
            market = report["country"]
        if report["metro"] and metros[report["metro"]] >= settings.min_effect_reports:
            market = report["metro"]
        rows.append(
            {
                **{name: report[name] for name in ("leaf", "tier", "source", "country", "metro", "weight")},
                "level": f"{report['level']} by experience" if by_years else report["level"],
                "employer": ("known", report["employer"]) if report["employer"] else (report["source"], month),
                "market": market,
                "month": month,
                "y": log_pay(report[metric]),
            }
        )
    return rows


def baseline_month(rows: Iterable[Report], as_of: date) -> str:
    """The as_of's month, else the newest."""
    months = {r["month"] for r in rows}
    return as_of.strftime("%Y-%m") if as_of.strftime("%Y-%m") in months else max(months)


def columns(rows: list[Report], as_of: date) -> tuple[list[Value], list[Value], np.ndarray]:
    """References; columns in their order; the matrix of the columns, one row per report."""
    references, names = [], [INTERCEPT]
    vectors = [np.ones(len(rows))]
    for factor in FACTORS:
        told = np.array([r[factor] for r in rows], dtype=object)
        first = baseline_month(rows, as_of) if factor == "month" else BASELINE.get(factor)
        reference, *others = sorted(set(told), key=lambda value, first=first: (value != first, value))
        references.append((factor, reference))
        names += [(factor, value) for value in others]
        vectors += [(told == value).astype(float) for value in others]
    return references, names, np.column_stack(vectors)


def independent(matrix: np.ndarray) -> list[int]:
    """The columns that are no linear combination of those before them."""
    basis = np.zeros(matrix.shape)
    kept: list[int] = []
    for number, column in enumerate(matrix.T):
        found = basis[:, : len(kept)]
        rest = column - found @ (found.T @ column)
        rest -= found @ (found.T @ rest)  # once more, against rounding
        if np.linalg.norm(rest) > 1e-7 * np.linalg.norm(column):
            basis[:, len(kept)] = rest / np.linalg.norm(rest)
            kept.append(number)
    return kept


def value_of(contrast: Contrast, effects: Effects) -> float | None:
    """Each side over the values that remain, their weights made one again; None where a side has none."""
    log = 0.0
    for sign, factor, weights in contrast:
        remaining = {value: weight for value, weight in weights.items() if (factor, value) in effects}
        if not sum(remaining.values()):
            return None
        mean = sum(weight * effects[factor, value] for value, weight in remaining.items()) / sum(remaining.values())
        log += sign * mean
    return log


@dataclass(eq=False)
class Fit:
    """Weighted least squares of y on the factors, on some rows of `fit_rows`; at least one."""

    rows: list[Report]
    as_of: date

    def __post_init__(self) -> None:
        references, names, matrix = columns(self.rows, self.as_of)
        kept = independent(matrix)
        self.kept = [names[number] for number in kept]
        self.dropped = [name for name in names if name not in self.kept]
        self.matrix = matrix[:, kept]
        self.weights = np.array([r["weight"] for r in self.rows]) / 2**20
        y = np.array([r["y"] for r in self.rows])
        root = np.sqrt(self.weights)
        # by QR, since dependent columns have left: a fifth of the time of singular values
        solution = lstsq(self.matrix * root[:, None], y * root, lapack_driver="gelsy")[0]
        self.effects: Effects = dict.fromkeys((*references, *self.dropped), 0.0)
        self.effects |= dict(zip(self.kept, map(float, solution), strict=True))
        self.residuals = y - self.matrix @ solution

    @cached_property
    def without_each_employer(self) -> list["Fit | None"]:
        """The fit of the others' rows, for every employer."""
        employers = dict.fromkeys(r["employer"] for r in self.rows)
        remaining = [[r for r in self.rows if r["employer"] != employer] for employer in employers]
        return [Fit(rows, self.as_of) if rows else None for rows in remaining]

    def estimate(self, contrast: Contrast, strict: bool = True, multiple: float = 0.0) -> Estimate:
        """multiple: the step of rounding what each value adds, in standard errors."""
        log = value_of(contrast, self.effects)
        assert log is not None
        others = [fit.value(contrast, strict) if fit else None for fit in (self, *self.without_each_employer)]
        error = None if None in others else math.sqrt(sum((log - other) ** 2 for other in others))
        employers = self._effective_employers(contrast)
        if not multiple:
            return Estimate(log, error, employers)
        rounded = self._rounded(multiple)
        return Estimate(rounded.value(contrast), error, employers, rounded.variance(contrast))

    @cache  # noqa: B019 - a fit lives as long as its test
    def _rounded(self, multiple: float) -> RoundedEffects:
        return RoundedEffects(self, multiple)

    def value(self, contrast: Contrast, strict: bool) -> float | None:
        """The contrast; None where nothing is left of a side or, if strict, the rows leave it open."""
        log = value_of(contrast, self.effects)
        return None if log is None or self.leaves_open(contrast, strict) else log

    def leaves_open(self, contrast: Contrast, strict: bool) -> bool:
        """Whether the contrast is no sum of rows, with a column for every value.

        If not strict, a source that left is not told from the first: a market may hold what sources would tell apart.
        """
        if not self.dropped:
            return False
        first = next(value for value in self.effects if value[0] == "source")
        same = {} if strict else {value: first for value in self.dropped if value[0] == "source"}
        told, values = self._told(strict, tuple(same.items()))
        wanted = np.zeros(len(values))
        for sign, factor, weights in contrast:
            remaining = {value: weight for value, weight in weights.items() if (factor, value) in self.effects}
            for value, weight in remaining.items():
                name = same.get((factor, value), (factor, value))
                wanted[values.index(name)] += sign * weight / sum(remaining.values())
        return bool(np.abs(wanted @ told - wanted).max() > 1e-6)

    @cache  # noqa: B019 - a fit lives as long as its test
    def _told(self, strict: bool, same: tuple[tuple[Value, Value], ...]) -> tuple[np.ndarray, list[Value]]:
        """Projects combinations of values on those that the rows tell, some values being taken for others."""
        names = dict(same)
        values = [value for value in self.effects if value not in names]
        rows = {tuple(names.get((f, row[f]), (f, row[f])) for f in FACTORS) for row in self.rows}
        places = {value: number for number, value in enumerate(values)}
        every = np.zeros((len(rows), len(values)))
        for number, row in enumerate(sorted(rows)):
            every[number, [places[INTERCEPT], *(places[value] for value in row)]] = 1
        sizes, directions = np.linalg.eigh(every.T @ every)
        told = directions[:, sizes > 1e-9 * sizes.max()]
        return told @ told.T, values

    @cached_property
    def _crossed(self) -> np.ndarray:
        return np.asarray(self.matrix.T @ (self.weights[:, None] * self.matrix))

    def _effective_employers(self, contrast: Contrast) -> float:
        """(sum c)^2 / sum c^2, c an employer's sum of w (x' A^-1 a)^2; 0 where no report tells the contrast."""
        factors = dict.fromkeys(self.kept, 0.0)
        for sign, factor, weights in contrast:
            for value, weight in weights.items():
                if (factor, value) in factors:
                    factors[factor, value] += sign * weight / sum(weights.values())
        a = np.array(list(factors.values()))
        told = self.weights * (self.matrix @ np.linalg.solve(self._crossed, a)) ** 2
        shares: Counter[Any] = Counter()
        for row, share in zip(self.rows, told, strict=True):
            shares[row["employer"]] += share
        squares = sum(share**2 for share in shares.values())
        return sum(shares.values()) ** 2 / squares if squares else 0.0


def weights_by(rows: Iterable[Report], name: str) -> dict[str, int]:
    weights: Counter[str] = Counter()
    for row in rows:
        weights[row[name]] += row["weight"]
    return dict(weights)


def is_told(estimate: Estimate, settings: Any) -> bool:
    """Four employers that tell the same are 4, whatever the last bit of a double says."""
    return estimate.error is not None and estimate.employers >= settings.min_effective_employers - 1e-9


def multipliers(reports: Iterable[Report], settings: Any, as_of: date) -> dict[tuple[str, str, str], Report]:
    """By (factor, value, metric): ratios unrounded; usd, usd_low, usd_high as published and, `exact_`, unrounded."""
    reports = list(reports)
    found = {}
    for metric in METRICS:
        rows = fit_rows(reports, metric, settings)
        names = {"leaf": "leaf", "tier": "tier", "level": "level", "market": "country"}
        american = sum(r["country"] == "US" for r in rows)
        if american >= settings.min_market_reports and all(
            any(r[names[factor]] == value for r in rows) for factor, value in BASELINE.items()
        ):
            for (factor, value), row in _multipliers(Fit(rows, as_of), settings).items():
                found[factor, value, metric] = {**row, **_published_usd(row)}
    return found


def _multipliers(fit: Fit, settings: Any) -> dict[Value, Report]:
    rows = fit.rows
    bases: dict[str, Side] = {factor: (1, factor, {BASELINE[factor]: 1}) for factor in ("leaf", "tier", "level")}
    bases["market"] = (1, "market", weights_by((r for r in rows if r["country"] == "US"), "market"))
    bases["month"] = (1, "month", {baseline_month(rows, fit.as_of): 1})
    sources: Side = (1, "source", weights_by(rows, "source"))
    typical = [r for r in rows if (r["leaf"], r["tier"], r["level"], r["country"]) == tuple(BASELINE.values())]
    step = settings.part_step
    prediction = fit.estimate([(1, "intercept", {"": 1}), *bases.values(), sources], strict=False, multiple=step)
    told = is_told(prediction, settings)
    usd = 100_000 * math.exp(prediction.log) if told else None
    low, high = (100_000 * math.exp(bound) for bound in prediction.interval()) if told else (None, None)
    found: dict[Value, Report] = {
        ("baseline", ", ".join(BASELINE.values())): {
            "multiplier": 1.0,
            "low": None,
            "high": None,
            "exact_usd": usd,
            "exact_usd_low": low,
            "exact_usd_high": high,
            "n": len(typical),
        }
    }
    for factor, base in bases.items():
        own = "US" if factor == "market" else next(iter(base[2]))
        for value, (side, n) in _values(factor, rows, settings).items():
            if value == own:
                ratios = (1.0, None, None)
            else:
                strict = factor not in ("market", "month")
                estimate = fit.estimate([side, (-1, *base[1:])], strict=strict, multiple=step)
                shown = is_told(estimate, settings)
                ratios = (math.exp(estimate.log), *map(math.exp, estimate.interval())) if shown else (None,) * 3
            money = [None if ratio is None or usd is None else usd * ratio for ratio in ratios]
            name = "specialisation" if factor == "leaf" else factor
            found[name, value] = {
                **dict(zip(("multiplier", "low", "high"), ratios, strict=True)),
                **dict(zip(("exact_usd", "exact_usd_low", "exact_usd_high"), money, strict=True)),
                "n": n,
            }
    return found


def _values(factor: str, rows: list[Report], settings: Any) -> dict[str, tuple[Side, int]]:
    """What a factor has a row for: its side of the contrast and its reports; a country's is over all its markets.

    Markets are metros and countries of enough reports, and all other countries together.
    """
    if factor != "market":
        return {v: ((1, factor, {v: 1}), len(alike)) for v, alike in by(rows, lambda r: r[factor]).items()}
    enough = settings.min_market_reports
    countries = {c: alike for c, alike in by(rows, lambda r: r["country"]).items() if len(alike) >= enough}
    metros = {
        m: alike
        for m, alike in by([r for r in rows if r["market"] == r["metro"]], lambda r: r["metro"]).items()
        if len(alike) >= enough
    }
    rest = [r for r in rows if r["country"] not in countries]
    places = {**countries, **metros, **({"rest_of_world": rest} if rest else {})}
    return {place: ((1, factor, weights_by(alike, "market")), len(alike)) for place, alike in places.items()}


def _published_usd(row: Report) -> Report:
    money = {}
    for name in ("usd", "usd_low", "usd_high"):
        usd = row[f"exact_{name}"]
        step = 100 if usd is not None and usd < 50_000 else 500
        money[name] = None if usd is None else math.floor(usd / step + 0.5) * step
    return money


def summary(reports: Iterable[Report], settings: Any, as_of: date) -> dict[str, Report]:
    """By metric: n_model, its share of reports (None without any), the columns that left as (factor, value)."""
    reports = list(reports)
    found = {}
    for metric in METRICS:
        rows, paid = fit_rows(reports, metric, settings), paid_reports(reports, metric)
        found[metric] = {
            "n_model": len(rows),
            "share_of_reports": len(rows) / len(paid) if paid else None,
            "dropped": Fit(rows, as_of).dropped if rows else [],
        }
    return found
