"""Text from outside in Markdown documents."""

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&])")


def escaped(text: str) -> str:
    """Return the text as Markdown that shows exactly it: on one line, with no link, tag or code span of its own."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
