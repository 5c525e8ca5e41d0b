"""Partition keys: readable, and nothing in them that Dagster or a storage behind it trips over."""

from pathlib import Path

import pytest
from dagster._core.definitions.partitions.utils import raise_error_on_invalid_partition_key_substring
from dagster._core.definitions.partitions.utils.multi import INVALID_STATIC_PARTITIONS_KEY_CHARACTERS
from hypothesis import given
from hypothesis import strategies as st

from salary_bands.ingest.raw_folder import ExportFile
from salary_bands.orchestration.partitions import export_key, partition_key

HASH = "0123456789abcdef" * 4
MYSQL_KEY = 64  # characters that Dagster's unique index has of a partition key in MySQL
names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=80).filter(
    lambda name: name.strip(".")
)


def export(file: str, sha256: str = HASH) -> ExportFile:
    return ExportFile(file.partition("/")[0], file, Path(file), 1, 1, sha256)


@pytest.mark.parametrize(
    ("file", "readable"),
    [
        ("levels_fyi/levels_2026-06-29.csv.gz", "levels_fyi.levels_2026-06-29"),
        ("source/native.csv", "source.native"),
        ("aijobs/salaries 2026.06 (1).csv", "aijobs.salaries_2026_06_1_"),
        ("umfrage/Gehälter.xlsx", "umfrage.Gehälter"),
        ("umfrage/Geha\u0308lter.xlsx", "umfrage.Gehälter"),
        ("source/a|b,c...d'e\"[f]*.csv", "source.a_b_c_d_e_f_"),
        ("source/....csv", "source._"),
        (
            "a_survey_with_a_long_name/the_longest_file_name_in_the_folder.csv",
            "a_survey_with_a_.the_longest_file_name_in_t",
        ),
    ],
)
def test_a_partition_key_names_source_file_and_content(file: str, readable: str) -> None:
    assert partition_key(export(file)) == f"{readable}.{HASH[:20]}"


@given(source=names, file=names)
def test_any_name_makes_a_sound_partition_key(source: str, file: str) -> None:
    key = partition_key(export(f"{source}/{file}"))
    assert key.replace(".", "").replace("-", "").replace("_", "a").isalnum()
    assert ".." not in key and len(key) <= MYSQL_KEY
    assert export_key(key) == HASH[:20]
    raise_error_on_invalid_partition_key_substring([key])
    assert not INVALID_STATIC_PARTITIONS_KEY_CHARACTERS & {*key}


def test_files_of_one_name_with_other_content_have_other_keys() -> None:
    assert partition_key(export("source/native.csv")) != partition_key(export("source/native.csv", HASH[::-1]))
