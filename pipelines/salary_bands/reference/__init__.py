"""Reviewed reference data: formats, taxonomy, rules, employers, ladders, markets, claims.

Belongs here: CSV and YAML files, and a typed reader for each. Does not belong here: code that applies them.
"""

import csv
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
_MAY_BE_ALIAS = re.compile(r"(?:^|[\s\[{,])\*\w", re.MULTILINE)
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def read_yaml(name: str) -> Any:
    """Parse a YAML file of the reference folder. The document is cached and must not be changed."""
    return parse_yaml((FOLDER / name).read_text(encoding="utf-8"))


def parse_yaml(text: str) -> Any:
    """Parse plain YAML, with the parser in C if PyYAML has it: ten times faster, and the same document.

    Raises ValueError, in one line, if it is no YAML, or if it has aliases: a few of them make a document without end.
    """
    try:
        if _MAY_BE_ALIAS.search(text) and any(isinstance(e, yaml.AliasEvent) for e in yaml.parse(text, _LOADER)):
            raise ValueError("has an alias (*name); write the value out where it is meant")
        return yaml.load(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise ValueError(f"is not YAML: {' '.join(str(error).split())[:300]}") from None


@cache
def read_csv(name: str) -> tuple[dict[str, str], ...]:
    """Read a CSV file of the reference folder, blank cells as "". The rows are cached and must not be changed."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        return tuple(csv.DictReader(stream))
