"""Reading a text: plain English words out of what people write in titles, focus and skills.

The words that ran together, the spellings and the typos are lists of `reference/leaf_rules.yaml`. Phrases are kept in
a tree of words, so that a text is read once however many phrases there are.
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
_GROUP = re.compile(r"\(([^()]*)\)")
_SHORTEST_MENDED = 6
_SHORTEST_RUN_TOGETHER, _LONGEST_RUN_TOGETHER = 9, 60


class Reader:
    """Turns text into plain English words, by the word lists of the rules document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._replace: dict[str, Any] = {}
        self._known = frozenset(document.get("run_together", ()))
        self._mend = frozenset(document.get("mend", ()))
        self._not_typos = frozenset(document.get("not_typos", ())) | self._known
        for target, spellings in document.get("spellings", {}).items():
            words = tuple(target.split())
            for spelling in itertools.chain.from_iterable(alternatives(text) for text in spellings):
                insert(self._replace, _plain_words(spelling), words)
                self._not_typos |= set(_plain_words(spelling))

    def words(self, text: str) -> list[str]:
        """The words of a text: plain, split where they ran together, in their usual English spelling."""
        words = []
        for word in _plain_words(text):
            words.extend(_segment(word, self._known) or [_mended(word, self._mend, self._not_typos)])
        return self._respell(words)

    def _respell(self, words: list[str]) -> list[str]:
        """Replaces the longest known spelling at each place, once, from left to right."""
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
    """`(a|b) c(|s)` written out: "a c", "a cs", "b c", "b cs"."""
    group = _GROUP.search(text)
    if group is None:
        return [text]
    before, after = text[: group.start()], text[group.end() :]
    return [full for choice in group[1].split("|") for full in alternatives(before + choice + after)]


def insert(tree: dict[str, Any], words: Sequence[str], value: Any) -> None:
    """Puts a phrase into a tree of words; bits of one phrase are joined, other values overwrite."""
    node = tree
    for word in words:
        node = node.setdefault(word, {})
    old = node.get(END)
    node[END] = old | value if isinstance(value, int) and old else value


def _plain_words(text: str) -> list[str]:
    """Lower-case words and numbers without accents; full-width letters and no-break spaces folded."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return _WORD.findall(text.casefold())


@lru_cache(maxsize=65536)
def _mended(word: str, mend: frozenset[str], not_typos: frozenset[str]) -> str:
    """The one word in `mend` that is one slip away and begins alike, else the word itself."""
    if len(word) < _SHORTEST_MENDED or word in mend or word in not_typos:
        return word
    near = [full for full in mend if full[0] == word[0] and OSA.distance(word, full, score_cutoff=1) <= 1]
    return near[0] if len(near) == 1 else word


@lru_cache(maxsize=65536)
def _segment(word: str, known: frozenset[str]) -> list[str]:
    """The fewest known words that make up a word; empty if there are none."""
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
