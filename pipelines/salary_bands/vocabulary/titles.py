"""Classify job titles: the leaf of a report, and the rule and words that decided it.

The rules are data, `reference/leaf_rules.yaml`; this module tries them in order. `reader` turns a text into plain
words, the words are looked up in a tree of phrases, and the first rule with all its conditions met decides.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, reduce
from operator import or_
from typing import Any

from salary_bands.reference import read_yaml
from salary_bands.vocabulary.reader import END, Reader, alternatives, insert

UNCLASSIFIED = "unclassified"
NO_RULE = "no_rule"
REASONS = ("people_manager", "executive", "intern_or_student", "other_job")

_FIELDS = ("title", "role", "focus", "skills", "employer")
_KEYS = ("title", "title_too", "role", "focus", "focus_too", "skills", "employer")
_EXCLUSIONS = {
    "unless_title": "unless_title",
    "unless_role": "unless_role",
    "unless": "unless_focus",
    "unless_employer": "unless_employer",
}
_LIST = re.compile(r"<(\w+)>")
# What follows the job in a title names its team, programme or product: "Research Engineer, Life Sciences".
_AFTER_THE_JOB = re.compile(r"\s*[,;:|(\[]\s*|\s+[-–—]\s*|\s*[-–—]\s+")
_SKILL = re.compile(r"[;,|\n]")
_REMEMBERED = 50_000  # texts, each with its words and phrases: reports combine few texts in many ways
_FEW_SKILLS = 3  # in a longer list one skill alone does not decide


@dataclass(frozen=True, slots=True)
class Classification:
    """The leaf of a report, the rule and the words that decided it, and the reason if it is out_of_scope."""

    leaf: str
    rule: str
    evidence: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Condition:
    """A set of phrases, given by its bit, of which one must occur in the field."""

    field: str
    bit: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, which applies if every condition is met and no exclusion is.

    `title` to `unless_employer` are bit masks of the conditions and exclusions.
    """

    id: str
    leaf: str
    reason: str | None
    conditions: tuple[Condition, ...]
    examples: tuple[tuple[str, str, str, str], ...]
    counter_examples: tuple[tuple[str, str, str, str], ...]
    title: int
    role: int
    focus: int
    skills: int
    employer: int
    unless_title: int
    unless_role: int
    unless_focus: int
    unless_employer: int


