"""Formats as data: what a YAML file under `reference/formats/` may say.

Adding a format needs a YAML file and no Python. An unknown header is never guessed.
"""

import codecs
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from salary_bands.errors import UsageError
from salary_bands.reference import layers
from salary_bands.reference.documents import Document, Faulty
from salary_bands.reference.overlay import shown
from salary_bands.reference.patterns import check_pattern
from salary_bands.schemas.raw_reports import NUMBER_COLUMNS, TEXT_COLUMNS

Level = Literal["L3", "L4", "L5", "L6", "L7", "early", "senior", "people_manager", "executive", "intern_or_student"]
OurColumn = Annotated[str, AfterValidator(lambda name: _known(name, TEXT_COLUMNS, "no such columns"))]
NumberColumn = Annotated[str, AfterValidator(lambda name: _known(name, NUMBER_COLUMNS, "no such columns of numbers"))]
Pattern = Annotated[str, AfterValidator(lambda text: check_pattern(text) if text else text)]
DATE_WORDS = ("iso", "year", "epoch", "epoch_ms")
# Hours of full time are 40, so that 80 % of full time is 32 hours.
SCALES = {"cents": 0.01, "percent_of_full_time": 0.4, "thousand": 1e3, "lakh": 1e5, "million": 1e6, "crore": 1e7}


def _known(name: str, names: Sequence[str], fault: str) -> str:
    if name not in names:
        raise ValueError(f"{fault}: {name}; ours are {', '.join(names)}")
    return name


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Condition(_Strict):
    """What the cell of one column of the export must say."""

    header: str = Field(description="Header whose cell is looked at.")
    is_: list[str] = Field([], alias="is", description="The cell is one of these, in any case.")
    is_not: list[str] = Field([], description="The cell is not blank and none of these, in any case.")
    pattern: Pattern = Field("", description="The pattern is somewhere in the cell.")
    blank: bool | None = Field(None, description="true: the cell is blank; false: it is not.")

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Condition":
        if sum((bool(self.is_), bool(self.is_not), bool(self.pattern), self.blank is not None)) != 1:
            raise ValueError("needs exactly one of is, is_not, pattern, blank")
        return self


class Column(_Strict):
    """How one of our columns is read from the columns of the export."""

    first_of: list[str] = Field([], alias="from", description="Headers; the first cell that is not blank counts.")
    join: list[str] = Field([], description="Headers whose cells, if not blank, are joined with `, `.")
    constant: str = Field("", description="The same text for every row.")
    file_name: Pattern = Field("", description="Pattern; its first group in the file's name is the text of every row.")
    place: int = Field(1, ge=1, description="Which of the columns with this header, counted from the left.")
    when: Condition | None = Field(None, description="Condition; the cells of other rows count as blank.")
    pattern: Pattern = Field(
        "", description="Pattern; its first group is the text. A cell that does not match stays, or is the `default`."
    )
    values: dict[str, str] = Field({}, description="Our text by the cell's text, in any case.")
    default: str = Field("", description="The text if the cell is blank or the pattern does not match.")
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

    @model_validator(mode="after")
    def _one_source(self) -> "Column":
        if sum((bool(self.first_of), bool(self.join), bool(self.constant), bool(self.file_name))) != 1:
            raise ValueError("needs exactly one of from, join, constant, file_name")
        return self

    @property
    def headers(self) -> list[str]:
        return self.first_of + self.join


class ExportedOn(_Strict):
    """How the date of an export is read from its file name."""

    file_name: Pattern = Field(description="Pattern with a group year, and optionally month and day.")
    month: int = Field(12, description="Month if the name has only a year.")
    day: int = Field(31, description="Day if the name has none; clipped to the end of the month.")

    @field_validator("file_name")
    @classmethod
    def _has_a_year(cls, pattern: str) -> str:
        if "(?P<year>" not in pattern:
            raise ValueError("needs a group (?P<year>...)")
        return pattern


