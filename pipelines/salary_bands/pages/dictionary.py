"""data/marts/README.md: the dictionary of published tables."""

from salary_bands.schemas import RELEASE_TABLES, arrow_schema

_HEAD = """# Dictionary

What a refresh writes here: `latest.json` names the newest release, `releases.json` all of them,
`releases/<version>/` holds the files of each, `salary_bands.duckdb` the tables of the latest and `history_bands`,
the bands of all. Only this page is kept in git. It is generated from the contracts in
`pipelines/salary_bands/schemas/`; a test fails where it is stale.

Null is unknown or withheld, never zero. Pay is gross, full time, whole USD a year.
"""


def page() -> str:
    """Markdown: a heading a table, a row a column."""
    parts = [_HEAD]
    for table, model in RELEASE_TABLES.items():
        columns = model.to_schema().columns
        parts.append(
            f"\n## {table}\n\n{(model.__doc__ or '').strip()}\n\n| column | type | unit | meaning |\n|---|---|---|---|"
        )
        for field in arrow_schema(table):
            spec = columns[field.name]
            unit = (spec.metadata or {}).get("unit", "")
            parts.append(f"| `{field.name}` | {field.type} | {unit} | {spec.description} |")
    return "\n".join(parts) + "\n"
