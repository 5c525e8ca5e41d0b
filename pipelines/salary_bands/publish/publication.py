"""Publishing: written aside, checked, synced, renamed; then the mart, releases.json, and last latest.json.

A crash at any point leaves the old release or the new one; `repair` finishes or clears what it left.
"""

import os
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from salary_bands.aggregate.candidate import Candidate
from salary_bands.aggregate.plan import Plan
from salary_bands.errors import RefreshError
from salary_bands.files import json_text
from salary_bands.ingest.formats import formats
from salary_bands.publish.change_log import changes_text
from salary_bands.publish.mart import build_mart, mart_version
from salary_bands.publish.releases import SCHEMA_VERSION, Document, Marts, release_order, sha256_of
from salary_bands.publish.tables import band_documents, compact_json, data_package, write_tables
from salary_bands.publish.texts import readme_text


def already_published(marts: Marts, plan: Plan) -> str | None:
    """The newest release of the plan's date where it was made from exactly the same, else None."""
    same_date = [r for r in marts.releases() if r["as_of"] == plan.as_of]
    if not same_date:
        return None
    newest = same_date[0]["version"]
    return newest if marts.manifest(newest).get("fingerprint") == plan.fingerprint else None


def publish(candidate: Candidate, marts: Marts, accepted: Sequence[Document] = ()) -> str:
    """Publish the candidate; its version. Publishes nothing where the same is already published.

    accepted: gate and reason of what would have held it.
    """
    plan = candidate.plan()
    if same := already_published(marts, plan):
        return same
    target = marts.release(plan.version)
    if target.exists():
        raise RefreshError(f"release {plan.version} was published meanwhile; refresh again")
    aside = target.with_name(f".{plan.version}.{uuid.uuid4().hex}")
    try:
        _write_release(candidate, plan, marts, aside, accepted)
        _sync(aside)
        aside.replace(target)
        _sync_folder(target.parent)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    _point_to(marts, plan.version)
    return plan.version


def repair(marts: Marts) -> list[str]:
    """Finish what a crash left undone; a line for each thing mended. Call it under the lock."""
    lines: list[str] = []
    folder = marts.folder / "releases"
    if not folder.is_dir():
        return lines
    for aside in sorted(folder.glob(".*")):
        shutil.rmtree(aside, ignore_errors=True)
        lines.append(f"removed {aside.name}, which a crashed refresh left half written")
    listed = {r["version"] for r in marts.releases()}
    for release in sorted(p.name for p in folder.iterdir() if p.is_dir() and p.name not in listed):
        _point_to(marts, release)
        lines.append(f"finished publishing {release}")
    if marts.releases():
        marts.write_pointers(marts.releases())
        latest = marts.latest()["version"]
        if mart_version(marts) != latest:
            build_mart(marts, latest, _published(marts.releases()))
            lines.append(f"rebuilt the mart of {latest}")
    return lines


def _point_to(marts: Marts, version: str) -> None:
    """Make a release that lies there the newest of its date: mart, then releases.json, then latest.json."""
    entries = [r for r in marts.releases() if r["version"] != version]
    entries.append({**marts.entry(version), "status": "published", "reason": None})
    history = _published(entries)
    build_mart(marts, history[-1], history)
    marts.write_pointers(entries)


def _published(entries: list[Document]) -> list[str]:
    """Versions of what is not withdrawn, oldest first."""
    return [e["version"] for e in sorted(entries, key=release_order) if e["status"] == "published"]


def _write_release(candidate: Candidate, plan: Plan, marts: Marts, folder: Path, accepted: Sequence[Document]) -> None:
    """Everything of a release; no clock, host, absolute path or order of the machine's goes into it."""
    folder.mkdir(parents=True)
    rows = write_tables(candidate, folder)
    for path, document in band_documents(candidate):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(compact_json(document), encoding="utf-8")
    manifest = _manifest(candidate, plan, accepted)
    previous = marts.manifest(plan.previous) if plan.previous else None
    (folder / "CHANGES.md").write_text(changes_text(plan, manifest, previous, folder), encoding="utf-8")
    (folder / "README.md").write_text(readme_text(plan, formats()), encoding="utf-8")
    package = data_package(plan.version, plan.as_of, plan.contains_synthetic, _listing(folder, rows))
    (folder / "datapackage.json").write_text(json_text(package), encoding="utf-8")
    (folder / "manifest.json").write_text(json_text({**manifest, "files": _listing(folder, rows)}), encoding="utf-8")


def _manifest(candidate: Candidate, plan: Plan, accepted: Sequence[Document]) -> Document:
    """The manifest but for its files."""
    return {
        "version": plan.version,
        "as_of": plan.as_of,
        "schema_version": SCHEMA_VERSION,
        "method_version": plan.method_version,
        "code_version": plan.code_version,
        "reference_version": plan.reference_version,
        "contains_synthetic": plan.contains_synthetic,
        "previous": plan.previous,
        "inputs": [{"source": s.source, "file": s.file, "sha256": s.sha256, "rows": s.rows} for s in plan.counted],
        "settings": plan.settings,
        "method": {"version": plan.method_version, **candidate.method_facts(), "fx": plan.fx},
        "accepted": list(accepted),
        "fingerprint": plan.fingerprint,
    }


def _listing(folder: Path, rows: dict[str, int]) -> list[dict[str, Any]]:
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    return [
        {
            "path": path,
            "bytes": (folder / path).stat().st_size,
            "sha256": sha256_of(folder / path),
            "rows": rows.get(path),
        }
        for path in files
        if path not in ("manifest.json", "manifest.json.sig")
    ]


def _sync(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
    for path in [*(p for p in folder.rglob("*") if p.is_dir()), folder]:
        _sync_folder(path)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
