"""The oracle's pooled cells: thin cells of a country, drawn towards what the model says of their reports.

Where the method is silent: how the shape differs between cells is read from those that may be disclosed and show
their median, whether or not they show P25 and P75 beside the percentile asked for; nothing is pooled where reports of
one cell never differ, nor a cell whose prediction has no variance because it rests on one employer. Logs are of pay
over 100,000 USD.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

from scipy.stats import t as student_t

from tests.oracle.bands import Correlations
from tests.oracle.figures import PRECISIONS, Figure, effective_size
from tests.oracle.model import (  # fmt: skip
    FACTORS,
    METRICS,
    Contrast,
    Fit,
    core_leaves,
    fit_rows,
    is_strict,
    log_pay,
    predicted_reports,
    value_of,
    weights_by,
)
from tests.oracle.premiums import STAGE, paule_mandel
from tests.oracle.rows import Report, by
from tests.oracle.shapes import PERCENTS, Kind, Piece, Shape, deviations, mean_log, points_of, shape_of

TIERS = ("T1", "T2", "T3", "T4", "T5")
STAGES = ("early", "senior")

Key = tuple[str, ...]


def kind_of(key: Key) -> Kind | None:
    """What kind of thin cell it would be, by level or stage in a country; None where such cells are not pooled."""
    _, _, evidence, tier, level, market, metric = key
    reported = evidence == "reported" and metric in METRICS and len(market) == 2
    if reported and tier in (*TIERS, "all") and level in (*STAGE, *STAGES):
        return tiers_of(tier), level not in STAGES
    return None


def tiers_of(tier: str) -> str:
    """Whether a tier is one whose employers are all listed, another, or all."""
    return tier if tier == "all" else "listed" if tier in ("T1", "T2") else "other"


def is_shape_cell(key: Key) -> bool:
    """A leaf: cells that may tell the shape of pay in cells of their kind."""
    return kind_of(key) is not None and key[0] == "leaf" and key[1] != "all"


class LevelHere(NamedTuple):
    """What a level adds to pay in one country besides what it adds everywhere, log units."""

    effect: float = 0.0
    missed: float = 0.0  # the variance of what it really adds around the effect
    shared: float = 0.0  # the covariance of its error with that of the mean of its reports


class Prediction(NamedTuple):
    """What the model says of a cell, log units; no variance where it rests on one employer."""

    log: float
    variance: float | None
    employers: float = math.inf  # their effective number
    shared: float = 0.0  # the covariance of what levels add here with the cell's own mean
    leaves: float = 0.0  # the variance of the effects of the leaves of its reports


@dataclass(eq=False)
class Pool:
    """What the thin cells of one metric and kind are drawn with; log units."""

    fit: Fit
    rows: dict[int, Report]  # the rows of the fit by the identity of their report
    within: dict[str, float]  # by country, of reports in a cell around what the model says of each; "" is any other
    whole: dict[str, float]  # the same around the mean of the cell
    between: float  # tau2, of cells around the model, in units of `within`
    shape: Shape  # in units of the root of `whole`, and of `whole`
    levels: dict[tuple[str, str], LevelHere] = field(default_factory=dict)  # by country and level
    known: dict[tuple[int, ...], Prediction] = field(default_factory=dict)  # by the identities of the reports

    def modelled(self, members: Iterable[Report]) -> list[Report]:
        """The rows of the fit that are of these reports."""
        return [self.rows[id(r)] for r in members if id(r) in self.rows]

    def predicted_log(self, members: Iterable[Report]) -> float:
        """The mean of the predictions of these reports."""
        members = list(members)
        log = value_of(contrast_of(self.modelled(members)), self.fit.effects)
        assert log is not None
        return log + sum(share * here.effect for share, here in self.levels_of(members))

    def levels_of(self, members: Iterable[Report]) -> list[tuple[float, LevelHere]]:
        """What the levels of the modelled ones of these reports add in their country, with the share of each."""
        known = [r for r in members if id(r) in self.rows]
        whole = sum(r["weight"] for r in known)
        return [
            (sum(r["weight"] for r in alike) / whole, self.levels.get(place, LevelHere()))
            for place, alike in by(known, lambda r: (r["country"], r["level"])).items()
        ]

    def leaves_of(self, members: Iterable[Report]) -> float:
        """Half the mean square of what the leaves of two of these reports differ by, as far as the model tells that."""
        shares: dict[str, float] = {}
        rows = self.modelled(members)
        whole = sum(r["weight"] for r in rows)
        for row in rows:
            shares[row["leaf"]] = shares.get(row["leaf"], 0.0) + row["weight"] / whole
        found = 0.0
        for one in shares:
            for other in shares:
                if one != other and not self._is_open(one, other):
                    difference = self.fit.effects["leaf", one] - self.fit.effects["leaf", other]
                    found += shares[one] * shares[other] * difference**2 / 2
        return found

    @cache  # noqa: B019 - a pool lives as long as its test
    def _is_open(self, one: str, other: str) -> bool:
        return self.fit.leaves_open([(1, "leaf", {one: 1}), (-1, "leaf", {other: 1})], strict=False)

    def prediction(self, members: Iterable[Report]) -> Prediction:
        """The same with its variance, leaving each employer of the fit out in turn."""
        members = list(members)
        same = tuple(map(id, members))  # many cells have the same people
        if same not in self.known:
            self.known[same] = self._prediction(members)
        return self.known[same]

    def _prediction(self, members: list[Report]) -> Prediction:
        contrast, here = contrast_of(self.modelled(members)), self.levels_of(members)
        log = value_of(contrast, self.fit.effects)
        assert log is not None
        others = [fit.value(contrast, strict=False) if fit else None for fit in self.fit.without_each_employer]
        told = [other for other in others if other is not None]
        variance = sum((log - other) ** 2 for other in told) if len(told) == len(others) else None
        employers = self.fit._effective_employers(contrast)
        if variance is not None:
            variance += sum(share**2 * level.missed for share, level in here)
        shared = sum(share**2 * level.shared for share, level in here)
        log, leaves = self.predicted_log(members), self.leaves_of(members)
        return Prediction(log, variance if employers > 1 else None, employers, shared, leaves)

    def share_of_cell(self, size: float) -> float:
        """Lambda: how much a cell of that effective size counts against the model."""
        return self.between / (self.between + 1 / size)

    def figures(
        self,
        own: float,
        model: Prediction,
        size: float,
        strangers: float | None = None,
        country: str = "",
        alike: float | None = None,
    ) -> dict[int, Figure]:
        """What a cell shows, from the mean of its logs, the model's prediction and its effective size.

        strangers: that size if no two people shared an employer; what employers add to the cell's error may go with
        the model's. alike: that size if people of one employer were all alike, as in what the cell is mixed of.
        Nothing if a bound is ten times as high as its figure, or a tenth.
        """
        within, whole = (of.get(country, of[""]) for of in (self.within, self.whole))
        whole += model.leaves / (1 - 1 / max(size, 2))
        share = self.share_of_cell(size)
        middle = share * own + (1 - share) * model.log
        of_model = (1 - share) ** 2 * model.variance
        of_employers = share**2 * within * (1 / size - 1 / (strangers or size))
        drawn = share * within / size + of_model + max(whole - within, 0.0) / (alike or size)
        drawn += 2 * math.sqrt(of_model * of_employers) + 2 * share * (1 - share) * model.shared
        shown = {}
        for percent, (distance, variance) in self.shape.items():
            pay = 1e5 * math.exp(middle + distance * math.sqrt(whole))
            spread = drawn + variance * whole
            freedom = (model.employers - 1) * (spread / of_model) ** 2 if of_model else math.inf
            reach = float(student_t.ppf(0.975, freedom)) * math.sqrt(spread)
            if reach > math.log(10):
                return {}
            low, high = pay * math.exp(-reach), pay * math.exp(reach)
            words = [word for limit, word in PRECISIONS.items() if (high - low) / (2 * 1.96 * pay) <= limit]
            shown[percent] = Figure(Fraction(pay), Fraction(low), Fraction(high), [*words, "unreliable"][0])
        return shown


def with_pooled(
    cells: dict[Key, Report], reports: Iterable[Report], settings: Any, correlations: Correlations, as_of: date
) -> dict[Key, Report]:
    """The cells of `oracle.bands`, all shape cells among them, with the thin ones pooled where they may be.

    A thin cell says what kept it from that in `hindrances`; a pooled one has `shown_alone`, what it shows by itself.
    """
    reports = list(reports)
    found = dict(cells)
    for metric in METRICS:
        modelled = model_reports(reports, metric)
        rows = dict(zip(map(id, modelled), fit_rows(reports, metric, settings, predicted=True), strict=True))
        fit = Fit(list(rows.values()), as_of) if rows else None
        pools = pools_of(cells, modelled, metric, rows, fit, settings, correlations)
        for key, cell in cells.items():
            kind = kind_of(key)
            shown = set(cell["figures"]) if cell["basis"] == "direct" else set()
            if key[-1] == metric and kind and not shown >= set(PERCENTS):
                found[key] = {**cell, **_pooled(cell, metric, rows, pools.get(kind), settings, correlations)}
    return found


def _pooled(
    cell: Report, metric: str, rows: dict[int, Report], pool: Pool | None, settings: Any, correlations: Correlations
) -> Report:
    """What pooling changes of a cell."""
    members = cell["members"]
    modelled = sum(r["weight"] for r in members if is_placed(r))
    whole = sum(r["weight"] for r in members)
    hindrances = {
        "few_reports": len(members) < settings.min_pooled_reports,
        "few_employers": cell["n_employers"] < settings.min_employers,
        "dominated": cell["top_employer_share"] > settings.max_employer_share,
        "unsettled": cell["is_unsettled"],
        "unmodelled": modelled < Fraction(str(settings.min_modelled_share)) * whole,
    }
    hindered = {name for name, there in hindrances.items() if there}
    prediction = pool.prediction(cell["counted"]) if pool and not hindered else None
    if pool is None or prediction is None or prediction.variance is None:
        return {"hindrances": hindered or {"no_pool" if pool is None else "no_variance"}}
    size = effective_size(members, of_means(correlations[metric][50]), most=settings.max_unknown_factor)
    strangers, alike = (
        float(effective_size(members, Fraction(likeness), most=settings.max_unknown_factor)) for likeness in (0, 1)
    )
    own, country = mean_log(members, metric), members[0]["country"]
    figures = pool.figures(own, prediction, float(size), strangers, country, alike)
    if not figures:
        return {"hindrances": {"too_wide"}}
    return {
        "hindrances": set(),
        "basis": "pooled",
        "suppression_reason": None,
        "shown_alone": set(cell["figures"]) if cell["basis"] == "direct" else set(),
        "n_effective": size,
        "shrinkage_weight": 1 - pool.share_of_cell(float(size)),
        "figures": figures,
    }


def is_placed(report: Report) -> bool:
    """Whether premiums rest on the report."""
    return bool(is_strict(report) and report["level"] and report["country"] and report["leaf"] in core_leaves())


def of_means(likeness: Fraction) -> Fraction:
    """The correlation of logs in a normal law, of which that of "at most the median" is known: 2 / pi * its arcsine."""
    return Fraction(math.sin(math.pi * float(likeness) / 2))


def pools_of(
    cells: dict[Key, Report],
    modelled: list[Report],
    metric: str,
    rows: dict[int, Report],
    fit: Fit | None,
    settings: Any,
    correlations: Correlations,
) -> dict[Kind, Pool]:
    """The pool of each kind of which enough cells tell how they differ from the model and how pay is shaped."""
    kinds: list[Kind] = [(tiers, one_level) for tiers in ("listed", "other", "all") for one_level in (True, False)]
    likeness = of_means(correlations[metric][50])
    places = {kind: list(by(of_kind(modelled, kind), lambda r, k=kind: place_of(r, k)).values()) for kind in kinds}
    prior, most = settings.variance_prior, settings.max_unknown_factor
    whole = {
        kind: variances_of([log_pays(place, metric) for place in places[kind]], likeness, prior, most) for kind in kinds
    }
    if fit is None:
        return {}
    errors = dict(zip(rows, map(float, fit.residuals), strict=True))
    levels = levels_here(modelled, errors, settings, likeness)
    errors = {id(r): errors[id(r)] - levels[r["country"], r["level"]].effect for r in modelled}
    known = {kind: of for kind, of in whole.items() if of}
    pieces: dict[Kind, list[Piece]] = {kind: [] for kind in kinds}
    for key, cell in cells.items():
        kind = kind_of(key)
        if key[-1] == metric and kind in known and is_shape_cell(key):
            country = cell["members"][0]["country"]
            pieces[kind].append((cell, known[kind].get(country, known[kind][""])))
    told = {
        kind: [
            (deviation / math.sqrt(known[kind].get(place[0]["country"], known[kind][""])), point)
            for place in places[kind]
            for deviation, point in deviations(points_of(place, metric, rows))
        ]
        for kind in known
    }
    found = {}
    for kind, spread in known.items():
        filled = [place for place in places[kind] if _is_filled(place, settings)]
        within = variances_of([[(errors[id(r)], r) for r in place] for place in places[kind]], likeness, prior, most)
        shape = shape_of(kind, told, pieces, metric, settings)
        if len(filled) < 2 or not within or shape is None:
            continue
        pool = Pool(fit, rows, within, spread, 0.0, shape, levels)
        distances, sizes = [], []
        for place in filled:
            own = within.get(place[0]["country"], within[""])
            distances.append((mean_log(place, metric) - pool.predicted_log(place)) / math.sqrt(own))
            sizes.append(float(effective_size(place, likeness, most=most)))
        pool.between = paule_mandel(distances, [1 / size for size in sizes], centre=0.0)
        found[kind] = pool
    return found


def _is_filled(place: list[Report], settings: Any) -> bool:
    """Whether enough people of enough employers say how far a cell is from the model."""
    employers = {r["employer"] for r in place} - {None}
    return len(place) >= settings.min_pooled_reports and len(employers) >= settings.min_employers


def levels_here(
    modelled: list[Report], errors: dict[int, float], settings: Any, likeness: Fraction
) -> dict[tuple[str, str], LevelHere]:
    """What each level adds in each country, drawn towards nothing the more, the fewer reports tell it.

    errors: the residuals of the model, by the identity of the report.
    """
    prior, most = settings.variance_prior, settings.max_unknown_factor
    places = by(modelled, lambda r: place_of(r, ("all", True))).values()
    spread = variances_of([[(errors[id(r)], r) for r in place] for place in places], likeness, prior, most)
    groups = by(modelled, lambda r: (r["country"], r["level"]))
    sizes = {key: float(effective_size(group, likeness, most=most)) for key, group in groups.items()}
    if spread is None:
        return dict.fromkeys(groups, LevelHere())
    means = {
        key: sum(r["weight"] * errors[id(r)] for r in group) / sum(r["weight"] for r in group)
        for key, group in groups.items()
    }
    within = {key: spread.get(key[0], spread[""]) for key in groups}
    filled = [key for key, group in groups.items() if _is_filled(group, settings)]
    between = 0.0
    if len(filled) > 1:
        distances = [means[key] / math.sqrt(within[key]) for key in filled]
        between = paule_mandel(distances, [1 / sizes[key] for key in filled], centre=0.0)
    found = {}
    for key, size in sizes.items():
        share = between / (between + 1 / size)
        missed, shared = between * (1 - share) * within[key], share * within[key] / size
        found[key] = LevelHere(share * means[key], missed, shared)
    return found


def of_kind(modelled: list[Report], kind: Kind) -> list[Report]:
    """The reports whose tiers a kind is of."""
    return [r for r in modelled if kind[0] == "all" or (r["tier"] in TIERS and kind[0] == tiers_of(r["tier"]))]


def log_pays(place: list[Report], metric: str) -> list[tuple[float, Report]]:
    return [(log_pay(r[metric]), r) for r in place]


def place_of(report: Report, kind: Kind) -> tuple[str, ...]:
    """The cell of that kind and of one leaf in a country that a report of the model is in."""
    tiers, one_level = kind
    tier = "all" if tiers == "all" else report["tier"]
    level = report["level"] if one_level else STAGE[report["level"]]
    return report["leaf"], tier, level, report["country"]


def model_reports(reports: Iterable[Report], metric: str) -> list[Report]:
    """The reports behind the predicted rows of `fit_rows`, in its order."""
    return predicted_reports(reports, metric)


def contrast_of(rows: list[Report]) -> Contrast:
    """The mean of the predictions of these rows of the fit: the intercept, and of each factor the mean effect."""
    return [(1, "intercept", {"": 1}), *((1, factor, weights_by(rows, factor)) for factor in FACTORS)]


def variances_of(
    cells: Iterable[list[tuple[float, Report]]], likeness: Fraction, prior: float, most: float = 2
) -> dict[str, float] | None:
    """s2 by country and, under "", the usual one, of cells of (log, report); None where no cell tells.

    What a country's cells tell counts by their degrees of freedom against the prior's; the usual one is the mean over
    countries with these shares as weights.
    """
    own, shares = {}, {}
    for country, places in by(cells, lambda cell: cell[0][1]["country"]).items():
        variance = variance_within(places, likeness, most)
        if variance is not None:
            sizes = [float(effective_size([r for _, r in place], likeness, most=most)) for place in places]
            freedom = sum(max(size - 1, 0.0) for size in sizes)
            own[country], shares[country] = variance, freedom / (freedom + prior)
    if not own or not sum(shares.values()):
        return None
    usual = sum(shares[c] * own[c] for c in own) / sum(shares.values())
    drawn = {c: shares[c] * own[c] + (1 - shares[c]) * usual for c in own}
    return {**drawn, "": usual} if usual > 0 else None


def variance_within(cells: Iterable[list[tuple[float, Report]]], likeness: Fraction, most: float = 2) -> float | None:
    """s2, of cells of (log, report): squares about the weighted means, over what they are expected to be of; or None.

    A mean of people who are alike by employer takes more of the squares away; a cell of one report tells nothing.
    """
    squares = expected = 0.0
    for cell in cells:
        whole = sum(r["weight"] for _, r in cell)
        mean = sum(r["weight"] * log for log, r in cell) / whole
        squares += sum(r["weight"] * (log - mean) ** 2 for log, r in cell)
        expected += whole * float(1 - 1 / effective_size([r for _, r in cell], likeness, most=most))
    return squares / expected if expected > 1e-6 else None
