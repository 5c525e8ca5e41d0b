"""schemas/<kind>.json: a JSON Schema (2020-12) for each kind of JSON file, from the contracts of the tables.

Objects allow additional properties, so that additions within a major version break no reader. A release is valid under
its own schemas.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

from salary_bands.publish.artefacts.model_schema import model_schema
from salary_bands.publish.artefacts.tables import BAND_COLUMNS, ESTIMATE_COLUMNS
from salary_bands.publish.artefacts.views import (
    BASELINES,
    BRIEF,
    DEMAND,
    FULL,
    METRICS,
    NOTES,
    PREMIUM_COLUMNS,
    RANK_COLUMNS,
    RANK_LEVELS,
    REPORTS,
)
from salary_bands.releases.documents import SCHEMA_VERSION
from salary_bands.releases.manifest import Manifest
from salary_bands.releases.pointers import Entry, Pointer
from salary_bands.releases.statement import Statement
from salary_bands.schemas.described import Schema, value_schema
from salary_bands.storage.files import json_text

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DATA_PACKAGE = "https://datapackage.org/profiles/2.0/datapackage.json"
OPEN_API = "https://spec.openapis.org/oas/3.1/schema/2022-10-07"


def json_schemas() -> dict[str, Schema]:
    """Return the schemas by kind; those of datapackage and openapi refer to the standards."""
    kinds = {
        "latest": _POINTER,
        "releases": {**model_schema(list[Entry]), "description": "Every release, newest first"},
        "pointers": model_schema(Statement),
        "manifest": _MANIFEST,
        "view": _view(),
        "bands": _bands(),
        "estimates": _estimates(),
        "datapackage": _standard("Data Package v2", DATA_PACKAGE, {"$schema": {"const": DATA_PACKAGE}}, "resources"),
        "openapi": _standard("OpenAPI 3.1", OPEN_API, {"openapi": {"type": "string", "pattern": r"^3\.1\."}}, "paths"),
    }
    return {
        kind: {"$schema": DIALECT, "title": f"Salary Bands: {kind}", "x-schema-version": SCHEMA_VERSION, **schema}
        for kind, schema in kinds.items()
    }


def schema_documents() -> dict[str, Schema]:
    """Return the documents under schemas/ by path."""
    return {f"schemas/{kind}.json": schema for kind, schema in json_schemas().items()}


@cache
def schema_texts() -> dict[str, str]:
    """Return the files under schemas/ by path, which every release has."""
    return {path: json_text(document) for path, document in schema_documents().items()}


def _standard(standard: str, address: str, named: dict[str, Schema], *required: str) -> Schema:
    """Return a short schema for a kind that a standard defines, with the address of the full schema."""
    return _object(named, f"{standard}; see {address} for the full schema", [*named, *required])


def _text(description: str, **more: Any) -> Schema:
    return {"type": "string", "description": description, **more}


def _object(properties: dict[str, Schema], description: str, required: Iterable[str] | None = None) -> Schema:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(properties if required is None else required),
    }


def _list(items: Schema, description: str, **more: Any) -> Schema:
    return {"type": "array", "items": items, "description": description, **more}


_POINTER = model_schema(Pointer)
_SCHEMA_VERSION, _RELEASE, _AS_OF = (_POINTER["properties"][name] for name in ("schema_version", "version", "as_of"))
_MANIFEST = model_schema(Manifest)
_CREDIT = {name: _MANIFEST["properties"][name] for name in ("contains_synthetic", "licences")}


def _row(columns: dict[str, Schema], description: str, least: int | None = None) -> Schema:
    """Return the schema of a row, with a value for each of the document's `columns` or for the first `least` ones."""
    return {
        "type": "array",
        "description": description,
        "prefixItems": [{"title": name, **schema} for name, schema in columns.items()],
        "items": False,
        "anyOf": [{"minItems": n, "maxItems": n} for n in sorted({least or len(columns), len(columns)})],
    }


def _columns(of: str, *lists: Iterable[str]) -> Schema:
    description = f"Names of the values of {of}, in order; look up values by name"
    return {"type": "array", "enum": [list(names) for names in lists], "description": description}


def _bands() -> Schema:
    head = {name: value_schema("bands", name) for name in ("view", "group_id", "group_label", "market")}
    row = _row({name: value_schema("bands", name) for name in BAND_COLUMNS}, "A cell")
    return _object(
        {
            "schema_version": _SCHEMA_VERSION,
            "release": _RELEASE,
            "as_of": _AS_OF,
            **_CREDIT,
            **head,
            "columns": _columns("a row", BAND_COLUMNS),
            "rows": _list(row, "Cells; evidence, tier, level and metric identify a cell"),
        },
        "All cells of a group in a market",
    )


