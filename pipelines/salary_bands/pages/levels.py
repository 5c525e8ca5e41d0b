"""docs/levels.md: employers' names for their levels."""

from collections import defaultdict

from salary_bands.reference import read_csv
from salary_bands.schemas.columns import LEVELS

_HEAD = """# Levels

Employers' names for their levels, mapped to one ladder: L3 entry, L4, L5 senior, L6 staff, L7 principal and up. This
page is generated from `pipelines/salary_bands/reference/ladders.csv`, which gives the source of each name; a test fails
if it is stale. Names are compared without case, spaces and punctuation, and `SDE II` equals `SDE 2`.

A name that is not on the employer's own ladder is ignored, because people borrow other employers' scales: Meta has no
"L5". In that case the words of the title decide (junior, graduate: L3; senior: L5; staff: L6; principal, distinguished:
L7; engineer I, II, III: L3, L4, L5), else the source's own scheme, else years of experience (under 2: L3; under 5: L4;
else L5). A numeral or a bank's grade in a title is looked up on the employer's ladder if there is one. The column
`level_basis` of `window_reports` says which one decided.
"""


def page() -> str:
    """Return Markdown with a row per employer and a column per level."""
    ladders: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in read_csv("ladders.csv"):
        ladders[row["employer"]][row["level"]].append(row["level_name"])
    lines = [_HEAD, f"| employer | {' | '.join(LEVELS)} |", f"|---{'|---' * len(LEVELS)}|"]
    for employer in sorted(ladders, key=str.casefold):
        cells = (", ".join(ladders[employer][level]) for level in LEVELS)
        lines.append(f"| {employer} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
