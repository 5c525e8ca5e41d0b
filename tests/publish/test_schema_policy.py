"""The promise of schema_version: within a major, what is published only grows (docs/releases.md)."""

import re
from itertools import pairwise

import pytest

from salary_bands.releases.documents import SCHEMA_VERSION
from tests.builders.published_schema import Names, faults, kept, published

BEFORE = {"bands.p50": "int64?", "bands.view": "string", "view.json/groups": "array", "view.json/x=a": "value"}


def test_what_is_published_is_what_is_kept_of_this_version() -> None:
    now, then = published(), kept().get(SCHEMA_VERSION, {})
    assert then, f"{SCHEMA_VERSION} is not kept yet: python -m tests.builders.published_schema"
    different = sorted(n for n in now.keys() | then.keys() if now.get(n) != then.get(n))
    assert different == [], (
        "the published shape changed: raise SCHEMA_VERSION, then python -m tests.builders.published_schema"
    )


def test_each_version_keeps_the_promise_to_the_one_before() -> None:
    assert list(kept())[-1] == SCHEMA_VERSION
    steps = list(pairwise(kept().items()))
    assert steps
    assert [fault for (old, before), (new, after) in steps for fault in faults(old, before, new, after)] == []


@pytest.mark.parametrize(
    ("new", "after", "said"),
    [
        ("1.2.0", BEFORE, None),
        ("1.2.0", {**BEFORE, "bands.more": "string"}, None),
        ("1.1.1", {**BEFORE, "bands.more": "string"}, "bands.more was added, so the minor must rise"),
        ("1.2.0", {k: v for k, v in BEFORE.items() if k != "bands.p50"}, "bands.p50 was removed"),
        ("1.2.0", {k: v for k, v in BEFORE.items() if k != "view.json/x=a"}, "view.json/x=a was removed"),
        ("1.2.0", {**BEFORE, "bands.p50": "double?"}, "bands.p50 was int64\\? and is double\\?"),
        ("1.2.0", {**BEFORE, "bands.view": "string?"}, "bands.view was string and is string\\?"),
        (
            "1.2.0",
            {"bands.median": "int64?", **{k: v for k, v in BEFORE.items() if k != "bands.p50"}},
            "bands.p50 was rem",
        ),
        ("2.0.0", {"bands.median": "int64?"}, None),
        ("1.1.0", BEFORE, "version 1.1.0 does not come"),
        ("1.0.9", BEFORE, "version 1.0.9 does not come"),
    ],
)
def test_what_only_a_major_or_a_minor_may_do(new: str, after: Names, said: str | None) -> None:
    found = faults("1.1.0", BEFORE, new, after)
    assert len(found) == (said is not None)
    assert said is None or re.match(said, found[0])


def test_the_names_reach_into_tables_rows_and_documents() -> None:
    names = published()
    assert names["bands.p50"] == "int64?" and names["bands.view"] == "string"
    assert names["bands#key"].startswith("view, group_id")
    assert names["view.json#band/p50"] == "integer|null"
    assert names["view.json/groups[]/bands/base/all/L5"] == "band"
    assert names["view.json/groups[]/bands/base/T1"] == "object?"
    assert names["bands.json/rows[]/basis=pooled"] == "value"
    assert names["manifest.json/files[]/sha256"] == "string"
