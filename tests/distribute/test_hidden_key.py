"""The disclosure key that lies in a marts folder: no command that shows, copies or clears the folder touches it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from salary_bands.aggregate.disclosure_key import FILE
from salary_bands.cli.commands import app
from salary_bands.distribute.mirror import mirror
from salary_bands.distribute.pull import PullRequest, pull
from salary_bands.distribute.serve import server as web_server
from salary_bands.publish.publication import repair
from salary_bands.releases.marts import Marts
from tests.builders.s3 import Server
from tests.builders.servers import serving
from tests.builders.shelves import shelf
from tests.builders.stores import URL

OLD, NEW = "2026.01.31", "2026.02.28"
SECRET = b"0123456789abcdef" * 4


@pytest.fixture
def marts(tmp_path: Path) -> Iterator[Marts]:
    """Two releases beside a key, which must be there afterwards as it was before."""
    made = shelf(tmp_path / "marts", OLD, NEW)
    key = made.folder / FILE
    key.write_bytes(SECRET)
    key.chmod(0o600)
    before = key.stat()
    yield made
    after = key.stat()
    assert key.read_bytes() == SECRET
    assert (after.st_mode, after.st_mtime_ns, after.st_ino) == (before.st_mode, before.st_mtime_ns, before.st_ino)


def assert_not_in(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files and not [path for path in files if path.name == FILE or SECRET in path.read_bytes()]


def test_a_mirror_leaves_it_out(server: Server, bucket: str, marts: Marts) -> None:
    mirror(marts, URL.format(bucket))
    found = server.objects(bucket)
    assert found and not [name for name, data in found.items() if FILE in name or SECRET in data]
    assert SECRET not in (marts.folder / ".mirrored.json").read_bytes()


def test_a_pull_brings_none_and_leaves_that_of_its_own_folder(marts: Marts, tmp_path: Path) -> None:
    with serving(web_server(marts.folder)) as url:
        pull(PullRequest(url, tmp_path / "site"))
        assert_not_in(tmp_path / "site")
        (tmp_path / "site" / FILE).write_bytes(b"of another folder")
        pull(PullRequest(url, tmp_path / "site", release=OLD))
    assert (tmp_path / "site" / FILE).read_bytes() == b"of another folder"


@pytest.mark.parametrize(
    "command",
    ["verify --all", "verify --all --json", "releases --json", "prune --keep 1 --dry-run", "prune --keep 1", "status"],
)
def test_commands_neither_show_nor_remove_it(marts: Marts, command: str, tmp_path: Path) -> None:
    folders = ["--marts", str(marts.folder)]
    if command == "status":
        (tmp_path / "raw").mkdir()
        folders += ["--raw", str(tmp_path / "raw"), "--work", str(tmp_path / "work")]
    result = CliRunner().invoke(app, [*command.split(), *folders])
    assert result.exit_code == 0, result.output
    said = result.stdout + result.stderr
    assert said and FILE not in said and SECRET.decode() not in said


def test_what_mends_a_folder_leaves_it(marts: Marts) -> None:
    (marts.folder / ".latest.json.half").write_text("{", encoding="utf-8")
    assert repair(marts) == ["removed .latest.json.half, which a crashed command left half written"]
    assert json.loads((marts.folder / "latest.json").read_text(encoding="utf-8"))["version"] == NEW