class Amount(_Strict):
    """What the numbers of one column mean."""

    zero: Literal["none", "unknown", "rejected"] = Field("none", description="What 0 means.")
    blank: Literal["none", "unknown"] = Field("unknown", description="What a blank cell means.")
    prose: Literal["unknown", "rejected"] = Field("rejected", description="What words in place of a number mean.")
    scale: float = Field(
        1,
        gt=0,
        description=f"What 1 in the cell is: a number, or {', '.join(SCALES)}.",
        json_schema_extra={"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"enum": [*SCALES]}]},
    )
    range_in_cell: bool = Field(
        False,
        description="The cell of `base` may say a range, and its currency and period: `$150K - $200K a year`. What it "
        "says wins over a `constant` or `default` of these columns.",
    )
    net: bool = Field(
        False, description="The amounts are after tax. The export is held (`net_pay`) without `gross_up`."
    )
    gross_up: float | None = Field(None, ge=1, description="Gross pay for 1 of net pay, if one factor is good enough.")
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

    @field_validator("scale", mode="before")
    @classmethod
    def _word(cls, value: object) -> object:
        if isinstance(value, str) and value not in SCALES:
            raise ValueError(f"must be a number or one of {', '.join(SCALES)}")
        return SCALES[value] if isinstance(value, str) else value


class Recipe(_Strict):
    """How to get the exports of a format; a section of docs/sources.md."""

    where: str = Field(description="Where to get it.")
    often: str = Field(description="How often it changes, and how often to take it.")
    says: str = Field(description="What it says.")
    lacks: str = Field(description="What it does not say.")


class Format(_Strict):
    """One format: how its header is recognised and its rows are read."""

    name: str = Field(pattern=r"^[a-z0-9_]{1,40}$", description="Short name in a-z, 0-9 and _, shown in the ledger.")
    title: str = Field(description="Full name.")
    licence: str = Field(description="Licence, as the source states it.")
    attribution: str = Field(description="How to credit the source.")
    recognise: list[Annotated[list[str], Field(min_length=1)]] = Field(
        min_length=1,
        description="Sets of the headers that the format needs; a file with all of one set has this format. Others may "
        "come and go. `*` stands for any text, here and wherever a header is named.",
    )
    columns: dict[OurColumn, Column] = Field(description="How each of our columns is read; see below.")
    evidence: Literal["reported", "advertised", "filed"] = Field(
        "reported",
        description="Pay that people report, that employers advertise, or that they file with a government. A refresh "
        "holds what is filed (`evidence_not_supported`); `inspect` reads it.",
    )
    reported_until: int | None = Field(None, description="Last year whose rows are reports, if later ones are adverts.")
    delivery: Literal["append", "snapshot"] = Field(
        "append", description="`snapshot`: each export is the whole history, and only the newest counts."
    )
    repeats: Literal["keep", "fold"] = Field("keep", description="What happens to equal rows without a submission id.")
    range_pairs_since: int | None = Field(
        None, description="First year in which two adjacent rows are the ends of one range."
    )
    skip_where: list[Condition] = Field(
        [], description="Rows that are none of ours: where any of these holds, counted as `skipped`."
    )
    max_rejected_share: float | None = Field(
        None, ge=0, le=1, description="Share of rejected rows above which an export is held; default the setting."
    )
    encoding: str = Field("utf-8", description="Encoding of text without a byte order mark.")
    delimiter: str = Field(",", min_length=1, max_length=1, description="Character between the cells of a CSV.")
    header_row: int | None = Field(
        None, ge=1, description="Row of the header in a CSV or a sheet; default the first that is not blank."
    )
    sheet: str = Field("", description="Name of the sheet of a workbook; default the only one with data.")
    records: str = Field("", description="Path of the list of rows in a JSON document, such as `data.jobs`.")
    list_keys: dict[str, str] = Field(
        {}, description="Key that names the items of a list in JSON, by the list's path; else they are numbered from 0."
    )
    dates: list[str] = Field(
        ["iso"],
        description="Date formats, tried in order: strptime formats, `iso`, `year`, `epoch` or `epoch_ms`. `%z` reads "
        "`+0100`, `+01:00` and `GMT+1`.",
    )
    decimal: Literal["point", "comma", "either"] = Field("point", description="Decimal mark.")
    blank: list[str] = Field([], description="Cell texts that mean blank in every column, such as NA.")
    money: dict[NumberColumn, Amount] = Field({}, description="What the numbers of a column mean; see below.")
    levels: dict[str, Level] = Field({}, description="Our level by the source's level.")
    own_levels_yield_to_ladder: bool = Field(
        False, description="`levels` are ours, and give way to the employer's ladder."
    )
    exported_on: ExportedOn | None = Field(
        None, description="Where the export's date is; without it, the latest full date inside."
    )
    untested: bool = Field(False, description="true: written from documentation; no real file has been read with it.")
    recipe: Recipe | None = Field(None, description="How to get the exports, for docs/sources.md.")

    @field_validator("dates")
    @classmethod
    def _known_dates(cls, dates: list[str]) -> list[str]:
        for form in dates:
            if form not in DATE_WORDS and "%" not in form:
                raise ValueError(f"{form!r} is not one of {', '.join(DATE_WORDS)} and has no % of strptime")
        return dates

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, encoding: str) -> str:
        try:
            return codecs.lookup(encoding).name
        except LookupError:
            raise ValueError(f"unknown encoding {encoding!r}; examples: utf-8, cp1251, cp1252, latin-1") from None

    def amount(self, column: str) -> Amount:
        return self.money.get(column) or Amount.model_validate({})

    @property
    def net_columns(self) -> list[str]:
        """The columns of base and total pay that are net and that no factor makes gross."""
        names = ("base", "base_min", "base_max", "total")
        return [n for n in names if n in self.columns and self.amount(n).net and not self.amount(n).gross_up]

    def reading(self) -> dict[str, Any]:
        """Everything that the rows of an export depend on: all but what is said about the source."""
        about = {"title", "licence", "attribution", "untested", "recipe"}
        return self.model_dump(mode="json", exclude=about)


