"""docs/formats.md: how to describe a format."""

from pydantic import BaseModel

from salary_bands.reference.formats import Amount, Column, ExportedOn, Format
from salary_bands.schemas.raw_reports import TEXT_COLUMNS, RawReports

_HEAD = """# Formats

A format is a YAML file in `pipelines/salary_bands/reference/formats/`. It says how a header is recognised, and which
of our columns is read from which of the export's. `salary-bands inspect FILE` drafts one for an unknown header, and
shows how a file would be read. The built-in formats are examples. This page is generated; a test fails if it is stale.

A German survey that separates cells with `;` and writes `98.500,00 €` and days first:

```yaml
name: example_survey
title: Example survey
licence: CC BY 4.0
attribution: Example GmbH
recognise:
  - [Datum, Stelle, Ort, Jahresgehalt]
delimiter: ';'
decimal: comma
dates: ['%d.%m.%Y']
columns:
  submitted_at: Datum
  job_title: Stelle
  location: Ort
  currency: {constant: EUR}
  base: Jahresgehalt
```
"""


def page() -> str:
    """Return Markdown: the keys of a format, and our columns."""
    parts = [_HEAD]
    for title, model in (
        ("Keys", Format),
        ("A column", Column),
        ("`money`: what numbers mean in one column", Amount),
        ("`exported_on`", ExportedOn),
    ):
        parts.append(f"\n## {title}\n\n| key | default | meaning |\n|---|---|---|")
        parts += _rows(model)
    parts.append("\n## Our columns\n\n| column | meaning |\n|---|---|")
    columns = RawReports.to_schema().columns
    parts += [f"| `{name}` | {columns[name].description} |" for name in TEXT_COLUMNS]
    return "\n".join(parts) + "\n"


def _rows(model: type[BaseModel]) -> list[str]:
    rows = []
    for name, field in model.model_fields.items():
        default = "required" if field.is_required() else f"`{field.default}`" if field.default not in ("", None) else ""
        rows.append(f"| `{field.alias or name}` | {default} | {field.description or ''} |")
    return rows
