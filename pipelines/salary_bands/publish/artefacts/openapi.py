"""openapi.json, OpenAPI 3.1: the static files as an API. Paths start at the marts folder, two above a release."""

from collections.abc import Iterable

from salary_bands.publish.artefacts.json_schemas import DIALECT
from salary_bands.releases.documents import SCHEMA_VERSION, Document
from salary_bands.releases.manifest import File, Manifest
from salary_bands.releases.tables import WITHHELD, WITHHELD_ROWS
from salary_bands.sample import SYNTHETIC
from salary_bands.schemas import RELEASE_TABLES

_RELEASE = "/releases/{version}"


def open_api(manifest: Manifest, files: Iterable[File]) -> Document:
    """Describe the API of a release.

    Args:
        manifest: the manifest of the release.
        files: the files of the release; those under views/, bands/ and estimates/ give the values of the parameters.
    """
    paths = [f.path.removesuffix(".json").split("/") for f in files if f.path.startswith(_LISTED)]
    cells = [parts[1:] for parts in paths if parts[0] in ("bands", "estimates")]
    views = sorted(parts[1] for parts in paths if parts[0] == "views")
    groups, markets = (sorted({parts[place] for parts in cells}) for place in (1, 2))
    version = _parameter("version", [manifest.version], "Version of the release; releases.json lists all")
    view = _parameter("view", views, "Taxonomy, which is a set of groups of specialisations")
    group = _parameter("group_id", groups, "Group of the view, groups[].id in the view's file")
    market = _parameter("market", markets, "global, a country or a metro; not all groups have all markets")
    table = _parameter("table", list(RELEASE_TABLES), "Name of the table")
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": DIALECT,
        "info": {
            "title": "Salary Bands" + (" (synthetic sample)" if manifest.contains_synthetic else ""),
            "version": SCHEMA_VERSION,
            "summary": "Compensation bands in machine learning, as static files",
            "description": f"Release {manifest.version}. Files under a release never change; latest.json, "
            "releases.json and feed.xml do. Look up values of rows by the names in `columns`."
            + (f" {SYNTHETIC}" if manifest.contains_synthetic else ""),
            "license": {"name": "MIT for the program; for the data, see the licences in README.md of the release"},
        },
        "servers": [{"url": "../..", "description": "The folder that holds latest.json"}],
        "paths": {
            "/latest.json": _get("latest", "The newest release", _json("latest")),
            "/releases.json": _get("releases", "Every release, newest first", _json("releases")),
            "/feed.xml": _get("feed", "An Atom feed of the releases", {"application/atom+xml": _TEXT}),
            f"{_RELEASE}/manifest.json": _get(
                "manifest", "What the release is made from, and its files", _json("manifest"), version
            ),
            f"{_RELEASE}/views/{{view}}.json": _get(
                "view", "All data for the page of a view", _json("view"), version, view
            ),
            f"{_RELEASE}/bands/{{view}}/{{group_id}}/{{market}}.json": _get(
                "bands", "All cells of a group in a market", _json("bands"), version, view, group, market
            ),
            f"{_RELEASE}/estimates/{{view}}/{{group_id}}/{{market}}.json": _get(
                "estimates",
                "What the model says of all cells of a group in a market",
                _json("estimates"),
                *(version, view, group, market),
            ),
            f"{_RELEASE}/{{table}}.csv": _get("csv", "A table as CSV", {"text/csv": _TEXT}, version, table),
            f"{_RELEASE}/{{table}}.parquet": _get("parquet", "A table as Parquet", _PARQUET, version, table),
            f"{_RELEASE}/{WITHHELD}.parquet": _get("suppressed", WITHHELD_ROWS, _PARQUET, version),
            f"{_RELEASE}/datapackage.json": _get(
                "datapackage", "All columns with their meaning", _json("datapackage"), version
            ),
        },
    }


_LISTED = ("views/", "bands/", "estimates/")
_TEXT = {"schema": {"type": "string"}}
_PARQUET: Document = {"application/vnd.apache.parquet": {}}


def _json(kind: str) -> Document:
    return {"application/json": {"schema": {"$ref": f"schemas/{kind}.json"}}}


def _get(name: str, summary: str, content: Document, *parameters: Document) -> Document:
    found = {"description": summary, "content": content}
    absent = {
        "description": "The file does not exist; none is written if all cells of a group in a market are withheld"
    }
    answers = {"200": found, **({"404": absent} if parameters else {})}
    return {
        "get": {"operationId": name, "summary": summary, "parameters": list(parameters), "responses": answers},
    }


def _parameter(name: str, values: list[str], description: str) -> Document:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {"type": "string", "enum": values},
    }
