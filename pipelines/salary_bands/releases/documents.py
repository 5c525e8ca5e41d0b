"""What the published JSON documents share: one model reads, writes and describes each.

Documents also come from elsewhere, so a model checks everything that the program relies on. Unknown names are ignored:
a newer minor version may add them.
"""

import hashlib
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from salary_bands.errors import RefreshError
from salary_bands.storage.files import json_text

SCHEMA_VERSION = "1.1.0"
MANIFEST, SIGNATURE = "manifest.json", "manifest.json.sig"
_READABLE = ("1",)  # majors of schema_version
_MAX_NAMES = 200
_MAJOR = re.compile(r"([0-9]+)\.[0-9]+\.[0-9]+")
Document = dict[str, Any]  # a JSON document that is only written, such as a view or a schema
T = TypeVar("T")


class DocumentError(ValueError):
    """A document is invalid; the text names the place and the fault in one line."""


def invalid(text: str) -> PydanticCustomError:
    """Make the error that a validator raises, with exactly this text."""
    return PydanticCustomError("invalid", "{text}", {"text": text})


def _check_names(value: Any) -> Any:
    if isinstance(value, dict) and len(value) > _MAX_NAMES:
        raise invalid(f"has more than {_MAX_NAMES} names")
    return value


Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256, hexadecimal")]
Count = Annotated[int, Field(ge=0)]
# pydantic collects every error, and a hostile document may have millions: lists stop at the first, objects are small
STOP = FailFast()
FEW = BeforeValidator(_check_names)


class Model(BaseModel):
    """A published document, or a part of one."""

    model_config = ConfigDict(frozen=True, strict=True)

    @classmethod
    def read(cls, content: bytes) -> Self:
        """Parse a document; raise DocumentError if it is invalid."""
        return parsed(cls.model_validate_json, content)

    def text(self) -> str:
        """Return the document as it is written."""
        return json_text(self.model_dump())


class ReleaseHead(Model):
    """The version and date of a release, with which every document about one begins."""

    version: str = Field(
        pattern=r"^[0-9]{4}\.[0-9]{2}\.[0-9]{2}(\.[1-9][0-9]{0,5})?$", description="Version of the release"
    )
    as_of: str = Field(description="Last day of the window", json_schema_extra={"format": "date"})
    schema_version: str = Field(
        pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$",
        description="Semantic version of the files' shape; additive within a major",
    )

    @model_validator(mode="before")
    @classmethod
    def _check_major(cls, document: Any) -> Any:
        """Name a version of the schema that this program cannot read before any field that it changed."""
        version = document.get("schema_version") if isinstance(document, dict) else None
        major = _MAJOR.fullmatch(version) if isinstance(version, str) else None
        if major and major[1] not in _READABLE:
            known = " and ".join(_READABLE)
            raise invalid(f"has schema_version {version}, and this program reads {known}; upgrade salary-bands")
        return document

    @model_validator(mode="after")
    def _check_date(self) -> Self:
        day = self.version[:10].replace(".", "-")
        try:
            date.fromisoformat(day)
        except ValueError:
            raise invalid(f"version {self.version} is not a date") from None
        if self.as_of != day:
            raise invalid(f"as_of {self.as_of[:40]!r} is not the date of version {self.version}")
        return self

    @property
    def order(self) -> tuple[str, int]:
        """Sort releases by date, then suffix: 2026.11.22 before 2026.11.22.1."""
        return self.as_of, int(self.version[11:] or 0)


def parsed(parse: Callable[[bytes], T], content: bytes) -> T:
    """Parse content; raise DocumentError for the first fault that pydantic finds."""
    try:
        return parse(content)
    except ValidationError as error:
        raise DocumentError(_line(error)) from None


def read_file(path: Path, parse: Callable[[bytes], T]) -> T | None:
    """Parse a file of our own, None if it is missing; raise RefreshError if it is invalid."""
    try:
        return parse(path.read_bytes())
    except FileNotFoundError:
        return None
    except DocumentError as error:
        raise RefreshError(f"{path}: {error}; restore it from a copy, or remove it") from None


def _line(error: ValidationError) -> str:
    """Describe the first fault: its place in the document, what is wrong, and the value there."""
    first = error.errors(include_url=False)[0]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")[:120]
    kind, text, value = first["type"], first["msg"], first["input"]
    if kind == "json_invalid":
        return "is not JSON"
    if kind == "missing":
        line = f"{place} is missing"
    elif kind == "invalid":
        line = f"{place}: {text}"
    else:
        given = "" if isinstance(value, dict | list) else f", not {value!r:.80}"
        line = f"{place}: {text[0].lower()}{text[1:]}{given}"
    return "".join(c if c.isprintable() else "?" for c in line).removeprefix(": ")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
