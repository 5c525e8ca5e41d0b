"""Query the bands of a release."""

from itertools import product
from typing import Any

import duckdb

from salary_bands.errors import UsageError
from salary_bands.query.macros import add_macros, reading
from salary_bands.query.names import meant
from salary_bands.releases.marts import Marts
from salary_bands.storage.records import records
from salary_bands.storage.sql import read_sql

_ANSWER = (
    "basis", "why", "distance", "fallback", "view", "group_id", "tier", "level", "market", "n_reports", "n_effective",
    "p10", "p25", "p50", "p50_low", "p50_high", "p50_precision", "p75", "p90",
)  # fmt: skip
_CELL = ("group_id", "tier", "level", "metric")  # what the rows of one answer differ in
LEADING = ("all", "ml_generalist", "data_science")  # groups of the view `leaf` that plain titles fill


def band_rows(
    marts: Marts,
    release: str | None,
    *,
    view: str | None,
    group: str | None,
    tier: str,
    level: str,
    market: str,
    metrics: list[str],
    evidence: str,
    with_leading: bool = False,
) -> dict[str, Any]:
    """Return the bands of a release as one document. The value `each` selects every tier or level.

    Without a view it is `cards`, or the first view that has the group. Names may be in another case.
    A row that shows nothing has the best answer to the same question in `answer`: what the model says of the cell, else
    the nearest shown cell. Cells that no table has are rows too. `leading` is there if asked for: what the release can
    show best.

    Raises:
        UsageError: A filter's value is unknown; the message suggests one or lists the known. Or no group of the view
            is the one asked for.
    """
    version = marts.chosen(release)
    manifest = marts.manifest(version)
    given = {"view": view, "group_id": group, "tier": tier, "level": level, "market": market, "evidence": evidence}
    asked = {name: value for name, value in given.items() if value not in (None, "each")}
    with reading(marts, manifest) as connection:
        wanted, rows = _cells(connection, asked, metrics)
        if not rows:
            asked, metrics = _meant(connection, version, asked, metrics)
            wanted, rows = _cells(connection, asked, metrics)
        rows += _answered(connection, wanted, _missing(connection, wanted, metrics, rows))
        leading = {"leading": _leading_rows(connection)} if with_leading else {}
    if not rows:
        said = ", ".join(f"{name} {value}" for name, value in wanted.items())
        raise UsageError(f"release {version} has no cell with {said}; drop one of these filters")
    shown = {row["group_id"] for row in rows if row["basis"] != "suppressed"}  # other groups come last
    rows.sort(key=lambda row: (row["group_id"] not in shown, *(row[name] for name in _CELL)))
    return {
        "release": version,
        "contains_synthetic": manifest.contains_synthetic,
        "bands": [_with_answer(row) for row in rows],
        **leading,
    }


def _cells(
    connection: duckdb.DuckDBPyConnection, asked: dict[str, str], metrics: list[str]
) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Return the filters with the view that is meant, and the cells of the tables that have their values."""
    wanted = {"view": _view_of(connection, asked.get("group_id")), **asked}
    conditions = " AND ".join([*(f'"{name}" = ?' for name in wanted), "list_contains(?, metric)"])
    sql = f"SELECT * FROM ({read_sql('show/answered_cells')}) WHERE {conditions}"
    return wanted, records(connection.execute(sql, [*wanted.values(), metrics]))


def _meant(
    connection: duckdb.DuckDBPyConnection, version: str, asked: dict[str, str], metrics: list[str]
) -> tuple[dict[str, str], list[str]]:
    """Return the filters and metrics with the names that the release has, if they are the same but for case.

    Raises UsageError if one is unknown. A market may be one in which no cell is.
    """
    filters = [*asked.items(), *(("metric", metric) for metric in metrics)]
    connection.execute(f"CREATE VIEW known_cells AS {read_sql('show/known_cells')}")
    [are_known] = connection.execute(
        f"SELECT {', '.join(f'bool_or({name} = ?)' for name, _ in filters)} FROM known_cells",
        [value for _, value in filters],
    ).fetchall()
    found = [
        value if is_known else meant(name, value, _names(connection, "known_cells", name), f"release {version}")
        for (name, value), is_known in zip(filters, are_known, strict=True)
    ]
    return dict(zip(asked, found, strict=False)), found[len(asked) :]


def _names(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> list[str]:
    return [row[0] for row in connection.table(table).project(column).distinct().order(column).fetchall()]


def _missing(
    connection: duckdb.DuckDBPyConnection, wanted: dict[str, str], metrics: list[str], rows: list[dict[str, Any]]
) -> list[tuple[str, ...]]:
    """Return (group_id, tier, level, metric) of what was asked for and is no row."""
    sql = "SELECT group_id FROM cards WHERE view = ? AND group_id = coalesce(?, group_id)"
    groups = connection.execute(sql, [wanted["view"], wanted.get("group_id")]).fetchall()
    tiers, levels = (
        [wanted[name]] if name in wanted else _names(connection, "bands", name) for name in ("tier", "level")
    )
    there = {tuple(row[name] for name in _CELL) for row in rows}
    return [cell for cell in product((row[0] for row in groups), tiers, levels, metrics) if cell not in there]


def _leading_rows(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return what a release can show best: base and total of LEADING by level, by tier and by place."""
    connection.execute(
        "CREATE TABLE leading_groups AS SELECT unnest(?) AS group_id, unnest(?) AS place",
        [LEADING, [*range(len(LEADING))]],
    )
    return records(connection.execute(read_sql("show/leading_cells")))


def _view_of(connection: duckdb.DuckDBPyConnection, group: str | None) -> str:
    """Return the first view that has a group, `cards` before others; that too if none has it."""
    views = "SELECT view FROM cards WHERE group_id = ? ORDER BY view <> 'cards', view <> 'leaf', view"
    found = connection.execute(views, [group]).fetchall()
    return str(found[0][0]) if found else "cards"


def _with_answer(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with the columns `answer_...` as one value, null if the row shows something itself."""
    own = {name: value for name, value in row.items() if not name.startswith("answer_")}
    answer = {name: row.get(f"answer_{name}") for name in _ANSWER}
    answer["fallback"] = [step for step in answer["fallback"] or [] if step]
    return {**own, "answer": answer if row["basis"] == "suppressed" else None}


def _answered(
    connection: duckdb.DuckDBPyConnection, wanted: dict[str, str], cells: list[tuple[str, ...]]
) -> list[dict[str, Any]]:
    """Return a row with the best answer for each (group_id, tier, level, metric) that no table has.

    One query for all of them, since the macro takes longer to plan than to run.
    """
    if not cells:
        return []
    add_macros(connection)
    columns = dict.fromkeys(connection.table("bands").columns)
    asked = ", ".join(f"unnest(?) AS {name}" for name in _CELL)
    found = connection.execute(
        f"SELECT q AS cell, c.label, a AS answer FROM (SELECT {asked}) AS q, "
        "LATERAL (SELECT * FROM answer(q.group_id, q.tier, q.level, ?, q.metric, view := ?, evidence := ?)) AS a "
        "INNER JOIN cards AS c ON c.view = ? AND c.group_id = q.group_id",
        [*map(list, zip(*cells, strict=True)), *(wanted[n] for n in ("market", "view", "evidence", "view"))],
    )
    return [
        {
            **columns,
            **wanted,
            **row["cell"],
            "group_label": row["label"],
            "basis": "suppressed",
            "suppression_reason": "few_reports",
            **{f"answer_{name}": row["answer"][name] for name in _ANSWER},
        }
        for row in records(found)
    ]
