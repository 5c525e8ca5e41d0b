"""The files of one release: what is in them, in which spelling, and what is not."""

import csv
import json
import re
import socket
import struct
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from salary_bands.errors import RefreshError, UsageError
from salary_bands.publish.artefacts import tables
from salary_bands.publish.pointers import write_pointers
from salary_bands.publish.publication import publish
from salary_bands.releases.marts import Marts
from salary_bands.schemas import RELEASE_TABLES, TABLES, arrow_schema
from salary_bands.schemas.bands import KEY
from salary_bands.settings import load
from salary_bands.storage.files import sha256_of
from tests.builders.candidates import build
from tests.builders.exports import MODEL_EMPLOYERS, model_rows, native_row, write_native
from tests.builders.manifests import entry_of

pytestmark = pytest.mark.slow

FILES = ("suppressed.parquet", *(f"{table}.{kind}" for table in RELEASE_TABLES for kind in ("csv", "parquet")))
FORMULA = ("=", "+", "-", "@", "\t", "\r")
VERSION = "2026.06.30"
TWELVE = (*MODEL_EMPLOYERS, "Shopify", "Twilio", "Atlassian", "Zoom", "Salesforce", "Adobe")  # enough for estimates


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Marts:
    """One release: two sources, one of them named like a formula, and a held export."""
    folder = tmp_path_factory.mktemp("published")
    settings = load(raw=folder / "raw", marts=folder / "marts", work=folder / "work", settle_seconds=0)
    write_native(settings.raw, model_rows(100, TWELVE))
    write_native(settings.raw, [native_row(n, submitted_at="2026-02-01") for n in range(12)], "=cmd/=cmd.csv")
    (settings.raw / "source" / "@held.csv").write_text("who,what\na,b\n", encoding="utf-8")
    marts = Marts(settings.marts)
    assert publish(build(settings).candidate, marts) == VERSION
    return marts


@pytest.fixture(scope="module")
def folder(marts: Marts) -> Path:
    return marts.release(VERSION)


def parquet(folder: Path, table: str) -> list[dict[str, Any]]:
    return pq.read_table(folder / f"{table}.parquet").to_pylist()


