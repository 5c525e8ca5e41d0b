"""One person's report in several sources: which of possible pairs are matched."""

import pandas as pd

Report = tuple[int, int]  # export number, row


def matched(pairs: pd.DataFrame) -> list[set[Report]]:
    """Reports that are one person's, one of each source at most.

    pairs: export_a, row_a, source_a, export_b, row_b, source_b in the order in which they are to be matched, nearest
    dates first. A pair joins two reports, or the matches they already belong to, where no source stands in both.
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
