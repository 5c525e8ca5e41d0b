"""Every dependency has a licence that can be used with ours, and the page of them is fresh."""

import sys

import pytest

from tests.builders import ROOT
from tests.licences import ALLOWED, LOCKS, licences, page


@pytest.mark.parametrize("lock", LOCKS)
def test_every_licence_is_known_to_be_compatible(lock: str) -> None:
    found = licences(lock)
    assert len(found) > 50
    assert {name: licence for name, licence in found.items() if not ALLOWED.search(licence)} == {}


@pytest.mark.parametrize("licence", ["unknown", "GPL-3.0-only", "AGPL-3.0", "Proprietary", "SSPL-1.0"])
def test_a_licence_that_is_not_is_seen(licence: str) -> None:
    assert not ALLOWED.search(licence)


@pytest.mark.skipif(sys.platform != "linux", reason="packages of other systems differ")
def test_the_page_is_fresh() -> None:
    assert (ROOT / "docs" / "licences.md").read_text(encoding="utf-8") == page()
