"""Releases made in a moment: every table with a row or none, and not of any data. For what is about releases only."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
import pyarrow.parquet as pq
import pytest

from salary_bands.publish import pointers
from salary_bands.publish.pointers import list_release
from salary_bands.releases.manifest import File
from salary_bands.releases.marts import Marts
from salary_bands.schemas import RELEASE_TABLES, arrow_schema
from salary_bands.storage.duck import quoted
from salary_bands.storage.files import moved_into_place, sha256_of, write_json
from tests.builders.manifests import manifest_of


def put_release(marts: Marts, version: str, content: str = "") -> Path:
    """A release folder with that content, not listed yet."""
    folder = marts.release(version)
    (folder / "bands" / "leaf" / "all").mkdir(parents=True)
    rows: dict[str, int] = {}
    for table in RELEASE_TABLES:
        schema = arrow_schema(table)
        rows_of = [{"release": version}] if table == "bands" else []
        filled = pyarrow.Table.from_pylist(rows_of, schema=pyarrow.schema([f.with_nullable(True) for f in schema]))
        pq.write_table(filled, folder / f"{table}.parquet")
        filled.to_pandas().to_csv(folder / f"{table}.csv", index=False, lineterminator="\n")
        rows[f"{table}.parquet"] = rows[f"{table}.csv"] = filled.num_rows
    write_json(folder / "bands" / "leaf" / "all" / "US.json", {"release": version, "content": content})
    (folder / "README.md").write_text(f"# Nobody earns this ({content})\n", encoding="utf-8")
    (folder / "same.txt").write_text("the same in every release\n" * 100, encoding="utf-8")
    write_manifest(folder, version, content or version, rows)
    return folder


def write_manifest(folder: Path, version: str, content: str, rows: dict[str, int]) -> None:
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "manifest.json")
    names = [p.relative_to(folder).as_posix() for p in files]
    listed = [
        File(path=n, bytes=p.stat().st_size, sha256=sha256_of(p), rows=rows.get(n))
        for n, p in zip(names, files, strict=True)
    ]
    manifest = manifest_of(version, listed, content)
    (folder / "manifest.json").write_text(manifest.text(), encoding="utf-8")


def shelf(folder: Path, *versions: str | tuple[str, str]) -> Marts:
    """A marts folder with these releases, or (release, content), published in turn."""
    marts = Marts(folder)
    for version in versions:
        name, content = version if isinstance(version, tuple) else (version, "")
        put_release(marts, name, content)
        list_release(marts, name)
    return marts


def listed(marts: Marts) -> dict[str, dict[str, Any]]:
    """releases.json, by version."""
    entries = json.loads((marts.folder / "releases.json").read_text(encoding="utf-8"))
    return {e["version"]: e for e in entries}


def latest(marts: Marts) -> str | None:
    """What latest.json names."""
    path = marts.folder / "latest.json"
    return json.loads(path.read_text(encoding="utf-8"))["version"] if path.is_file() else None


def snapshot(folder: Path) -> dict[str, str]:
    """Hashes of every file that readers may see, without the mart, whose bytes are DuckDB's."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    names = {p.relative_to(folder).as_posix(): p for p in files}
    return {n: sha256_of(p) for n, p in names.items() if not n.startswith(".") and not n.endswith(".duckdb")}


def quick_marts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Marts that only say what they are of, where a test builds dozens; written and moved as the real ones are."""
    connection = duckdb.connect()  # one for all: a start takes longer than the rest

    def build_mart(marts: Marts, version: str, history: list[str]) -> None:
        with moved_into_place(marts.mart) as aside:
            connection.execute(f"ATTACH {quoted(str(aside))} AS mart")
            of = {"version": version, "history": history}
            connection.execute("CREATE TABLE mart.release AS SELECT $version AS version, $history AS history", of)
            connection.execute("DETACH mart")

    monkeypatch.setattr(pointers, "build_mart", build_mart)
