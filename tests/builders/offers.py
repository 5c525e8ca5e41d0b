"""Releases and macros over a handful of cells, for the tests of offers."""

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from salary_bands.publish.pointers import write_pointers
from salary_bands.query.macros import add_macros
from salary_bands.releases.manifest import File
from salary_bands.releases.marts import Marts
from salary_bands.schemas import arrow_schema
from salary_bands.schemas.bands import PERCENTILES
from salary_bands.storage.files import sha256_of
from salary_bands.vocabulary.taxonomy import view_groups
from tests.builders.manifests import manifest_of

# what values multiply pay by, each of as many reports
_MULTIPLIERS = {
    "specialisation": {"post_training": 1.2, "pre_training": 1.25, "ml_generalist": 1.0, "llm_serving": 1.1},
    "tier": {"T1": 1.5, "T2": 1.2, "T3": 1.1, "T4": 1.0, "T5": 0.9},
    "level": {"L3": 0.7, "L4": 0.85, "L5": 1.0, "L6": 1.25, "L7": 1.6},
    "market": {"US": 1.0, "us-sf-bay": 1.05, "us-seattle": 0.98, "gb-london": 0.7, "GB": 0.65, "IN": 0.3},
}
MULTIPLIERS: list[dict[str, Any]] = [
    {"factor": factor, "value": value, "metric": metric, "multiplier": ratio, "n": 100}
    for factor, values in _MULTIPLIERS.items()
    for value, ratio in values.items()
    for metric in ("base", "total")
]
ASKED = ("post_training", "T1", "L5", "us-sf-bay")
FIGURES = (50_000, 100_000, 200_000, 400_000, 800_000)  # P10, P25, P50, P75, P90
NO_TAILS = (None, *FIGURES[1:4], None)
NO_MORE_THAN_P50 = (None, None, FIGURES[2], None, None)
VERSION = "2026.06.30"

METRO = "market us-sf-bay to US"  # a step from there


def cell(
    group: str = "post_training",
    tier: str = "T1",
    level: str = "L5",
    market: str = "us-sf-bay",
    *,
    view: str = "leaf",
    metric: str = "base",
    figures: tuple[int | None, ...] = FIGURES,
    lows: tuple[int | None, ...] | None = None,
    highs: tuple[int | None, ...] | None = None,
    **columns: Any,
) -> dict[str, Any]:
    """A row of bands that shows these figures, with bounds 0.8 and 1.25 of them where none are given."""
    lows = lows or tuple(None if f is None else f * 4 // 5 for f in figures)
    highs = highs or tuple(None if f is None else f * 5 // 4 for f in figures)
    row: dict[str, Any] = {
        "release": VERSION,
        "view": view,
        "group_id": group,
        "group_label": group.title(),
        "evidence": "reported",
        "tier": tier,
        "level": level,
        "market": market,
        "metric": metric,
        "n_reports": 80,
        "n_effective": 60.5,
        "n_employers": 7,
        "median_age_days": 120,
        "basis": "direct",
        "method_version": "m",
    }
    for p, figure, low, high in zip(PERCENTILES, figures, lows, highs, strict=True):
        word = None if figure is None else "acceptable"
        row |= {f"p{p}": figure, f"p{p}_low": low, f"p{p}_high": high, f"p{p}_precision": word}
    return {**row, **columns}


def suppressed(*place: str, **columns: Any) -> dict[str, Any]:
    return cell(*place, figures=(None,) * 5, basis="suppressed", suppression_reason="few_reports", **columns)


def card_rows() -> list[dict[str, Any]]:
    """The groups of our views as the table cards names them."""
    leaves: dict[tuple[str, str, str], list[str]] = {}
    for view, group, label, leaf in view_groups().itertuples(index=False, name=None):
        leaves.setdefault((view, group, label), []).append(leaf)
    return [{"view": v, "group_id": g, "label": name, "leaves": ";".join(ls)} for (v, g, name), ls in leaves.items()]


def as_table(rows: list[dict[str, Any]], name: str) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=arrow_schema(name))


def release_of(
    folder: Path,
    bands: list[dict[str, Any]],
    cards: list[dict[str, Any]] | None = None,
    synthetic: bool = False,
    **more: list[dict[str, Any]],
) -> Marts:
    """A marts folder with one release of these tables, `multipliers` among them unless `more` has others."""
    marts = Marts(folder)
    tables = {"bands": bands, "cards": card_rows() if cards is None else cards, "multipliers": MULTIPLIERS, **more}
    marts.release(VERSION).mkdir(parents=True)
    files = []
    for name, rows in tables.items():
        path = marts.release(VERSION) / f"{name}.parquet"
        pq.write_table(as_table(rows, name), path)
        files.append(File(path=path.name, bytes=path.stat().st_size, sha256=sha256_of(path), rows=len(rows)))
    text = manifest_of(VERSION, files, contains_synthetic=synthetic).text()
    (marts.release(VERSION) / "manifest.json").write_text(text, encoding="utf-8")
    write_pointers(marts, [marts.entry(VERSION)])
    return marts


def database(
    bands: list[dict[str, Any]],
    cards: list[dict[str, Any]] | None = None,
    estimates: list[dict[str, Any]] | None = None,
    multipliers: list[dict[str, Any]] | None = None,
) -> duckdb.DuckDBPyConnection:
    """The macros over these tables, ours where none are given."""
    connection = duckdb.connect(":memory:")
    for name, rows in (
        ("bands", bands),
        ("cards", card_rows() if cards is None else cards),
        ("estimates", estimates or []),
        ("multipliers", MULTIPLIERS if multipliers is None else multipliers),
    ):
        connection.register("incoming", as_table(rows, name))
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM incoming")
    add_macros(connection)
    return connection


def rows_of(connection: duckdb.DuckDBPyConnection, sql: str, *parameters: Any) -> list[dict[str, Any]]:
    cursor = connection.execute(sql, list(parameters))
    names = [d[0] for d in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
