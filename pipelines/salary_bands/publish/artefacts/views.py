"""views/<view>.json: everything a site needs for the page of a view, from the published tables."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from salary_bands.releases.documents import SCHEMA_VERSION, Document
from salary_bands.schemas.columns import BASELINES, LEVELS, STAGES, TIERS
from salary_bands.storage.duck import add_file, add_table, in_memory
from salary_bands.storage.records import records
from salary_bands.storage.sql import read_sql

MARKET = "US"
METRICS = ("base", "total")
RANK_LEVELS = ("all", "senior")
_RANKED_BY = {"baseline": "ml_generalist", "metric": "total", "tier": "all"}
# a view of more groups has less about each, so that its file stays under 64 kB; bands/ and premiums have it all
FULL_UP_TO = 10
BAND_COLUMNS = (
    "n_reports",
    "n_effective",
    "n_employers",
    "median_age_days",
    "basis",
    "suppression_reason",
    "p25",
    "p50",
    "p50_low",
    "p50_high",
    "p50_precision",
    "p75",
)
OUTER_BOUNDS = ("p25_low", "p25_high", "p75_low", "p75_high")
PREMIUM_COLUMNS = ("premium", "premium_low", "premium_high", "range_low", "range_high", "n_group", "identified", "why")
RANK_COLUMNS = ("rank", "best", "worst", "of")
DEMAND = ("demand", "demand_low", "demand_high", "demand_change", "demand_change_low", "demand_change_high", "why")
REPORTS = ("share_of_reports", "share_of_reports_low", "share_of_reports_high")
NOTES = {
    "pay": "Gross annual pay of full-time employees in whole USD, in the US, over the 12 months up to as_of. Bands are "
    "of people's reports; `advertised` is of employers' adverts and never mixed with them.",
    "intervals": "95 %. They cover chance, not who chose to report.",
    "null": "Unknown or withheld, never zero. Of a band, basis and suppression_reason say why; of a premium, why; of a "
    "rank, its premium; why of a group says why its demand is null, whose change needs adverts in both windows of one "
    "source.",
    "premiums": "Ratios of pay at equal tier, level, market, month and source, worldwide: 0.15 is 15 %. range is where "
    "the middle half of premiums lies across tiers and levels, not an interval.",
    "rank": "By total premium over ml_generalist among the groups of this view: 1 pays most; best and worst that it "
    "may be.",
    "components": "Percentiles of base and total are of different people's figures and do not subtract.",
}


@dataclass(frozen=True)
class Detail:
    """The parts of a group in the file of a view. Levels are by tier."""

    band_columns: tuple[str, ...]
    band_levels: dict[str, tuple[str, ...]]
    premium_levels: dict[str, tuple[str, ...]]
    advertised: tuple[str, ...]


# public pages speak of frontier labs at L5 and above
FULL = Detail(
    (*BAND_COLUMNS, *OUTER_BOUNDS),
    {"all": ("all", *STAGES, *LEVELS), "T1": ("senior", "L5")},
    {"all": ("all", *STAGES), **{tier: ("all",) for tier in TIERS if tier != "unknown"}},
    ("base", "base_min", "base_max"),
)
BRIEF = Detail(BAND_COLUMNS, {"all": ("all", *STAGES, *LEVELS)}, {"all": ("all",)}, ("base",))

_BAND_KEY = ("view", "group_id", "evidence", "metric", "tier", "level")
_BAND = [*_BAND_KEY, *FULL.band_columns]

Row = dict[str, Any]
Rows = dict[tuple[str, ...], Row]
_NO_BAND: Row = {"basis": "suppressed", "suppression_reason": "few_reports"}


def view_documents(head: Document, folder: Path) -> Iterator[tuple[str, Document]]:
    """Yield (path, document) of each `views/<view>.json`, from the tables of a candidate at `folder`.

    head: release, as_of, contains_synthetic.
    """
    # of people all that FULL asks for, and BRIEF for less; of adverts all tiers and levels together
    paid = (pc.field("evidence") == "reported") & pc.field("metric").isin(METRICS)
    advertised = (pc.field("evidence") == "advertised") & (pc.field("level") == "all")
    asked = (pc.field("market") == MARKET) & pc.field("tier").isin([*FULL.band_levels]) & (paid | advertised)
    bands = _by(_BAND_KEY, _rows(folder / "bands.parquet", _BAND, asked))
    premiums = _by(("view", "group_id", "baseline", "metric", "tier", "level"), _rows(folder / "premiums.parquet"))
    cards = _rows(folder / "cards.parquet")
    ranks = group_ranks(cards, folder / "premiums.parquet")
    for view in sorted({card["view"] for card in cards}):
        groups = [card for card in cards if card["view"] == view]
        detail = FULL if len(groups) <= FULL_UP_TO else BRIEF
        columns = {"bands": detail.band_columns, "premiums": PREMIUM_COLUMNS, "rank": RANK_COLUMNS}
        yield (
            f"views/{view}.json",
            {
                "schema_version": SCHEMA_VERSION,
                **head,
                "view": view,
                "market": MARKET,
                "notes": NOTES,
                "columns": {name: list(names) for name, names in columns.items()},
                "groups": [
                    {
                        "id": card["group_id"],
                        "label": card["label"],
                        "leaves": card["leaves"].split(";"),
                        "tooling": [tool for tool in card["tooling"].split(";") if tool],
                        "premiums": _premiums(card, premiums, detail),
                        "rank": ranks.get((view, card["group_id"])),
                        **_bands(card, bands, detail),
                        **{name: card[name] for name in (*DEMAND, *REPORTS)},
                    }
                    for card in groups
                ],
            },
        )


def _rows(path: Path, columns: Sequence[str] | None = None, chosen: Any = None) -> list[Row]:
    return list(pq.read_table(path, columns=columns, filters=chosen).to_pylist())


def _by(key: Sequence[str], rows: Iterable[Row]) -> Rows:
    return {tuple(row[name] for name in key): row for row in rows}


def _bands(card: Row, bands: Rows, detail: Detail) -> Document:
    def row(evidence: str, metric: str, tier: str, level: str) -> list[Any]:
        found = bands.get((card["view"], card["group_id"], evidence, metric, tier, level), _NO_BAND)
        return [found.get(name) for name in detail.band_columns]

    return {
        "bands": {
            metric: {
                tier: {level: row("reported", metric, tier, level) for level in levels}
                for tier, levels in detail.band_levels.items()
            }
            for metric in METRICS
        },
        "advertised": {metric: row("advertised", metric, "all", "all") for metric in detail.advertised},
    }


def _premiums(card: Row, premiums: Rows, detail: Detail) -> Document | None:
    """Return premiums by baseline, metric, tier and level, None if the model does not know the group."""

    def row(*place: str) -> list[Any]:
        found = premiums[(card["view"], card["group_id"], *place)]
        return [*(found[name] for name in PREMIUM_COLUMNS[:-1]), _why(found, card)]

    if (card["view"], card["group_id"], BASELINES[0], METRICS[0], "all", "all") not in premiums:
        return None
    return {
        baseline: {
            metric: {
                tier: {level: row(baseline, metric, tier, level) for level in levels}
                for tier, levels in detail.premium_levels.items()
            }
            for metric in METRICS
        }
        for baseline in BASELINES
    }


def _why(premium: Row, card: Row) -> str | None:
    """Return why there is no premium, with the reason codes of `claims`."""
    if card["leaves"] == premium["baseline"]:
        return "by_definition"
    if premium["premium"] is not None:
        return None
    return "few_reports" if premium["n_group"] is None else "not_identified"


def group_ranks(cards: Sequence[Row], premiums: Path) -> dict[tuple[str, str], dict[str, list[int | None]]]:
    """Return (view, group_id) to level to [rank, best, worst, of how many] in the view, by total premium.

    premiums: the Parquet file of the table. Groups that the model does not know, `all` and the baseline itself are not
    ranked. A group whose premium is not identified has no rank, but may be above or below every other.
    """
    with in_memory() as connection:
        add_file(connection, "premiums", premiums)
        modelled = set(connection.execute("SELECT DISTINCT view, group_id FROM premiums").fetchall())
        ranked = [
            (c["view"], c["group_id"])
            for c in cards
            if (c["view"], c["group_id"]) in modelled
            and c["group_id"] != "all"
            and c["leaves"] != _RANKED_BY["baseline"]
        ]
        groups = pd.DataFrame(
            [(f"{view} {level}", view, group, level) for view, group in ranked for level in RANK_LEVELS],
            columns=["ranking", "view", "group_id", "level"],
            dtype="str",
        )
        add_table(connection, "ranked_groups", groups.assign(**_RANKED_BY))
        found = records(connection.execute(read_sql("steps/claims/group_ranks")))
    sizes = Counter(view for view, _ in ranked)
    ranks: dict[tuple[str, str], dict[str, list[int | None]]] = {
        (view, group): {level: [None, None, None, sizes[view]] for level in RANK_LEVELS} for view, group in ranked
    }
    for row in found:
        view, level = row["ranking"].split()
        ranks[view, row["group_id"]][level][:3] = row["rank"], row["best"], row["worst"]
    return ranks
