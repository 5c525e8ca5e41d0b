"""Which counts may be published: none below ten, and none from which one below ten follows."""

from collections.abc import Sequence

import pandas as pd

MIN_COUNT = 10
MERGED = "merged"


def merged_ledger(ledger: pd.DataFrame) -> pd.DataFrame:
    """Merge small counts of a ledger until no count below ten can be recovered.

    ledger: source, export, format, disposition, reason, rows. Within a disposition small reasons are merged into
    `merged`; then small dispositions of an export are. A merged count is at least ten: if the small ones do not come
    to that, the next larger one joins them. Rows are null for an export of fewer than ten rows.
    """
    key = ["source", "export", "format"]
    parts = [_of_export(rows).assign(**dict(zip(key, of, strict=True))) for of, rows in ledger.groupby(key, sort=True)]
    merged = pd.concat(parts, ignore_index=True) if parts else ledger
    return merged[[*key, "disposition", "reason", "rows"]].astype({"rows": "Int64"})


def _of_export(rows: pd.DataFrame) -> pd.DataFrame:
    """The merged counts of one export."""
    kept, small = [], []
    for disposition, part in rows.groupby("disposition", sort=True):
        shown, merged = _split(list(zip(part["reason"], part["rows"], strict=True)))
        named = [(disposition, *pair) for pair in shown]
        rest = sum(count for _, count in merged)
        if merged and rest < MIN_COUNT:
            small.append((disposition, rest))
        else:
            kept += [*named, *([(disposition, MERGED, rest)] if merged else [])]
    if small:
        whole = sum(count for _, count in small)
        while whole < MIN_COUNT and kept:
            # the smallest disposition joins as a whole, so that nothing of it is left to subtract from
            totals: dict[str, int] = {}
            for disposition, _, count in kept:
                totals[disposition] = totals.get(disposition, 0) + count
            joins = min(totals, key=lambda name: (totals[name], name))
            whole += totals[joins]
            kept = [row for row in kept if row[0] != joins]
        kept.append((MERGED, MERGED, whole if whole >= MIN_COUNT else None))
    frame = pd.DataFrame(kept, columns=["disposition", "reason", "rows"])
    return frame.sort_values(["disposition", "reason"], ignore_index=True)


def _split(counts: Sequence[tuple[str, int]]) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    """(counts to show, counts to merge): the merged ones come to ten, or nothing is left to show."""
    ordered = sorted(counts, key=lambda pair: (pair[1], pair[0]))
    merged = [pair for pair in ordered if pair[1] < MIN_COUNT]
    shown = ordered[len(merged) :]
    while merged and shown and sum(count for _, count in merged) < MIN_COUNT:
        merged.append(shown.pop(0))
    return shown, merged
