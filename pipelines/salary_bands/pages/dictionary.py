"""data/marts/README.md: the dictionary of the published tables."""

from inspect import cleandoc

from salary_bands.schemas import RELEASE_TABLES, arrow_schema

_HEAD = """# Dictionary

A refresh writes its results to this folder. `latest.json` names the newest release, `releases.json` lists all
releases, and `releases/<version>/` has the files of each. `salary_bands.duckdb` has the tables of the latest release,
and the shown bands of all releases in `history_bands`. Only this page is kept in git. It is generated from the
contracts in `pipelines/salary_bands/schemas/`; a test fails if it is stale.

Null means unknown or withheld, never zero. Pay is gross, for full-time work, in whole USD a year.
"""


def page() -> str:
    """Return Markdown with a section per table and a row per column."""
    parts = [_HEAD]
    for table, model in RELEASE_TABLES.items():
        columns = model.to_schema().columns
        parts.append(
            f"\n## {table}\n\n{cleandoc(model.__doc__ or '')}\n\n| column | type | unit | meaning |\n|---|---|---|---|"
        )
        for field in arrow_schema(table):
            spec = columns[field.name]
            unit = (spec.metadata or {}).get("unit", "")
            parts.append(f"| `{field.name}` | {field.type} | {unit} | {spec.description} |")
    return "\n".join(parts) + "\n"
