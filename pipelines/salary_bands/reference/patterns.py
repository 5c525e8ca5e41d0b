"""Match patterns of formats in time that grows with the length of the text, whoever wrote them.

They are RE2 patterns: regular expressions without looking around and without back references, which can run for ever.
"""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

_MOST = 1_000  # characters of a pattern


def check_pattern(pattern: str) -> str:
    """Return the pattern; raise ValueError if it cannot be used."""
    if len(pattern) > _MOST:
        raise ValueError(f"has over {_MOST} characters")
    try:
        pc.match_substring_regex(pa.array(["x"]), pattern)
    except pa.ArrowInvalid as error:
        cause = str(error).removeprefix("Invalid regular expression: ")
        raise ValueError(f"cannot be used ({cause}); RE2 patterns have no (?=, (?! or back reference") from None
    return pattern


def matches(texts: Iterable[str], pattern: str) -> list[bool]:
    """Tell of each text whether the pattern is somewhere in it."""
    found = pc.match_substring_regex(pa.array([*texts], pa.string()), pattern)
    return [bool(answer) for answer in found.to_pylist()]


def first_groups(texts: Iterable[str], pattern: str) -> list[str | None]:
    """Return the first group of the pattern in each text, the whole match if it has no group; None if it misses."""
    named = f"(?P<whole>{pattern})"
    found = pc.extract_regex(pa.array([*texts], pa.string()), _all_named(named)).to_pylist()
    return [None if groups is None else [*groups.values()][min(1, len(groups) - 1)] for groups in found]


def named_groups(text: str, pattern: str) -> dict[str, str] | None:
    """Return the named groups of the pattern in a text; None if it misses."""
    [groups] = pc.extract_regex(pa.array([text], pa.string()), pattern).to_pylist()
    return groups if groups is None else {name: value for name, value in groups.items() if value}


def _all_named(pattern: str) -> str:
    """Name the groups of a pattern that have no name, as Arrow wants it."""
    result, number, escaped, in_class = "", 0, False, False
    for at, sign in enumerate(pattern):
        result += sign
        if escaped:
            escaped = False
        elif sign == "\\":
            escaped = True
        elif in_class:
            in_class = sign != "]" or pattern[at - 1] == "[" or pattern[at - 2 : at] == "[^"
        elif sign == "[":
            in_class = True
        elif sign == "(" and pattern[at + 1 : at + 2] != "?":
            number += 1
            result += f"?P<group{number}>"
    return result
