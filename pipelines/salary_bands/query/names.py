"""Find the name that a question means: one that is written in another case, or one to suggest.

What a release knows is compared first. Ladders and places are looked at only if a name is unknown.
"""

import re
from collections import defaultdict
from collections.abc import Sequence

from salary_bands.errors import UsageError, nearest_name
from salary_bands.query.places import is_market, metros

# of the employers with a level of some name, the first of these is the example
_WELL_KNOWN = ("Google", "Meta", "Amazon", "Microsoft", "Apple")


def meant(column: str, value: str, known: Sequence[str], where: str) -> str:
    """Return the known name that a value is but for case.

    Args:
        column: the key column: view, group_id, tier, level, market, metric or evidence.
        value: the name as given.
        known: the names in the release.
        where: what the names are known of, for the message. A market may also be one in which it has no cell.

    Raises:
        UsageError: There is none, or more than one. The message suggests a name, else lists the known ones.
    """
    if value in known:
        return value
    same = {name for name in known if name.casefold() == value.casefold()}
    may_be_elsewhere = column == "market"
    if may_be_elsewhere and not same:
        same = {code for code in (value.upper(), value.lower()) if is_market(code)}
    if len(same) == 1:
        return same.pop()
    others = sorted({*metros(), *known}) if may_be_elsewhere else known
    suggested = _suggested(column, value, others)
    listed = f"use one of {', '.join(known)}"
    if may_be_elsewhere:
        listed += ", the two-letter code of another country, or another metro of markets.csv"
    raise UsageError(f"--{column.removesuffix('_id')} {value}: not in {where}; {suggested or listed}")


def _suggested(column: str, value: str, known: Sequence[str]) -> str:
    """Return a question that suggests a name; empty if none is near."""
    if column == "level" and (said := _ladder_level(value, known)):
        return said
    place = _place(value, known) if column == "market" else None
    near = place or nearest_name(value.casefold(), {name.casefold(): name for name in known})
    return f"did you mean {near}?" if near else ""


def _place(value: str, known: Sequence[str]) -> str | None:
    """Return the market of a place as people write it, such as NYC or India; None for a code or an unknown place."""
    from salary_bands.vocabulary.places import locate

    if re.fullmatch(r"[a-z]{2}-.*", value, re.IGNORECASE):
        return None
    place = locate(value)
    return next((code for code in (place.market, place.country) if code and (code in known or is_market(code))), None)


def _ladder_level(value: str, known: Sequence[str]) -> str:
    """Say which level a name on employers' own ladders is, such as E5 or SDE II; empty if it is on none."""
    from salary_bands.reference import read_csv
    from salary_bands.vocabulary.levels import level_name_key, title_level

    key = level_name_key(value)
    employers: dict[str, list[str]] = defaultdict(list)
    for row in read_csv("ladders.csv"):
        if row["level"] in known and level_name_key(row["level_name"]) == key:
            employers[row["level"]].append(row["employer"])
    if not employers:
        level = title_level(value)
        return f"did you mean {level}?" if level in known else ""
    of = {
        level: next((name for name in _WELL_KNOWN if name in names), names[0])
        for level, names in sorted(employers.items(), key=lambda item: -len(item[1]))
    }
    examples = sorted(of.items(), key=lambda item: item[1] not in _WELL_KNOWN)[:3]
    said = ", ".join(f"{employer}'s {value} is {level}" for level, employer in examples)
    return f"levels are those of the release ({', '.join(known)}); {said}"
