"""datapackage.json, Data Package v2: all tables with their fields, keys and units, and the sources and licences."""

from collections.abc import Iterable
from typing import Any

from salary_bands.publish.artefacts.json_schemas import DATA_PACKAGE
from salary_bands.reference.formats import Format
from salary_bands.releases.documents import Document
from salary_bands.releases.manifest import File, Manifest
from salary_bands.releases.tables import WITHHELD, WITHHELD_ROWS
from salary_bands.sample import SYNTHETIC
from salary_bands.schemas import RELEASE_TABLES, TABLES, arrow_schema
from salary_bands.schemas.described import constraints_of, key_of, unit_of

_MEDIA = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
_TYPES = {"int64": "integer", "double": "number", "bool": "boolean", "date32[day]": "date", "string": "string"}


def data_package(manifest: Manifest, files: Iterable[File], used: Iterable[Format]) -> Document:
    """Describe a release as a data package.

    Args:
        manifest: the manifest of the release.
        files: path, bytes and sha256 of its tables.
        used: the formats of its exports.
    """
    entries = {f.path: f for f in files}
    formats = list(used)
    synthetic = manifest.contains_synthetic
    return {
        "$schema": DATA_PACKAGE,
        "name": "salary-bands",
        "title": "Compensation bands in machine learning" + (" (synthetic sample)" if synthetic else ""),
        "version": manifest.version,
        "description": f"Percentile bands of annual pay as of {manifest.as_of}."
        + (f" {SYNTHETIC}" if synthetic else ""),
        "contains_synthetic": synthetic,
        "keywords": ["compensation", "machine learning", "salary"],
        "sources": [{"title": f"{f.title}: {f.attribution}"} for f in formats],
        # most sources state a licence in their own words rather than by a standard name; README.md has the texts
        "licenses": [{"path": "README.md", "title": f"{f.title}: {f.licence}"} for f in formats],
        "resources": [
            *(_resource(table, kind, entries[f"{table}.{kind}"]) for table in RELEASE_TABLES for kind in _MEDIA),
            {
                **_resource("bands", "parquet", entries[f"{WITHHELD}.parquet"]),
                "name": f"{WITHHELD}-parquet",
                "description": WITHHELD_ROWS,
            },
        ],
    }


def _resource(table: str, kind: str, entry: File) -> Document:
    return {
        "name": table if kind == "csv" else f"{table}-parquet",
        "path": entry.path,
        "description": " ".join((TABLES[table].__doc__ or "").split()),
        "format": kind,
        "mediatype": _MEDIA[kind],
        "bytes": entry.bytes,
        "hash": f"sha256:{entry.sha256}",
        "schema": {"fields": _fields(table), "primaryKey": key_of(table), "missingValues": [""]},
        **({"encoding": "utf-8"} if kind == "csv" else {}),
    }


def _fields(table: str) -> list[Document]:
    columns = TABLES[table].to_schema().columns
    return [_field(table, field.name, _TYPES[str(field.type)], columns[field.name]) for field in arrow_schema(table)]


def _field(table: str, name: str, kind: str, spec: Any) -> Document:
    # a CSV reader takes an empty text for a missing value, so text fields are not required
    constraints = {**({} if spec.nullable or kind == "string" else {"required": True}), **constraints_of(table, name)}
    unit = unit_of(table, name)
    return {
        "name": name,
        "type": kind,
        "description": spec.description,
        **({"unit": unit} if unit else {}),
        **({"constraints": constraints} if constraints else {}),
    }
