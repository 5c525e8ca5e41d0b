"""Every JSON file of a release against its schema, the official profiles, and the files that there are."""

import copy
import itertools
import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import frictionless
import jsonschema
import jsonschema_rs
import pyarrow.parquet as pq
import pytest
from openapi_spec_validator import validate as validate_openapi
from openapi_spec_validator.readers import read_from_filename
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

from salary_bands.publish.artefacts.json_schemas import json_schemas, schema_documents
from salary_bands.releases.statement import Statement
from salary_bands.schemas import RELEASE_TABLES, TABLES, arrow_schema
from salary_bands.schemas.described import key_of, unit_of
from tests.builders.json_files import Json, faults, json_files, kind_of, read, validator

OFFICIAL = ("datapackage", "openapi")  # defined by others, whose own checks are below


def test_every_json_file_is_valid_under_its_schema(sample_release: Path) -> None:
    met = set()
    for path, file in json_files(sample_release).items():
        kind = kind_of(path)
        met.add(kind)
        if kind == "schemas":
            jsonschema_rs.meta.validate(read(file))
        else:
            assert faults(sample_release, kind, read(file)) == [], path
    assert met == {"schemas", *json_schemas()} - {"pointers"}  # which only signed releases have


def test_the_published_schemas_are_those_of_the_code(sample_release: Path) -> None:
    there = {f"schemas/{p.name}": read(p) for p in (sample_release / "schemas").iterdir()}
    assert there == schema_documents()


def example(release: Path, kind: str) -> Json:
    if kind == "pointers":
        return Statement(
            sequence=1, date="2026-06-30", latest="0" * 64, releases="1" * 64, signature="2" * 128
        ).model_dump(mode="json")
    path = {
        "latest": "../../latest.json", "releases": "../../releases.json", "manifest": "manifest.json",
        "view": "views/cards.json", "bands": "bands/cards/agentic_systems/US.json",
        "estimates": "estimates/cards/agentic_systems/US.json",
    }[kind]  # fmt: skip
    return read((release / path).resolve())


