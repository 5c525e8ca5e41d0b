"""The oracle of the model against examples by hand, closed forms and simulated pay whose effects are known."""

import math
import random
from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest
from scipy.stats import t as student_t

from salary_bands.settings import Settings
from tests.oracle.bands import Group
from tests.oracle.model import Contrast, Fit, columns, fit_rows, independent, multipliers, summary
from tests.oracle.premiums import likeness_by_employer, paule_mandel, premiums
from tests.oracle.rounding import rounded_up
from tests.oracle.rows import Report

AS_OF = date(2026, 6, 30)
GENERALIST, NLP = "ml_generalist", "nlp_classical"
NLP_ABOVE: Contrast = [(1, "leaf", {NLP: 1}), (-1, "leaf", {GENERALIST: 1})]
T3_ABOVE: Contrast = [(1, "tier", {"T3": 1}), (-1, "tier", {"T4": 1})]


def report(log_pay: float, **facts: Any) -> Report:
    """One report whose pay is 100,000 USD times exp(log_pay), plain where nothing is said."""
    plain: Report = {
        "disposition": "used",
        "evidence": "reported",
        "leaf": GENERALIST,
        "tier": "T4",
        "level": "L5",
        "level_basis": "ladder",
        "country": "US",
        "metro": None,
        "source": "north",
        "employer": "Somebody",
        "report_date": AS_OF,
        "weight": 2**20,
        "base": round(1e5 * math.exp(log_pay)),
        "total": None,
    }
    return {**plain, **facts}


def fitted(reports: Iterable[Report], settings: Settings, metric: str = "base") -> Fit:
    return Fit(fit_rows(reports, metric, settings), AS_OF)


def test_a_fit_of_equal_weights_is_the_one_by_hand(settings: Settings) -> None:
    """Means 0.1 (of two), 0.3, 0.5, 0.8; the interaction 0.1 is spread as 0.1 / 3.5 over the reports of each cell."""
    reports = [
        *(report(y) for y in (0.0, 0.2)),
        report(0.3, tier="T3"),
        report(0.5, leaf=NLP),
        report(0.8, leaf=NLP, tier="T3"),
    ]
    fit, part = fitted(reports, settings), 0.1 / 3.5
    assert fit.effects["intercept", ""] == pytest.approx(0.1 - part / 2, abs=2e-5)
    assert fit.effects["leaf", NLP] == pytest.approx(0.4 + 1.5 * part, abs=2e-5)
    assert fit.effects["tier", "T3"] == pytest.approx(0.2 + 1.5 * part, abs=2e-5)
    assert list(fit.residuals) == pytest.approx([-0.1 + part / 2, 0.1 + part / 2, -part, -part, part], abs=2e-5)


def test_a_report_of_double_weight_counts_as_two_of_its_employer(settings: Settings) -> None:
    rng = random.Random(1)
    reports = [report(rng.gauss(0, 0.3), leaf=rng.choice([GENERALIST, NLP]), employer=str(n % 7)) for n in range(40)]
    doubled = [{**r, "weight": 2**21} if n % 3 else r for n, r in enumerate(reports)]
    twice = [r for n, r in enumerate(reports) for _ in range(2 if n % 3 else 1)]
    one, other = (fitted(rows, settings).estimate(NLP_ABOVE) for rows in (doubled, twice))
    assert (one.log, one.error) == pytest.approx((other.log, other.error), abs=1e-9)


def test_the_error_of_a_difference_of_two_means_is_its_closed_form(settings: Settings) -> None:
    """Employers of one report each: leaving one out moves its mean by e / (n - 1)."""
    rng = random.Random(2)
    sides = {leaf: [rng.gauss(0, 0.3) for _ in range(n)] for leaf, n in ((GENERALIST, 9), (NLP, 5))}
    reports = [report(y, leaf=leaf, employer=f"{leaf} {n}") for leaf, ys in sides.items() for n, y in enumerate(ys)]
    estimate = fitted(reports, settings).estimate(NLP_ABOVE)
    variance = sum(((y - sum(ys) / len(ys)) / (len(ys) - 1)) ** 2 for ys in sides.values() for y in ys)
    assert estimate.log == pytest.approx(sum(sides[NLP]) / 5 - sum(sides[GENERALIST]) / 9, abs=2e-5)
    assert estimate.error == pytest.approx(math.sqrt(variance), rel=1e-3)
    # shares of the difference's variance: 1/9 from nine reports, 1/5 from five
    assert estimate.employers == pytest.approx((1 / 9 + 1 / 5) ** 2 / (9 / 9**4 + 5 / 5**4))
    low, high = estimate.interval()
    half = student_t.ppf(0.975, estimate.employers - 1) * estimate.error
    assert high - low == pytest.approx(2 * rounded_up(half))


