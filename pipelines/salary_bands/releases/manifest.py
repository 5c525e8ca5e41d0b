"""The manifest of a release: what it is made from, and the hash of each of its files."""

import hashlib
import re
from collections import Counter
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, JsonValue, WithJsonSchema, model_validator

from salary_bands.releases.documents import (
    FEW,
    MANIFEST,
    SIGNATURE,
    STOP,
    Count,
    DocumentError,
    Model,
    ReleaseHead,
    Sha256,
    invalid,
    sha256,
)
from salary_bands.releases.pointers import Pointer

_OPEN = WithJsonSchema({"type": "object"})
Facts = Annotated[dict[str, JsonValue], _OPEN]
Correlations = Annotated[
    dict[str, Annotated[float, Field(description="Intraclass correlation by employer")]],
    FEW,
    Field(description="By percentile"),
]
_LONGEST_PART = 255  # bytes of a name of a file
_LONGEST_PATH, _DEEPEST = 1_000, 16  # characters and names of a path
_ORDINARY = re.compile(r"[a-zA-Z0-9_-][a-zA-Z0-9._-]*(/[a-zA-Z0-9_-][a-zA-Z0-9._-]*)*")
Setting = Annotated[int | float | str | bool, WithJsonSchema({"type": ["number", "string", "boolean"]})]


def export_name(sha256: str, secret: bytes = b"") -> str:
    """Return the name under which a release knows an export: 12 digits of the hash of its bytes.

    With the secret of the disclosure key, nobody else can tell whether bytes that they have are an export.

    Args:
        sha256: the hash, or the first 20 digits of it, which name the parts of an export.
        secret: up to 64 bytes; empty for synthetic data, whose releases anybody can build.
    """
    if not secret:
        return sha256[:12]
    return hashlib.blake2b(sha256[:20].encode(), digest_size=6, key=secret, person=b"export").hexdigest()


def is_safe(path: str) -> bool:
    """True if a path from elsewhere stays inside its folder on any system, and names no hidden file."""
    if len(path) > _LONGEST_PATH or path.count("/") >= _DEEPEST:
        return False
    if len(path) <= _LONGEST_PART and _ORDINARY.fullmatch(path):  # a release has thousands of these
        return True
    parts = path.split("/")
    printable = path.isprintable() and not set(path) & set('\\:*?"<>|')
    return printable and all(
        part and not part.startswith(".") and len(part.encode()) <= _LONGEST_PART for part in parts
    )


def _check_path(path: str) -> str:
    if not is_safe(path):
        raise invalid(f"{path[:120]!r} may be outside the release")
    if path in (MANIFEST, SIGNATURE):
        raise invalid(f"{path} cannot list itself or its signature")
    return path


class Input(Model):
    """An export."""

    source: str = Field(description="Folder of the export")
    export: str = Field(pattern="^[0-9a-f]{12}$", description="Name of the export: 12 digits of a hash of its bytes")
    rows: Count | None = Field(description="Rows of the export; null below 10")

    @model_validator(mode="before")
    @classmethod
    def _name_export(cls, document: Any) -> Any:
        """Read an input of schema 1, which has the whole hash."""
        whole = document.get("sha256") if isinstance(document, dict) and "export" not in document else None
        return {**document, "export": export_name(whole)} if isinstance(whole, str) else document

    @property
    def name(self) -> str:
        """The export as people read it."""
        return f"{self.source}/{self.export}"


class Licence(Model):
    """The licence and attribution of a format of exports."""

    title: str = Field(description="What the exports are")
    licence: str = Field(description="Licence, as the source states it")
    attribution: str = Field(description="Whom to credit")


class Gate(Model):
    """A gate."""

    gate: str = Field(description="The gate that would have held it")
    reason: str = Field(description="Why it was accepted")


class File(Model):
    """A file."""

    path: Annotated[str, AfterValidator(_check_path)] = Field(description="Path relative to the release")
    bytes: Count = Field(description="Size")
    sha256: Sha256
    rows: Count | None = Field(description="Rows of a table, null of other files")


