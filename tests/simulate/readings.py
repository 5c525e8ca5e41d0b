"""What one simulated refresh shows, and how it compares with the truth. A reading is of one world and size."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from salary_bands.schemas.bands import PERCENTILES
from salary_bands.schemas.columns import LEVELS, STAGES
from salary_bands.settings import Settings
from salary_bands.vocabulary.levels import stage_of
from salary_bands.vocabulary.taxonomy import core_groups, group_names
from tests.simulate.pipeline import by_source, candidate_of, settings_at, table
from tests.simulate.population import Population, World, rounded_to
from tests.simulate.truth import CELL, Truth

MODELLED = ("base", "total")


@dataclass(frozen=True)
class Reading:
    """Tables of one refresh, each with `world` and `size`."""

    bands: pd.DataFrame
    cells: pd.DataFrame
    premiums: pd.DataFrame
    multipliers: pd.DataFrame
    correlation: pd.DataFrame


def distinct_groups() -> set[tuple[str, str]]:
    """Groups that no group before them equals: the view `leaf`, and what other views add."""
    return set(group_names()[["first_view", "first_group_id"]].itertuples(index=False, name=None))


def of_distinct_groups(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of those groups alone: equal figures are counted once."""
    wanted = distinct_groups()
    return rows[[pair in wanted for pair in zip(rows["view"], rows["group_id"], strict=True)]].reset_index(drop=True)


def reading(seed: int, size: int, model: bool, step: int = 1) -> Reading:
    """A world of its own, read once; without the model's tables where not wanted. step: what people round pay to."""
    reports = rounded_to(World(Population(), seed).reports(size), step)
    with tempfile.TemporaryDirectory() as folder:
        candidate = candidate_of(by_source(reports), settings_at(Path(folder)))
        for name in ("model_cells", "cell_figures", "bands"):
            candidate.make(name)
        bands = table(candidate, "bands")
        bands = bands[bands["metric"].isin(MODELLED) & bands["evidence"].eq("reported")]
        facts = pd.read_json(candidate.folder / "employer_correlation.json").T.loc[list(MODELLED)]
        tables = {
            "bands": of_distinct_groups(bands[bands["basis"].ne("suppressed")]),
            "cells": _lost(of_distinct_groups(candidate.cells[0]), bands),
            "premiums": pd.DataFrame(),
            "multipliers": pd.DataFrame(),
            "correlation": facts.rename_axis("metric").reset_index(),
        }
        if model:
            candidate.make("premiums")
            candidate.make("multipliers")
            tables["premiums"] = of_distinct_groups(table(candidate, "premiums"))
            tables["multipliers"] = table(candidate, "multipliers")
    return Reading(**{name: frame.assign(world=seed, size=size) for name, frame in tables.items()})


def _lost(cells: pd.DataFrame, bands: pd.DataFrame) -> pd.DataFrame:
    """How many cells have a report, and 10 or more, by what became of them."""
    cells = cells[cells["metric"].isin(MODELLED) & cells["n_reports"].gt(0)]
    shown = bands.loc[bands["basis"].ne("suppressed"), [*CELL, "metric", "basis"]]
    cells = cells.merge(shown, "left", [*CELL, "metric"])
    fate = cells["basis"].fillna(cells["suppression_reason"]).fillna("low_effective_n")
    kinds = np.where(cells["market"].str.len() == 2, "country", "metro")
    kinds = np.where(cells["market"] == "global", "global", kinds)
    large = np.where(cells["n_reports"] >= 10, "10 or more", "1 to 9")
    return (
        cells.groupby([pd.Series(kinds, name="market"), pd.Series(large, name="reports"), fate.rename("fate")])
        .size()
        .rename("cells")
        .reset_index()
    )


def sampled(bands: pd.DataFrame, of: int) -> pd.DataFrame:
    """One cell in so many, the same ones of every world: truths take time."""
    names = bands[[*CELL, "metric"]].astype(str).agg("/".join, axis=1)
    return bands[pd.util.hash_pandas_object(names, index=False) % of == 0].reset_index(drop=True)


def judged_bands(bands: pd.DataFrame, truth: Truth) -> pd.DataFrame:
    """A row per cell and shown percentile: what is true of it, and whether its interval holds that."""
    parts = []
    for metric, rows in bands.groupby("metric"):
        true = truth.percentiles(rows, str(metric))
        joined = rows.merge(true, "left", CELL, suffixes=("", "_true"))
        for p in PERCENTILES:
            own = joined[[*CELL, "metric", "world", "size", "basis", "n_reports", "n_effective", "shrinkage_weight"]]
            names = {f"p{p}": "figure", f"p{p}_low": "low", f"p{p}_high": "high", f"p{p}_true": "true"}
            figures = joined[list(names)].rename(columns=names).astype(float)
            parts.append(own.assign(percentile=p, **figures)[figures["figure"].notna()])
    long = pd.concat(parts, ignore_index=True)
    return long.assign(inside=held(long))