def _estimates() -> Schema:
    head = {name: value_schema("estimates", name) for name in ("view", "group_id", "market")}
    row = _row({name: value_schema("estimates", name) for name in ESTIMATE_COLUMNS}, "A cell")
    return _object(
        {
            "schema_version": _SCHEMA_VERSION,
            "release": _RELEASE,
            "as_of": _AS_OF,
            **_CREDIT,
            **head,
            "columns": _columns("a row", ESTIMATE_COLUMNS),
            "rows": _list(row, "Cells; evidence, tier, level and metric identify a cell"),
        },
        "What the model says of all cells of a group in a market",
    )


def _view() -> Schema:
    band = {"$ref": "#/$defs/band"}
    premium = {"$ref": "#/$defs/premium"}
    schema = _object(
        {
            "schema_version": _SCHEMA_VERSION,
            "release": _RELEASE,
            "as_of": _AS_OF,
            **_CREDIT,
            "view": value_schema("cards", "view"),
            "market": _text("Market of the bands; premiums, ranks and shares are worldwide"),
            "notes": _object({name: _text("Explanation of the figures") for name in NOTES}, "How to read the figures"),
            "columns": _object(
                {
                    "bands": _columns("a band", FULL.band_columns, BRIEF.band_columns),
                    "premiums": _columns("a premium", PREMIUM_COLUMNS),
                    "rank": _columns("a rank", RANK_COLUMNS),
                },
                "Names of the values in the arrays below",
            ),
            "groups": _list(_group(band, premium), "The groups of the view", minItems=1),
        },
        "All data for the page of a view",
    )
    return {**schema, "$defs": {"band": _band_row(), "premium": _premium_row(), "rank": _rank_row()}}


def _group(band: Schema, premium: Schema) -> Schema:
    text = {"type": "string"}
    by_baseline = _nest(
        [BASELINES, METRICS],
        _tiers(FULL.premium_levels, BRIEF.premium_levels, premium),
        "Premiums by baseline, metric, tier, level",
    )
    rank = _nest([RANK_LEVELS], {"$ref": "#/$defs/rank"}, "Rank by level or stage; null if the group is not ranked")
    adverts = "Bands of adverts, all tiers and levels, by metric"
    return _object(
        {
            "id": value_schema("cards", "group_id"),
            "label": value_schema("cards", "label"),
            "leaves": _list(text, "Specialisations of the group", minItems=1),
            "tooling": _list(text, "Tools of the specialisation, from our reference list and not from reports"),
            "premiums": _or_null(by_baseline),
            "rank": _or_null(rank),
            "bands": _nest(
                [METRICS],
                _tiers(FULL.band_levels, BRIEF.band_levels, band),
                "Bands of reported pay by metric, tier, level",
            ),
            "advertised": _object(dict.fromkeys(FULL.advertised, band), adverts, BRIEF.advertised),
            **{name: value_schema("cards", name) for name in (*DEMAND, *REPORTS)},
        },
        "A group of specialisations",
    )


def _or_null(schema: Schema) -> Schema:
    return {**schema, "type": ["object", "null"]}


def _nest(names: list[tuple[str, ...]], value: Schema, description: str) -> Schema:
    """Return the schema of nested objects, one layer per list of names."""
    for layer in reversed(names[1:]):
        value = _object(dict.fromkeys(layer, value), "By name")
    return _object(dict.fromkeys(names[0], value), description)


Levels = dict[str, tuple[str, ...]]


def _tiers(full: Levels, brief: Levels, value: Schema) -> Schema:
    """Return the schema of values by tier and level; those that only views with few groups have are optional."""
    tiers = {t: _object(dict.fromkeys(levels, value), "By level", brief.get(t, levels)) for t, levels in full.items()}
    return _object(tiers, "By tier", brief)


def _band_row() -> Schema:
    columns = {name: value_schema("bands", name) for name in FULL.band_columns}
    return _row(columns, "A band", least=len(BRIEF.band_columns))


def _premium_row() -> Schema:
    columns = {name: value_schema("premiums", name) for name in PREMIUM_COLUMNS if name != "why"}
    why = {
        "enum": ["not_identified", "few_reports", "by_definition", None],
        "type": ["string", "null"],
        "description": "Why there is no premium: not identified, fewer than 10 reports, or the group is the baseline",
    }
    return _row({**columns, "why": why}, "A premium")


def _rank_row() -> Schema:
    place = {"type": ["integer", "null"], "minimum": 1}
    return _row(
        {
            "rank": {
                **place,
                "description": "1 is the highest premium of total pay; null if the premium is not identified",
            },
            "best": {**place, "description": "Best rank within the intervals"},
            "worst": {**place, "description": "Worst rank within the intervals"},
            "of": {"type": "integer", "minimum": 1, "description": "Number of ranked groups"},
        },
        "A rank",
    )
