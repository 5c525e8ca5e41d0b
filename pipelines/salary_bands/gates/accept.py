"""Accept a gate: a person saw why it held, and publishes all the same with a reason that the manifest keeps."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from salary_bands.aggregate.checks import CHECKS
from salary_bands.aggregate.workspace import Workspace
from salary_bands.errors import UsageError
from salary_bands.gates.rules import GATES, Verdict
from salary_bands.storage.files import write_json

CONTRACT = "tables_keep_their_contract"
STRUCTURAL = (CONTRACT, *CHECKS)
_CHECKED = "checked.json"  # in the candidate's folder


@dataclass(frozen=True)
class Accepted:
    """Gates that a person accepts if they hold the release, and the reason."""

    gates: tuple[str, ...] = ()
    reason: str = ""

    @classmethod
    def of(cls, gates: Sequence[str], reason: str | None) -> "Accepted":
        """Validate what was asked for; `gate_volume` and `volume` name the same gate.

        Raises UsageError for an unknown gate, a structural check, gates without a reason, or a reason without gates.
        """
        names = tuple(dict.fromkeys(name.removeprefix("gate_") for name in gates))
        for name in names:
            if name in STRUCTURAL:
                raise UsageError(f"--accept {name}: is structural and cannot be accepted; what breaks it is a fault")
            if name not in GATES:
                raise UsageError(f"--accept {name}: no gate of that name; there are {', '.join(GATES)}")
        if names and not (reason or "").strip():
            raise UsageError('--accept needs --reason "..."; the release\'s manifest keeps it')
        if reason is not None and not names:
            raise UsageError("--reason says why a gate is accepted; name the gate with --accept")
        return cls(names, " ".join((reason or "").split()))

    def needed(self, verdicts: Sequence[Verdict]) -> list[dict[str, str]]:
        """Return gate and reason of each gate that would have held the release, for the manifest."""
        return [{"gate": v.gate, "reason": self.reason} for v in verdicts if v.held and v.gate in self.gates]

    def note(self, verdict: Verdict) -> str | None:
        """Return a line on a gate that lets the candidate pass, None if there is nothing to say."""
        if verdict.held:
            return f"accepted ({self.reason}): {verdict.held}"
        not_needed = "did not hold; --accept was not needed" if verdict.gate in self.gates else None
        warning = verdict.warning and f"warning: {verdict.warning}"
        return "; ".join(filter(None, (not_needed, warning))) or None


class Checked(BaseModel):
    """What the checks said of a candidate, kept beside its tables.

    fingerprint and content_fingerprint are those of its plan. accepted: gate and reason of what would have held it.
    """

    fingerprint: str
    content_fingerprint: str
    held: bool
    accepted: list[dict[str, str]]

    @classmethod
    def read(cls, candidate: Workspace) -> "Checked | None":
        """Read the last outcome in the candidate's folder, None if there is none."""
        try:
            return cls.model_validate_json((candidate.folder / _CHECKED).read_bytes())
        except (OSError, ValidationError):
            return None

    def write(self, candidate: Workspace) -> None:
        write_json(candidate.folder / _CHECKED, self.model_dump())
