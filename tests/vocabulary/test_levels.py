"""Levels: ladders, title words, years, and the traps of each."""

import csv
import math
import re
from collections import defaultdict

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from salary_bands.reference import FOLDER
from salary_bands.vocabulary.employers import match_employer
from salary_bands.vocabulary.levels import (
    LEVELS,
    answered_level,
    experience_level,
    has_ladder,
    is_on_ladder,
    ladder_in_title,
    ladder_level,
    level_name_key,
    stage_of,
    title_level,
)

with (FOLDER / "ladders.csv").open(encoding="utf-8", newline="") as _file:
    ROWS = list(csv.DictReader(_file))
LADDERS: dict[str, list[dict[str, str]]] = defaultdict(list)
for _row in ROWS:
    LADDERS[_row["employer"]].append(_row)
NUMBERED = re.compile(r"([a-z]*)([0-9]+)([a-z]?)")


@pytest.mark.parametrize(
    ("employer", "level_name", "level"),
    [
        # one name, four meanings
        ("Google", "L5", "L5"),
        ("Amazon", "L5", "L4"),
        ("General Motors", "L5", "L3"),
        ("Meta", "L5", None),
        ("Twitter", "L5", "L4"),
        ("Stripe", "L3", "L5"),
        ("Google", "L3", "L3"),
        ("Dell Technologies", "L6", "L3"),
        # the same people, other names
        ("Meta", "E5", "L5"),
        ("Meta", "IC5", "L5"),
        ("Amazon", "L6", "L5"),
        ("Amazon", "SDE III", "L5"),
        ("Microsoft", "64", "L5"),
        ("Apple", "ICT4", "L5"),
        # principal is staff at Amazon and Microsoft, staff is L4 at IBM
        ("Amazon", "Principal SDE", "L6"),
        ("Microsoft", "67", "L6"),
        ("IBM", "Staff Engineer", "L4"),
        ("IBM", "Senior Technical Staff Member", "L7"),
        ("Google", "L9", "L7"),
        # numbers that count down
        ("USAA", "Software Engineer III", "L3"),
        ("Accenture", "Level 9", "L5"),
        # managers and other people's scales
        ("Meta", "M1", None),
        ("Google", "Manager", None),
        ("Capital One", "Senior Manager", None),
        ("Google", "E5", None),
        ("Apple", "L5", None),
        ("Netflix", "64", None),
        ("Nobody Ltd", "L5", None),
        (None, "L5", None),
        ("Google", None, None),
        ("Google", "", None),
        ("Google", " - ", None),
    ],
)
def test_a_name_means_what_its_employer_means(employer: str | None, level_name: str | None, level: str | None) -> None:
    assert ladder_level(employer, level_name) == level


@pytest.mark.parametrize(
    "spelling",
    [
        "SDE II",
        "SDE 2",
        "sde2",
        "sde-2",
        " Sde  2 ",
        "SDEII",
        "Software Development Engineer II",
        "Software Development Engineer (SDE) 2",
        "L5",
        "l5\u00a0",
        "L-5",
        "L05",
        "Level 5",
        "5",
        "L5 / SDE2",
        "SDE II (L5)",
        "L5 backend",
    ],
)
def test_spelling_does_not_matter(spelling: str) -> None:
    assert ladder_level("Amazon", spelling) == "L4"


@pytest.mark.parametrize("level_name", ["L5 / L6", "SDE I (L6)", "between L4 and L5", "5 years", "I have 10 years"])
def test_two_levels_or_mere_numbers_are_no_answer(level_name: str) -> None:
    assert ladder_level("Amazon", level_name) is None


@given(
    st.sampled_from(ROWS),
    st.sampled_from([str.upper, str.lower, str.title]),
    st.sampled_from(["", " ", "\u00a0"]),
)
def test_case_and_blanks_never_change_a_ladders_answer(row: dict[str, str], case: object, blank: str) -> None:
    assert callable(case)
    spelled = blank + case(row["level_name"]).replace(" ", f" {blank}") + blank
    assert ladder_level(row["employer"], spelled) == row["level"]


@given(st.sampled_from(ROWS))
def test_a_level_names_key_is_its_own_key(row: dict[str, str]) -> None:
    key = level_name_key(row["level_name"])
    assert key
    assert level_name_key(key) == key


@given(st.one_of(st.none(), st.sampled_from(sorted(LADDERS))), st.one_of(st.none(), st.text(max_size=40)))
def test_a_ladder_answers_with_a_level_or_not_at_all(employer: str | None, level_name: str | None) -> None:
    assert ladder_level(employer, level_name) in {None, *LEVELS}


