"""Map a report's own words to our levels, by employer's ladder, title words or years of experience.

Each function gives one answer. The caller decides which counts: ladder, title words, the format's scheme, experience,
in this order. A name that is not on the employer's ladder has no level there.
"""

import math
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from salary_bands.reference import read_csv, read_yaml

LEVELS = ("L3", "L4", "L5", "L6", "L7")

_APOSTROPHES = re.compile(r"['’‘`´]")
_NOT_WORD = re.compile(r"[\W_]+")
_NUMERALS = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7"}
_GLUED_NUMERAL = re.compile(r"(sde|swe|mts|sdet|sse|se|ds)(i{1,3}|iv)")
_ABBREVIATIONS = {
    "sr": "senior",
    "snr": "senior",
    "jr": "junior",
    "eng": "engineer",
    "engr": "engineer",
    "principle": "principal",
    "assoc": "associate",
    "grad": "graduate",
}
# Long forms and the short forms of the ladders, longest first.
_PHRASES = tuple(
    (re.compile(rf"\b{long}\b"), short)
    for long, short in (
        ("software development engineer", "sde"),
        ("software dev engineer", "sde"),
        ("member of (?:the )?technical staff", "mts"),
        ("member technical staff", "mts"),
        ("assistant vice president", "avp"),
        ("vice president", "vp"),
        ("software engineer", "swe"),
        ("data scientist", "ds"),
        ("(?:level|lvl) (?=[0-9])", "l"),
    )
)
_REPEATED = re.compile(r"\b([a-z]+)(?: \1\b)+")
_LEADING_ZEROS = re.compile(r"(?<=[a-z])0+(?=[0-9])")
# A text can give two names of one level: "SDE II (61)", "L5 / SDE2", "P4 Senior".
_PARTS = re.compile(r"[/,;|()\\]|\s[-–—]\s")
_CODE = re.compile(r"[a-z]{1,3}[0-9]{1,2}[a-z]?")

_EARLY = frozenset({"L3", "L4"})
_YEARS_TO_L4 = 2
_YEARS_TO_L5 = 5


def _fold(text: str) -> str:
    """Fold case, width and accents, remove apostrophes, and replace other punctuation with single spaces."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", _APOSTROPHES.sub("", text)).casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return _NOT_WORD.sub(" ", plain).strip()


def level_name_key(level_name: str) -> str:
    """Return a key that ignores case, punctuation, spaces, kind of numeral and common abbreviations.

    Args:
        level_name: a level as written, such as `SDE II`, `sde-2` or `Software Development Engineer 2`.

    Returns:
        The key, here `sde2` for all three; empty if the text has no letter or digit.
    """
    words = (_ABBREVIATIONS.get(w, w) for w in _fold(level_name).split())
    text = " ".join(words)
    for long, short in _PHRASES:
        text = long.sub(short, text)
    text = _REPEATED.sub(r"\1", text)
    words = (_GLUED_NUMERAL.sub(lambda m: m[1] + _NUMERALS[m[2]], w) if len(w) < 8 else w for w in text.split())
    return _LEADING_ZEROS.sub("", "".join(_NUMERALS.get(w, w) for w in words))


@cache
def _ladders() -> dict[str, dict[str, str]]:
    ladders: dict[str, dict[str, str]] = {}
    for row in read_csv("ladders.csv"):
        names = ladders.setdefault(row["employer"], {})
        key = level_name_key(row["level_name"])
        if names.setdefault(key, row["level"]) != row["level"]:
            raise ValueError(f"ladders.csv: {row['employer']} has two levels for {row['level_name']!r}")
    return ladders


def has_ladder(employer: str | None) -> bool:
    """True if the employer, given by its canonical name, has a ladder in `ladders.csv`."""
    return employer is not None and employer in _ladders()


def ladder_level(employer: str | None, level_name: str | None) -> str | None:
    """Look up a level name on an employer's own ladder.

    Args:
        employer: the employer's canonical name.
        level_name: the level as reported.

    Returns:
        L3 to L7. None if the employer has no ladder in `ladders.csv`, if the name is not on it (people borrow other
        employers' scales), or if the parts of the name mean two levels.
    """
    if employer is None or not level_name:
        return None
    ladder = _ladders().get(employer)
    if ladder is None:
        return None
    level = ladder.get(level_name_key(level_name))
    if level:
        return level
    parts = [level_name_key(part) for part in _PARTS.split(level_name)]
    found = {ladder[part] for part in parts if part in ladder}
    if not found:
        codes = [level_name_key(word) for word in _fold(level_name).split() if _CODE.fullmatch(word)]
        found = {ladder[code] for code in codes if code in ladder}
    return found.pop() if len(found) == 1 else None


class _LevelWords(NamedTuple):
    """The level of each word, and the patterns that find the words in a folded text."""

    levels: dict[str, str]
    levels_alone: dict[str, str]
    pattern: re.Pattern[str]
    no_level: re.Pattern[str]


@cache
def _level_words() -> _LevelWords:
    words = read_yaml("level_words.yaml")

    def by_word(levels: dict[str, list[str]]) -> dict[str, str]:
        return {word: level for level, listed in levels.items() for word in listed}

    def any_of(phrases: Iterable[str]) -> re.Pattern[str]:
        return re.compile(rf"\b(?:{'|'.join(sorted(phrases, key=lambda p: (-len(p), p)))})\b")

    levels = by_word(words["levels"])
    return _LevelWords(levels, by_word(words["alone"]), any_of(levels), any_of(words["no_level"]))


def title_level(*texts: str | None) -> str | None:
    """Find the level in words such as junior, senior, staff or principal.

    Args:
        texts: titles and level texts, in order of preference.

    Returns:
        The level of the first text with such words, the highest if there are several (`senior staff` is L6). A text
        that mixes entry words with higher ones (`junior/senior`) is skipped. None if no text gives a level.
    """
    words = _level_words()
    for text in texts:
        if not text:
            continue
        folded = _fold(text)
        if folded in words.levels_alone:
            return words.levels_alone[folded]
        found = {words.levels[word] for word in words.pattern.findall(words.no_level.sub(" ", folded))}
        if found and (len(found) == 1 or "L3" not in found):
            return max(found)
    return None


def experience_level(years: float | None) -> str | None:
    """Infer a level from years of experience alone: L3 under 2 years, L4 under 5, else L5 and never higher.

    Returns None if `years` is None, NaN, infinite or negative.
    """
    if years is None or not math.isfinite(years) or years < 0:
        return None
    if years < _YEARS_TO_L4:
        return "L3"
    return "L4" if years < _YEARS_TO_L5 else "L5"


def stage_of(level: str | None) -> str | None:
    """Return the stage of a level: `early` for L3 and L4, `senior` for L5 and up, None for any other text."""
    if level not in LEVELS:
        return None
    return "early" if level in _EARLY else "senior"
