"""What a person obviously means is taken, and what they may mean is suggested."""

import pytest

from salary_bands.errors import UsageError
from salary_bands.query.names import meant

LEVELS = ["L3", "L4", "L5", "L6", "L7", "all", "early", "senior"]
MARKETS = ["GB", "IN", "US", "global", "in-bengaluru", "us-new-york", "us-sf-bay"]
GROUPS = ["ml_generalist", "nlp_classical"]
TIERS = ["T1", "T2", "all", "unknown"]
ELSEWHERE = "the two-letter code of another country, or another metro of markets.csv"


@pytest.mark.parametrize(
    ("column", "value", "known", "is_meant"),
    [
        ("market", "US", MARKETS, "US"),
        ("market", "us", MARKETS, "US"),
        ("market", "US-NEW-york", MARKETS, "us-new-york"),
        ("market", "Global", MARKETS, "global"),
        ("market", "CH-Zurich", MARKETS, "ch-zurich"),  # where this release has no cell
        ("market", "de", MARKETS, "DE"),
        ("level", "l5", LEVELS, "L5"),
        ("level", "Senior", LEVELS, "senior"),
        ("tier", "t2", TIERS, "T2"),
        ("group_id", "ML_Generalist", GROUPS, "ml_generalist"),
    ],
)
def test_a_name_in_another_case_is_the_known_one(column: str, value: str, known: list[str], is_meant: str) -> None:
    assert meant(column, value, known, "release 1") == is_meant


@pytest.mark.parametrize(
    ("column", "value", "known", "says"),
    [
        ("market", "NYC", MARKETS, "did you mean us-new-york?"),
        ("market", "SF", MARKETS, "did you mean us-sf-bay?"),
        ("market", "Bay Area", MARKETS, "did you mean us-sf-bay?"),
        ("market", "Bangalore", MARKETS, "did you mean in-bengaluru?"),
        ("market", "Zürich", MARKETS, "did you mean ch-zurich?"),
        ("market", "UK", MARKETS, "did you mean GB?"),
        ("market", "India", MARKETS, "did you mean IN?"),
        ("market", "us-new-yrok", MARKETS, "did you mean us-new-york?"),
        ("market", "XX", MARKETS, f"use one of {', '.join(MARKETS)}, {ELSEWHERE}"),
        ("market", "nowhere at all", MARKETS, f"use one of {', '.join(MARKETS)}, {ELSEWHERE}"),
        ("group_id", "mlgeneralist", GROUPS, "did you mean ml_generalist?"),
        ("group_id", "lawyer", GROUPS, "use one of ml_generalist, nlp_classical"),
        ("view", "card", ["cards", "leaf"], "did you mean cards?"),
        ("tier", "T9x", TIERS, "use one of T1, T2, all, unknown"),
        ("level", "Lx9", LEVELS, f"use one of {', '.join(LEVELS)}"),
        ("level", "seniro", LEVELS, "did you mean senior?"),
        ("level", "Junior", LEVELS, "L3"),
    ],
)
def test_an_unknown_name_suggests_one_else_lists_the_known(
    column: str, value: str, known: list[str], says: str
) -> None:
    with pytest.raises(UsageError) as error:
        meant(column, value, known, "release 1")
    option = column.removesuffix("_id")
    assert str(error.value).startswith(f"--{option} {value}: not in release 1; ")
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("value", "says"),
    [("E5", "Meta's E5 is L5"), ("SDE II", "Amazon's SDE II is L4"), ("ICT4", "Apple's ICT4 is L5")],
)
def test_a_level_of_an_employers_ladder_is_translated(value: str, says: str) -> None:
    with pytest.raises(UsageError) as error:
        meant("level", value, LEVELS, "release 1")
    assert f"levels are those of the release ({', '.join(LEVELS)}); {says}" in str(error.value)


def test_a_name_that_two_known_ones_are_but_for_case_is_refused() -> None:
    with pytest.raises(UsageError, match="did you mean"):
        meant("group_id", "ML", ["ml", "Ml"], "release 1")