class _Opening(_Strict):
    """The keys of a format that say how a file is opened."""

    encoding: str = "utf-8"
    delimiter: str = Field(",", min_length=1, max_length=1)
    header_row: int | None = Field(None, ge=1)
    sheet: str = ""
    records: str = ""
    list_keys: dict[str, str] = {}

    _known_encoding = field_validator("encoding")(lambda text: codecs.lookup(text).name)


def _usable(document: dict[Any, Any]) -> _Opening:
    """Read the keys that say how a file is opened, each of which is its default if it is at fault itself."""
    said = _Opening.model_validate({})
    for key in _Opening.model_fields:
        with suppress(ValidationError, LookupError):
            said = _Opening(**said.model_dump() | {key: document[key]})
    return said


class BrokenFormat:
    """A file of a format that cannot be used: of what recognises its exports and opens them, as much as can be read.

    recognise: its sets of headers. encoding, delimiter, header_row, sheet, records, list_keys: as in a format.
    """

    def __init__(self, file: str, faults: str, document: Any) -> None:
        self.file = file
        self.faults = faults
        sets = document.get("recognise") if isinstance(document, dict) else None
        self.recognise = [
            [str(header) for header in headers]
            for headers in (sets if isinstance(sets, list) else [])
            if isinstance(headers, list) and headers
        ]
        said = _usable(document if isinstance(document, dict) else {})
        self.encoding: str = said.encoding
        self.delimiter: str = said.delimiter
        self.header_row: int | None = said.header_row
        self.sheet: str = said.sheet
        self.records: str = said.records
        self.list_keys: dict[str, str] = said.list_keys

    @property
    def place(self) -> str:
        """The file, and the line of its first fault."""
        return self.faults.splitlines()[0].partition(": ")[0]


