"""Describe columns for other formats: the JSON Schema of a value, with the contract's description and unit."""

from typing import Any

import pyarrow

from salary_bands.schemas import TABLES, arrow_schema

Schema = dict[str, Any]
_TYPES: dict[pyarrow.DataType, Schema] = {
    pyarrow.int64(): {"type": "integer"},
    pyarrow.float64(): {"type": "number"},
    pyarrow.bool_(): {"type": "boolean"},
    pyarrow.string(): {"type": "string"},
    pyarrow.date32(): {"type": "string", "format": "date"},
}


def key_of(table: str) -> list[str]:
    """Return the key columns of a published table."""
    return list(TABLES[table].to_schema().unique or [])


def unit_of(table: str, name: str) -> str:
    """Return the unit of a column, empty if it has none."""
    return str((TABLES[table].to_schema().columns[name].metadata or {}).get("unit", ""))


def constraints_of(table: str, name: str) -> Schema:
    """Return enum, minimum and maximum of a column; JSON Schema and Data Package share these keywords."""
    found: Schema = {}
    for check in TABLES[table].to_schema().columns[name].checks:
        known = check.statistics or {}
        if "allowed_values" in known:
            found["enum"] = list(known["allowed_values"])
        if "min_value" in known:
            found["minimum"] = known["min_value"]
        if "max_value" in known:
            found["maximum"] = known["max_value"]
    return found


def value_schema(table: str, name: str) -> Schema:
    """Return the JSON Schema of a column's value; it allows null if the contract does."""
    spec = TABLES[table].to_schema().columns[name]
    schema: Schema = {**_TYPES[arrow_schema(table).field(name).type], **constraints_of(table, name)}
    if spec.nullable:
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    schema["description"] = spec.description
    if unit := unit_of(table, name):
        schema["x-unit"] = unit
    return schema
