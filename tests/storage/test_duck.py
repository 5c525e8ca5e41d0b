"""DuckDB under a memory limit: what does not fit goes to the spill folder, and the rows are the same."""

from pathlib import Path

import duckdb
import pytest

from salary_bands.settings import load
from salary_bands.storage.duck import in_memory

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


def default_limit() -> str:
    with duckdb.connect(":memory:") as connection:
        return str(connection.execute("SELECT current_setting('memory_limit')").fetchall()[0][0])
