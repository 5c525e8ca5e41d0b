"""Cells take in and let go of reports in fives, against the obvious way and as laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from salary_bands.statistics.batches import BATCH, Batches, Turnover

Person = tuple[int, bool]  # profile, whether the report expired
people = st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=60)
cells_of_profiles = st.lists(st.sampled_from([-1, 0, 0, 1]), min_size=6, max_size=6)


def members(reports: list[Person], arrival: list[int], expiry: list[int], cell_of_profile: list[int]) -> list[int]:
    """The cell of each report by the code under test."""
    profile = np.array([p for p, _ in reports], np.int32)
    turnover = Turnover(
        np.array(arrival, np.int64),
        np.array(expiry, np.int64),
        np.array([e for _, e in reports], bool),
        np.zeros(len(reports), np.uint64),
    )
    return Batches(profile, turnover).member_cells(np.array(cell_of_profile, np.int32), 2).tolist()


def expected(reports: list[Person], arrival: list[int], expiry: list[int], cell_of_profile: list[int]) -> list[int]:
    found = [-1] * len(reports)
    for cell in (0, 1):
        own = sorted((n for n, (p, _) in enumerate(reports) if cell_of_profile[p] == cell), key=arrival.__getitem__)
        entered = own[: len(own) - len(own) % BATCH]
        expired = sorted((n for n in entered if reports[n][1]), key=expiry.__getitem__)
        for n in set(entered) - set(expired[: len(expired) - len(expired) % BATCH]):
            found[n] = cell
    return found


@given(people.flatmap(lambda of: st.tuples(st.just(of), *(st.permutations(range(len(of))),) * 2)), cells_of_profiles)
@examples(max_examples=150)
def test_cells_have_the_reports_that_entered_and_have_not_left(
    given_: tuple[list[Person], list[int], list[int]], cell_of_profile: list[int]
) -> None:
    if given_[0]:
        assert members(*given_, cell_of_profile) == expected(*given_, cell_of_profile)


@given(people.filter(bool), st.integers(0, 5))
@examples(max_examples=60)
def test_one_report_more_changes_a_cell_by_five_reports_or_by_none(reports: list[Person], profile: int) -> None:
    order = list(range(len(reports)))
    before = members(reports, order, order, [0] * 6)
    after = members([*reports, (profile, False)], [*order, len(order)], [*order, len(order)], [0] * 6)
    came = sum(a == 0 and b != 0 for a, b in zip(after, [*before, -1], strict=True))
    left = sum(a != 0 and b == 0 for a, b in zip(after, [*before, -1], strict=True))
    assert (came - left) % BATCH == 0
    assert came + left in (0, 5) or came + left >= 5


def test_a_report_that_expires_leaves_with_four_others() -> None:
    """Of twelve reports ten have entered; four that are past the window stay, the fifth takes them with it."""
    order = list(range(12))
    for expired, there in ((4, order[:10]), (5, order[5:10]), (9, order[5:10])):
        reports = [(0, n < expired) for n in order]
        found = members(reports, order, order, [0] * 6)
        assert [n for n in order if found[n] == 0] == there, expired


@pytest.mark.parametrize("times", [1, 3])
def test_repeated_reports_keep_their_order_in_each_copy(times: int) -> None:
    order = np.array([3, 1, 2, 0])
    turnover = Turnover(order, order, np.zeros(4, bool), np.arange(4, dtype=np.uint64)).repeated(times)
    for copy in range(times):
        assert np.argsort(turnover.arrival[copy::times]).tolist() == np.argsort(order).tolist()
    assert len(set(turnover.arrival.tolist())) == 4 * times
