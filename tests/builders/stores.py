"""Small publications, and what is of them in an object store."""

import json
from pathlib import Path
from typing import Any

from salary_bands.publish.pointers import write_pointers
from salary_bands.releases.documents import sha256
from salary_bands.releases.manifest import File
from salary_bands.releases.marts import Marts
from tests.builders.manifests import manifest_of
from tests.builders.s3 import Server

FILES = ("CHANGES.md", "bands.csv", "bands.parquet", "datapackage.json", "bands/cards/llm/US.json", "views/cards.json")
PUTS = 2 * (len(FILES) + 2) + 4  # of two releases: claims, files and manifests, and what lies beside them
URL = "s3://{}/salaries/v1"


def publication(folder: Path, **releases: str) -> Marts:
    """A marts folder with small releases: v2026_06_30="a" is 2026.06.30, and its files are of the content `a`."""
    marts = Marts(folder)
    entries = []
    for name, content in releases.items():
        version = name.removeprefix("v").replace("_", ".")
        files = {path: f"{content} {path}".encode() for path in FILES}
        listing = [File(path=p, bytes=len(d), sha256=sha256(d), rows=None) for p, d in files.items()]
        files["manifest.json"] = manifest_of(version, listing).text().encode()
        for path, data in files.items():
            (marts.release(version) / path).parent.mkdir(parents=True, exist_ok=True)
            (marts.release(version) / path).write_bytes(data)
        entries.append(marts.entry(version))
    marts.mart.write_bytes(f"mart of {releases}".encode())
    write_pointers(marts, entries)
    return marts


def local(marts: Marts) -> dict[str, bytes]:
    """Everything that is published in the folder."""
    paths = [p for p in marts.folder.rglob("*") if p.is_file() and not p.name.startswith(".")]
    return {p.relative_to(marts.folder).as_posix(): p.read_bytes() for p in paths}


def stored(server: Server, bucket: str) -> dict[str, bytes]:
    """Everything in the store but the claims, under the names of the folder."""
    found = {name.removeprefix("salaries/v1/"): data for name, data in server.objects(bucket).items()}
    return {name: data for name, data in found.items() if not name.startswith("claims/")}


def pointers(server: Server, bucket: str) -> tuple[str, list[tuple[str, str]]]:
    """What latest.json names, and the versions of releases.json with what became of them."""
    found = stored(server, bucket)
    listed = [(e["version"], e["status"]) for e in json.loads(found["releases.json"])]
    return json.loads(found["latest.json"])["version"], listed


def assert_sound(server: Server, bucket: str) -> None:
    """Whatever a pointer in the store names is there to the last byte."""
    found = stored(server, bucket)
    named = [json.loads(found["latest.json"])] if "latest.json" in found else []
    for entry in [*named, *json.loads(found.get("releases.json", b"[]"))]:
        manifest = found[entry["manifest"]["path"]]
        assert sha256(manifest) == entry["manifest"]["sha256"]
        for file in json.loads(manifest)["files"]:
            assert sha256(found[f"releases/{entry['version']}/{file['path']}"]) == file["sha256"]


def mark(marts: Marts, version: str, **became: Any) -> None:
    """What a command says became of a release."""
    write_pointers(marts, [e.model_copy(update=became) if e.version == version else e for e in marts.releases()])
