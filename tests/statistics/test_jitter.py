"""Moved ranks: the same for the same people, even, and not to be foreseen without the key."""

import numpy as np
import pytest

from salary_bands.statistics.jitter import FIGURE, HIGH, LOW, moves, report_keys, widened_by

POINTS = (10, 25, 50, 75, 90)
HASHES = np.random.default_rng(1).integers(-(2**63), 2**63 - 1, 20_000)


def test_moves_are_even_over_hundredths_of_a_rank() -> None:
    keys = report_keys(HASHES, b"secret")
    for reports, point, most in ((19, 50, 100), (20, 10, 150), (20, 50, 223), (400, 50, 1_000), (400, 90, 600)):
        of = np.full(len(keys), reports)
        found = moves(keys, of, of[:, None], (point,), FIGURE)
        assert found.min() == -most
        assert found.max() == most
        counts = np.bincount((found + most).ravel(), minlength=2 * most + 1)
        even = found.size / (2 * most + 1)
        assert abs(counts - even).max() < 5 * np.sqrt(even)


def test_moves_of_percentiles_and_bounds_have_nothing_to_do_with_each_other() -> None:
    keys = report_keys(HASHES, b"secret")
    sizes = np.full(len(keys), 30)
    all_moves = np.hstack([moves(keys, sizes, sizes[:, None], POINTS, of) for of in (FIGURE, LOW, HIGH)])
    likeness = np.corrcoef(all_moves.T) - np.eye(15)
    assert abs(likeness).max() < 5 / np.sqrt(len(keys))


def test_another_key_or_another_person_moves_ranks_otherwise() -> None:
    one, other = report_keys(HASHES, b"secret"), report_keys(HASHES, b"secret too")
    sizes = np.full(len(HASHES), 30)
    a, b, c = (moves(keys, sizes, sizes[:, None], (50,), FIGURE)[:, 0] for keys in (one, other, one + np.uint64(1)))
    for same in (np.mean(a == b), np.mean(a == c)):
        assert same < 0.01
    assert (report_keys(HASHES[:5], b"secret") == one[:5]).all()


def test_bounds_lie_further_out_by_what_two_moves_add_to_the_standard_error() -> None:
    sizes = np.full(2_000, 400)
    further = widened_by(sizes, sizes[:, None], (50,))[0, 0] / 100
    assert further == pytest.approx(1.96 * 10 * ((4 / 3) ** 0.5 - 1), abs=0.01)
    drawn = np.random.default_rng(2).binomial(400, 0.5, 200_000)  # how many of a cell are below the true median
    moved = np.random.default_rng(3).uniform(-10, 10, 200_000)
    assert np.mean(drawn >= 200 + 19.6 + further + moved) == pytest.approx(0.025, abs=0.002)
