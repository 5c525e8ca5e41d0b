"""Reference data that people review: formats, taxonomy, rules, employers, ladders, markets, claims.

Belongs here: CSV and YAML files, and one typed reader for each. Does not belong here: what is done with them.
"""

import csv
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent


@cache
def read_yaml(name: str) -> Any:
    """The parsed YAML file of that name; treat it as read-only, it is shared."""
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


@cache
def read_csv(name: str) -> tuple[dict[str, str], ...]:
    """The rows of the CSV file of that name, blank cells as ""; treat them as read-only, they are shared."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        return tuple(csv.DictReader(stream))
