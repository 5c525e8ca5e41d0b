"""Generated pages say what they are generated from."""

from pathlib import Path

from salary_bands.ingest.formats import parse_format
from salary_bands.ingest.handbook import handbook
from salary_bands.normalise.crosswalk import crosswalk
from salary_bands.schemas import TABLES
from salary_bands.schemas.dictionary import dictionary

PAGE = Path(__file__).parents[2] / "data" / "marts" / "README.md"


def test_the_dictionary_is_fresh() -> None:
    mend = "run `python -m salary_bands.schemas.dictionary data/marts/README.md`"
    assert PAGE.read_text(encoding="utf-8") == dictionary(), mend


def test_every_column_of_every_table_has_a_description() -> None:
    for table, model in TABLES.items():
        for name, spec in model.to_schema().columns.items():
            assert spec.description, f"{table}.{name} has no description"


def test_the_crosswalk_of_levels_is_fresh() -> None:
    page = PAGE.parents[2] / "docs" / "levels.md"
    mend = "run `python -m salary_bands.normalise.crosswalk docs/levels.md`"
    assert page.read_text(encoding="utf-8") == crosswalk(), mend


def test_the_page_on_formats_is_fresh_and_its_example_is_a_format() -> None:
    page = (PAGE.parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    assert page == handbook(), "run `python -m salary_bands.ingest.handbook docs/formats.md`"
    example = page.split("```yaml")[1].split("```")[0]
    assert parse_format(example, "example").delimiter == ";"
