"""Titles to leaves: which specialisation a report belongs to, and which words said so.

The rules are data (`reference/leaf_rules.yaml`); this module knows how rules are tried, not what titles mean. A text
becomes plain words (`reader`), the words are looked up in a tree of phrases, and the first rule whose conditions all
hold decides (DESIGN.md, section 2, "Classification").
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from salary_bands.reference import read_yaml
from salary_bands.vocabulary.reader import END, Reader, alternatives, insert

UNCLASSIFIED = "unclassified"
NO_RULE = "no_rule"
REASONS = ("people_manager", "executive", "intern_or_student", "other_job")

_FIELDS = ("title", "focus", "skills")
_LIST = re.compile(r"<(\w+)>")


@dataclass(frozen=True, slots=True)
class Classification:
    """Where a report belongs and why: a leaf, the rule, the words, and for out_of_scope the reason."""

    leaf: str
    rule: str
    evidence: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Condition:
    """One field of a rule: any of some phrases (`bit` in what was found) in title, focus or skills."""

    field: str
    bit: int


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: it fires when every condition holds and no exclusion does."""

    id: str
    leaf: str
    reason: str | None
    conditions: tuple[Condition, ...]
    examples: tuple[tuple[str, str, str], ...]
    counter_examples: tuple[tuple[str, str, str], ...]
    title: int
    focus: int
    skills: int
    unless_title: int
    unless_focus: int


class RuleBook:
    """The rules of a document, compiled: a reader, a tree of phrases, and the rules in order."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.reader = Reader(document)
        self._tree: dict[str, Any] = {}
        self._bits: dict[frozenset[tuple[str, ...]], int] = {}
        self._lists: dict[str, list[str]] = {}
        for name, phrases in document.get("lists", {}).items():
            self._lists[name] = self._expand(phrases)
        self.rules = tuple(self._rule(entry) for entry in document["rules"])

    def classify(self, title: str, specialisation: str = "", skills: str = "") -> Classification:
        """The first rule that fires; see the module's `classify`."""
        title_words = self.reader.words(title)
        found_title = self._found(title_words)
        focus_words: list[str] = []
        found_focus = found_title
        if specialisation:
            focus_words = self.reader.words(specialisation)
            found_focus |= self._found(focus_words)
        skill_parts: list[list[str]] = []
        found_skills = 0
        if skills:
            skill_parts = [self.reader.words(part) for part in re.split(r"[;,|\n]", skills)]
            for part in skill_parts:
                found_skills |= self._found(part)
        for rule in self.rules:
            if (
                found_title & rule.title == rule.title
                and found_focus & rule.focus == rule.focus
                and found_skills & rule.skills == rule.skills
                and not found_title & rule.unless_title
                and not found_focus & rule.unless_focus
            ):
                texts = {"title": [title_words], "focus": [title_words, focus_words], "skills": skill_parts}
                words = (self._evidence(texts[part.field], part.bit) for part in rule.conditions)
                return Classification(rule.leaf, rule.id, "; ".join(dict.fromkeys(words)), rule.reason)
        return Classification(UNCLASSIFIED, NO_RULE, "", None)

    def problems(self) -> list[str]:
        """What is wrong with the rules: repeated ids, unknown reasons, examples another rule takes first."""
        found = [f"{rule.id}: no example" for rule in self.rules if not rule.examples]
        ids = [rule.id for rule in self.rules]
        found += [f"{name}: id is not unique" for name in sorted({name for name in ids if ids.count(name) > 1})]
        for rule in self.rules:
            if (rule.leaf == "out_of_scope") != (rule.reason in REASONS):
                found.append(f"{rule.id}: out_of_scope needs a reason, other leaves have none")
            for example in rule.examples:
                got = self.classify(*example)
                if got.rule != rule.id:
                    found.append(f"{rule.id}: example {example} is taken by {got.rule}")
            for example in rule.counter_examples:
                if self.classify(*example).rule == rule.id:
                    found.append(f"{rule.id}: counter-example {example} fires")
        return found

    def _rule(self, entry: Mapping[str, Any]) -> Rule:
        known = {"id", "leaf", "reason", "examples", "counter_examples"}
        known |= {"title", "title_too", "focus", "focus_too", "skills", "unless_title", "unless"}
        if unknown := set(entry) - known:
            raise ValueError(f"rule {entry.get('id')}: unknown keys {sorted(unknown)}")
        conditions = tuple(
            Condition(key.removesuffix("_too"), self._bit(entry[key]))
            for key in ("title", "title_too", "focus", "focus_too", "skills")
            if key in entry
        )
        if not conditions:
            raise ValueError(f"rule {entry['id']}: it would fire on everything")
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
            unless_title=self._bit(entry["unless_title"]) if "unless_title" in entry else 0,
            unless_focus=self._bit(entry["unless"]) if "unless" in entry else 0,
            **masks,
        )

    def _bit(self, phrases: Iterable[str]) -> int:
        """The bit that stands for "any of these phrases"; the same set of phrases shares one bit."""
        wanted = frozenset(self._phrase(text) for text in self._expand(phrases))
        if wanted not in self._bits:
            bit = self._bits[wanted] = 1 << len(self._bits)
            for words in wanted:
                insert(self._tree, words, bit)
        return self._bits[wanted]

    def _expand(self, phrases: Iterable[str]) -> list[str]:
        """Phrases with `<list>`, `(a|b)` and `(|s)` written out."""
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
                    raise ValueError(f"phrase {phrase!r}: no list of that name before it")
                before, after = text[: reference.start()], text[reference.end() :]
                pending.extend(f"{before}{entry}{after}" for entry in self._lists[reference[1]])
        return texts

    def _phrase(self, text: str) -> tuple[str, ...]:
        """A phrase as the reader would see it, so that a phrase can never be unreachable by its spelling."""
        inner = text.strip()
        start = ("^",) if inner.startswith("^") else ()
        end = ("$",) if inner.endswith("$") else ()
        words = tuple(self.reader.words(inner.strip("^$ ")))
        if not words:
            raise ValueError(f"phrase {text!r} has no words")
        return (*start, *words, *end)

    def _found(self, words: Sequence[str]) -> int:
        """The bits of all phrases that stand in the words."""
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
        """The first and, from there, longest words that answer a condition."""
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


def classify(title: str, specialisation: str = "", skills: str = "") -> Classification:
    """The leaf of one report.

    Args:
        title: the job title as reported. It decides the role.
        specialisation: focus or tag as reported, where the source has one. It decides the specialisation.
        skills: skills as reported, `;` between. They specialise engineers and researchers, never another job.

    Returns:
        The leaf with the rule and the words that decided; `unclassified` by `no_rule` where none fires.

    Source: DESIGN.md, section 2, "Classification"; the rules are `reference/leaf_rules.yaml`.
    """
    return _book().classify(title, specialisation, skills)


def normalise(text: str) -> str:
    """A title as the rules see it: plain lower-case words, usual English spelling, single spaces."""
    return " ".join(_book().reader.words(text))


def rules() -> tuple[Rule, ...]:
    """The rules in the order in which they are tried, loaded once."""
    return _book().rules


def rules_document() -> dict[str, Any]:
    """The rules as written in `reference/leaf_rules.yaml`; treat them as read-only, they are shared."""
    return dict(read_yaml("leaf_rules.yaml"))


@cache
def _book() -> RuleBook:
    return RuleBook(rules_document())


def _example(entry: str | Sequence[str]) -> tuple[str, str, str]:
    parts = [entry] if isinstance(entry, str) else list(entry)
    title, specialisation, skills = (*parts, "", "", "")[:3]
    return title, specialisation, skills
