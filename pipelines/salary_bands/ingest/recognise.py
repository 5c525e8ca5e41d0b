"""Recognise the format of a header, and the date in a file name."""

import calendar
import re

from salary_bands.errors import HeldExport
from salary_bands.reference.formats import ExportedOn, Format, formats, header_key

UNRECOGNISED = ("unknown_header", "missing_required_column", "ambiguous_header")


def recognise(header: list[str]) -> Format:
    """Return the format of a header.

    Raises HeldExport: `ambiguous_header` if two formats fit equally well, `missing_required_column` if most of a
    format's header is there, else `unknown_header`.
    """
    keys = {header_key(h) for h in header}
    found = [
        (len(set(map(header_key, required))), f)
        for f in formats()
        for required in f.recognise
        if set(map(header_key, required)) <= keys
    ]
    if found:
        most = max(size for size, _ in found)
        best = {f.name: f for size, f in found if size == most}
        if len(best) == 1:
            return next(iter(best.values()))
        raise HeldExport(
            "ambiguous_header",
            f"its header fits {', '.join(sorted(best))} equally well",
            "make `recognise` in their YAML more specific",
        )
    near = [
        (len(missing), f.name, missing)
        for f in formats()
        for required in f.recognise
        if 0 < len(missing := [h for h in required if header_key(h) not in keys]) <= max(1, len(required) // 3)
        and len(required) > 2
    ]
    if near:
        _, name, missing = min(near)
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


def exported_on_from_name(rule: ExportedOn, file_name: str) -> str | None:
    """Return the ISO date in the file name, without its folder; None if there is none."""
    match = re.search(rule.file_name, file_name.rpartition("/")[2])
    if match is None:
        return None
    parts = match.groupdict()
    year, month = int(parts["year"]), int(parts.get("month") or rule.month)
    if not (1900 <= year <= 2200 and 1 <= month <= 12):
        return None
    day = min(int(parts.get("day") or rule.day), calendar.monthrange(year, month)[1])
    return f"{year:04d}-{month:02d}-{day:02d}" if day >= 1 else None