class RuleBook:
    """The compiled rules of a document: a reader, a tree of phrases, and the rules in order."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.reader = Reader(document)
        self._tree: dict[str, Any] = {}
        self._bits: dict[frozenset[tuple[str, ...]], int] = {}
        self._lists: dict[str, list[str]] = {}
        self._deciding: dict[int, str] = {}
        self._phrase = cache(self._words_of_phrase)  # lists share many
        for name, phrases in document.get("lists", {}).items():
            self._lists[name] = self._expand(phrases)
        self._technical = self._bit(document.get("technical_heads", ()))
        self.rules = tuple(self._rule(entry) for entry in document["rules"])
        self._employer_bits = reduce(or_, (rule.employer | rule.unless_employer for rule in self.rules), 0)
        self._read = lru_cache(_REMEMBERED)(self._words_and_bits)
        self._decided = lru_cache(_REMEMBERED)(self._first_rule)

    def classify(self, title: str, specialisation: str = "", skills: str = "", employer: str = "") -> Classification:
        """Classify one report; see `classify` in this module."""
        title_words, found_title = self._read(title)
        focus_words, found_focus = self._read(specialisation) if specialisation else ((), 0)
        role_words, found_role = self._role(title)
        skills_read = [self._read(part) for part in _SKILL.split(skills) if part.strip()]
        employer_words, found_employer = self._read(employer)
        found_skills = self._found_in_skills([found for _, found in skills_read])
        rule = self._decided(found_title, found_role, found_title | found_focus, found_skills, found_employer)
        if rule is None:
            return Classification(UNCLASSIFIED, NO_RULE, "", None)
        texts = {
            "title": [title_words],
            "role": [role_words],
            "focus": [title_words, focus_words],
            "skills": [words for words, _ in skills_read],
            "employer": [employer_words],
        }
        words = (self._evidence(texts[part.field], part.bit) for part in rule.conditions)
        return Classification(rule.leaf, rule.id, "; ".join(dict.fromkeys(words)), rule.reason)

    def _first_rule(self, title: int, role: int, focus: int, skills: int, employer: int) -> Rule | None:
        """Return the first rule that applies to the bits of the phrases in each field, None if none does."""
        for rule in self.rules:
            if (
                title & rule.title == rule.title
                and role & rule.role == rule.role
                and focus & rule.focus == rule.focus
                and skills & rule.skills == rule.skills
                and employer & rule.employer == rule.employer
                and not title & rule.unless_title
                and not role & rule.unless_role
                and not focus & rule.unless_focus
                and not employer & rule.unless_employer
            ):
                return rule
        return None

    def _words_and_bits(self, text: str) -> tuple[tuple[str, ...], int]:
        """Return the words of a text and the bits of the phrases in them."""
        words = tuple(self.reader.words(text))
        return words, self._found(words)

    def decisive(self, employer: str) -> str:
        """Return the first kind of employer asked about that decides every title as this one does."""
        asked = self._read(employer)[1] & self._employer_bits
        return self._deciding.setdefault(asked, employer)

    def _role(self, title: str) -> tuple[tuple[str, ...], int]:
        """Return the words that name the job, with their bits: before the team if a technical role, else all."""
        head = _AFTER_THE_JOB.split(title.strip(), maxsplit=1)[0]
        if head == title.strip():
            return self._read(title)
        words, found = self._read(head)
        return (words, found) if found & self._technical else self._read(title)

    def _found_in_skills(self, parts: Sequence[int]) -> int:
        """Return the bits of skills: any of a few, those that two skills share of many."""
        once = twice = 0
        for found in parts:
            twice |= once & found
            once |= found
        return once if len(parts) <= _FEW_SKILLS else twice

    def problems(self) -> list[str]:
        """List what is wrong with the rules: repeated ids, invalid reasons, examples that another rule takes first."""
        found = [f"{rule.id}: no example" for rule in self.rules if not rule.examples]
        ids = [rule.id for rule in self.rules]
        found += [f"{name}: id is not unique" for name in sorted({name for name in ids if ids.count(name) > 1})]
        for rule in self.rules:
            if (rule.leaf == "out_of_scope") != (rule.reason in REASONS):
                found.append(f"{rule.id}: out_of_scope needs a reason, other leaves must not have one")
            for example in rule.examples:
                got = self.classify(*example)
                if got.rule != rule.id:
                    found.append(f"{rule.id}: example {example} is taken by {got.rule}")
            for example in rule.counter_examples:
                if self.classify(*example).rule == rule.id:
                    found.append(f"{rule.id}: counter-example {example} is taken by this rule")
        return found

    def _rule(self, entry: Mapping[str, Any]) -> Rule:
        known = {"id", "leaf", "reason", "examples", "counter_examples"}
        known |= {*_KEYS, *_EXCLUSIONS}
        if unknown := set(entry) - known:
            raise ValueError(f"rule {entry.get('id')}: unknown keys {sorted(unknown)}")
        conditions = tuple(Condition(key.removesuffix("_too"), self._bit(entry[key])) for key in _KEYS if key in entry)
        if not conditions:
            raise ValueError(f"rule {entry['id']}: no condition, so it would take every title")
        masks = dict.fromkeys(_FIELDS, 0)
        for condition in conditions:
            masks[condition.field] |= condition.bit
        return Rule(
            id=entry["id"],
            leaf=entry["leaf"],
            reason=entry.get("reason"),
            conditions=conditions,
            examples=tuple(map(_example, entry.get("examples", ()))),
            counter_examples=tuple(map(_example, entry.get("counter_examples", ()))),
            **{field: self._bit(entry[key]) if key in entry else 0 for key, field in _EXCLUSIONS.items()},
            **masks,
        )

    def _bit(self, phrases: Iterable[str]) -> int:
        """Return the bit for "any of these phrases"; equal sets of phrases share a bit."""
        wanted = frozenset(self._phrase(text) for text in self._expand(phrases))
        if wanted not in self._bits:
            bit = self._bits[wanted] = 1 << len(self._bits)
            for words in wanted:
                insert(self._tree, words, bit)
        return self._bits[wanted]

    def _expand(self, phrases: Iterable[str]) -> list[str]:
        """Expand `<list>`, `(a|b)` and `(|s)` in phrases."""
        texts: list[str] = []
        for phrase in phrases:
            pending = [phrase]
            while pending:
                text = pending.pop()
                reference = _LIST.search(text)
                if reference is None:
                    texts.extend(alternatives(text))
                    continue
                if reference[1] not in self._lists:
                    raise ValueError(f"phrase {phrase!r}: no earlier list is named {reference[1]!r}")
                before, after = text[: reference.start()], text[reference.end() :]
                pending.extend(f"{before}{entry}{after}" for entry in self._lists[reference[1]])
        return texts

    def _words_of_phrase(self, text: str) -> tuple[str, ...]:
        """Return the words of a phrase as the reader returns them, so that its spelling cannot make it unreachable."""
        inner = text.strip()
        start = ("^",) if inner.startswith("^") else ()
        end = ("$",) if inner.endswith("$") else ()
        words = tuple(self.reader.words(inner.strip("^$ ")))
        if not words:
            raise ValueError(f"phrase {text!r} has no words")
        return (*start, *words, *end)

    def _found(self, words: Sequence[str]) -> int:
        """Return the bits of all phrases that occur in the words."""
        bounded = ("^", *words, "$")
        found = 0
        for start in range(len(bounded)):
            node: dict[str, Any] = self._tree
            for position in range(start, len(bounded)):
                below = node.get(bounded[position])
                if below is None:
                    break
                node = below
                found |= node.get(END, 0)
        return found

    def _evidence(self, texts: Iterable[Sequence[str]], bit: int) -> str:
        """Return the words that meet a condition: the first match, and the longest from there."""
        for words in texts:
            bounded = ("^", *words, "$")
            for start in range(len(bounded)):
                node: dict[str, Any] = self._tree
                end = 0
                for position in range(start, len(bounded)):
                    below = node.get(bounded[position])
                    if below is None:
                        break
                    node = below
                    if node.get(END, 0) & bit:
                        end = position + 1
                if end:
                    return " ".join(word for word in bounded[start:end] if word not in "^$")
        return ""


def classify(title: str, specialisation: str = "", skills: str = "", employer: str = "") -> Classification:
    """Classify one report by the rules of `reference/leaf_rules.yaml`.

    Args:
        title: the job title as reported. It decides the role.
        specialisation: the focus or tag as reported, if the source has one. It decides the specialisation.
        skills: the skills as reported, separated by `;`. They specialise engineers and researchers, never another job.
        employer: the kind of employer, as `employers.evidence_of` gives it. It decides where the title leaves it open.

    Returns:
        The leaf with the rule and the words that decided it; `unclassified` by `no_rule` if no rule applies.
    """
    return _book().classify(title, specialisation, skills, employer)


def decisive(employer: str) -> str:
    """Return a kind of employer that decides every title as this one does, the same for all that do.

    There are few of them, so that a title need not be classified once for each kind of employer.
    """
    return _book().decisive(employer)


def rules() -> tuple[Rule, ...]:
    """Return the rules in the order in which they are tried."""
    return _book().rules


def rules_document() -> dict[str, Any]:
    """Return the document of `reference/leaf_rules.yaml`. Its values are cached and must not be changed."""
    return dict(read_yaml("leaf_rules.yaml"))


@cache
def _book() -> RuleBook:
    return RuleBook(rules_document())


def _example(entry: str | Sequence[str]) -> tuple[str, str, str, str]:
    parts = [entry] if isinstance(entry, str) else list(entry)
    title, specialisation, skills, employer = (*parts, "", "", "", "")[:4]
    return title, specialisation, skills, employer