def test_ladders_are_many_and_of_listed_employers() -> None:
    assert len(LADDERS) >= 45
    for row in ROWS:
        assert row["level"] in LEVELS and row["source"] and row["level_name"], row
        assert match_employer(row["employer"]).employer == row["employer"]
        assert ladder_level(row["employer"], row["level_name"]) == row["level"], row
    order = [(r["employer"].casefold(), r["level"], r["level_name"].casefold()) for r in ROWS]
    assert order == sorted(order)
    names = [(r["employer"], level_name_key(r["level_name"])) for r in ROWS]
    assert len(set(names)) == len(names)


def test_no_ladder_holds_people_managers() -> None:
    for row in ROWS:
        assert not re.search(r"manager|director of|^m\d$", row["level_name"], re.IGNORECASE), row


@pytest.mark.parametrize("employer", sorted(LADDERS))
def test_a_higher_name_never_maps_lower(employer: str) -> None:
    scales: dict[tuple[str, bool, bool], list[tuple[int, str, str]]] = defaultdict(list)
    by_key: dict[str, str] = {}
    for row in LADDERS[employer]:
        key = level_name_key(row["level_name"])
        by_key[key] = row["level"]
        match = NUMBERED.fullmatch(key)
        if match and "." not in row["level_name"]:  # the key of 5.5 is 55
            number, down = int(match[2]), "counts down" in row["source"]
            in_tens = number >= 20 and number % 10 == 0  # P30 stands beside P3, not above P7
            scales[match[1], in_tens, down].append((number, match[3], row["level"]))
    for (prefix, _, down), steps in scales.items():
        levels = [level for _, _, level in sorted(steps)]
        assert levels == sorted(levels, reverse=down), f"{employer} {prefix}"
    for word in ("senior", "associate"):
        for key, level in by_key.items():
            above, below = (key, key.removeprefix(word)) if word == "senior" else (key.removeprefix(word), key)
            if key.startswith(word) and above in by_key and below in by_key:
                assert by_key[below] <= by_key[above], f"{employer} {key} {level}"


def test_has_ladder() -> None:
    assert has_ladder("Google") and has_ladder("Amazon")
    assert not has_ladder("OpenAI")
    assert not has_ladder("google")  # canonical names only
    assert not has_ladder(None)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Junior Data Scientist", "L3"),
        ("Jr. ML Engineer", "L3"),
        ("Graduate Machine Learning Engineer", "L3"),
        ("ML Engineer, New Grad 2026", "L3"),
        ("Entry-level AI Engineer", "L3"),
        ("Entry", "L3"),
        ("Berufsanfänger Softwareentwicklung", "L3"),
        ("Ingénieur débutant", "L3"),
        ("Ingeniero de datos júnior", "L3"),
        ("Senior Machine Learning Engineer", "L5"),
        ("Sr. Data Scientist", "L5"),
        ("SENIOR-Entwickler (m/w/d)", "L5"),
        ("Ingénieur sénior", "L5"),
        ("Staff Machine Learning Engineer", "L6"),
        ("Senior Staff Engineer", "L6"),
        ("Principal Applied Scientist", "L7"),
        ("Senior Principal Engineer", "L7"),
        ("Ingénieur principal", "L7"),
        ("Distinguished Engineer", "L7"),
        ("Technical Fellow", "L7"),
        ("Fellow", "L7"),
        ("Senior Member of Technical Staff", "L5"),
        ("Principal Member of Technical Staff", "L7"),
        # numerals after the job, unless a word says more
        ("Software Engineer I", "L3"),
        ("ML Engineer II", "L4"),
        ("Data Scientist III", "L5"),
        ("SDE-2", "L4"),
        ("Sr. Engineer II", "L5"),
        # alternatives: the lower
        ("Senior/Staff ML Engineer", "L5"),
        ("Senior or Principal Engineer", "L5"),
        # after the job only a job or a level counts
        ("Google - Senior Software Engineer", "L5"),
        ("Machine Learning Engineer, Senior", "L5"),
        ("Software Engineer (Staff)", "L6"),
        ("Machine Learning Engineer, Senior Platform Group", None),
        ("Data Scientist - Junior Achievement Programs", None),
        ("Software Engineer, Principal Financial Products", None),
        # no level
        ("Machine Learning Engineer", None),
        ("Engineer, 2 years", None),
        # a title of ranks only is a combined answer
        ("Head / Principal / VP", None),
        ("Lead / Staff", None),
        ("Principal or VP", None),
        ("Staff / Principal", "L6"),
        ("Staff Engineer / Team Lead", "L6"),
        # slips, grades, and the middle of three rungs
        ("Principle Software Engineer", "L7"),
        ("Principle", "L7"),
        ("Semi-Senior Developer", "L4"),
        ("Semi Senior", "L4"),
        ("Member of Engineering Staff", None),
        ("Senior Software Engineer, Principal Associate", "L5"),
        ("Lead Data Scientist", None),
        ("Associate Data Scientist", None),
        ("Chief of Staff", None),
        ("Member of Technical Staff", None),
        ("MTS", None),
        ("Staff Nurse", None),
        ("Staffing Coordinator", None),
        ("Principal of a school", None),
        ("Assistant Principal", None),
        ("Principal Investigator", None),
        ("Senior living coordinator", None),
        ("Junior Achievement instructor", None),
        ("Data Entry Clerk", None),
        ("Research Fellow in AI", None),
        ("Graduate Student Researcher", None),
        ("Undergraduate tutor", None),
        ("Seniority model developer", None),
        ("Principality archivist", None),
        ("Junior/Senior Data Engineer", None),
        ("", None),
        (None, None),
    ],
)
def test_words_say_a_level_only_where_they_mean_one(text: str | None, level: str | None) -> None:
    assert title_level(text) == level


