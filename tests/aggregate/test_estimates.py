"""estimates against the oracle, on the reports that the model's tests are on."""

import math
import shutil
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from salary_bands.aggregate.registry import make
from salary_bands.aggregate.workspace import Workspace
from salary_bands.statistics.country_levels import CountryLevels
from salary_bands.storage.duck import add_table, in_memory
from salary_bands.storage.sql import read_sql
from tests.aggregate.test_model import AS_OF, write_few, write_many
from tests.builders.candidates import BANDS, Built, build, settings_at
from tests.builders.cases import exports_of, records
from tests.oracle.estimates import Estimates
from tests.oracle.model import Fit, fit_rows
from tests.oracle.pooled import levels_here, model_reports
from tests.oracle.rows import Report, window_reports

FIGURES = ("p50", "p50_low", "p50_high", "person_p10", "person_p25", "person_p75", "person_p90")
LEAVES = ("ml_generalist", "nlp_classical", "post_training", "ai_safety")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Built, list[Report]]]:
    settings = settings_at(tmp_path_factory.mktemp("estimates"))
    write_many(settings.raw)
    built = build(settings, AS_OF.isoformat(), (*BANDS, "estimates"))
    yield built, window_reports(exports_of(built), AS_OF, built.settings)


def rounded(theirs: dict[str, float], name: str) -> int:
    """To a quarter of the width of the interval, at most."""
    steps = [
        s
        for s in (1_000, 2_500, 5_000, 10_000)
        if 4 * s <= theirs["p50_high"] - theirs["p50_low"] and 10 * s <= theirs["p50"]
    ]
    narrow = theirs["p50"] < 50_000 and theirs["p50_high"] - theirs["p50_low"] < 2_000
    step = max([100 if narrow else 500, *steps])
    return math.floor(theirs[name] / step + 0.5) * step


def test_estimates_are_those_of_the_oracle(world: tuple[Built, list[Report]]) -> None:
    built, reports = world
    table = {
        (r["group_id"], r["tier"], r["level"], r["market"]): r
        for r in records(built.table("estimates"))
        if r["view"] == "leaf" and r["metric"] == "base"
    }
    likeness = built.candidate.facts("employer_correlation")["base"]["p50"]
    rows = fit_rows(reports, "base", built.settings, predicted=True)
    modelled, of_means = model_reports(reports, "base"), math.sin(math.pi / 2 * likeness)
    errors = dict(zip(map(id, modelled), map(float, Fit(rows, AS_OF).residuals), strict=True))
    here = levels_here(modelled, errors, built.settings, Fraction(of_means))
    oracle = Estimates(rows, built.settings, AS_OF, of_means, here)
    facts = built.candidate.facts("estimates")["base"]
    assert facts["person_sd"] == pytest.approx(math.sqrt(oracle.usual), abs=6e-5)
    assert facts["interactions"] == pytest.approx(oracle.between, abs=6e-5)
    wrong, met = [], set()
    for leaf in LEAVES:
        for tier in ("T1", "T2", "T4", "T5", "all"):
            for level, market in (("L4", "US"), ("L5", "us-seattle"), ("L6", "DE"), ("L5", "IN")):
                theirs, ours = oracle.figures((leaf, tier, level, market)), table.get((leaf, tier, level, market))
                if theirs is None or ours is None:
                    met.add("none")
                    if (theirs is None) != (ours is None):
                        wrong.append((leaf, tier, level, market, "is there"))
                    continue
                met.add(tier)
                wrong += [
                    (leaf, tier, level, market, name, ours[name], theirs[name])
                    for name in FIGURES
                    if ours[name] != rounded(theirs, name)
                ]
                if abs(ours["n_near"] - theirs["n_near"]) > 0.51:
                    wrong.append((leaf, tier, level, market, "n_near", ours["n_near"], theirs["n_near"]))
    assert wrong == []
    assert {"none", "T4", "T5", "all"} <= met


def test_people_are_around_their_median_and_a_direct_cell_is_nearest_to_itself(
    world: tuple[Built, list[Report]],
) -> None:
    estimates = world[0].table("estimates")
    ordered = estimates[["person_p10", "person_p25", "p50", "person_p75", "person_p90"]].to_numpy()
    assert (ordered[:, 1:] >= ordered[:, :-1]).all()
    bands = world[0].table("bands")
    key = ["view", "group_id", "tier", "level", "market", "metric"]
    direct = bands[bands["basis"].eq("direct") & bands["evidence"].eq("reported")]
    both = estimates.merge(direct[key], on=key)
    assert len(both) and both["distance"].eq(0).all()
    others = estimates.merge(direct[key], "left", on=key, indicator=True)
    assert others.loc[others["_merge"].eq("left_only"), "distance"].max() > 0


