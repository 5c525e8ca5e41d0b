"""Which counts may be published: none below ten, and none from which one below ten follows."""

import pandas as pd

from salary_bands.schemas.columns import MERGED, MIN_COUNT

Counted = tuple[str, str, int | None]  # disposition, reason, rows


def merged_ledger(ledger: pd.DataFrame) -> pd.DataFrame:
    """Merge small counts of a ledger, export by export, until no count below ten can be recovered.

    ledger: source, export, format, disposition, reason, rows. Rows are null for an export of fewer than ten rows.
    """
    key = ["source", "export", "format"]
    rows = []
    for of, part in ledger.groupby(key, sort=True):
        counts: dict[tuple[str, str], int] = {}
        for disposition, reason, count in part[["disposition", "reason", "rows"]].itertuples(index=False, name=None):
            counts[disposition, reason] = counts.get((disposition, reason), 0) + int(count)
        rows += [(*of, *row) for row in merged_counts(counts)]
    frame = pd.DataFrame(rows, columns=[*key, "disposition", "reason", "rows"])
    return frame.astype({"rows": "Int64"})


def merged_counts(counts: dict[tuple[str, str], int]) -> list[Counted]:
    """The counts of one export by disposition and reason, with small ones merged.

    Small reasons of a disposition become its reason `merged`, small dispositions the disposition `merged`. If the
    small ones do not come to ten, the next larger one joins them.
    """
    shown: list[Counted] = []
    small = 0
    for disposition in sorted({name for name, _ in counts}):
        own = {reason: count for (name, reason), count in counts.items() if name == disposition}
        large, rest = _split(own)
        if 0 < rest < MIN_COUNT:
            small += rest
            continue
        shown += [(disposition, reason, own[reason]) for reason in large]
        shown += [(disposition, MERGED, rest)] if rest else []
    totals = {name: sum(n or 0 for d, _, n in shown if d == name) for name, _, _ in shown}
    while 0 < small < MIN_COUNT and totals:
        joins = min(totals, key=lambda name: (totals[name], name))  # as a whole: its parts would give the rest away
        small += totals.pop(joins)
    shown = [row for row in shown if row[0] in totals]
    if small:
        shown.append((MERGED, MERGED, small if small >= MIN_COUNT else None))
    return sorted(shown, key=lambda row: row[:2])


def _split(counts: dict[str, int]) -> tuple[list[str], int]:
    """(names to show, count of the others): the others come to ten, or nothing is left to show."""
    ordered = sorted(counts, key=lambda name: (counts[name], name))
    rest = 0
    while ordered and (counts[ordered[0]] < MIN_COUNT or 0 < rest < MIN_COUNT):
        rest += counts[ordered.pop(0)]
    return ordered, rest
