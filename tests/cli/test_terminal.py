"""Text from outside on a terminal: what is not printable is an escape, and nothing is markup."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from salary_bands.cli.commands import app
from salary_bands.cli.common import json_text
from salary_bands.errors import escaped
from salary_bands.settings import Settings
from tests.builders.exports import native_row, write_native

EVIL = "\x1b]0;owned\x07\x9b31m\u202e[red]x[/nothing]"
NOT_PRINTABLE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]")


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert NOT_PRINTABLE.findall(result.stdout + result.stderr) == []
    return result


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('Zürich, 日本 5"\\', 'Zürich, 日本 5"\\'),
        ("a\x1b[31m\x07", "a\\x1b[31m\\x07"),
        ("\x9b\u202e\udc80", "\\x9b\\u202e\\udc80"),
        ("two\nlines\ttab", "two\\nlines\\ttab"),
    ],
)
def test_what_is_not_printable_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert escaped(text) == shown


@pytest.mark.parametrize("document", [{EVIL: [EVIL, 1]}, {"lone": "\udc80 \x9b \U000e0001"}, {"plain": "Zürich 日本"}])
def test_json_is_escaped_and_reads_back_the_same(document: Any) -> None:
    text = json_text(document, indent=2)
    assert NOT_PRINTABLE.findall(text) == [] and json.loads(text) == document
    assert "Zürich 日本" not in document.values() or "Zürich 日本" in text


def test_inspect_escapes_headers_cells_and_the_files_name(settings: Settings, tmp_path: Path) -> None:
    unknown = tmp_path / f"{EVIL.replace('/', '')}.csv"
    unknown.write_text(f'"{EVIL}",wage\n1,2\n', encoding="utf-8")
    text = run("inspect", str(unknown)).stdout
    assert "\\x1b]0;owned\\x07\\x9b31m" in text and "[/nothing]" in text
    assert json.loads(run("inspect", str(unknown), "--json").stdout)["file"] == unknown.name
    path = write_native(settings.raw, [native_row(n, base=EVIL if n == 0 else 150_000) for n in range(9)])
    assert "row 2: '\\x1b]0;owned" in run("inspect", str(path)).stdout


def test_messages_and_titles_are_escaped(tmp_path: Path) -> None:
    assert "\\x1b]0;owned" in run("inspect", str(tmp_path / EVIL.replace("/", ""))).stderr
    assert "\\x1b]0;owned" in run("classify", EVIL).stdout
    assert json.loads(run("classify", EVIL, "--json").stdout)["title"] == EVIL
