"""Names of exports in releases: nobody else can compute them, and earlier releases' exports are recognised."""

import hashlib
from dataclasses import replace
from pathlib import Path

from salary_bands.aggregate.disclosure_key import PUBLIC
from salary_bands.aggregate.plan import ExportState, Plan
from salary_bands.aggregate.recognised import part_keys, recognised
from salary_bands.query.changes import export_lines
from salary_bands.releases.manifest import Input, Manifest, export_name, inputs_without
from salary_bands.storage.parts import Parts
from tests.builders.manifests import manifest_of

SECRET, OTHER = b"a secret of the operator", b"another secret of them"
HASHES = [hashlib.sha256(text).hexdigest() for text in (b"one", b"two", b"three")]


def plan_of(rows: dict[str, int], secret: bytes = SECRET, key: str = "this key") -> Plan:
    """A plan of exports, by their hashes, as `plan_release` makes it."""
    states = [
        ExportState("survey", f"survey/{i}.csv", sha256, sha256[:20], "native", n, counted=True)
        for i, (sha256, n) in enumerate(rows.items())
    ]
    if key != PUBLIC:
        states = [replace(state, name=export_name(state.sha256, secret)) for state in states]
    return Plan("2026-06-30", "2026.06.30", None, "f", "c", "m", "c", "r", {}, {}, states, disclosure_key=key)


def release_of(plan: Plan) -> Manifest:
    inputs = [Input(source=s.source, export=s.export, rows=s.published_rows) for s in plan.counted]
    return manifest_of("2026.05.31", inputs=inputs, export_names=plan.export_names)


def plain(manifest: Manifest, plan: Plan) -> Manifest:
    """The same release as made before names were keyed."""
    inputs = [
        i.model_copy(update={"export": s.sha256[:12]}) for i, s in zip(manifest.inputs, plan.counted, strict=True)
    ]
    return manifest.model_copy(update={"inputs": inputs, "export_names": ""})


def test_who_has_the_bytes_of_an_export_cannot_compute_its_name_without_the_key() -> None:
    """A hash of bytes that an attacker guesses says whether they are an export: of few rows there are few guesses."""
    [state] = plan_of({HASHES[0]: 40}).counted
    assert state.export == export_name(HASHES[0][:20], SECRET)  # parts are named by 20 digits
    assert len({state.export, HASHES[0][:12], export_name(HASHES[0], OTHER), export_name(HASHES[1], SECRET)}) == 4
    assert int(state.export, 16) >= 0 and len(state.export) == 12


def test_anybody_can_compute_the_names_of_synthetic_exports() -> None:
    plan = plan_of({HASHES[0]: 40}, key=PUBLIC)
    assert ([s.export for s in plan.counted], plan.export_names) == ([HASHES[0][:12]], "")


def test_exports_of_an_earlier_release_are_recognised() -> None:
    earlier = plan_of({HASHES[0]: 40, HASHES[1]: 50})
    now = plan_of({HASHES[2]: 40, HASHES[1]: 50})  # the first was overwritten by one of as many rows
    for release in (release_of(earlier), plain(release_of(earlier), earlier)):
        assert [s.sha256 for s in recognised(now, release).values()] == [HASHES[1]]
        assert set(recognised(now, release)) == {release.inputs[1].export}


def test_without_the_former_key_exports_are_recognised_by_source_and_rows() -> None:
    release = release_of(plan_of({HASHES[0]: 40, HASHES[1]: 50, HASHES[2]: 3}, OTHER, "the former key"))
    same, fewer = plan_of({HASHES[0]: 40, HASHES[1]: 50, HASHES[2]: 4}), plan_of({HASHES[0]: 40, HASHES[1]: 51})
    assert [s.sha256 for s in recognised(same, release).values()] == HASHES
    assert [s.sha256 for s in recognised(fewer, release).values()] == HASHES[:1]
    two = replace(fewer, files=[*fewer.files, replace(fewer.files[0], file="survey/again.csv", name="0" * 12)])
    assert len(recognised(two, release)) == 1  # one export is not two of them
    alike = release_of(plan_of({HASHES[0]: 40, HASHES[1]: 40}, OTHER, "the former key"))
    assert [s.sha256 for s in recognised(two, alike).values()] == [HASHES[0]] * 2


def test_changes_name_an_export_only_if_it_came_or_went() -> None:
    earlier, now = plan_of({HASHES[0]: 40, HASHES[1]: 50}), plan_of({HASHES[1]: 50, HASHES[2]: 60})
    named, were = release_of(now), release_of(earlier)
    lines = sorted([f"added: {named.inputs[1].name}, 60 rows", f"no longer used: {were.inputs[0].name}, 40 rows"],
                   key=lambda line: line.split("/")[1])  # fmt: skip
    assert export_lines(named, were) == lines
    old = plain(were, earlier)
    assert [i.rows for i in inputs_without(named, old)] == [60]
    assert [i.rows for i in inputs_without(old, named)] == [40]
    assert export_lines(release_of(earlier), old) == []


def test_parts_of_replaced_exports_are_found_by_the_names_of_the_release(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    for sha256 in HASHES[:2]:
        path = parts.path("pay_reports", sha256[:20])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    earlier = plan_of({HASHES[0]: 40})
    keyed, unkeyed = release_of(earlier), plain(release_of(earlier), earlier)
    for release in (keyed, unkeyed):
        found = part_keys(parts, "pay_reports", earlier, release, SECRET)
        assert found[release.inputs[0].export] == HASHES[0][:20]
    assert part_keys(parts, "pay_reports", plan_of({}, OTHER, "another key"), keyed, OTHER) == {}
