"""Generated pages are fresh, and say what they are generated from."""

from pathlib import Path

import pytest

from salary_bands.pages.__main__ import PAGES, main
from salary_bands.reference.formats import parse_format
from salary_bands.schemas import TABLES
from tests.builders import ROOT


def test_every_generated_page_is_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["--check"]) == 0


def test_a_stale_page_is_named_and_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    golden = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests" / "golden").glob("titles*.csv")]
    for name in [*PAGES, *golden]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "docs" / "levels.md"
    page.write_text(page.read_text(encoding="utf-8") + "by hand\n", encoding="utf-8")
    assert main(["--check"]) == 1
    assert "docs/levels.md is stale; run: python -m salary_bands.pages" in capsys.readouterr().err
    assert main([]) == 0
    assert main(["--check"]) == 0


def test_every_column_of_every_table_has_a_description() -> None:
    for table, model in TABLES.items():
        for name, spec in model.to_schema().columns.items():
            assert spec.description, f"{table}.{name} has no description"


def test_the_example_on_the_page_of_formats_is_a_format() -> None:
    page = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    example = page.split("```yaml")[1].split("```")[0]
    assert parse_format(example, "example").delimiter == ";"
