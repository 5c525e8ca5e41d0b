"""Check an offer: find the percentile of each of its parts and sums in the bands of a release.

The answers come from the macros of the mart, run over the release's Parquet in memory, so that the mart and the command
agree. An offer with equity that cannot be sold is valued in three ways, and each answer says which.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from salary_bands.errors import RefreshError, UsageError
from salary_bands.query.macros import add_macros, reading
from salary_bands.query.names import meant
from salary_bands.releases.marts import Marts
from salary_bands.storage.records import records

NOTHING = "nothing is shown"
UNREAD = {
    **dict.fromkeys(("percentile", "percentile_low", "percentile_high")),
    "reading": NOTHING,
    **dict.fromkeys(("reading_low", "reading_high")),
}
CELL = ("group_id", "tier", "level", "market")


@dataclass(frozen=True)
class Offer:
    """An offer in annual USD. A part that is None is unknown, not 0. Equity is a year's share at face value."""

    group: str
    tier: str
    level: str
    market: str
    base: float | None = None
    bonus: float | None = None
    equity: float | None = None
    equity_liquid: str | None = None
    view: str | None = None


def questions(offer: Offer) -> list[tuple[str, str, float, str]]:
    """Return (what, metric of the bands, amount, description of the comparison) for all known parts and sums."""
    base, bonus, equity = offer.base, offer.bonus, offer.equity
    asked = [
        (name, name, amount, text)
        for name, amount, text in (
            ("base", base, "base pay"),
            ("bonus", bonus, "annual bonus"),
            ("equity", equity, "annual equity at face value, compared with reported equity at face value"),
        )
        if amount is not None
    ]
    if base is None or bonus is None or equity is None:
        return asked
    liquid = offer.equity_liquid == "yes"
    text = "base + bonus + equity at face value, compared with reported totals at face value"
    asked.append(("total", "total", base + bonus + equity, text))
    if equity and not liquid:
        text = "base + bonus, in case the equity becomes worthless, compared with the same totals at face value"
        asked.append(("total_without_equity", "total", base + bonus, text))
    counted = "base + bonus + equity, which can be sold" if liquid else "base + bonus"
    text = f"{counted}, compared with reported pay that can be spent: base, bonus and equity that can be sold"
    asked.append(("total_liquid", "total_liquid", base + bonus + (equity if liquid else 0), text))
    return asked


def check_offer(marts: Marts, release: str | None, offer: Offer) -> dict[str, Any]:
    """Return the answers, comparable cells and notes for an offer as one document.

    Raises:
        UsageError: A part of the offer is invalid or unknown. The message lists the known values.
        RefreshError: Nothing is published, or the release has no table `cards`.
    """
    _check_amounts(offer)
    version = marts.chosen(release)
    manifest = marts.manifest(version)
    if "cards.parquet" not in {f.path for f in manifest.files}:
        raise RefreshError(
            f"release {version} has no table `cards`, which is needed for fallbacks; "
            "publish a newer release with `salary-bands refresh`"
        )
    with reading(marts, manifest) as connection:
        add_macros(connection)
        offer = _meant(connection, version, offer)
        view = _first(connection, "SELECT view FROM group_parents(?, view := ?)", [offer.group, offer.view])[0]
        answers = _answers(connection, offer)
        shown = {a["what"]: a for a in answers if a["reading"] != NOTHING and a["evidence"] == "reported"}
        main = shown.get("total") or next(iter(shown.values()), None)
        comparable = _comparable(connection, main) if main else []
    return {
        "release": version,
        "as_of": manifest.as_of,
        "contains_synthetic": manifest.contains_synthetic,
        "offer": {**vars(offer), "view": view},
        "answers": answers,
        "comparable": comparable,
        "notes": _notes(offer),
    }


def _check_amounts(offer: Offer) -> None:
    amounts = {"base": offer.base, "bonus": offer.bonus, "equity": offer.equity}
    if all(amount is None for amount in amounts.values()):
        raise UsageError("no amount to check; give --base, --bonus or --equity in USD a year")
    for name, amount in amounts.items():
        if amount is not None and not (math.isfinite(amount) and amount >= 0):
            raise UsageError(f"--{name} {amount:g}: invalid amount; give USD a year, 0 or more")
    if offer.base == 0:
        raise UsageError("--base 0: base pay cannot be 0; omit --base if it is unknown")
    if offer.equity_liquid not in (None, "yes", "no"):
        raise UsageError(f"--equity-liquid {offer.equity_liquid}: use yes or no")


