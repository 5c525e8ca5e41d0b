"""Publish a release: write it aside, sync and rename it; then the mart, releases.json, and last latest.json.

A crash at any point leaves the old release or the new one; `repair` completes or removes what the crash left.
"""

import shutil
import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import chain
from pathlib import Path

from salary_bands.aggregate.plan import Plan
from salary_bands.aggregate.recognised import recognised
from salary_bands.aggregate.workspace import FACTS, Workspace
from salary_bands.errors import RefreshError
from salary_bands.publish.artefacts.change_log import changes_text
from salary_bands.publish.artefacts.data_package import data_package
from salary_bands.publish.artefacts.json_schemas import schema_texts
from salary_bands.publish.artefacts.openapi import open_api
from salary_bands.publish.artefacts.page import page_text
from salary_bands.publish.artefacts.readme import readme_text
from salary_bands.publish.artefacts.tables import write_tables
from salary_bands.publish.artefacts.views import view_documents
from salary_bands.publish.figures import figures_digest, remember_figures
from salary_bands.publish.pointers import (
    as_on_disk,
    build_mart_of,
    clear_leftovers,
    list_release,
    sign_pointers,
    write_pointers,
)
from salary_bands.reference.formats import Format, formats
from salary_bands.releases.documents import MANIFEST, SCHEMA_VERSION, Document
from salary_bands.releases.manifest import File, Gate, Input, Licence, Manifest, Method
from salary_bands.releases.marts import Marts
from salary_bands.releases.signing import sign_manifest
from salary_bands.storage.files import json_text, rows_text, sha256_of, sync_folder, sync_tree, write_text


def already_published(marts: Marts, plan: Plan, figures: str = "") -> str | None:
    """Return the newest release of the plan's date if it has the plan's fingerprint or these figures, else None.

    A release that was withdrawn or rolled back counts too: it does not return by itself.
    """
    newest = next((r for r in marts.releases() if r.as_of == plan.as_of), None)
    if newest is None or not marts.has(newest.version):
        return None
    manifest = marts.manifest(newest.version)
    same = manifest.fingerprint == plan.fingerprint or (figures and manifest.figures == figures)
    return newest.version if same else None


def still_current(marts: Marts, plan: Plan, idle_days: int) -> str | None:
    """Return the newest release if it is younger than that and counts the plan's exports by the same method, else None.

    A refresh without a date of its own publishes nothing then.
    """
    newest = next(iter(marts.releases()), None)
    if newest is None or not marts.has(newest.version):
        return None
    manifest = marts.manifest(newest.version)
    age = (date.fromisoformat(plan.as_of) - date.fromisoformat(manifest.as_of)).days
    method = (manifest.method_version, manifest.reference_version)
    same = method == (plan.method_version, plan.reference_version)
    same = same and len(recognised(plan, manifest)) == len(manifest.inputs) == len(plan.counted)
    return newest.version if same and 0 <= age < idle_days else None


def publish(candidate: Workspace, marts: Marts, accepted: Sequence[Mapping[str, str]] = ()) -> str:
    """Publish the candidate unless its figures are published already; return its version.

    accepted: gate and reason of each gate that would have held it.
    """
    plan = candidate.plan()
    views = dict(view_documents({"release": plan.version, "as_of": plan.as_of, **_credit(plan)}, candidate.folder))
    figures = figures_digest(candidate, views)
    remember_figures(candidate, figures)
    if same := already_published(marts, plan, figures):
        return same
    target = marts.release(plan.version)
    if target.exists():
        raise RefreshError(f"release {plan.version} was published in the meantime; run the refresh again")
    aside = target.with_name(f".{plan.version}.{uuid.uuid4().hex}")
    try:
        _write_release(candidate, marts, aside, _manifest(candidate, figures, accepted), views)
        sign_manifest(aside, candidate.settings.signing_key)
        sync_tree(aside)
        aside.replace(target)
        sync_folder(target.parent)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    list_release(marts, plan.version)
    sign_pointers(marts, candidate.settings.signing_key)
    return plan.version


