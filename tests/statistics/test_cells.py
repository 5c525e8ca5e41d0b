"""Cells of a roll-up: parts, sums past 64 bits, and what is read off them, against the obvious way."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from salary_bands.statistics import cells as module
from salary_bands.statistics.cells import sums_of_squares
from salary_bands.statistics.clusters import employers
from tests.builders.steps import rollup_of

Row = tuple[int, int, str | None, str | None, int | None]
rows = st.lists(
    st.tuples(
        st.integers(0, 10**7),
        st.integers(1, 1 << 20),
        st.sampled_from([None, "a", "b", "c"]),
        st.sampled_from(["x", "y"]),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=30,
)


@given(st.lists(rows, min_size=1, max_size=6), st.integers(1, 40))
@examples(max_examples=25)
def test_parts_have_every_report_of_every_cell_in_order(of_cells: list[list[Row]], size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PART", size)
        parts = list(rollup_of(of_cells).parts())
    numbers = [n for part, _ in parts for n in range(part.start, part.stop)]
    assert numbers == list(range(len(of_cells)))
    for part, cells in parts:
        for n, reports in enumerate(of_cells[part]):
            own = slice(cells.starts[n], cells.starts[n] + cells.size[n])
            assert cells.pay[own].tolist() == sorted(pay for pay, *_ in reports)
            assert cells.total[n] == sum(weight for _, weight, *_ in reports)
            assert cells.squared[n] == sum(weight**2 for _, weight, *_ in reports)
            for kind, place in (("employer", 2), ("export", 3), ("day", 4)):
                pairs = cells.pairs(kind)
                chosen = pairs.cell == n
                expected: dict[object, int] = {}
                for report in reports:
                    expected[report[place]] = expected.get(report[place], 0) + report[1]
                assert sorted(pairs.weight[chosen].tolist()) == sorted(expected.values())


@given(st.lists(rows, min_size=1, max_size=4))
@examples(max_examples=25)
def test_employers_are_counted_as_by_hand(of_cells: list[list[Row]]) -> None:
    [(_, cells)] = rollup_of(of_cells).parts()
    found = employers(cells)
    for n, reports in enumerate(of_cells):
        weights: dict[str, list[int]] = {}
        for _, weight, employer, *_ in reports:
            if employer:
                weights.setdefault(employer, []).append(weight)
        sums = [sum(own) for own in weights.values()]
        assert (found.count[n], found.known_weight[n], found.top_weight[n]) == (
            len(sums),
            sum(sums),
            max(sums, default=0),
        )
        assert found.clustered[n] == sum(sum(own) ** 2 - sum(w * w for w in own) for own in weights.values())


def test_squares_are_exact_past_64_bits() -> None:
    rng = random.Random(1)
    values = [rng.randrange(-(2**43), 2**43) for _ in range(200)]
    starts = np.array([0, 1, 50])
    found = sums_of_squares(np.array(values), starts)
    parts = (values[:1], values[1:50], values[50:])
    assert found.tolist() == [sum(v * v for v in part) for part in parts]
    assert max(found) > 2**64