def test_the_error_of_large_employers_is_that_of_the_means_without_them(settings: Settings) -> None:
    sizes = {"a": (0.1, 4), "b": (0.3, 2), "c": (-0.2, 3), "d": (0.0, 1)}
    told = [report(y, employer=name) for name, (y, n) in sizes.items() for _ in range(n)]
    other = [report(0.5, leaf=NLP, employer=f"n{n}") for n in range(3)]
    mean = sum(y * n for y, n in sizes.values()) / 10
    without = [(10 * mean - y * n) / (10 - n) for y, n in sizes.values()]
    estimate = fitted([*told, *other], settings).estimate(NLP_ABOVE)
    assert estimate.error == pytest.approx(math.sqrt(sum((mean - m) ** 2 for m in without)), abs=1e-4)


def test_where_an_employer_has_all_of_a_leaf_the_leaves_that_remain_tell_the_error(settings: Settings) -> None:
    reports = [report(0.1 * n, employer=f"g{n}") for n in range(4)]
    reports += [report(0.1 * n + 0.2, leaf=NLP, employer=f"g{n}") for n in range(4)]
    reports += [report(0.9, leaf="agentic", employer="g3")]
    base = (-1, "leaf", {GENERALIST: 1})
    fit = fitted(reports, settings)
    assert fit.estimate([(1, "leaf", {"agentic": 1}), base]).error is None
    assert fit.estimate([(1, "leaf", {"agentic": 1, NLP: 4}), base]).error is not None
    without = fit.without_each_employer[3]
    assert without is not None
    effects = without.effects
    assert ("leaf", "agentic") not in effects
    assert effects["leaf", NLP] == pytest.approx(0.2, abs=2e-5)


def test_columns_that_say_the_same_leave_in_the_order_of_factors(settings: Settings) -> None:
    reports = [report(0.1 * n, employer=str(n)) for n in range(5)]
    reports += [report(0.3 * n, employer=str(n), tier="T3", source="south") for n in range(5)]
    fit = fitted(reports, settings)
    assert fit.dropped == [("source", "south")]
    assert fit.effects["source", "south"] == 0
    assert fit.estimate(T3_ABOVE).log == pytest.approx(0.4, abs=2e-5)
    # no report tells north from south, so nothing must come of it
    assert fit.estimate([(1, "source", {"south": 1}), (-1, "source", {"north": 1})]).employers == 0
    _, names, matrix = columns(fit.rows, AS_OF)
    assert [names[n] for n in independent(matrix)] == fit.kept


def test_the_reports_of_a_fit_are_those_that_say_all_it_needs(settings: Settings) -> None:
    out = {
        "disposition": "outlier",
        "evidence": "advertised",
        "leaf": "data_science",
        "tier": "unknown",
        "level": None,
        "level_basis": "experience",
        "country": None,
        "base": None,
    }
    rows = [report(0), *(report(0, **{name: value}) for name, value in out.items())]
    assert len(fit_rows(rows, "base", settings)) == 1
    told = summary(rows, settings, AS_OF)
    assert told["base"] == {"n_model": 1, "share_of_reports": 1 / 5, "dropped": []}
    assert told["total"] == {"n_model": 0, "share_of_reports": None, "dropped": []}


def test_a_market_is_the_finest_place_with_enough_reports(settings: Settings) -> None:
    places = {
        ("US", "us-seattle"): (30, "us-seattle"),
        ("US", "us-austin"): (29, "US"),
        ("GB", "gb-london"): (29, "GB"),
        ("GB", None): (1, "GB"),
        ("FR", "fr-paris"): (29, "global"),
        ("DE", "de-berlin"): (30, "de-berlin"),
        ("IN", None): (1, "global"),
    }
    reports = [report(0, country=country, metro=metro) for (country, metro), (n, _) in places.items() for _ in range(n)]
    coarse = settings.model_copy(update={"min_effect_reports": 30})
    found = {(r["country"], r["metro"]): r["market"] for r in fit_rows(reports, "base", coarse)}
    assert found == {place: market for place, (_, market) in places.items()}
    finest = {(r["country"], r["metro"]): r["market"] for r in fit_rows(reports, "base", settings)}
    assert finest == {(c, m): "global" if c == "IN" else m or c for c, m in places} | {("GB", None): "GB"}
    values = {value for factor, value, _ in multipliers(reports, settings, AS_OF) if factor == "market"}
    assert values == {"US", "us-seattle", "GB", "DE", "de-berlin", "rest_of_world"}


