"""Read the files of `sql/`, one SELECT each: next to `pipelines/` in a checkout, inside the package in a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_IN_WHEEL = _PACKAGE / "sql"
SQL = _IN_WHEEL if _IN_WHEEL.is_dir() else _PACKAGE.parents[1] / "sql"


def read_sql(name: str) -> str:
    """Return the text of one file, such as `marts/bands`."""
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")
