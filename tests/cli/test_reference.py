"""The user's own reference folder from the command line: begin, draft into it, check, compare, refresh with it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from salary_bands.cli.commands import app
from salary_bands.reference import lay_over
from salary_bands.settings import Settings

TITLES = ("Machine Learning Engineer", "Data Scientist", "NLP Engineer", "ML Engineer")
SURVEY = "eingang;stelle;arbeitgeber;ort;jahresgehalt\n" + "".join(
    f"2026-06-{day:02d};{TITLES[day % 4]};Siemens;Berlin;{70_000 + 500 * day}\n" for day in range(1, 29)
)
Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Run]:
    """A command in a folder of its own, in which `reference` is the reference folder once it has begun."""
    for name in ("raw", "marts", "work", "settle_seconds"):
        monkeypatch.setenv(f"SALARY_BANDS_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    (settings.raw / "survey").mkdir()
    (settings.raw / "survey" / "answers.csv").write_text(SURVEY, encoding="utf-8")

    def command(*arguments: str, exit_code: int = 0) -> Result:
        result = CliRunner().invoke(app, list(arguments))
        assert result.exit_code == exit_code, result.output
        return result

    yield command
    lay_over(None)


def test_from_an_unknown_file_to_one_that_is_read_with_inspect_and_yaml_alone(run: Run, tmp_path: Path) -> None:
    file = "raw/survey/answers.csv"
    assert "--write needs a reference folder" in run("inspect", file, "--write", exit_code=2).stderr
    assert "README.md" in run("reference", "init").stdout
    own = ("--reference", "reference")
    assert "wrote reference/formats/answers.yaml" in run("inspect", file, "--write", *own, exit_code=1).stderr
    assert "nothing is wrong" in run("reference", "check", *own).stderr
    assert run("reference", "diff", *own).stdout.startswith("new        formats/answers.yaml  answers: ")
    found: dict[str, Any] = json.loads(run("inspect", file, *own, "--json").stdout)
    assert (found["format"], found["accepted"], found["held"]) == ("answers", 28, None)
    assert [change["kind"] for change in json.loads(run("reference", "diff", *own, "--json").stdout)] == ["new"]


def test_a_broken_folder_is_told_with_file_line_and_key(run: Run, tmp_path: Path) -> None:
    assert "no reference folder is set" in run("reference", "check", exit_code=2).stderr
    assert "is no folder" in run("inspect", "raw/survey/answers.csv", "--reference", "nowhere", exit_code=2).stderr
    run("reference", "init", "own")
    own = ("--reference", "own")
    (tmp_path / "own" / "formats" / "x.yaml").write_text("name: x\ntitle: X\nlicense: y\n", encoding="utf-8")
    lines = run("reference", "check", *own, exit_code=1).stdout.splitlines()
    assert any(line.startswith("own/formats/x.yaml, line 3: license: unknown key") for line in lines)
    assert json.loads(run("reference", "check", *own, "--json", exit_code=1).stdout)["faults"] == lines
    refused = run("refresh", *own, "--as-of", "2026-06-30", exit_code=1).stderr
    assert "warning: own/formats/x.yaml, line 3" in refused and "every export is held" in refused
    (tmp_path / "own" / "employers.csv").write_text("employer,tier\nAcme,T9\n", encoding="utf-8")
    refused = run("refresh", *own, "--as-of", "2026-06-30", exit_code=2).stderr
    assert "error: own/employers.csv, line 2: tier 'T9' is not one of" in refused
    run("reference", "diff", *own, exit_code=2)
