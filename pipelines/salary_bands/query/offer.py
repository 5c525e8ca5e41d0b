"""The check of an offer: where each part and sum of it lies in the bands of a release.

The macros of the mart do the reading, over the release's Parquet in memory, so that the mart and the command give the
same. What an offer of private equity is worth is asked three ways, and each answer says which it is.
"""

import math
from dataclasses import dataclass
from typing import Any

import duckdb

from salary_bands.errors import RefreshError, UsageError
from salary_bands.query.macros import add_macros
from salary_bands.reference import read_csv
from salary_bands.releases.marts import Marts
from salary_bands.releases.tables import table_file
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
    """An offer in annual USD; a part that is None was not given, which is not 0. Equity is a year's, at face value."""

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
    """(what, metric of the bands, amount, what is compared with what) of everything the given parts can answer."""
    base, bonus, equity = offer.base, offer.bonus, offer.equity
    asked = [
        (name, name, amount, text)
        for name, amount, text in (
            ("base", base, "base pay"),
            ("bonus", bonus, "a year's bonus"),
            ("equity", equity, "a year's equity at face value, among people's equity at face value"),
        )
        if amount is not None
    ]
    if base is None or bonus is None or equity is None:
        return asked
    liquid = offer.equity_liquid == "yes"
    text = "base + bonus + equity at face value, among people's totals at face value"
    asked.append(("total", "total", base + bonus + equity, text))
    if equity and not liquid:
        text = "base + bonus, should the equity come to nothing, among the same totals at face value"
        asked.append(("total_without_equity", "total", base + bonus, text))
    counted = "base + bonus + equity, which can be sold" if liquid else "base + bonus"
    text = f"{counted}, among what people can spend: their base, bonus and equity that can be sold"
    asked.append(("total_liquid", "total_liquid", base + bonus + (equity if liquid else 0), text))
    return asked


def check_offer(marts: Marts, release: str | None, offer: Offer) -> dict[str, Any]:
    """Answers, comparable cells and notes of an offer as one document.

    Raises UsageError naming what there is, RefreshError where nothing is published or the release is too old.
    """
    _check_amounts(offer)
    version = marts.chosen(release)
    manifest = marts.manifest(version)
    if "cards.parquet" not in {f["path"] for f in manifest["files"]}:
        raise RefreshError(
            f"release {version} has no table `cards`, which says what a group falls back to; "
            "publish a newer one with `salary-bands refresh`"
        )
    with duckdb.connect(":memory:") as connection:
        for table in ("bands", "cards"):
            connection.read_parquet(str(table_file(marts, version, table))).create_view(table)
        add_macros(connection)
        _check_place(connection, version, offer)
        tried = _tried(connection, offer)
        answers = _answers(connection, offer, tried["fallback"])
        shown = {a["what"]: a for a in answers if a["reading"] != NOTHING and a["evidence"] == "reported"}
        beside = shown.get("total") or next(iter(shown.values()), None)
        comparable = _comparable(connection, beside) if beside else []
    return {
        "release": version,
        "as_of": manifest["as_of"],
        "contains_synthetic": manifest["contains_synthetic"],
        "offer": {**vars(offer), "view": tried["view"]},
        "answers": answers,
        "comparable": comparable,
        "notes": _notes(offer),
    }


def _check_amounts(offer: Offer) -> None:
    amounts = {"base": offer.base, "bonus": offer.bonus, "equity": offer.equity}
    if all(amount is None for amount in amounts.values()):
        raise UsageError("no amount to check; there are --base, --bonus, --equity, in USD a year")
    for name, amount in amounts.items():
        if amount is not None and not (math.isfinite(amount) and amount >= 0):
            raise UsageError(f"--{name} {amount:g}: not an amount; write USD a year, 0 or more")
    if offer.base == 0:
        raise UsageError("--base 0: no base pay; leave it out where it is not known")
    if offer.equity_liquid not in (None, "yes", "no"):
        raise UsageError(f"--equity-liquid {offer.equity_liquid}: there are yes, no")


