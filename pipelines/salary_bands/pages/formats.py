"""docs/formats.md: how to describe a format; docs/format.schema.json: the same for editors."""

from typing import Any, get_args

from pydantic import BaseModel

from salary_bands.pages.format_examples import EXAMPLES, LAYOUTS, Example
from salary_bands.reference.formats import DATE_WORDS, SCALES, Amount, Column, Condition, ExportedOn, Format, Recipe
from salary_bands.schemas.accepted_reports import EMPLOYMENT, EQUITY_TYPES, PAY_PERIODS, VERIFIED
from salary_bands.schemas.raw_reports import NUMBER_COLUMNS, TEXT_COLUMNS, RawReports

_HEAD = """# Formats

A format is a YAML file: it says how a header is recognised, and which of our columns is read from which of the
export's. Put yours into `formats/` of [your own reference folder](reference.md); those that come with the package are
in `pipelines/salary_bands/reference/formats/`, and are examples ([sources](sources.md)). `salary-bands inspect FILE`
drafts one for an unknown header, and shows how a file would be read; with `--write` the draft is a file of your folder.

`salary-bands reference check` names file, line and key of everything that is wrong. With this first line an editor
knows the keys: `# yaml-language-server: $schema=../format.schema.json` (`salary-bands reference init` writes the
schema; here it is [format.schema.json](format.schema.json)). This page is generated; a test fails if it is stale.

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

## Part by part

Each part with a row of a file, and the keys that read it beside `name`, `title`, `licence`, `attribution`, `recognise`.
"""
_WORDS: dict[str, tuple[str, ...]] = {
    "employment": EMPLOYMENT,
    "pay_period": PAY_PERIODS,
    "equity_type": EQUITY_TYPES,
    "equity_liquid": ("yes", "no"),
    "verified": VERIFIED,
}


def page() -> str:
    """Return Markdown: an example for each part, the keys of a format, the permitted values, and our columns."""
    parts = [_HEAD, *map(_example, EXAMPLES), LAYOUTS]
    for title, model in (
        ("Keys", Format),
        ("A column", Column),
        ("A condition: `when` and the items of `skip_where`", Condition),
        ("`money`: what numbers mean in one column", Amount),
        ("`exported_on`", ExportedOn),
        ("`recipe`", Recipe),
    ):
        parts.append(f"\n## {title}\n\n| key | default | permitted | meaning |\n|---|---|---|---|")
        parts += _rows(model)
    parts.append(
        "\nPatterns are RE2: regular expressions without `(?=`, `(?!` and back references, so that none runs for ever. "
        f"Columns of numbers are {_listed(NUMBER_COLUMNS)}."
    )
    parts.append("\n## Our columns\n\n| column | permitted | meaning |\n|---|---|---|")
    columns = RawReports.to_schema().columns
    parts += [f"| `{n}` | {_listed(_WORDS.get(n, ()))} | {columns[n].description} |" for n in TEXT_COLUMNS]
    return "\n".join(parts) + "\n"


def _example(example: Example) -> str:
    table = [" | ".join(cells) for cells in (example.header, ["---"] * len(example.header), example.row)]
    rows = "\n".join(f"| {line} |" for line in table)
    return f"### {example.title}\n\n{example.text}\n\n{rows}\n\n```yaml\n{example.keys}```\n"


def _rows(model: type[BaseModel]) -> list[str]:
    rows = []
    for name, field in model.model_fields.items():
        default = "required" if field.is_required() else f"`{field.default}`" if field.default not in ("", None) else ""
        permitted = _listed(_permitted(name, field.annotation))
        rows.append(f"| `{field.alias or name}` | {default} | {permitted} | {field.description or ''} |")
    return rows


def _permitted(name: str, annotation: Any) -> tuple[str, ...]:
    """Return the values that a key may have, if they can be listed."""
    if name == "scale":
        return ("a number", *SCALES)
    if name == "dates":
        return (*DATE_WORDS, "strptime")
    if annotation is bool:
        return ("true", "false")
    found = [annotation, *get_args(annotation), *(a for b in get_args(annotation) for a in get_args(b))]
    return tuple(value for value in found if isinstance(value, str))


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"`{value}`" for value in values)
