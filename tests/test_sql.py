"""SQL files: one SELECT each, with a header that names what it reads, and functions for what several of them need."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import dropwhile, takewhile
from pathlib import Path
from typing import Any

import duckdb
import pytest

from salary_bands import schemas
from salary_bands.aggregate import registry
from salary_bands.aggregate.plan import ExportState
from salary_bands.aggregate.registry import RECIPES, make
from salary_bands.aggregate.workspace import Workspace
from salary_bands.schemas.columns import LEVELS, STAGES, TIERS
from salary_bands.statistics.pooling import POOLING_KINDS
from salary_bands.storage.duck import in_memory
from salary_bands.storage.parquet import write_table
from salary_bands.storage.sql import SQL
from tests.builders.candidates import empty_plan, settings_at

FUNCTIONS = sorted(SQL.glob("functions/*.sql"))
SELECTS = sorted({*SQL.rglob("*.sql")} - {*FUNCTIONS})
UNORDERED = ("steps", "gates", "show/known_cells")  # tables that nobody reads in order


def name(path: Path) -> str:
    return path.relative_to(SQL).with_suffix("").as_posix()


def statement(sql: str) -> str:
    """The SQL without comments and surrounding space."""
    return "\n".join(line.split("--")[0] for line in sql.splitlines()).strip()


def named_inputs(sql: str) -> set[str]:
    """The inputs that the header names, without its remarks in brackets."""
    header = takewhile(lambda line: line.startswith("-- "), sql.splitlines())
    lines = [line.removeprefix("-- ") for line in dropwhile(lambda line: not line.startswith("-- Inputs: "), header)]
    inputs, _, _ = re.sub(r" \([^)]*\)", "", " ".join(lines)).removeprefix("Inputs: ").partition(".")
    return set(inputs.split(", ")) - {""}


def read_inputs(sql: str) -> set[str]:
    """The tables and table macros that DuckDB's parser finds in a SELECT, without its CTEs."""
    [(text,)] = duckdb.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()
    found = list(nodes(json.loads(text)))
    tables = {node["table_name"] for node in found if node.get("type") == "BASE_TABLE"}
    macros = {node["function"]["function_name"] for node in found if node.get("type") == "TABLE_FUNCTION"}
    ctes = {entry["key"] for node in found for entry in node.get("cte_map", {}).get("map", [])}
    return (tables | macros) - ctes


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object in a JSON document."""
    if isinstance(tree, dict):
        yield tree
    for inner in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from nodes(inner)


@pytest.mark.parametrize("path", SELECTS, ids=name)
def test_a_file_is_one_select(path: Path) -> None:
    body = statement(path.read_text(encoding="utf-8")).casefold()
    assert body.startswith(("select", "with"))
    assert ";" not in re.sub(r"'[^']*'", "", body)  # except in quotes
    assert "order by" in body or name(path).startswith(UNORDERED)


@pytest.mark.parametrize("path", SELECTS, ids=name)
def test_a_header_gives_the_grain_and_the_inputs(path: Path) -> None:
    sql = path.read_text(encoding="utf-8")
    # checks open with what offends, examples with their question
    assert sql.startswith("-- " if name(path).startswith(("checks", "examples")) else "-- Grain: ")
    assert named_inputs(sql) == read_inputs(sql)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "-- Inputs: a.",
        "-- Inputs: a, b, c.",
        "-- Inputs: a, B.",
        "-- Inputs: a, b and c.",
        "-- Grain: x.",
        "-- Reads a, b.",
    ],
)
def test_a_header_with_other_inputs_is_seen(header: str) -> None:
    select = "WITH c AS (SELECT * FROM a) SELECT * FROM c WHERE EXISTS (SELECT 1 FROM b)"
    assert (
        read_inputs(select) == {"a", "b"} == named_inputs("-- Grain: x.\n-- Inputs: a (x, y),\n-- b. Or c.\n" + select)
    )
    assert named_inputs(f"{header}\n{select}") != read_inputs(select)


def test_a_table_macro_is_an_input() -> None:
    assert read_inputs('SELECT * FROM band("group", tier, view := view) AS b, cards') == {"band", "cards"}


@pytest.mark.parametrize("path", FUNCTIONS, ids=name)
def test_a_function_is_a_macro_of_its_name_that_is_called(path: Path) -> None:
    header, first, *_ = path.read_text(encoding="utf-8").splitlines()
    assert header.startswith("-- ") and header.endswith(".")
    assert first.startswith(f"create macro {path.stem}(")
    call = re.compile(rf"\b{path.stem}\(")
    assert any(call.search(other.read_text(encoding="utf-8")) for other in {*SELECTS, *FUNCTIONS} - {path})


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("rounded_usd(43249.99)", 43_200),
        ("rounded_usd(43250)", 43_300),
        ("rounded_usd(50249.99)", 50_000),
        ("rounded_usd(50250)", 50_500),
        ("rounded_usd(NULL)", None),
        ("rounded_ratio(CAST(0.12346 AS DOUBLE))", 0.1235),
        ("CAST(rounded_ratio(CAST(-0.00001 AS DOUBLE)) AS VARCHAR)", "0.0"),
        ("fixed_log(100000)", 0),
        ("fixed_log(271828.2)", 65_536),
        ("typeof(fixed_log(271828))", "BIGINT"),
        ("typeof(sum_of_squares(1))", "HUGEINT"),
        ("CAST(sum_of_squares(4294967296000) AS VARCHAR)", "18446744073709551616000000"),
        ("is_country('US')", True),
        ("is_country('global') OR is_country('us-sf-bay')", False),
        ("is_placed('T3', 'L5', 'title', 'US')", True),
        ("is_placed('unknown', 'L5', 'title', 'US')", False),
        ("is_placed('T3', 'L5', 'experience', 'US')", False),
        ("is_placed('T3', 'L5', NULL, 'US')", False),
        ("is_placed('T3', NULL, 'title', 'US')", False),
        ("is_placed('T3', 'L5', 'title', NULL)", False),
    ],
)
def test_a_function_gives(call: str, value: object) -> None:
    with in_memory() as connection:
        assert connection.execute(f"SELECT {call}").fetchall() == [(value,)]


def test_sql_has_the_pooling_kinds_of_the_statistics() -> None:
    asked = "SELECT DISTINCT pooling_kind(tier, level) FROM unnest(?) AS t (tier), unnest(?) AS l (level)"
    with in_memory() as connection:
        found = connection.execute(asked, [[*TIERS, "all"], [*LEVELS, *STAGES]]).fetchall()
        assert connection.execute("SELECT pooling_kind('T2', 'senior')").fetchall() == [("listed_stage",)]
    assert {kind for (kind,) in found} == set(POOLING_KINDS)


def test_every_table_comes_after_its_inputs() -> None:
    made = set(schemas.EXPORT_TABLES)
    for table, recipe in RECIPES.items():
        assert set(recipe.inputs) <= made, table
        made.add(table)


@pytest.fixture(scope="module")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A candidate of one export without rows, whose every table is there and empty."""
    workspace = Workspace(settings_at(tmp_path_factory.mktemp("nothing")))
    state = ExportState("source", "source/native.csv", "0" * 64, "key", "native", 0, counted=True)
    workspace.start(replace(empty_plan(), files=[state]))
    for table in schemas.EXPORT_TABLES:
        write_table(workspace.parts.path(table, state.key), table, [schemas.empty(table)])
    for table in RECIPES:
        workspace.write_nothing(table)
    return workspace


@pytest.mark.parametrize("table", RECIPES)
def test_the_steps_of_a_table_have_their_inputs(table: str, nothing: Workspace) -> None:
    assert make(nothing, table) >= 0


@pytest.mark.parametrize(
    ("table", "left_out"),
    [
        ("window_reports", "pay_reports"),
        ("model_cells", "window_reports"),
        ("cell_figures", "window_reports"),
        ("bands", "model_cells"),
        ("bands", "cell_figures"),
        ("multipliers", "bands"),
        ("cards", "premiums"),
        ("claims", "bands"),
        ("full_ledger", "rejected_reports"),
        ("sources", "accepted_reports"),
    ],
)
def test_a_table_without_one_of_its_inputs_is_not_made(
    table: str, left_out: str, nothing: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = RECIPES[table]
    fewer = replace(recipe, inputs=tuple(name for name in recipe.inputs if name != left_out))
    monkeypatch.setitem(registry.RECIPES, table, fewer)
    with pytest.raises(duckdb.CatalogException, match=left_out):
        make(nothing, table)
    nothing.write_nothing(table)  # for the tests that come after