def simulated(seed: int, premium: float = 0.2, scale: int = 1) -> list[Report]:
    """600 reports at 40 employers that pay apart; NLP pays the premium, at better paid levels and employers."""
    rng = random.Random(seed)
    tiers = {n: rng.choice(["T3", "T4", "T4", "T5"]) for n in range(40)}
    pays = {n: rng.gauss({"T3": 0.3, "T4": 0.0, "T5": -0.1}[tier], 0.1) for n, tier in tiers.items()}
    reports = []
    for _ in range(600):
        employer, level, months = rng.randrange(40), rng.randrange(3, 8), rng.randrange(6)
        is_nlp = rng.random() < 0.1 * level
        country = rng.choice(["US", "US", "GB"])
        log_pay = 0.2 * (level - 5) + pays[employer] - 0.01 * months - 0.3 * (country == "GB") + rng.gauss(0, 0.15)
        base = round(1e5 * math.exp(log_pay) * (1 + premium * is_nlp))
        day, weight = date(2026, 6 - months, 15), round(2**20 * 0.5 ** (months / 6))
        facts = {"leaf": NLP if is_nlp else GENERALIST, "tier": tiers[employer], "level": f"L{level}"}
        facts |= {"employer": str(employer), "country": country, "report_date": day, "weight": weight}
        reports.append(report(0, **facts, base=scale * base, source=rng.choice(["north", "south"])))
    return reports


def premium_of(reports: list[Report], settings: Settings, *leaves: str) -> Report:
    group = Group("leaf", "group", frozenset(leaves))
    return premiums(reports, [group], settings, AS_OF)["leaf", "group", GENERALIST, "base", "all", "all"]


def test_a_simulated_premium_is_within_its_interval(settings: Settings) -> None:
    row = premium_of(simulated(3), settings, NLP)
    assert row["identified"]
    assert row["premium_low"] < 0.2 < row["premium_high"]
    assert 0.03 < row["premium_high"] - row["premium_low"] < 0.15
    assert (row["range_low"], row["range_high"]) == pytest.approx((row["premium"], row["premium"]), abs=0.06)
    assert row["n_group"] + row["n_baseline"] == 600


def test_intervals_of_the_full_fit_hold_the_premium_about_as_often_as_they_say(settings: Settings) -> None:
    held = 0
    for seed in range(100, 120):
        low, high = fitted(simulated(seed), settings).estimate(NLP_ABOVE).interval()
        held += low < math.log(1.2) < high
    assert held >= 17


def test_intervals_of_multipliers_hold_the_truth_about_as_often_as_they_say(settings: Settings) -> None:
    truth = {("specialisation", NLP): 1.2, ("market", "GB"): math.exp(-0.3), ("level", "L7"): math.exp(0.4)}
    held = dict.fromkeys(truth, 0)
    for seed in range(20):
        rows = multipliers(simulated(seed), settings, AS_OF)
        for key, ratio in truth.items():
            held[key] += rows[*key, "base"]["low"] < ratio < rows[*key, "base"]["high"]
    assert min(held.values()) >= 17


def test_multiplied_pay_is_that_of_the_baseline_times_the_multiplier(settings: Settings) -> None:
    rows = multipliers(simulated(4), settings, AS_OF)
    baseline = rows.pop(("baseline", "ml_generalist, T4, L5, US", "base"))
    assert baseline["usd_low"] < 100_000 < baseline["usd_high"]
    assert baseline["multiplier"] == 1
    assert {factor for factor, _, metric in rows if metric == "base"} == {
        *("specialisation", "tier", "level", "market", "month")
    }
    assert not [key for key in rows if key[2] == "total"]
    for key, row in rows.items():
        for usd, ratio in (("usd", "multiplier"), ("usd_low", "low"), ("usd_high", "high")):
            if row[ratio] is None:
                assert row[usd] is None and row["multiplier"] == 1, key
            else:
                assert row[f"exact_{usd}"] == pytest.approx(baseline["exact_usd"] * row[ratio]), key
                assert abs(row[usd] - row[f"exact_{usd}"]) <= 250 and row[usd] % 500 == 0, key


