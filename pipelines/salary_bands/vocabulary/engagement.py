"""Find in the words of a title or level why a report is out of scope: an internship, a contract, part of full time."""

import re
from functools import cache

from salary_bands.reference import read_yaml
from salary_bands.vocabulary.levels import folded

_HOURS = re.compile(r"\b(\d{1,2}) ?(?:h|hrs?|hours?|std|stunden)(?: (?:per|a|pro|each))? ?(?:weekly|week|wk|woche)\b")
_FULL_TIME_HOURS = 35  # people name the hours of a job in its title because they are few


def answered_scope(text: str | None) -> str | None:
    """Return why a report is out of scope if its level column says so (Intern, Working Student, Contractor, M2)."""
    words = folded(text or "")
    return next((reason for reason, pattern in _patterns("scope").items() if pattern.fullmatch(words)), None)


def title_scope(title: str) -> str | None:
    """Return why a report is out of scope if its title says how a person is engaged: "(part-time)", "- Contractor".

    A job about contracts (Contracts Manager, Smart Contract Engineer) is no contract.
    """
    # A mark before what is in brackets or after a dash or a comma, where a word about the engagement stands.
    words = re.sub(r"\s*[(\[,/|]\s*|\s+[-–—]\s*|\s*[-–—]\s+", " § ", title)
    words = " § ".join(folded(part) for part in words.split(" § "))
    if (hours := _HOURS.search(folded(title))) and int(hours[1]) < _FULL_TIME_HOURS:
        return "part_time"
    return next((reason for reason, pattern in _patterns("title_scope").items() if pattern.search(words)), None)


@cache
def _patterns(section: str) -> dict[str, re.Pattern[str]]:
    listed: dict[str, list[str]] = read_yaml("level_words.yaml")[section]
    return {reason: re.compile("|".join(f"(?:{text})" for text in texts)) for reason, texts in listed.items()}