def nodes(document: Json, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every value of a document; of a long list of the same, the first two."""
    yield place
    if isinstance(document, dict):
        for name, value in document.items():
            yield from nodes(value, (*place, name))
    elif isinstance(document, list):
        enough = document if not document or not isinstance(document[0], dict | list) else document[:2]
        for number, value in enumerate(enough):
            yield from nodes(value, (*place, number))


def mutants(document: Json) -> Iterator[tuple[str, Json]]:
    """(what was done, the document with one value left out or of another type)."""
    for place in nodes(document):
        if not place:
            continue
        for mutation in ("drop", "retype"):
            mutant = copy.deepcopy(document)
            parent = mutant
            for step in place[:-1]:
                parent = parent[step]
            if mutation == "drop":
                del parent[place[-1]]
            else:
                parent[place[-1]] = {"not": "this"} if not isinstance(parent[place[-1]], dict) else "not this"
            yield f"{mutation} {'/'.join(map(str, place))}", mutant


# what may be absent or is free in a document of a kind
FREE = {
    kind: re.compile(f"({pattern})$")
    for kind, pattern in {
        "latest": "nothing",
        "releases": "drop 0",
        "pointers": "nothing",
        "manifest": r"drop (settings|inputs|accepted|files|licences)/[^/]*|(drop|retype) method/\w+/.*",
        "view": r"drop licences/\d+|drop groups/\d+(/leaves/\d+|/tooling/\d+|/.*/T\d(/\w+)?|/premiums/.*/(early|senior)"
        r"|/advertised/base_\w+)?",
        "bands": r"drop (rows|licences)/\d+",
        "estimates": r"drop (rows|licences)/\d+",
    }.items()
}


@pytest.mark.parametrize("kind", [k for k in json_schemas() if k not in OFFICIAL])
def test_a_document_with_one_value_gone_or_of_another_type_is_refused(sample_release: Path, kind: str) -> None:
    document = small(kind, example(sample_release, kind))
    assert faults(sample_release, kind, document) == []
    check = validator(sample_release, kind)
    passed = [what for what, mutant in mutants(document) if check.is_valid(mutant)]
    assert [what for what in passed if not FREE[kind].match(what)] == []


def small(kind: str, document: Json) -> Json:
    """The document with few of its many."""
    cut = copy.deepcopy(document)
    if kind == "view":
        cut["groups"] = cut["groups"][:1]
    elif kind in ("bands", "estimates"):
        cut["rows"] = cut["rows"][:2]
    elif kind == "manifest":
        cut["files"] = cut["files"][:2]
        cut["method"]["fx"] = {}
    return cut


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("latest", ("version",), "30.06.2026"),
        ("latest", ("as_of",), "30 June"),
        ("latest", ("manifest", "sha256"), "abc"),
        ("releases", (0, "status"), "gone"),
        ("pointers", ("sequence",), 0),
        ("pointers", ("latest",), "abc"),
        ("manifest", ("files", 0, "bytes"), -1),
        ("view", ("columns", "bands"), ["p50"]),
        ("view", ("groups", 0, "bands", "base", "all", "L5", 4), "guessed"),
        ("view", ("groups", 0, "demand"), "a lot"),
        ("view", ("groups",), []),
        ("bands", ("rows", 0, 0), "hearsay"),
        ("bands", ("rows", 0), [1, 2, 3]),
    ],
)
def test_a_wrong_value_is_refused(sample_release: Path, kind: str, path: tuple[Any, ...], value: Json) -> None:
    document = copy.deepcopy(example(sample_release, kind))
    parent = document
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = value
    assert faults(sample_release, kind, document)


def test_every_property_of_a_document_is_described(sample_release: Path) -> None:
    """Nothing is published that its schema does not know, though schemas are open to what is to come."""
    schemas = json_schemas()
    for path, file in json_files(sample_release).items():
        kind = kind_of(path)
        if kind in ("schemas", *OFFICIAL):
            continue
        assert set(undescribed(schemas[kind], read(file), schemas[kind])) == set(), path


def undescribed(schema: Json, document: Json, root: Json, place: str = "") -> Iterator[str]:
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    if isinstance(document, dict) and "properties" in schema:
        assert schema.get("description"), place
        for name, value in document.items():
            if name in schema["properties"]:
                yield from undescribed(schema["properties"][name], value, root, f"{place}/{name}".lstrip("/"))
            else:
                yield f"{place}/{name}".lstrip("/")
    elif isinstance(document, list) and isinstance(schema.get("items"), dict):
        for value in document:
            yield from undescribed(schema["items"], value, root, f"{place}[]")


def test_a_value_carries_the_unit_and_the_words_of_its_column() -> None:
    row = json_schemas()["bands"]["properties"]["rows"]["items"]["prefixItems"]
    by_name = {schema["title"]: schema for schema in row}
    assert by_name["p50"]["x-unit"] == unit_of("bands", "p50") != ""
    assert by_name["p50"]["type"] == ["integer", "null"]
    assert by_name["basis"]["enum"] == ["direct", "pooled", "suppressed"]
    assert by_name["top_source_share"]["maximum"] == 1
    spoken = {name: spec.description for name, spec in TABLES["bands"].to_schema().columns.items()}
    assert all(schema["description"] == spoken[name] for name, schema in by_name.items())


# Data Package


def profile() -> Json:
    return json.loads((files("dplib") / "profiles" / "2.0" / "datapackage.json").read_text(encoding="utf-8"))


def test_the_data_package_is_valid_under_the_official_profile(sample_release: Path) -> None:
    package = read(sample_release / "datapackage.json")
    check = jsonschema.Draft7Validator(profile())
    assert [e.message for e in check.iter_errors(package)] == []
    assert package["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    for broken in (
        {**package, "resources": []},
        {**package, "licenses": [{"title": "no name, no path"}]},
        {**package, "resources": [{**package["resources"][0], "path": "/absolute"}]},
    ):
        assert not check.is_valid(broken)


def test_the_data_package_has_keys_constraints_units_licences_and_sources(sample_release: Path) -> None:
    package = read(sample_release / "datapackage.json")
    assert {lic["title"].split(":")[0] for lic in package["licenses"]} == {
        "ai-jobs.net salaries", "Levels.fyi self-reports", "Native export",
    }  # fmt: skip
    assert len(package["sources"]) == 3
    by_name = {r["name"]: r for r in package["resources"]}
    for table in RELEASE_TABLES:
        for name in (table, f"{table}-parquet"):
            assert by_name[name]["schema"]["primaryKey"] == key_of(table)
            assert by_name[name]["schema"]["missingValues"] == [""]
    fields = {f["name"]: f for f in by_name["bands"]["schema"]["fields"]}
    assert fields["evidence"]["constraints"] == {"enum": ["reported", "advertised"]}
    assert fields["top_source_share"]["constraints"] == {"minimum": 0, "maximum": 1}
    assert fields["as_of"]["constraints"] == {"required": True}
    assert fields["p50"]["unit"] == unit_of("bands", "p50")


@pytest.mark.parametrize("table", RELEASE_TABLES)
def test_the_primary_key_is_there_unique_and_the_one_the_dictionary_names(sample_release: Path, table: str) -> None:
    key = key_of(table)
    assert key
    rows = list(zip(*(pq.read_table(sample_release / f"{table}.parquet")[n].to_pylist() for n in key), strict=True))
    assert len(set(rows)) == len(rows)
    assert rows or table == "changes"  # a first release has none
    assert not any(None in row for row in rows)
    assert f"Key: {', '.join(key)}" in " ".join((TABLES[table].__doc__ or "").split())


@pytest.mark.parametrize("table", [t for t in RELEASE_TABLES if t != "bands"])  # bands: too many rows for this reader
def test_another_reader_finds_each_table_as_the_data_package_says(sample_release: Path, table: str) -> None:
    report = frictionless.Package(str(sample_release / "datapackage.json")).get_resource(table).validate()
    assert report.valid, report.flatten(["type", "fieldName", "note"])[:5]


def test_another_reader_refuses_a_table_that_breaks_its_constraints(sample_release: Path, tmp_path: Path) -> None:
    package = read(sample_release / "datapackage.json")
    [claims] = [r for r in package["resources"] if r["name"] == "claims"]
    text = (sample_release / "claims.csv").read_text(encoding="utf-8")
    first = text.splitlines()[1]
    broken = text + first + "\n" + first.replace("insufficient_data", "hearsay").replace("card-", "x-") + "\n"
    (tmp_path / "claims.csv").write_text(broken, encoding="utf-8")
    claims = {k: v for k, v in claims.items() if k not in ("hash", "bytes")}
    (tmp_path / "datapackage.json").write_text(json.dumps({**package, "resources": [claims]}), encoding="utf-8")
    report = frictionless.Package(str(tmp_path / "datapackage.json")).get_resource("claims").validate()
    assert {kind for (kind,) in report.flatten(["type"])} == {"primary-key", "constraint-error"}


# OpenAPI


def test_the_api_is_valid_openapi(sample_release: Path) -> None:
    document, url = read_from_filename(str(sample_release / "openapi.json"))
    assert document["openapi"].startswith("3.1.")
    validate_openapi(document, base_uri=url)
    broken = copy.deepcopy(document)
    del broken["paths"]["/latest.json"]["get"]["responses"]
    broken["paths"]["/releases/{version}/views/{view}.json"]["get"]["parameters"][0].pop("name")
    with pytest.raises(OpenAPIValidationError):
        validate_openapi(broken, base_uri=url)


def addresses(api: Json) -> Iterator[tuple[str, str, dict[str, str]]]:
    """(operation, path, parameters) of everything that the enumerations of the path allow."""
    for template, item in api["paths"].items():
        names = [p["name"] for p in item["get"]["parameters"]]
        for values in itertools.product(*(p["schema"]["enum"] for p in item["get"]["parameters"])):
            chosen = dict(zip(names, values, strict=True))
            yield item["get"]["operationId"], template.format(**chosen), chosen


def test_every_path_of_the_api_is_a_file_of_its_kind_and_every_file_has_a_path(sample_release: Path) -> None:
    api = read(sample_release / "openapi.json")
    marts = sample_release.parents[1]
    address = urljoin((sample_release / "openapi.json").as_uri(), api["servers"][0]["url"])
    assert Path(address.removeprefix("file://")) == marts
    reached: dict[str, set[str]] = {}
    for operation, path, _ in addresses(api):
        if (marts / path.lstrip("/")).is_file():
            reached.setdefault(operation, set()).add(path.lstrip("/"))
        else:
            assert operation in ("bands", "estimates"), path  # not every group has every market
    assert set(reached) == {item["get"]["operationId"] for item in api["paths"].values()}
    there = {p.relative_to(marts).as_posix() for p in marts.rglob("*") if p.is_file()}
    apart = {p for p in there if re.search(r"schemas/|openapi\.json|\.md$|index\.html|duckdb$|/\.", f"/{p}")}
    assert set().union(*reached.values()) == there - apart


def test_the_api_names_the_schema_of_each_file(sample_release: Path) -> None:
    api = read(sample_release / "openapi.json")
    for template, item in api["paths"].items():
        content = item["get"]["responses"]["200"]["content"]
        if template.endswith(".json"):
            reference = content["application/json"]["schema"]["$ref"]
            assert (sample_release / reference).is_file()
            assert kind_of(template.lstrip("/").replace("{version}", "v")) == Path(reference).stem
    assert {t for p in api["paths"].values() for q in p["get"]["parameters"] if q["name"] == "table"
            for t in q["schema"]["enum"]} == set(RELEASE_TABLES)  # fmt: skip
    assert all(arrow_schema(t).names for t in RELEASE_TABLES)
