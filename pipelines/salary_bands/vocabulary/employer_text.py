"""Turn an employer's name as people write it into words and a key that ignore what does not distinguish employers.

The word lists are in `reference/employer_words.yaml`.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import chain
from typing import NamedTuple

from salary_bands.reference import read_yaml

_TRADEMARKS = re.compile(r"[™®©℠]|\((?:tm|r|c|sm)\)", re.IGNORECASE)
_PARENTHESES = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|（[^（）]*）")
_APOSTROPHES = re.compile(r"['’‘`´]")
_NOT_WORD = re.compile(r"[\W_]+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

# "&" and "and" are both ignored: AT&T, ATT and AT and T are one employer.
_JOINERS = frozenset({"and"})
_MOST_PIECES = 5  # pieces of a legal form, as in "s p z o o"


class Words(NamedTuple):
    """The lists in employer_words.yaml."""

    legal_forms: frozenset[str]
    legal_forms_of_two_words: frozenset[tuple[str, ...]]
    leading_forms: frozenset[str]
    cjk_forms: re.Pattern[str]
    generic: frozenset[str]
    anonymous: frozenset[str]
    places: frozenset[str]
    office_words: frozenset[str]
    entity_words: frozenset[str]
    entity_families: frozenset[str]
    bodies: tuple[tuple[str, ...], ...]
    other_name: re.Pattern[str]


@cache
def known_words() -> Words:
    """Return the lists, checked: every entry is text."""
    lists = read_yaml("employer_words.yaml")
    ends = "|".join(sorted(map(fold, lists["cjk_forms"]), key=len, reverse=True))
    marks = "|".join(sorted(map(re.escape, lists["other_name_marks"]), key=len, reverse=True))
    return Words(
        legal_forms=words_of(lists["legal_forms"]),
        legal_forms_of_two_words=frozenset(tuple(form.split()) for form in lists["legal_forms_of_two_words"]),
        leading_forms=words_of(lists["leading_forms"]),
        cjk_forms=re.compile(f"^(?:{ends})+|(?:{ends})+$"),
        generic=words_of(chain.from_iterable(lists["generic"])),
        anonymous=words_of(lists["anonymous"]),
        places=words_of(lists["places"]),
        office_words=words_of(lists["office_words"]),
        entity_words=words_of(chain(lists["entity_words"], lists["office_words"])),
        entity_families=words_of(lists["entity_families"]),
        bodies=tuple(tuple(body.split()) for body in sorted(lists["governing_bodies"], key=len, reverse=True)),
        other_name=re.compile(rf"[\s,(]+(?:{marks})[\s:.)]+", re.IGNORECASE),
    )


def words_of(entries: Iterable[str]) -> frozenset[str]:
    """Return the entries of a list; raise ValueError for an entry that YAML does not parse as text, such as `no`."""
    words = list(entries)
    if not_text := [word for word in words if not isinstance(word, str)]:
        raise ValueError(f"employer_words.yaml: {not_text} parsed as values, not text; put quotes around the words")
    return frozenset(words)


def fold(text: str) -> str:
    """Fold case, width and accents, and replace punctuation with spaces."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    return _NOT_WORD.sub(" ", unicodedata.normalize("NFKC", plain)).strip()


def without_trademarks(text: str) -> str:
    """Replace trademark signs with spaces."""
    return _TRADEMARKS.sub(" ", text)


def without_parentheses(text: str) -> str:
    """Replace text in parentheses with a space."""
    return _PARENTHESES.sub(" ", text)


def other_names(text: str) -> list[str]:
    """Return the names in a text that gives several: "A Inc. d/b/a B", "A (formerly known as B)"; else none."""
    parts = known_words().other_name.split(text)
    return [part for part in parts if part.strip()] if len(parts) > 1 else []


def name_words(text: str) -> list[str]:
    """Return the words of a name without joiners, a leading "the" and trailing legal forms."""
    folded = fold(_APOSTROPHES.sub("", text)).split()
    words = [w for w in folded if w not in _JOINERS] or folded
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    if len(words) > 1 and words[0] in known_words().leading_forms:
        words = words[1:]
    words = without_legal_form(words)
    return _without_cjk_forms(words) if _CJK.search(text) else words


def _without_cjk_forms(words: list[str]) -> list[str]:
    """Drop legal forms, and a city before them, that are written without spaces, but never the whole name."""
    bare = [known_words().cjk_forms.sub("", word) for word in words]
    return [word for word in bare if word] or words


def without_legal_form(words: list[str]) -> list[str]:
    """Drop trailing legal forms, but never the whole name.

    A form in pieces counts (`S. p. A.`) unless the letters before it make an acronym (`E. S. A.`).
    """
    known = known_words()
    while len("".join(words[:-1])) > 1:  # a single letter is a name only with its form: X Corp
        if len(words) > 2 and tuple(words[-2:]) in known.legal_forms_of_two_words:
            words = words[:-2]
            continue
        if words[-1] in known.legal_forms:
            words = words[:-1]
            continue
        for size in range(min(_MOST_PIECES, len(words) - 1), 1, -1):
            pieces = words[-size:]
            before = words[-size - 1]
            in_pieces = all(len(p) <= 2 for p in pieces) and (len(before) > 1 or before.isdigit())
            if in_pieces and "".join(pieces) in known.legal_forms:
                words = words[:-size]
                break
        else:
            break
    return words


def employer_key(text: str) -> str:
    """Return a key that ignores differences in spelling that do not distinguish employers.

    The key ignores width, case, accents, spaces, punctuation, trademark signs, "and", "&", a leading "the" and trailing
    legal forms. Text in parentheses is kept (`Bolt (EU)`). The key of a key is the key itself.

    Returns:
        Letters and digits without spaces; empty if the text has none.
    """
    return "".join(name_words(without_trademarks(text)))
