"""latest.json, releases.json and manifests as they come from elsewhere: read, and held to their contract."""

import hashlib
import json
import re
from datetime import date
from typing import Any

from salary_bands.releases.marts import POINTER, SCHEMA_VERSION, Document

MANIFEST, SIGNATURE = "manifest.json", "manifest.json.sig"
STATUSES = ("published", "withdrawn")
_VERSION = re.compile(r"(\d{4})\.(\d{2})\.(\d{2})(\.[1-9]\d{0,5})?")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Untrue(Exception):  # noqa: N818 - a verdict on a document, not an error of the program
    """A document that is not what it should be; the text says how."""


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read_pointer(content: bytes) -> Document:
    """latest.json; raises Untrue."""
    pointer = _json(content)
    _check_entry(pointer)
    return dict(pointer)


def read_entries(content: bytes) -> list[Document]:
    """releases.json, each release once; raises Untrue."""
    entries = _json(content)
    _must(isinstance(entries, list), "is not a list of releases")
    for entry in entries:
        _check_entry(entry)
        _must(entry.get("status") in STATUSES, f"release {entry['version']} has no status {' or '.join(STATUSES)}")
    versions = [entry["version"] for entry in entries]
    _must(len(set(versions)) == len(versions), "names a release twice")
    return list(entries)


def read_manifest(content: bytes, entry: Document) -> Document:
    """The manifest that an entry of a pointer names, with files that stay in its folder; raises Untrue."""
    _must(sha256(content) == entry["manifest"]["sha256"], "has another sha256 than latest.json and releases.json say")
    manifest = _json(content)
    _must(isinstance(manifest, dict), "is not an object")
    for name in ("version", "as_of", "schema_version"):
        _must(manifest.get(name) == entry[name], f"is of {name} {manifest.get(name)!r}, not {entry[name]!r}")
    files = manifest.get("files")
    _must(isinstance(files, list) and all(isinstance(f, dict) for f in files), "has no list of files")
    for file in files:
        path = file.get("path")
        _must(isinstance(path, str) and is_safe(path), f"names the file {path!r}, which may lie outside the release")
        _must(path not in (MANIFEST, SIGNATURE), f"names {path}, which no manifest can name")
        _must(type(file.get("bytes")) is int and file["bytes"] >= 0, f"gives no size of {path}")
        _must(_is_sha256(file.get("sha256")), f"gives no sha256 of {path}")
    paths = {file["path"] for file in files}
    _must(len(paths) == len(files), "names a file twice")
    folders = {"/".join(path.split("/")[:n]) for path in paths for n in range(1, path.count("/") + 1)}
    _must(not folders & paths, "names a file that is also a folder")
    return dict(manifest)


def is_safe(path: str) -> bool:
    """Whether a path from elsewhere stays in the folder it is put into, on any system, and is no hidden file."""
    parts = path.split("/")
    printable = path.isprintable() and not set(path) & set('\\:*?"<>|')
    return printable and all(part and not part.startswith(".") and len(part.encode()) <= 255 for part in parts)


def pointer_of(entry: Document) -> Document:
    """An entry of releases.json as latest.json has it."""
    return {name: entry[name] for name in POINTER}


def _check_entry(entry: Any) -> None:
    _must(isinstance(entry, dict), "does not hold a release")
    version = entry.get("version")
    found = _VERSION.fullmatch(version) if isinstance(version, str) else None
    _must(found is not None, f"has {version!r} for a version")
    day = "-".join(found.groups()[:3]) if found else ""
    _must(_is_date(day) and entry.get("as_of") == day, f"release {version} is as of {entry.get('as_of')!r}")
    schema = entry.get("schema_version")
    major = SCHEMA_VERSION.split(".")[0]
    _must(isinstance(schema, str), f"release {version} has no schema_version")
    _must(schema.split(".")[0] == major, f"release {version} has schema {schema}, this program reads {major}")
    manifest = entry.get("manifest")
    _must(isinstance(manifest, dict), f"release {version} has no manifest")
    path = f"releases/{version}/{MANIFEST}"
    _must(manifest.get("path") == path, f"the manifest of {version} is {manifest.get('path')!r}, not {path!r}")
    _must(_is_sha256(manifest.get("sha256")), f"the manifest of {version} has no sha256")


def _is_sha256(value: Any) -> bool:
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _json(content: bytes) -> Any:
    try:
        return json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Untrue("is not JSON") from None


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Untrue(otherwise)
