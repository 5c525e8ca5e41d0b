"""Accepting a gate: a person saw why it held, and publishes all the same with a reason that stands in the manifest."""

from collections.abc import Sequence
from dataclasses import dataclass

from salary_bands.aggregate.checks import CHECKS
from salary_bands.errors import UsageError
from salary_bands.gates.rules import GATES, Verdict

CONTRACT = "tables_keep_their_contract"
STRUCTURAL = (CONTRACT, *CHECKS)


@dataclass(frozen=True)
class Accepted:
    """Gates that are accepted, should they hold a release, and why."""

    gates: tuple[str, ...] = ()
    reason: str = ""

    @classmethod
    def of(cls, gates: Sequence[str], reason: str | None) -> "Accepted":
        """Raises UsageError for an unknown gate, a structural check, or gates without a reason, and the reverse."""
        names = tuple(dict.fromkeys(name.removeprefix("gate_") for name in gates))
        for name in names:
            if name in STRUCTURAL:
                raise UsageError(f"--accept {name}: is structural: what breaks it is a fault, which nobody can accept")
            if name not in GATES:
                raise UsageError(f"--accept {name}: no gate of that name; there are {', '.join(GATES)}")
        if names and not (reason or "").strip():
            raise UsageError('--accept needs --reason "...": it stands in the manifest of the release')
        if reason is not None and not names:
            raise UsageError("--reason is why a gate is accepted; name the gate with --accept")
        return cls(names, " ".join((reason or "").split()))

    def needed(self, verdicts: Sequence[Verdict]) -> list[dict[str, str]]:
        """gate and reason of what would have held, for the manifest."""
        return [{"gate": v.gate, "reason": self.reason} for v in verdicts if v.held and v.gate in self.gates]

    def note(self, verdict: Verdict) -> str | None:
        """What is worth a line of a gate that lets the candidate pass."""
        if verdict.held:
            return f"accepted ({self.reason}): {verdict.held}"
        not_needed = "did not hold; --accept was not needed" if verdict.gate in self.gates else None
        warning = verdict.warning and f"warning: {verdict.warning}"
        return "; ".join(filter(None, (not_needed, warning))) or None
