"""Recognise the format of a header, and the date in a file name."""

import calendar
from collections.abc import Sequence

from salary_bands.errors import HeldExport
from salary_bands.reference.formats import (
    BrokenFormat,
    ExportedOn,
    Format,
    broken_formats,
    formats,
    header_key,
    places_of,
)
from salary_bands.reference.patterns import named_groups

UNRECOGNISED = ("unknown_header", "missing_required_column", "ambiguous_header", "broken_format")
_UNKNOWN = ("unknown_header", "unreadable_encoding", "several_sheets", "several_lists", "no_sheet")


def recognise(header: Sequence[str], among: Sequence[Format] | None = None) -> Format:
    """Return the format of a header, among all formats or those given.

    Raises HeldExport: `ambiguous_header` if two formats fit equally well, `broken_format` if it is that of a file which
    cannot be used, `missing_required_column` if most of a format's header is there, else `unknown_header`.
    """
    keys = [header_key(h) for h in header]
    among = formats() if among is None else among
    known: list[Format | BrokenFormat] = [*among, *broken_formats()]
    found = [(len(needed), f) for f in known for needed in f.recognise if not _missing(needed, keys)]
    if found:
        most = max(size for size, _ in found)
        best = {f.file if isinstance(f, BrokenFormat) else f.name: f for size, f in found if size == most}
        for fmt in best.values():
            if isinstance(fmt, BrokenFormat):
                raise HeldExport(
                    "broken_format",
                    f"its header is that of a format that cannot be used: {fmt.faults.splitlines()[0]}",
                    "fix the file; `salary-bands reference check` lists every fault",
                )
        if len(best) == 1:
            return next(f for f in best.values() if isinstance(f, Format))
        raise HeldExport(
            "ambiguous_header",
            f"its header fits {', '.join(sorted(best))} equally well",
            "make `recognise` in their YAML more specific",
        )
    near = [
        (len(missing), -len(needed), f.name, missing)
        for f in among
        for needed in f.recognise
        if 0 < len(missing := _missing(needed, keys)) <= max(1, len(needed) // 3) and len(needed) > 2
    ]
    if near:
        *_, name, missing = min(near)
        raise HeldExport(
            "missing_required_column",
            f"looks like {name} but column {', '.join(repr(m) for m in missing)} is missing",
            "add the column to the export, or describe the new header in a format YAML",
        )
    raise HeldExport(
        "unknown_header",
        f"no format has the {len(header):,} columns of its header",
        "run `salary-bands inspect FILE` to see them and to draft a format YAML",
    )


def with_broken_formats(held: HeldExport) -> HeldExport:
    """Name the format files that cannot be used, any of which may be meant for an export that no format reads."""
    if not broken_formats() or held.reason not in (*_UNKNOWN, "missing_required_column"):
        return held
    places = "; ".join(broken.place for broken in broken_formats())
    named = HeldExport(
        held.reason,
        str(held),
        f"these formats cannot be used, and one may be meant for it: {places}; `salary-bands reference check` says why",
        held.rows,
    )
    named.__context__ = held.__context__
    return named


def is_better(held: HeldExport, than: HeldExport) -> bool:
    """True if one way to open an export says more than another about why no format reads it."""
    if held.reason == "broken_format":
        return than.reason != "broken_format"
    return than.reason == "unknown_header" and held.reason in UNRECOGNISED


def _missing(needed: Sequence[str], keys: Sequence[str]) -> list[str]:
    return [header for header in needed if not places_of(header, keys)]


def exported_on_from_name(rule: ExportedOn, file_name: str) -> str | None:
    """Return the ISO date in the file name, without its folder; None if there is none."""
    parts = named_groups(file_name.rpartition("/")[2], rule.file_name)
    if parts is None or not parts.get("year"):
        return None
    year, month = int(parts["year"]), int(parts.get("month") or rule.month)
    if not (1900 <= year <= 2200 and 1 <= month <= 12):
        return None
    day = min(int(parts.get("day") or rule.day), calendar.monthrange(year, month)[1])
    return f"{year:04d}-{month:02d}-{day:02d}" if day >= 1 else None