def repair(marts: Marts) -> list[str]:
    """Complete or remove what a crash left; return a line for each repair. Needs the lock."""
    folder = marts.folder / "releases"
    lines = clear_leftovers(marts)
    listed = {r.version for r in marts.releases()}
    for name in sorted(p.name for p in folder.glob("*") if p.is_dir() and p.name not in listed):
        if _is_release(marts, name):
            list_release(marts, name)
            lines.append(f"finished publishing {name}")
        else:
            lines.append(f"{folder / name} is not a release of that name; move it elsewhere")
    if marts.releases():
        entries, gone_or_back = as_on_disk(marts)
        lines += gone_or_back
        if rebuilt := build_mart_of(marts, entries):
            lines.append(f"rebuilt the mart of {rebuilt}")
        write_pointers(marts, entries)
    return lines


def _is_release(marts: Marts, name: str) -> bool:
    try:
        return marts.manifest(name).version == name
    except RefreshError:
        return False


def _write_release(
    candidate: Workspace, marts: Marts, folder: Path, manifest: Manifest, views: Mapping[str, Document]
) -> None:
    """Write every file of a release. Nothing in it depends on the clock or the machine.

    The tables are written first, then what is made from them, then what lists the files, and last the manifest.
    """
    folder.mkdir(parents=True)
    plan = candidate.plan()
    formats_used = _formats_used(plan)
    rows = write_tables(candidate, folder, _credit(plan))
    by_name = {document["view"]: document for document in views.values()}
    previous = marts.manifest(plan.previous) if plan.previous else None
    for path, text in chain(
        ((path, rows_text(document, "groups")) for path, document in views.items()),
        schema_texts().items(),
        [("CHANGES.md", changes_text(manifest, previous, folder))],
        [("README.md", readme_text(manifest, formats_used))],
        [("index.html", page_text(manifest, by_name, candidate.folder))],
    ):
        write_text(folder / path, text)
    files = [_file(folder, path, rows) for path in folder.rglob("*") if path.is_file()]
    for name, document in (
        ("datapackage.json", data_package(manifest, files, formats_used)),
        ("openapi.json", open_api(manifest, files)),
    ):
        write_text(folder / name, json_text(document))
        files.append(_file(folder, folder / name, rows))
    files.sort(key=lambda file: file.path)
    write_text(folder / MANIFEST, manifest.model_copy(update={"files": files}).text())


def _formats_used(plan: Plan) -> list[Format]:
    used = {state.format for state in plan.counted}
    return [f for f in formats() if f.name in used]


def _licences(plan: Plan) -> list[Licence]:
    return [Licence(title=f.title, licence=f.licence, attribution=f.attribution) for f in _formats_used(plan)]


def _credit(plan: Plan) -> Document:
    """Return what every JSON file with figures says of the data."""
    licences = [licence.model_dump() for licence in _licences(plan)]
    return {"contains_synthetic": plan.contains_synthetic, "licences": licences}


def _manifest(candidate: Workspace, figures: str, accepted: Sequence[Mapping[str, str]]) -> Manifest:
    """Make the manifest, without its files."""
    plan = candidate.plan()
    inputs = [Input(source=s.source, export=s.export, rows=s.published_rows) for s in plan.counted]
    facts = {name: candidate.facts(name) for name in FACTS}
    return Manifest(
        version=plan.version,
        as_of=plan.as_of,
        schema_version=SCHEMA_VERSION,
        method_version=plan.method_version,
        code_version=plan.code_version,
        reference_version=plan.reference_version,
        contains_synthetic=plan.contains_synthetic,
        licences=_licences(plan),
        previous=plan.previous,
        inputs=inputs,
        export_names=plan.export_names,
        settings={**plan.settings},
        method=Method(version=plan.method_version, fx=plan.fx, disclosure_key=plan.disclosure_key, **facts),
        accepted=[Gate(gate=gate["gate"], reason=gate["reason"]) for gate in accepted],
        fingerprint=plan.fingerprint,
        content_fingerprint=plan.content_fingerprint,
        figures=figures,
        files=[],
    )


def _file(folder: Path, path: Path, rows: Mapping[str, int]) -> File:
    """Describe a file of the release, with its rows if it is of a table."""
    name = path.relative_to(folder).as_posix()
    return File(path=name, bytes=path.stat().st_size, sha256=sha256_of(path), rows=rows.get(name))
