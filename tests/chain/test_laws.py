"""What holds for every export and every cell, whatever is in it."""

import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salary_bands.aggregate.tables import cell_figures
from salary_bands.exports.stages import STAGE_TABLES, ExportStages
from salary_bands.ingest.raw_folder import scan
from salary_bands.settings import Settings
from salary_bands.statistics.batches import Integers
from salary_bands.statistics.jitter import FIGURE, HIGH, LOW, Keys
from tests.builders.candidates import BANDS, JUDGED, Built, build, settings_at
from tests.builders.cases import Unrounded, elsewhere, generated_rows, unrounded, write_adverts
from tests.builders.exports import native_row, write_native
from tests.builders.steps import percentiles_of
from tests.oracle.figures import PERCENTILES, Pay, percentile

Rows = list[dict[str, Any]]

one = settings(max_examples=1)  # where an example takes seconds
many = settings(max_examples=25)

seeds = st.integers(0, 10_000)
cells = st.lists(st.tuples(st.integers(20_000, 900_000), st.integers(1, 2**20)), min_size=1, max_size=40)
BAD = {
    "base": ["", "0", "-1", "abc", "nan", "inf", "1e99", "12", "'=1+1"],
    "currency": ["", "XXX", "??"],
    "submitted_at": ["", "2026-13-40", "soon", "2027-01-01", "2020-01-01"],
    "job_title": ["", "Nurse", "Specialist"],
    "level": ["CEO", "L9"],
    "pay_period": ["fortnight", "hour"],
    "employment": ["intern", "pirate"],
    "bonus": ["-5", "lots"],
    "equity_grant": ["1e400", "7"],
    "total": ["1", "0"],
}  # fmt: skip


@contextmanager
def own_settings(**changed: Any) -> Iterator[Settings]:
    with tempfile.TemporaryDirectory() as folder:
        yield settings_at(Path(folder), **changed)


def built_from(own: Settings, files: dict[str, Rows], tables: Sequence[str] = BANDS) -> Built:
    for file, rows in files.items():
        write_native(own.raw, rows, file)
    return build(own, tables=tables)


def single_rows(seed: int, count: int) -> Rows:
    """Rows of which none supersedes another: of equally new ones the hash decides, and that is of the pay too."""
    return [{**row, "submission_id": f"s{n}"} for n, row in enumerate(generated_rows(seed, count))]


def without_moves(keys: Keys, _: Integers, __: Integers, points: tuple[int, ...], of: int) -> Integers:
    """Ranks where they are: how far they move follows from hashes, and these are of the pay too."""
    assert of in (FIGURE, LOW, HIGH)
    return np.zeros((len(keys), len(points)), np.int64)


def bands_of(files: dict[str, Rows]) -> pd.DataFrame:
    with own_settings() as own:
        return built_from(own, files).table("bands")


@st.composite
def spoilt_exports(draw: st.DrawFn) -> dict[str, Rows]:
    """Up to three exports with anything from no to only bad rows."""
    files = {}
    for file in draw(st.lists(st.sampled_from(["a/1.csv", "a/2.csv", "b/1.csv"]), min_size=1, unique=True)):
        rng = random.Random(draw(seeds))
        share = draw(st.sampled_from([0.0, 0.1, 0.2, 1.0]))
        rows = [native_row(n, submission_id=f"s{rng.randrange(30)}") for n in range(draw(st.integers(1, 40)))]
        for row in rows:
            if rng.random() < share:
                column = rng.choice(list(BAD))
                row[column] = rng.choice(BAD[column])
        files[file] = rows
    return files


