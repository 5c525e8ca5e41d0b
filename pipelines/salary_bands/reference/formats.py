"""Formats as data: what a YAML file under `reference/formats/` may say, and which one a header is.

Adding a format needs a YAML file and no Python. An unknown header is never guessed into the bands.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from salary_bands.errors import UsageError
from salary_bands.reference import FOLDER
from salary_bands.schemas.raw_reports import TEXT_COLUMNS

Level = Literal["L3", "L4", "L5", "L6", "L7", "early", "senior", "people_manager", "executive", "intern_or_student"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Column(_Strict):
    """How one of our columns is read from the export's columns."""

    first_of: list[str] = Field([], alias="from", description="Headers; the first non-blank cell answers.")
    join: list[str] = Field([], description="Headers whose non-blank cells are joined with `, `.")
    constant: str = Field("", description="The same text for every row.")
    pattern: str = Field("", description="Regular expression; its first group is the text, else the cell as it is.")
    values: dict[str, str] = Field({}, description="Cell text (any case) to our text.")
    blank: list[str] = Field([], description="Cell texts that mean blank in this column only.")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        """`base: basesalary` and `base: [a, b]` are short for `base: {from: [...]}`."""
        if isinstance(value, str | list):
            return {"first_of": [value] if isinstance(value, str) else value}
        if isinstance(value, dict) and isinstance(value.get("from"), str):
            return {**value, "from": [value["from"]]}
        return value

    @property
    def headers(self) -> list[str]:
        return self.first_of + self.join


class ExportedOn(_Strict):
    """Where the date of an export comes from: a pattern with groups year, month, day on the file name."""

    file_name: str = Field(description="Regular expression with a group year, and may be month and day.")
    month: int = Field(12, description="Month where the name gives only a year.")
    day: int = Field(31, description="Day where the name gives only a month; clipped to the month's end.")


class Amount(_Strict):
    """What numbers mean in one column."""

    zero: Literal["none", "unknown", "rejected"] = Field("none", description="What 0 means.")
    blank: Literal["none", "unknown"] = Field("unknown", description="What a blank cell means.")
    prose: Literal["unknown", "rejected"] = Field("rejected", description="What words in a number cell mean.")
    thousands_below: float = Field(0, description="Amounts below this are thousands.")
    monthly_below: float = Field(0, description="Annual amounts below this, and not thousands, are monthly.")
    unknown_below: float = Field(0, description="Amounts above 0 and below this are no amounts but ticks: unknown.")


class Format(_Strict):
    """One format: how its header is recognised and its rows are read."""

    name: str = Field(description="Short name; stands in the ledger.")
    title: str = Field(description="Name for people.")
    licence: str = Field(description="Licence as the source states it.")
    attribution: str = Field(description="How to name the source.")
    recognise: list[list[str]] = Field(description="Sets of headers; the format is it where all of one set are there.")
    columns: dict[str, Column] = Field(description="Our columns, and how each is read; see below.")
    evidence: Literal["reported", "advertised"] = Field("reported", description="People's pay, or employers' adverts.")
    reported_until: int | None = Field(None, description="Last year whose rows are reports, in a format of adverts.")
    delivery: Literal["append", "snapshot"] = Field(
        "append", description="snapshot: each export is the whole history, and the newest counts."
    )
    repeats: Literal["keep", "fold"] = Field("keep", description="Equal rows of a source without submission ids.")
    range_pairs_since: int | None = Field(None, description="First year whose adjacent rows are ends of one range.")
    encoding: str = Field("utf-8", description="Of text without a byte order mark.")
    delimiter: str = Field(",", description="Between cells of a CSV.")
    dates: list[str] = Field(["iso"], description="strptime formats, `iso`, or `year`.")
    decimal: Literal["point", "comma", "either"] = Field("point", description="Decimal mark.")
    blank: list[str] = Field([], description="Cell texts that mean blank, such as NA, in every column.")
    money: dict[str, Amount] = Field({}, description="What numbers mean, where not the default.")
    levels: dict[str, Level] = Field({}, description="The source's own level scheme.")
    own_levels_yield_to_ladder: bool = Field(False, description="The scheme is ours: no answer where we hold a ladder.")
    exported_on: ExportedOn | None = Field(None, description="Without it the latest full date inside counts.")

    @model_validator(mode="after")
    def _known_columns(self) -> "Format":
        unknown = sorted((set(self.columns) | set(self.money)) - set(TEXT_COLUMNS))
        if unknown:
            raise ValueError(f"no such columns: {', '.join(unknown)}")
        return self

    def amount(self, column: str) -> Amount:
        return self.money.get(column) or Amount.model_validate({})

    @property
    def headers(self) -> set[str]:
        """Every header that is read, as `header_key` folds it."""
        return {header_key(h) for column in self.columns.values() for h in column.headers}


def header_key(header: str) -> str:
    """A header as it is compared: NFKC, outer and repeated white space folded, any case."""
    return " ".join(unicodedata.normalize("NFKC", header).split()).casefold()


def parse_format(text: str, name: str) -> Format:
    """The format that the YAML text describes; raises ValueError with one line a fault."""
    try:
        return Format.model_validate(yaml.safe_load(text))
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ValueError(f"format {name}: {faults}") from None
    except yaml.YAMLError as error:
        raise ValueError(f"format {name}: not readable as YAML ({' '.join(str(error).split())})") from None


@cache
def formats() -> tuple[Format, ...]:
    """All formats, by name."""
    paths: Iterable[Path] = sorted((FOLDER / "formats").glob("*.yaml"))
    try:
        return tuple(parse_format(path.read_text(encoding="utf-8"), path.name) for path in paths)
    except ValueError as error:
        raise UsageError(str(error)) from None


def format_named(name: str) -> Format:
    return next(f for f in formats() if f.name == name)
