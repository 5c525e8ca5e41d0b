"""Compiled loops: kept on disk where possible, and working where not."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from salary_bands.statistics.batches import by_cell
from salary_bands.statistics.compiled import compiled


def test_a_function_whose_result_cannot_be_kept_is_compiled_all_the_same() -> None:
    """Numba finds no folder for a module that is no file, as for one in a folder that nobody may write."""
    defined: dict[str, Callable[[int], int]] = {}
    exec(compile("def twice(number): return 2 * number", "<nowhere>", "exec"), defined)
    assert compiled(defined["twice"])(21) == 42


def test_what_was_compiled_is_kept_for_the_next_process(tmp_path: Path) -> None:
    code = (
        "import numpy as np; from salary_bands.statistics.batches import by_cell; "
        "n = np.zeros(3, np.int32); by_cell(n, n, 1); print(sum(by_cell.stats.cache_hits.values()))"
    )
    run = [sys.executable, "-c", code]
    hits = [
        subprocess.run(run, env={"NUMBA_CACHE_DIR": str(tmp_path)}, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert [int(of) for of in hits] == [0, 1]


def test_the_tests_look_at_what_is_compiled() -> None:
    assert hasattr(by_cell, "stats")
