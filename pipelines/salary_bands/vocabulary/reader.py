"""Turn titles, focus and skills as people write them into plain English words.

`reference/leaf_rules.yaml` lists the words to split, the spellings and the typos. Phrases are kept in a tree of words,
so that a text is scanned once, however many phrases there are.
"""

import itertools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from rapidfuzz.distance import OSA

END = ""  # the key under which a tree of words keeps the value of the phrase that ends there

_WORD = re.compile(r"c\+\+|c#|[^\W\d_]+|\d+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_GROUP = re.compile(r"\(([^()]*)\)")
_SHORTEST_TYPO = 6
_SHORTEST_RUN_TOGETHER, _LONGEST_RUN_TOGETHER = 9, 60


class Reader:
    """Turn text into plain English words by the word lists of the rules document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._replace: dict[str, Any] = {}
        self._scripts = {
            _without_accents(phrase).casefold(): f" {target} "
            for target, phrases in document.get("scripts", {}).items()
            for phrase in phrases
        }
        longest_first = sorted(self._scripts, key=lambda phrase: (-len(phrase), phrase))
        self._script = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        self._known = frozenset(document.get("run_together", ()))
        self._fix_typos = frozenset(document.get("fix_typos", ()))
        self._not_typos = frozenset(document.get("not_typos", ())) | self._known
        for target, spellings in document.get("spellings", {}).items():
            words = tuple(target.split())
            for spelling in itertools.chain.from_iterable(alternatives(text) for text in spellings):
                insert(self._replace, _plain_words(spelling), words)
                self._not_typos |= set(_plain_words(spelling))

    def words(self, text: str) -> list[str]:
        """Split a text into plain words, separate words that run together, and apply the usual English spelling."""
        words = []
        for word in _plain_words(self._separated(text)):
            words.extend(_segment(word, self._known) or [_without_typo(word, self._fix_typos, self._not_typos)])
        return self._respell(words)

    def _separated(self, text: str) -> str:
        """Replace words of scripts that have no spaces between them by English ones."""
        if self._script is None or not _CJK.search(text):
            return text
        return self._script.sub(lambda found: self._scripts[found[0]], _without_accents(text).casefold())

    def _respell(self, words: list[str]) -> list[str]:
        """Replace the longest known spelling at each position, once, from left to right."""
        result: list[str] = []
        start = 0
        while start < len(words):
            node: dict[str, Any] = self._replace
            end, found = start, None
            for position in range(start, len(words)):
                below = node.get(words[position])
                if below is None:
                    break
                node = below
                if END in node:
                    found, end = node[END], position + 1
            if found is None:
                result.append(words[start])
                start += 1
            else:
                result.extend(found)
                start = end
        return result


def alternatives(text: str) -> list[str]:
    """Expand the groups of a text: `(a|b) c(|s)` becomes "a c", "a cs", "b c", "b cs"."""
    group = _GROUP.search(text)
    if group is None:
        return [text]
    before, after = text[: group.start()], text[group.end() :]
    return [full for choice in group[1].split("|") for full in alternatives(before + choice + after)]


def insert(tree: dict[str, Any], words: Sequence[str], value: Any) -> None:
    """Insert a phrase into a tree of words; integer values of the same phrase are ORed, others are overwritten."""
    node = tree
    for word in words:
        node = node.setdefault(word, {})
    old = node.get(END)
    node[END] = old | value if isinstance(value, int) and old else value


def _plain_words(text: str) -> list[str]:
    """Split a text into lower-case words and numbers without accents; fold full-width letters and no-break spaces."""
    return _WORD.findall(_without_accents(text).casefold())


def _without_accents(text: str) -> str:
    """Fold compatibility forms and remove marks; join what decomposes into letters, such as Korean syllables."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFC", "".join(sign for sign in decomposed if not unicodedata.combining(sign)))


@lru_cache(maxsize=65536)
def _without_typo(word: str, fix_typos: frozenset[str], not_typos: frozenset[str]) -> str:
    """Return the only word of `fix_typos` with the same first letter within one edit, else the word itself."""
    if len(word) < _SHORTEST_TYPO or word in fix_typos or word in not_typos:
        return word
    near = [full for full in fix_typos if full[0] == word[0] and OSA.distance(word, full, score_cutoff=1) <= 1]
    return near[0] if len(near) == 1 else word


@lru_cache(maxsize=65536)
def _segment(word: str, known: frozenset[str]) -> list[str]:
    """Split a word into the fewest known words; return an empty list if that is impossible."""
    if word in known or not _SHORTEST_RUN_TOGETHER <= len(word) <= _LONGEST_RUN_TOGETHER:
        return []
    best: list[list[str] | None] = [[]] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(max(0, end - 20), end):
            head, part = best[start], word[start:end]
            if head is None or part not in known:
                continue
            current = best[end]
            if current is None or len(head) + 1 < len(current):
                best[end] = [*head, part]
    return best[-1] or []
