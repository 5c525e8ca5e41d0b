"""Formats as data: what a YAML file under `reference/formats/` may say.

Adding a format needs a YAML file and no Python. An unknown header is never guessed.
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
    """How one of our columns is read from the columns of the export."""

    first_of: list[str] = Field([], alias="from", description="Headers; the first cell that is not blank counts.")
    join: list[str] = Field([], description="Headers whose cells, if not blank, are joined with `, `.")
    constant: str = Field("", description="The same text for every row.")
    pattern: str = Field(
        "", description="Regular expression; its first group is the text. A cell that does not match stays."
    )
    values: dict[str, str] = Field({}, description="Our text by the cell's text, in any case.")
    blank: list[str] = Field([], description="Cell texts that mean blank in this column.")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        """Expand `base: basesalary` and `base: [a, b]` to `base: {from: [...]}`."""
        if isinstance(value, str | list):
            return {"first_of": [value] if isinstance(value, str) else value}
        if isinstance(value, dict) and isinstance(value.get("from"), str):
            return {**value, "from": [value["from"]]}
        return value

    @property
    def headers(self) -> list[str]:
        return self.first_of + self.join


class ExportedOn(_Strict):
    """How the date of an export is read from its file name."""

    file_name: str = Field(description="Regular expression with a group year, and optionally month and day.")
    month: int = Field(12, description="Month if the name has only a year.")
    day: int = Field(31, description="Day if the name has none; clipped to the end of the month.")


class Amount(_Strict):
    """What the numbers of one column mean."""

    zero: Literal["none", "unknown", "rejected"] = Field("none", description="What 0 means.")
    blank: Literal["none", "unknown"] = Field("unknown", description="What a blank cell means.")
    prose: Literal["unknown", "rejected"] = Field("rejected", description="What words in place of a number mean.")
    thousands_below: float = Field(0, description="Amounts below this are thousands.")
    monthly_below: float = Field(
        0,
        description="Amounts below this, after `thousands_below`, are monthly, unless an intern's, or nearer to the "
        "average wage of the country by the year.",
    )
    unknown_below: float = Field(0, description="Amounts above 0 and below this are ticks, not pay: unknown.")
    below_base: bool = Field(
        False, description="For `bonus_and_equity`: an amount at or above the base is a total or a slip: unknown."
    )


class Format(_Strict):
    """One format: how its header is recognised and its rows are read."""

    name: str = Field(description="Short name, shown in the ledger.")
    title: str = Field(description="Full name.")
    licence: str = Field(description="Licence, as the source states it.")
    attribution: str = Field(description="How to credit the source.")
    recognise: list[list[str]] = Field(description="Sets of headers; a file with all of one set has this format.")
    columns: dict[str, Column] = Field(description="How each of our columns is read; see below.")
    evidence: Literal["reported", "advertised"] = Field(
        "reported", description="Pay that people report, or that employers advertise."
    )
    reported_until: int | None = Field(None, description="Last year whose rows are reports, if later ones are adverts.")
    delivery: Literal["append", "snapshot"] = Field(
        "append", description="`snapshot`: each export is the whole history, and only the newest counts."
    )
    repeats: Literal["keep", "fold"] = Field("keep", description="What happens to equal rows without a submission id.")
    range_pairs_since: int | None = Field(
        None, description="First year in which two adjacent rows are the ends of one range."
    )
    encoding: str = Field("utf-8", description="Encoding of text without a byte order mark.")
    delimiter: str = Field(",", description="Character between the cells of a CSV.")
    dates: list[str] = Field(["iso"], description="Date formats, tried in order: strptime formats, `iso`, or `year`.")
    decimal: Literal["point", "comma", "either"] = Field("point", description="Decimal mark.")
    blank: list[str] = Field([], description="Cell texts that mean blank in every column, such as NA.")
    money: dict[str, Amount] = Field({}, description="What the numbers of a column mean; see below.")
    levels: dict[str, Level] = Field({}, description="Our level by the source's level.")
    own_levels_yield_to_ladder: bool = Field(
        False, description="`levels` are ours, and give way to the employer's ladder."
    )
    exported_on: ExportedOn | None = Field(
        None, description="Where the export's date is; without it, the latest full date inside."
    )

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
        """Every header that is read, folded by `header_key`."""
        return {header_key(h) for column in self.columns.values() for h in column.headers}


def header_key(header: str) -> str:
    """Fold a header for comparison: NFKC, white space, case."""
    return " ".join(unicodedata.normalize("NFKC", header).split()).casefold()


def parse_format(text: str, name: str) -> Format:
    """Parse a format from YAML; raise ValueError that names each wrong key."""
    try:
        return Format.model_validate(yaml.safe_load(text))
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ValueError(f"format {name}: {faults}") from None
    except yaml.YAMLError as error:
        raise ValueError(f"format {name}: cannot be read as YAML ({' '.join(str(error).split())})") from None


@cache
def formats() -> tuple[Format, ...]:
    """Return all formats in the order of their files; raise UsageError if one is wrong."""
    paths: Iterable[Path] = sorted((FOLDER / "formats").glob("*.yaml"))
    try:
        return tuple(parse_format(path.read_text(encoding="utf-8"), path.name) for path in paths)
    except ValueError as error:
        raise UsageError(str(error)) from None


def format_named(name: str) -> Format:
    return next(f for f in formats() if f.name == name)
