"""What breaks the contract of a table is seen, whatever type the columns have."""

import pandas as pd
import pytest

from salary_bands.schemas import TABLES, SchemaBroken, empty, validated

SOUND = pd.DataFrame({"row": [2, 3], "column": ["base", ""], "reason": ["not_a_number", "not_an_object"]})


def test_a_sound_table_is_as_it_was() -> None:
    pd.testing.assert_frame_equal(validated(SOUND, "rejected_reports"), SOUND)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (SOUND.assign(column=[1, 2]), "column column: dtype"),
        (SOUND.assign(column=pd.Series(["base", 2], dtype=object)), "column column: dtype"),
        (SOUND.assign(reason=["not_a_number", None]), "column reason: not_nullable"),
        (SOUND.assign(reason=["not_a_number", "Because!"]), "column reason: str_matches"),
        (SOUND.assign(row=["2", "3"]), "column row: dtype"),
        (SOUND.assign(more="text"), "column_in_schema"),
        (SOUND[["column", "row", "reason"]], "column_ordered"),
        (SOUND[["row", "column"]], "column_in_dataframe"),
        (pd.concat([SOUND, SOUND[["column"]]], axis=1), "column"),
    ],
    ids=["numbers", "mixed", "null", "another pattern", "text for numbers", "more", "order", "missing", "twice"],
)
def test_what_breaks_the_contract_is_named(wrong: pd.DataFrame, words: str) -> None:
    with pytest.raises(SchemaBroken, match="table rejected_reports violates its contract: ") as broken:
        validated(wrong, "rejected_reports")
    assert words in str(broken.value)


@pytest.mark.parametrize("table", TABLES)
def test_a_frame_without_rows_has_the_types_of_its_contract(table: str) -> None:
    frame = empty(table)
    assert validated(frame, table) is frame
    assert not any(str(dtype) in ("object", "datetime64[ns]") for dtype in frame.dtypes)


ROW = {"row": 2, "row_hash": 1, "evidence": "reported", "job_title": "ML Engineer", "employment": "full_time"}
ROW |= {"currency": "USD", "pay_period": "year", "verified": "none"}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"employment": "pirate"}, "column employment: isin"),
        ({"employment": None}, "column employment: not_nullable"),
        ({"base": 0.0}, "column base: greater_than"),
        ({"submitted_year": 2201}, "column submitted_year: less_than_or_equal_to"),
        ({"currency": "US"}, "column currency: str_length"),
    ],
)
def test_a_value_that_breaks_the_contract_is_named_in_a_frame_of_its_types(
    wrong: dict[str, object], words: str
) -> None:
    types = empty("accepted_reports").dtypes
    sound, broken = (pd.DataFrame([row], columns=types.index).astype(types) for row in (ROW, ROW | wrong))
    assert validated(sound, "accepted_reports") is sound
    with pytest.raises(SchemaBroken, match=words):
        validated(broken, "accepted_reports")
