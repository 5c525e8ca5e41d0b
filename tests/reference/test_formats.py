"""Which format a header is, and what a format's YAML may say."""

import pytest
import yaml

from salary_bands.errors import HeldExport
from salary_bands.ingest import recognise as recognising
from salary_bands.ingest.recognise import exported_on_from_name, recognise
from salary_bands.reference.formats import ExportedOn, Format, broken_formats, formats, header_key, parse_format
from salary_bands.schemas.raw_reports import TEXT_COLUMNS
from salary_bands.settings import Settings
from tests.builders.intake import intake

WAYS = [(f.name, required) for f in formats() for required in f.recognise]
MINIMAL = {
    "name": "x",
    "title": "X",
    "licence": "l",
    "attribution": "a",
    "recognise": [["a"]],
    "columns": {"base": "a"},
}


def format_of(**changed: object) -> Format:
    return parse_format(yaml.safe_dump({**MINIMAL, **changed}), "x.yaml")


BUILT_IN = [
    *("aijobs", "anthropic_board", "ashby", "ask_a_manager", "dol_lca", "dol_perm", "dou", "eu_it_survey"),
    *("greenhouse", "jetbrains", "jobspy", "leetcode_in", "levels_fyi", "lever", "native", "openai_board"),
    "state_of_data_br",
]
UNTESTED = {"ashby", "dol_perm", "greenhouse", "jetbrains", "jobspy", "lever", "state_of_data_br"}


def test_the_formats_are_built_in_and_say_whether_a_real_file_was_read_with_them() -> None:
    assert [f.name for f in formats()] == BUILT_IN and broken_formats() == ()
    assert {f.name for f in formats() if f.untested} == UNTESTED


@pytest.mark.parametrize(("name", "required"), WAYS)
def test_each_header_is_recognised_in_any_order_case_and_spacing(name: str, required: list[str]) -> None:
    assert recognise(required).name == name
    assert recognise([f" {h.upper()}\u00a0 " for h in reversed(required)] + ["something else"]).name == name


@pytest.mark.parametrize(("name", "required"), WAYS)
def test_a_missing_required_column_is_named(name: str, required: list[str]) -> None:
    for missing in required:
        every = [h for f in formats() if f.name == name for c in f.columns.values() for h in c.headers]
        header = [h for h in dict.fromkeys([*required, *every]) if header_key(h) != header_key(missing)]
        try:
            assert recognise(header)  # by another set, or a format that needs less
        except HeldExport as held:
            assert held.reason == "missing_required_column"
            assert "looks like " in str(held) and "is missing" in str(held)
            assert "add the column" in str(held) and "format YAML" in str(held)


@pytest.mark.parametrize("header", [["a", "b"], [""], ["base"], ["job_title", "salary"], ["ÿ" * 9_000]])
def test_an_unknown_header_is_never_guessed(header: list[str]) -> None:
    with pytest.raises(HeldExport) as held:
        recognise(header)
    assert held.value.reason == "unknown_header"
    assert str(held.value).startswith(
        f"no format has the {len(header)} columns of its header; run `salary-bands inspect"
    )


def test_a_header_of_two_formats_is_the_one_it_has_more_of() -> None:
    both = [h for name in ("native", "ask_a_manager") for n, required in WAYS if n == name for h in required]
    assert recognise(both).name == "ask_a_manager"


def test_equal_claims_are_ambiguous(monkeypatch: pytest.MonkeyPatch) -> None:
    twins = (format_of(name="one"), format_of(name="two"), format_of(name="other", recognise=[["b"]]))
    monkeypatch.setattr(recognising, "formats", lambda: twins)
    with pytest.raises(HeldExport) as held:
        recognise(["a", "c"])
    assert held.value.reason == "ambiguous_header"
    assert "one, two" in str(held.value) and "`recognise`" in str(held.value)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"columns": {"salary": "a"}}, "no such columns: salary"),
        ({"money": {"pay": {}}}, "no such columns of numbers: pay"),
        ({"money": {"base": {"zero": "maybe"}}}, "money.base.zero"),
        ({"evidence": "rumour"}, "evidence"),
        ({"levels": {"Boss": "L9"}}, "levels.Boss"),
        ({"colour": "red"}, "colour"),
        ({"delivery": 3}, "delivery"),
        ({"recognise": "a"}, "recognise"),
    ],
)
def test_a_wrong_format_says_which_key(changed: dict[str, object], fault: str) -> None:
    with pytest.raises(ValueError, match=fault) as error:
        format_of(**changed)
    assert "x.yaml" in str(error.value)


@pytest.mark.parametrize("fmt", formats(), ids=lambda f: f.name)
def test_a_format_says_what_a_release_must_carry(fmt: Format) -> None:
    assert fmt.licence and fmt.attribution and fmt.title
    assert {"job_title", "currency"} <= set(fmt.columns) <= set(TEXT_COLUMNS)
    assert {"base", "base_min"} & set(fmt.columns)
    assert fmt.recipe and all(fmt.recipe.model_dump().values())


@pytest.mark.parametrize(
    ("pattern", "name", "day"),
    [
        (r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})", "a_2024-10-06.csv.gz", "2024-10-06"),
        (r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})", "a_2023-02-31.csv", "2023-02-28"),
        (r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})", "a_2024-13-01.csv", None),
        (r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})", "a_2024-01-00.csv", None),
        (r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})", "a_0000-01-01.csv", None),
        (r"(?P<year>\d{4})-(?P<month>\d{2})", "a_2024-02.csv", "2024-02-29"),
        (r"(?P<year>\d{4})", "a_2021.csv", "2021-12-31"),
        (r"_(?P<year>\d{4})", "of_2019/survey_2021.csv", "2021-12-31"),
        (r"_(?P<year>\d{4})", "of_2019/survey.csv", None),
        (r"(?P<year>\d{4})", "salaries.csv", None),
    ],
)
def test_the_file_name_says_when_it_was_exported(pattern: str, name: str, day: str | None) -> None:
    assert exported_on_from_name(ExportedOn(file_name=pattern), name) == day


def test_an_export_without_any_date_is_held(settings: Settings) -> None:
    aijobs = next(f for f in formats() if f.name == "aijobs")
    header = ",".join(aijobs.recognise[0])
    found = intake(settings, f"{header}\n2023,SE,FT,ML Engineer,100000,USD,US,0,US,M\n", "aijobs/salaries.csv")
    assert found.held == "no_export_date" and found.rows == 1
    assert "the date of the export" in found.line and "name it as the format's `exported_on`" in found.line
