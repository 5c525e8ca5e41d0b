"""Draft a format for a header that no format has."""

from typing import Any

import yaml

from salary_bands.errors import escaped
from salary_bands.reference.formats import header_key
from salary_bands.schemas.raw_reports import TEXT_COLUMNS


def draft_format(name: str, header: list[str]) -> str:
    """Write YAML to begin with: headers named like our columns are mapped, the others listed for the author to place.

    name: the file's, without its suffix.
    """
    ours = {header_key(h): h for h in header}
    mapped = {c: ours[k] for c in TEXT_COLUMNS for k in (c, c.replace("_", " ")) if k in ours}
    rest = [h for h in header if h not in mapped.values()]
    document: dict[str, Any] = {
        "name": "".join(c if c.isalnum() else "_" for c in name.split(".")[0].casefold()),
        "title": name,
        "licence": "say which",
        "attribution": "say whose",
        "recognise": [header],
        "columns": dict.fromkeys(("submitted_at", "job_title", "currency", "base"), "which header?") | mapped,
    }
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)
    lines = "".join(f"#   {escaped(h)}\n" for h in rest)
    return f"{text}# not mapped yet; only what is mapped is ever read:\n{lines}"
