"""docs/sources.md: where to get the exports of each built-in format, in five lines."""

from salary_bands.reference.formats import Format, formats

_HEAD = """# Sources

Where to get the exports that the built-in formats read, and what they say. Put a file at `RAW/<source>/<file>`, and
look at it with `salary-bands inspect` first. A format marked *untested* was written from what is known of the source:
no real file has been read with it, so compare the first rows that `inspect` shows with the file. What may be published
of a source is for you to decide: licences are as the source states them. This page is generated from the formats.
"""


def page() -> str:
    """Return Markdown: a recipe per format, those for which real files were read first."""
    ordered = sorted(formats(), key=lambda fmt: (fmt.untested, fmt.name))
    return "\n".join([_HEAD, *map(_recipe, ordered)])


def _recipe(fmt: Format) -> str:
    assert fmt.recipe
    lines = {
        "Where": fmt.recipe.where,
        "Licence": fmt.licence,
        "How often": fmt.recipe.often,
        "Says": fmt.recipe.says,
        "Does not say": fmt.recipe.lacks,
    }
    title = f"## {fmt.title} (`{fmt.name}`{', *untested*' if fmt.untested else ''})"
    return "\n".join([title, "", *(f"- **{name}**: {text}" for name, text in lines.items()), ""])
