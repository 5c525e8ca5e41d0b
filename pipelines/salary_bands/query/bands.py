"""Query the bands of a release."""

from typing import Any

import duckdb

from salary_bands.errors import UsageError
from salary_bands.query.macros import add_macros, reading
from salary_bands.query.places import is_market
from salary_bands.releases.marts import Marts
from salary_bands.storage.records import records
from salary_bands.storage.sql import read_sql

_ANSWER = (
    "basis", "why", "distance", "fallback", "view", "group_id", "tier", "level", "market", "n_reports", "n_effective",
    "p10", "p25", "p50", "p50_low", "p50_high", "p50_precision", "p75", "p90",
)  # fmt: skip
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

    Without a view it is `cards`, or the first view that has the group.
    A row that shows nothing has the best answer to the same question in `answer`: what the model says of the cell, else
    the nearest shown cell. Cells that only the model knows are rows too. `leading` is there if asked for: what the
    release can show best.

    Raises:
        UsageError: No cell has a filter's value, or none has all of them. The message lists the known values.
    """
    version = marts.chosen(release)
    manifest = marts.manifest(version)
    with reading(marts, manifest) as connection:
        view = view or _view_of(connection, group)
        asked = {"view": view, "group_id": group, "tier": tier, "level": level, "market": market, "evidence": evidence}
        wanted = {k: v for k, v in asked.items() if v not in (None, "each")}
        conditions = " AND ".join([*(f'"{name}" = ?' for name in wanted), "list_contains(?, metric)"])
        rows = records(
            connection.execute(  # groups that show nothing come last
                f"SELECT * FROM ({read_sql('show/answered_cells')}) WHERE {conditions} "
                "ORDER BY view, min(basis = 'suppressed') OVER (PARTITION BY view, group_id), "
                "group_id, tier, level, metric",
                [*wanted.values(), metrics],
            )
        )
        if not rows:
            _refuse_unknown(connection, version, [*wanted.items(), *(("metric", m) for m in metrics)])
        has_group = connection.execute("SELECT 1 FROM cards WHERE view = ? AND group_id = ?", [view, group]).fetchall()
        if has_group and "each" not in (tier, level):
            missing = sorted(set(metrics) - {row["metric"] for row in rows})
            if missing:
                add_macros(connection)
            rows += [_asked(connection, {**wanted, "metric": metric}) for metric in missing]
            rows.sort(key=lambda row: str(row["metric"]))
        leading = {"leading": _leading_rows(connection)} if with_leading else {}
    if not rows:
        said = ", ".join(f"{name} {value}" for name, value in wanted.items())
        raise UsageError(f"release {version} has no cell with {said}; drop one of these filters")
    return {
        "release": version,
        "contains_synthetic": manifest.contains_synthetic,
        "bands": [_with_answer(row) for row in rows],
        **leading,
    }


def _refuse_unknown(connection: duckdb.DuckDBPyConnection, version: str, filters: list[tuple[str, str]]) -> None:
    """Raise UsageError if no cell has the value of one of these filters; a market may be one that the model knows."""
    has_group = any(name == "group_id" for name, _ in filters)
    connection.execute(f"CREATE VIEW known_cells AS {read_sql('show/known_cells')}")
    [are_known] = connection.execute(
        f"SELECT {', '.join(f'bool_or({name} = ?)' for name, _ in filters)} FROM known_cells",
        [value for _, value in filters],
    ).fetchall()
    for (name, value), is_known in zip(filters, are_known, strict=True):
        if not is_known and not (name == "market" and has_group and is_market(value)):
            known = [r[0] for r in connection.table("known_cells").project(name).distinct().order(name).fetchall()]
            raise UsageError(
                f"--{name.removesuffix('_id')} {value}: not in release {version}; use one of {', '.join(known)}"
            )


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


def _asked(connection: duckdb.DuckDBPyConnection, cell: dict[str, str]) -> dict[str, Any]:
    """Return a row for a cell that no table has, with the best answer."""
    place = [cell[name] for name in ("group_id", "tier", "level", "market", "metric", "view", "evidence")]
    [found] = records(connection.execute("SELECT * FROM answer(?, ?, ?, ?, ?, view := ?, evidence := ?)", place))
    [label] = connection.execute(
        "SELECT label FROM cards WHERE view = ? AND group_id = ?", [cell["view"], cell["group_id"]]
    ).fetchone() or [cell["group_id"]]
    columns = dict.fromkeys(connection.table("bands").columns)
    answer = {f"answer_{name}": found[name] for name in _ANSWER}
    return {
        **columns,
        **cell,
        "group_label": label,
        "basis": "suppressed",
        "suppression_reason": "few_reports",
        **answer,
    }
