"""Say what job a code of the US Standard Occupational Classification (SOC) is.

`reference/occupations.csv` lists the codes and what they begin with. Computer and information research scientists
(15-1221) are not listed: some of them work on machine learning and some do not.
"""

from functools import lru_cache

from salary_bands.reference import read_csv
from salary_bands.vocabulary.titles import Classification

RULE = "occupation"


@lru_cache(maxsize=2**12)
def occupation_of(code: str) -> Classification | None:
    """Return the leaf of a code (`15-1252`, `15-1252.00`) by the longest listed beginning, None if none is listed."""
    rows = [row for row in read_csv("occupations.csv") if code.strip().startswith(row["code"])]
    if not rows:
        return None
    row = max(rows, key=lambda row: len(row["code"]))
    return Classification(row["leaf"], RULE, row["code"], row["reason"] or None)
