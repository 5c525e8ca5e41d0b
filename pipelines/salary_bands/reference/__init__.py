"""Reference data that people review: formats, taxonomy, rules, employers, ladders, markets, claims.

Belongs here: CSV and YAML files, and how to find and read them. Does not belong here: what is done with them.
"""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
_SQL_IN_WHEEL = FOLDER.parent / "sql"
SQL = _SQL_IN_WHEEL if _SQL_IN_WHEEL.is_dir() else FOLDER.parents[2] / "sql"


@cache
def read_yaml(name: str) -> Any:
    """The parsed YAML file of that name; treat it as read-only, it is shared."""
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


def read_sql(name: str) -> str:
    """The text of one SELECT, such as `marts/bands`."""
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")
