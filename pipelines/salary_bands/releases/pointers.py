"""latest.json and releases.json: the releases there are, and the one that readers are pointed at."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter, WithJsonSchema, model_validator

from salary_bands.releases.documents import MANIFEST, STOP, DocumentError, Model, ReleaseHead, Sha256, invalid, parsed
from salary_bands.storage.files import json_text

LATEST, RELEASES = "latest.json", "releases.json"
_STATUSES = ("published", "withdrawn")


class ManifestLink(Model):
    """The manifest of the release."""

    path: str = Field(description="Path of the manifest relative to this file")
    sha256: Sha256


class Pointer(ReleaseHead):
    """The newest release that is neither withdrawn nor rolled back."""

    manifest: ManifestLink

    @model_validator(mode="after")
    def _check_path(self) -> Self:
        expected = f"releases/{self.version}/{MANIFEST}"
        if self.manifest.path != expected:
            raise invalid(f"manifest.path of release {self.version} is {self.manifest.path[:120]!r}, not {expected!r}")
        return self


class State(Model):
    """What became of a release after it was published."""

    status: Annotated[Literal["published", "withdrawn"], WithJsonSchema({"enum": list(_STATUSES)})] = Field(
        description="A withdrawn release stays and is not to be used"
    )
    reason: str | None = Field(description="Why it is withdrawn or rolled back")
    rolled_back: bool = Field(default=False, description="Whether the pointer was taken back from it")


class Entry(Pointer, State, extra="allow"):
    """A release."""

    # names that a newer version added are kept if an older program writes the list again

    pruned: bool = Field(default=False, description="Whether its folder was removed to save space")

    @property
    def is_available(self) -> bool:
        """True if latest.json may name it: published, not rolled back, and its folder is there."""
        return not self.is_withdrawn and not self.rolled_back and not self.pruned

    @property
    def is_withdrawn(self) -> bool:
        return self.status == "withdrawn"

    @property
    def pointer(self) -> Pointer:
        """The entry as latest.json has it."""
        return Pointer(**{name: getattr(self, name) for name in Pointer.model_fields})

    @property
    def state(self) -> State:
        return State(**{name: getattr(self, name) for name in State.model_fields})


_ENTRIES = TypeAdapter(Annotated[list[Entry], STOP])


def read_entries(content: bytes) -> list[Entry]:
    """Parse releases.json; raise DocumentError if it is invalid or lists a release twice."""
    entries = parsed(_ENTRIES.validate_json, content)
    if len({entry.version for entry in entries}) < len(entries):
        raise DocumentError("lists a release twice")
    return entries


def entries_text(entries: Iterable[Entry]) -> str:
    """Return releases.json as it is written; a mark is written only if it is set."""
    return json_text([entry.model_dump(exclude_defaults=True) for entry in entries])


def newest(entries: Iterable[Entry]) -> Entry | None:
    """Return the release that latest.json names: of those available the newest date, then the highest suffix."""
    return max((e for e in entries if e.is_available), key=lambda e: e.order, default=None)


def newest_first(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda e: e.order, reverse=True)


def history(entries: Sequence[Entry]) -> list[str]:
    """Return the versions in `history_bands`, oldest first: neither withdrawn nor pruned."""
    return [e.version for e in reversed(newest_first(entries)) if not e.is_withdrawn and not e.pruned]


@dataclass(frozen=True)
class Pointers:
    """Both pointers of a publication. A document that is missing or invalid is None; faults: of the invalid ones."""

    latest: Pointer | None
    entries: list[Entry] | None
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def agree(self) -> bool:
        """True if latest.json names the newest release that is available in releases.json."""
        found = newest(self.entries or [])
        return not self.faults and self.entries is not None and self.latest == (found.pointer if found else None)


def read_pointers(read: Callable[[str], bytes | None]) -> Pointers:
    """Read both pointers, and once more if they disagree: a release may have been published in between.

    read: returns the content of a file by its name, None if there is none.
    """
    found = _read_once(read)
    return found if found.agree else _read_once(read)


def _read_once(read: Callable[[str], bytes | None]) -> Pointers:
    faults: dict[str, str] = {}
    latest: Pointer | None = None
    entries: list[Entry] | None = None
    try:
        content = read(LATEST)
        latest = None if content is None else Pointer.read(content)
    except DocumentError as error:
        faults[LATEST] = str(error)
    try:
        content = read(RELEASES)
        entries = None if content is None else read_entries(content)
    except DocumentError as error:
        faults[RELEASES] = str(error)
    return Pointers(latest, entries, faults)