def _check_place(connection: duckdb.DuckDBPyConnection, version: str, offer: Offer) -> None:
    """Raise UsageError for a view, group, tier, level or market that is none, naming what there is."""
    views = _first(connection, "SELECT DISTINCT view FROM cards ORDER BY view")
    if offer.view is not None and offer.view not in views:
        raise UsageError(f"--view {offer.view}: not in release {version}; there are {', '.join(views)}")
    groups = _first(
        connection, "SELECT DISTINCT group_id FROM cards WHERE view = coalesce(?, view) ORDER BY group_id", [offer.view]
    )
    if offer.group not in groups:
        where = f"view {offer.view} of release {version}" if offer.view else f"release {version}"
        raise UsageError(f"--group {offer.group}: not in {where}; there are {', '.join(groups)}")
    for name, value in (("tier", offer.tier), ("level", offer.level)):
        known = _first(connection, f'SELECT DISTINCT "{name}" FROM bands ORDER BY 1')
        if value not in known:
            raise UsageError(f"--{name} {value}: not in release {version}; there are {', '.join(known)}")
    markets = _first(connection, "SELECT DISTINCT market FROM bands ORDER BY market")
    if offer.market not in markets and not _is_market(offer.market):
        raise UsageError(
            f"--market {offer.market}: no such market; there are {', '.join(markets)}, other countries by their two "
            "letters, and the metros of markets.csv"
        )


def _is_market(market: str) -> bool:
    """Whether it is a market that the release might have had: one of ours without a shown cell is no wrong usage."""
    if market == "global" or market in {row["market"] for row in read_csv("markets.csv")}:
        return True
    import pycountry

    return len(market) == 2 and market.isupper() and pycountry.countries.get(alpha_2=market) is not None


def _tried(connection: duckdb.DuckDBPyConnection, offer: Offer) -> dict[str, Any]:
    """The view that the group was found in, and every step that a figure without a cell has tried."""
    return _rows(
        connection,
        "SELECT arg_min(view, step) AS view, arg_max(fallback, step) AS fallback "
        "FROM fallback_cells(?, ?, ?, ?, view := ?)",
        [offer.group, offer.tier, offer.level, offer.market, offer.view],
    )[0]


def _answers(connection: duckdb.DuckDBPyConnection, offer: Offer, tried: list[str]) -> list[dict[str, Any]]:
    """An answer a question; where no reported base is shown, one more among adverts, which says so."""
    answers = []
    for what, metric, amount, text in questions(offer):
        found = _reading(connection, offer, metric, amount, "reported")
        nothing = {**UNREAD, "amount": amount, "fallback": tried, "evidence": "reported", "metric": metric}
        answers.append({"what": what, "compares": text, **(found or nothing)})
        if what == "base" and not found:
            text = "base pay among the midpoints of advertised ranges, which are narrower than pay"
            if found := _reading(connection, offer, metric, amount, "advertised"):
                answers.append({"what": "base_advertised", "compares": text, **found})
    return answers


def _reading(
    connection: duckdb.DuckDBPyConnection, offer: Offer, metric: str, amount: float, evidence: str
) -> dict[str, Any] | None:
    """The row of offer_percentile; None where no cell is shown."""
    found = _rows(
        connection,
        "SELECT * EXCLUDE (release, as_of) FROM offer_percentile(?, ?, ?, ?, ?, ?, view := ?, evidence := ?)",
        [offer.group, offer.tier, offer.level, offer.market, metric, amount, offer.view, evidence],
    )
    return found[0] if found else None


def _comparable(connection: duckdb.DuckDBPyConnection, answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Shown cells around the one that answered."""
    names = ("group_id", "tier", "level", "market", "metric", "view", "evidence")
    return _rows(
        connection,
        "SELECT * FROM comparable_cells(?, ?, ?, ?, ?, view := ?, evidence := ?)",
        [answer[name] for name in names],
    )


def _notes(offer: Offer) -> list[str]:
    """What the answers leave out or take for granted."""
    missing = [name for name in ("base", "bonus", "equity") if getattr(offer, name) is None]
    if missing:
        names = ", ".join(f"--{name}" for name in missing)
        return [f"no total without {names}: what is not given is unknown; write 0 for none"]
    if offer.equity and offer.equity_liquid is None:
        return ["equity is taken as not liquid; --equity-liquid yes where it can be sold, as listed stock can"]
    return []


def _first(connection: duckdb.DuckDBPyConnection, sql: str, parameters: list[Any] | None = None) -> list[str]:
    return [str(row[0]) for row in connection.execute(sql, parameters or []).fetchall()]


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, parameters: list[Any]) -> list[dict[str, Any]]:
    return records(connection.execute(sql, parameters))