@pytest.mark.slow
@given(spoilt_exports())
@settings(max_examples=3)
def test_every_row_of_every_export_is_accounted_for(files: dict[str, Rows]) -> None:
    with own_settings() as own:
        sound = {"c/sound.csv": [native_row(n, submission_id=f"c{n}") for n in range(3)]}
        (own.raw / "d").mkdir()
        (own.raw / "d" / "unknown.csv").write_text("what,is,this\n1,2,3\n4,5,6\n", encoding="utf-8")
        write_native(own.raw, sound["c/sound.csv"], "c/sound_again.csv")
        result = built_from(own, {**files, **sound}, ("window_reports", "full_ledger"))
        ledger = result.table("full_ledger")
        expected = {file: len(rows) for file, rows in {**files, **sound}.items()}
        expected |= {"c/sound_again.csv": 3, "d/unknown.csv": 2}
        assert ledger.groupby("file")["rows"].sum().to_dict() == expected
        assert not ledger.duplicated(["file", "disposition", "reason"]).any()


@pytest.mark.slow
@given(seeds)
@one
def test_the_order_of_rows_is_irrelevant(seed: int) -> None:
    rows = generated_rows(seed, 200)
    copies = elsewhere(rows, seed, 0.3)
    files = {"north/all.csv": rows, "south/all.csv": copies}
    shuffled = {file: random.Random(seed).sample(part, len(part)) for file, part in files.items()}
    pd.testing.assert_frame_equal(bands_of(files), bands_of(shuffled))


@pytest.mark.slow
@given(seeds)
@one
def test_how_a_source_cuts_its_rows_into_files_is_irrelevant(seed: int) -> None:
    """As long as they are delivered on one day, which is that of the newest row of a file."""
    rows = single_rows(seed, 200)
    newest = max(row["submitted_at"] for row in rows)
    for first in (0, 90, 150):
        rows[first]["submitted_at"] = newest
    cut = {"north/b.csv": rows[:90], "north/a.csv": rows[90:150], "north/c.csv": rows[150:]}
    of_exports = ["max_shift_p50", "max_shift_p90", "shift_by", "fragile"]  # a file is what may be left out
    whole, parts = (bands_of(files).drop(columns=of_exports) for files in ({"north/all.csv": rows}, cut))
    pd.testing.assert_frame_equal(whole, parts)


@pytest.mark.slow
@given(seeds, st.sampled_from([2, 3]))
@one
def test_scaling_all_pay_scales_the_percentiles(seed: int, factor: int) -> None:
    def scaled(by: int) -> dict[tuple[Any, ...], float]:
        pay = ("base", "bonus", "equity_annual")
        rows = [{**row, **{name: row[name] * by for name in pay if row[name] != ""}} for row in single_rows(seed, 200)]
        for days, row in enumerate(rows):  # of one day's reports the hash says which wait to enter a cell
            row["submitted_at"] = date(2026, 6, 30) - timedelta(days=days)
        with own_settings(implausible_factor=1_000) as own, pytest.MonkeyPatch.context() as patch:
            patch.setattr(cell_figures, "moves", without_moves)
            return unrounded(built_from(own, {"north/all.csv": rows}))

    before, after = scaled(1), scaled(factor)
    assert before
    assert after == pytest.approx({key: pay * factor for key, pay in before.items()}, rel=1e-9)


@given(cells, st.integers(0, 39), st.integers(1, 500_000))
@many
def test_raising_one_salary_never_lowers_a_percentile(cell: Pay, which: int, raised_by: int) -> None:
    which %= len(cell)
    raised = [(pay + raised_by * (n == which), weight) for n, (pay, weight) in enumerate(cell)]
    figures = percentiles_of({0: cell, 1: raised})
    for percent in PERCENTILES:
        assert percentile(raised, percent) >= percentile(cell, percent)
        assert figures[1, percent] >= figures[0, percent] - 1e-6