def test_what_a_level_may_add_in_a_country_widens_the_interval(
    world: tuple[Built, list[Report]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing in this world says that levels differ by country, so that it is said here: an error of 0.2 each."""
    built, _ = world
    shutil.copytree(built.settings.work / "candidate", tmp_path / "candidate")
    candidate = Workspace(built.settings.model_copy(update={"work": tmp_path}))
    candidate.remove("estimates")
    within = CountryLevels.within
    monkeypatch.setattr(CountryLevels, "within", lambda *of: (within(*of)[0], within(*of)[1] + 0.2**2))
    make(candidate, "estimates")
    place = ["view", "group_id", "tier", "level", "market", "metric"]
    both = built.table("estimates").merge(candidate.frame("estimates"), on=place, suffixes=("_0", "_1"))
    both = both[both["metric"].eq("base") & both["group_id"].eq("ml_generalist") & both["tier"].eq("T4")]
    widths = {n: np.log(both[f"p50_high_{n}"] / both[f"p50_low_{n}"]) for n in (0, 1)}
    wider = (widths[1] ** 2 - widths[0] ** 2) ** 0.5 / (2 * 1.96)
    assert wider[both["level"].eq("L5")].min() > 0.17
    assert wider[both["level"].eq("all")].max() < 0.17, "levels do not err together"


def test_every_withheld_cell_says_what_to_use_instead(world: tuple[Built, list[Report]]) -> None:
    bands, estimates = (world[0].table(name) for name in ("bands", "estimates"))
    withheld = bands[bands["basis"].eq("suppressed") & bands["evidence"].eq("reported")]
    assert withheld["use_instead_basis"].notna().all()
    assert bands.loc[bands["basis"].ne("suppressed"), "use_instead_basis"].isna().all()
    place = ["view", "group_id", "tier", "level", "market"]
    names = {f"use_instead_{name}": name for name in place}
    key = [*place, "metric"]
    modelled = withheld[withheld["use_instead_basis"].eq("modelled")]
    assert len(modelled) == len(modelled.merge(estimates[key], on=key))
    assert (modelled[[*names]].to_numpy() == modelled[place].to_numpy()).all()
    near = withheld[~withheld["use_instead_basis"].eq("modelled")]
    assert not len(near.merge(estimates[key], on=key)), "what the model knows needs no other cell"
    used = near[[*names, "metric", "use_instead_basis"]].rename(columns=names)
    shown = bands.loc[bands["evidence"].eq("reported"), [*key, "basis"]]
    assert len(used) == len(used.merge(shown, left_on=[*key, "use_instead_basis"], right_on=[*key, "basis"]))


def test_too_few_people_make_no_estimate(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    write_few(settings.raw)
    built = build(settings, AS_OF.isoformat(), (*BANDS, "estimates"))
    estimates = built.table("estimates")
    assert set(estimates["metric"]) <= {"base"}, "no total is known at L5, so that too few people tell of totals"


def test_estimates_round_to_what_their_interval_allows() -> None:
    frame = pd.DataFrame(
        [{"view": "leaf", "group_id": "all", "tier": "T4", "level": "L5", "market": "US", "metric": "base"}]
    ).assign(
        **{
            **dict.fromkeys(FIGURES, 49_949.9),
            "p50_low": 45_000.0,
            "p50_high": 55_000.0,
            "person_p90": 51_250.0,
            "n_near": 3.4,
            "distance": 0.126,
        }
    )
    refresh = pd.DataFrame([{"release": "r", "as_of": pd.Timestamp(AS_OF), "method_version": "m"}])
    names = pd.DataFrame([{"view": "leaf", "group_id": "all", "first_view": "leaf", "first_group_id": "all"}])
    with in_memory() as connection:
        for name, rows in (("estimated_cells", frame), ("refresh", refresh), ("group_names", names)):
            add_table(connection, name, rows)
        [row] = connection.execute(read_sql("marts/estimates")).df().to_dict("records")
    assert (row["p50"], row["p50_low"], row["person_p90"]) == (50_000, 45_000, 52_500)
    assert (row["n_near"], row["distance"]) == (3, 0.13)
