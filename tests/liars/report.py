"""What lies did, as a generated part of docs/method.md."""

import math
import re
from collections.abc import Iterable

import pandas as pd

from salary_bands.fingerprint import METHOD
from tests.builders import method_page
from tests.liars.honest import CASES, MOVE
from tests.liars.lies import FACTORS, FORMS, HONEST
from tests.simulate.report import table

HEADING = "## What made-up reports can do"
OPEN, CLOSE = "<!-- lied about: method {method}, settings {digest} -->", "<!-- end of what was lied about -->"
_PART = re.compile(r"<!-- lied about: .*? -->\n.*?" + re.escape(CLOSE), re.S)
_BEFORE = "## Cells with few reports"
LIMIT = 0.08  # move of a shown P50 that 16 lies may make


def mark() -> str:
    """The first line: the declared method and the settings that the tables were made with."""
    return OPEN.format(method=METHOD, digest=method_page.settings_digest())


def inserted(page: str, part: str) -> str:
    """The page with its generated part replaced, or put under a heading before thin cells."""
    return method_page.inserted(page, part, _PART, HEADING, _BEFORE)


def section(lies: pd.DataFrame, honest: dict[str, pd.DataFrame], moved: pd.DataFrame, real: pd.DataFrame) -> str:
    """The generated part. honest: by the names of CASES. real: may be empty."""
    low, high = FACTORS
    few, many = HONEST
    parts = [
        f"{mark()}\n\n`python -m tests.liars --out docs/method.md` makes this section. In simulated worlds somebody "
        f"makes up reports of\n{low} to {high} times the pay of honest people in a cell that has {few} to {many} of "
        "these, at employers that such people name. A\ncell is *missed* if it is shown and its P50 moved by more than "
        f"{100 * LIMIT:.0f} %. Base / total.",
        _lies(lies[lies["is_target"]], "of the cell"),
        "Larger cells that contain such a cell, of the same or all specialisations, tiers and levels of the country:",
        _lies(lies[~lies["is_target"] & lies["count"].eq(16)], "of the larger cell"),
        "Cells withheld although all reports are honest:",
        _honest(honest),
        f"A true move of {MOVE:.2f} in logs of all pay of a specialisation in the United States, shown by all sources "
        "and employers:\nthe share of its cells of 30 reports or more that is withheld, by releases since it began.",
        _moved(moved),
        _real(real),
        CLOSE,
    ]
    return "\n\n".join(part for part in parts if part)


def is_missed(lies: pd.DataFrame) -> pd.Series:
    return lies["move"].abs().gt(LIMIT) & ~lies["is_withheld"]


def _lies(lies: pd.DataFrame, whose: str) -> str:
    rows = []
    for form in FORMS:
        for count, part in lies[lies["form"].eq(form)].groupby("count"):
            metrics = [part[part["metric"].eq(metric)] for metric in ("base", "total")]
            shown = [m.loc[~m["is_withheld"], "move"].abs() for m in metrics]
            rows.append(
                [
                    form,
                    str(count),
                    str(len(metrics[0])),
                    _both(m["move"].abs().mean() for m in metrics),
                    _both(s.mean() if len(s) else float("nan") for s in shown),
                    _both(m["is_withheld"].mean() for m in metrics),
                    _both(is_missed(m).mean() for m in metrics),
                ]
            )
    head = ["lies come in", "lies", "cells", f"move {whose}, undefended", "if shown", "withheld", "missed"]
    return table(head, rows)


def _honest(honest: dict[str, pd.DataFrame]) -> str:
    rows = [
        [
            name,
            what,
            f"{len(honest[name]):,}",
            _per(honest[name]["is_withheld"]),
            _per(honest[name].loc[honest[name]["n_reports"].ge(40), "is_withheld"]),
        ]
        for name, what in CASES.items()
    ]
    return table(["honest reports", "what they are", "cells × releases", "withheld", "of 40 reports or more"], rows)


def _moved(moved: pd.DataFrame) -> str:
    shares = moved.groupby("month")["is_withheld"].mean()
    sizes = moved.groupby("month").size()
    return table(
        ["releases since", *(str(month) for month in shares.index)],
        [
            ["cells", *(str(size) for size in sizes)],
            ["withheld", *(f"{100 * share:.1f} %" for share in shares)],
        ],
    )


def _real(real: pd.DataFrame) -> str:
    if real.empty:
        return ""
    found = [
        f"{until} {_per(part['is_withheld'])} of {len(part):,}" for until, part in real.groupby("until", sort=True)
    ]
    return (
        "Levels.fyi, taken as if it had been delivered every month: cells withheld as of "
        + "; ".join(found)
        + ". All of it is one source, so that only ten employers can confirm a move."
    )


def _per(withheld: pd.Series) -> str:
    return f"{100 * withheld.mean():.2f} %"


def _both(shares: Iterable[float]) -> str:
    return " / ".join("·" if math.isnan(share) else f"{100 * share:.1f} %" for share in shares)