def header_key(header: str) -> str:
    """Fold a header for comparison: NFKC, white space, case."""
    return " ".join(unicodedata.normalize("NFKC", header).split()).casefold()


def places_of(header: str, keys: Sequence[str]) -> list[int]:
    """Return where a header stands among folded ones: equal, else, if it has a `*`, those that fit."""
    wanted = header_key(header)
    equal = [place for place, key in enumerate(keys) if key == wanted]
    return equal or ([p for p, key in enumerate(keys) if _fits(wanted.split("*"), key)] if "*" in wanted else [])


def _fits(parts: list[str], key: str) -> bool:
    """True if the parts are in the key in this order, the first at its start and the last at its end."""
    first, *middle, last = parts
    if not (key.startswith(first) and key.endswith(last) and len(key) >= len(first) + len(last)):
        return False
    at, end = len(first), len(key) - len(last)
    for part in middle:
        found = key.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def parse_format(text: str, name: str) -> Format:
    """Parse a format from YAML; raise Faulty, a ValueError, with a line for each wrong key."""
    return _validated(Document(text, name))


def _validated(document: Document) -> Format:
    try:
        return Format.model_validate(document.value)
    except ValidationError as error:
        raise Faulty("\n".join(_faults(document, error))) from None


def _faults(document: Document, error: ValidationError) -> Iterator[str]:
    for fault in error.errors():
        keys = [key for key in fault["loc"] if key not in ("first_of", "is_", "[key]")]
        cause = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            cause = f"unknown key; the keys here are {', '.join(_keys_beside(keys))}"
        elif fault["type"] == "missing":
            cause = "is missing"
        yield document.fault(keys, cause)


def _keys_beside(keys: Sequence[Any]) -> list[str]:
    models: dict[Any, type[BaseModel]] = {
        "columns": Column, "money": Amount, "skip_where": Condition, "exported_on": ExportedOn, "recipe": Recipe,
    }  # fmt: skip
    model = Condition if "when" in keys[:-1] else models.get(keys[0], Format) if len(keys) > 1 else Format
    return [field.alias or name for name, field in model.model_fields.items()]


@cache
def _read() -> tuple[tuple[Format, ...], tuple[BrokenFormat, ...]]:
    """Read every format file; a file of the user's replaces the package's of the same name."""
    paths: dict[str, Path] = {}
    for folder in layers():
        paths |= {path.name: path for path in sorted((folder / "formats").glob("*.yaml"))}
    found: dict[str, tuple[Format, str]] = {}
    broken = []
    for _, path in sorted(paths.items()):
        document = None
        try:
            document = Document(path.read_text(encoding="utf-8"), shown(path))
            fmt = _validated(document)
            if fmt.name in found:
                raise Faulty(
                    document.fault(["name"], f"{fmt.name} is the name of {found[fmt.name][1]} too; rename one")
                )
            found[fmt.name] = (fmt, shown(path))
        except (Faulty, OSError, UnicodeDecodeError) as error:
            cause = str(error) if isinstance(error, Faulty) else f"{shown(path)}: cannot be read as UTF-8"
            broken.append(BrokenFormat(shown(path), cause, document.value if document else None))
    return tuple(fmt for fmt, _ in found.values()), tuple(broken)


def formats() -> tuple[Format, ...]:
    """Return all formats that can be used, in the order of their files."""
    return _read()[0]


def broken_formats() -> tuple[BrokenFormat, ...]:
    """Return the files of formats that cannot be used."""
    return _read()[1]


def format_named(name: str) -> Format:
    """Return a format; raise UsageError if there is none of this name, or its file is broken."""
    for fmt in formats():
        if fmt.name == name:
            return fmt
    raise UsageError(f"no format is named {name}; `salary-bands reference check` lists the files that are broken")
