"""Reference data as it stands: what the code counts on without looking."""

import pandas as pd

from salary_bands.aggregate.inputs import recency_weight
from salary_bands.reference import read_csv
from salary_bands.vocabulary.dates import months_before
from salary_bands.vocabulary.taxonomy import view_groups


def test_every_group_of_a_view_is_of_known_leaves() -> None:
    assert set(view_groups()["leaf"]) <= {row["leaf"] for row in read_csv("leaves.csv")}


def test_the_view_leaf_has_every_publishable_leaf_and_all_of_the_core() -> None:
    groups = view_groups()
    own = groups[groups["view"].eq("leaf")]
    assert len(own[own["group_id"].ne("all")]) == 22
    assert len(own[own["group_id"].eq("all")]) == 18


def test_the_window_clips_to_a_months_end() -> None:
    day = pd.Timestamp("2024-02-29").date()
    assert months_before(day, 12).isoformat() == "2023-02-28"
    assert months_before(pd.Timestamp("2026-06-30").date(), 4).isoformat() == "2026-02-28"


def test_recency_halves_every_six_months_from_two_to_the_twenty() -> None:
    assert [recency_weight(age, 6) for age in (0, 6, 12)] == [1 << 20, 1 << 19, 1 << 18]
    assert recency_weight(1, 6) == 934175
