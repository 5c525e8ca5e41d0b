"""views/<view>.json: all that a site needs for the page of a view, from the tables as they are published."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from salary_bands.releases.documents import SCHEMA_VERSION, Document
from salary_bands.schemas.columns import LEVELS, STAGES, TIERS

MARKET = "US"
METRICS = ("base", "total")
BASELINES = ("nlp_classical", "ml_generalist")
RANK_LEVELS = ("all", "senior")
# a view of more groups says less of each, so that its file stays under 64 kB; bands/ and premiums have it all
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
DEMAND = ("demand", "demand_low", "demand_high", "demand_change", "demand_change_low", "demand_change_high")
REPORTS = ("share_of_reports", "share_of_reports_low", "share_of_reports_high")
NOTES = {
    "pay": "Gross annual pay of full-time employees in whole USD, in the US, over the 12 months up to as_of. Bands are "
    "of people's reports; `advertised` is of employers' adverts and never mixed with them.",
    "intervals": "95 %. They cover chance, not who chose to report.",
    "null": "Unknown or withheld, never zero. Of a band, basis and suppression_reason say why; of a premium, why; of a "
    "rank, its premium; demand is null without adverts, its change without adverts in both windows of one source.",
    "premiums": "Ratios of pay at equal tier, level, market, month and source, worldwide: 0.15 is 15 %. range is where "
    "the middle half of premiums lies across tiers and levels, not an interval.",
    "rank": "By total premium over ml_generalist among the groups of this view: 1 pays most; best and worst that it "
    "may be.",
    "components": "Percentiles of base and total are of different people's figures and do not subtract.",
}


@dataclass(frozen=True)
class Detail:
    """What a view's file says of each of its groups. Levels are by tier."""

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

Row = dict[str, Any]
Rows = dict[tuple[str, ...], Row]
Rank = tuple[int | None, int | None, int | None, int]
_NO_BAND: Row = {"basis": "suppressed", "suppression_reason": "few_reports"}


def view_documents(head: Document, folder: Path) -> Iterator[tuple[str, Document]]:
    """(path, document) of each `views/<view>.json`, from the tables of a release at `folder`.

    head: release, as_of, contains_synthetic.
    """
    bands = _by(
        ("view", "group_id", "evidence", "metric", "tier", "level"),
        _rows(folder / "bands.parquet", pc.field("market") == MARKET),
    )
    premiums = _by(("view", "group_id", "baseline", "metric", "tier", "level"), _rows(folder / "premiums.parquet"))
    cards = _rows(folder / "cards.parquet")
    for view in sorted({card["view"] for card in cards}):
        groups = [card for card in cards if card["view"] == view]
        ranks = {level: group_ranks(groups, premiums, level) for level in RANK_LEVELS}
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
                        "rank": _rank(card, ranks),
                        **_bands(card, bands, detail),
                        **{name: card[name] for name in (*DEMAND, *REPORTS)},
                    }
                    for card in groups
                ],
            },
        )


def _rows(path: Path, chosen: Any = None) -> list[Row]:
    return list(pq.read_table(path, filters=chosen).to_pylist())


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
    """By baseline, metric, tier and level; None of a group that the model does not know."""

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


def _rank(card: Row, ranks: dict[str, dict[str, Rank]]) -> Document | None:
    """By level or stage; None of a group that is not ranked."""
    if card["group_id"] not in ranks[RANK_LEVELS[0]]:
        return None
    return {level: list(of[card["group_id"]]) for level, of in ranks.items()}


def _why(premium: Row, card: Row) -> str | None:
    """Why there is no premium: in the words of `claims`."""
    if card["leaves"] == premium["baseline"]:
        return "by_definition"
    if premium["premium"] is not None:
        return None
    return "no_reports" if premium["n_group"] == 0 else "not_identified"


def group_ranks(groups: Sequence[Row], premiums: Rows, level: str) -> dict[str, Rank]:
    """group_id to (rank, best, worst, of how many) by total premium over the generalist, at that level or stage.

    Ranked are groups with leaves of their own that the model knows; one whose premium is not known may stand anywhere.
    """
    rows = {
        g["group_id"]: premiums[key]
        for g in groups
        if (key := (g["view"], g["group_id"], "ml_generalist", "total", "all", level)) in premiums
        and g["group_id"] != "all"
        and g["leaves"] != "ml_generalist"
    }
    known = {group: row for group, row in rows.items() if row["premium"] is not None}
    found: dict[str, Rank] = {}
    for group in rows:
        if (own := known.get(group)) is None:
            found[group] = (None, None, None, len(rows))
            continue
        higher = sum(o["premium"] > own["premium"] for o in known.values())
        surely_above = sum(o["premium_low"] > own["premium_high"] for o in known.values())
        surely_below = sum(o["premium_high"] < own["premium_low"] for o in known.values())
        found[group] = (1 + higher, 1 + surely_above, len(rows) - surely_below, len(rows))
    return found
