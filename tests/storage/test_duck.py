"""DuckDB in memory: its limit, the folder for what does not fit, and what connections of one process share."""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from salary_bands.settings import load
from salary_bands.storage.duck import add_file, in_memory, share

ROWS = 2_000_000
# 16 bytes of numbers and 32 of text a row: 96 MB that a sort must hold
SORTED = f"CREATE TABLE sorted AS SELECT range AS number, md5(range::VARCHAR) AS text FROM range({ROWS}) ORDER BY text"


def test_a_sort_beyond_the_limit_spills_and_is_right(tmp_path: Path) -> None:
    with in_memory(tmp_path / "spill", "60MB") as connection:
        connection.execute("SET threads = 1")
        connection.execute(SORTED)
        assert list((tmp_path / "spill").iterdir())
        found = connection.execute(
            "SELECT count(*), sum(number), bool_and(text >= before) FROM "
            "(SELECT number, text, lag(text, 1, '') OVER (ORDER BY rowid) AS before FROM sorted)"
        ).fetchone()
    assert found == (ROWS, ROWS * (ROWS - 1) // 2, True)


def test_without_a_folder_to_spill_to_the_same_sort_is_refused() -> None:
    with in_memory(memory_limit="60MB") as connection, pytest.raises(duckdb.OutOfMemoryException):
        connection.execute("SET temp_directory = ''")
        connection.execute("SET threads = 1")
        connection.execute(SORTED)


@pytest.mark.parametrize("limit", ["100MB", "1GB", "1.5 GiB", "2TB"])
def test_a_limit_that_the_settings_allow_is_one_that_duckdb_knows(limit: str) -> None:
    with in_memory(memory_limit=load(memory_limit=limit).memory_limit) as connection:
        assert connection.execute("SELECT current_setting('memory_limit')").fetchone() != (default_limit(),)


def test_without_a_limit_it_is_that_of_duckdb() -> None:
    with in_memory() as connection:
        assert connection.execute("SELECT current_setting('memory_limit')").fetchone() == (default_limit(),)


def test_threads_are_those_asked_for_or_the_default() -> None:
    def threads(asked: int | None = None) -> int:
        with in_memory(threads=asked) as connection:
            return int(connection.execute("SELECT current_setting('threads')").fetchall()[0][0])

    default = threads()
    assert (threads(1), threads(3), threads()) == (1, 3, default)


def default_limit() -> str:
    with duckdb.connect(":memory:") as connection:
        return str(connection.execute("SELECT current_setting('memory_limit')").fetchall()[0][0])


def test_connections_share_functions_and_inputs_and_nothing_else() -> None:
    made = []

    def tables() -> dict[str, pd.DataFrame]:
        made.append(1)
        return {"inputs": pd.DataFrame({"a": [1]})}

    with in_memory() as one, in_memory() as other:
        for number, connection in enumerate((one, other)):
            share(connection, {"key": tables})
            connection.execute(f"CREATE OR REPLACE TABLE own AS SELECT a + {number} AS a FROM inputs")
            connection.register("incoming", pd.DataFrame({"b": [number]}))
        assert [c.execute("SELECT a FROM own").fetchall() for c in (one, other)] == [[(1,)], [(2,)]]
        assert [c.execute("SELECT b FROM incoming").fetchall() for c in (one, other)] == [[(0,)], [(1,)]]
        assert one.execute("SELECT rounded_usd(60249)").fetchall() == [(60_000,)]
        assert other.execute("SELECT current_setting('TimeZone')").fetchall() == [("UTC",)]
    assert len(made) == 1
    with in_memory() as later, pytest.raises(duckdb.CatalogException):
        later.execute("FROM own")


def test_after_an_error_the_next_connection_is_of_a_new_engine() -> None:
    """DuckDB refuses all work after an internal error, and a process of Dagster goes on for weeks."""
    with pytest.raises(ValueError, match="broken"), in_memory() as connection:
        share(connection, {"key": lambda: {"inputs": pd.DataFrame({"a": [1]})}})
        raise ValueError("broken")
    with in_memory() as connection:
        assert connection.execute("SELECT count(*) FROM duckdb_databases() WHERE starts_with(database_name, 'shared_')")
        assert connection.fetchall() == [(0,)]


def test_a_file_that_is_written_anew_is_read_anew(tmp_path: Path) -> None:
    """DuckDB 1.5 reads some of sixty from what it remembers of the file before, if it may remember any."""
    path, chance = tmp_path / "rows.parquet", np.random.default_rng(1)
    for _ in range(60):
        rows = pd.DataFrame({"a": chance.integers(0, 1 << 40, 100), "b": chance.integers(0, 1 << 30, 100).astype(str)})
        rows.to_parquet(path)
        with in_memory() as connection:
            add_file(connection, "rows", path)
            assert connection.execute("SELECT sum(a) FROM rows").fetchall() == [(rows["a"].sum(),)]
