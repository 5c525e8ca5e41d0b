"""docs/taxonomy.md: the leaves, the accuracy of the classification, and the views."""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from salary_bands.reference import read_csv
from salary_bands.vocabulary.employers import kind_today
from salary_bands.vocabulary.titles import Classification, classify, rules

HELD_OUT = "test"
REAL = {  # sets of titles that were drawn from real sources, by the file beside the golden titles
    "titles_2024_2026.csv": "Titles of 2024 to 2026",
    "titles_frontier.csv": "Adverts of frontier labs",
}
_COMMAND = "python -m salary_bands.pages"


@dataclass(frozen=True, slots=True)
class Score:
    """The score of one leaf: golden titles with this label, titles classified as it, and titles with both."""

    leaf: str
    golden: int
    placed: int
    agreed: int

    @property
    def precision(self) -> float:
        """The share of the titles classified as the leaf that have its label."""
        return self.agreed / self.placed if self.placed else 0.0

    @property
    def recall(self) -> float:
        """The share of the titles with the leaf's label that are classified as it."""
        return self.agreed / self.golden if self.golden else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.agreed / (self.golden + self.placed) if self.golden + self.placed else 0.0


def read_golden(path: Path, split: str | None = None) -> list[dict[str, str]]:
    """Read the golden titles of a CSV file, of one split ("train" or "test") or of both."""
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if split is None or row["split"] == split]


def place(row: Mapping[str, str]) -> Classification:
    """Classify one golden title."""
    return classify(row["title"], row["specialisation"], row["skills"], _kind(row.get("employer", "")))


@cache
def _kind(employer: str) -> str:
    return kind_today([employer])[0] if employer else ""


def confusion(rows: Iterable[Mapping[str, str]]) -> Counter[tuple[str, str]]:
    """Count the golden titles by (label, classified leaf)."""
    return Counter((row["leaf"], place(row).leaf) for row in rows)


def lenient_confusion(rows: Iterable[Mapping[str, str]]) -> Counter[tuple[str, str]]:
    """Count titles as `confusion` does; a leaf that either labeller gave counts as the label."""
    counts: Counter[tuple[str, str]] = Counter()
    for row in rows:
        placed = place(row).leaf
        counts[(placed if placed in (row["label_a"], row["label_b"]) else row["leaf"], placed)] += 1
    return counts


def agreement(rows: Sequence[Mapping[str, str]]) -> tuple[float, float]:
    """Return the share of rows that both labellers label alike, and Cohen's kappa."""
    pairs = Counter((row["label_a"], row["label_b"]) for row in rows)
    total = pairs.total()
    alike = sum(n for (one, other), n in pairs.items() if one == other) / total
    first, second = Counter(row["label_a"] for row in rows), Counter(row["label_b"] for row in rows)
    by_chance = sum(first[leaf] * second[leaf] for leaf in first) / total**2
    return alike, (alike - by_chance) / (1 - by_chance)


def scores(counts: Mapping[tuple[str, str], int]) -> list[Score]:
    """Return the score of every leaf that occurs, in the order of `leaves.csv`."""
    seen = {leaf for pair in counts for leaf in pair}
    return [
        Score(
            leaf=leaf,
            golden=sum(n for (golden, _), n in counts.items() if golden == leaf),
            placed=sum(n for (_, placed), n in counts.items() if placed == leaf),
            agreed=counts.get((leaf, leaf), 0),
        )
        for leaf in (row["leaf"] for row in read_csv("leaves.csv"))
        if leaf in seen
    ]


def macro_f1(counts: Mapping[tuple[str, str], int]) -> float:
    """Return the unweighted mean of the leaves' F1, in which a rare leaf counts as much as a common one."""
    found = scores(counts)
    return sum(score.f1 for score in found) / len(found) if found else 0.0


def page(golden: Path) -> str:
    """Return the page, given a CSV file of golden titles; the sets of real titles are beside it."""
    real = {title: read_golden(golden.parent / name) for name, title in REAL.items()}
    return render(read_golden(golden), read_csv("views.csv"), real)


def render(
    golden: Sequence[Mapping[str, str]],
    views: Sequence[Mapping[str, str]],
    real: Mapping[str, Sequence[Mapping[str, str]]],
) -> str:
    """Return the page as Markdown, which depends only on the arguments, the rules and the leaves.

    Args:
        golden: all golden titles, of both splits.
        views: the rows of `reference/views.csv`.
        real: sets of titles of real sources with the labels of two labellers, by name.
    """
    held_out = [row for row in golden if row["split"] == HELD_OUT]
    counts = confusion(held_out)
    parts = [
        "# The taxonomy",
        f"This page is generated from the reference tables and the golden titles by `{_COMMAND}`; do not edit it. "
        "A test fails if it is stale.",
        *_leaves_section(golden),
        *_accuracy_section(held_out, counts),
        *_real_section(real),
        *_views_section(views),
    ]
    return "\n\n".join(parts) + "\n"


def _leaves_section(golden: Sequence[Mapping[str, str]]) -> list[str]:
    number_of_rules = Counter(rule.leaf for rule in rules())
    number_of_titles = Counter(row["leaf"] for row in golden)
    return [
        "## Leaves",
        "Every report has exactly one leaf. `core` leaves are machine learning, `adjacent` leaves are "
        "published for comparison, and the other two are counted but never published. The rules are tried in "
        "order, and the first that applies decides; `salary-bands classify TITLE` names it.",
        _table(
            ("leaf", "name", "kind", "what belongs", "rules", "golden titles"),
            [
                (
                    f"`{row['leaf']}`",
                    row["label"],
                    row["kind"],
                    row["definition"],
                    number_of_rules[row["leaf"]],
                    number_of_titles[row["leaf"]],
                )
                for row in read_csv("leaves.csv")
            ],
        ),
    ]


