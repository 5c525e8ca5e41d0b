"""The published ledger: every row is counted, and no count below ten can be recovered from it."""

import itertools

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salary_bands.schemas.columns import MERGED
from salary_bands.statistics.disclosure import MIN_COUNT, merged_counts, merged_ledger

Counts = dict[tuple[str, str], int]
KEYS = list(itertools.product(("duplicate", "out_of_scope", "rejected", "used"), ("", "a", "b")))


def ledger(counts: Counts) -> pd.DataFrame:
    rows = [("s", "e", "native", d, r, n) for (d, r), n in counts.items()]
    return pd.DataFrame(rows, columns=["source", "export", "format", "disposition", "reason", "rows"])


def published(counts: Counts) -> dict[tuple[str, str], int | None]:
    return {(disposition, reason): n for disposition, reason, n in merged_counts(counts)}


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({("used", ""): 100}, {("used", ""): 100}),
        ({("used", ""): 100, ("rejected", "a"): 3}, {(MERGED, MERGED): 103}),
        (
            {("used", ""): 100, ("rejected", "a"): 3, ("rejected", "b"): 40},
            {("used", ""): 100, ("rejected", MERGED): 43},
        ),
        (
            {("used", ""): 100, ("rejected", "a"): 6, ("out_of_scope", "a"): 5, ("duplicate", "a"): 12},
            {("used", ""): 100, (MERGED, MERGED): 11, ("duplicate", "a"): 12},
        ),
        ({("used", ""): 9}, {(MERGED, MERGED): None}),
        ({("used", ""): 4, ("rejected", "a"): 5}, {(MERGED, MERGED): None}),
    ],
)
def test_small_counts_are_merged_with_reasons_first_then_dispositions(
    counts: Counts, expected: dict[tuple[str, str], int | None]
) -> None:
    assert published(counts) == expected


@given(st.dictionaries(st.sampled_from(KEYS), st.integers(1, 40), min_size=1))
def test_no_count_below_ten_can_be_recovered(counts: Counts) -> None:
    found = published(counts)
    whole = sum(counts.values())
    if whole < MIN_COUNT:
        assert found == {(MERGED, MERGED): None}
        return
    assert sum(n or 0 for n in found.values()) == whole
    assert all(n is not None and n >= MIN_COUNT for n in found.values())
    # what is shown by name is what was counted, and what is not shown is in exactly one merged count
    hidden = dict(counts)
    for (disposition, reason), n in found.items():
        if reason != MERGED:
            assert hidden.pop((disposition, reason)) == n
    for (disposition, reason), n in found.items():
        if reason == MERGED and disposition != MERGED:
            own = [key for key in hidden if key[0] == disposition]
            assert n == sum(hidden.pop(key) for key in own)
    assert sum(hidden.values()) == (found.get((MERGED, MERGED)) or 0)


def test_exports_are_merged_one_by_one() -> None:
    both = pd.concat([ledger({("used", ""): 50}), ledger({("used", ""): 5}).assign(export="f")])
    assert merged_ledger(both)["rows"].isna().tolist() == [False, True]


def test_a_ledger_without_rows_is_no_error() -> None:
    assert merged_ledger(ledger({})).empty
