"""README.md of a release."""

from salary_bands.publish.artefacts.citation import citation
from salary_bands.publish.artefacts.markdown import escaped
from salary_bands.reference.formats import Format
from salary_bands.releases.documents import SCHEMA_VERSION
from salary_bands.releases.manifest import Manifest
from salary_bands.releases.tables import WITHHELD, WITHHELD_ROWS
from salary_bands.sample import SYNTHETIC
from salary_bands.schemas import RELEASE_TABLES
from salary_bands.schemas.columns import Table


def readme_text(manifest: Manifest, used: list[Format]) -> str:
    """Write how to use and cite the release, and the licences of its sources.

    Args:
        manifest: the manifest of the release.
        used: the formats of its exports.
    """
    version = manifest.version
    cite = citation(manifest)
    lines = [
        f"# Compensation bands in machine learning, {version}",
        "",
        *([f"**{SYNTHETIC}**", ""] if manifest.contains_synthetic else []),
        f"Percentiles of annual pay in whole USD as of {manifest.as_of}, gross, full time, over the "
        f"{int(manifest.settings['window_months'])} months before. People choose whether to report. Figures are "
        "rounded to 500 USD, below 50,000 to 100. `reported` is people's pay, `advertised` is employers' adverts; no "
        "figure mixes the two. Intervals are 95 % and cover chance, but not the choice to report. Null means unknown "
        "or withheld, never zero.",
        "",
        "## Use",
        "",
        "- `index.html`: a page to read, in one file",
        "- `views/<view>.json`: all data for a page of a site, under 64 kB: bands, premiums, ranks and demand of each "
        "group, each with its interval, or the reason why there is none",
        "- `bands/<view>/<group_id>/<market>.json`: all cells of a group in a market",
        "- `estimates/<view>/<group_id>/<market>.json`: what the model says of them, whether or not they are shown",
        "- all tables as CSV and Parquet:",
        *(f"  - `{table}`: {_first_sentence(model)}" for table, model in RELEASE_TABLES.items()),
        f"- `{WITHHELD}.parquet`: {WITHHELD_ROWS[:1].lower()}{WITHHELD_ROWS[1:]}",
        "- `datapackage.json`: all columns with meaning, unit and key. `schemas/`: a JSON Schema for each kind of JSON "
        "file. `openapi.json`: the files as an API",
        "- `manifest.json`: inputs, settings, rates, and a hash of each file. `CHANGES.md`: what changed",
        "",
        "These files never change, so you can cache them forever. Look up values of rows by the names in `columns`, "
        f"and ignore names that you do not know: within major {SCHEMA_VERSION.split('.')[0]} of `schema_version` "
        f"(here {manifest.schema_version}) nothing is removed, renamed or changed in type.",
        "",
        "In a CSV, an empty cell is null, and a text that a spreadsheet would read as a formula starts with an "
        "apostrophe.",
        "",
        "## Licence and attribution",
        "",
        "The data belongs to its sources, which set these terms of use and attribution:",
        "",
        *(f"- {escaped(f.title)}: {escaped(f.attribution)}; licence: {escaped(f.licence)}" for f in used),
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
    """Return the first sentence of a table's description."""
    return " ".join((model.__doc__ or "").split()).split(". ")[0].split(" Key: ")[0].rstrip(".")