def cell_of(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(row[name] for name in KEY)


def rows_of_csv(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    """(path, content) of every file, tables as text."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if path.suffix == ".parquet":
            content = f"{pq.read_metadata(path).metadata} {pq.read_table(path).to_pylist()}"
            yield path.name, content.replace("datetime.date", "")
        else:
            yield path.name, path.read_text(encoding="utf-8")


def test_the_manifest_lists_every_file_but_itself(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} - {"manifest.json"}
    assert [f["path"] for f in manifest["files"]] == sorted(there)
    for file in manifest["files"]:
        path = folder / file["path"]
        assert (file["bytes"], file["sha256"]) == (path.stat().st_size, sha256_of(path))
    rows = {f["path"]: f["rows"] for f in manifest["files"] if f["path"].endswith((".csv", ".parquet"))}
    assert rows == {path: len(parquet(folder, path.partition(".")[0])) for path in FILES}


def test_the_tables_of_a_release_are_its_files(folder: Path) -> None:
    assert {p.name for suffix in ("parquet", "csv") for p in folder.glob(f"*.{suffix}")} == set(FILES)


def test_what_is_withheld_is_in_a_file_of_its_own_with_a_reason_and_what_answers(folder: Path) -> None:
    shown, withheld = parquet(folder, "bands"), parquet(folder, "suppressed")
    assert {row["basis"] for row in shown} <= {"direct", "pooled"} and {r["basis"] for r in withheld} == {"suppressed"}
    assert all(row["suppression_reason"] and row["p50"] is None for row in withheld)
    assert shown[0].keys() == withheld[0].keys()
    abroad = [row for row in withheld if row["market"] != "US"]
    assert {row["market"] for row in abroad} > {"global"}
    assert any(row["use_instead_view"] for row in abroad)


def test_the_manifest_says_what_the_release_is_made_from(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    named = "version as_of schema_version method_version code_version contains_synthetic previous inputs settings"
    assert {*named.split(), "method", "files"} <= set(manifest)
    assert (manifest["version"], manifest["as_of"], manifest["previous"]) == (VERSION, "2026-06-30", None)
    assert [(i["source"], len(i["export"]), i["rows"]) for i in manifest["inputs"]] == [
        ("=cmd", 12, 12),
        ("source", 12, 100),
    ]
    assert len(manifest["figures"]) == 64
    assert manifest["settings"]["window_months"] == 12
    assert manifest["method"]["version"] == manifest["method_version"]
    assert manifest["method"]["fx"]["usd"]["EUR"]["2026-05"] > 1
    assert manifest["contains_synthetic"] is False


def test_no_path_host_or_time_is_in_a_release(folder: Path) -> None:
    clock = re.compile(r"(?<!\w)\d\d:\d\d(:\d\d)?(?!\w)|\d{4}-\d\d-\d\dT")
    host = re.compile(rf"(?<!\w){re.escape(socket.gethostname())}(?!\w)")
    for name, text in texts(folder):
        assert str(folder.parents[2]) not in text, name
        assert str(Path.home()) not in text or Path.home() == Path("/"), name
        assert not clock.search(text), (name, clock.search(text))
        assert not host.search(text) or len(socket.gethostname()) < 5, name


@pytest.mark.parametrize("table", RELEASE_TABLES)
def test_a_csv_says_the_same_as_its_parquet(folder: Path, table: str) -> None:
    raw = (folder / f"{table}.csv").read_bytes()
    assert raw.endswith(b"\n") and b"\r" not in raw
    expected, found = parquet(folder, table), rows_of_csv(folder, table)
    assert expected or table == "changes"  # a first release has none
    assert raw.decode().split("\n")[0].split(",") == list(TABLES[table].to_schema().columns)
    assert len(found) == len(expected)
    for cells, values in zip(found, expected, strict=True):
        assert cells == {name: spelled(value) for name, value in values.items()}


def spelled(value: Any) -> str:
    """A value as a CSV of ours has it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value.isoformat() if isinstance(value, date) else str(value)


def test_no_cell_of_a_csv_begins_a_formula(folder: Path) -> None:
    texts = {t: [f.name for f in arrow_schema(t) if pyarrow.types.is_string(f.type)] for t in RELEASE_TABLES}
    cells = [row[name] for table, names in texts.items() for row in rows_of_csv(folder, table) for name in names]
    assert not [c for c in cells if c.startswith(FORMULA)]
    assert "'=cmd" in cells
    assert "=cmd" in {row["source"] for row in parquet(folder, "ledger")}


@budget(max_examples=50)
@given(
    text=st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from("\t\r\n"), min_size=1),
    rows=st.integers(0, 1),
)
def test_any_text_comes_back_from_a_csv_and_starts_no_formula(
    text: str, rows: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    tables.write_csv(pyarrow.table({"text": [text, None], "rows": [rows, None], "share": [1.0, 0.0]}), path)
    with path.open(encoding="utf-8", newline="") as stream:
        cells = list(csv.reader(stream))
    assert cells == [["text", "rows", "share"], [spelled(text), str(rows), "1.0"], ["", "", "0.0"]]


def test_band_files_hold_what_the_table_holds(folder: Path) -> None:
    by_file: dict[str, list[dict[str, Any]]] = {}
    for row in [*parquet(folder, "bands"), *parquet(folder, "suppressed")]:
        by_file.setdefault(f"bands/{row['view']}/{row['group_id']}/{row['market']}.json", []).append(row)
    shown = {path: rows for path, rows in by_file.items() if any(r["basis"] != "suppressed" for r in rows)}
    assert set(shown) < set(by_file)  # some group has nothing to show, and no file
    assert {p.relative_to(folder).as_posix() for p in (folder / "bands").rglob("*.json")} == set(shown)
    for path, rows in shown.items():
        document = json.loads((folder / path).read_text(encoding="utf-8"))
        found = [dict(zip(document["columns"], cells, strict=True)) for cells in document.pop("rows")]
        assert document.pop("contains_synthetic") is False and document.pop("licences")
        head = {k: v for k, v in document.items() if k not in ("columns", "schema_version")}
        expected = [{**row, "as_of": row["as_of"].isoformat()} for row in rows]
        assert [{**cells, **head} for cells in found] == sorted(expected, key=cell_of)


def test_the_data_package_describes_every_column(folder: Path) -> None:
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert package["$schema"].startswith("https://datapackage.org/profiles/2.")
    assert package["version"] == VERSION
    by_path = {r["path"]: r for r in package["resources"]}
    assert set(by_path) == set(FILES)
    for table in RELEASE_TABLES:
        for kind in ("csv", "parquet"):
            resource = by_path[f"{table}.{kind}"]
            fields = resource["schema"]["fields"]
            assert [f["name"] for f in fields] == arrow_schema(table).names
            assert all(f["description"] for f in fields)
            assert resource["hash"] == f"sha256:{sha256_of(folder / resource['path'])}"
            assert resource["bytes"] == (folder / resource["path"]).stat().st_size
    types = {f["name"]: f["type"] for f in by_path["bands.csv"]["schema"]["fields"]}
    picked = ("as_of", "p50", "n_effective", "fragile", "view")
    assert [types[name] for name in picked] == ["date", "integer", "number", "boolean", "string"]


def test_the_texts_say_whose_the_data_is_and_nothing_of_held_files(folder: Path) -> None:
    changes = (folder / "CHANGES.md").read_text(encoding="utf-8")
    assert "held" not in changes and ".csv" not in changes
    assert "The first release." in changes
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert VERSION in readme and "licence" in readme and "ynthetic" not in readme


def test_the_mart_has_the_tables_with_a_comment_on_every_column(marts: Marts, folder: Path) -> None:
    with duckdb.connect(str(marts.mart), read_only=True) as mart:
        comments = dict(mart.execute("SELECT table_name, comment FROM duckdb_tables()").fetchall())
        silent = mart.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE comment IS NULL AND NOT internal"
        ).fetchall()
        counts = {t: mart.execute(f'SELECT count(*) FROM "{t}"').fetchall()[0][0] for t in comments}
        types = dict(mart.execute("SELECT column_name, data_type FROM duckdb_columns() WHERE NOT internal").fetchall())
    assert set(comments) == {*RELEASE_TABLES, "history_bands", "release"}
    assert all(comments.values()) and not silent
    rows = {t: len(parquet(folder, t)) for t in RELEASE_TABLES}
    bands = {"bands": rows["bands"] + len(parquet(folder, "suppressed")), "history_bands": rows["bands"]}
    assert counts == {**rows, **bands, "release": 1}
    assert (types["as_of"], types["p50"], types["fragile"]) == ("DATE", "BIGINT", "BOOLEAN")


def test_the_mart_is_written_for_duckdb_1_0(marts: Marts) -> None:
    with marts.mart.open("rb") as stream:
        head = stream.read(20)
    assert head[8:12] == b"DUCK"
    assert struct.unpack("<Q", head[12:20])[0] == 64  # storage version of 0.10 to 1.1


def test_releases_come_in_the_order_of_their_dates_then_numbers(tmp_path: Path) -> None:
    versions = ["2026.06.30", "2026.06.30.1", "2026.06.30.2", "2026.06.30.10", "2026.07.01"]
    entries = [entry_of(version) for version in versions]
    marts = Marts(tmp_path)
    write_pointers(marts, entries)
    assert [e.version for e in marts.releases()] == versions[::-1]
    assert marts.latest().version == "2026.07.01"
    write_pointers(marts, [*entries[:-1], entries[-1].model_copy(update={"status": "withdrawn"})])
    assert marts.latest().version == "2026.06.30.10"


def test_what_is_not_there_is_named_with_what_is(marts: Marts, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"2020.01.01.*there are {re.escape(VERSION)}"):
        marts.chosen("2020.01.01")
    with pytest.raises(UsageError):
        marts.chosen("../../elsewhere")
    with pytest.raises(RefreshError, match="nothing is published"):
        Marts(tmp_path).chosen(None)
    assert marts.chosen(None) == marts.chosen(VERSION) == VERSION


def test_a_pointer_that_is_not_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "releases.json").write_text("{", encoding="utf-8")
    with pytest.raises(RefreshError, match=r"releases\.json: is not JSON; restore it"):
        Marts(tmp_path).releases()
