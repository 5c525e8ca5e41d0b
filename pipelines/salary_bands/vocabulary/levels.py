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
_NUMBER = re.compile(r"\b(?:\d+|i{1,3}|iv|v|level|role|position|[mfdwx])\b")
_CODE = re.compile(r"[a-z]{1,3}[0-9]{1,2}[a-z]?")

# What follows the job in a title: "Machine Learning Engineer, Senior Platform Group" is no senior engineer.
_AFTER_THE_JOB = re.compile(r"\s*[,;:|()\[\]]\s*|\s+[-–—]\s*|\s*[-–—]\s+")
_OR = re.compile(r"\s*[/|&,;]\s*|\s+(?:or|oder|ou|o|and|und)\s+", re.IGNORECASE)
_RUNGS = {"1": "L3", "i": "L3", "2": "L4", "ii": "L4", "3": "L5", "iii": "L5"}
_RUNG = re.compile(r"\b(?:engineer|developer|scientist|programmer|sde|swe|mle|se|sdet)\s?([123]|i{1,3})\b(?! year)")
# A numeral, a code of a ladder or a bank's grade in a title: names that an employer's own ladder explains.
_LADDER_IN_TITLE = re.compile(
    r"\b(?:engineer|developer|scientist|analyst|sde|swe|mts|staff|se|ic|l|e|p|t)[\s-]?(?:[1-9]\d?|i{1,3}|iv|v)\b"
    r"|\b(?:[as]?vp|(?:assistant |senior )?vice[ -]president|executive director)\b",
    re.IGNORECASE,
)

_EARLY = frozenset({"L3", "L4"})
_YEARS_TO_L4 = 2
_YEARS_TO_L5 = 5


def folded(text: str) -> str:
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
    words = (_ABBREVIATIONS.get(w, w) for w in folded(level_name).split())
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


def is_on_ladder(employer: str | None, level_name: str) -> bool:
    """True if the whole of a level name is on the employer's own ladder: `Manager` at Accenture, not `L5 SDM`."""
    return level_name_key(level_name) in _ladders().get(employer or "", {})


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
        codes = [level_name_key(word) for word in folded(level_name).split() if _CODE.fullmatch(word)]
        found = {ladder[code] for code in codes if code in ladder}
    return found.pop() if len(found) == 1 else None


class _LevelWords(NamedTuple):
    """The level of each word, and the patterns that find the words in a folded text."""

    levels: dict[str, str]
    levels_alone: dict[str, str]
    pattern: re.Pattern[str]
    no_level: re.Pattern[str]
    alternatives: re.Pattern[str]
    job: re.Pattern[str]
    rank: re.Pattern[str]

    def names_job_or_level(self, text: str) -> bool:
        """True if words after a comma name a job (Google, Senior Engineer) or are only a level (Engineer, Senior)."""
        if self.job.search(text):
            return True
        return not _NUMBER.sub(" ", self.pattern.sub(" ", text)).strip()


@cache
def _level_words() -> _LevelWords:
    words = read_yaml("level_words.yaml")

    def by_word(levels: dict[str, list[str]]) -> dict[str, str]:
        return {word: level for level, listed in levels.items() for word in listed}

    def any_of(phrases: Iterable[str]) -> re.Pattern[str]:
        return re.compile(rf"\b(?:{'|'.join(sorted(phrases, key=lambda p: (-len(p), p)))})\b")

    levels = by_word(words["levels"])
    pattern = any_of(levels)
    alternatives = re.compile(rf"({pattern.pattern}) or ({pattern.pattern})")
    return _LevelWords(
        levels,
        by_word(words["alone"]),
        pattern,
        any_of(words["no_level"]),
        alternatives,
        any_of(words["jobs"]),
        any_of([*levels, *words["ranks"]]),
    )


def title_level(*texts: str | None) -> str | None:
    """Find the level in words such as junior, senior, staff or principal, else in a numeral after the job.

    Args:
        texts: titles and level texts, in order of preference.

    Returns:
        The level of the first text with such words, the highest if there are several (`senior staff` is L6), the lower
        one if they are alternatives (`senior/staff` is L5). A text that mixes entry words with higher ones
        (`junior/senior`) is skipped. Engineer I, II and III are L3, L4 and L5. None if no text gives a level.
    """
    for text in texts:
        if text and (level := answered_level(text) if _is_combined(text) else _level_in(_naming_the_job(text))):
            return level
    return None


def _is_combined(title: str) -> bool:
    """True if a title is only a choice of ranks: `Head / Principal / VP`, `Staff / Lead`."""
    parts = [folded(part) for part in _OR.split(title)]
    return len(parts) > 1 and all(part and not _level_words().rank.sub("", part).strip() for part in parts)


def answered_level(text: str | None) -> str | None:
    """Find the level in the words of a level column, where the whole text is the answer.

    In a combined answer every part must have a level, and the lowest counts: `Lead / Staff` has none.
    """
    if not text:
        return None
    parts = [part for part in _OR.split(text) if part.strip()]
    levels = [_level_in(folded(part)) for part in parts]
    known = [level for level in levels if level]
    return min(known) if known and len(known) == len(levels) and ("L3" not in known or len(set(known)) == 1) else None


def _naming_the_job(title: str) -> str:
    """Return the folded words of a title without its team: what follows the job, unless that is a job or a level."""
    first, *rest = (folded(part.replace("/", " or ")) for part in _AFTER_THE_JOB.split(title))
    words = _level_words()
    return " ".join([first, *(part for part in rest if part and words.names_job_or_level(part))]).strip()


def _level_in(text: str) -> str | None:
    words = _level_words()
    if text in words.levels_alone:
        return words.levels_alone[text]
    bare = words.no_level.sub(" ", text)
    found = {words.levels[word] for word in words.pattern.findall(bare)}
    if alternatives := words.alternatives.search(bare):
        found = {words.levels[word] for word in alternatives.groups()}
        return min(found) if "L3" not in found or len(found) == 1 else None
    if not found and (rung := _RUNG.search(bare)):
        return _RUNGS[rung[1]]
    return max(found) if found and (len(found) == 1 or "L3" not in found) else None


def ladder_in_title(employer: str | None, title: str) -> str | None:
    """Look up a title with a numeral, a code or a bank's grade on the employer's own ladder."""
    return ladder_level(employer, title) if _LADDER_IN_TITLE.search(title) else None


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