def _meant(connection: duckdb.DuckDBPyConnection, version: str, offer: Offer) -> Offer:
    """Return the offer with the names that the release has, if they are the same but for case.

    Raises UsageError if the view, group, tier, level or market is unknown.
    """
    view = offer.view
    if view is not None:
        view = meant(
            "view", view, _first(connection, "SELECT DISTINCT view FROM cards ORDER BY view"), f"release {version}"
        )
    groups = _first(
        connection, "SELECT DISTINCT group_id FROM cards WHERE view = coalesce(?, view) ORDER BY group_id", [view]
    )
    group = meant(
        "group_id", offer.group, groups, f"view {view} of release {version}" if view else f"release {version}"
    )
    place = {"tier": offer.tier, "level": offer.level, "market": offer.market}
    [are_known] = connection.execute(
        f"SELECT {', '.join(f'bool_or({name} = ?)' for name in place)} FROM bands", [*place.values()]
    ).fetchall()
    for (name, value), is_known in zip([*place.items()], are_known, strict=True):
        if not is_known:
            known = _first(connection, f'SELECT DISTINCT "{name}" FROM bands ORDER BY 1')
            place[name] = meant(name, value, known, f"release {version}")
    tier, level, market = place.values()
    return replace(offer, view=view, group=group, tier=tier, level=level, market=market)


def _answers(connection: duckdb.DuckDBPyConnection, offer: Offer) -> list[dict[str, Any]]:
    """Answer each question. If nothing near answers for base pay, add an answer from adverts."""
    answers = []
    asked = questions(offer)
    readings = _readings(connection, offer, [(metric, amount) for _, metric, amount, _ in asked], "reported")
    for (what, metric, amount, text), found in zip(asked, readings, strict=True):
        if not found:
            nothing: dict[str, Any] = {
                **UNREAD,
                "amount": amount,
                "fallback": [],
                "evidence": "reported",
                "metric": metric,
            }
            found = {**nothing, "why": _why(connection, offer, metric)}
        answers.append({"what": what, "compares": text, **found})
        if what == "base" and (found["reading"] == NOTHING or found["distance"] >= 0.75):
            text = "base pay, compared with the midpoints of advertised ranges, which vary less than pay"
            [advertised] = _readings(connection, offer, [(metric, amount)], "advertised")
            if advertised:
                answers.append({"what": "base_advertised", "compares": text, **advertised})
    return answers


def _readings(
    connection: duckdb.DuckDBPyConnection, offer: Offer, asked: list[tuple[str, float]], evidence: str
) -> list[dict[str, Any] | None]:
    """Return the row of offer_percentile for each metric and amount, None if nothing answers.

    One query for all of them, since the macro takes longer to plan than to run.
    """
    rows = _rows(
        connection,
        "SELECT q.number, o.* EXCLUDE (release, as_of) "
        "FROM (SELECT unnest(?) AS number, unnest(?) AS metric, unnest(?) AS amount) AS q, "
        "LATERAL (SELECT * FROM offer_percentile(?, ?, ?, ?, q.metric, q.amount, view := ?, evidence := ?)) AS o",
        [
            [*range(len(asked))],
            [metric for metric, _ in asked],
            [float(amount) for _, amount in asked],
            *(offer.group, offer.tier, offer.level, offer.market, offer.view, evidence),
        ],
    )
    found: dict[int, dict[str, Any]] = {row.pop("number"): row for row in rows}
    return [found.get(number) for number in range(len(asked))]


def _why(connection: duckdb.DuckDBPyConnection, offer: Offer, metric: str) -> str:
    """Return why nothing answers."""
    place = [offer.group, offer.tier, offer.level, offer.market, metric, offer.view]
    return _first(connection, "SELECT why FROM answer(?, ?, ?, ?, ?, view := ?)", place)[0]


def _comparable(connection: duckdb.DuckDBPyConnection, answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the shown cells comparable with the cell of an answer."""
    names = ("group_id", "tier", "level", "market", "metric", "view", "evidence")
    return _rows(
        connection,
        "SELECT * FROM comparable_cells(?, ?, ?, ?, ?, view := ?, evidence := ?)",
        [answer[name] for name in names],
    )


def _notes(offer: Offer) -> list[str]:
    """Return what the answers omit or assume."""
    missing = [name for name in ("base", "bonus", "equity") if getattr(offer, name) is None]
    if missing:
        names = ", ".join(f"--{name}" for name in missing)
        return [f"no total without {names}: an amount that is not given is unknown; use 0 for none"]
    if offer.equity and offer.equity_liquid is None:
        return ["assuming that the equity cannot be sold; add --equity-liquid yes if it can, such as listed stock"]
    return []


def _first(connection: duckdb.DuckDBPyConnection, sql: str, parameters: list[Any] | None = None) -> list[str]:
    return [str(row[0]) for row in connection.execute(sql, parameters or []).fetchall()]


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, parameters: list[Any]) -> list[dict[str, Any]]:
    return records(connection.execute(sql, parameters))
