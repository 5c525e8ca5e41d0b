"""The head of the page: what a release can show, by level and tier and by place, before any other taxonomy."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from salary_bands.publish.artefacts.answers import REASONS, Answers, level_text, tier_text
from salary_bands.schemas.columns import LEVELS, TIERS

Row = dict[str, Any]
VIEW, MARKET = "leaf", "US"
# the groups that sources with plain titles fill, from wide to narrow
GROUPS = ("all", "ml_generalist", "data_science")
METRICS = ("base", "total")
_TIERS = ("all", *(tier for tier in TIERS if tier != "unknown"))
_LEVELS = ("all", *LEVELS)
ASKED_LEVEL = "L5"  # of the table by place and tier


def overview(answers: Answers) -> list[Row]:
    """Return each of GROUPS with its bands in the US, its tiers and its places; those without any figure come last."""
    found = [_group(answers, group) for group in GROUPS if (VIEW, group) in answers.labels]
    return sorted(found, key=lambda group: not group["shown"])


def _group(answers: Answers, group: str) -> Row:
    tiers = [_tier(answers, group, tier) for tier in _TIERS]
    places = list(_places(answers, group))
    cells = [row for tier in tiers for row in tier["rows"]]
    return {
        "id": group,
        "label": answers.labels[VIEW, group],
        "bands": {metric: answers.band(VIEW, group, "all", "all", MARKET, metric) for metric in METRICS},
        "tiers": tiers,
        "places": places,
        "senior": list(_by_place(answers, group, [row["market"] for row in places])),
        "shown": len(cells) + len(places),
    }


def _by_place(answers: Answers, group: str, markets: list[str]) -> Iterator[Row]:
    """Yield each tier with what answers for its base and total at ASKED_LEVEL in some markets.

    Tiers of which no market knows anything but other cells have no rows.
    """
    for tier in _TIERS:
        rows: list[Row] = [
            {
                "label": answers.place(market),
                **{metric: answers.answer(VIEW, group, tier, ASKED_LEVEL, market, metric) for metric in METRICS},
            }
            for market in markets
            if market != "global"
        ]
        known = any(row[metric]["p50"] is not None for row in rows for metric in METRICS)
        yield {"tier": tier, "label": tier_text(tier), "rows": rows if known else []}


def _tier(answers: Answers, group: str, tier: str) -> Row:
    """Return the levels of a tier that show base or total, and a line for each reason why the others do not."""
    rows, missing = [], []
    for level in _LEVELS:
        bands = {metric: answers.band(VIEW, group, tier, level, MARKET, metric) for metric in METRICS}
        if any(band["p50"] is not None for band in bands.values()):
            rows.append({"level": level, "label": level_text(level), **bands})
        else:
            missing.append((level, bands["total"]))
    return {"tier": tier, "label": tier_text(tier), "rows": rows, "missing": list(_missing(missing))}


def _missing(cells: list[tuple[str, Row]]) -> Iterator[str]:
    """Say why levels are withheld and what to use instead; levels with the same words are named together."""

    def said(cell: tuple[str, Row]) -> tuple[str, str]:
        return REASONS[cell[1]["suppression_reason"]], cell[1]["instead"]

    for (reason, instead), members in groupby(sorted(cells, key=lambda cell: (*said(cell), _order(cell[0]))), key=said):
        names = ", ".join(level_text(level) for level, _ in members)
        yield f"{names}: {reason}.{f' Instead (total pay), {instead}.' if instead else ''}"


def _order(level: str) -> int:
    return _LEVELS.index(level)


def _places(answers: Answers, group: str) -> Iterator[Row]:
    """Yield the countries and metros that show all tiers and levels of a group: countries first, by reports."""
    places = (cell for cell in answers.bands if cell[:4] == (VIEW, group, "all", "all"))
    markets = {cell[4] for cell in places if answers.bands[cell]["p50"]}
    rows = [
        {
            "market": market,
            "label": answers.place(market),
            **{metric: answers.band(VIEW, group, "all", "all", market, metric) for metric in METRICS},
        }
        for market in markets
    ]

    def order(row: Row) -> tuple[bool, int, str]:
        return "-" in row["market"], -max(row[m].get("n_reports") or 0 for m in METRICS), row["market"]

    yield from sorted(rows, key=order)