def test_the_first_text_with_a_level_word_answers() -> None:
    assert title_level("IC?", "Senior ML Engineer") == "L5"
    assert title_level("Staff", "Senior ML Engineer") == "L6"
    assert title_level(None, "", "Principal Scientist") == "L7"
    assert title_level("Junior/Senior", "Staff Engineer") == "L6"
    assert title_level() is None


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Senior", "L5"),
        ("Senior / Staff", "L5"),
        ("Staff or Principal", "L6"),
        ("Head / Principal", None),
        ("Head / Principal / VP", None),
        ("Lead / Staff", None),
        ("Junior/Senior", None),
        ("L5", None),
        (None, None),
    ],
)
def test_a_combined_answer_is_its_lower_rung_or_none(text: str | None, level: str | None) -> None:
    assert answered_level(text) == level


@pytest.mark.parametrize(
    ("employer", "title", "level"),
    [
        ("JPMorgan Chase", "Vice President, Software Engineer", "L5"),
        ("Citi", "Data Scientist - AVP", "L4"),
        ("Citi", "Software Engineer, Assistant Vice President", "L4"),
        ("Google", "SWE III", "L4"),
        ("Microsoft", "SDE-2 L61", "L4"),
        ("USAA", "Software Engineer III", "L3"),
        ("Google", "Software Engineer", None),
        ("Nobody", "Software Engineer III", None),
    ],
)
def test_a_grade_in_the_title_is_looked_up_on_the_employers_ladder(
    employer: str, title: str, level: str | None
) -> None:
    assert ladder_in_title(employer, title) == level


@given(st.text(max_size=60))
@example("Sr.\u00a0Data\u200bScientist")
def test_a_title_answers_with_a_level_or_not_at_all(text: str) -> None:
    assert title_level(text) in {None, *LEVELS}


@given(st.text(alphabet="abcdeilnoprstu .-/()", max_size=40), st.sampled_from(["Senior", "Staff", "Junior"]))
def test_case_never_changes_a_titles_answer(text: str, word: str) -> None:
    title = f"{word} {text}"
    assert title_level(title.upper()) == title_level(title.lower()) == title_level(title)


@pytest.mark.parametrize(
    ("years", "level"),
    [
        (0, "L3"),
        (1.9, "L3"),
        (2, "L4"),
        (4.99, "L4"),
        (5, "L5"),
        (40, "L5"),
        (-1, None),
        (-0.1, None),
        (math.nan, None),
        (math.inf, None),
        (None, None),
    ],
)
def test_years_alone_never_make_staff(years: float | None, level: str | None) -> None:
    assert experience_level(years) == level


@given(st.floats(min_value=0, max_value=80), st.floats(min_value=0, max_value=80))
def test_more_experience_is_never_a_lower_level(one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert (experience_level(less) or "") <= (experience_level(more) or "")


def test_stages() -> None:
    assert [stage_of(level) for level in LEVELS] == ["early", "early", "senior", "senior", "senior"]
    assert stage_of(None) is None
    assert stage_of("L8") is None


def test_only_the_whole_name_is_on_the_ladder() -> None:
    assert is_on_ladder("Amazon", "L5") and is_on_ladder("Amazon", "SDE 2")
    assert not is_on_ladder("Amazon", "L5 SDM") and not is_on_ladder(None, "L5")