def _accuracy_section(held_out: Sequence[Mapping[str, str]], counts: Mapping[tuple[str, str], int]) -> list[str]:
    agreed = sum(n for (golden, placed), n in counts.items() if golden == placed)
    found = scores(counts)
    return [
        "## Accuracy",
        f"On the {len(held_out)} held-out golden titles, which were not used for writing the rules, macro-F1 is "
        f"**{macro_f1(counts):.3f}**; {agreed} titles are classified as labelled. One labeller wrote the golden titles "
        "by hand; they are not a sample of any source (`tests/golden/README.md`). The figure shows how well the rules "
        "classify new forms of titles, not which share of a source is right.",
        _table(
            ("leaf", "precision", "recall", "F1", "n"),
            [(f"`{s.leaf}`", f"{s.precision:.3f}", f"{s.recall:.3f}", f"{s.f1:.3f}", s.golden) for s in found],
        ),
        "### Confusion matrix",
        "Rows are labels, columns are classifications. The numbers are the leaves in the order above; a dot is 0.",
        _matrix([score.leaf for score in found], counts),
        "### Confused leaves",
        _table(
            ("label", "classified as", "titles"),
            [
                (f"`{golden}`", f"`{placed}`", n)
                for (golden, placed), n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
                if golden != placed
            ],
        ),
        "### Misclassified held-out titles",
        "Listed for readers; the rules are not tuned on them.",
        _errors(held_out),
    ]


def _real_section(real: Mapping[str, Sequence[Mapping[str, str]]]) -> list[str]:
    parts = [
        "## Titles of real sources",
        "Drawn from real files by seed and labelled by two labellers, independently, before the rules changed "
        "(`tests/golden/README.md`). Strict scores count the adjudicated label only; lenient scores count what either "
        "labeller said as right. The rules have been revised since on the errors that these sets showed, so the scores "
        "say how well the rules fit known families of titles, and new titles score lower. Adverts name the employer, "
        "which is evidence.",
        _table(
            ("set", "titles", "agreement", "kappa", "right", "macro-F1, strict", "macro-F1, lenient"),
            [(name, *_figures(rows)) for name, rows in real.items()],
        ),
    ]
    for name, rows in real.items():
        strict = {score.leaf: score for score in scores(confusion(rows))}
        lenient = {score.leaf: score for score in scores(lenient_confusion(rows))}
        parts += [
            f"### {name}",
            _table(
                ("leaf", "F1, strict", "F1, lenient", "n"),
                [
                    (f"`{leaf}`", f"{score.f1:.3f}", f"{lenient[leaf].f1:.3f}" if leaf in lenient else "", score.golden)
                    for leaf, score in strict.items()
                ],
            ),
            _errors(rows),
        ]
    return parts


def _figures(rows: Sequence[Mapping[str, str]]) -> tuple[object, ...]:
    alike, kappa = agreement(rows)
    strict, lenient = confusion(rows), lenient_confusion(rows)
    right = sum(n for (label, placed), n in strict.items() if label == placed)
    macro = (f"{macro_f1(strict):.3f}", f"{macro_f1(lenient):.3f}")
    return (len(rows), f"{alike:.1%}", f"{kappa:.3f}", right, *macro)


def _errors(held_out: Sequence[Mapping[str, str]]) -> str:
    lines = []
    for row in sorted(held_out, key=lambda row: (row["leaf"], row["title"], row["specialisation"], row["skills"])):
        got = place(row)
        if got.leaf != row["leaf"]:
            words = [row["title"], row["specialisation"], row["skills"].replace(";", "; ")]
            text = " / ".join(word for word in words if word)
            lines.append((text, f"`{row['leaf']}`", f"`{got.leaf}`", f"`{got.rule}`", got.evidence))
    return _table(("title", "label", "classified as", "rule", "words"), lines)


def _views_section(views: Sequence[Mapping[str, str]]) -> list[str]:
    parts = [
        "## Views",
        "A view is a published taxonomy: a set of groups, each a union of leaves. Views overlap. The view `leaf` "
        "has one group per leaf, and `all` for all core leaves.",
    ]
    for view in dict.fromkeys(row["view"] for row in views):
        groups: dict[tuple[str, str], list[str]] = {}
        for row in views:
            if row["view"] == view:
                groups.setdefault((row["group_id"], row["group_label"]), []).append(f"`{row['leaf']}`")
        parts += [
            f"### `{view}`",
            _table(
                ("group", "label", "leaves"),
                [(f"`{group}`", label, ", ".join(members)) for (group, label), members in groups.items()],
            ),
        ]
    return parts


def _matrix(names: Sequence[str], counts: Mapping[tuple[str, str], int]) -> str:
    header = ("label", *(str(number) for number in range(1, len(names) + 1)))
    lines = [
        (f"{number} `{golden}`", *(counts.get((golden, placed), 0) or "." for placed in names))
        for number, golden in enumerate(names, start=1)
    ]
    return _table(header, lines)


def _table(header: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    rows = [[str(cell).replace("|", "\\|") for cell in line] for line in lines]
    if not rows:
        return "None."
    return "\n".join(f"| {' | '.join(line)} |" for line in [list(header), ["---"] * len(header), *rows])
