"""Documents from elsewhere: whatever they are, they are read or refused in one line, in no time."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salary_bands.releases.documents import DocumentError
from salary_bands.releases.manifest import File, Manifest, is_safe
from salary_bands.releases.pointers import Pointer, entries_text, read_entries
from salary_bands.releases.statement import Statement, read_statement
from tests.builders.manifests import entry_of, manifest_of

VERSION = "2026.02.28"
FILE = File(path="bands.csv", bytes=3, sha256="a" * 64, rows=1)
SAID = Statement(sequence=1, date="2026-02-28", latest=None, releases="a" * 64, signature="")
READERS: dict[str, tuple[Callable[[bytes], Any], str]] = {
    "manifest": (Manifest.read, manifest_of(VERSION, [FILE]).text()),
    "latest": (Pointer.read, entry_of(VERSION).pointer.text()),
    "releases": (read_entries, entries_text([entry_of(VERSION)])),
    "pointers": (read_statement, SAID.text()),
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


def read_or_refused(read: Callable[[bytes], Any], content: bytes) -> None:
    started = time.process_time()
    try:
        read(content)
    except DocumentError as error:
        assert "\n" not in str(error) and len(str(error)) < 600
    assert time.process_time() - started < 5


@pytest.mark.parametrize("name", READERS)
@given(st.binary(max_size=200))
def test_bytes_are_no_document(name: str, content: bytes) -> None:
    read_or_refused(READERS[name][0], content)


@pytest.mark.parametrize("name", READERS)
@given(st.data())
def test_a_document_with_another_value_somewhere_is_read_or_refused(name: str, data: st.DataObject) -> None:
    read, text = READERS[name]
    document = json.loads(text)
    at = document[0] if isinstance(document, list) else document
    at[data.draw(st.sampled_from(sorted(at)))] = data.draw(VALUES)
    read_or_refused(read, json.dumps(document).encode())


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    "content",
    [b"[" * 200_000, b'{"a":' * 200_000, b"[" + b"{}," * 300_000 + b"{}]", b'{"version": "' + b"9" * 5_000_000 + b'"}'],
    ids=["brackets", "braces", "many", "long"],
)
def test_a_huge_document_is_refused_at_once(name: str, content: bytes) -> None:
    read_or_refused(READERS[name][0], content)


@given(st.text(max_size=40) | st.lists(st.sampled_from(["..", ".", "", "a", "CON", "a:b", "~", "a\\b"])).map("/".join))
def test_a_safe_path_stays_in_its_folder(path: str) -> None:
    if is_safe(path):
        parts = path.split("/")
        assert not path.startswith("/") and not {"..", ".", ""} & set(parts) and "\\" not in path and len(parts) <= 16
