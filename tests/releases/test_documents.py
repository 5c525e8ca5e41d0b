"""The models of published documents: what is read is what was written, and what is invalid is one line."""

import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from salary_bands.errors import RefreshError
from salary_bands.releases.documents import DocumentError
from salary_bands.releases.manifest import File, Manifest, read_manifest
from salary_bands.releases.marts import Marts
from salary_bands.releases.pointers import Pointer, entries_text, history, newest, read_entries, read_pointers
from tests.builders import GOLDEN
from tests.builders.manifests import entry_of, manifest_of

OLD, NEW = "2026.01.31", "2026.02.28"
FILE = File(path="bands.csv", bytes=3, sha256="a" * 64, rows=1)


def document(**changed: Any) -> dict[str, Any]:
    """Make a manifest as JSON, with other values; a value that is None is left out."""
    found = {**json.loads(manifest_of(NEW, [FILE]).text()), **changed}
    return {name: value for name, value in found.items() if value is not None or name == "previous"}


def content(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """The marts folder that the first version of the program left."""
    with tarfile.open(GOLDEN / "first_release" / "marts.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "marts"


def test_documents_of_the_first_version_are_read_and_pointers_are_written_the_same(first: Path) -> None:
    assert Pointer.read((first / "latest.json").read_bytes()).text().encode() == (first / "latest.json").read_bytes()
    listed = (first / "releases.json").read_bytes()
    assert entries_text(read_entries(listed)).encode() == listed
    [entry] = read_entries(listed)
    manifest = read_manifest((first / entry.manifest.path).read_bytes(), entry)
    assert manifest.settings["window_months"] == 12 and manifest.inputs[0].rows == 40
    assert (manifest.reference_version, manifest.content_fingerprint, manifest.accepted) == ("", "", [])
    assert manifest.method.coverage == {} and manifest.method.fx["newest_month"] == "2026-10"


def test_a_release_of_today_is_written_as_it_is_read(sample_release: Path) -> None:
    path = sample_release / "manifest.json"
    assert Manifest.read(path.read_bytes()).text().encode() == path.read_bytes()
    for name in ("latest.json", "releases.json"):
        path = sample_release.parents[1] / name
        text = (
            Pointer.read(path.read_bytes()).text()
            if name == "latest.json"
            else entries_text(read_entries(path.read_bytes()))
        )
        assert text.encode() == path.read_bytes()


def test_a_mark_is_written_only_if_it_is_set() -> None:
    marked = entry_of(NEW).model_copy(update={"rolled_back": True, "pruned": True})
    unmarked = marked.model_copy(update={"rolled_back": False, "pruned": False})
    assert entries_text([unmarked]) == entries_text([entry_of(NEW)])
    assert json.loads(entries_text([marked]))[0].keys() - json.loads(entries_text([unmarked]))[0].keys() == {
        "rolled_back",
        "pruned",
    }


def test_unknown_names_are_ignored_and_stay_in_a_list_that_is_written_again() -> None:
    assert Manifest.read(content(document(later=1, files=[{**dict(FILE), "later": 2}]))) == manifest_of(NEW, [FILE])
    listed = [{**json.loads(entries_text([entry_of(NEW)]))[0], "sequence": 7}]
    [entry] = read_entries(content(listed))
    withdrawn = entry.model_copy(update={"status": "withdrawn"})
    assert json.loads(entries_text([withdrawn])) == [{**listed[0], "status": "withdrawn"}]
    assert entry.pointer == Pointer.read(content(listed[0])) == entry_of(NEW).pointer


INVALID: list[tuple[Any, str]] = [
    (3, "input should be an object, not 3"),
    ({}, "version is missing"),
    (document(method=None), "method is missing"),
    (document(version="28.02.2026"), "version: string should match pattern"),
    (document(version=f"{NEW}.0"), "version: string should match pattern"),
    (document(version=f"{NEW}.١"), "version: string should match pattern"),
    (document(version=f"{NEW}\n"), "version: string should match pattern"),
    (document(version="2026.02.30", as_of="2026-02-30"), "version 2026.02.30 is not a date"),
    (document(as_of="2026-02-27"), "as_of '2026-02-27' is not the date of version 2026.02.28"),
    (document(as_of=20260228), "as_of: input should be a valid string, not 20260228"),
    (document(schema_version="1"), "schema_version: string should match pattern"),
    (document(schema_version="9.0.0", files=0), "has schema_version 9.0.0, and this program reads 1 and 2; upgrade"),
    (document(contains_synthetic="yes"), "contains_synthetic: input should be a valid boolean, not 'yes'"),
    (document(contains_synthetic=1), "contains_synthetic: input should be a valid boolean, not 1"),
    (document(fingerprint="A" * 64), "fingerprint: string should match pattern"),
    (document(settings={"a": []}), "settings.a"),
    (document(settings={"\x1b[2J\n": []}), "settings.?[2J?"),
    (document(settings=dict.fromkeys(map(str, range(201)), 1)), "settings: has more than 200 names"),
    (document(method={"version": "m", "coverage": {"title": "all"}}), "method.coverage.title: input should be a valid"),
    (document(files=[{**dict(FILE), "bytes": 1.0}]), "files[0].bytes: input should be a valid integer, not 1.0"),
    (document(files=[{**dict(FILE), "bytes": True}]), "files[0].bytes: input should be a valid integer, not True"),
    (document(files=[{**dict(FILE), "path": "a/" * 100_000 + "b"}]), "files[0].path: 'a/a/a"),
    (document(files=[{**dict(FILE), "path": "a/" * 16 + "b"}]), "files[0].path: 'a/a/a/a"),
    (
        document(files=[dict(FILE), {**dict(FILE), "path": "BANDS.csv"}]),
        "files lists 'BANDS.csv' and 'bands.csv', which are one file on some systems",
    ),
    (document(files=[{**dict(FILE), "path": "a/../b"}]), "files[0].path: 'a/../b' may be outside the release"),
    (document(files=[{**dict(FILE), "path": "a"}, {**dict(FILE), "path": "a/b"}]), "files lists 'a' both as"),
]


@pytest.mark.parametrize(("given", "line"), INVALID, ids=[line for _, line in INVALID])
def test_an_invalid_manifest_is_one_line_that_names_the_place(given: Any, line: str) -> None:
    with pytest.raises(DocumentError) as caught:
        Manifest.read(content(given))
    assert str(caught.value).startswith(line)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 400


@pytest.mark.parametrize("given", [b"", b"{", b"\xff", b"[" * 50_000, b'{"version": "\\ud800"}'])
@pytest.mark.parametrize("read", [Manifest.read, Pointer.read, read_entries])
def test_what_is_no_json_is_said_to_be_none(given: bytes, read: Callable[[bytes], Any]) -> None:
    with pytest.raises(DocumentError, match=r"^is not JSON$"):
        read(given)


def test_of_a_million_faults_one_is_kept() -> None:
    """A hostile document of some megabytes must not fill the memory with errors."""
    files = b'{"files": [%s0]}' % (b"0," * 1_000_000)
    settings = b'{"settings": {%s}}' % b",".join(b'"%d": []' % n for n in range(100_000))
    for given in (files, settings):
        with pytest.raises(ValidationError) as caught:
            Manifest.model_validate_json(given)
        assert caught.value.error_count() < 20


def test_a_manifest_must_be_the_one_that_the_pointer_names() -> None:
    text = manifest_of(NEW, [FILE]).text().encode()
    with pytest.raises(DocumentError, match=r"another sha256 than latest\.json"):
        read_manifest(text, entry_of(NEW))


def pointers(latest: Any, entries: Any) -> Callable[[str], bytes | None]:
    """Read these documents; None is missing."""
    documents = {"latest.json": latest, "releases.json": entries}
    return lambda name: None if documents[name] is None else documents[name].encode()


@pytest.mark.parametrize(
    ("named", "entries", "agree"),
    [
        (NEW, [entry_of(NEW), entry_of(OLD)], True),
        (None, [entry_of(NEW).model_copy(update={"status": "withdrawn"})], True),
        (OLD, [entry_of(NEW).model_copy(update={"rolled_back": True}), entry_of(OLD)], True),
        (OLD, [entry_of(NEW), entry_of(OLD)], False),
        (None, [entry_of(NEW)], False),
        (NEW, [entry_of(NEW, "1" * 64)], False),
        (NEW, [], False),
    ],
)
def test_pointers_agree_if_latest_names_the_newest_that_is_available(
    named: str | None, entries: list[Any], agree: bool
) -> None:
    found = read_pointers(pointers(named and entry_of(named).pointer.text(), entries_text(entries)))
    assert (found.agree, found.faults, found.entries) == (agree, {}, entries)


def test_pointers_that_disagree_or_are_invalid_are_read_once_more() -> None:
    texts = {"latest.json": [entry_of(OLD).pointer.text(), entry_of(NEW).pointer.text()], "releases.json": []}
    texts["releases.json"] = [entries_text([entry_of(NEW)])] * 2
    found = read_pointers(lambda name: texts[name].pop(0).encode())
    assert found.agree and not any(texts.values())
    texts = {"latest.json": ["<html>", "<html>"], "releases.json": ["[]", "{}"]}
    found = read_pointers(lambda name: texts[name].pop(0).encode())
    assert (found.latest, found.entries) == (None, None)
    assert found.faults == {"latest.json": "is not JSON", "releases.json": "input should be a valid array"}


def test_a_list_names_each_release_once() -> None:
    with pytest.raises(DocumentError, match=r"^lists a release twice$"):
        read_entries(entries_text([entry_of(NEW), entry_of(NEW)]).encode())


def test_what_is_withdrawn_is_in_no_history_and_what_is_rolled_back_is_never_the_newest() -> None:
    entries = [entry_of(OLD), entry_of(NEW), entry_of(f"{NEW}.10"), entry_of(f"{NEW}.2")]
    assert newest(entries) == entries[2] and history(entries) == [OLD, NEW, f"{NEW}.2", f"{NEW}.10"]
    entries[2] = entries[2].model_copy(update={"rolled_back": True})
    entries[3] = entries[3].model_copy(update={"status": "withdrawn"})
    assert newest(entries) == entries[1] and history(entries) == [OLD, NEW, f"{NEW}.10"]


@pytest.mark.parametrize("name", ["latest.json", "releases.json"])
def test_an_invalid_pointer_of_our_own_is_one_line_that_names_the_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("3", encoding="utf-8")
    marts = Marts(tmp_path)
    with pytest.raises(RefreshError, match=rf"{name}: input should be .*; restore it from a copy, or remove it$"):
        marts.latest() if name == "latest.json" else marts.releases()