class Method(Model, json_schema_serialization_defaults_required=True):
    """Figures that the tables rest on."""

    # what has a default is missing from the first releases

    version: str = Field(description="The same as method_version")
    employer_correlation: Annotated[dict[str, Correlations], FEW] = Field(
        {}, description="How alike pay at one employer is, by metric and percentile"
    )
    fx: Facts = Field({}, description="Exchange rates used, and whose")
    model: Facts = Field(
        {}, description="Of each metric: reports in the model, their share, columns that left, how well it stacks"
    )
    pooling: Facts = Field({}, description="Of each metric and kind of cell: what pooled cells are drawn with")
    estimates: Facts = Field(
        {}, description="Of each metric: how far one person's pay is from what the model says, by kind of tiers"
    )
    influence: Facts = Field({}, description="How many cells hang on one export, employer or day")
    accepted_rows: Annotated[dict[str, int], FEW, _OPEN] | None = Field(
        None, description="Rows of each source that were accepted and not superseded, to the next ten"
    )
    disclosure_key: str = Field(
        "", description="Id of the secret key that figures are protected with; `public` for synthetic data"
    )
    coverage: Annotated[dict[str, float], FEW, _OPEN] = Field(
        {}, description="Shares of reports whose title, employer, level or place is stated and not known"
    )


class Manifest(ReleaseHead, json_schema_serialization_defaults_required=True):
    """What a release is made from, and the hash of each of its files."""

    # what has a default is missing from the first releases

    method_version: str = Field(description="Version of formulas and settings")
    code_version: str = Field(description="Version of the program")
    reference_version: str = Field("", description="Hash of the reference data: employers, levels, places, rules")
    contains_synthetic: bool = Field(description="Whether it is made from generated data: nobody earns its figures")
    licences: Annotated[list[Licence], STOP] = Field([], description="Whose data it is: licence and attribution")
    previous: str | None = Field(description="The release before; null of the first")
    inputs: Annotated[list[Input], STOP] = Field(description="What it is made from")
    export_names: str = Field(
        "", description="Id of the disclosure key that exports are named with; empty if anybody can compute their names"
    )
    settings: Annotated[dict[str, Setting], FEW] = Field(description="Every threshold")
    method: Method
    accepted: Annotated[list[Gate], STOP] = Field(
        [], description="Gates that would have held it and were accepted by hand"
    )
    fingerprint: Sha256
    content_fingerprint: Sha256 = ""
    figures: Sha256 = Field("", description="SHA-256 of the figures: equal ones of one date are published once")
    files: Annotated[list[File], STOP] = Field(description="Every file of the release but this one and its signature")

    @model_validator(mode="after")
    def _check_files(self) -> Self:
        paths = {file.path for file in self.files}
        if len(paths) < len(self.files):
            raise invalid("files lists a file twice")
        if len({path.casefold() for path in paths}) < len(paths):
            one, other = _same_but_for_case(paths)
            raise invalid(f"files lists {one[:120]!r} and {other[:120]!r}, which are one file on some systems")
        parents = {path.rpartition("/")[0] for path in paths if "/" in path}
        folders = {"/".join(path.split("/")[:n]) for path in parents for n in range(1, path.count("/") + 2)}
        if clash := sorted(folders & paths)[:1]:
            raise invalid(f"files lists {clash[0][:120]!r} both as a file and as a folder")
        return self


def inputs_without(one: Manifest, other: Manifest) -> list[Input]:
    """Return the exports of a release that another one lacks.

    If they name exports with different keys, one of the same source and as many rows is taken to be the same.
    """
    if one.export_names == other.export_names:
        names = {i.name for i in other.inputs}
        return [i for i in one.inputs if i.name not in names]
    left = Counter((i.source, i.rows) for i in other.inputs)
    found = []
    for export in one.inputs:
        left[export.source, export.rows] -= 1
        if left[export.source, export.rows] < 0:
            found.append(export)
    return found


def _same_but_for_case(paths: set[str]) -> tuple[str, str]:
    seen: dict[str, str] = {}
    for path in sorted(paths):
        if (other := seen.setdefault(path.casefold(), path)) != path:
            return other, path
    raise AssertionError("no two are the same but for case")


def read_manifest(content: bytes, pointer: Pointer) -> Manifest:
    """Parse the manifest that a pointer names; raise DocumentError if it is invalid or another one."""
    if sha256(content) != pointer.manifest.sha256:
        raise DocumentError("has another sha256 than latest.json and releases.json say")
    manifest = Manifest.read(content)
    for name in ReleaseHead.model_fields:
        found, expected = getattr(manifest, name), getattr(pointer, name)
        if found != expected:
            raise DocumentError(f"has {name} {found}, not {expected}")
    return manifest