def held(rows: pd.DataFrame) -> pd.Series:
    """Whether the interval holds the truth, its ends included."""
    return rows["low"].le(rows["true"]) & rows["true"].le(rows["high"])


def subset(tier: str, level: str) -> tuple[str, tuple[str, ...]]:
    """The reports that a row of premiums is fitted to."""
    if level == "all":
        return tier, LEVELS
    return tier, tuple(v for v in LEVELS if stage_of(v) == level) if level in STAGES else (level,)


def judged_premiums(premiums: pd.DataFrame, truth: Truth) -> pd.DataFrame:
    """Identified premiums beside the true ones; `width` and `true_width`: of the range, in log units."""
    members = core_groups().groupby(["view", "group_id"])["leaf"].agg(set)
    rows = premiums[premiums["identified"].astype(bool)].copy()
    known: dict[tuple[object, ...], tuple[float, float]] = {}
    keys = ["view", "group_id", "baseline", "metric", "tier", "level"]
    for key in rows[keys].drop_duplicates().itertuples(index=False):
        known[tuple(key)] = _true_premium(truth, members[key.view, key.group_id], key)
    true = [known[key] for key in rows[keys].itertuples(index=False, name=None)]
    rows["true"], rows["true_width"] = zip(*true, strict=True)
    rows = rows.rename(columns={"premium": "figure", "premium_low": "low", "premium_high": "high"})
    rows["width"] = np.log1p(rows["range_high"]) - np.log1p(rows["range_low"])
    return rows.assign(inside=held(rows))


def _true_premium(truth: Truth, leaves: set[str], key: object) -> tuple[float, float]:
    metric, baseline = key.metric, key.baseline  # type: ignore[attr-defined]
    tier, levels = subset(key.tier, key.level)  # type: ignore[attr-defined]
    effects, weights = truth.effects(metric, tier, levels), truth.leaf_weights(tier, levels)
    group = sorted(leaves - {baseline})
    own = np.average([effects.get(("leaf", leaf), 0.0) for leaf in group], weights=[weights[leaf] for leaf in group])
    premium = float(np.expm1(own - effects.get(("leaf", baseline), 0.0)))
    apart = truth.apart(metric, group, baseline, tier, levels)
    return premium, 2 * 0.674 * float(np.std(apart, ddof=1)) if len(apart) > 1 else float("nan")


def judged_multipliers(rows: pd.DataFrame, truth: Truth) -> pd.DataFrame:
    """Multipliers with an interval, beside the true ones; the baseline's USD is a row, as a ratio to the truth."""
    parts = []
    for metric, own in rows.groupby("metric"):
        true = truth.multipliers(str(metric))
        usual = own[own["factor"].eq("baseline")]
        dollars = true["baseline", usual["value"].iloc[0]]
        parts.append(
            usual.assign(
                figure=usual["usd"] / dollars,
                low=usual["usd_low"] / dollars,
                high=usual["usd_high"] / dollars,
                true=1.0,
            )
        )
        # which countries the rest of the world is of depends on how many reports each has
        others = own[
            own["factor"].ne("baseline") & own["low"].notna() & ~own["value"].isin(["global", "rest_of_world"])
        ]
        values = [true[key] for key in zip(others["factor"], others["value"], strict=True)]
        parts.append(others.assign(figure=others["multiplier"], true=values))
    long = pd.concat(parts, ignore_index=True)
    return long.astype(dict.fromkeys(("figure", "low", "high", "true"), float)).assign(inside=lambda x: held(x))


def coverage(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """intervals, share that holds the truth, and its standard error over worlds, of rows with `inside` and `world`."""
    worlds = rows.groupby([*by, "world"], observed=True)["inside"].agg(["sum", "count"]).reset_index()
    found = []
    for key, part in worlds.groupby(by, observed=True):
        count, inside = part["count"].sum(), part["sum"].sum()
        share = inside / count
        off = part["sum"] - share * part["count"]
        error = np.sqrt((off**2).sum() * len(part) / max(len(part) - 1, 1)) / count
        found.append((*key, int(count), float(share), float(error), len(part)))
    return pd.DataFrame(found, columns=[*by, "intervals", "share", "error", "worlds"])


def joined(readings: Iterable[Reading], name: str) -> pd.DataFrame:
    return pd.concat([getattr(r, name) for r in readings], ignore_index=True)


def truth_of(settings: Settings) -> Truth:
    return Truth(Population(), settings)