@pytest.mark.parametrize("scale", [2, 10])
def test_scaling_all_pay_leaves_premiums_and_scales_the_baseline(settings: Settings, scale: int) -> None:
    """But for logs being in steps of 2^-16, and of what is common, which is rounded."""
    settings = settings.model_copy(update={"part_step": 0})
    one, many = (premium_of(simulated(5, scale=k), settings, NLP) for k in (1, scale))
    assert one == pytest.approx(many, abs=1e-5)
    pays = [multipliers(simulated(5, scale=k), settings, AS_OF) for k in (1, scale)]
    for key, row in pays[0].items():
        assert row["multiplier"] == pytest.approx(pays[1][key]["multiplier"], abs=1e-5), key
        assert pays[1][key]["exact_usd"] == pytest.approx(scale * row["exact_usd"], rel=1e-5), key


@pytest.mark.parametrize(("employers", "identified"), [(1, False), (2, False), (30, True)])
def test_a_group_at_few_employers_is_not_identified(settings: Settings, employers: int, identified: bool) -> None:
    rng = random.Random(6)
    rows = [report(rng.gauss(0, 0.2), employer=str(n % 30)) for n in range(300)]
    rows += [report(rng.gauss(0.1, 0.2), leaf=NLP, employer=str(n % employers)) for n in range(60)]
    row = premium_of(rows, settings, NLP)
    assert row["identified"] == identified
    assert (row["premium"] is None) != identified
    assert (row["n_group"], row["n_baseline"], row["n_cells"]) == (60, 300, 1)


def test_a_group_away_from_the_baseline_is_not_identified(settings: Settings) -> None:
    rng = random.Random(7)
    rows = [report(rng.gauss(0, 0.2), employer=str(n % 30), level=f"L{3 + n % 2}") for n in range(300)]
    for beside, identified in ((14, False), (15, True)):
        levels = [*["L4"] * beside, *["L5"] * (60 - beside)]
        ours = [report(rng.gauss(0, 0.2), leaf=NLP, employer=str(n % 30), level=v) for n, v in enumerate(levels)]
        assert premium_of([*rows, *ours], settings, NLP)["identified"] == identified


def test_a_group_leaves_the_baseline_out_of_itself(settings: Settings) -> None:
    reports = simulated(8)
    both, alone = premium_of(reports, settings, NLP, GENERALIST), premium_of(reports, settings, NLP)
    assert both == {**alone, "baseline_in_group": True}
    itself = premium_of(reports, settings, GENERALIST)
    assert (itself["n_group"], itself["identified"], itself["baseline_in_group"]) == (0, False, True)


def test_the_effect_of_a_country_is_the_mean_over_its_reports(settings: Settings) -> None:
    """20 in Austin at 0.1, below the 30 that stand alone, and 60 in Seattle at 0.5."""
    rng = random.Random(9)
    rows = [report(0.5 + rng.gauss(0, 0.05), metro="us-seattle", employer=str(n % 20)) for n in range(60)]
    rows += [report(0.1 + rng.gauss(0, 0.05), metro="us-austin", employer=str(n % 20)) for n in range(20)]
    found = multipliers(rows, settings, AS_OF)
    assert math.log(found["market", "us-seattle", "base"]["multiplier"]) == pytest.approx(0.1, abs=0.02)
    assert found["market", "US", "base"]["multiplier"] == 1
    baseline = found["baseline", "ml_generalist, T4, L5, US", "base"]
    assert math.log(baseline["exact_usd"] / 1e5) == pytest.approx(0.4, abs=0.02)
    assert (baseline["n"], found["market", "US", "base"]["n"]) == (80, 80)


def test_the_variance_between_cells_is_the_one_by_hand() -> None:
    """Of equal variances the sample variance less them; of two cells ((d1 - d2)^2 - v1 - v2) / 2."""
    assert paule_mandel([0.0, 0.1, 0.2, 0.3, 0.4], [0.01] * 5) == pytest.approx(0.015)
    assert paule_mandel([0.1, 0.5], [0.01, 0.03]) == pytest.approx(0.06)
    assert paule_mandel([0.1, 0.2], [0.01, 0.03]) == 0


def test_the_likeness_of_an_employers_people_is_the_one_by_hand() -> None:
    """Means 2 and 6: 16 between, 2 within, two a group; one person alone tells nothing."""
    people = [("a", 1.0), ("a", 3.0), ("b", 5.0), ("b", 7.0), ("c", 100.0)]
    assert likeness_by_employer(people) == pytest.approx(14 / 18)
    assert likeness_by_employer(people[:3]) == 0
    assert likeness_by_employer([("a", 1.0), ("a", 3.0), ("b", 1.0), ("b", 3.0)]) == 0
