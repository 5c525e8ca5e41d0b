"""`salary-bands coverage`: what is not known yet, and what it costs: a worklist that is mended in CSV or YAML."""

from typing import Any

from salary_bands.aggregate.candidate import Candidate
from salary_bands.settings import Settings

MENDED_IN = {
    "title": "leaf_rules.yaml",
    "employer": "employers.csv",
    "level": "ladders.csv",
    "place": "place_names.csv or markets.csv",
}


def coverage(settings: Settings, most: int) -> dict[str, Any]:
    """Shares per source and the `most` costly unmatched texts of each kind, of the last candidate.

    Raises RefreshError where nothing was refreshed yet.
    """
    candidate = Candidate(settings)
    shares, unmatched = candidate.coverage()
    costly = unmatched.groupby("what", sort=False).head(most)
    return {
        "as_of": candidate.plan().as_of,
        "sources": shares.to_dict("records"),
        "noted": candidate.noted(),
        "unmatched": [{**row, "mend": MENDED_IN[row["what"]]} for row in costly.to_dict("records")],
    }


def too_little_known(settings: Settings) -> list[str]:
    """A line for each source of which too much is not known."""
    shares, _ = Candidate(settings).coverage()
    ceilings = {"leaf": settings.max_unclassified_share, "country": settings.max_unplaced_share}
    return [
        f"{row['source']}: {1 - row[what]:.1%} of {row['reports']:,} reports without {what}, "
        f"the ceiling is {ceiling:.0%}; see `salary-bands coverage`"
        for row in shares.to_dict("records")
        for what, ceiling in ceilings.items()
        if 1 - row[what] > ceiling
    ]
