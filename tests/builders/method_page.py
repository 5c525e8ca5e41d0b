"""Generated parts of docs/method.md: what they were made with, and where they go."""

import re

from salary_bands.fingerprint import digest
from salary_bands.settings import Settings


def settings_digest() -> str:
    """Of the defaults of the method's settings, not of comments or layout."""
    return digest({n: f.default for n, f in Settings.model_fields.items() if f.json_schema_extra})[:12]


def inserted(page: str, part: str, pattern: re.Pattern[str], heading: str, before: str) -> str:
    """The page with the generated part that has the pattern replaced, or put under a heading before another."""
    if pattern.search(page):
        return pattern.sub(lambda _: part, page)
    place = page.index(before)
    return f"{page[:place]}{heading}\n\n{part}\n\n{page[place:]}"