@given(cells)
@many
def test_percentiles_are_the_formula_ascend_and_lie_between_lowest_and_highest(cell: Pay) -> None:
    found = percentiles_of({0: cell})
    figures = [found[0, percent] for percent in PERCENTILES]
    assert figures == pytest.approx([float(percentile(cell, p)) for p in PERCENTILES], abs=0.001)
    bounds = [min(pay for pay, _ in cell), *figures, max(pay for pay, _ in cell)]
    assert all(lower <= upper + 1e-6 for lower, upper in pairwise(bounds))


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Built:
    rows = generated_rows(11, 500)
    files = {"north/all.csv": rows, "south/all.csv": elsewhere(rows, 12, 0.3) + generated_rows(13, 300)}
    return built_from(settings_at(tmp_path_factory.mktemp("laws")), files)


# the laxest and the strictest value that is tried
LIMITS: dict[str, tuple[float, float]] = {
    "min_reports": (1, 60),
    "min_employers": (1, 7),
    "min_reports_unknown_employers": (10, 80),
    "max_employer_share": (0.9, 0.1),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LIMITS)
def test_a_stricter_limit_never_reveals_a_cell(generated: Built, name: str) -> None:
    laxest, strictest = LIMITS[name]

    def shown(strictness: float) -> set[tuple[Any, ...]]:
        value = laxest + strictness * (strictest - laxest)
        limit = value if name == "max_employer_share" else round(value)
        candidate = Unrounded.of(generated.settings.model_copy(update={name: limit}))
        return {key[:-1] for key in candidate.bounds if key[-1] == 50}

    lax, medium, strict = (shown(strictness) for strictness in (0, 0.5, 1))
    assert strict <= medium <= lax and strict < lax


def _native(raw: Path) -> None:
    write_native(raw, generated_rows(3, 120), "north/all.csv")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("write", "file", "copies", "as_of"),
    [
        (_native, "north/all.csv", ["abroad/all.csv", "north/again.csv"], "2026-06-30"),
        (
            write_adverts,
            "board/salaries_2024-07-01.csv",
            ["board/salaries_2024-07-31.csv", "other/salaries_2024-07-01.csv"],
            "2024-07-15",
        ),
    ],
    ids=["native", "snapshots"],
)
def test_the_same_bytes_under_another_name_change_no_band(
    tmp_path: Path, write: Callable[[Path], None], file: str, copies: list[str], as_of: str
) -> None:
    def bands() -> pd.DataFrame:
        return build(own, as_of, BANDS).table("bands")

    own = settings_at(tmp_path)
    write(own.raw)
    once = bands()
    assert once["basis"].eq("direct").any()
    for copy in copies:
        path = own.raw / copy
        path.parent.mkdir(exist_ok=True)
        path.write_bytes((own.raw / file).read_bytes())
    pd.testing.assert_frame_equal(bands(), once)


@pytest.mark.slow
@pytest.mark.parametrize("write", [_native, write_adverts], ids=["native", "snapshots"])
def test_the_stages_run_twice_give_the_same_parts(tmp_path: Path, write: Callable[[Path], None]) -> None:
    first = settings_at(tmp_path)
    write(first.raw)
    second = first.model_copy(update={"work": tmp_path / "elsewhere"})
    parts = []
    for own in (first, first, second):
        stages = ExportStages.of(own)
        for export in scan(own.raw).exports:
            for table in STAGE_TABLES:
                stages.make(table, export)
        files = sorted(path for path in own.work.rglob("*") if path.is_file())
        parts.append({str(path.relative_to(own.work)): path.read_bytes() for path in files})
    assert parts[0] == parts[1] == parts[2]
    assert len(parts[0]) >= 2 * len(STAGE_TABLES)


@pytest.mark.slow
def test_a_candidate_built_twice_is_the_same_bytes(tmp_path: Path) -> None:
    own = settings_at(tmp_path)
    _native(own.raw)
    builds = []
    for _ in range(2):
        candidate = build(own, tables=JUDGED).candidate
        builds.append({table: candidate.path(table).read_bytes() for table in JUDGED})
    assert builds[0] == builds[1]
    assert build(own, "2026-05-31", BANDS).candidate.path("bands").read_bytes() != builds[0]["bands"]
