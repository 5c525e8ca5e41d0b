"""README.md of a release."""

from salary_bands.publish.artefacts.change_log import SYNTHETIC
from salary_bands.publish.artefacts.citation import citation
from salary_bands.reference.formats import Format
from salary_bands.releases.documents import SCHEMA_VERSION
from salary_bands.releases.manifest import Manifest
from salary_bands.schemas import RELEASE_TABLES
from salary_bands.schemas.columns import Table


def readme_text(manifest: Manifest, used: list[Format]) -> str:
    """How to use and cite the release, and whose data it rests on. used: the formats of its exports."""
    version = manifest.version
    cite = citation(manifest)
    lines = [
        f"# Compensation bands in machine learning, {version}",
        "",
        *([SYNTHETIC, ""] if manifest.contains_synthetic else []),
        f"Percentiles of annual pay in whole USD as of {manifest.as_of}, gross, full time, over the "
        f"{int(manifest.settings['window_months'])} months before. Reports are self-selected; a figure rounds to "
        "500 USD, below 50,000 to 100. `reported` is people's pay, `advertised` is employers' adverts; no figure mixes "
        "the two. Intervals are 95 % and cover chance, not who chose to report. Null is unknown or withheld, never "
        "zero.",
        "",
        "## Use",
        "",
        "- `index.html`: the release to read, of one file",
        "- `views/<view>.json`: all that a page of a site needs, under 64 kB: bands, premiums, ranks and demand of "
        "each group, each with its interval, or why there is none",
        "- `bands/<view>/<group_id>/<market>.json`: every cell of a group in a market",
        "- every table as CSV and as Parquet:",
        *(f"  - `{table}`: {_first_sentence(model)}" for table, model in RELEASE_TABLES.items()),
        "- `datapackage.json`: every column with its meaning, unit and key. `schemas/`: a JSON Schema of each kind of "
        "JSON file. `openapi.json`: the files as an API",
        "- `manifest.json`: inputs, settings, rates, and a hash of every file. `CHANGES.md`: what moved",
        "",
        "These files never change, so keep them as long as you like. Read values of rows by the names in `columns`, "
        f"and pass over names that you do not know: within major {SCHEMA_VERSION.split('.')[0]} of `schema_version` "
        f"(here {manifest.schema_version}) nothing is removed, renamed or given another type.",
        "",
        "In a CSV an empty cell is null, and a text that a spreadsheet would take for a formula begins with an "
        "apostrophe.",
        "",
        "## Licence and attribution",
        "",
        "The data is its sources', and each says how it may be used and named:",
        "",
        *(f"- {f.title}: {f.attribution}; licence: {f.licence}" for f in used),
        "",
        "## Cite",
        "",
        cite.text,
        "",
        "```bibtex",
        cite.bibtex,
        "```",
    ]
    return "\n".join(lines) + "\n"


def _first_sentence(model: type[Table]) -> str:
    return " ".join((model.__doc__ or "").split()).split(". ")[0].split(" Key: ")[0].rstrip(".")
