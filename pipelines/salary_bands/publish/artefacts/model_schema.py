"""The JSON Schema of a pydantic model, spelled as the schemas of tables are: no titles, no references."""

from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from salary_bands.schemas.described import Schema


def model_schema(model: Any) -> Schema:
    """Return the schema of the documents that a model, or a list of one, writes."""
    found = TypeAdapter(model).json_schema(schema_generator=_Plain, mode="serialization")
    return dict(_inlined(found, found.pop("$defs", {})))


class _Plain(GenerateJsonSchema):
    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        found = super().model_schema(schema)
        names = ("type", "properties", "required")
        return {"description": found["description"].rstrip("."), **{name: found[name] for name in names}}

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        return {**inner, "type": [inner["type"], "null"]}

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """Replace each reference by its definition."""
    if isinstance(schema, list):
        return [_inlined(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    return {name: _inlined(value, definitions) for name, value in schema.items()}
