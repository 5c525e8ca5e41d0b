"""What a change of the code, the reference data or a setting makes anew: neither less nor more than it must."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from salary_bands import fingerprint
from salary_bands.fingerprint import (
    CARRIERS,
    OURS,
    OUTSIDE,
    PACKAGE,
    STAGES,
    Sources,
    is_below,
    made_from,
    method_version,
    source_digest,
)
from salary_bands.settings import Settings, load
from salary_bands.storage.sql import SQL

RAW, ACCEPTED, REJECTED, NORMALISED, PAY = STAGES
VALIDATED = {ACCEPTED, REJECTED}
TABLES, REFERENCE = "tables", "reference"  # of a candidate; reference_version
NOTHING: set[str] = set()
READS_FORMATS = {RAW, *VALIDATED, NORMALISED}
# file, what stands in it, what comes instead ("" appends), what is made anew
EDITS: list[tuple[str, str, str, set[str]]] = [
    ("package/distribute/serve.py", "", "\n# a comment\n", NOTHING),
    ("package/distribute/serve.py", "_CHUNK = 1 << 16", "_CHUNK = 1 << 17", NOTHING),
    ("package/publish/artefacts/templates/index.html.jinja", "", "<!-- a word -->\n", NOTHING),
    ("package/publish/artefacts/readme.py", "## Use", "## Usage", NOTHING),
    ("package/pages/taxonomy.py", "# The taxonomy", "# Taxonomy", NOTHING),
    ("package/validate/parse.py", '"""', '"""Another word. ', NOTHING),
    ("package/vocabulary/titles.py", "", "\n# a comment\n", NOTHING),
    ("package/storage/locks.py", "", "\nX = 1\n", NOTHING),
    ("package/schemas/bands.py", 'column("', 'column("Another meaning: ', NOTHING),
    ("package/reference/formats.py", 'description="', 'description="Another meaning: ', NOTHING),
    ("package/reference/leaf_rules.yaml", "", "\n# a comment\n", NOTHING),
    ("sql/steps/window_reports/fences.sql", "", "\n-- a word\n", NOTHING),
    ("sql/marts/bands.sql", "select", "\n\n  select", NOTHING),
    ("sql/checks/assert_percentiles_ascend.sql", "", "\n-- a word\n", NOTHING),
    ("package/ingest/streams.py", "", "\nX = 1\n", {RAW}),
    ("package/validate/split.py", "", "\nX = 1\n", VALIDATED),
    ("package/vocabulary/money.py", "", "\nX = 1\n", {*VALIDATED, NORMALISED}),
    ("package/vocabulary/employers.py", "", "\nX = 1\n", {NORMALISED, PAY}),
    ("package/vocabulary/titles.py", "", "\nX = 1\n", {PAY}),
    ("package/reference/formats/native.yaml", "name: native", "name: other", {*READS_FORMATS, TABLES, REFERENCE}),
    ("package/reference/employers.csv", "", "Another Employer,,T4,,,,,\n", {NORMALISED, PAY, REFERENCE}),
    ("package/reference/views.csv", "", "cards,another,Another,llm_general\n", {TABLES, REFERENCE}),
    ("package/reference/claims.py", "", "\nX = 1\n", {TABLES}),
    ("package/statistics/pooling.py", "", "\nX = 1\n", {TABLES}),
    ("package/aggregate/inputs.py", "", "\nX = 1\n", {TABLES}),
    ("package/schemas/columns.py", "", "\nX = 1\n", {*READS_FORMATS, TABLES}),
    ("sql/steps/claims/group_ranks.sql", "", "\nlimit 1\n", {TABLES}),
    ("sql/marts/ledger.sql", "", "\nlimit 1\n", {TABLES}),
]  # fmt: skip


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sources")
    shutil.copytree(PACKAGE, folder / "package", ignore=shutil.ignore_patterns("__pycache__", "sql"))
    shutil.copytree(SQL, folder / "sql")
    return folder


def made(folder: Path, settings: Settings) -> dict[str, str]:
    """What each table of the stages, the tables of a candidate, and reference_version hash to."""
    sources = Sources(folder / "package", folder / "sql")
    fingerprint._code.cache_clear()
    found = {table: made_from(sources.stage_code(table), settings, sources=sources) for table in STAGES}
    found[TABLES] = made_from(sources.figures_code(), settings, sources=sources)
    return {**found, REFERENCE: sources.reference_version()}


@pytest.fixture
def before(copied: Path) -> Iterator[dict[str, str]]:
    yield made(copied, load())


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"), EDITS, ids=[f"{f} {n.strip()[:12]}" for f, _, n, _ in EDITS]
)
def test_an_edit_makes_anew_what_it_concerns(
    copied: Path, before: dict[str, str], file: str, old: str, new: str, expected: set[str]
) -> None:
    path = copied / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    try:
        path.write_text(text.replace(old, new, 1) if old else text + new, encoding="utf-8")
        after = made(copied, load())
    finally:
        path.write_text(text, encoding="utf-8")
    assert {name for name in before if before[name] != after[name]} == expected


@pytest.mark.parametrize(
    ("changed", "expected", "is_method"),
    [
        ({"min_reports": 11}, {TABLES}, True),
        ({"window_months": 6}, {TABLES}, True),
        ({"full_time_hours": 31}, {NORMALISED}, True),
        ({"min_annual_usd": 2_000}, VALIDATED, True),
        ({"max_columns": 500}, {RAW}, False),
        ({"gate_residual": 0.5}, NOTHING, False),
        ({"lock_wait_seconds": 1}, NOTHING, False),
        ({"store_url": "s3://bucket/prefix"}, NOTHING, False),
    ],
)
def test_a_setting_makes_anew_what_reads_it(
    copied: Path, before: dict[str, str], changed: dict[str, float], expected: set[str], is_method: bool
) -> None:
    settings = load().model_copy(update=changed)
    after = made(copied, settings)
    assert {name for name in before if before[name] != after[name]} == expected
    assert (method_version(settings, "") != method_version(load(), "")) == is_method


def test_every_module_makes_a_table_or_is_known_to_make_none() -> None:
    roots = [name for name in OURS.modules if name.startswith("aggregate.tables.")]
    making = {*OURS.closure(*roots), *OURS.closure(*STAGES.values()), fingerprint.CHAIN}
    faces = {name for name, path in OURS.modules.items() if path.name == "__init__.py"}
    others = set(OURS.modules) - making - faces
    assert sorted(name for name in others if not is_below(name, (*CARRIERS, *OUTSIDE))) == []
    assert sorted(name for name in making if is_below(name, OUTSIDE)) == []


def test_libraries_that_make_a_table_count_with_their_versions() -> None:
    assert {"pandas", "pyarrow", "rapidfuzz", "pycountry"} <= {
        name for table in STAGES for name in OURS.stage_code(table).libraries
    }
    assert {"duckdb", "scipy"} <= set(OURS.figures_code().libraries)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("a = 1  # one\n", ["a = 1"]),
        ("a = '# no', \"'#\"  # 'yes'\n", ["a = '# no', \"'#\""]),
        ("a = f'#{b} # no'  # yes\n", ["a = f'#{b} # no'"]),
        ("é = 'é#'  # é\n", ["é = 'é#'"]),
        ("a = '''\n# no\n'''  # yes\n", ["a = '''", "# no", "'''"]),
        ("a = (\n    'one'  # yes\n    '# no'\n)\n", ["a = (", "    'one'", "    '# no'", ")"]),
        ("# yes\n\nif a:  # yes # again\n    b = b'#'\n", ["if a:", "    b = b'#'"]),
    ],
)
def test_of_a_module_all_but_comments_counts(tmp_path: Path, text: str, rest: list[str]) -> None:
    bare = tmp_path / "bare.py"
    commented = tmp_path / "commented.py"
    bare.write_text("\n".join(rest) + "\n", encoding="utf-8")
    commented.write_text(text, encoding="utf-8")
    assert source_digest(commented) == source_digest(bare)
    bare.write_text("\n".join(rest) + "\nmore\n", encoding="utf-8")
    assert source_digest(commented) != source_digest(bare)
