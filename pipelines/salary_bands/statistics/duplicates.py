"""Match one person's reports across sources."""

import pandas as pd

Report = tuple[int, int]  # export number, row


def matched(pairs: pd.DataFrame) -> list[set[Report]]:
    """Join pairs of reports into groups that are one person's, with at most one report per source.

    Pairs are taken in order. A pair joins the groups of its two reports unless both groups hold a report of the same
    source.

    Args:
        pairs: export_a, row_a, source_a, export_b, row_b, source_b, nearest dates first.

    Returns:
        The groups of two or more reports.
    """
    group_of: dict[Report, set[Report]] = {}
    sources: dict[int, set[str]] = {}
    for export_a, row_a, source_a, export_b, row_b, source_b in pairs.itertuples(index=False, name=None):
        a, b = (export_a, row_a), (export_b, row_b)
        for report, source in ((a, source_a), (b, source_b)):
            if report not in group_of:
                group_of[report] = {report}
                sources[id(group_of[report])] = {source}
        group_a, group_b = group_of[a], group_of[b]
        if sources[id(group_a)] & sources[id(group_b)]:
            continue
        group_a |= group_b
        sources[id(group_a)] |= sources.pop(id(group_b))
        for report in group_b:
            group_of[report] = group_a
    groups = {id(group): group for group in group_of.values()}
    return [group for group in groups.values() if len(group) > 1]
